"""Score gap: why the items of a group score more or less than the others of their domain, part by part."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.k_anonymity import told_step, told_sum
from recommender.marketing.crowd import Crowd
from recommender.profiles.profile import profile_of
from recommender.results.responsibility.audit import Cause
from recommender.scoring.scorer import Scorer
from recommender.texts.paths import spoken_path

MOST = 200
"""People whose embedding part is looked at one by one."""
Values = NDArray[np.float64]
Part = tuple[str, str | None]


def score_gap(crowd: Crowd, group: Values, inside: NDArray[np.bool_], lang: str = "en") -> list[Cause]:
    """The parts of the gap between the mean score of a group's items and that of the others, largest first.

    A mean is over everybody looked at and all items, whatever rules let through; as scores are sums, so are gaps. Each
    part, and the gap itself, is told in steps of what the k people whom it says most of make together; what rounding
    leaves of the gap is of kind ``others``.

    :param group: shape (catalogue.size,): how much of each item is in the group.
    :param inside: the items of the domain.
    """
    mine, others = np.where(inside, group, 0.0), np.where(inside, 1.0 - group, 0.0)
    contrast = mine / max(mine.sum(), 1e-12) - others / max(others.sum(), 1e-12)
    gaps = {part: float(means @ contrast) for part, means in part_means(crowd).items()}
    step, whole = (told_step(one / max(len(crowd.sample), 1), crowd.k) for one in _largest(crowd, contrast))
    found = [
        Cause(kind=kind, metapath=path, text=path and spoken_path(crowd.snapshot.schema, path, lang), gap=told)
        for (kind, path), gap in gaps.items()
        if (told := told_sum(gap, step))
    ]
    found.sort(key=lambda one: (-abs(one.gap), one.kind, one.metapath or ""))
    left = round(told_sum(sum(gaps.values()), whole) - sum(one.gap for one in found), 12)
    return [*found, Cause(kind="others", metapath=None, text=None, gap=left)] if left else found


def _largest(crowd: Crowd, contrast: Values) -> tuple[float, float]:
    """What anybody's profile contributes at most to a gap by one part, and by all together."""
    schema, most, whole = crowd.snapshot.schema, 0.0, np.zeros(len(crowd.sample))
    for scorer, rows in crowd.groups():
        whole[rows] += float(scorer.popularity @ contrast)
        for path in scorer.weighed:
            if schema.ends(path.start)[0] == crowd.user_type:
                gaps = scorer.kernels.kernel(path.tail) @ contrast[scorer.item_slice(path)]
                each = scorer.blend.weight(path) * np.asarray(csr_array(crowd.anchors(path.start)[rows]) @ gaps)
                most = max(most, float(np.abs(each).max(initial=0.0)))
                whole[rows] += each
        if scorer.embeds:
            some = rows[:: -(-len(rows) // MOST)]
            each = np.array([float(one @ contrast) for one in _near(crowd, scorer, some)])
            most = max(most, float(np.abs(each).max(initial=0.0)))
            whole[some] += each
    return most, float(np.abs(whole).max(initial=0.0))


def part_means(crowd: Crowd) -> dict[Part, Values]:
    """What each part of the score gives each item, on average over everybody looked at: shape (catalogue.size,)."""
    found: dict[Part, Values] = {}
    people, size = len(crowd.sample), crowd.recommender.catalogue.size
    for scorer, rows in crowd.groups():
        for part, sums in _sums(crowd, scorer, rows).items():
            found[part] = found.get(part, np.zeros(size)) + sums / people
    if crowd.rules.soft.adds:
        found["rule", None] = _ruled(crowd)
    return found


def _ruled(crowd: Crowd) -> Values:
    """What soft rules and objectives give each item, on average over some people evenly spread."""
    some = crowd.sample[:: -(-len(crowd.sample) // MOST)]
    total = np.zeros(crowd.recommender.catalogue.size)
    for idx in some.tolist():
        profile = profile_of(crowd.snapshot, crowd.user_type, idx)
        scores = crowd.recommender.cold_start.of(profile).score([profile]).total[0]
        total += crowd.rules.soft.total(scores) - scores
    return np.asarray(total / max(len(some), 1))


def _sums(crowd: Crowd, scorer: Scorer, rows: NDArray[np.int64]) -> dict[Part, Values]:
    """What each part of a scorer gives each item, summed over some people."""
    schema, size = crowd.snapshot.schema, crowd.recommender.catalogue.size
    sums: dict[Part, Values] = {("popularity", None): scorer.popularity * len(rows)}
    for path in scorer.weighed:
        if schema.ends(path.start)[0] != crowd.user_type:
            continue
        anchors = np.asarray(crowd.anchors(path.start)[rows].sum(axis=0)).ravel()
        part = np.zeros(size)
        part[scorer.item_slice(path)] = scorer.blend.weight(path) * (scorer.kernels.kernel(path.tail).T @ anchors)
        sums["path" if path.learned is None else "learned", str(path)] = part
    if scorer.embeds:
        sums["embedding", None] = _embedding(crowd, scorer, rows)
    return sums


def _embedding(crowd: Crowd, scorer: Scorer, rows: NDArray[np.int64]) -> Values:
    """What closeness in the embedding gives, summed; of many people, some evenly spread stand for all."""
    asked = rows[:: -(-len(rows) // MOST)]
    return np.asarray(np.sum(_near(crowd, scorer, asked), axis=0) * (len(rows) / len(asked)))


def _near(crowd: Crowd, scorer: Scorer, rows: NDArray[np.int64]) -> list[Values]:
    """What closeness in the embedding gives each of some people: arrays of shape (catalogue.size,)."""
    profiles = [profile_of(crowd.snapshot, crowd.user_type, int(crowd.sample[row])) for row in rows]
    return [np.asarray(scorer.embedding_weight * scorer.similarity(profile)) for profile in profiles]
