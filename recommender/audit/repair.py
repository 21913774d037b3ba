"""Repair: what would give a group its merit, each tried by ranking anew: no rules, a weight, or data that are missing.

Data: items of the group that have less than half of what the others of the domain have by some relation get what the
nearest item, by everything else that is known of both, has of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.added_triples import AddedTriples
from recommender.audit.exposure import shares_in_steps
from recommender.audit.item_groups import Side
from recommender.audit.trade_offs import WORTH
from recommender.catalogue.attributes import item_attributes
from recommender.kernels.path_kernels import Kernels
from recommender.linalg.sparse_matrix import binary
from recommender.marketing.best_items import DEEP, best_items
from recommender.marketing.crowd import FIRST, Crowd
from recommender.reranking.exposure_prices import HIGHEST, Pool
from recommender.results.responsibility.audit import Repair
from recommender.rules.rule_set import Rules
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender

CLOSED = 0.9
"""Ratio of exposure to merit from which a gap counts as closed."""
TRIED = 3
"""Relations that are tried, those of which most is missing."""
COMMON = 0.5
"""Part of the other items that have a relation, at least."""
FEWER = 3
"""Trials to close a gap with what fewer items lack; each ranks everybody anew."""
CELLS = 10_000_000
"""Scores that are looked at for a weight, which may raise what is far below a list."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Missing:
    """Triples that a relation lacks: ``heads`` and ``tails`` are indices."""

    relation: str
    heads: NDArray[np.int64]
    tails: NDArray[np.int64]

    def of(self, heads: NDArray[np.int64]) -> "Missing":
        """What some of the heads lack."""
        theirs = np.isin(self.heads, heads)
        return Missing(self.relation, self.heads[theirs], self.tails[theirs])


def repairs(crowd: Crowd, side: Side, number: int, inside: Mask, folder: Path) -> list[Repair]:
    """What was tried for a group, the smallest that closes the gap first, then by what it comes to.

    :param folder: where kernels of graphs that might be are made.
    """
    group = csr_array(side.membership[:, [number]])
    before = _ratio(crowd, group, inside)
    ruled = [*_without_rules(crowd, group, inside, before), _weight(crowd, group, inside, before)]
    missing = _missing(crowd, side, number, inside)[:TRIED]
    tried = [_fewest(crowd, [one], folder, (group, inside, before)) for one in missing]
    if len(missing) > 1 and not any(one.closes for one in tried):
        tried.append(_fewest(crowd, missing, folder, (group, inside, before)))
    return sorted([*ruled, *tried], key=lambda one: (not one.closes, one.triples or 0, -one.ratio_after))


def _fewest(crowd: Crowd, missing: Sequence[Missing], folder: Path, asked: tuple[csr_array, Mask, float]) -> Repair:
    """The lists with all that is missing; where that closes the gap, with what the fewest items lack that do, the most
    used ones first, as far as some trials tell."""
    ordered, best = [_most_used(crowd, one) for one in missing], _filled(crowd, missing, folder / "all", asked)
    low, high = 0, max(map(len, ordered))
    for _ in range(FEWER):
        if not best.closes or high - low < 2:
            break
        middle = (low + high) // 2
        some = [one.of(heads[:middle]) for one, heads in zip(missing, ordered, strict=True)]
        tried = _filled(crowd, some, folder / f"{middle}", asked)
        low, high, best = (low, middle, tried) if tried.closes else (middle, high, best)
    return best


def _most_used(crowd: Crowd, missing: Missing) -> NDArray[np.int64]:
    """The items that lack something, those that most people used first."""
    catalogue = crowd.recommender.catalogue
    heads = np.unique(missing.heads)
    people = catalogue.people[catalogue.slices[crowd.snapshot.schema.ends(missing.relation)[0]]]
    return heads[np.argsort(-people[heads], kind="stable")]


def _filled(crowd: Crowd, missing: Sequence[Missing], folder: Path, asked: tuple[csr_array, Mask, float]) -> Repair:
    """The lists with what is missing.

    :param asked: the group, the items of the domain, and the ratio before.
    """
    (group, inside, before), old, world = asked, crowd.recommender.scorer, crowd.snapshot
    for one in missing:
        world = AddedTriples(world, one.relation, one.heads, one.tails)
    about = " + ".join(one.relation for one in missing)
    kernels = Kernels(world, old.kernels.config, folder / about, old.kernels.graph)
    scorer = Scorer(world, kernels, old.blend, old.vectors)
    ranked = Crowd(Recommender(replace(crowd.recommender.model, scorer=scorer)), crowd.rules.asked)
    triples = sum(len(one.heads) for one in missing)
    return _repair("data", about, before, _ratio(ranked, group, inside), triples=triples)


def _repair(
    kind: str, about: str | None, before: float, after: float, triples: int | None = None, percent: float | None = None
) -> Repair:
    return Repair(
        kind=kind,
        about=about,
        triples=triples,
        percent=percent,
        ratio_before=round(before, 2),
        ratio_after=round(after, 1),
        closes=round(after, 1) >= CLOSED,
    )


