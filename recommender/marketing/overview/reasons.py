"""Reasons by kind: what carries the largest part of the score of what stands in lists."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.metapaths import Metapath
from recommender.marketing.crowd import Crowd
from recommender.results.overview import ReasonKind
from recommender.scoring.scorer import Scorer
from recommender.texts.paths import spoken_path

ASKED = 500
"""Lists whose scores are taken apart, evenly spread."""
OTHERS = ("popularity", "embedding")
Values = NDArray[np.float64]


def reason_kinds(crowd: Crowd, domain: str, lang: str = "en") -> list[ReasonKind]:
    """The kinds of reasons in the lists of a crowd, the commonest first; those of fewer than k people are left out."""
    step = max(-(-len(crowd.sample) // ASKED), 1)
    asked = np.zeros(len(crowd.sample), dtype=bool)
    asked[::step] = True
    most_in: dict[str, Counter[int]] = {}
    paths, crossing, total = dict[str, Counter[str]](), Counter[str](), 0
    for scorer, rows in crowd.groups():
        mine = rows[asked[rows]]
        names, largest = _largest(crowd, scorer, mine)
        kinds = [_kind(crowd.snapshot, path) for path in names]
        foreign = [_foreign(crowd.snapshot, path, domain) for path in names]
        for row, rank in zip(*np.nonzero(largest >= 0), strict=True):
            number = int(largest[row, rank])
            kind = OTHERS[number] if number < len(OTHERS) else kinds[number - len(OTHERS)]
            most_in.setdefault(kind, Counter())[int(mine[row])] += 1
            total += 1
            if number >= len(OTHERS):
                paths.setdefault(kind, Counter())[str(names[number - len(OTHERS)])] += 1
                crossing[kind] += foreign[number - len(OTHERS)]
    told = [
        _told(crowd, kind, (found, paths.get(kind), crossing[kind], total), lang) for kind, found in most_in.items()
    ]
    return sorted((one for one in told if one.share is not None), key=lambda one: (-(one.share or 0.0), one.kind))


def _told(crowd: Crowd, kind: str, found: tuple[Counter[int], Counter[str] | None, int, int], lang: str) -> ReasonKind:
    people, paths, crossing, total = found
    enough = crowd.told_count(len(people)) is not None
    path = paths.most_common(1)[0][0] if paths and enough else None
    return ReasonKind(
        kind=kind,
        metapath=path,
        text=path and spoken_path(crowd.snapshot.schema, path, lang),
        people=crowd.shown(len(people)),
        share=(crowd.told_count(people.total()) or 0) / total if enough else None,
        crossing=(crowd.told_count(crossing) or 0) / total if enough else None,
    )


def _largest(crowd: Crowd, scorer: Scorer, rows: NDArray[np.int64]) -> tuple[list[Metapath], NDArray[np.int64]]:
    """The metapaths of a scorer, and what is largest at each rank: 0 popularity, 1 embedding, then the metapaths; −1
    where there is no item or nothing speaks for it. Shape (rows, FIRST)."""
    lists, schema = crowd.lists, crowd.snapshot.schema
    positions, totals = lists.positions[rows], lists.totals[rows]
    there = positions >= 0
    popularity = np.where(there, scorer.popularity[positions], 0.0)
    embedding = (
        np.where(there, totals - lists.paths[rows] - popularity, 0.0) if scorer.embeds else np.zeros(there.shape)
    )
    best, largest = popularity, np.where(there & (popularity > 0), 0, -1)
    best, largest = np.maximum(best, embedding), np.where(embedding > best, 1, largest)
    names = [path for path in scorer.weighed if schema.ends(path.start)[0] == crowd.user_type]
    for number, path in enumerate(names, start=len(OTHERS)):
        part = scorer.item_slice(path)
        inside = (positions >= part.start) & (positions < part.stop)
        if inside.any():
            found = csr_array(crowd.anchors(path.start)[rows] @ scorer.kernels.kernel(path.tail))
            who, rank = np.nonzero(inside)
            shares = np.zeros(there.shape)
            shares[who, rank] = scorer.blend.weight(path) * found[who, positions[who, rank] - part.start]
            largest, best = np.where(shares > best, number, largest), np.maximum(best, shares)
    return names, largest


def _kind(snapshot: Snapshot, path: Metapath) -> str:
    """The kind of a metapath, named as ``why`` names groups of reasons."""
    if path.learned is not None:
        return "learned"
    between = [snapshot.schema.ends(step)[1] for step in path.steps[:-1]]
    if any(snapshot.schema.entity[name].sensitive for name in between):
        return "people"
    return "anchor" if len(path.steps) == 2 else "shared"


def _foreign(snapshot: Snapshot, path: Metapath, domain: str) -> bool:
    """Whether a metapath starts at an item of another domain."""
    start = snapshot.schema.entity[snapshot.schema.ends(path.start)[1]].domain
    return start is not None and start != domain
