"""A profile: the anchors of one user, or of somebody who is not in the graph, with their weights."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.document import nearest
from kg.errors import UsageError
from kg.snapshot.snapshot import Snapshot
from kg.step import AGAIN, relation_of
from recommender.profiles.renewal import again_steps, again_weights
from recommender.profiles.weights import anchor_weights, weighted_neighbours


@dataclass(frozen=True)
class Anchors:
    """The anchors behind one step.

    ``idx``: shape (n,), int32, sorted, unique; ``weight``: shape (n,), float64, of length 1 as a vector (‖w‖₂ = 1),
    so that the unit of a weight and the length of a history do not decide the score. Weights of what somebody dislikes
    are negative. Behind ``again-relation`` they are chances, in [0, 1], and stay as they are.
    """

    idx: NDArray[np.int32]
    weight: NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """A user: who she is, if she is in the graph, and her anchors per step."""

    user_type: str
    user_idx: int | None
    anchors: Mapping[str, Anchors] = field(default_factory=dict)
    own: Mapping[str, Anchors] | None = None
    """The anchors that a user of the graph really has, where ``anchors`` are others."""

    @property
    def in_graph(self) -> bool:
        """Whether the anchors are those that a user of the graph has, and not just told by whoever asks."""
        return self.user_idx is not None and self.own is None

    @property
    def really(self) -> "Profile | None":
        """The user as the graph knows her, ``None`` of somebody who is not in it."""
        if self.user_idx is None or self.own is None:
            return self if self.in_graph else None
        return Profile(self.user_type, self.user_idx, self.own)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to go by."""
        return not any(len(found.idx) for found in self.anchors.values())


def profile_of(
    snapshot: Snapshot,
    user_type: str,
    user_idx: int,
    extra: Sequence[tuple[str, int]] = (),
    without: Collection[tuple[str, int]] = (),
) -> Profile:
    """The profile of a user of the graph, with ``extra`` anchors (step, index) added at weight 1, and as if she did not
    have those of ``without``."""
    raw = {step: weighted_neighbours(snapshot, step, user_idx) for step in user_steps(snapshot, user_type)}
    again = _again(snapshot, user_type, user_idx)
    own = _of_unit_length(raw) | again
    if without or extra:  # what was not done is not done again, nor what was done this moment
        if without:
            raw = {step: _left(step, *found, without) for step, found in raw.items()}
        again = {step: _less(step, found, (*without, *extra)) for step, found in again.items()}
    if extra:
        return Profile(user_type, user_idx, _anchors(raw, extra, snapshot.schema.negatives) | again, own)
    if without:
        return Profile(user_type, user_idx, _of_unit_length(raw) | again, own)
    return Profile(user_type, user_idx, own)


def _again(snapshot: Snapshot, user_type: str, user_idx: int) -> dict[str, Anchors]:
    """What a user may do again about now."""
    found = dict[str, Anchors]()
    for step in again_steps(snapshot, user_type):
        matrix = snapshot.adjacency(relation_of(step))
        edges = slice(int(matrix.indptr[user_idx]), int(matrix.indptr[user_idx + 1]))
        if edges.start < edges.stop:
            found[step] = Anchors(matrix.indices[edges], again_weights(snapshot, step, edges))
    return found


def _less(step: str, anchors: Anchors, without: Collection[tuple[str, int]]) -> Anchors:
    """What is left of what may be done again but for some things."""
    gone = [(f"{AGAIN}{name}", idx) for name, idx in without]
    return Anchors(*_left(step, anchors.idx, anchors.weight, gone))


def _of_unit_length(raw: Mapping[str, tuple[NDArray[np.int32], NDArray[np.float64]]]) -> dict[str, Anchors]:
    return {step: Anchors(idx, _unit(weight, _START)) for step, (idx, weight) in raw.items() if len(idx)}