def _ratio(crowd: Crowd, group: csr_array, inside: Mask, exposure: csr_array | None = None) -> float:
    """Exposure of a group by its merit, in the lists of a crowd, as an audit tells it.

    :param exposure: that of other lists of the same people.
    """
    listed = crowd.exposure if exposure is None else exposure
    seen, used = csr_array(listed @ group).toarray(), csr_array(crowd.used @ group).toarray()
    whole, uses = (np.asarray(one[:, inside].sum(axis=1)).ravel() for one in (listed, crowd.used))
    share, merit = (shares_in_steps(*one, crowd.k)[0][0] for one in ((seen, whole), (used, uses)))
    return float(share / merit) if merit > 0 else 0.0


def _without_rules(crowd: Crowd, group: csr_array, inside: Mask, before: float) -> Iterator[Repair]:
    """The lists without the shop's rules, objectives and certificate, where there are any."""
    asked, model = crowd.rules.asked, crowd.recommender.model
    plain = Rules(domain=asked.domain, mix=asked.mix)
    if asked != plain or model.objectives or model.certificate is not None:
        free = Recommender(replace(model, objectives=(), certificate=None))
        yield _repair("rules", None, before, _ratio(Crowd(free, plain), group, inside))


def _weight(crowd: Crowd, group: csr_array, inside: Mask, before: float) -> Repair:
    """By how much the scores of the group's items would have to rise, and what lists come to that are ranked with it:
    what ``boost`` would do with that percentage, for an item that is of other groups too as for any."""
    merit = float((crowd.used @ group).sum()) / max(float(crowd.used[:, inside].sum()), 1e-12)
    deep = min(int(inside.sum()), max(DEEP, CELLS // max(len(crowd.sample), 1)))
    pool = Pool(*best_items(crowd, deep), FIRST, binary(group), group)
    percent = float(_least_percent(pool, merit))
    listed = pool.lists(np.array([percent / 100]))[0]
    person, rank = np.nonzero(listed >= 0)
    exposure = csr_array((WORTH[rank], (person, listed[person, rank])), shape=crowd.exposure.shape)
    return _repair("weight", None, before, _ratio(crowd, group, inside, exposure), percent=percent)


def _least_percent(pool: Pool, merit: float) -> int:
    """The least whole percentage by which scores of the group have to rise for its merit: the more, the more exposure;
    the highest that is tried where none does."""
    low, high = 0, int(100 * HIGHEST)
    while high - low > 1:
        middle = (low + high) // 2
        enough = pool.exposure(pool.lists(np.array([middle / 100]))[0])[0] >= merit
        low, high = (low, middle) if enough else (middle, high)
    return high


def _missing(crowd: Crowd, side: Side, number: int, inside: Mask) -> list[Missing]:
    """What items of the group lack, by relation, that of which most do first."""
    snapshot, catalogue, schema = crowd.snapshot, crowd.recommender.catalogue, crowd.snapshot.schema
    mine, found = side.membership[:, [number]].toarray().ravel() > 0, list[tuple[float, Missing]]()
    alike = item_attributes(snapshot, catalogue)
    for name, ends in schema.relation.items():
        people = name in (*schema.interactions, *schema.negatives, *schema.rules) or schema.entity[ends.tail].sensitive
        if people or ends.head not in catalogue.slices or ends.tail == side.name:
            continue
        part = catalogue.slices[ends.head]
        counts, own, domain = snapshot.link_counts(name), mine[part], inside[part]
        others = counts[domain & ~own]
        usual = float(np.median(others[others > 0])) if (others > 0).any() else 0.0
        lacking = np.flatnonzero(own & domain & (counts < usual / 2))
        if len(lacking) and len(others) and (others > 0).mean() >= COMMON:
            having = np.flatnonzero(domain & (counts >= usual / 2))
            triples = _neighbours(snapshot.adjacency(name), csr_array(alike[part]), lacking, having)
            if len(triples):
                found.append((len(lacking) / max(int(own.sum()), 1), Missing(name, triples[:, 0], triples[:, 1])))
    return [one for _, one in sorted(found, key=lambda one: -one[0])]


def _neighbours(
    links: csr_array, alike: csr_array, lacking: NDArray[np.int64], having: NDArray[np.int64]
) -> NDArray[np.int64]:
    """What each item would get from the nearest that has it: rows of head and tail, none of which is there."""
    nearest: Sequence[int] = having[np.asarray((alike[lacking] @ alike[having].T).toarray()).argmax(axis=1)].tolist()
    found = []
    for head, other in zip(lacking.tolist(), nearest, strict=True):
        have = set(links.indices[links.indptr[head] : links.indptr[head + 1]].tolist())
        tails = links.indices[links.indptr[other] : links.indptr[other + 1]].tolist()
        found += [(head, tail) for tail in tails if tail not in have]
    return np.array(found, dtype=np.int64).reshape(-1, 2)
