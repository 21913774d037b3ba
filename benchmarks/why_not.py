"""Why-not on a workspace: how fast an answer with its verified change is, how often there is one, how large it is.

    python benchmarks/why_not.py WORKSPACE [--questions 200] [--n 10] [--seed 0]

Half the questions are about items that a user is nearly recommended (rank n + 1 to 200), half about any items. A change
of what the user has counts as verified where ``what-if`` with it lists the item at the rank that ``why-not`` named;
``what-if`` cannot change an item or a rule: such changes are counted apart.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from kg.workspace.workspace import Workspace
from recommender.counterfactual.what_if import what_if
from recommender.counterfactual.why_not import why_not
from recommender.learning.model import open_model
from recommender.serving.recommender import Recommender, Request

NEAR = 200


def main() -> None:
    """Ask, check, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--n", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    workspace = Workspace(asked.workspace)
    recommender = Recommender(open_model(workspace.model, workspace.snapshot(), workspace.kernels))
    random, seconds, sizes, verified, open_ = np.random.default_rng(asked.seed), [], [], 0, 0
    others = 0
    for number in range(asked.questions):
        user, item = _question(recommender, random, asked.n, near=number % 2 == 0)
        begun = time.perf_counter()
        answer = why_not(recommender, Request(user, n=asked.n), item)
        seconds.append(time.perf_counter() - begun)
        if answer.rank is not None and answer.rank <= asked.n:
            continue
        open_ += 1
        if answer.change is not None:
            change = answer.change
            apart = [*change.lift, *change.item_add, *change.item_remove]
            sizes.append(len(change.add) + len(change.remove) + len(apart))
            if apart:
                others += 1
                continue
            after = what_if(recommender, Request(user, n=asked.n), change.add, change.remove).after
            verified += any(f"{one.type}:{one.id}" == item and one.rank == change.rank_after for one in after)
    p50, p95 = np.quantile(seconds, [0.5, 0.95])
    print(f"why-not with its change: p50 {p50:.3f} s, p95 {p95:.3f} s, longest {max(seconds):.3f} s")
    print(f"{open_} items not in the list; a change found for {len(sizes)}:")
    print(f"{len(sizes) - others} of what the user has, verified {verified}; {others} of the item or of rules")
    print("sizes of changes:", dict(enumerate(np.bincount(sizes).tolist())))


def _question(recommender: Recommender, random: np.random.Generator, n: int, *, near: bool) -> tuple[str, str]:
    users = recommender.users()
    user_type, idx = users[int(random.integers(len(users)))]
    user = f"{user_type}:{recommender.snapshot.vocabulary.id(user_type, idx)}"
    if near:
        listed = recommender.recommend(Request(user, n=NEAR)).items
        if len(listed) > n:
            item = listed[int(random.integers(n, len(listed)))]
            return user, f"{item.type}:{item.id}"
    item = recommender.item(int(random.integers(recommender.catalogue.size)))
    return user, f"{item.type}:{item.id}"


if __name__ == "__main__":
    main()
