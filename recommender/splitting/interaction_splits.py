"""Splits of the interactions into a part to learn from and a part to test on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from kg.instant import DAY, NO_TIME
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.triple_subset import TripleSubset
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import User
from recommender.splitting.repeated_pairs import asked_at, without_last_days
from recommender.splitting.shared_pairs import Masks, in_all_interactions, leaving_some, shared_pairs
from recommender.splitting.told_split import told_moment

SPLITS = ("random", "last", "temporal", "cold-users", "cold-items", "cold-domain")


@dataclass(frozen=True)
class Split:
    """``train``: the snapshot without the held-out interactions; ``test``: user → positions of her held-out items,
    each an int64 array, sorted; ``description`` goes into reports."""

    train: Snapshot
    test: Mapping[User, NDArray[np.int64]]
    description: dict[str, Any]


def hold_out(
    snapshot: Snapshot,
    masks: Masks,
    description: dict[str, Any],
    shortened: Masks | None = None,
    asked: Mapping[str, NDArray[np.int64]] | int | None = None,
) -> Split:
    """Turn masks of held-out interactions, in the order of ``adjacency(relation).data``, into a split.

    A pair that several interactions hold (viewed and bought) is held out of all of them.

    :param shortened: those of which only the last day is held out: that it was done again is tested on, and that it was
        done before is known.
    :param asked: when people are asked where something is done again: of each user type, shape (people,), in
        milliseconds since 1970 UTC; or on the day after one time; at the time of what is held out of them where absent.
    """
    catalogue, shortened = Catalogue(snapshot), shortened or {}
    masks = in_all_interactions(snapshot, masks)
    shortened = {name: mask & ~masks[name] for name, mask in shortened.items()}
    held = {name: mask | shortened[name] if name in shortened else mask for name, mask in masks.items()}
    found: dict[User, list[NDArray[np.int64]]] = {}
    for name, mask in held.items():
        relation = snapshot.schema.relation[name]
        matrix = snapshot.adjacency(name)
        rows = _rows(snapshot, name)[mask]
        positions = matrix.indices[mask].astype(np.int64) + catalogue.slices[relation.tail].start
        users, starts = np.unique(rows, return_index=True)
        parts = np.split(positions, starts[1:]) if len(users) else []
        for user, part in zip(users.tolist(), parts, strict=True):
            found.setdefault((relation.head, user), []).append(part)
    test = {user: np.unique(np.concatenate(parts)) for user, parts in sorted(found.items())}
    sizes = {"test": int(sum(mask.sum() for mask in held.values()))}
    left = sum(snapshot.manifest.triples[name] for name in snapshot.schema.interactions)
    sizes["train"] = left - int(sum(mask.sum() for mask in masks.values()))
    train = TripleSubset(snapshot, masks, shortened)
    train.asked_at = _asked(snapshot, held, asked) if shortened or isinstance(asked, Mapping) else {}
    return Split(train, test, {**description, **sizes})


def split_by(snapshot: Snapshot, kind: str, fraction: float, seed: int, domain: str | None) -> Split:
    """The split of a kind, one of ``SPLITS``.

    :param domain: what ``cold-domain`` hides; the others do without.
    :raises UsageError: for an unknown kind or domain, or where times are needed that are not there.
    """
    if domain is not None:
        check_domain(snapshot, domain)
    if kind == "cold-domain" and domain is None:
        raise UsageError("`split=cold-domain` hides one domain; name it with `domain`")
    kinds: dict[str, Callable[[], Split]] = {
        "random": lambda: random_split(snapshot, fraction, seed),
        "last": lambda: last_split(snapshot, seed),
        "temporal": lambda: temporal_split(snapshot, fraction),
        "cold-users": lambda: cold_users_split(snapshot, fraction, seed),
        "cold-items": lambda: cold_items_split(snapshot, fraction, seed),
        "cold-domain": lambda: cold_domain_split(snapshot, domain or "", fraction, seed),
    }
    if kind not in kinds:
        raise UsageError(f"unknown split {kind!r}; {nearest(kind, list(SPLITS))}")
    return kinds[kind]()


def random_split(snapshot: Snapshot, fraction: float, seed: int) -> Split:
    """Hold out a fraction of what each user did, rounded down, at least one of two or more items of a type; what was
    done with an item in several ways is drawn once."""
    random = np.random.default_rng(seed)
    masks: Masks = {}
    for pairs in shared_pairs(snapshot):
        unique = pairs.unique
        rows = pairs.people(unique)
        masks |= pairs.spread(unique[_first_of_each(rows, (random.random(len(rows)),), fraction)])
    return hold_out(snapshot, masks, {"kind": "random", "holdout": fraction, "seed": seed})


def fold_split(snapshot: Snapshot, fold: int, folds: int, seed: int) -> Split:
    """Hold out one of several parts of each user's interactions, drawn at random; in all folds together everything that
    a user with two or more items of a type did is held out once, what was done with an item in several ways together.

    :param fold: from 0.
    """
    random = np.random.default_rng(seed)
    masks: Masks = {}
    for pairs in shared_pairs(snapshot):
        unique = pairs.unique
        rows = pairs.people(unique)
        position, counts = _places(rows, (random.random(len(rows)),))
        held_out = (counts > 1) & ((position + rows) % folds == fold)  # who has few is not always in the first folds
        masks |= pairs.spread(unique[held_out])
    return hold_out(snapshot, masks, {"kind": "random", "folds": folds, "fold": fold, "seed": seed})


def last_split(snapshot: Snapshot, seed: int = 0) -> Split:
    """Hold out the last triple of each interaction, of each user who has two or more of it; where that would leave
    nothing, as where the one is the first of the other, of one interaction alone. Of what was done again, the last day.

    Of those of one time it is drawn which was the last: by id, what is tested on would be the first items of the
    catalogue, and what is popular would be measured on what it has lost.

    :raises UsageError: where an interaction has no timestamp.
    """
    random, masks = np.random.default_rng(seed), {}
    for name in snapshot.schema.interactions:
        times = _times(snapshot, name)
        drawn = random.random(len(times))
        masks[name] = _first_of_each(_rows(snapshot, name), (drawn, -times), 0.0)
    whole, shortened = without_last_days(snapshot, leaving_some(snapshot, masks))
    return hold_out(snapshot, whole, {"kind": "last", "seed": seed}, shortened)


def temporal_split(snapshot: Snapshot, fraction: float) -> Split:
    """Hold out the latest fraction of all interactions, over all users; those of one time stay together, so that it may
    be less. What was done before then too is known, where that is told.

    :raises UsageError: where an interaction has no timestamp, or so many have the latest time that none is later.
    """
    times = {name: _times(snapshot, name) for name in snapshot.schema.interactions}
    every = np.concatenate([*times.values(), np.empty(0, dtype=np.int64)])
    cut = np.quantile(every, 1 - fraction, method="lower") if len(every) else 0
    if len(every) and cut == every.max():
        _raise_one_time(fraction, alike=bool(cut == every.min()))
    masks = {name: found > cut for name, found in times.items()}
    people = np.concatenate([_people(snapshot, name) for name in times])
    after = told_moment(people, every, int(cut), snapshot.k)
    whole, shortened = without_last_days(snapshot, masks, int(cut))
    return hold_out(snapshot, whole, {"kind": "temporal", "holdout": fraction, "after": after}, shortened, int(cut))


def _asked(
    snapshot: Snapshot, held: Masks, asked: Mapping[str, NDArray[np.int64]] | int | None
) -> dict[str, NDArray[np.int64]]:
    if isinstance(asked, Mapping):
        return dict(asked)
    found = asked_at(snapshot, held)
    return found if asked is None else {name: np.full(len(times), asked + DAY) for name, times in found.items()}


def _raise_one_time(fraction: float, *, alike: bool) -> NoReturn:
    if alike:
        raise UsageError("all interactions have the same time, so that none is the latest; use `split=random`")
    raise UsageError(
        f"so many interactions have the latest time that they are not within the latest {fraction:.0%}; try a larger "
        "`holdout`, or use `split=random`"
    )


def cold_users_split(snapshot: Snapshot, fraction: float, seed: int) -> Split:
    """Hold out all interactions of a fraction of the users: only what they say of themselves is left."""
    masks = {}
    for name in snapshot.schema.interactions:
        chosen = _chosen(snapshot, snapshot.schema.relation[name].head, fraction, seed)
        masks[name] = chosen[_rows(snapshot, name)]
    return hold_out(snapshot, masks, {"kind": "cold-users", "holdout": fraction, "seed": seed})


def cold_items_split(snapshot: Snapshot, fraction: float, seed: int) -> Split:
    """Hold out all interactions with a fraction of the items: only their attributes are left."""
    masks = {}
    for name in snapshot.schema.interactions:
        chosen = _chosen(snapshot, snapshot.schema.relation[name].tail, fraction, seed)
        masks[name] = chosen[snapshot.adjacency(name).indices]
    return hold_out(snapshot, masks, {"kind": "cold-items", "holdout": fraction, "seed": seed})


def cold_domain_split(snapshot: Snapshot, domain: str, fraction: float, seed: int) -> Split:
    """Hold out all interactions with one domain of a fraction of the users who used another domain too.

    :raises UsageError: for an unknown domain.
    """
    check_domain(snapshot, domain)
    schema = snapshot.schema
    inside = schema.interactions_with(domain)
    masks = {}
    for name in inside:
        head = schema.relation[name].head
        elsewhere = np.zeros(snapshot.vocabulary.count(head), dtype=bool)
        for other in schema.interactions:
            if other not in inside and schema.relation[other].head == head:
                elsewhere |= np.diff(snapshot.adjacency(other).indptr) > 0
        chosen = _chosen(snapshot, head, fraction, seed) & elsewhere
        masks[name] = chosen[_rows(snapshot, name)]
    return hold_out(snapshot, masks, {"kind": "cold-domain", "domain": domain, "holdout": fraction, "seed": seed})


def check_domain(snapshot: Snapshot, domain: str) -> None:
    """Refuse a domain that the schema does not have.

    :raises UsageError: naming those that there are.
    """
    if domain not in snapshot.schema.domains:
        raise UsageError(f"unknown domain {domain!r}; {nearest(domain, list(snapshot.schema.domains))}")


def _rows(snapshot: Snapshot, name: str) -> NDArray[np.int64]:
    return np.repeat(np.arange(snapshot.adjacency(name).shape[0]), np.diff(snapshot.adjacency(name).indptr))


def _people(snapshot: Snapshot, name: str) -> NDArray[np.int64]:
    """Who did each thing, told apart over all types: shape (n,)."""
    return _rows(snapshot, name) + snapshot.vocabulary.start(snapshot.schema.relation[name].head)


def _times(snapshot: Snapshot, name: str) -> NDArray[np.int64]:
    times = snapshot.timestamps(name)
    missing = int((times == NO_TIME).sum())
    if missing:
        raise UsageError(
            f"{missing:,} of {len(times):,} {name} triples have no timestamp; this split needs all of them: "
            "map a timestamp and load again, or use `split=random`"
        )
    return times


def _first_of_each(rows: NDArray[np.int64], keys: tuple[NDArray[Any], ...], fraction: float) -> NDArray[np.bool_]:
    """For each user the fraction of rows with the smallest keys, at least one where there are two or more.

    :param keys: the last one decides first.
    """
    position, counts = _places(rows, keys)
    return np.asarray(position < np.where(counts > 1, np.maximum(1, np.floor(fraction * counts)), 0))


def _places(rows: NDArray[np.int64], keys: tuple[NDArray[Any], ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row its place among those of its user by the keys, from 0, and how many these are."""
    order = np.lexsort((*keys, rows))
    starts = np.flatnonzero(np.diff(rows[order], prepend=-1))
    position = np.empty(len(rows), dtype=np.int64)
    position[order] = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
    counts = np.bincount(rows)[rows] if len(rows) else rows
    return position, counts


def _chosen(snapshot: Snapshot, entity_type: str, fraction: float, seed: int) -> NDArray[np.bool_]:
    """A fraction of the entities of a type; the same for every relation."""
    random = np.random.default_rng([seed, *entity_type.encode()])
    return random.random(snapshot.vocabulary.count(entity_type)) < fraction
