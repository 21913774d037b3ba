"""Filtered evaluation on Amazon Beauty's graph beside PyKEEN's evaluator: seconds per triple, memory, equal figures.

    WHYREC_DATA=… python benchmarks/link_prediction_speed.py [--models DistMult,TransE,RotatE] [--triples 30000]

Vectors come from two epochs; one thread. PyKEEN's evaluator gets a sample, for it needs minutes for it; what it takes
to begin, seconds on a graph of this size, is found by a second, small sample and does not count.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from pykeen.evaluation import RankBasedEvaluator
from rich.console import Console
from triple_graphs import beauty

from embeddings.link_prediction.held_out import HeldOut
from embeddings.link_prediction.metrics import RankMetrics, link_prediction
from embeddings.link_prediction.ranking import rank_triples
from embeddings.training.epochs import Epochs
from embeddings.training.train_vectors import reproducible
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.triples import TripleSet

CPU = torch.device("cpu")
NAMES = ("inverse_harmonic_mean_rank", "hits_at_1", "hits_at_3", "hits_at_10", "adjusted_arithmetic_mean_rank_index")
CONSOLE = Console(width=150)


def main(
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")],
    models: Annotated[str, typer.Option(help="Which models.")] = "DistMult,TransE,RotatE",
    triples: Annotated[int, typer.Option(help="Held-out triples that we rank.")] = 30_000,
    sample: Annotated[int, typer.Option(help="Those that PyKEEN ranks too.")] = 500,
    batch: Annotated[int, typer.Option(help="Batch size of PyKEEN's evaluator.")] = 32,
) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    graph = beauty(data)
    train, held = graph.split(0.05, triples, 0)
    CONSOLE.print(f"{len(graph.rows):,} triples, {graph.entities:,} entities, {len(held.rows):,} held out")
    with reproducible(CPU), tempfile.TemporaryDirectory() as folder:
        for model in models.split(","):
            compare(model, graph, train, held.rows, (sample, batch, Path(folder)))


def compare(model: str, graph: TripleSet, train: TripleSet, test: np.ndarray, settings: tuple[int, int, Path]) -> None:
    """One model: ours on all triples and on the sample, PyKEEN's on the sample."""
    sample, batch, folder = settings
    config = TrainingConfig(model=model, validation=0, candidates="all")
    empty = train.rows[:0]
    epochs = Epochs(HeldOut(train, empty, empty, graph.rows), config, CPU, folder)
    for _ in range(2):
        epochs.run_one()
    few = test[np.random.default_rng(0).permutation(len(test))[:sample]]
    names = [str(position) for position in range(graph.relations)]
    reset_peak()
    before = peak()
    scorer = epochs.scorer()
    whole, seconds = timed(lambda: rank_triples(scorer, test, graph, graph.rows))
    memory = peak() - before
    mine, _ = timed(lambda: link_prediction(rank_triples(scorer, few, graph, graph.rows), names).both)
    typed, typed_seconds = timed(lambda: rank_triples(scorer, test, graph, graph.rows, "type"))
    reset_peak()
    before = peak()
    theirs, stock = timed(lambda: pykeen(epochs.network, graph.rows, few, batch))
    begin = len(few) // 10
    stock = (stock - timed(lambda: pykeen(epochs.network, graph.rows, few[:begin], batch))[1]) / (len(few) - begin)
    ratio = stock / (seconds / len(test))
    CONSOLE.print(
        f"{model}: {1000 * seconds / len(test):.2f} CPU s per 1,000 triples (own type only "
        f"{1000 * typed_seconds / len(test):.2f}), {memory:.2f} GB above the model; PyKEEN "
        f"{1000 * stock:.1f} s, {peak() - before:.2f} GB: {ratio:.1f} times as long"
    )
    pairs = list(zip(values(mine), theirs, strict=True))
    CONSOLE.print(f"  MRR, hits@1, 3, 10, AMRI ours / PyKEEN's: {', '.join(f'{a:.7f} / {b:.7f}' for a, b in pairs)}")
    CONSOLE.print(f"  largest difference {max(abs(a - b) for a, b in pairs):.1e}")
    both = link_prediction(whole, names).both, link_prediction(typed, names).both
    CONSOLE.print(f"  all {len(test):,}: MRR {both[0].mrr:.4f}; among the relation's type {both[1].mrr:.4f}")


def pykeen(network: Any, known: np.ndarray, test: np.ndarray, batch: int) -> list[float]:
    """PyKEEN's figures."""
    found = RankBasedEvaluator(filtered=True).evaluate(
        network,
        torch.from_numpy(test),
        additional_filter_triples=[torch.from_numpy(known)],
        use_tqdm=False,
        batch_size=batch,
    )
    return [float(found.get_metric(f"both.realistic.{name}")) for name in NAMES]


def values(metrics: RankMetrics) -> list[float]:
    """Ours in the same order."""
    return [metrics.mrr, *metrics.hits.values(), metrics.amri or 0.0]


def timed(action: Callable[[], Any]) -> tuple[Any, float]:
    """The result of a call and its CPU seconds."""
    start = time.process_time()
    result = action()
    return result, time.process_time() - start


def reset_peak() -> None:
    """Forget the peak of memory so far (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """Peak of resident memory in GB since it was reset."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    if os.environ.get("OMP_NUM_THREADS") != "1":  # is read when the libraries are loaded, so begin anew
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"OMP_NUM_THREADS": "1"})
    typer.run(main)
