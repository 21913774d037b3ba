"""What somebody avoids: entities, the items that have to do with them, and what may not be on a path that is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.steps import item_steps, leads_to_people, steps_of_items
from recommender.profiles.profile import Profile

AVOID = "avoid "
"""How the name in the audit begins of what was asked to be avoided."""
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Avoided:
    """One thing to avoid: ``name`` in the audit, the entity, and ``items``, the positions it forbids, unique."""

    name: str
    entity_type: str
    idx: int
    items: Positions


@dataclass(frozen=True)
class Forbidden:
    """What may not be on a path that is shown.

    ``named``: entity type → mask, shape (count,), of entities that are never named. ``beyond``: item type → mask of
    items that are only named where the user has them herself, as the anchor of a path.
    """

    named: Mapping[str, Mask] = field(default_factory=dict)
    beyond: Mapping[str, Mask] = field(default_factory=dict)

    def shown(self, node_types: tuple[str, ...], nodes: NDArray[np.int32]) -> Mask:
        """Which paths may be shown: shape (paths,), bool.

        :param node_types: entity type per place, from the anchor to the item; the item asked about is always named.
        :param nodes: shape (paths, places), int32.
        """
        keep = np.ones(len(nodes), dtype=bool)
        for position, entity_type in enumerate(node_types[:-1]):
            if entity_type in self.named:
                keep &= ~self.named[entity_type][nodes[:, position]]
            if position > 0 and entity_type in self.beyond:
                keep &= ~self.beyond[entity_type][nodes[:, position]]
        return keep

    def names(self, entity_type: str, idx: int) -> bool:
        """Whether an anchor may be named."""
        return entity_type not in self.named or not self.named[entity_type][idx]


NOTHING_FORBIDDEN = Forbidden()


class Avoidance:
    """Finds what avoided entities forbid, in one snapshot."""

    def __init__(self, snapshot: Snapshot, catalogue: Catalogue) -> None:
        self.snapshot, self.catalogue = snapshot, catalogue
        self._links = {name: item_steps(snapshot.schema, name) for name in snapshot.schema.entity}
        self._items: dict[tuple[str, int], Positions] = {}

    def read(self, text: str, said: str = "avoid") -> Avoided:
        """What ``relation:ID`` or ``Type:ID`` stands for: items with that triple, or with any triple to that entity.

        :param said: what is asked: ``avoid``, or another rule that reads such a text.
        :raises UsageError: for an unknown relation or type, with the nearest; for one that leads to people, since the
            list under such a rule would tell what one of them did.
        :raises UnknownEntityError: for an unknown id, with the nearest.
        """
        schema = self.snapshot.schema
        name, colon, entity_id = text.partition(":")
        steps = steps_of_items(schema, self.catalogue.slices)
        known = [*steps, *schema.rules, *schema.entity]
        able = [one for one in known if one in self.catalogue.slices or not leads_to_people(schema, one)]
        if colon and name in known and name not in able:
            raise UsageError(
                f"{said} {name!r}: leads to people, and no rule names one; name what items have; {nearest(name, able)}"
            )
        if not colon or name not in able:
            raise UsageError(
                f"{said} {text!r}: expected relation:ID with a relation of an item, or Type:ID; {nearest(name, able)}"
            )
        entity_type = name if name in schema.entity else schema.ends(name)[1]
        idx = self.snapshot.vocabulary.idx(entity_type, entity_id)
        items = self._linked([name], idx) if name in steps else self.items(entity_type, idx)
        return Avoided(AVOID + text, entity_type, idx, items)

    def of_user(self, profile: Profile) -> list[Avoided]:
        """What the relations with ``rule = "avoid"`` say that a user avoids. Nobody else is named in the audit."""
        schema, found = self.snapshot.schema, []
        for name in schema.rules:
            tail = schema.relation[name].tail
            if name not in profile.anchors or schema.relation[name].head != profile.user_type:
                continue
            for idx in profile.anchors[name].idx.tolist():
                entity_id = None if schema.entity[tail].sensitive else self.snapshot.vocabulary.id(tail, idx)
                audit = name if entity_id is None else f"{name}:{entity_id}"
                found.append(Avoided(audit, tail, idx, self.items(tail, idx)))
        return found

    def items(self, entity_type: str, idx: int) -> Positions:
        """The items that an avoided entity forbids: itself, if it is an item, else all with a triple to it."""
        key = (entity_type, idx)
        if key not in self._items:
            own = entity_type in self.catalogue.slices
            self._items[key] = (
                np.array([self.catalogue.position(entity_type, idx)], dtype=np.int64)
                if own
                else self._linked(self._links[entity_type], idx)
            )
        return self._items[key]

    def forbidden(self, avoided: Iterable[Avoided], items: Iterable[Positions] = ()) -> Forbidden:
        """What keeps off paths: the avoided entities, and the items they and ``items`` forbid, but for anchors."""
        named: dict[str, Mask] = {}
        beyond = np.zeros(self.catalogue.size, dtype=bool)
        for one in avoided:
            if one.entity_type not in named:
                named[one.entity_type] = np.zeros(self.snapshot.vocabulary.count(one.entity_type), dtype=bool)
            named[one.entity_type][one.idx] = True
            beyond[one.items] = True
        for positions in items:
            beyond[positions] = True
        parts = {name: beyond[part] for name, part in self.catalogue.slices.items()}
        return Forbidden(named, {name: mask for name, mask in parts.items() if mask.any()})

    def _linked(self, steps: Iterable[str], idx: int) -> Positions:
        """Positions of the items that one of the steps leads to an entity of, unique."""
        found = [
            self.snapshot.neighbours(inverse_of(step), idx)[0].astype(np.int64)
            + self.catalogue.slices[self.snapshot.schema.ends(step)[0]].start
            for step in steps
        ]
        return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
