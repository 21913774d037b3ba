"""Forms of a word in a question: folded, singular and plural, of a verb, abbreviated, and names of languages."""

import re

from recommender.search.folding import fold, has_cjk

LANGUAGES = ("en", "zh")
_NOT = re.compile(
    r"\b(?:(can|do|does|did|is|are|was|were|would|should|could|has|have|had)n['’]?t|(won|can)['’]t)\b", re.I
)
_I_AM = re.compile(r"\b(i)['’]m\b", re.I)
_SHORTENED = re.compile(r"(?<=[a-z])['’](?:m|re|ve|ll|d)\b", re.I)
_IS = re.compile(r"\b(what|who|where|which|it|that|there|he|she|how)['’]s\b", re.I)


def fold_question(text: str) -> str:
    """Like :func:`fold`, but numbers keep their decimal point, and shortened words are written out: can't → can not."""
    text = _NOT.sub(lambda m: f"{(m[1] or {'won': 'will', 'can': 'can'}[m[2].lower()])} not", text)
    text = _SHORTENED.sub("", _IS.sub(r"\1 is", _I_AM.sub(r"\1 am", text)))
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


def plural(form: str) -> tuple[str, ...]:
    """What the plural of an English word may be; nothing where it looks like one already."""
    if has_cjk(form) or len(form) < 3 or not form[-1].isalpha() or (form.endswith("s") and not form.endswith("ss")):
        return ()
    if form.endswith("y"):
        return (f"{form[:-1]}ies", f"{form}s")
    return (f"{form}es", f"{form}s") if form.endswith(("x", "ch", "sh", "ss")) else (f"{form}s",)


def numbers_of(form: str) -> tuple[str, ...]:
    """A name as it stands, in the singular and in the plural."""
    return (form, *singular(form), *plural(form))


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
