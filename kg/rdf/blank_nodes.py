"""Ids for blank nodes, which have none of their own: made from what the file says about each.

Two blank nodes get the same id exactly where their files say the same about them, in both directions and as far as
other blank nodes reach; so the same file loaded again adds nothing, whatever its labels and the order of its lines, and
``_:b0`` of two files with different statements stays two. Twins within one file, about which the same is said, are
told apart by a number in the order of the file. Saying more about a blank node makes it another one: give such a node
an IRI. The id is ``_:`` and 32 hexadecimal digits (BLAKE2b), ``-2`` and so on after those of twins.
"""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

from kg.ontology.terms import BLANK, FIRST, IRI, LITERAL, REST, TYPE, canonical
from kg.rdf.statements import is_blank

_ROUNDS = 64
"""Blank nodes reach at most so far; lists do not count."""


def blank_ids(statements: pl.DataFrame) -> dict[str, str]:
    """Blank node → id, of one file.

    :param statements: all that touch a blank node, as read.
    """
    unique = statements.unique(["s", "p", "o", "kind", "datatype", "lang"], keep="first", maintain_order=True)
    names: dict[str, bytes] = {}
    ground: dict[str, list[str]] = defaultdict(list)
    linked: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for s, p, o, kind, datatype, lang in unique.select("s", "p", "o", "kind", "datatype", "lang").iter_rows():
        if s.startswith("_:") and kind == BLANK:
            linked[s].append(("out", p, o))
            if p not in (FIRST, REST):
                linked[o].append(("in", p, s))
        elif s.startswith("_:"):
            ground[s].append("\0".join(("out", p, str(kind), o, datatype or "", (lang or "").lower())))
        else:
            ground[o].append("\0".join(("in", p, s)))
    for node in dict.fromkeys([*ground, *linked]):
        names[node] = _digest(ground[node])
    for _ in range(_ROUNDS):
        known = len(set(names.values()))
        new = {
            node: _digest([name.hex(), *("\0".join((way, p, names[o].hex())) for way, p, o in linked[node])])
            for node, name in names.items()
        }
        if len(set(new.values())) == known:
            break
        names = new
    return _numbered(names)


def keyed_ids(statements: pl.DataFrame, keys: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Blank node → id, for those of a class with a key: the text of the first of its properties that the node has.

    A brand without an IRI is the brand of that name, whatever page it stands on.

    :param statements: all that touch a blank node, as read.
    :param keys: class → properties, in order of preference, all in the canonical spelling.
    """
    if not keys:
        return {}
    about = statements.filter(is_blank("s"))
    classes = {
        s: keys[name]
        for s, p, o in about.filter(pl.col("kind") == IRI).select("s", "p", "o").iter_rows()
        if canonical(p) == TYPE and (name := canonical(o)) in keys
    }
    found: dict[str, dict[str, str]] = defaultdict(dict)
    literals = about.filter((pl.col("kind") == LITERAL) & pl.col("s").is_in(list(classes)))
    for s, p, o in literals.select("s", "p", "o").iter_rows():
        text = unicodedata.normalize("NFC", o.strip())
        if text and canonical(p) in classes[s]:
            known = found[s].get(canonical(p))
            found[s][canonical(p)] = text if known is None else min(known, text)
    return {node: next(said[p] for p in classes[node] if p in said) for node, said in found.items()}


def blank_nodes_in(statements: pl.DataFrame) -> pl.DataFrame:
    """The statements that touch a blank node."""
    return statements.filter(is_blank("s") | (pl.col("kind") == BLANK))


def _digest(parts: list[str]) -> bytes:
    return hashlib.blake2b("\1".join(sorted(parts)).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _numbered(names: dict[str, bytes]) -> dict[str, str]:
    seen: dict[bytes, int] = defaultdict(int)
    ids = {}
    for node, name in names.items():
        seen[name] += 1
        ids[node] = f"_:{name.hex()}" + (f"-{seen[name]}" if seen[name] > 1 else "")
    return ids
