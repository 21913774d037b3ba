"""One ingredient as somebody wrote it → its canonical name (INCI), which is a fixed point: it yields itself.

``Citrus Limon (Lemon) Fruit Extract*`` becomes CITRUS LIMON FRUIT EXTRACT. In this order, till nothing changes:

1. upper case, NFC, one kind of dash, quote and bracket, no blanks around ``/``; without stars, percentages, ``Organic``
   and punctuation at the ends; British spellings;
2. a colour index number names its colourant, ``Iron Oxides (CI 77491)``, unless the substance before it has a name of
   its own, ``Mica (CI 77019)``;
3. remarks in brackets go, ``Algae (Seaweed) Extract``; what belongs to the name stays: alternatives with a slash,
   ``(A/B) Fruit Extract``, and chemistry, ``Poly(C6-14 Olefin)``; an open bracket is a remark to the end;
4. ``Aqua/Water/Eau`` are one name where all parts are; parts in French are left out; other slashes stay, ``Leaf/Stem``;
5. names that ``ingredient_synonyms.toml`` lists: trivial names, colours, sources of extracts and oils.
"""

import re
import tomllib
import unicodedata
from functools import lru_cache
from importlib.resources import files

from kg.values.brackets import groups, matched, unmatched

CACHED = 100_000
"""Different spellings that are remembered."""
LONGEST = 4_000
"""Characters of what can be a name; no store takes more as an id, and brackets are not searched in more."""
_TABLES = tomllib.loads((files("kg.values") / "ingredient_synonyms.toml").read_text(encoding="utf-8"))
_NAMES: dict[str, str] = {other: name for name, others in _TABLES["names"].items() for other in others}
_NAMES |= {
    other: name
    for name, others in tomllib.loads((files("kg.values") / "ingredient_names_asia.toml").read_text(encoding="utf-8"))[
        "names"
    ].items()
    for other in others
}
_SOURCES: dict[str, str] = {other: name for name, others in _TABLES["sources"].items() for other in others}
_COLOURS: dict[str, int] = _TABLES["colours"]
_SPELLINGS: dict[str, str] = _TABLES["spellings"]
_OWN_NAMES = frozenset(_TABLES["substances"]["own_names"])
_KNOWN = frozenset(_NAMES) | frozenset(_NAMES.values()) | _OWN_NAMES
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOUCHING = re.compile(rf"[/+&\\{_CJK}]")
_BETWEEN = (
    re.compile(r"\s*[/+&\\]\s*"),
    re.compile(rf"[\s/+&]+(?=.*[{_CJK}])|(?<=[{_CJK}])[\s/+&]+"),
    re.compile(rf"[\s/+&]+|(?<=[{_CJK}])(?=[A-Za-z])|(?<=[A-Za-z])(?=[{_CJK}])"),
)
"""Where names may touch that nothing else parts: slashes and plus signs; blanks, and a change of script, in Chinese."""

_SAME = str.maketrans("‐‑‒–—−’‘ʼ´`[]", "------'''''()")
_MARKS = re.compile(r"[*†‡¹²³®™�]+")
_PERCENT = re.compile(r"\(?(?<![\w,.-])[<>≤≥~]?\s*\d+(?:[.,]\d+)?\s*%(?:\s*w/w)?\)?")
_QUOTES = '"“”„«»'
_ENDS = f"{_QUOTES} ,;:.-+"
_ORGANIC = re.compile(r"^(?:CERTIFIED )?ORGANIC (?=\w)")
_BEFORE_NUMBER = re.compile(r" ?- (?=\d)| -(?=\d)")
_COLOUR_INDEX = re.compile(r"\bC\.? ?I\.? ?(?:NO\.? ?)?(\d{5}(?::\d)?)(?![\w:])")
_NAMED_COLOUR = re.compile(
    r"(?:(EXT)\.? ?)?(?:(?:F ?D ?& ?C|D ?& ?C) )?([A-Z]+) (?:NO\.? ?)?(\d{1,2})"
    r"(?: (?:(?:ALUMINUM|BARIUM|CALCIUM) )?LAKE)?"
)
_FRENCH = re.compile(r"(?:EXTRAIT|HUILE|EAU|BEURRE|CIRE|PROT[EÉ]INE|JUS|POUDRE|FEUILLE|FLEUR|RACINE) (?:DE|DU|DES|D')")
_PARTS = (
    "BARK BRAN BUD BUTTER CERA CULTURE EXTRACT FERMENT FILTRATE FLOUR FLOWER FRUIT GERM HERB HULL JUICE KERNEL LEAF "
    "MEAL NUT OIL PEEL PETAL POWDER PULP RESIN RHIZOME ROOT SAP SEED SHELL SKIN SPROUT STARCH STEM WATER WAX WOOD"
).split()
_PART_SET = frozenset(_PARTS)
_SOURCE = re.compile(rf"(.+?)((?: (?:{'|'.join(_PARTS)}))+)")
_MULTIPLIERS = "BIS|TRIS|KIS|POLY|DI|TRI|TETRA|PENTA|HEXA|OCTA|DECA|SESQUI|CYCLO|SPIRO"
_CHEMICAL = re.compile(rf"(?:{_MULTIPLIERS}|[-\d'),]|\b[A-Z])$|(?:\b(?:{_MULTIPLIERS})|-) $")
_COLOUR_WORDS = 12
"""Words of a text in which a colour index number still names the whole."""


