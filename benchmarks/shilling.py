"""Shilling: how far 50 simulated attacks lift their target, with what whyrec flags left out, and in item-kNN.

    python benchmarks/shilling.py WORKSPACE [--attacks 50] [--accounts 0.05] [--days 7]

Some people of the workspace, fixed, give way to made-up accounts. An attack is one of four (Lam & Riedl, 2004; Mobasher
et al., 2007): random fillers with ratings as usual; the same with each item's mean rating (average); half of the
fillers the most popular items with the highest rating (bandwagon); the items of the target's maker with the highest
rating, others with the lowest (segment). All give the target the highest rating, have as many things as people have on
average, and act within some days. The target is an item that less than half as many people used as the average. Told is
the mean gain in rank of the target for those who have not used it, against the graph without the accounts.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

import whyrec
from kg.instant import DAY, NO_TIME
from kg.quality.anomalies import anomalies
from kg.snapshot.added_triples import AddedTriples
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.triple_subset import TripleSubset
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.profiles.profile import profile_of
from recommender.scoring.scorer import Scorer

KINDS = ("random", "average", "bandwagon", "segment")
Rows = list[tuple[int, int, float, int]]
Values = NDArray[np.float64]


def without(snapshot: Snapshot, user_type: str, gone: NDArray[np.bool_]) -> TripleSubset:
    """The snapshot without what some accounts did."""
    masks = {}
    for name in snapshot.schema.interactions:
        if snapshot.schema.relation[name].head == user_type:
            matrix = snapshot.adjacency(name)
            masks[name] = gone[np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))]
    return TripleSubset(snapshot, masks)


def attack(clean: Snapshot, relation: str, accounts: list[int], target: int, kind: str, told: tuple[int, int]) -> Rows:
    """What made-up accounts do."""
    (days, seed), matrix = told, clean.adjacency(relation)
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
    size = max(int(np.diff(matrix.indptr)[np.diff(matrix.indptr) > 0].mean()), 4)
    means = np.bincount(matrix.indices, weights=matrix.data, minlength=matrix.shape[1]) / np.maximum(counts, 1)
    low, high, usual = matrix.data.min(), matrix.data.max(), matrix.data
    popular, others = np.argsort(-counts)[: 2 * size], np.flatnonzero(np.arange(len(counts)) != target)
    maker = clean.adjacency("made_by").indices[clean.adjacency("made_by").indptr[target]]
    segment = np.setdiff1d(clean.neighbours("~made_by", int(maker))[0], [target])
    times = clean.timestamps(relation)
    end = int(times[times != NO_TIME].max()) if (times != NO_TIME).any() else 0
    rows: Rows = []
    for account in accounts:
        chosen = {int(one): float(rng.choice(usual)) for one in rng.choice(others, size - 1, replace=False)}
        if kind == "average":
            chosen = {one: float(np.clip(np.round(means[one] or usual.mean()), low, high)) for one in chosen}
        if kind == "bandwagon":
            half = rng.choice(popular, size // 2, replace=False).tolist()
            chosen = dict(list(chosen.items())[: size - 1 - len(half)]) | dict.fromkeys(half, float(high))
        if kind == "segment":
            mine = rng.permutation(segment)[: max(size // 2, 1)].tolist()
            chosen = dict.fromkeys(list(chosen)[: size - 1 - len(mine)], float(low)) | dict.fromkeys(mine, float(high))
        chosen = {one: weight for one, weight in chosen.items() if one != target} | {target: float(high)}
        rows += [(account, one, weight, end - int(rng.integers(days * DAY))) for one, weight in chosen.items()]
    return rows


def scorer_of(world: Snapshot, engine: whyrec.Engine, folder: Path) -> Scorer:
    """What scores in a world, with the weights of the workspace."""
    return Scorer(world, Kernels(world, KernelConfig(), folder), engine.recommender.scorer.blend, None)


def whyrec_ranks(scorer: Scorer, user_type: str, people: list[int], target: int) -> Values:
    """Rank of an item for some people, by whyrec: shape (people,)."""
    world = scorer.snapshot
    total = scorer.score([profile_of(world, user_type, one) for one in people]).total
    scores = total[:, scorer.catalogue.slices[world.schema.ends("made_by")[0]]]
    return 1.0 + (scores > scores[:, [target]]).sum(axis=1)


def knn_ranks(world: Snapshot, relation: str, people: list[int], target: int) -> Values:
    """The same by item-kNN with cosines."""
    matrix = world.adjacency(relation)
    used = csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    norms = np.sqrt(np.maximum(np.asarray(used.sum(axis=0)).ravel(), 1))
    both = (used.T @ used).toarray() / norms[:, None] / norms[None, :]
    np.fill_diagonal(both, 0)
    scores = used[people] @ both
    return 1.0 + (scores > scores[:, [target]]).sum(axis=1)


def main() -> None:
    """Attack and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--attacks", type=int, default=50)
    parser.add_argument("--accounts", type=float, default=0.05)
    parser.add_argument("--days", type=int, default=7)
    told = parser.parse_args()
    engine, rng = whyrec.open(told.workspace), np.random.default_rng(0)
    whole = engine.snapshot
    item_type = whole.schema.ends("made_by")[0]
    relation = next(n for n in whole.schema.interactions if whole.schema.relation[n].tail == item_type)
    user_type = whole.schema.ends(relation)[0]
    size = whole.vocabulary.count(user_type)
    accounts = rng.choice(size, max(int(told.accounts * size), 5), replace=False)
    clean = without(whole, user_type, np.isin(np.arange(size), accounts))
    counts = np.bincount(clean.adjacency(relation).indices, minlength=whole.vocabulary.count(item_type))
    few = np.flatnonzero((counts < counts.mean() / 2) & (np.diff(whole.adjacency("made_by").indptr) > 0))
    honest = np.setdiff1d(np.arange(size), accounts)
    false = int(anomalies(clean, user_type).flagged[honest].sum())
    print(f"{size:,} accounts, {len(accounts)} of them made up; of the others {false} are flagged without any attack")
    kept = tempfile.TemporaryDirectory()
    usual = scorer_of(clean, engine, Path(kept.name))
    sums: dict[str, list[tuple[float, float, float, float]]] = {}
    for number in range(told.attacks):
        kind, target = KINDS[number % len(KINDS)], int(rng.choice(few))
        rows = attack(clean, relation, accounts.tolist(), target, kind, (told.days, number))
        columns = [np.array(one) for one in zip(*rows, strict=True)]
        world = AddedTriples(clean, relation, *columns)
        flagged = anomalies(world, user_type).flagged
        history = whole.adjacency(relation)
        people = [
            one for one in honest.tolist() if target not in history.indices[slice(*history.indptr[one : one + 2])]
        ]
        people = people[:: max(len(people) // 200, 1)]
        defended = without(world, user_type, flagged)
        before = whyrec_ranks(usual, user_type, people, target)
        with tempfile.TemporaryDirectory() as folder:
            after = whyrec_ranks(scorer_of(defended, engine, Path(folder)), user_type, people, target)
        gain = float((before - after).mean())
        knn = knn_ranks(clean, relation, people, target) - knn_ranks(world, relation, people, target)
        caught, wrong = float(flagged[accounts].mean()), float(flagged[honest].sum())
        sums.setdefault(kind, []).append((gain, float(knn.mean()), caught, wrong))
    show(sums)


def show(sums: dict[str, list[tuple[float, float, float, float]]]) -> None:
    """Print the means of each kind of attack, and of all."""
    for kind, found in (*sums.items(), ("all", [one for some in sums.values() for one in some])):
        gain, knn, caught, wrong = np.array(found).mean(axis=0)
        print(
            f"{kind:<10} {len(found):>3} attacks: mean gain in rank {gain:+.1f} with flagged accounts left out, "
            f"item-kNN {knn:+.1f}: {gain / knn:.0%}; {caught:.0%} of the accounts flagged, {wrong:.1f} others"
        )


if __name__ == "__main__":
    main()
