"""Parity between groups, as the literature on fairness measures it, by fairlearn (Weerts et al., 2023).

Of people: demographic parity of a hit, that a list of ten holds anything of what a person used next, and equal
opportunity of what she used to be listed. Of items: demographic parity of being shown, and equalised odds: whether what
is used of one group is shown as often as of another, and what is not used as well. The worst and the best of many
groups are always apart; how often groups drawn by lot are as far apart says whether that means anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError
from kg.k_anonymity import readable_step, told_count, told_sum
from recommender.audit.group_quality import UserQuality, groups_of_people
from recommender.audit.item_groups import Side
from recommender.evaluation.significance import false_discovery
from recommender.marketing.crowd import Crowd
from recommender.results.responsibility.audit import LEAST, LEVELS, Parity

LEAST_ITEMS = 10
"""Items of a group from which it is compared."""
ALONE = 0.9
"""Part of those in any group of a side that must be in one alone for it to be compared."""
DRAWS = 1000
OWN = "popularity"
"""A side of items that is made by how much they are used: its parity is no news."""
MISSING = "parity needs the fairlearn package: pip install 'whyrec[audit]'"
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class _Side:
    """Members of one way to part people or items, each in one group: ``group``, shape (n,), numbers into ``labels``;
    ``chosen``, shape (n,): who has a hit, what is shown. Cases of equalised odds, shape (cases,): ``of``, whose each
    is; ``true``: what was used; ``listed``: what was shown of it. ``step``: in which rates are told."""

    kind: str
    name: str
    text: str
    labels: Sequence[str]
    group: Numbers
    chosen: Mask
    of: Numbers
    true: Mask
    listed: Mask
    step: float


def parity_of_people(quality: UserQuality, lang: str = "en") -> list[Parity]:
    """Of each side of people whose groups do not overlap; groups of fewer than 20 people tested are left out.

    :raises UsageError: where fairlearn is missing.
    """
    by_side: dict[str, list[tuple[str, str, Mask]]] = {}
    for name, text, label, mask in groups_of_people(quality, lang):
        by_side.setdefault(name, []).append((text, label, mask))
    found, k = list[_Side](), quality.train.k
    for name, groups in by_side.items():
        rows, group = _alone(np.column_stack([mask for *_, mask in groups]), LEAST)
        if not len(rows):
            continue
        wanted = quality.wanted[rows]
        hits = np.rint(quality.recall[rows] * wanted).astype(np.int64)
        of = np.repeat(np.arange(len(rows)), wanted)
        listed = np.arange(len(of)) - np.repeat(np.cumsum(wanted) - wanted, wanted) < np.repeat(hits, wanted)
        sizes, labels = np.bincount(group), [label for _, label, _ in groups]
        step = readable_step(k / sizes[sizes > 0].min()) if k > 1 else 0.0
        cases = (of, np.ones(len(of), dtype=bool), listed)
        found.append(_Side("people", name, groups[0][0], labels, group, hits > 0, *cases, step))
    return _measured(found, k)


def parity_of_items(crowd: Crowd, inside: Mask, told: Sequence[tuple[Side, Mask]]) -> list[Parity]:
    """Of each side of the items of a domain; shown is what stands in the lists of k people, used what k people used.

    :param inside: the items of the domain.
    :param told: each side, and which of its groups may be told.
    :raises UsageError: where fairlearn is missing.
    """
    lists = crowd.lists.positions[crowd.lists.positions >= 0]
    shown = np.bincount(lists, minlength=len(inside)) >= crowd.k
    used, items, found = crowd.recommender.catalogue.people >= crowd.k, np.flatnonzero(inside), list[_Side]()
    for side, tellable in told:
        if side.name == OWN:
            continue
        rows, group = _alone((side.membership.tocsr()[items].toarray() > 0) & tellable, LEAST_ITEMS)
        if len(rows):
            mine = items[rows]
            cases = (np.arange(len(mine)), used[mine], shown[mine])
            found.append(_Side("items", side.name, side.text, side.labels, group, shown[mine], *cases, 0.0))
    return _measured(found, 1)


def _alone(members: Mask, least: int) -> tuple[Numbers, Numbers]:
    """Rows in exactly one group, of those large enough, and in which; none where groups overlap, or fewer than two are
    large enough."""
    count = members.sum(axis=1)
    rows = np.flatnonzero(count == 1)
    group = members[rows].argmax(axis=1)
    sizes = np.bincount(group, minlength=members.shape[1])
    if len(rows) < ALONE * np.count_nonzero(count) or (sizes >= least).sum() < 2:
        return rows[:0], group[:0]
    kept = sizes[group] >= least
    return rows[kept], group[kept]


def _measured(sides: Sequence[_Side], k: int) -> list[Parity]:
    rates = false_discovery([_chance(one) for one in sides]) if sides else []
    levels = [next(level for level in LEVELS if rate <= level) for rate in rates]
    return [_parity(one, k, level) for one, level in zip(sides, levels, strict=True)]


def _parity(one: _Side, k: int, q: float) -> Parity:
    fair = _fairlearn()
    members = {"y_true": one.chosen, "y_pred": one.chosen, "sensitive_features": one.group}
    rates = fair.MetricFrame(metrics=fair.selection_rate, **members).by_group
    cases = {"y_true": one.true, "y_pred": one.listed, "sensitive_features": one.group[one.of]}
    positive, negative = _in_every_group(one, one.true), _in_every_group(one, ~one.true)
    low, high = (told_sum(float(rate), one.step) for rate in (rates.min(), rates.max()))
    return Parity(
        of=one.kind,
        side=one.name,
        side_text=one.text,
        groups=len(rates),
        compared=told_count(len(one.group), k) or 0,
        lowest=one.labels[int(rates.idxmin())],
        lowest_rate=low,
        highest=one.labels[int(rates.idxmax())],
        highest_rate=high,
        difference=told_sum(float(fair.demographic_parity_difference(**members)), one.step),
        ratio=round(low / high, 2) if high > 0 else None,
        opportunity=told_sum(float(fair.equal_opportunity_difference(**cases)), one.step) if positive else None,
        odds=told_sum(float(fair.equalized_odds_difference(**cases)), one.step) if positive and negative else None,
        q=q,
    )


def _in_every_group(one: _Side, cases: Mask) -> bool:
    """Whether every group has some of these cases: else a rate of them is of nothing."""
    return set(one.group[one.of[cases]].tolist()) == set(one.group.tolist())


def _chance(one: _Side, seed: int = 0) -> float:
    """How often groups of the same sizes, drawn by lot, have rates as far apart."""
    draws, (_, group) = np.random.default_rng(seed), np.unique(one.group, return_inverse=True)
    sizes = np.bincount(group)

    def apart(chosen: Mask) -> float:
        """The difference of the highest and the lowest rate."""
        return float(np.ptp(np.bincount(group, weights=chosen) / sizes))

    found = apart(one.chosen)
    further = sum(apart(draws.permutation(one.chosen)) >= found - 1e-12 for _ in range(DRAWS))
    return (further + 1) / (DRAWS + 1)


def _fairlearn() -> Any:
    try:
        from fairlearn import metrics
    except ModuleNotFoundError:
        raise UsageError(MISSING) from None
    return metrics
