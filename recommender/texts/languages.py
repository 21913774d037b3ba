"""All languages. One more is a class with its code, a file of texts, and its line here."""

from functools import cache

from kg.errors import UsageError
from recommender.texts.chinese import Chinese
from recommender.texts.english import English
from recommender.texts.language import Language

LANGUAGES: tuple[type[Language], ...] = (English, Chinese)


@cache
def language(code: str) -> Language:
    """A language by its code.

    :raises UsageError: for one that there are no texts in.
    """
    for one in LANGUAGES:
        if one.code == code:
            return one()
    raise UsageError(f"`lang` {code!r}: expected {' or '.join(one.code for one in LANGUAGES)}")
