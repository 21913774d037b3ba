"""What a curator should mend first: faults of the graph, ranked by the harm they do to recommendations."""

import shlex
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from kg.counting import by_number
from kg.cycles import LARGEST_CYCLE
from kg.k_anonymity import told_count
from kg.quality.census import Census, Mask

Kind = Literal["unreached", "no_attribute_path", "same_label", "cycle", "gap", "isolated", "unlabelled", "empty"]
SHOWN = 10
"""Findings in the list."""
USUAL = 0.8
"""Share of a type that must have a relation, or a label, for its lack to be a fault."""
HARM: dict[Kind, float] = {
    "unreached": 1.0,
    "no_attribute_path": 0.6,
    "same_label": 0.5,
    "cycle": 0.3,
    "gap": 0.3,
    "isolated": 0.2,
    "unlabelled": 0.1,
    "empty": 0.05,
}
"""How much a fault hurts if all entities of a type have it, from 0 to 1; the rank is this times their share."""


class Finding(BaseModel, frozen=True):
    """One fault of the graph."""

    kind: Kind
    place: str
    """The entity type or the relation; ``schema`` for those that are empty."""
    count: int
    """Entities with the fault."""
    of: int
    """Entities of the type."""
    text: str
    next: str
    """What to do about it."""

    @property
    def harm(self) -> float:
        """``HARM`` times the share of the entities with the fault, from 0 to 1."""
        return HARM[self.kind] * self.count / self.of


def findings(census: Census) -> list[Finding]:
    """The most harmful faults, in order; equal ones in the order of the schema. People are counted, never named."""
    found = [
        *(finding for name in census.schema.entity for finding in _of_type(census, name)),
        *(finding for name in census.schema.relation for finding in _of_relation(census, name)),
        *_empty(census),
    ]
    return sorted(found, key=lambda finding: -finding.harm)[:SHOWN]


def _of_type(census: Census, name: str) -> Iterator[Finding]:
    if name in census.schema.item_types:
        yield from _unreached_items(census, name)
    else:
        yield from _isolated(census, name)
    if not census.schema.entity[name].sensitive:
        yield from _same_label(census, name)
        yield from _unlabelled(census, name)


def _of_relation(census: Census, name: str) -> Iterator[Finding]:
    relation = census.schema.relation[name]
    if relation.interaction or census.schema.entity[relation.head].sensitive:
        return  # what people did, said or whom they know is no fault
    yield from _cycles(census, name)
    lacking = census.degrees[name] == 0
    count, of = int(lacking.sum()), len(lacking)
    if count and of - count >= USUAL * of:
        text = (
            f"{_share(count, of, relation.head)} have no {name}, which most have{_such(census, relation.head, lacking)}"
        )
        yield _finding(
            "gap", name, (count, of), text, f"fill the source column that {name} is mapped from, then `whyrec load`"
        )


def _unreached_items(census: Census, name: str) -> Iterator[Finding]:
    lost = census.unreached(name)
    used = census.without_path(name) & ~lost
    advice = (
        "map an attribute of them ([[source.link]], [[source.text]]) to entities that other items share, "
        "then `whyrec load`"
    )
    count, of = int(lost.sum()), len(lost)
    if count:
        text = (
            f"{_share(count, of, name)} cannot be recommended: no attribute path and hardly any interaction leads "
            "to them"
        )
        yield _finding("unreached", name, (count, of), text + _such(census, name, lost), advice)
    count = int(used.sum())
    if count:
        text = (
            f"{_share(count, of, name)} have no attribute path: only other people's interactions and popularity "
            "bring them up"
        )
        yield _finding("no_attribute_path", name, (count, of), text + _such(census, name, used), advice)


def _isolated(census: Census, name: str) -> Iterator[Finding]:
    alone = census.isolated(name)
    count, of = int(alone.sum()), len(alone)
    if census.is_of_people(name):
        count, of = (told_count(number, census.snapshot.k) or 0 for number in (count, of))
    if not count:
        return
    text = f"{_share(count, of, name)} are linked to nothing{_such(census, name, alone)}"
    advice = "link them from a source, or take them out of the file they come from"
    if name in census.schema.user_types:
        text += ": they get what is popular"
        advice = "map what is known about them, such as declared tastes, or wait for what they do"
    yield _finding("isolated", name, (count, of), text, advice)


def _same_label(census: Census, name: str) -> Iterator[Finding]:
    found, of = census.duplicates[name], census.snapshot.vocabulary.count(name)
    if found.worst and isinstance(found.entities, int):  # never of people
        worst = found.worst[0]
        groups = by_number(f"{found.groups:,} [label|labels]")
        text = (
            f"{_share(found.entities, of, name)} are called like another ({groups}; the worst: "
            f"“{worst.label}”, {worst.count:,} times: {', '.join(worst.ids)})"
        )
        show = shlex.quote(f"{name}:{worst.ids[0]}")
        advice = (
            f"compare them (`whyrec graph show {show}`); the same thing needs one id, e.g. by normalise in the mapping"
        )
        yield _finding("same_label", name, (found.entities, of), text, advice)


def _unlabelled(census: Census, name: str) -> Iterator[Finding]:
    mask = census.unlabelled(name)
    count, of = int(mask.sum()), len(mask)
    if count and of - count >= USUAL * of:
        text = f"{_share(count, of, name)} have no label, people see their id{_such(census, name, mask)}"
        yield _finding("unlabelled", name, (count, of), text, "fill the column that the label is mapped from")


def _cycles(census: Census, name: str) -> Iterator[Finding]:
    found = census.cycles.get(name)
    if found is None or not (found.groups or found.loops) or found.largest > LARGEST_CYCLE:
        return  # large cycles: no hierarchy, such as also_viewed, where they are right
    of = len(census.degrees[name])
    listed = "; ".join(" – ".join(one) for one in found.examples)
    circles = (
        f"{found.groups:,} [cycle|cycles], {found.loops:,} [entity linked to itself|entities linked to themselves]"
    )
    text = f"{name} runs in circles: {by_number(circles)}, e.g. {listed}"
    advice = "take one triple of each cycle out of the source; a hierarchy has none"
    yield _finding("cycle", name, (found.entities, of), text, advice)


def _empty(census: Census) -> Iterator[Finding]:
    names = [name for name in census.schema.entity if not census.snapshot.vocabulary.count(name)]
    names += [name for name in census.schema.relation if not census.degrees[name].any()]
    of = len(census.schema.entity) + len(census.schema.relation)
    if names:
        empty = by_number(f"of {of:,} types and relations {len(names):,} [is|are] empty")
        text = f"{empty}: {', '.join(names)}"
        yield _finding(
            "empty", "schema", (len(names), of), text, "map a source to them, or take them out of schema.toml"
        )


def _finding(kind: Kind, place: str, numbers: tuple[int, int], text: str, advice: str) -> Finding:
    return Finding(kind=kind, place=place, count=numbers[0], of=numbers[1], text=text, next=advice)


def _share(count: int, of: int, name: str) -> str:
    return f"{count:,} of {of:,} {name}"


def _such(census: Census, name: str, mask: Mask) -> str:
    examples = census.examples(name, mask)
    return f", e.g. {', '.join(examples)}" if examples else ""
