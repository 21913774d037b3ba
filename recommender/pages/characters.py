"""Characters that a page may hold."""

import unicodedata
from xml.etree.ElementTree import Element


def clean(page: Element) -> None:
    """Replace control characters, which are none of HTML's, in the texts and attributes of an element and all in it."""
    for element in page.iter():
        element.text = _printable(element.text)
        element.attrib = {name: _printable(value) or "" for name, value in element.attrib.items()}


def _printable(text: str | None) -> str | None:
    if text is None or text.isprintable():
        return text
    return "".join(ch if ch == "\n" or unicodedata.category(ch) not in ("Cc", "Cs") else "\ufffd" for ch in text)
