"""What the embedding adds: the blend as `train` learns it with and without vectors, paired, on splits of data sets.

    WHYREC_DATA=… python benchmarks/embedding_tables.py WORK-FOLDER WHAT… [--model M] [--epochs E] [--minutes T]

WHAT is one of::

    example/random, example/cold-items, example/cold-users, example/cold-domain, and the same of any loaded workspace:
        PATH/random …; PATH/random:merge merges products of one audience first
    amazon/0.05     Amazon Sport × Cloth, a fifth of the people new to the target; so many of the others in both
    planted/0       the graph of planted_crossing.py with a seed: nobody in both domains

Vectors are trained on the training part of each split; the pilot that decides on them, on the part weights are learned
on, within it. Where it gives them no say in a domain, the lists are the same and p is 1. p is of a paired bootstrap
over people. Each row is printed when it is there.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import planted_crossing
import sport_cloth
import typer
from numpy.typing import NDArray
from program import whyrec
from rich.console import Console

from embeddings.training.train_vectors import train_vectors
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.vectors import Until, Vectors
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.evaluation.duplicates import DuplicateSearch
from recommender.evaluation.evaluation import evaluate, scorer_of_users
from recommender.learning.fitting import fit_blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split, cold_domain_split, split_by
from recommender.splitting.validation import Kind, validation_kind

HEADINGS = ("what", "domain", "people", "with", "without", "difference", "95 %", "p", "weights", "the pilot", "CPU s")
CONSOLE = Console(width=200)


@dataclass(frozen=True)
class Case:
    """One split and domain; ``left_out``: items that nobody ranks; ``kind``: what weights are learned on."""

    split: Split
    domain: str
    kind: Kind
    left_out: NDArray[np.bool_] | None = None


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and workspaces are made.")],
    what: Annotated[list[str], typer.Argument(help="Data sets and splits.")],
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")] = Path("."),
    model: Annotated[tuple[str, int], typer.Option(help="Of the vectors, and their length.")] = ("TransE", 64),
    epochs: Annotated[int | None, typer.Option(help="Of the vectors, at most.")] = None,
    minutes: Annotated[float, typer.Option(help="Of each training of vectors, at most.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Of splits and vectors.")] = 0,
) -> None:
    """Measure and print."""
    config = TrainingConfig.from_options(model=model[0], dim=model[1], epochs=epochs, minutes=minutes, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    CONSOLE.print("NDCG@10 × 100:", " | ".join(HEADINGS))
    for one in what:
        for case in _cases(one, folder, data, seed):
            start = time.process_time()
            row = [one, case.domain, *_compared(case, config), f"{time.process_time() - start:.0f}"]
            CONSOLE.print(" | ".join(row), soft_wrap=True)
            sys.stdout.flush()


def _cases(what: str, folder: Path, data: Path, seed: int) -> Iterator[Case]:
    name, _, kind = what.rpartition("/")
    if name == "planted":
        shutil.rmtree(folder / "planted", ignore_errors=True)
        planted = planted_crossing.plant(folder / "planted", int(kind))
        for domain, test in planted.test.items():
            yield Case(Split(planted.snapshot, test, {"kind": "planted"}), domain, "last")
    elif name == "amazon":
        yield from _amazon(data / "disencdr_sport_cloth", folder / "amazon", float(kind))
    else:
        kind, _, handling = kind.partition(":")
        snapshot = _example(folder) if name == "example" else Workspace(Path(name)).snapshot()
        left_out = None
        if handling:
            search = DuplicateSearch(snapshot)
            snapshot, left_out = search.handled("merge"), search.becomes("merge") != np.arange(search.catalogue.size)
        for domain in snapshot.schema.domains:
            split = split_by(snapshot, kind, 0.5 if kind == "cold-domain" else 0.2, seed, domain)
            yield Case(split, domain, validation_kind(kind), left_out)


def _example(folder: Path) -> Snapshot:
    if not (folder / "example").exists():
        whyrec(None, "init", str(folder / "example"), "--example")
        whyrec(folder / "example", "load")
    return Workspace(folder / "example").snapshot()


def _amazon(source: Path, folder: Path, shared: float) -> Iterator[Case]:
    place = folder / "workspace"
    snapshot = Workspace(place).snapshot() if place.exists() else sport_cloth.loaded(source, folder)
    search = DuplicateSearch(snapshot)
    left_out = search.becomes("drop") != np.arange(search.catalogue.size)
    for domain in ("cloth", "sport"):
        split = cold_domain_split(search.handled("drop"), domain, 0.2, 0)
        yield Case(sport_cloth.fewer_shared(split, domain, shared), domain, "random", left_out)


def _compared(case: Case, config: TrainingConfig) -> list[str]:
    """Both blends on one split and domain."""

    def trained(snapshot: Snapshot, folder: Path, *, until: Until) -> Vectors:
        return train_vectors(snapshot, config, folder, until=until)

    train, domain = case.split.train, case.domain
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fitted = fit_blend(train, folder / "fitting", config.seed, trained, kind=case.kind)
        scorer = fitted.scorer(train, folder / "kernels", fitted.vectors(trained, train, folder / "vectors"))
        alone = Scorer(scorer.snapshot, scorer.kernels, fitted.without_embedding or fitted.blend, None)
        models = {"with": scorer_of_users(scorer), "without": scorer_of_users(alone)}
        result = evaluate(case.split, models, 10, domain, left_out=case.left_out)
    ndcg = [f"{100 * result.models[label]['ndcg']['mean']:.2f}" for label in models]
    (one,) = result.comparisons
    interval = f"[{100 * one.low:+.2f}, {100 * one.high:+.2f}]"
    weights = [getattr(fitted.blend, of).get(domain) for of in ("cold", "told")]
    shown = [fitted.blend.embedding.get(domain, 0.0), *(one.embedding if one else 0.0 for one in weights)]
    tried = [one.embedding for one in fitted.reports if one.domain == domain and one.embedding]
    said = ", ".join(f"{100 * one.gain:+.2f} (p {one.p:.3f})" for one in tried)
    told = " / ".join(f"{weight:.3f}" for weight in shown)
    return [f"{result.users:,}", *ndcg, f"{100 * one.mean:+.2f}", interval, f"{one.p:.3f}", told, said]


if __name__ == "__main__":
    typer.run(main)
