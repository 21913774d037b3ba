"""How much sooner the fast loop gets where PyKEEN's stock loop gets in ten epochs, on one thread.

    WHYREC_DATA=… python benchmarks/training_speed.py [--only coco,umls,kinships] [--models TransE,…] [--seeds 3]

Stock is PyKEEN's model with its defaults, self-adversarial loss, Adam 0.01 and 10 negatives; only ComplEx starts from
Xavier's distribution and DistMult is not held at length 1, for with their defaults they learn next to nothing.
Seconds are CPU seconds of training alone; beside both stands TransE as SparseTransX trains it (``sparse_product``).
Both loops are ranked by the same code: filtered, realistic rank, both sides, all entities.
"""

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from pykeen.losses import NSSALoss
from pykeen.models import model_resolver
from pykeen.training import SLCWATrainingLoop
from pykeen.triples import CoreTriplesFactory
from rich.console import Console
from rich.table import Table
from sparse_product import SparseTransE
from triple_graphs import bundled, coco

from embeddings.link_prediction.held_out import HeldOut
from embeddings.link_prediction.metrics import rank_metrics
from embeddings.link_prediction.ranking import rank_triples
from embeddings.training.epochs import Epochs
from embeddings.training.network import ARGUMENTS
from embeddings.training.train_vectors import reproducible
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.scoring import Indices, VectorScorer
from embeddings.vectors.triples import TripleSet

DIM, STOCK_EPOCHS, STOCK_NEGATIVES, STOCK_RATE = 64, 10, 10, 0.01
BATCHES = (1024, 8192)
FAST_EPOCHS, RANKED = 60, 2000
MODELS = "TransE,RotatE,DistMult,ComplEx"
SMALL_EPOCHS, SMALL_BATCH, SMALL_STEP = 100, 256, 2
STOCK_ARGUMENTS = {name: ARGUMENTS[name] for name in ("DistMult", "ComplEx")}
CPU = torch.device("cpu")
CONSOLE = Console(width=150)
Point = tuple[float, float]
"""CPU seconds of training so far, test MRR."""


@dataclass(frozen=True)
class Task:
    """A graph to train on and triples to rank."""

    train: TripleSet
    test: Indices
    known: Indices

    def mrr(self, network: Any, model: str) -> float:
        """Filtered MRR of the network as it is now."""
        with torch.inference_mode():
            entity, relation = (
                part[0]().numpy() for part in (network.entity_representations, network.relation_representations)
            )
        ranks = rank_triples(VectorScorer(model, entity, relation), self.test, self.train, self.known)
        return rank_metrics(ranks.rank, ranks.candidates).mrr


def main(
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")],
    only: Annotated[str, typer.Option(help="Which graphs.")] = "coco,umls,kinships",
    models: Annotated[str, typer.Option(help="Which models.")] = MODELS,
    seeds: Annotated[int, typer.Option(help="How many seeds on COCO.")] = 3,
) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    chosen = only.split(",")
    with reproducible(CPU), tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        if "coco" in chosen:
            measure_coco(data, models.split(","), seeds, Path(folder))
        for name in ("umls", "kinships"):
            if name in chosen:
                measure_small(name, models.split(","), Path(folder))


def measure_coco(data: Path, models: list[str], seeds: int, folder: Path) -> None:
    """CPU seconds until stock's MRR, and triples per second at equal negatives."""
    graph = coco(data)
    title = f"COCO: {len(graph.rows):,} triples, {graph.entities:,} entities, dim {DIM}"
    rows, speeds = [], []
    for model in models:
        ratios = []
        for seed in range(seeds):
            task = task_of(graph, seed)
            stock = {size: list(stock_points(task, model, size, STOCK_EPOCHS, seed, folder)) for size in BATCHES}
            better = max(BATCHES, key=lambda size: stock[size][-1][1])
            goal = stock[better][-1][1]
            reached = next(seconds for seconds, mrr in stock[better] if mrr >= goal)
            fast = until(goal, task, model, seed, folder)
            ratios.append(reached / fast[-1][0] if fast[-1][1] >= goal else 0.0)
            cells = (f"{goal:.4f}", better, f"{reached:.1f}", f"{fast[-1][1]:.4f}", f"{fast[-1][0]:.1f}")
            rows.append((model, seed, *cells, f"{ratios[-1]:.1f}"))
            CONSOLE.print(*rows[-1])
        speeds.append(equal_negatives(task_of(graph, 0), model, folder))
        if model == "TransE":
            sparse = SparseTransE(task_of(graph, 0).train, DIM, STOCK_NEGATIVES, BATCHES[1])
            sparse.epoch()
            seconds = min(cpu_seconds(sparse.epoch) for _ in range(3))
            CONSOLE.print(f"TransE by sparse products, 10 negatives: {len(sparse.rows) / seconds:,.0f} triples/CPU s")
        CONSOLE.print(*speeds[-1], f"worst ratio {min(ratios):.1f}, mean {np.mean(ratios):.1f}")
    headings = ("model", "seed", "stock MRR", "batch", "CPU s", "fast MRR", "CPU s", "ratio")
    show(title, headings, rows)
    show("triples per CPU second, 10 negatives", ("model", *(f"stock {b:,}" for b in BATCHES), "fast", "ratio"), speeds)


def task_of(graph: TripleSet, seed: int) -> Task:
    """Hold out a random 5 %, of which a sample is ranked."""
    order = np.random.default_rng(seed).permutation(len(graph.rows))
    held = len(order) // 20
    return Task(graph.with_rows(graph.rows[np.sort(order[held:])]), graph.rows[order[: min(held, RANKED)]], graph.rows)


