"""Forms of a word in a question: folded, singular, of a verb, abbreviated, and names of languages."""

import re

from recommender.search.folding import fold, has_cjk

LANGUAGES = ("en", "zh")


def fold_question(text: str) -> str:
    """Like :func:`fold`, but numbers keep their decimal point."""
    return ".".join(fold(part) for part in re.split(r"(?<=\d)\.(?=\d)", text))


def singular(form: str) -> tuple[str, ...]:
    """What an English word may be the plural of; nothing where it looks like none."""
    if has_cjk(form) or len(form) < 4:
        return ()
    if form.endswith("ies"):
        return (f"{form[:-3]}y",)
    if form.endswith("es"):
        return (form[:-1], form[:-2])
    return (form[:-1],) if form.endswith("s") and not form.endswith("ss") else ()


def verb_forms(phrase: str) -> list[str]:
    """A phrase as it stands, and as a question has it: ``contains`` → ``contain``, ``is made for`` → ``made for``."""
    words = phrase.removeprefix("is ").removeprefix("are ").split()
    if not words:
        return []
    first = singular(words[0])
    return list(dict.fromkeys([phrase, " ".join(words), *(" ".join([one, *words[1:]]) for one in first)]))


def language_names(value: str, name: str) -> list[str]:
    """A language as people say it: ``en`` is English and 英文."""
    if name != "language" or not re.fullmatch(r"[a-z]{2,3}", value):
        return []
    from babel import Locale, UnknownLocaleError

    try:
        spoken = [Locale(lang).languages.get(value) for lang in LANGUAGES]
    except UnknownLocaleError:
        return []
    names = [one for one in spoken if one]
    return [
        *names,
        *(one.replace("语", "文") for one in names if one.endswith("语")),
        *(one.replace("文", "语") for one in names if one.endswith("文")),
    ]


def is_subsequence(part: str, form: str) -> bool:
    """Whether the characters of a part stand in a form in their order, others between them."""
    rest = iter(form)
    return all(character in rest for character in part)
