"""Serving speed of a workspace: one answer, and all users' lists beside ``implicit``, in turns on the same machine.

    OMP_NUM_THREADS=1 python benchmarks/serving_speed.py WORKSPACE [--rounds 5]

The workspace has a model (``benchmarks/amazon_beauty.py`` makes one). ``implicit`` (extra ``bench``) answers for all
users in one call from memory, ALS with its default of 100 factors and item-kNN with as many neighbours as our kernels
keep; ours includes reading the model's rows, the rules, ids and the Parquet file.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from answer_times import answer_times
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import CosineRecommender
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from kg.workspace.workspace import Workspace
from recommender.catalogue.interactions import Interactions
from recommender.learning.model import open_model
from recommender.linalg.forked_workers import cores
from recommender.rules.rule_set import Rules
from recommender.serving.batch import Batch, recommend_all
from recommender.serving.recommender import Recommender

N = 10
CONSOLE = Console(width=120)


def main(
    folder: Annotated[Path, typer.Argument(help="A workspace with a model.")],
    rounds: Annotated[int, typer.Option(help="Rounds of all users' lists, in turns.")] = 5,
    users: Annotated[int, typer.Option(help="Users asked for one by one.")] = 2000,
) -> None:
    """Measure and print."""
    workspace = Workspace(folder)
    recommender = Recommender(open_model(workspace.model, workspace.snapshot(), workspace.kernels))
    with threadpool_limits(1):
        CONSOLE.print(f"one answer: {answer_times(recommender, users)}")
    interactions = Interactions(recommender.snapshot).matrix
    liked = csr_matrix((interactions.data.astype(np.float32), interactions.indices, interactions.indptr))
    with tempfile.TemporaryDirectory() as scratch:
        ways = {"whyrec": _whyrec(recommender, Path(scratch) / "all.parquet"), **_peers(recommender, liked)}
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                seconds[name].append(time.perf_counter() - start)
    _show(seconds, liked.shape[0])


def _whyrec(recommender: Recommender, out: Path) -> Callable[[], object]:
    return lambda: recommend_all(recommender, Batch(recommender.users(), Rules(), N), out)


def _peers(recommender: Recommender, liked: csr_matrix) -> dict[str, Callable[[], object]]:
    everybody, top = np.arange(liked.shape[0]), recommender.scorer.kernels.config.top
    models = {
        "implicit ALS, 100 factors": AlternatingLeastSquares(iterations=1, num_threads=cores(), random_state=0),
        f"implicit item-kNN, {top}": CosineRecommender(K=top, num_threads=cores()),
    }
    with threadpool_limits(1, user_api="blas"):
        for model in models.values():
            model.fit(liked, show_progress=False)
    return {name: (lambda model=model: model.recommend(everybody, liked, N=N)) for name, model in models.items()}


def _show(seconds: dict[str, list[float]], users: int) -> None:
    table = Table(title=f"{users:,} users, lists of {N}, {cores()} cores", title_justify="left")
    for column in ("", "users/s, median", "best", "whyrec is faster, median of the rounds"):
        table.add_column(column, justify="right" if column else "left")
    ours = np.array(seconds["whyrec"])
    for name, taken in seconds.items():
        ratio = float(np.median(np.array(taken) / ours))
        table.add_row(name, f"{users / np.median(taken):,.0f}", f"{users / min(taken):,.0f}", f"{ratio:.2f} ×")
    CONSOLE.print(table)


if __name__ == "__main__":
    typer.run(main)