def _left(
    step: str, idx: NDArray[np.int32], weight: NDArray[np.float64], without: Collection[tuple[str, int]]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    keep = ~np.isin(idx, [gone for name, gone in without if name == step])
    return idx[keep], weight[keep]


def anchors_of(snapshot: Snapshot, step: str, users: NDArray[np.int64]) -> csr_array:
    """The anchors of some users behind one step, with the weights of their profiles, bit for bit: users × anchors."""
    matrix = snapshot.adjacency(step.removeprefix(AGAIN))
    starts = matrix.indptr[users]
    counts = matrix.indptr[users + 1] - starts
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    edges = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], counts)
    if step.startswith(AGAIN):
        weight = again_weights(snapshot, step, edges)
    else:
        weight = _unit(anchor_weights(snapshot, step, edges), indptr[:-1][counts > 0])
    return csr_array((weight, matrix.indices[edges], indptr), shape=(len(users), matrix.shape[1]))


def profile_from(user_type: str, anchors: Sequence[tuple[str, int]], negatives: Sequence[str] = ()) -> Profile:
    """The profile of somebody who is not in the graph, from anchors (step, index), each of weight 1, or −1 where the
    step is one of ``negatives``."""
    return Profile(user_type, None, _anchors({}, anchors, negatives))


def user_steps(snapshot: Snapshot, user_type: str) -> tuple[str, ...]:
    """The steps that leave a user type."""
    return snapshot.schema.leaving[user_type]


def find_anchor(snapshot: Snapshot, text: str) -> tuple[str, str, int]:
    """Read ``relation:ID``: the user type it fits, the step and the index of the anchor.

    :raises UsageError: where it has no colon, or the relation does not start at a user; with the nearest relation.
    :raises UnknownEntityError: naming the nearest ids.
    """
    step, colon, entity_id = text.partition(":")
    schema = snapshot.schema
    for user_type in schema.user_types:
        if colon and step in user_steps(snapshot, user_type):
            if schema.entity[schema.ends(step)[1]].sensitive:
                raise UsageError(f"anchor {text!r}: {step} leads to people, and nobody is described by other people")
            return user_type, step, snapshot.vocabulary.idx(schema.ends(step)[1], entity_id)
    known = [step for user_type in schema.user_types for step in user_steps(snapshot, user_type)]
    raise UsageError(f"anchor {text!r}: expected relation:ID with a relation of a user; {nearest(step, known)}")


def _anchors(
    raw: Mapping[str, tuple[NDArray[np.int32], NDArray[np.float64]]],
    extra: Sequence[tuple[str, int]],
    negatives: Sequence[str],
) -> dict[str, Anchors]:
    found: dict[str, dict[int, float]] = {
        step: dict(zip(idx.tolist(), weight.tolist(), strict=True)) for step, (idx, weight) in raw.items()
    }
    for step, idx in extra:
        found.setdefault(step, {}).setdefault(idx, -1.0 if step in negatives else 1.0)
    return {step: _ordered(weights) for step, weights in found.items() if weights}


def _ordered(weights: Mapping[int, float]) -> Anchors:
    idx = np.array(sorted(weights), dtype=np.int32)
    return Anchors(idx, _unit(np.array([weights[key] for key in idx.tolist()], dtype=np.float64), _START))


_START = np.zeros(1, dtype=np.int32)


def _unit(weights: NDArray[np.float64], starts: NDArray[np.int32]) -> NDArray[np.float64]:
    """Each of several rows, the first entries of which are ``starts``, divided by its length; a row of zeros stays.

    A row gets the same bits alone and beside others.
    """
    if not len(starts):
        return weights
    lengths = np.sqrt(np.add.reduceat(np.square(weights), starts))
    lengths[lengths == 0] = 1.0
    if len(starts) == 1:
        return np.asarray(weights / lengths)
    return np.asarray(weights / np.repeat(lengths, np.diff(starts, append=len(weights))))
