"""Amazon Beauty (the PGPR split): the accuracy of the product, beside the baselines, over all users and products.

    WHYREC_DATA=… python benchmarks/amazon_beauty.py WORK-FOLDER [--without-related] [--baselines-only]

Drives the program: ``init``, ``load``, ``train --no-embeddings``, ``recommend --all``. The full ranking leaves out what
a user has in train; top 10, mean over all users of the test file, × 100. Beside it, on the same split: popularity,
item-kNN, RP3β and EASE as ``evaluate`` has them, and EASE with attributes, ALS and BPR (``implicit``, extra ``bench``),
all tuned on a validation part of train; what was chosen is kept in WORK-FOLDER for the next time. Products that are
their own related product get a self-entry, so that "also bought" reaches them directly. Amazon's also_* relations come
from its whole purchase log and may carry knowledge of the test period; ``--without-related`` leaves them out.
"""

import json
import shutil
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from beauty_files import SCHEMA, prepare
from program import ranking_table, whyrec
from rich.console import Console
from scipy.sparse import csr_array
from tuned_peers import peers, tune_peers

from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.catalogue.interactions import Interactions, ScoreUsers
from recommender.evaluation.baselines.baselines import baselines
from recommender.evaluation.evaluation import evaluate, task_of
from recommender.evaluation.tuning import tune_baselines
from recommender.splitting.file_split import file_split
from recommender.splitting.interaction_splits import Split

ATTRIBUTES = {"also_bought": 0.6, "also_viewed": 0.9, "bought_together": 1.2, "made_by": 1.5, "in_category": 0.4}
"""Weights of EASE with attributes, chosen on a validation part of train."""
K = 10
CONSOLE = Console(width=120)


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and workspace are made.")],
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")],
    without_related: Annotated[bool, typer.Option(help="Leave out also_bought, also_viewed, bought_together.")] = False,
    baselines_only: Annotated[bool, typer.Option(help="Only the baselines, in a workspace of their own.")] = False,
) -> None:
    """Measure and print."""
    files = prepare(data / "amazon_beauty", folder / "files", without_related)
    workspace = folder / ("baselines" if baselines_only else "workspace")
    shutil.rmtree(workspace, ignore_errors=True)
    whyrec(workspace, "init", "--schema", str(SCHEMA))
    loaded = whyrec(workspace, "load", *(str(path) for path in files))
    assert all(one["rows"] == one["loaded"] for one in loaded["files"])
    snapshot, models = Workspace(workspace).snapshot(), dict[str, ScoreUsers]()
    split = file_split(snapshot, pl.read_csv(folder / "files" / "test.csv", infer_schema=False).rows())
    assert split.description["taken_out"] == 0, "the model would have seen the test part"
    if not baselines_only:
        trained = whyrec(workspace, "train", "--no-embeddings")
        whyrec(workspace, "recommend", "--all", "-n", str(K), "--out", str(folder / "lists.parquet"))
        models["whyrec"] = _listed(folder / "lists.parquet", snapshot)
    models |= _tuned(split, folder / f"tuned{'-without-related' if without_related else ''}.json")
    result = evaluate(split, models, K).model_dump()
    if baselines_only:
        result["comparisons"] = []  # which are with the first model
    CONSOLE.print(ranking_table(f"{result['users']:,} users", result, ("recall", "hit_rate", "precision")))
    if not baselines_only:
        for one in trained["learning"]:
            CONSOLE.print(f"{one['domain']}: validation NDCG {one['before']:.4f} → {one['after']:.4f}")
            CONSOLE.print({name: round(added, 4) for name, added in one["adds"].items()})


def _tuned(split: Split, chosen: Path) -> dict[str, ScoreUsers]:
    """The baselines with the parameters that were chosen before, or else are now."""
    snapshot = split.train
    related = {name: weight for name, weight in ATTRIBUTES.items() if snapshot.manifest.triples[name]}
    found = peers(related)
    if not chosen.exists():
        own = tune_baselines(split, K, task_of(split, None)[0])
        document = {"own": own, "peers": tune_peers(found, split, K, CONSOLE.print)}
        chosen.write_text(json.dumps(document, indent=1), encoding="utf-8")
    tuned = json.loads(chosen.read_text(encoding="utf-8"))
    CONSOLE.print(tuned)
    others = {name: make(snapshot, **tuned["peers"][name]) for name, (make, _) in found.items()}
    return {**baselines(snapshot, tuned["own"]), **others}


def _listed(lists: Path, snapshot: Snapshot) -> ScoreUsers:
    """What ``recommend --all`` wrote, as a scorer of users: the better the rank, the higher, and 0 off the list."""
    found = pl.read_parquet(lists)
    rows = [snapshot.vocabulary.idx("User", one) for one in found["user_id"]]
    columns = [snapshot.vocabulary.idx("Product", one) for one in found["item_id"]]
    shape = tuple(snapshot.vocabulary.count(name) for name in ("User", "Product"))
    scores = csr_array((K + 1 - found["rank"].to_numpy().astype(np.float64), (rows, columns)), shape=shape)
    interactions = Interactions(snapshot)
    return lambda users: scores[interactions.row_of(users)].toarray()


if __name__ == "__main__":
    typer.run(main)
