"""Probable duplicates: items of (nearly) one audience or of one label, which flatter every figure of a ranking.

A recommender that finds the second listing of an article again has learned nothing, and much of what is published on
two public data sets is that.
"""

import unicodedata
from collections.abc import Hashable, Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from kg.errors import UnknownEntityError
from kg.snapshot.merged_entities import LEFT_OUT, MergedEntities
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import Interactions
from recommender.evaluation.audience_similarity import alike_columns
from recommender.results.document import Item

LEAST_PEOPLE, LEAST_ACROSS = 3, 2
"""People from which an equal audience is no accident: in one domain, where things are bought together, and across
domains."""
ALIKE = 0.8
"""Least Jaccard similarity of two audiences that are taken for one: a few people rate one listing only."""
LISTED = 10
Handling = Literal["keep", "drop", "merge"]


class DuplicateGroup(BaseModel, frozen=True):
    """Items that are probably one article; ``by`` says what they share: ``audience``, ``label``."""

    items: list[Item]
    by: list[str]


class Duplicates(BaseModel, frozen=True):
    """What was found, and what became of it."""

    groups: int
    items: int
    """Items in a group."""
    by_audience: int
    """Groups that an equal audience holds together."""
    by_label: int
    """Groups that an equal label holds together."""
    across_domains: int
    """Groups with items of several domains."""
    interactions: float
    """Share of all interactions that are with an item of a group, in [0, 1]."""
    handling: Handling
    first: list[DuplicateGroup]
    """The largest groups, at most ``LISTED``; none that only an audience of fewer than k people holds together."""


class DuplicateSearch:
    """Groups the items of all domains.

    :param people: least size of an audience that counts within a domain.
    """

    def __init__(self, snapshot: Snapshot, people: int = LEAST_PEOPLE) -> None:
        self.snapshot, self.catalogue = snapshot, Catalogue(snapshot)
        self.matrix = Interactions(snapshot).matrix
        audiences, labels = self._of_one_audience(people), _same(self._by_label())
        self._held_by = {"audience": {one[0] for one in audiences}, "label": {one[0] for one in labels}}
        self.groups = _joined([*audiences, *labels])
        """Positions of each group, sorted; the largest first, then by position."""

    def report(self, handling: Handling) -> Duplicates:
        """The document that is shown before any figure."""
        used = np.asarray(self.matrix.sum(axis=0))
        inside = np.array([position for group in self.groups for position in group], dtype=np.int64)
        found = [self._described(group) for group in self.groups]
        return Duplicates(
            groups=len(found),
            items=len(inside),
            by_audience=sum("audience" in one.by for one in found),
            by_label=sum("label" in one.by for one in found),
            across_domains=sum(len({item.domain for item in one.items}) > 1 for one in found),
            interactions=float(used[inside].sum() / max(used.sum(), 1)),
            handling=handling,
            first=[one for one, group in zip(found, self.groups, strict=True) if self._may_be_told(group)][:LISTED],
        )

    def becomes(self, handling: Handling) -> NDArray[np.int64]:
        """Position → position of the item that stands for it, ``LEFT_OUT`` where none does: shape (catalogue.size,).

        ``merge``: the first item of a group stands for those of its type; items of another type cannot become one with
        it and are left out. ``drop``: the whole group is left out.
        """
        target = np.arange(self.catalogue.size)
        for group in self.groups if handling != "keep" else ():
            first = self.catalogue.item(group[0])[0]
            for position in group:
                same = handling == "merge" and self.catalogue.item(position)[0] == first
                target[position] = group[0] if same else LEFT_OUT
        return target

    def handled(self, handling: Handling) -> Snapshot:
        """The snapshot with its duplicates kept, dropped or merged."""
        if handling == "keep" or not self.groups:
            return self.snapshot
        target = self.becomes(handling)
        parts = {name: (target[part], int(part.start)) for name, part in self.catalogue.slices.items()}
        return MergedEntities(
            self.snapshot,
            {name: np.where(found == LEFT_OUT, LEFT_OUT, found - start) for name, (found, start) in parts.items()},
        )

    def renamed(self, pairs: Iterable[tuple[str, str]], handling: Handling) -> list[tuple[str, str]]:
        """(user id, item id) pairs with the item that stands for each; pairs with an item left out are dropped.

        Pairs with an unknown item stay as they are.
        """
        target, vocabulary, found = self.becomes(handling), self.snapshot.vocabulary, []
        for user_id, item_id in pairs:
            try:
                position = self.catalogue.position(*vocabulary.find(item_id, self.snapshot.schema.item_types))
            except UnknownEntityError:
                found.append((user_id, item_id))
                continue
            if target[position] == position:
                found.append((user_id, item_id))
            elif target[position] != LEFT_OUT:
                item_type, idx = self.catalogue.item(int(target[position]))
                found.append((user_id, f"{item_type}:{vocabulary.id(item_type, idx)}"))
        return found

    def _may_be_told(self, group: tuple[int, ...]) -> bool:
        """Whether a group says nothing of what fewer than k people used."""
        least = int(np.asarray(self.matrix.sum(axis=0))[list(group)].min())
        return self._held_by["audience"].isdisjoint(group) or least >= self.snapshot.k

    def _described(self, group: tuple[int, ...]) -> DuplicateGroup:
        by = [name for name, found in self._held_by.items() if found.intersection(group)]
        return DuplicateGroup(items=[self._item(position) for position in group], by=by)

    def _item(self, position: int) -> Item:
        item_type, idx = self.catalogue.item(position)
        return Item(
            id=self.snapshot.vocabulary.id(item_type, idx),
            label=self.snapshot.label(item_type, idx),
            type=item_type,
            domain=self.snapshot.schema.entity[item_type].domain or "",
        )

    def _of_one_audience(self, people: int) -> list[tuple[int, ...]]:
        """Pairs of items whose audiences are the same, or nearly."""
        first, second = alike_columns(self.matrix, ALIKE)
        counts, domain = np.asarray(self.matrix.sum(axis=0)), self._domains()
        least = np.where(domain[first] == domain[second], people, LEAST_ACROSS)
        keep = np.minimum(counts[first], counts[second]) >= least
        return list(zip(first[keep].tolist(), second[keep].tolist(), strict=True))

    def _domains(self) -> NDArray[np.int64]:
        """The number of the domain of each item: shape (catalogue.size,)."""
        domain = np.zeros(self.catalogue.size, dtype=np.int64)
        for number, name in enumerate(self.snapshot.schema.domains):
            domain[self.catalogue.of_domain(name)] = number
        return domain

    def _by_label(self) -> Iterable[tuple[Hashable, int]]:
        """The label of each item that has one, whatever its case and white space, and its position."""
        for name, part in self.catalogue.slices.items():
            for position, label in enumerate(self.snapshot.labels(name), start=int(part.start)):
                folded = " ".join(unicodedata.normalize("NFKC", label or "").casefold().split())
                if folded:
                    yield folded, position


def _same(keys: Iterable[tuple[Hashable, int]]) -> list[tuple[int, ...]]:
    """Positions that share a key, at least two together."""
    members: dict[Hashable, list[int]] = {}
    for key, position in keys:
        members.setdefault(key, []).append(position)
    return [tuple(found) for found in members.values() if len(found) > 1]


def _joined(sets: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Sets that overlap become one."""
    group_of: dict[int, list[int]] = {}
    for one in sets:
        merged = sorted({member for position in one for member in group_of.get(position, [position])})
        for position in merged:
            group_of[position] = merged
    groups = {tuple(group) for group in group_of.values()}
    return sorted(groups, key=lambda group: (-len(group), group))