def stock_points(task: Task, model: str, batch: int, epochs: int, seed: int, folder: Path) -> Iterator[Point]:
    """PyKEEN's loop, epoch by epoch."""
    network, run = stock(task, model, batch, seed, folder)
    seconds = 0.0
    for epoch in range(1, epochs + 1):
        seconds += cpu_seconds(lambda number=epoch: run(number))
        yield seconds, task.mrr(network, model)


def stock(task: Task, model: str, batch: int, seed: int, folder: Path) -> tuple[Any, Callable[[int], object]]:
    """The network, and a function that trains up to an epoch."""
    torch.manual_seed(seed)
    factory = CoreTriplesFactory(torch.from_numpy(task.train.rows), task.train.entities, task.train.relations)
    start = STOCK_ARGUMENTS.get(model, {})
    arguments = {"triples_factory": factory, "embedding_dim": DIM, "random_seed": seed, "loss": NSSALoss(), **start}
    network: Any = model_resolver.lookup(model)(**arguments)
    loop = SLCWATrainingLoop(
        model=network,
        triples_factory=factory,
        optimizer=torch.optim.Adam(network.get_grad_params(), lr=STOCK_RATE),
        automatic_memory_optimization=False,
        negative_sampler_kwargs={"num_negs_per_pos": STOCK_NEGATIVES},
    )
    return network, lambda epoch: loop.train(
        factory,
        num_epochs=epoch,
        batch_size=batch,
        continue_training=bool(loop.optimizer.state),
        use_tqdm=False,
        checkpoint_directory=folder,
        pin_memory=False,
    )


def until(goal: float, task: Task, model: str, seed: int, folder: Path) -> list[Point]:
    """The fast loop, until it reaches an MRR or has run all epochs."""
    points: list[Point] = []
    epochs, seconds = fast(task, model, seed, folder, None), 0.0
    while len(points) < FAST_EPOCHS and not (points and points[-1][1] >= goal):
        seconds += cpu_seconds(epochs.run_one)
        points.append((seconds, task.mrr(epochs.network, model)))
    return points


def fast(task: Task, model: str, seed: int, folder: Path, negatives: int | None, batch: int | None = None) -> Epochs:
    """Our loop on the same triples."""
    config = TrainingConfig(
        model=model, dim=DIM, seed=seed, negatives=negatives, candidates="all", validation=0, batch_size=batch
    )
    empty = task.train.rows[:0]
    return Epochs(HeldOut(task.train, empty, empty, task.known), config, CPU, folder)


def equal_negatives(task: Task, model: str, folder: Path) -> tuple[str, ...]:
    """Triples per CPU second of the second epoch, 10 negatives on every side."""
    speeds = []
    for batch in BATCHES:
        _, run = stock(task, model, batch, 0, folder)
        run(1)
        speeds.append(len(task.train.rows) / cpu_seconds(lambda run=run: run(2)))
    epochs = fast(task, model, 0, folder, STOCK_NEGATIVES)
    epochs.run_one()
    mine = len(task.train.rows) / min(cpu_seconds(epochs.run_one) for _ in range(3))
    return model, *(f"{speed:,.0f}" for speed in speeds), f"{mine:,.0f}", f"{mine / max(speeds):.1f}"


def measure_small(name: str, models: list[str], folder: Path) -> None:
    """The best MRR of both loops on a bundled graph: the epoch is chosen on validation, the figure is the test's."""
    train, valid, test = bundled(name)
    known = np.concatenate([train.rows, valid, test])
    rows = []
    for model in models:
        parts = Task(train, valid, known), Task(train, test, known)
        network, run = stock(parts[0], model, SMALL_BATCH, 0, folder)
        theirs = best(parts, model, network, run)
        epochs = fast(parts[0], model, 0, folder, STOCK_NEGATIVES * 10, SMALL_BATCH)
        mine = best(parts, model, epochs.network, lambda number, epochs=epochs: advance(epochs, number))
        rows.append((model, f"{theirs[1]:.4f}", theirs[0], f"{mine[1]:.4f}", mine[0], f"{mine[1] - theirs[1]:+.4f}"))
        CONSOLE.print(name, *rows[-1])
    headings = ("model", "stock MRR", "epoch", "fast MRR", "epoch", "difference")
    show(f"{name}: test MRR at the best epoch of {SMALL_EPOCHS} on validation", headings, rows)


def best(parts: tuple[Task, Task], model: str, network: Any, run: Callable[[int], object]) -> tuple[int, float]:
    """Epoch and test MRR where the validation MRR is highest."""
    found = (0, 0.0, 0.0)
    for epoch in range(SMALL_STEP, SMALL_EPOCHS + 1, SMALL_STEP):
        run(epoch)
        mrr = parts[0].mrr(network, model)
        if mrr > found[1]:
            found = (epoch, mrr, parts[1].mrr(network, model))
    return found[0], found[2]


def advance(epochs: Epochs, number: int) -> None:
    """Train up to an epoch."""
    while len(epochs.losses) < number and epochs.run_one():
        pass


def cpu_seconds(action: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    start = time.process_time()
    action()
    return time.process_time() - start


def show(title: str, headings: tuple[str, ...], rows: list[Any]) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    CONSOLE.print(table)


if __name__ == "__main__":
    if os.environ.get("OMP_NUM_THREADS") != "1":  # is read when the libraries are loaded, so begin anew
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"OMP_NUM_THREADS": "1"})
    typer.run(main)
