"""Quality by group of people: NDCG of their lists on interactions held out, beside everybody else's."""

from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from kg.k_anonymity import readable_step
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions, User
from recommender.evaluation.significance import interval
from recommender.texts.languages import language

RESAMPLES = 1000
MOST_GROUPS = 40
Values = NDArray[np.float64]
Group = tuple[str, str, str, NDArray[np.bool_]]
"""Side, its text, label, and who is in it."""


@dataclass(frozen=True)
class UserQuality:
    """``users``: people who were tested; ``ndcg``, ``recall``: at ten, shape (users,), in [0, 1]; ``wanted``: how many
    things of each were held out; ``train``: what was known of them."""

    users: list[User]
    ndcg: Values
    train: Snapshot
    recall: Values
    wanted: NDArray[np.int64]


@dataclass(frozen=True)
class GroupDifference:
    """One group: ``text``, its side in words; ``mean`` with its 95 % interval; ``difference`` from all ``others``, of
    whom there are so many; ``p`` of none, two-sided."""

    side: str
    text: str
    label: str
    people: int
    others: int
    mean: float
    low: float
    high: float
    difference: float
    p: float


def group_quality(quality: UserQuality, lang: str = "en") -> list[GroupDifference]:
    """Compare groups of those tested: by what they said of themselves, by their properties, such as language
    or age, and by how much they did.

    Groups of fewer than k people, or of all but fewer than k, are left out; and where fewer than k of a side would be
    in none of those told, whose mean would be what is left of all, its smallest group too.
    """
    found = []
    for side, groups in groupby(groups_of_people(quality, lang), key=itemgetter(0)):
        for _, text, label, mask in _told(list(groups), quality.train.k):
            mine, others = quality.ndcg[mask], quality.ndcg[~mask]
            told = interval(mine)
            p = _p(mine, others)
            gap = float(mine.mean() - others.mean())
            sizes = len(mine), len(others)
            found.append(GroupDifference(side, text, label, *sizes, told.mean, told.low, told.high, gap, p))
    return found


def _told(groups: list[Group], k: int) -> list[Group]:
    """The groups of a side that may be told."""
    told = [one for one in groups if k <= one[3].sum() <= len(one[3]) - k]
    while told and 0 < np.count_nonzero(~np.any([one[3] for one in told], axis=0)) < k:
        smallest = min(range(len(told)), key=lambda number: told[number][3].sum())
        del told[smallest]
    return told


def groups_of_people(quality: UserQuality, lang: str) -> list[Group]:
    """All groups of those tested, the empty ones too."""
    return [*_attributes(quality, lang), *_properties(quality, lang), *_activity(quality, lang)]


def _attributes(quality: UserQuality, lang: str) -> list[Group]:
    """Groups by each relation of people to what is neither item nor rule, of few entities."""
    schema, vocabulary = quality.train.schema, quality.train.vocabulary
    found = []
    for name, relation in schema.relation.items():
        people = relation.head in schema.user_types and not schema.entity[relation.tail].sensitive
        if not people or relation.rule or relation.interaction or relation.tail in schema.item_types:
            continue
        if vocabulary.count(relation.tail) > MOST_GROUPS:
            continue
        has = quality.train.adjacency(name)
        idx = np.array([one if kind == relation.head else -1 for kind, one in quality.users], dtype=np.int64)
        rows = has[np.maximum(idx, 0)].toarray() > 0
        rows[idx < 0] = False
        for entity in range(vocabulary.count(relation.tail)):
            label = quality.train.label(relation.tail, entity, lang)
            found.append((name, schema.phrase(name, lang), label, rows[:, entity]))
    return found


def _properties(quality: UserQuality, lang: str) -> list[Group]:
    """Groups by each property of people: by its values where they are few, numbers in bands of as many people each."""
    words = language(lang).section("audit")
    schema, found = quality.train.schema, list[Group]()
    for user_type in schema.user_types:
        own = np.array([idx if kind == user_type else -1 for kind, idx in quality.users], dtype=np.int64)
        for name, kind in schema.entity[user_type].properties.items():
            if kind == "str":
                texts = quality.train.text(user_type, name)
                values = np.array([texts[idx] or "" if idx >= 0 else "" for idx in own.tolist()])
                labels = [one for one in np.unique(values).tolist() if one]
                if len(labels) <= MOST_GROUPS:
                    found += [(name, name, label, values == label) for label in labels]
            elif kind == "bool":
                values, known = quality.train.values(user_type, name)
                for label, wanted in ((words["true"], True), (words["false"], False)):
                    has = known & (values.astype(bool) == wanted)
                    found.append((name, name, label, (own >= 0) & has[np.maximum(own, 0)]))
            elif kind in ("int", "float"):
                numbers = np.where(own >= 0, quality.train.number(user_type, name)[np.maximum(own, 0)], np.nan)
                found += [(name, name, label, mask) for label, mask in _bands(numbers)]
    return found


def _bands(numbers: Values) -> list[tuple[str, NDArray[np.bool_]]]:
    """Numbers by quarters of about as many each, whose ends are rounded so that none is that of a person; numbers that
    are not known are in none."""
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return []
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75]).tolist()
    step = readable_step((high - low) / 2)
    if step <= 0:
        return []
    edges = sorted({round(one / step) * step for one in (low, middle, high)})
    bands = [(f"< {edges[0]:g}", numbers < edges[0])]
    bands += [(f"{one:g}–{other:g}", (numbers >= one) & (numbers < other)) for one, other in pairwise(edges)]
    return [*bands, (f"≥ {edges[-1]:g}", numbers >= edges[-1])]


def _activity(quality: UserQuality, lang: str) -> list[Group]:
    """Thirds by how many interactions were known of each; where many have as many, fewer."""
    count = np.diff(Interactions(quality.train).rows(quality.users).indptr)
    if not len(count):
        return []
    low, high = np.floor(np.quantile(count, [1 / 3, 2 / 3])).astype(int).tolist()  # as they are told
    text = language(lang).section("audit")["activity"]
    middle = f"{low + 1}–{high}" if high > low + 1 else f"{high}"
    thirds = (f"≤ {low}", count <= low), (middle, (count > low) & (count <= high)), (f"> {high}", count > high)
    return [("activity", text, label, who) for label, who in thirds]


def _p(mine: Values, others: Values, seed: int = 0) -> float:
    """Two-sided p of equal means: both groups resampled (Efron & Tibshirani, 1993)."""
    draws = np.random.default_rng(seed)
    means = [one[draws.integers(0, len(one), (RESAMPLES, len(one)))].mean(axis=1) for one in (mine, others)]
    gaps = means[0] - means[1]
    tail = min(int((gaps <= 0).sum()), int((gaps >= 0).sum()))
    return min(1.0, 2 * (tail + 1) / (RESAMPLES + 1))
