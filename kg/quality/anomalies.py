"""Anomalies: accounts that do not act as people do, by robust statistics of what they did; here nobody is left out.

Four signals stand for themselves: ``duplicate``, the same five things or more as another account; ``burst``, most of it
within a moment; ``bot``, many times more than anybody, or at even intervals; ``rating``, ratings far from everybody's.
The fifth is of a group: ``shilling``, accounts that share one item and look made for it. For each item, its users are
compared with all by how often they are among the oddest twentieth in one of several ways (Fisher's exact test,
Bonferroni over items and ways): little in common among what one account used (made up at random), much in common with
another account (made from one pattern), only what is popular or nothing that is, highest or lowest ratings alone, all
of it in little time. Where two ways are too frequent among the users of one item, it is a target, and those of its
users are flagged who are odd in one of these ways, or nearly in two. A sixth, ``isolated``, is told beside them and
flags nobody by itself: an isolation forest over the same ways (Liu et al., 2008), where scikit-learn is installed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack
from scipy.stats import hypergeom

from kg.instant import DAY, NO_TIME
from kg.snapshot.snapshot import Snapshot

SIGNALS = ("duplicate", "burst", "bot", "rating", "shilling")
FEWEST = 4
"""Interactions from which an account can be judged."""
ALIKE = 5
"""Things that two accounts of the same things have at least."""
FAR = 6.0
"""Robust standard deviations, of the median absolute deviation, from which something is far from all others."""
ODD = 0.05
WIDER = 4
"""How many times that part is looked at among the users of an item that accounts were made for."""
SURE = 1e-3
"""Highest p, corrected, at which odd accounts are too frequent among the users of an item."""
MOST_USERS, MOST_ITEMS = 50_000, 20_000
"""Above these what needs pairs of accounts, or of items, is not looked at."""
MOMENT = 60_000
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Accounts:
    """What the accounts of one type did: ``used``: accounts × items, 1 where so; ``weights``: the highest weight, of
    relations whose weights differ, else ``None``; ``times``: of each account, sorted, milliseconds since 1970."""

    used: csr_array
    weights: csr_array | None
    times: list[NDArray[np.int64]]


@dataclass(frozen=True)
class Anomalies:
    """``flags``: signal → who shows it, shape (accounts,); ``targets``: type and index of the items that shilling is
    for → how many accounts; ``isolated``: who is apart for an isolation forest, ``None`` without scikit-learn."""

    flags: Mapping[str, Mask]
    targets: dict[tuple[str, int], int]
    isolated: Mask | None

    @property
    def flagged(self) -> Mask:
        """Whoever shows any signal."""
        return np.asarray(np.logical_or.reduce(list(self.flags.values())))


def anomalies(snapshot: Snapshot, user_type: str) -> Anomalies:
    """Look at the accounts of a type of users."""
    accounts, items = _accounts(snapshot, user_type)
    active = np.diff(accounts.used.indptr) >= FEWEST
    flags = {
        "duplicate": _duplicates(accounts),
        "burst": active & _bursts(accounts),
        "bot": active & _bots(accounts),
        "rating": active & _ratings(accounts),
    }
    ways = list(_ways(accounts))
    flags["shilling"], found = _shilling(accounts.used, active, ways)
    targets = {items[position]: people for position, people in found.items()}
    return Anomalies(flags, targets, _isolated(ways, active))


def _accounts(snapshot: Snapshot, user_type: str) -> tuple[Accounts, dict[int, tuple[str, int]]]:
    schema, parts, rated, where, start = (
        snapshot.schema,
        list[csr_array](),
        list[csr_array](),
        dict[int, tuple[str, int]](),
        0,
    )
    when: list[list[NDArray[np.int64]]] = [[] for _ in range(snapshot.vocabulary.count(user_type))]
    for name in schema.interactions:
        if schema.relation[name].head != user_type:
            continue
        matrix, times = snapshot.adjacency(name), snapshot.timestamps(name)
        parts.append(csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape))
        varied = matrix.nnz > 0 and matrix.data.min() < matrix.data.max()
        rated.append(matrix if varied else csr_array(matrix.shape))
        tail = schema.relation[name].tail
        where |= {start + idx: (tail, idx) for idx in range(matrix.shape[1])}
        start += matrix.shape[1]
        for user in np.flatnonzero(np.diff(matrix.indptr)).tolist():
            when[user].append(times[matrix.indptr[user] : matrix.indptr[user + 1]])
    sorted_times = [_known(np.concatenate(one)) if one else np.empty(0, dtype=np.int64) for one in when]
    weights = csr_array(hstack(rated, format="csr")) if any(one.nnz for one in rated) else None
    return Accounts(csr_array(hstack(parts, format="csr")), weights, sorted_times), where


def _known(times: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.sort(times[times != NO_TIME])


def _robust(values: Values, among: Mask) -> Values:
    """How many robust standard deviations above the median: shape of the values; 0 where there is no spread."""
    known = values[among]
    if not len(known):
        return np.zeros(len(values))
    middle = np.median(known)
    spread = 1.4826 * np.median(np.abs(known - middle))
    return (values - middle) / spread if spread > 0 else np.zeros(len(values))


def _duplicates(accounts: Accounts) -> Mask:
    """Who used exactly what somebody else used, ``ALIKE`` things or more; whoever began first is not flagged."""
    used = accounts.used
    seen, found = set[bytes](), np.zeros(used.shape[0], dtype=bool)
    began = np.array([one[0] if len(one) else NO_TIME for one in accounts.times], dtype=np.int64)
    first = np.lexsort((np.arange(len(began)), began, began == NO_TIME))
    for row in first[np.diff(used.indptr)[first] >= ALIKE].tolist():
        key = np.sort(used.indices[used.indptr[row] : used.indptr[row + 1]]).tobytes()
        found[row] = key in seen
        seen.add(key)
    return found


def _bursts(accounts: Accounts) -> Mask:
    """Who did half of it, twenty things or more, within a minute; nobody where times are only days."""
    every = np.concatenate([*accounts.times, np.empty(0, dtype=np.int64)])
    if not len(every) or np.mean(every % DAY == 0) > 0.5:
        return np.zeros(len(accounts.times), dtype=bool)
    most = np.array([_within(one, MOMENT) for one in accounts.times], dtype=np.float64)
    counts = np.diff(accounts.used.indptr)
    return np.asarray((most >= 20) & (most >= counts / 2))


def _within(times: NDArray[np.int64], width: int) -> int:
    """Most times within a width."""
    if not len(times):
        return 0
    return int((np.searchsorted(times, times + width, side="right") - np.arange(len(times))).max())


def _bots(accounts: Accounts) -> Mask:
    """Who did many times more than others, or goes on at even intervals."""
    counts = np.diff(accounts.used.indptr).astype(np.float64)
    many = (_robust(np.log1p(counts), counts >= FEWEST) > FAR) & (counts >= 100)
    even = np.zeros(len(counts), dtype=bool)
    for row, times in enumerate(accounts.times):
        if len(times) >= 20:
            steps = np.diff(times).astype(np.float64)
            even[row] = steps.min() > 0 and steps.std() < 0.05 * steps.mean()
    return np.asarray(many | even)


def _ratings(accounts: Accounts) -> Mask:
    """Whose ratings are far from the mean of each item (RDMA, Chirita et al., 2005)."""
    if accounts.weights is None:
        return np.zeros(accounts.used.shape[0], dtype=bool)
    weights = accounts.weights
    counts = np.bincount(weights.indices, minlength=weights.shape[1])
    means = np.bincount(weights.indices, weights=weights.data, minlength=weights.shape[1]) / np.maximum(counts, 1)
    off = csr_array((np.abs(weights.data - means[weights.indices]), weights.indices, weights.indptr), weights.shape)
    rated = np.diff(weights.indptr)
    mean = np.asarray(off.sum(axis=1)).ravel() / np.maximum(rated, 1)
    return np.asarray((_robust(mean, rated >= FEWEST) > FAR) & (rated >= 2 * FEWEST))


def _isolated(ways: Sequence[Values], active: Mask) -> Mask | None:
    """Who is apart in all ways together: a share of them that the forest decides."""
    try:
        from sklearn.ensemble import IsolationForest  # an extra
    except ImportError:
        return None
    found = np.zeros(len(active), dtype=bool)
    if active.sum() >= 2 / ODD:
        features = np.column_stack([values[active] for values in ways])
        found[active] = IsolationForest(random_state=0).fit_predict(features) < 0
    return found


def _shilling(used: csr_array, active: Mask, ways: Sequence[Values]) -> tuple[Mask, dict[int, int]]:
    """Who looks made for one item, and those items by column."""
    found, targets = np.zeros(used.shape[0], dtype=bool), dict[int, int]()
    odd = [_oddest(values, active) for values in ways]
    if active.sum() < 2 / ODD or not odd:
        return found, targets
    near = [_oddest(values, active, WIDER * ODD) for values in ways]
    columns = csr_array(csr_array(used[active]).T)
    judged, people = np.flatnonzero(active), int(active.sum())
    sizes = np.diff(columns.indptr)
    limit = SURE / max(len(odd) * int((sizes > 0).sum()), 1)
    masks = [one[judged] for one in odd]
    frequent = [hypergeom.sf(columns @ one.astype(np.float64) - 1, people, int(one.sum()), sizes) for one in masks]
    enriched = np.column_stack([values < limit for values in frequent])
    for item in np.flatnonzero(enriched.sum(axis=1) >= 2).tolist():
        users = columns.indices[columns.indptr[item] : columns.indptr[item + 1]]
        sure = np.flatnonzero(enriched[item])
        odd_ways = np.sum([masks[way][users] for way in sure], axis=0)
        near_ways = np.sum([near[way][judged[users]] for way in sure], axis=0)
        made = judged[users[(odd_ways >= 1) | (near_ways >= 2)]]
        if len(made):
            found[made] = True
            targets[item] = len(made)
    return found, targets


def _oddest(values: Values, active: Mask, part: float = ODD) -> Mask:
    """A part of the active accounts with the largest values, fewer where many are equal; where more than the oddest
    are equal at the very top, as when many were made on one day, these, up to ``WIDER`` times as many."""
    if not active.any():
        return active
    first = np.asarray(active & (values == values[active].max()))
    if ODD * active.sum() < first.sum() <= WIDER * ODD * active.sum():
        return first
    return np.asarray(active & (values > np.quantile(values[active], 1 - part)))


def _ways(accounts: Accounts) -> Iterator[Values]:
    """Ways to be odd, the oddest largest: shape (accounts,) each."""
    used = accounts.used
    counts = np.maximum(np.diff(used.indptr), 1).astype(np.float64)
    popular = np.log1p(np.bincount(used.indices, minlength=used.shape[1]).astype(np.float64))
    mean = (used @ popular) / counts
    yield -mean
    yield mean
    if used.shape[1] <= MOST_ITEMS:
        yield -_coherence(used)
    if used.shape[0] <= MOST_USERS:
        yield _nearest(used)
    if accounts.weights is not None:
        for edge in (accounts.weights.data.max(), accounts.weights.data.min()):
            at = accounts.weights.data == edge
            yield np.bincount(_rows(accounts.weights)[at], minlength=used.shape[0]) / counts
    spans = np.array([one[-1] - one[0] if len(one) else np.inf for one in accounts.times], dtype=np.float64)
    if np.isfinite(spans).any():
        yield -np.where(np.isfinite(spans), spans, np.nanmax(spans[np.isfinite(spans)]))


def _rows(matrix: csr_array) -> NDArray[np.int64]:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _coherence(used: csr_array) -> Values:
    """Mean cosine, of two things that an account used, over the other accounts that used both."""
    counts = np.bincount(used.indices, minlength=used.shape[1]).astype(np.float64)
    root = 1 / np.sqrt(np.maximum(counts, 1))
    scaled = csr_array((root[used.indices], used.indices, used.indptr), shape=used.shape)
    both = csr_array(scaled.T @ scaled)  # cosines, of all accounts
    both.setdiag(0)
    sums = np.asarray(csr_array(used @ both).multiply(used).sum(axis=1)).ravel()
    mine = np.asarray(scaled.sum(axis=1)).ravel() ** 2 - np.asarray(scaled.power(2).sum(axis=1)).ravel()
    size = np.diff(used.indptr).astype(np.float64)
    return np.asarray((sums - mine) / np.maximum(size * (size - 1), 1))


def _nearest(used: csr_array, block: int = 512) -> Values:
    """Highest Jaccard similarity to another account, of three things in common or more."""
    sizes, turned, found = np.diff(used.indptr).astype(np.float64), csr_array(used.T), np.zeros(used.shape[0])
    for start in range(0, used.shape[0], block):
        common = csr_array(used[start : start + block] @ turned).tocoo()
        rows, columns = common.coords[0] + start, common.coords[1]
        kept = (rows != columns) & (common.data >= 3)
        rows, columns, both = rows[kept], columns[kept], common.data[kept]
        np.maximum.at(found, rows, both / (sizes[rows] + sizes[columns] - both))
    return found