@lru_cache(maxsize=CACHED)
def canonical_ingredient(text: str) -> tuple[str, str] | None:
    """(id, label) of one ingredient, not cut at commas; ``None`` where nothing is left of it."""
    label = " ".join(_MARKS.sub("", _PERCENT.sub(" ", unicodedata.normalize("NFC", text))).split())
    label = _unwrapped(label.replace("[", "(").replace("]", ")").strip(f"{_QUOTES} ,;:.-+")).strip(f"{_QUOTES} ,;:.")
    name = canonical_name(label)
    return (name, label) if name and any(c.isalpha() for c in name) else None


def names_apart(text: str) -> tuple[str, ...]:
    """The names in a text that one of ``/ + &``, or in Chinese a blank or nothing, stands between: ``水 甘油 香精``.

    Only where each of them is known: ``Leaf/Stem`` and ``FD & C`` stay what they are.
    """
    return _apart(text) if _TOUCHING.search(text) else (text,)


def _apart(text: str) -> tuple[str, ...]:
    if len(text) > LONGEST or canonical_name(text) in _KNOWN:
        return (text,)
    for mark in _BETWEEN[:1] if text.isascii() else _BETWEEN:
        parts = [part for part in mark.split(text) if part]
        if len(parts) > 1 and all(canonical_name(part) in _KNOWN for part in parts):
            return tuple(parts)
    return (text,)


def canonical_name(label: str) -> str:
    """The id that belongs to a label; empty where nothing is left of it."""
    if len(label) > LONGEST:
        return _written(label)
    name, earlier = label, {""}
    while name not in earlier:
        earlier.add(name)
        name = _known(_without_remarks(_colourant(_written(name))))
    return name


def _written(text: str) -> str:
    """Rule 1."""
    name = unicodedata.normalize("NFC", text.upper()).translate(_SAME)
    name = " ".join(_MARKS.sub("", _PERCENT.sub(" ", name)).split())
    if "/" in name:
        name = "/".join(part.strip() for part in name.split("/"))
    name = _unwrapped(_BEFORE_NUMBER.sub("-", name).strip(_ENDS))
    name = _ORGANIC.sub("", name)
    for written, spelt in _SPELLINGS.items():
        if written in name:
            name = re.sub(rf"\b{written}\b", spelt, name)
    return name


def _colourant(name: str) -> str:
    """Rule 2."""
    numbers = {f"CI {number}" for number in _COLOUR_INDEX.findall(name)}
    if len(numbers) != 1 or name.count(" ") > _COLOUR_WORDS:
        return name
    first = re.split(r"[/(]", name, maxsplit=1)[0].strip()
    return first if first in _OWN_NAMES else numbers.pop()


def _without_remarks(name: str) -> str:
    """Rule 3."""
    if "(" not in name and ")" not in name:
        return name
    for position in unmatched(name):
        if name[position] == "(" and name[position - 1 : position] == " ":
            name = name[:position].strip()
            break
    if name.endswith(")") and len(name) - 1 in unmatched(name):
        name = name[:-1].strip()
    for start, end in groups(name):
        before, inner, after = name[:start], name[start + 1 : end - 1].strip(), name[end:]
        outside = " ".join(f"{before} {after}".split())
        if _is_remark(before, inner, after):
            more = _known(inner) if not after.strip() else ""
            return more if _adds_part(outside, more) else outside
    return name


def _is_remark(before: str, inner: str, after: str) -> bool:
    """Whether what stands in brackets does not belong to the name."""
    if not before.strip() or (after and after[0] not in " /,") or _CHEMICAL.search(before):
        return False
    if not re.search(r"[/+&]", inner) or not re.search(r"\w", inner):
        return True
    alternatives = {_known(part.strip()) for part in inner.split("/")}
    if alternatives == {_known(f"{before}{after}".strip())}:
        return True
    common_names = alternatives.isdisjoint(_PART_SET) and "/" not in f"{before}{after}" and before.count(" ") > 1
    return common_names and before.endswith(" ") and after.rsplit(" ", maxsplit=1)[-1] in _PART_SET


def _known(name: str) -> str:
    """Rules 4 and 5."""
    if "/" in name:
        return _alternatives(name)
    if name in _NAMES:
        return _NAMES[name]
    colour = _NAMED_COLOUR.fullmatch(name)
    if colour is not None:
        key = " ".join(part for part in colour.groups() if part)
        return f"CI {_COLOURS[key]}" if key in _COLOURS else name
    made = _SOURCE.fullmatch(name)
    return _SOURCES[made[1]] + made[2] if made is not None and made[1] in _SOURCES else name


def _alternatives(name: str) -> str:
    """Rule 4: one of the parts where they say the same, else all of them."""
    if "(" in name:
        return name
    parts = [part for part in name.split("/") if part]
    parts = [part for part in parts if not _FRENCH.match(part)] or parts
    known = sorted({_known(part) for part in parts}, key=len)
    longest = known[-1] if known else ""
    return longest if all(_adds_part(part, longest) for part in known) else "/".join(parts)


def _adds_part(name: str, longer: str) -> bool:
    """Whether ``longer`` is the name, followed by nothing or by what is made of it: ``FAEX``, ``FAEX EXTRACT``."""
    rest = longer.removeprefix(name)
    return longer == name or (longer.startswith(f"{name} ") and _PART_SET.issuperset(rest.split()))


def _unwrapped(text: str) -> str:
    """The text without brackets around the whole, and without those at its start that are never closed."""
    pairs = matched(text) if text[:1] == "(" else {}
    start, end = 0, len(text)
    while start < end and text[start] in "( ":
        if text[start] == "(" and start in pairs:
            if pairs[start] != end - 1:
                break
            end = len(text[: end - 1].rstrip())
        start += 1
    return text[start:end]
