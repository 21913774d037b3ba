"""Look at a graph that somebody else loaded, and propose how to adopt it: types, keys, labels, relations, users, items.

Nothing is written to the graph. What is proposed is written into two files that a person reads and corrects; what
cannot be used is told with a count and an example.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kg.adoption.adoption import AdoptedRelation, AdoptedType, Adoption, quoted
from kg.adoption.roles import LABELS, TIMES, USERS, WEIGHTS, free_name, roles, widest_labels
from kg.counting import by_number
from kg.errors import StoreError
from kg.schema import NAME, RESERVED_PROPERTIES
from kg.stores.store import PUBLISHED

if TYPE_CHECKING:
    from kg.stores.neo4j.connection import Connection  # whose driver is an extra

SAMPLE = 20_000
"""Relationships of a type by which its ends are told."""
EXAMPLE = 60
"""Characters of a value that is shown; never of people."""
KINDS = {"String": "str", "Double": "float", "Float": "float", "Long": "int", "Integer": "int", "Boolean": "bool"}


@dataclass(frozen=True)
class Unused:
    """What of the graph cannot be used, or was left out: how many, why, and one of them."""

    what: str
    count: int
    why: str
    example: str = ""


@dataclass
class Proposal:
    """What :func:`propose` found."""

    adoption: Adoption
    schema: dict[str, Any]
    """As ``schema.toml`` would say it."""
    counts: dict[str, int]
    """Entity type or relation → nodes or relationships."""
    unused: list[Unused] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    """Decisions that a person should look at."""


def propose(connection: "Connection") -> Proposal:
    """Look at a graph.

    :raises StoreError: where it is empty, or nothing in it has a key.
    """
    found = _Graph(connection)
    if not found.types:
        raise StoreError(f"{connection.url}: nothing to adopt: no node with a label and a property that tells it apart")
    found.find_relations()
    return found.proposal()


class _Graph:
    """The graph as it is looked at, type by type."""

    def __init__(self, connection: "Connection") -> None:
        self._read = connection.read
        self.sets = [(set(labels), count) for labels, count in self._read("MATCH (n) RETURN labels(n), count(*)")]
        self.unused: list[Unused] = []
        self.examples: dict[str, str] = {}
        self.unsure: list[str] = []
        self.types: dict[str, AdoptedType] = {}
        self.kinds: dict[str, dict[str, str]] = {}
        self.relations: dict[str, AdoptedRelation] = {}
        self.ends: dict[str, tuple[str, str]] = {}
        self.counts: dict[str, int] = {}
        bare = sum(count for labels, count in self.sets if not labels)
        self._leave_out("nodes without a label", bare, "a node is told by its label")
        for label in self._labels():
            self._adopt(label)

    def _leave_out(self, what: str, count: int, why: str, example: str = "") -> None:
        if count:
            self.unused.append(Unused(what, count, why, example or self.examples.get(what, "")))

    def _size(self, label: str) -> int:
        return sum(count for labels, count in self.sets if label in labels)

    def _labels(self) -> list[str]:
        """The labels that become types: those whose nodes do not all have a wider label too."""
        kept, narrower = widest_labels(self.sets)
        for label, wider in narrower.items():
            self._leave_out(f"label {label}", self._size(label), f"each of its nodes is a {wider} too")
        return kept

    def _adopt(self, label: str) -> None:
        name, size = free_name(label, self.types), self._size(label)
        try:
            properties = self._properties(label)
            key = self._key(label, properties)
        except StoreError as problem:
            self._leave_out(f"label {label}", size, str(problem))
            return
        if key is None:
            self._leave_out(f"label {label}", size, "no property is there on every node and different on each")
            return
        text = next((p for p in LABELS if properties.get(p) == "str" and p != key), None)
        kept: dict[str, str] = {}
        for prop, kind in properties.items():
            if prop in (key, text):
                continue
            if not NAME.fullmatch(prop) or prop.casefold() in RESERVED_PROPERTIES or kind not in KINDS.values():
                carriers = self._carriers(f"(n:{quoted(label)})", prop)
                reason = f"a property of kind {kind}; a schema holds text, numbers and truth values"
                self._leave_out(f"{label}.{prop}", carriers, reason)
            else:
                kept[prop] = kind
        self.types[name] = AdoptedType(node=label, key=key, label=text, properties={p: p for p in kept})
        self.kinds[name], self.counts[name] = kept, self._carriers(f"(n:{quoted(label)})", key)

    def _carriers(self, pattern: str, prop: str) -> int:
        """How many nodes or relationships ``n`` of a pattern have a property."""
        found = self._read(f"MATCH {pattern} WHERE n[$property] IS NOT NULL RETURN count(n)", property=prop)
        return int(found[0][0])

    def _properties(self, label: str) -> dict[str, str]:
        """Property → kind of the schema, or the server's name of what is no kind of it."""
        sample = f"MATCH (n:{quoted(label)}) WITH n LIMIT {SAMPLE} UNWIND keys(n) AS key WITH key, n[key] AS value "
        rows = self._read(f"{sample} RETURN key, valueType(value), count(*), head(collect(value))")
        kinds: dict[str, set[str]] = {}
        for key, kind, _, value in rows:
            self.examples[f"{label}.{key}"] = "" if USERS.search(label) else str(value)[:EXAMPLE]
            kinds.setdefault(str(key), set()).add(_KINDS_OF_VALUES.get(str(kind).removesuffix(" NOT NULL"), str(kind)))
        return {key: _one_kind(found) for key, found in sorted(kinds.items())}

    def _key(self, label: str, properties: Mapping[str, str]) -> str | None:
        """The property that tells nodes apart: one that a constraint or an index is on, or one called so."""
        node = quoted(label)
        guarded = [
            names[0]
            for show in ("CONSTRAINTS", "INDEXES")
            for labels, names in self._read(
                f"SHOW {show} YIELD labelsOrTypes, properties RETURN labelsOrTypes, properties"
            )
            if labels == [label] and names and len(names) == 1
        ]
        own = [f"{label.casefold()}id", f"{label.casefold()}_id", "id", "uuid", "key", "code", "sku", "name", "title"]
        named = [p for wanted in own for p in properties if p.casefold() == wanted]
        ids = [p for p in properties if p.casefold().endswith("id")]
        for candidate in dict.fromkeys([*guarded, *named, *ids]):
            if properties.get(candidate) not in ("str", "int"):
                continue
            prop = quoted(candidate)
            nodes, there, different = self._read(
                f"MATCH (n:{node}) RETURN count(n), count(n.{prop}), count(DISTINCT n.{prop})"
            )[0]
            if different == there and there >= 0.99 * nodes:
                self._leave_out(f"{label} without {candidate}", nodes - there, "a node without its key has no id")
                return str(candidate)
            if candidate in guarded:
                nodes_share = by_number(f"{there - different:,} [node shares|nodes share]")
                self.unsure.append(f"{label}.{candidate} has an index, but {nodes_share} a value")
        return None

    def find_relations(self) -> None:
        """The relations between adopted types, by the ends of a sample."""
        for kind, count in self._read("MATCH ()-[r]->() RETURN type(r), count(*) ORDER BY count(*) DESC"):
            if kind == PUBLISHED:
                self._leave_out(f"relationship {kind}", count, "lists that whyrec published")
                continue
            pairs: dict[tuple[str, str], int] = {}
            query = f"MATCH (a)-[r:{quoted(kind)}]->(b) WITH a, b LIMIT {SAMPLE} RETURN labels(a), labels(b), count(*)"
            for heads, tails, rows in self._read(query):
                ends = self._type_of(heads), self._type_of(tails)
                if ends[0] and ends[1]:
                    pairs[ends[0], ends[1]] = pairs.get((ends[0], ends[1]), 0) + rows
            if not pairs:
                self._leave_out(f"relationship {kind}", count, "its ends are of no type that is adopted")
            properties = self._relation_properties(kind)
            for number, (head, tail) in enumerate(sorted(pairs, key=lambda ends: -pairs[ends])):
                self._adopt_relation(kind, (head, tail), properties, number)

    def _adopt_relation(self, kind: str, ends: tuple[str, str], properties: Mapping[str, str], number: int) -> None:
        wanted = kind.lower() if not number else f"{kind}_{ends[0]}_{ends[1]}".lower()
        name = free_name(wanted, {**self.relations, **self.types})
        weight = next(
            (p for w in WEIGHTS for p in properties if p.casefold() == w and properties[p] in ("int", "float")), None
        )
        time = next((p for p in properties if TIMES.match(p)), None)
        others = [p for p in properties if p not in (weight, time)]
        self.relations[name] = AdoptedRelation(relationship=kind, weight=weight, timestamp=time)
        self.ends[name] = ends
        pattern = f"(:{quoted(self.types[ends[0]].node)})-[n:{quoted(kind)}]->(:{quoted(self.types[ends[1]].node)})"
        self.counts[name] = self._usable(kind, ends, int(self._read(f"MATCH {pattern} RETURN count(n)")[0][0]))
        for prop in others:
            carriers = self._carriers(pattern, prop)
            self._leave_out(f"{kind}.{prop}", carriers, "a relation has a weight and a timestamp, no more")

    def _usable(self, kind: str, ends: tuple[str, str], there: int) -> int:
        """How many different pairs of keys relationships join; the others are told, and counted head by head, so that
        the server need not hold all pairs."""
        head, tail = (self.types[end] for end in ends)
        keyed, different = self._read(
            f"MATCH (h:{quoted(head.node)}) WHERE h.{quoted(head.key)} IS NOT NULL CALL (h) {{ "
            f"MATCH (h)-[r:{quoted(kind)}]->(t:{quoted(tail.node)}) WHERE t.{quoted(tail.key)} IS NOT NULL "
            "RETURN count(r) AS keyed, count(DISTINCT t) AS different } RETURN sum(keyed), sum(different)"
        )[0]
        shown = f"{kind} ({ends[0]} → {ends[1]})"
        self._leave_out(f"{shown} without a key", there - keyed, "one of its ends has no id")
        self._leave_out(
            f"{shown} again", keyed - different, "the same two nodes are joined so already; the latest counts"
        )
        return int(different)

    def _relation_properties(self, kind: str) -> dict[str, str]:
        sample = f"MATCH ()-[r:{quoted(kind)}]->() WITH r LIMIT {SAMPLE} UNWIND keys(r) AS key"
        query = f"{sample} RETURN key, valueType(r[key]), count(*)"
        kinds: dict[str, set[str]] = {}
        for key, found, _ in self._read(query):
            kinds.setdefault(str(key), set()).add(
                _KINDS_OF_VALUES.get(str(found).removesuffix(" NOT NULL"), str(found))
            )
        return {key: _one_kind(found) for key, found in sorted(kinds.items())}

    def _type_of(self, labels: Iterable[str]) -> str | None:
        return next((name for name, adopted in self.types.items() if adopted.node in labels), None)

    def proposal(self) -> Proposal:
        """Who the users are, what the items are, and all of it as files would say it."""
        told = {name for name, adopted in self.relations.items() if adopted.weight or adopted.timestamp}
        found = roles({name: one.node for name, one in self.types.items()}, self.ends, told, self.counts)
        self.unsure += found.unsure
        entity = {name: self._entity(name, found.users, found.items) for name in self.types}
        relation = {
            name: {"head": head, "tail": tail} | ({"interaction": True} if name in found.interactions else {})
            for name, (head, tail) in self.ends.items()
        }
        schema = {"name": "adopted", "entity": entity, "relation": relation}
        adoption = Adoption(entity=self.types, relation=self.relations)
        return Proposal(adoption, schema, self.counts, self.unused, self.unsure)

    def _entity(self, name: str, users: Sequence[str], items: Iterable[str]) -> dict[str, Any]:
        found: dict[str, Any] = {"properties": self.kinds[name]} if self.kinds[name] else {}
        if name in users:
            found["sensitive"] = True
        if name in items:
            found["domain"] = f"{name.lower()}s"
        return found


_KINDS_OF_VALUES = {"STRING": "str", "INTEGER": "int", "FLOAT": "float", "BOOLEAN": "bool"}


def _one_kind(found: set[str]) -> str:
    """One kind for all values of a property; whole numbers among others are numbers."""
    if found == {"int", "float"}:
        return "float"
    return found.pop() if len(found) == 1 else " or ".join(sorted(found))
