"""Mixed lists: places for domains that a person has used nothing of, filled only by items that a path leads to."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.variants import Variants
from recommender.rules.domain import mix_of
from recommender.scoring.block_ranking import PathRows, RankedBlock
from recommender.scoring.ranking import rank_of, top_n
from recommender.scoring.scorer import Scorer

Places = NDArray[np.int64]
Values = NDArray[np.float64]
ScoredList = tuple[NDArray[np.float64], NDArray[np.float64]]
Candidates = tuple[NDArray[np.bool_], NDArray[np.int64]]
"""Allowed items, users × catalogue, and at most how many items each user may not have that others may."""


@dataclass(frozen=True)
class MixedSlots:
    """Where items of unused domains stand in a list.

    ``n``: its length; ``used``: mask of the items of the used domains; ``inside``: unused domain → mask of its items;
    ``quota``: unused domain → at most how many slots. In a list of one unused domain no slots are dealt: ``used`` is
    what the used domains lead to, whoever asks, and ``led`` what may stand there beside, where a path of hers leads to
    it.
    """

    n: int
    used: NDArray[np.bool_]
    inside: Mapping[str, NDArray[np.bool_]]
    quota: Mapping[str, int]
    led: NDArray[np.bool_] | None = None

    @cached_property
    def total(self) -> int:
        """Places of all unused domains."""
        return sum(self.quota.values())

    def with_used(self, positions: Collection[int]) -> "MixedSlots":
        """The same places, where some items stand among those of the used domains."""
        if not positions:
            return self
        used, chosen = self.used.copy(), list(positions)
        used[chosen] = True
        inside = {name: mask & ~used for name, mask in self.inside.items()}
        return replace(self, used=used, inside=inside)

    def open_to(self, reached: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The items that may stand where no slot of an unused domain is.

        :param reached: those that a path leads to, shape (…, catalogue.size).
        """
        return self.used if self.led is None else self.used | (self.led & reached)

    def rivals(self, position: int) -> tuple[NDArray[np.bool_], int]:
        """The items that one competes with for a place, and for how many."""
        for domain, mask in self.inside.items():
            if mask[position]:
                return mask, self.quota[domain]
        return self.used, max(self.n - self.total, 0)

    def slot(self, nth: Places) -> Places:
        """Where the n-th item of the unused domains stands, both from 0: evenly spread, 4 and 9 for two of ten."""
        return -(-(nth + 1) * self.n // max(self.total, 1)) - 1


def mixed_slots(
    catalogue: Catalogue, asked: tuple[str | None, Sequence[str]], unused: frozenset[str], n: int
) -> MixedSlots | None:
    """The places of unused domains in a list of n; ``None`` without a mix, for a list of one domain, and for people
    who used all domains, or none.

    :param asked: the domain of the list, if any, and ``domain=share`` texts; a domain without one gets no places.
    """
    domains, (domain, mix) = catalogue.snapshot.schema.domains, asked
    if not mix or domain is not None or not unused or len(unused) == len(domains):
        return None
    parts, left = mix_of(mix, domains), n
    quota = {}
    for one in sorted(unused):
        quota[one] = min(int(parts.get(one, 0.0) * n + 0.5), left)
        left -= quota[one]
    used = np.zeros(catalogue.size, dtype=bool)
    for one in domains:
        if one not in unused:
            used |= catalogue.of_domain(one)
    return MixedSlots(n, used, {one: catalogue.of_domain(one) for one in quota}, quota)


def linked_slots(scorer: Scorer, domain: str | None, unused: frozenset[str], n: int) -> MixedSlots | None:
    """The list of one domain for somebody who used nothing of it, but something of others: of what these lead to for
    anybody. ``None`` for other lists, where nothing leads there, and where closeness in the embedding has a say.

    What is popular among people who use something else altogether is no better than nothing.
    """
    domains, catalogue = scorer.snapshot.schema.domains, scorer.catalogue
    if domain is None or domain not in unused or len(unused) == len(domains) or scorer.blend.embedding.get(domain):
        return None
    starts = [
        one for other in domains if other not in unused for one in scorer.snapshot.schema.interactions_with(other)
    ]
    inside = catalogue.of_domain(domain)
    linked = _led_to(scorer, tuple(starts)) & inside
    return MixedSlots(n, linked, {}, {}, led=inside) if linked.any() else None


def _led_to(scorer: Scorer, starts: tuple[str, ...]) -> NDArray[np.bool_]:
    """What paths from some steps, such as interactions, lead to, whoever has them: shape (catalogue.size,), kept.

    What only kernels say that are learned is not meant where any path is walked.
    """
    if ("led", starts) not in scorer.kept:
        found = np.zeros(scorer.catalogue.size, dtype=bool)
        weighed = [path for path in scorer.weighed if path.start in starts]
        for path in [path for path in weighed if path.learned is None] or weighed:
            kernel = scorer.kernels.kernel(path.tail)
            found[scorer.item_slice(path)][kernel.indices[kernel.data > 0]] = True
        scorer.kept["led", starts] = found
    known: NDArray[np.bool_] = scorer.kept["led", starts]
    return known


def rank_mixed(
    rank: Callable[[NDArray[np.bool_], Places, int], RankedBlock],
    paths: PathRows | Values,
    candidates: Candidates,
    n: int,
    slots: MixedSlots | None,
) -> RankedBlock:
    """The lists of a block of users, with places for unused domains where there are any; a place that nothing takes
    goes to the next item of the used domains.

    :param rank: the n best of the allowed items of each user, as ``block_ranking.rank_sparse`` does it.
    :param paths: what paths contribute: users × catalogue, sparse or dense. What they do not lead to takes no place.
    """
    allowed, own = candidates
    if slots is None:
        return rank(allowed, own, n)
    reached, against = _reached(paths, len(allowed))
    reached &= allowed
    base = rank(allowed & slots.open_to(reached), own + against, n)
    others = [rank(reached & slots.inside[name], own, quota) for name, quota in slots.quota.items() if quota]
    return _mixed(base, others, slots) if others else base


def _reached(paths: PathRows | Values, users: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """What paths lead to, users × catalogue, and how much they speak against, by user."""
    if isinstance(paths, np.ndarray):
        return paths > 0, np.count_nonzero(paths < 0, axis=1)
    reached = np.zeros(paths.shape, dtype=bool)
    rows = np.repeat(np.arange(users), np.diff(paths.indptr))
    reached[rows[paths.data > 0], paths.indices[paths.data > 0]] = True
    return reached, np.bincount(rows[paths.data <= 0], minlength=users)


def mixed_rank(
    scores: ScoredList,
    allowed: NDArray[np.bool_],
    position: int,
    slots: MixedSlots | None,
    variants: Variants | None = None,
) -> int | None:
    """1-based rank of an item in the list of one user, however long it were: by ``rank_mixed`` as far as that goes.

    ``None`` where it is not allowed, or a variant of it stands there instead, and for an item of an unused domain that
    no path leads to or that has no places.

    :param scores: of one user, and what paths contribute: two arrays of shape (catalogue.size,).
    :param variants: those that are merged in the list; none where absent.
    """
    total, paths = scores
    if variants is not None:
        fits = allowed if slots is None else allowed & (slots.used | (paths > 0))
        allowed = variants.best(total, fits)
    if slots is None:
        return rank_of(total, allowed, position)
    reached = allowed & (paths > 0)
    base = allowed & slots.open_to(reached)
    found = {name: _first(total, reached & mask, slots.quota[name]) for name, mask in slots.inside.items()}
    for name, mask in slots.inside.items():
        if mask[position]:
            nth = rank_of(total, reached & mask, position)
            if nth is None or not slots.quota[name]:
                return None
            if nth > slots.quota[name]:
                return -(-nth * slots.n // slots.quota[name])
            pairs = [(rank, -total[one], one) for some in found.values() for rank, one in enumerate(some, start=1)]
            before = sum(pair < (nth, -total[position], position) for pair in pairs)
            return before + min(int(slots.slot(np.array(before))) - before, int(base.sum())) + 1
    rank = rank_of(total, base, position)
    ahead = np.arange(sum(len(one) for one in found.values()))
    return None if rank is None else rank + int((slots.slot(ahead) - ahead <= rank - 1).sum())


def _first(scores: NDArray[np.float64], allowed: NDArray[np.bool_], n: int) -> list[int]:
    return top_n(scores, allowed, n).tolist() if n else []


def _mixed(base: RankedBlock, others: Sequence[RankedBlock], slots: MixedSlots) -> RankedBlock:
    found = np.concatenate([_rows(one) for one in others])
    found = found[np.lexsort((found["position"], -found["total"], found["rank"], found["user"]))]
    nth = np.arange(len(found)) - np.searchsorted(found["user"], found["user"])
    whole = np.concatenate([_rows(base), found])
    key = np.concatenate([whole["rank"][: len(whole) - len(found)], slots.slot(nth) - nth - 0.5])
    whole = whole[np.lexsort((key, whole["user"]))]
    rank = np.arange(len(whole)) - np.searchsorted(whole["user"], whole["user"])
    whole = whole[rank < slots.n]
    indptr = np.searchsorted(whole["user"], np.arange(len(base.indptr)))
    return RankedBlock(indptr, *(np.ascontiguousarray(whole[name]) for name in ("position", "total", "path")))


_ROW = np.dtype([("user", "i8"), ("rank", "i8"), ("position", "i8"), ("total", "f8"), ("path", "f8")])


def _rows(block: RankedBlock) -> NDArray[np.void]:
    """One record for each entry of the lists, in their order."""
    lengths = np.diff(block.indptr)
    rows = np.empty(len(block.positions), dtype=_ROW)
    rows["user"] = np.repeat(np.arange(len(lengths)), lengths)
    rows["rank"] = np.arange(len(rows)) - np.repeat(block.indptr[:-1], lengths)
    rows["position"], rows["total"], rows["path"] = block.positions, block.totals, block.paths
    return rows
