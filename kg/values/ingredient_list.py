"""Ingredient lists as packs print them → canonical names (INCI: the International Nomenclature Cosmetic Ingredient).

``Ingredients: Aqua/Water, Glycerin* 5 %, 1,2-Hexanediol. May contain: CI 77891.`` becomes AQUA, GLYCERIN and
1,2-HEXANEDIOL, with CI 77891 apart. The label is the name as written. What is done, in this order:

1. HTML goes; full-width punctuation becomes ASCII; all up to ``Ingredients:`` (``INCI``, ``成分：`` …) is cut off;
   Phrases of American packs such as ``Contains 2% or less of:`` and ``(and)`` become commas, F.I.L. codes go;
2. the footnote that explains the stars is cut off, and so is ``Please note …``; what follows ``May contain`` or
   ``+/-`` is kept apart;
3. headings such as ``Developer:`` are taken for separators; ``CI 77491/77492`` are two, and so is what a percentage
   stands between (``Zinc Oxide 5% Water``);
4. the list is cut at ``, ; 、 ● • |``, line ends and a middle dot between blanks, but not inside brackets, and not
   at the comma of locants (``1,2-Hexanediol``, ``N,N-Dimethyl…``); where it has none, at dashes, full stops or ``and``;
5. a list in brackets (``Parfum (Limonene, Linalool)``) yields its parts too, however deep; colour index numbers there
   replace the name before them (``Iron Oxides (CI 77491, CI 77492)``);
6. each name becomes canonical: :mod:`kg.values.ingredient_name`.

Brackets that do not match are ordinary characters. A cell that says that there is no list holds none.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from kg.values.brackets import groups
from kg.values.ingredient_name import CACHED, canonical_ingredient, names_apart
from kg.values.markup import without_markup

_FULL_WIDTH = str.maketrans("，；：（）［］【】％／＋－。＊、､｡•●∙▪◦|\n\r", ",;:()[][]%/+-.*,,.,,,,,,,,")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_LEAD_IN = re.compile(
    r"(?:\b(?:(?:full|active|inactive|other)\s+)?(?:ingredient|ingrédient|ingrediënt|ingrediente)[a-z]*(?:\s+list)?|\binci|\bzutaten"
    r"|(?<!微量)(?:非?活性|全|主要|其[他它])?成[分份])"
    r"\s*(?:\((?:inci|[^()]{0,20})\)|/\s*\w+)?\s*:\s*",
    re.IGNORECASE,
)
_OTHERS = re.compile(r"inactive|other|非活性|其", re.IGNORECASE)
"""Headings of a second part: a list before them is the first."""
_FOOTNOTE = re.compile(
    r"[.)\]*†]\s+[*†]+\s*[^\W\d].*$|(?<=\s)[*†]+\s*(?:organic|certified|from|ingredient|bio|natural).*$"
    r"|(?:(?<=[\w)\]])\s+|\.\s*)[*†]+\s*[^\W\d][^,]*$",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\bplease (?:be aware|note|refer|see|check|consult)\b.*$|\b(?:the )?ingredients? lists? (?:is|are|may|can)\b.*$",
    re.IGNORECASE,
)
_NO_LIST = re.compile(r"\W*(?:no info(?:rmation)?|not available|not listed|unknown|none|n/?a|name\?)\W*", re.IGNORECASE)
_AMOUNT = r"(?:\d+(?:[.,]\d+)?\s*(?:%|percent)|(?:one|two|three|five)\s+percent)"
_TRACES = re.compile(
    rf"[,;.]?\s*(?:\b(?:and\s+|may\s+)?contains?\s*:?\s+)?(?:\bat\s+)?"
    rf"(?:{_AMOUNT}\s+or\s+less|\b(?:less\s+than\s+(?:or\s+equal\s+to\s+)?|up\s+to\s+){_AMOUNT})"
    rf"(?:\s+(?:of|each))*(?:\s+the\s+following)?(?:\s+ingredients)?\s*:?\s*",
    re.IGNORECASE,
)
"""``Contains 2% or less of:``, ``Less than 1%:``: what stands before the ingredients of which there is little."""
_CHOICE = re.compile(
    r"\b(?:(?:one|any)\s+or\s+more|any|some)\s+of\s+(?:the\s+following|these)(?:\s+ingredients)?\s*:?\s*", re.IGNORECASE
)
"""``one or more of the following``: what stands between ``may contain`` and the names."""
_JOINED = re.compile(r"\s*\(\s*(?:and|&)\s*\)\s*", re.IGNORECASE)
_FINAL_AND = re.compile(r",\s+and\s+(?=\w)|(?<=,)([^,;()]*?)\s+and\s+(?=[^,;()]+$)", re.IGNORECASE)
_REST = re.compile(r"[,;.]?\s*其[他它]微量成[分份]\s*:?\s*|[,;.]\s*(?:also\s+)?contains?\s*:\s*", re.IGNORECASE)
"""Headings of what else is in it, which Chinese law wants for traces."""
_CONTAINING = re.compile(r"^\s*(?:also\s+)?(?:contains|containing)\s*:?\s+(?=[^\W\d])", re.IGNORECASE)
_DASHED = re.compile(r"\s[-–—]\s")
_DOTTED = re.compile(
    r"(?:(?<=[^\W\d_]{3}\))|(?<=\d\d)|(?<=[^\W\d_]{3})(?<!\bvar)(?<!\bssp)(?<!\bspp))\.\s+(?=[^\W\d_])"
)
_CHAINED = re.compile(r"\s+(?:and|&)\s+", re.IGNORECASE)
_INSTEAD = (_DASHED, _DOTTED, _CHAINED)
"""What stands between names where no separator does."""
_FORMULA_HINTS = ("f.i.l", "f. i. l", "fil ", "fil:", "fil#", "iln")
_FORMULA = re.compile(
    r"[(\[]\s*(?:F\.\s?I\.\s?L\.?|FIL|ILN)\b[^()\[\]]*\d[^()\[\]]*[)\]]|"
    r"[(\[]?\s*\b(?:F\.\s?I\.\s?L\.?|FIL|ILN)\s*(?:#|:|n°|code)?\s*[A-Z]?\s?\d{4,}(?:\s?[/-]\s?\d+)*\s*[)\]]?",
    re.IGNORECASE,
)
"""``(F.I.L. D215438/1)``, ``[ILN48213]``: numbers of a formula."""
_PLUS_MINUS = r"(?:[(\[]?\s*(?:\+\s*/\s*-?|±)\s*[)\]]?)"
_MAY = (
    r"(?:[(\[]?\s*(?:may\s+(?:also\s+)?contain|peut\s+contenir|kann\s+enthalten|può\s+contenere|puede\s+contener"
    r"|可能含有)\s*[)\]]?)"
)
_POSSIBLE = re.compile(
    rf"[(\[]?\s*(?:{_PLUS_MINUS}|{_MAY})(?:\s*/?\s*(?:{_PLUS_MINUS}|{_MAY}))*\s*:?\s*", re.IGNORECASE
)
_POSSIBLE_HINT = re.compile(r"[+±有]|cont|enth", re.IGNORECASE)
_HEADING = re.compile(r"(?:^|[.;]\s*|(?<=%)\s*)[^\W\d][\w' ]{1,30}\s*:\s+")
_PERCENT = re.compile(r"\(?(?<![\w,.-])[<>≤≥~]?\s*\d+(?:[.,]\d+)?\s*%(?:\s*w/w)?\)?")
_NEXT_NAME = re.compile(r"%\s*(?=[A-Z][a-z])(?!Solution|Aqueous|Active|Pure|Vol)")
_LOCANTS = re.compile(r"(?:(?<![\w-])|(?<=[A-Za-z]-))\d{1,3}['′]?(?:,\d{1,3}['′]?){1,12}(?=-(?:[^\W\d_]|\())")
_LETTER_LOCANTS = re.compile(r"(?<![\w-])[A-Z](?:,[A-Z])+(?=-)")
_SPACED_LOCANTS = re.compile(r"(^|[,;])(\s*\d), ?(\d) ?- ?(?=[^\W\d_])")
_LOCANT_HINT = re.compile(r"\d['′]?,\d|[A-Z],[A-Z]")
_COLOUR_INDEX = re.compile(r"\bC\.?I\.? ?\d{5}", re.IGNORECASE)
_TWO_NUMBERS = re.compile(r"(?<=\d{5})\s*[/&]?\s*(?=C\.?I\.? ?\d{5})", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"\b(C\.?I\.? ?\d{5})\s*[,/&]?\s*(?=\d{5}(?!\d))", re.IGNORECASE)
_NUMBER = re.compile(r"CI \d{5}(?::\d)?")
_SEPARATOR = re.compile(r"[,;·・]")
PROSE_WORDS = 9
"""A name with more words than this, or text before ``Ingredients:``, counts as free text."""


@dataclass(frozen=True)
class Ingredients:
    """What one list holds: (id, label) pairs in its order, each id once."""

    certain: tuple[tuple[str, str], ...]
    possible: tuple[tuple[str, str], ...]
    """What stands after "may contain": shades of a colour cosmetic, for example."""
    free_text: bool
    """The text held more than one list: prose, or headings of several parts."""


def _are_names(parts: list[str]) -> bool:
    """Whether what dashes, full stops or ``and`` stand between may be names: several, and none a sentence."""
    return len(parts) > 2 and all(part.count(" ") < PROSE_WORDS and ":" not in part[1:-1] for part in parts[1:])


def parse_ingredients(text: str) -> Ingredients:
    """Cut an ingredient list into names; any text is fine, none is an error."""
    if "<" in text or "&" in text:
        text = without_markup(text, ", ")
    text = unicodedata.normalize("NFC", text).translate(_FULL_WIDTH)
    text = " ".join((text if text.isascii() else _INVISIBLE.sub("", text)).split())
    if " of the" in text.lower():
        text = _CHOICE.sub(": ", text)
    if ":" in text or "微量" in text:
        text = _REST.sub(", ", text)
    if not _SEPARATOR.search(text):
        text = next((", ".join(parts) for one in _INSTEAD if _are_names(parts := one.split(text))), text)
    if _NO_LIST.fullmatch(text):
        return Ingredients((), (), False)
    lead_in = _LEAD_IN.search(text) if ":" in text else None
    before = text[: lead_in.start()].strip(" .,;:*-") if lead_in else ""
    prose = bool(before)
    if lead_in:
        listed = before if _OTHERS.match(lead_in[0]) and _SEPARATOR.search(before) else ""
        text, more = _LEAD_IN.subn(", ", text[lead_in.end() :])
        text, prose = f"{listed}, {text}" if listed else text, prose or more > 0
    text = _without_notes(_without_phrases(text))
    certain, possible = _parts(_colour_index(text))
    without_headings = _HEADING.sub(" , ", certain) if ":" in certain else certain
    names, others = _names(without_headings), _names(possible)
    known = {name for name, _ in names}
    prose = prose or without_headings != certain or any(label.count(" ") >= PROSE_WORDS for _, label in names)
    return Ingredients(names, tuple(pair for pair in others if pair[0] not in known), prose)


def cuts_at(separator: str) -> bool:
    """Whether :func:`parse_ingredients` cuts at this separator itself, which it does not within a name."""
    return _SEPARATOR.fullmatch(separator.strip().translate(_FULL_WIDTH)) is not None


def _without_phrases(text: str) -> str:
    """The text without what American packs say between names; expressions are only tried where they may match."""
    lower = text.lower()
    if "less" in lower or "up to" in lower:
        text = _TRACES.sub(", ", text)
    if " and " in lower or "(and" in lower or "(&" in lower:
        text = _FINAL_AND.sub(r"\1, ", _JOINED.sub(", ", text))
    return _FORMULA.sub("", text) if any(hint in lower for hint in _FORMULA_HINTS) else text


def _without_notes(text: str) -> str:
    """The text without what follows the list; expressions are only tried where they may match."""
    lower = text.lower()
    if "please" in lower or "ingredient" in lower:
        text = _DISCLAIMER.sub("", text)
    return _FOOTNOTE.sub("", text) if "*" in text or "†" in text else text


def _colour_index(text: str) -> str:
    """The text with ``CI`` before each colour index number, and a comma between two."""
    if not _COLOUR_INDEX.search(text):
        return text
    text, previous = _TWO_NUMBERS.sub(", ", text), ""
    while text != previous:
        previous, text = text, _BARE_NUMBER.sub(r"\1, CI ", text)
    return text


def _parts(text: str) -> tuple[str, str]:
    """What is certain and what is possible; a possible part in brackets ends with them."""
    marker = _POSSIBLE.search(text) if _POSSIBLE_HINT.search(text) else None
    if marker is None:
        return text, ""
    before, after = text[: marker.start()], text[marker.end() :]
    opened = marker[0].lstrip()[:1]
    if opened and opened in "([" and not groups(marker[0].lstrip())[:1]:
        closed = groups(opened + after)[:1]
        if closed and closed[0][0] == 0:
            end = closed[0][1] - 2
            return f"{before},{after[end + 1 :]}", after[:end]
    return before, after


def _names(text: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    if "%" in text:
        text = _PERCENT.sub(" ", _NEXT_NAME.sub("%, ", text))
    for piece in _pieces(_SPACED_LOCANTS.sub(r"\1\2,\3-", text)):
        for part in _parts_of(piece):
            for pair in _named(part):
                found.setdefault(*pair)
    return tuple(found.items())


@lru_cache(maxsize=CACHED)
def _named(part: str) -> tuple[tuple[str, str], ...]:
    """(id, label) of the names in a part between separators; the same parts come again in list after list."""
    part = _CONTAINING.sub("", part) if "ontain" in part.lower() else part
    return tuple(pair for name in names_apart(part) if (pair := canonical_ingredient(name)) is not None)


def _parts_of(piece: str) -> Iterator[str]:
    """The names in one piece of a list: itself, and those of lists in its brackets."""
    if "," not in piece and ";" not in piece:
        yield piece
        return
    lists = []
    for start, end in reversed(groups(piece)):
        inner = _pieces(piece[start + 1 : end - 1])
        if len(inner) > 1:
            lists.append(inner)
            piece = f"{piece[:start]} {piece[end:]}"
    inner = [part for parts in reversed(lists) for part in parts]
    if not (inner and all(_NUMBER.fullmatch(part.strip().upper()) for part in inner)):
        yield piece
    for part in inner:
        yield from _parts_of(part)


def _pieces(text: str) -> list[str]:
    """The text cut at its separators."""
    kept = _protected(text)
    closed = groups(text)
    pieces, start = [], 0
    for found in _SEPARATOR.finditer(text):
        position = found.start()
        while closed and closed[0][1] <= position:
            closed.pop(0)
        dot = found[0] in "·・" and not (text[position - 1 : position] + text[position + 1 : position + 2]).isspace()
        if not dot and position not in kept and not (closed and closed[0][0] < position):
            pieces.append(text[start:position])
            start = position + 1
    return [piece for piece in [*pieces, text[start:]] if piece.strip()]


def _protected(text: str) -> set[int]:
    """Positions of commas that belong to a name: those of locants, which ascend (not in ``Laureth-4,1,2-…``)."""
    if not _LOCANT_HINT.search(text):
        return set()
    kept = {m.start() + i for m in _LETTER_LOCANTS.finditer(text) for i, c in enumerate(m[0]) if c == ","}
    for match in _LOCANTS.finditer(text):
        numbers = [int(re.sub(r"\D", "", n)) for n in match[0].split(",")]
        at = match.start()
        for this, following in itertools.pairwise(numbers):
            at = text.index(",", at)
            if this <= following:
                kept.add(at)
            at += 1
    return kept
