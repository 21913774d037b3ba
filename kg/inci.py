"""Ingredient lists as packs print them → canonical names (INCI: the International Nomenclature Cosmetic Ingredient).

``Ingredients: Aqua/Water, Glycerin* 5 %, 1,2-Hexanediol. May contain: CI 77891.`` becomes AQUA, GLYCERIN and
1,2-HEXANEDIOL, with CI 77891 apart. The canonical id is upper case without stars, percentages, remarks in brackets and
a final full stop; the label is the name as written. What is done, in this order:

1. full-width punctuation becomes ASCII; everything up to ``Ingredients:`` (``INCI``, ``成分：`` …) is cut off;
2. the footnote that explains the stars is cut off; what follows ``May contain`` or ``+/-`` is kept apart;
3. headings such as ``Developer:`` are taken for separators;
4. the list is cut at ``, ; 、 ● • |``, line ends and a middle dot between blanks, but not inside brackets, and not
   at the comma of locants (``1,2-Hexanediol``, ``N,N-Dimethyl…``);
5. each name is cleaned; a list in brackets (``Parfum (Limonene, Linalool)``) yields its parts too.

Brackets that do not match are ordinary characters.
"""

import itertools
import re
import unicodedata
from dataclasses import dataclass

SYNONYMS = {"WATER": "AQUA", "EAU": "AQUA", "FRAGRANCE": "PARFUM", "ALCOHOL DENAT": "ALCOHOL DENAT."}
"""Names for one thing that the laws of different countries ask for, and the one name with a full stop."""
_FULL_WIDTH = str.maketrans("，；：（）［］【】％／＋－。＊、､｡•●∙▪◦|\n\r", ",;:()[][]%/+-.*,,.,,,,,,,,")
_LEAD_IN = re.compile(
    r"(?:\b(?:full\s+)?(?:ingredient|ingrédient|ingrediënt|ingrediente)[a-z]*(?:\s+list)?|\binci|\bzutaten|全?成[分份])"
    r"\s*(?:\((?:inci|[^()]{0,20})\)|/\s*\w+)?\s*:\s*",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(
    r"[.)\]*†]\s+[*†]+\s*[^\W\d].*$|(?<=\s)[*†]+\s*(?:organic|certified|from|ingredient|bio|natural).*$", re.IGNORECASE
)
_POSSIBLE = re.compile(
    r"[(\[]?\s*(?:\(?\s*(?:\+\s*/\s*-|±)\s*\)?|may\s+(?:also\s+)?contain|peut\s+contenir|kann\s+enthalten|"
    r"può\s+contenere|puede\s+contener|可能含有)\s*(?:[(\[]?\s*(?:\+\s*/\s*-|±)\s*[)\]]?)?\s*:?\s*",
    re.IGNORECASE,
)
_HEADING = re.compile(r"(?:^|[.;]\s*)[^\W\d][\w' ]{1,30}\s*:\s+")
_PERCENT = re.compile(r"\(?(?<![\w,.-])[<>≤≥~]?\s*\d+(?:[.,]\d+)?\s*%(?:\s*w/w)?\)?")
_LOCANTS = re.compile(r"(?:(?<![\w-])|(?<=[A-Za-z]-))\d+['′]?(?:,\d+['′]?)+(?=-[A-Za-z(])")
_LETTER_LOCANTS = re.compile(r"(?<![\w-])[A-Z](?:,[A-Z])+(?=-)")
_REMARK = re.compile(r"\s+\(([^()]*)\)")
_MARKS = re.compile(r"[*†‡¹²³®™]+")
_OPENING, _CLOSING = "([", ")]"
_PARTNER = {"(": ")", "[": "]"}
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


def parse_ingredients(text: str) -> Ingredients:
    """Cut an ingredient list into names; any text is fine, none is an error."""
    text = unicodedata.normalize("NFC", text).translate(_FULL_WIDTH)
    text = " ".join(text.split())
    lead_in = _LEAD_IN.search(text)
    prose = bool(lead_in and text[: lead_in.start()].strip(" .,;:*-"))
    text = _FOOTNOTE.sub("", text[lead_in.end() :] if lead_in else text)
    certain, possible = _parts(text)
    without_headings = _HEADING.sub(" , ", certain)
    names, others = _names(without_headings), _names(possible)
    known = {name for name, _ in names}
    prose = prose or without_headings != certain or any(label.count(" ") >= PROSE_WORDS for _, label in names)
    return Ingredients(names, tuple(pair for pair in others if pair[0] not in known), prose)


def canonical_ingredient(text: str) -> tuple[str, str] | None:
    """(id, label) of one ingredient, not cut at commas; ``None`` where nothing is left of it."""
    label = " ".join(_MARKS.sub("", _PERCENT.sub(" ", unicodedata.normalize("NFC", text))).split())
    label = _strip_brackets(label.strip(" ,;:.-")).strip(" ,;:.")
    bare = _REMARK.sub(lambda m: m[0] if "/" in m[1] else "", label).strip() if _balanced(label) else label
    synonyms = {SYNONYMS.get(part.strip().upper(), part.strip().upper()) for part in bare.split("/")}
    name = synonyms.pop() if len(synonyms) == 1 else bare.upper()
    return (name, label) if any(c.isalpha() for c in name) else None


def _parts(text: str) -> tuple[str, str]:
    """What is certain and what is possible; a possible part in brackets ends with them."""
    marker = _POSSIBLE.search(text)
    if marker is None:
        return text, ""
    before, after = text[: marker.start()], text[marker.end() :]
    if marker[0].lstrip()[:1] in _OPENING and _closing(marker[0]) < 0:
        end = _closing("(" + after) - 1
        if end >= 0:
            return f"{before},{after[end + 1 :]}", after[:end]
    return before, after


def _closing(text: str) -> int:
    """Position of the bracket that closes the first one, -1 where there is none."""
    depth = 0
    for i, character in enumerate(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth == 0 and character in _CLOSING:
            return i
    return -1


def _names(text: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for piece in _pieces(_PERCENT.sub(" ", text)):
        inner = re.search(r"[(\[]([^()\[\]]*)[)\]]", piece)
        several = inner is not None and len(_pieces(inner[1])) > 1
        for part in [piece.replace(inner[0], " "), *_pieces(inner[1])] if several and inner else [piece]:
            pair = canonical_ingredient(part)
            if pair is not None:
                found.setdefault(*pair)
    return tuple(found.items())


def _pieces(text: str) -> list[str]:
    """The text cut at its separators."""
    kept = _protected(text)
    matched = _matched_brackets(text)
    pieces, start, depth = [], 0, 0
    for i, character in enumerate(text):
        if i in matched:
            depth += 1 if character in _OPENING else -1
        dot = character in "·・" and text[i - 1 : i].isspace() and text[i + 1 : i + 2].isspace()
        if depth == 0 and i not in kept and (character in ",;" or dot):
            pieces.append(text[start:i])
            start = i + 1
    return [piece for piece in [*pieces, text[start:]] if piece.strip()]


def _protected(text: str) -> set[int]:
    """Positions of commas that belong to a name: those of locants, which ascend (not in ``Laureth-4,1,2-…``)."""
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


def _matched_brackets(text: str) -> set[int]:
    matched: set[int] = set()
    opened: list[int] = []
    for i, character in enumerate(text):
        if character in _OPENING:
            opened.append(i)
        elif opened and character == _PARTNER.get(text[opened[-1]]):
            matched |= {opened.pop(), i}
    return matched


def _balanced(text: str) -> bool:
    return len(_matched_brackets(text)) == sum(text.count(c) for c in _OPENING + _CLOSING)


def _strip_brackets(text: str) -> str:
    """The text without square brackets, which belong to the list, and without brackets around the whole."""
    text = text.replace("[", "").replace("]", "").strip()
    return text[1:-1].strip() if text[:1] == "(" and _closing(text) == len(text) - 1 else text
