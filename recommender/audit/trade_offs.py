"""Trade-offs: what lists give up, by their own scores, for exposure by merit, for variety, for margin.

Each aim has one lever, set to some strengths; everybody's list is arranged anew from her best items each time. Accuracy
is the part of the lists' summed scores that is left, each place worth 1 / log2(rank + 1): what the model itself takes
for accuracy, which is there without holding anything out; and, where something was held out, NDCG of that.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.k_anonymity import told_step, told_sum
from recommender.catalogue.attributes import item_attributes
from recommender.marketing.audience import maker_step
from recommender.marketing.best_items import best_items
from recommender.marketing.crowd import FIRST, Crowd
from recommender.reranking.exposure_prices import STRENGTHS, Pool, gap, solve
from recommender.results.responsibility.trade_offs import TradeOff, TradeOffPoint, TradeOffs
from recommender.rules.soft.floors import Floor, read_floors
from recommender.texts.languages import language

MARGIN = "margin"
DEEP, DIVERSE = 100, 40
"""Best items of each person from which lists are arranged anew; for variety fewer, for each is compared with each."""
LAMBDAS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7)
RAISES = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)
"""How much a margin of the highest raises a score, as part of it."""
WORTH = 1 / np.log2(np.arange(2, FIRST + 2))
Values = NDArray[np.float64]
Positions = NDArray[np.int64]
Setting = tuple[float, float, float, Positions]
"""Strength, what of the scores is kept, value, the lists."""


def trade_offs(
    crowd: Crowd, domain: str, floors: Sequence[str], lang: str, wanted: Sequence[Positions] | None = None
) -> TradeOffs:
    """The curves of a domain.

    :param crowd: whose lists of the domain are arranged anew, without objectives.
    :param floors: of ``[objectives]``; where there are none, a floor of its share of use for each maker.
    :param wanted: what was held out of what each of the crowd's sample used, which the crowd's scores have not seen.
    """
    words, missing = language(lang), list[str]()
    texts = words.section("trade_offs")
    inside = crowd.recommender.catalogue.of_domain(domain)
    positions, totals = best_items(crowd, DEEP)
    step = told_step(1 / max(len(crowd.sample), 1), crowd.k)
    curves: list[TradeOff] = []
    for aim, found in (
        ("gap", _of_floors(crowd, domain, floors, (positions, totals))),
        ("diversity", _of_diversity(crowd, positions, totals)),
        ("margin", _of_margin(crowd, inside, positions, totals)),
    ):
        if found is None:
            missing.append(texts[f"no_{aim}"])
            continue
        named = {name: texts[f"{aim}_{name}"] for name in ("title", "measure", "lever")}
        told = [(strength, told_sum(kept, step), told_sum(value, step)) for strength, kept, value, _ in found]
        ndcg = [None if wanted is None else _told_ndcg(lists, wanted, crowd.k) for *_, lists in found]
        points = _points(told, aim == "gap", ndcg)
        curves.append(TradeOff(aim=aim, lower_is_better=aim == "gap", points=points, **named))
    spoken, tested = crowd.domain(domain, lang), sum(len(one) > 0 for one in wanted or ())
    how = texts["scores"] if wanted is None else texts["held_out"].format(tested=crowd.shown(tested))
    return TradeOffs(
        domain=domain,
        domain_text=spoken,
        people=crowd.looked,
        curves=curves,
        missing=missing,
        tested=None if wanted is None else crowd.shown(tested),
        text=words.sentences([texts["text"].format(domain=spoken, people=words.number(crowd.looked)), how]),
    )


def _of_floors(
    crowd: Crowd, domain: str, asked: Sequence[str], best: tuple[NDArray[np.int64], Values]
) -> list[Setting] | None:
    """Parts of the prices of exposure floors, and what is missing to the floors, as a part of all exposure."""
    schema, inside = crowd.snapshot.schema, crowd.recommender.catalogue.of_domain(domain)
    makers = [maker_step(crowd, name) for name in schema.item_types if schema.entity[name].domain == domain]
    texts = asked or [f"100% {step}" for step in makers if step is not None]
    told = [(one, _target(crowd, one, inside)) for one in read_floors(crowd.rules.ground, texts)]
    kept = [(one, target) for one, target in told if (one.items & inside).any() and target is not None]
    if not kept:
        return None
    groups = csr_array(np.column_stack([(one.items & inside).astype(np.float64) for one, _ in kept]))
    pool, targets = Pool(*best, FIRST, groups), np.array([target for _, target in kept])
    prices = solve(pool, targets, most_loss=1.0).prices
    found = [(one, one * prices, pool.lists(one * prices)[0]) for one in STRENGTHS]
    return [(one, 1 - pool.loss(at), gap(pool.exposure(lists), targets), lists) for one, at, lists in found]


def _target(crowd: Crowd, floor: Floor, inside: NDArray[np.bool_]) -> float | None:
    """The share of exposure that a floor asks for; ``None`` where fewer than k people used its items."""
    if not floor.of_merit:
        return floor.part
    own = csr_array(crowd.used[:, floor.items & inside])
    if int((np.diff(own.indptr) > 0).sum()) < crowd.k:
        return None
    return floor.part * float(own.sum()) / max(float(crowd.used[:, inside].sum()), 1e-12)


def _of_margin(
    crowd: Crowd, inside: NDArray[np.bool_], positions: NDArray[np.int64], totals: Values
) -> list[Setting] | None:
    """Raises of scores by margin, and the mean margin of what lists show."""
    ground = crowd.rules.ground
    margins = np.nan_to_num(np.maximum(ground.properties.numbers(MARGIN, "float", "int"), 0.0)) * inside
    highest = float(margins.max(initial=0.0))
    if highest <= 0:
        return None
    pool = Pool(positions, totals, FIRST, csr_array((margins / highest)[:, None]))
    raises = [(one, np.array([one]), pool.lists(np.array([one]))[0]) for one in RAISES]
    return [(one, 1 - pool.loss(at), highest * float(pool.exposure(lists)[0]), lists) for one, at, lists in raises]


def _of_diversity(crowd: Crowd, positions: NDArray[np.int64], totals: Values) -> list[Setting] | None:
    """λ of maximal marginal relevance, and how much the items of a list differ: 1 − mean cosine of attributes."""
    attributes = item_attributes(crowd.snapshot, crowd.recommender.catalogue)
    if not attributes.nnz:
        return None
    kept, differ = np.zeros(len(LAMBDAS)), np.zeros(len(LAMBDAS))
    lists = np.full((len(LAMBDAS), len(positions), FIRST), -1, dtype=np.int64)
    lists[:, :, : positions.shape[1]] = positions[:, :FIRST]
    best = people = 0.0
    for row in range(len(positions)):
        own = positions[row, :DIVERSE]
        own = own[own >= 0]
        if len(own) < 2:
            continue
        part, scores = attributes[own], totals[row, : len(own)]
        alike = np.asarray((part @ part.T).todense())
        best += float((scores[:FIRST] * WORTH[: len(own)]).sum())
        people += 1
        for number, weight in enumerate(LAMBDAS):
            chosen = _marginal(scores, alike, weight)
            lists[number, row, : len(chosen)] = own[chosen]
            pairs = alike[np.ix_(chosen, chosen)]
            count = len(chosen) * (len(chosen) - 1)
            kept[number] += float((scores[chosen] * WORTH[: len(chosen)]).sum())
            differ[number] += 1 - float(pairs.sum() - np.trace(pairs)) / max(count, 1)
    if best <= 0:
        return None
    return [(one, float(kept[n] / best), float(differ[n] / people), lists[n]) for n, one in enumerate(LAMBDAS)]


def _marginal(scores: Values, alike: Values, weight: float) -> list[int]:
    """The order of maximal marginal relevance (Carbonell and Goldstein, 1998), as lists are arranged by it."""
    spread = float(scores[0] - scores[-1])
    relevance = (scores - scores[-1]) / spread if spread > 0 else np.ones(len(scores))
    nearest, open_, chosen = np.zeros(len(scores)), np.ones(len(scores), dtype=bool), list[int]()
    while len(chosen) < min(FIRST, len(scores)):
        values = np.where(open_, (1 - weight) * relevance - weight * nearest, -np.inf)
        position = int(np.argmax(values))
        chosen.append(position)
        open_[position] = False
        nearest = np.maximum(nearest, alike[position])
    return chosen


def _told_ndcg(lists: Positions, wanted: Sequence[Positions], k: int) -> float | None:
    """NDCG@10 of lists on what was held out, over those of whom anything was, as it may be told; ``None`` for fewer
    than k of them."""
    gains = [
        float((np.isin(own, theirs) * WORTH[: len(own)]).sum() / WORTH[: min(FIRST, len(theirs))].sum())
        for own, theirs in zip(lists, wanted, strict=True)
        if len(theirs)
    ]
    return told_sum(float(np.mean(gains)), told_step(1 / len(gains), k)) if len(gains) >= k else None


def _points(
    found: Sequence[tuple[float, float, float]], lower: bool, ndcg: Sequence[float | None]
) -> list[TradeOffPoint]:
    """:param found: strength, what of the scores is kept, value; ``ndcg``: of the same settings."""
    sign = -1 if lower else 1
    measured = [(kept if one is None else one, sign * value) for (_, kept, value), one in zip(found, ndcg, strict=True)]
    return [
        TradeOffPoint(
            strength=strength,
            kept=kept,
            ndcg=one,
            value=value,
            efficient=not any(a >= mine[0] and b >= mine[1] and (a, b) != mine for a, b in measured),
        )
        for (strength, kept, value), one, mine in zip(found, ndcg, measured, strict=True)
    ]
