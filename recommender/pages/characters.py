"""Characters that a page may hold."""

import unicodedata
from xml.etree.ElementTree import Element


def clean(page: Element) -> None:
    """Replace control characters, which are none of HTML's, in the texts and attributes of an element and all in it."""
    for element in page.iter():
        element.text = None if element.text is None else printable(element.text)
        element.attrib = {name: printable(value) for name, value in element.attrib.items()}


def printable(text: str) -> str:
    """A text whose control characters are replaced."""
    if text.isprintable():
        return text
    return "".join(ch if ch == "\n" or unicodedata.category(ch) not in ("Cc", "Cs") else "\ufffd" for ch in text)
