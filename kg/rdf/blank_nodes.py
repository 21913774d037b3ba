"""Ids for blank nodes, which have none of their own: made from what the file says about each.

Two blank nodes get the same id exactly where their files say the same about them, in both directions and as far as
other blank nodes reach; so the same file loaded again adds nothing, whatever its labels and the order of its lines, and
``_:b0`` of two files with different statements stays two. Twins within one file, about which the same is said, are
told apart by a number in the order of the file. Saying more about a blank node makes it another one: give such a node
an IRI. The id is ``_:`` and 32 hexadecimal digits (BLAKE2b), ``-2`` and so on after those of twins.
"""

import hashlib
from collections import defaultdict

import polars as pl

from kg.ontology.terms import BLANK, FIRST, REST
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
