"""On how many near items an item is regressed: NDCG@10 of the whole blend on validation people, and what it costs.

    OMP_NUM_THREADS=1 python -m benchmarks.association_neighbours WORKSPACE WORK-FOLDER [--grid 50,100,200]

WORKSPACE has a trained model, of which nothing is changed: how its kernels are made, with another number of neighbours
in the association; then all weights are learned anew, on the same validation people as when it was trained. Printed for
each number and domain: NDCG@10 of people whom weights were not fitted on, and processor seconds of the association of
the training part. The test split of anybody is not touched. Seen on Amazon Beauty, 10,000 people: 7.63, 7.62 and 7.78
for 50, 100 and 200, at 17, 24 and 46 s on a busy machine.
"""

import argparse
import shutil
import time
from os import times
from pathlib import Path

from rich.console import Console

from kg.workspace.workspace import Workspace
from recommender.kernels.learned.association import Association
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import scored_paths
from recommender.learning.blend_learning import learn_blend
from recommender.learning.candidate_features import candidate_features
from recommender.learning.model import read_manifest
from recommender.profiles.weights import with_recency
from recommender.scoring.blend import default_blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.validation import validation_split

CONSOLE = Console(width=120, highlight=False)


def processor() -> float:
    """Seconds of this process and of those it has waited for."""
    return sum(times()[:4])


def main() -> None:
    """A line per number and domain."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--grid", default="50,100,200")
    asked = parser.parse_args()
    workspace = Workspace(asked.workspace).held()
    snapshot, manifest = workspace.snapshot(), read_manifest(workspace.model)
    if manifest is None:
        parser.error(f"{asked.workspace} has no trained model")
    split = validation_split(snapshot, manifest.training.seed if manifest.training else 0, manifest.hold_out)
    train = with_recency(split.train, manifest.recency)
    learned = manifest.kernels.model_copy(update={"scales": {}})
    metapaths = scored_paths(split.train, learned.narrowing)
    default = default_blend(snapshot.schema, metapaths, embedding=False)
    shutil.rmtree(asked.folder, ignore_errors=True)
    for number in map(int, asked.grid.split(",")):
        association = learned.association.model_copy(update={"neighbours": number, "means": {}})
        config: KernelConfig = learned.model_copy(update={"association": association})
        kernels, began = Kernels(split.train, config, asked.folder), processor()
        kernels.build([path.tail for path in metapaths if path.learned and path.learned.kernel == Association.name])
        spent, started = processor() - began, time.perf_counter()
        kernels.build([path.tail for path in metapaths])
        scorer = Scorer(train, kernels, default, None)
        features = (candidate_features(scorer, split, domain, "warm") for domain in snapshot.schema.domains)
        for report in learn_blend(features, metapaths, default)[1]:
            CONSOLE.print(
                f"K = {number:4}  {report.domain}: NDCG@10 × 100 {100 * report.after:.2f} ({report.people:,} people, "
                f"default {100 * report.before:.2f}); association {spent:.1f} s of the processor, the rest "
                f"{time.perf_counter() - started:.0f} s"
            )


if __name__ == "__main__":
    main()
