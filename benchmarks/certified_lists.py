"""Does the bound hold? Certified lists over 100 splits of the people.

    python benchmarks/certified_lists.py WORKSPACE [--alpha 0.05] [--below 2] [--delta 0.05]

Everybody's lists are made with half of what each person rated held out. In each split the filter is chosen on one half
of the people, and the share of unwanted items is measured on the lists of the other half: the bound holds where that is
at most alpha. A split in which nothing can be certified promises nothing, and is told apart.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

import whyrec
from cli.fields import flagged
from kg.errors import WhyrecError
from recommender.evaluation.risk_control import loosest
from recommender.rules.rule_set import Rules
from whyrec.workspace.responsibility.certify import trial

SPLITS = 100


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--below", type=float, default=2.0)
    parser.add_argument("--delta", type=float, default=0.05)
    told = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            losses = trial(whyrec.open(told.workspace).recommender, Rules(), told.below, Path(folder)).losses
    except WhyrecError as refused:  # as where too few people rated anything so low: another --below would do
        sys.exit(flagged(str(refused)))
    rng, held, none, risks = np.random.default_rng(0), 0, 0, []
    for _ in range(SPLITS):
        half = rng.permutation(len(losses)) < len(losses) // 2
        chosen = loosest(losses[half], told.alpha, told.delta)
        if chosen is None:
            none += 1
            continue
        risks.append(losses[~half, chosen].mean())
        held += risks[-1] <= told.alpha
    print(f"{len(losses):,} people; unwanted without a filter {losses[:, -1].mean():.2%}, bound {told.alpha:.2%}")
    print(f"certified in {SPLITS - none} of {SPLITS} splits; the bound held in {held} of these")
    if risks:
        print(f"unwanted on the other halves: mean {np.mean(risks):.2%}, largest {np.max(risks):.2%}")


if __name__ == "__main__":
    main()
