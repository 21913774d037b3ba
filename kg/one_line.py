"""Labels as they stand within sentences: on one line, and without turning what follows them."""

_OPENED = {"\u202a": "\u202c", "\u202b": "\u202c", "\u202d": "\u202c", "\u202e": "\u202c"}
_OPENED |= {"\u2066": "\u2069", "\u2067": "\u2069", "\u2068": "\u2069"}
"""Marks that turn the direction of writing, and the mark that ends each."""


def one_line(label: str) -> str:
    """A label without its line breaks, and with an end for each mark of direction that it leaves open.

    A cell of two lines, or a name with a mark for right-to-left, else breaks a table's row in two, or turns the rest of
    the sentence around. Everything else stays letter for letter.
    """
    if label.isprintable():
        return label
    text, left = " ".join(part.strip() for part in label.splitlines() if part.strip()), list[str]()
    for mark in text:
        if mark in _OPENED:
            left.append(_OPENED[mark])
        elif left and mark == left[-1]:
            left.pop()
    return text + "".join(reversed(left))
