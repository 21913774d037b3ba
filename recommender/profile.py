"""A profile: the anchors of one user, or of somebody who is not in the graph, with their weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from kg.schema import inverse_of
from kg.snapshot import Snapshot


@dataclass(frozen=True)
class Anchors:
    """The anchors behind one step.

    ``idx``: shape (n,), int32, sorted, unique; ``weight``: shape (n,), float64, of length 1 as a vector (‖w‖₂ = 1),
    so that the unit of a weight and the length of a history do not decide the score.
    """

    idx: NDArray[np.int32]
    weight: NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """A user: who she is, if she is in the graph, and her anchors per step."""

    user_type: str
    user_idx: int | None
    anchors: Mapping[str, Anchors] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to go by."""
        return not any(len(found.idx) for found in self.anchors.values())


def profile_of(snapshot: Snapshot, user_type: str, user_idx: int, extra: Sequence[tuple[str, int]] = ()) -> Profile:
    """The profile of a user of the graph, with ``extra`` anchors (step, index) added at weight 1."""
    raw = {step: snapshot.neighbours(step, user_idx) for step in user_steps(snapshot, user_type)}
    return Profile(user_type, user_idx, _anchors(raw, extra))


def profile_from(user_type: str, anchors: Sequence[tuple[str, int]]) -> Profile:
    """The profile of somebody who is not in the graph, from anchors (step, index), each of weight 1."""
    return Profile(user_type, None, _anchors({}, anchors))


def user_steps(snapshot: Snapshot, user_type: str) -> tuple[str, ...]:
    """The steps that leave a user type."""
    forward = [name for name, relation in snapshot.schema.relation.items() if relation.head == user_type]
    backward = [inverse_of(name) for name, relation in snapshot.schema.relation.items() if relation.tail == user_type]
    return (*forward, *backward)


def find_anchor(snapshot: Snapshot, text: str) -> tuple[str, str, int]:
    """Read ``relation:ID``: the user type it fits, the step and the index of the anchor.

    :raises UsageError: where it has no colon, or the relation does not start at a user; with the nearest relation.
    :raises UnknownEntityError: naming the nearest ids.
    """
    step, colon, entity_id = text.partition(":")
    schema = snapshot.schema
    for user_type in schema.user_types:
        if colon and step in user_steps(snapshot, user_type):
            return user_type, step, snapshot.vocabulary.idx(schema.ends(step)[1], entity_id)
    known = [step for user_type in schema.user_types for step in user_steps(snapshot, user_type)]
    raise UsageError(f"anchor {text!r}: expected relation:ID with a relation of a user; {nearest(step, known)}")


def _anchors(
    raw: Mapping[str, tuple[NDArray[np.int32], NDArray[np.float64]]], extra: Sequence[tuple[str, int]]
) -> dict[str, Anchors]:
    found: dict[str, dict[int, float]] = {
        step: dict(zip(idx.tolist(), weight.tolist(), strict=True)) for step, (idx, weight) in raw.items()
    }
    for step, idx in extra:
        found.setdefault(step, {}).setdefault(idx, 1.0)
    return {step: _unit(weights) for step, weights in found.items() if weights}


def _unit(weights: Mapping[int, float]) -> Anchors:
    idx = np.array(sorted(weights), dtype=np.int32)
    weight = np.array([weights[key] for key in idx.tolist()], dtype=np.float64)
    length = float(np.sqrt(np.sum(weight**2)))
    return Anchors(idx, weight / length if length > 0 else weight)
