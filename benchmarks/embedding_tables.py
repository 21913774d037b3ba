"""What the embedding adds: the same blend learned with and without it, paired, on splits of one or more workspaces.

    python benchmarks/embedding_tables.py WORKSPACE… [--splits random,cold-items,cold-users,cold-domain] [--model M]

Each workspace is loaded already. Vectors are trained on the training part of each split, and once more on the part that
weights are learned on; weight 0 is allowed, and shown. p is of a paired bootstrap over people.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from embeddings.training.train_vectors import train_vectors
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.vectors import Judge, Vectors
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.evaluation.evaluation import evaluate, scorer_of_users
from recommender.kernels.path_kernels import Kernels
from recommender.learning.fitting import fit_blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split, split_by

CONSOLE = Console(width=150)


def main(
    workspaces: Annotated[list[Path], typer.Argument(help="Loaded workspaces.")],
    splits: Annotated[str, typer.Option(help="Kinds of splits.")] = "random,cold-items,cold-users,cold-domain",
    model: Annotated[str, typer.Option(help="Of the vectors.")] = "TransE",
    dim: Annotated[int, typer.Option(help="Of the vectors.")] = 64,
    epochs: Annotated[int | None, typer.Option(help="Of the vectors.")] = None,
    seed: Annotated[int, typer.Option(help="Of splits and vectors.")] = 0,
) -> None:
    """Measure and print."""
    config = TrainingConfig.from_options(model=model, dim=dim, epochs=epochs, seed=seed)
    headings = ("with", "without", "difference", "95 %", "p", "weight of the embedding")
    table = Table("workspace", "split", "domain", "people", *headings, title="NDCG@10 × 100", title_justify="left")
    for folder in workspaces:
        workspace = Workspace(folder)
        snapshot = workspace.snapshot()
        for kind in splits.split(","):
            for domain in snapshot.schema.domains:
                if kind == "cold-domain" and len(snapshot.schema.domains) < 2:
                    continue
                split = split_by(snapshot, kind, 0.5 if kind == "cold-domain" else 0.2, seed, domain)
                table.add_row(folder.name, kind, domain, *_compared(split, domain, config))
    CONSOLE.print(table)


def _compared(split: Split, domain: str, config: TrainingConfig) -> list[str]:
    """Both blends on one split and domain."""

    def trained(snapshot: Snapshot, folder: Path, *, judge: Judge | None = None, last: int | None = None) -> Vectors:
        return train_vectors(snapshot, config, folder, judge=judge, last=last)

    with tempfile.TemporaryDirectory() as name:
        folder, models, weights = Path(name), {}, ""
        for label, vectors in (("with", trained), ("without", None)):
            fitted = fit_blend(split.train, folder / f"fitting-{label}", config.seed, vectors)
            shutil.rmtree(folder / f"fitting-{label}")
            kernels = Kernels(split.train, fitted.kernels, folder / label)
            found = fitted.vectors(vectors, split.train, folder / "vectors")
            models[label] = scorer_of_users(Scorer(split.train, kernels, fitted.blend, found))
            if vectors:
                cold = [getattr(fitted.blend, one).get(domain) for one in ("cold", "told")]
                shown = [fitted.blend.embedding.get(domain, 0.0), *(one.embedding if one else 0.0 for one in cold)]
                weights = " / ".join(f"{weight:.3f}" for weight in shown)
        result = evaluate(split, models, 10, domain)
    ndcg = [f"{100 * result.models[label]['ndcg']['mean']:.2f}" for label in models]
    (one,) = result.comparisons
    interval = f"[{100 * one.low:+.2f}, {100 * one.high:+.2f}]"
    return [f"{result.users:,}", *ndcg, f"{100 * one.mean:+.2f}", interval, f"{one.p:.3f}", weights]


if __name__ == "__main__":
    typer.run(main)
