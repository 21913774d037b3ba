"""What differential privacy costs: popularity as a recommender, by private counts of several ε; and pairs of items.

    python benchmarks/privacy_cost.py WORKSPACE [--runs 20] [--contributions 5]

A fifth of everybody's interactions is held out (seed 0); the other four rank the items by how many people used them,
counted with noise, as it leaves: what noise alone could have made is no number (``told``), and with all noisy numbers
(``noisy``, never released) beside it. Items of one number, or none, come in an order by lot: what no number at all is
worth stands first, since the order of the catalogue may know what is popular. NDCG@10 × 100, mean and standard
deviation over runs. Pairs of items used
together, the stuff of collaborative filtering, are counted in the same way: how many of those that 5 people used still
stand out.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.privacy.differential_privacy import ToldCounts, noise_bound, noise_scale, private_counts
from kg.workspace.settings import PrivacySettings
from kg.workspace.workspace import Workspace
from recommender.catalogue.interactions import Interactions

EPSILONS = (0.5, 1.0, 2.0, 4.0, 8.0)
K = 10


def held_out(matrix: csr_array, rng: np.random.Generator) -> tuple[csr_array, csr_array]:
    """Four fifths and one fifth of the interactions of everybody, by lot."""
    test = rng.random(matrix.nnz) < 0.2
    parts = []
    for mask in (~test, test):
        part = csr_array((matrix.data * mask, matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape)
        part.eliminate_zeros()
        parts.append(part)
    return parts[0], parts[1]


def ndcg(counts: NDArray[np.number], train: csr_array, test: csr_array, lot: np.random.Generator) -> float:
    """NDCG@10 × 100 of one order of the items for all, ties by lot, what each person used left out."""
    order = np.lexsort((lot.permutation(len(counts)), -counts))
    gains, found = 1 / np.log2(np.arange(2, K + 2)), []
    for user in np.flatnonzero(np.diff(test.indptr)).tolist():
        used = set(train.indices[train.indptr[user] : train.indptr[user + 1]].tolist())
        wanted = set(test.indices[test.indptr[user] : test.indptr[user + 1]].tolist())
        listed = [item for item in order[: K + len(used)].tolist() if item not in used][:K]
        hits = np.array([item in wanted for item in listed])
        found.append(float((hits * gains[: len(hits)]).sum() / gains[: min(K, len(wanted))].sum()))
    return 100 * float(np.mean(found))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--contributions", type=int, default=5)
    told = parser.parse_args()
    interactions = Interactions(Workspace(told.workspace).snapshot())
    train, test = held_out(interactions.matrix, np.random.default_rng(0))
    exact = np.asarray(train.sum(axis=0)).ravel()
    both = csr_array(train.T @ train)
    both.setdiag(0)
    coordinates = both.tocoo()
    frequent = int(((coordinates.data >= 5) & (coordinates.coords[0] < coordinates.coords[1])).sum())
    lot, nothing = np.random.default_rng(1), np.zeros(train.shape[1])
    without = [ndcg(nothing, train, test, lot) for _ in range(told.runs)]
    print(
        f"{train.shape[0]:,} people, {train.shape[1]:,} items; NDCG@{K} × 100 by exact numbers "
        f"{ndcg(exact, train, test, lot):.2f}, by lot {np.mean(without):.2f} ± {np.std(without):.2f}"
    )
    heads = f"{'ε':>5}{'noise':>8}{'off by':>9}{'told':>8}{'±':>7}{'items':>8}{'noisy':>8}{'±':>7}{'pairs told':>12}"
    print(f"{heads} of {frequent:,}")
    people, items = train.tocoo().coords
    for epsilon in EPSILONS:
        settings = PrivacySettings(contributions=told.contributions)
        runs = [private_counts((people, items), train.shape[1], settings, epsilon) for _ in range(told.runs)]
        bound = noise_bound(settings, epsilon, train.shape[1])
        leaves = [ToldCounts.of(counts, bound) for counts in runs]
        told_ndcg = [ndcg(one.people, train, test, lot) for one in leaves]
        stand, scores = (
            np.mean([one.stands.sum() for one in leaves]),
            [ndcg(counts, train, test, lot) for counts in runs],
        )
        off = float(np.mean([np.abs(counts - exact).mean() for counts in runs]))
        noise, pairs = noise_scale(settings, epsilon), _pairs(train, settings, epsilon)
        figures = (np.mean(told_ndcg), np.std(told_ndcg)), (np.mean(scores), np.std(scores))
        of_told, of_noisy = (f"{mean:>8.2f}{spread:>7.2f}" for mean, spread in figures)
        print(f"{epsilon:>5g}{noise:>8.1f}{off:>9.1f}{of_told}{stand:>8.0f}{of_noisy}{pairs:>12,}")


def _pairs(train: csr_array, settings: PrivacySettings, epsilon: float) -> int:
    """How many pairs used by 5 people or more stand out from the noise: above what 1 of 1,000 empty pairs reach."""
    size = train.shape[1]
    people, keys = list[int](), list[int]()
    for user in range(train.shape[0]):
        used = np.sort(train.indices[train.indptr[user] : train.indptr[user + 1]])
        first, second = np.triu_indices(len(used), 1)
        people += [user] * len(first)
        keys += (used[first] * size + used[second]).tolist()
    pair, place = np.unique(np.array(keys, dtype=np.int64), return_inverse=True)
    true = np.bincount(place)
    empty = 20_000
    counts = private_counts((np.array(people), place), len(pair) + empty, settings, epsilon)
    threshold = np.quantile(counts[len(pair) :], 0.999)
    return int(((counts[: len(pair)] > threshold) & (true >= 5)).sum())


if __name__ == "__main__":
    main()
