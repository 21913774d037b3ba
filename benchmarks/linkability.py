"""What pseudonyms do not hide: how many people are known by what they did, whatever they are called.

    python benchmarks/linkability.py WORKSPACE [--seed 0]

Two copies of the data with pseudonyms of different keys have no id in common, but the same histories: told is the share
of people whose history nobody else has, who can be linked between the copies, and the share of people whom somebody
singles out who knows 1, 2, 3 or 4 things of hers, picked by lot. Only leaving data out, or noise, helps against that.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from kg.workspace.workspace import Workspace
from recommender.catalogue.interactions import Interactions


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    matrix = Interactions(Workspace(told.workspace).snapshot()).matrix
    rng, by_item = np.random.default_rng(told.seed), matrix.T.tocsr()
    histories = [
        tuple(matrix.indices[slice(*matrix.indptr[user : user + 2])].tolist()) for user in range(matrix.shape[0])
    ]
    active = [one for one in histories if one]
    times = Counter(active)
    linked = sum(times[one] == 1 for one in active)
    print(f"{len(active):,} people with a history; linked between two copies: {linked / len(active):.1%}")
    for known in (1, 2, 3, 4):
        alone, asked = 0, 0
        for history in active:
            if len(history) >= known:
                picked = rng.choice(history, known, replace=False)
                people = set.intersection(
                    *(set(by_item.indices[slice(*by_item.indptr[one : one + 2])].tolist()) for one in picked)
                )
                alone, asked = alone + (len(people) == 1), asked + 1
        print(f"who knows {known} things of a person singles her out: {alone / max(asked, 1):.1%} of {asked:,}")


if __name__ == "__main__":
    main()
