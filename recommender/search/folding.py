"""Names as they are compared: one spelling for what people write in many."""

import re
import unicodedata
from functools import cache
from typing import Any

from kg.text.words import is_cjk

_PARTED = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """The compared form of a name: NFKC, case folded, without accents, simplified Chinese, words parted by one blank.

    Punctuation parts words: ``Cica-Balm`` and ``cica balm`` are the same.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        if has_cjk(text):
            text = _simplified().convert(text)
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        text = unicodedata.normalize("NFC", text)
    return _PARTED.sub(" ", text.casefold()).strip()


def has_cjk(text: str) -> bool:
    """Whether a text holds Chinese, Japanese or Korean characters."""
    return not text.isascii() and any(map(is_cjk, text))


def pinyin_forms(text: str) -> list[str]:
    """How a Chinese name is typed on a Latin keyboard: its syllables run together, and their initials.

    :param text: folded; nothing but Latin words gives no forms.
    """
    if not has_cjk(text):
        return []
    from pypinyin import Style, lazy_pinyin  # a megabyte of tables, which names in other scripts do not need

    whole = "".join(lazy_pinyin(text)).replace(" ", "")
    initials = "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).replace(" ", "")
    return [whole] if len(initials) < 2 else [whole, initials]


@cache
def _simplified() -> Any:
    from opencc import OpenCC

    return OpenCC("tw2sp")
