"""Entities of a type that a person cannot tell apart by what they are called."""

from collections import Counter

from pydantic import BaseModel

from kg.k_anonymity import shown_count
from kg.snapshot.entity_table import shown_labels
from kg.snapshot.snapshot import Snapshot

WORST = 5
IDS = 5


class SameLabel(BaseModel, frozen=True):
    """One label and those that have it."""

    label: str
    count: int
    ids: list[str]
    """The first few, sorted."""


class Duplicates(BaseModel, frozen=True):
    """Labels that several entities of a type have, whatever their case and white space."""

    groups: int | str
    """Such labels; of people ``"<5"`` where they are not enough to be counted."""
    entities: int | str
    """Entities with one of them."""
    worst: list[SameLabel]
    """The labels most entities have; empty for sensitive types: no person is named."""


def duplicates(snapshot: Snapshot, entity_type: str) -> Duplicates:
    """Group the entities of a type by label; the id counts as the label where there is none."""
    shown = shown_labels(snapshot, entity_type)
    folded = [" ".join(label.split()).casefold() for label in shown]
    several = {label: count for label, count in Counter(folded).items() if count > 1}
    worst = sorted(several, key=lambda label: (-several[label], label))[:WORST]
    groups: int | str = len(several)
    entities: int | str = sum(several.values())
    if snapshot.schema.entity[entity_type].sensitive:
        worst = []
        groups, entities = (shown_count(number, snapshot.k) for number in (len(several), sum(several.values())))
    members: dict[str, list[int]] = {label: [] for label in worst}
    for idx, label in enumerate(folded if worst else ()):
        if label in members:
            members[label].append(idx)
    return Duplicates(
        groups=groups,
        entities=entities,
        worst=[
            SameLabel(
                label=shown[found[0]],
                count=len(found),
                ids=[snapshot.vocabulary.id(entity_type, idx) for idx in found[:IDS]],
            )
            for found in members.values()
        ],
    )
