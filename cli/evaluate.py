"""``whyrec evaluate``: ranking metrics on held-out interactions, beside the baselines."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DebugOption, DomainOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from cli.recommender import current_snapshot
from embeddings.vectors import Vectors
from kg.document import nearest
from kg.errors import UsageError
from kg.snapshot import Snapshot
from kg.workspace import Workspace
from recommender.baselines import baselines
from recommender.blend import default_blend
from recommender.evaluation import Evaluation, evaluate, scorer_of_users
from recommender.kernels import KernelConfig, Kernels
from recommender.metapaths import enumerate_metapaths
from recommender.model import ModelManifest, read_manifest
from recommender.scorer import Scorer
from recommender.splitting import (
    Split,
    cold_domain_split,
    cold_items_split,
    cold_users_split,
    file_split,
    last_split,
    random_split,
    temporal_split,
)

app = typer.Typer(add_completion=False)
SPLITS = ("random", "last", "temporal", "cold-users", "cold-items", "cold-domain")
SHOWN = ("ndcg", "recall", "hit_rate", "precision", "mrr")


@app.command("evaluate")
def evaluate_command(
    ctx: typer.Context,
    test: Annotated[Path | None, typer.Option(help="Test on these pairs: CSV with user_id,item_id.")] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Length of the lists.")] = 10,
    holdout: Annotated[float, typer.Option(min=0, max=1, help="Fraction to hold out.")] = 0.2,
    split: Annotated[str, typer.Option(help=", ".join(SPLITS))] = "random",
    domain: DomainOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the split.", metavar="S")] = 0,
    no_embeddings: Annotated[bool, typer.Option("--no-embeddings", help="Leave the embedding term out.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Hold interactions out, learn from the rest, rank all items, and measure; baselines beside.

    Examples: whyrec evaluate --k 10 · whyrec evaluate --split cold-domain --domain cosmetics --holdout 0.5
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    snapshot = current_snapshot(workspace, output)
    chosen = _split(snapshot, test, (split, holdout, seed), domain)
    if not chosen.test:
        raise UsageError("no user has an interaction to hold out; try another --split, or a larger --holdout")
    manifest = None if no_embeddings else read_manifest(workspace.model)
    result = _evaluate(workspace, chosen, manifest, (k, domain), output)
    if not output.document(result):
        _show(output, result)


def _split(snapshot: Snapshot, test: Path | None, how: tuple[str, float, int], domain: str | None) -> Split:
    kind, fraction, seed = how
    if test is not None:
        return file_split(snapshot, _pairs(test))
    if kind == "cold-domain":
        if domain is None:
            raise UsageError("--split cold-domain hides one domain; name it with --domain")
        return cold_domain_split(snapshot, domain, fraction, seed)
    if kind == "random":
        return random_split(snapshot, fraction, seed)
    if kind == "last":
        return last_split(snapshot)
    if kind == "temporal":
        return temporal_split(snapshot, fraction)
    if kind == "cold-users":
        return cold_users_split(snapshot, fraction, seed)
    if kind == "cold-items":
        return cold_items_split(snapshot, fraction, seed)
    raise UsageError(f"unknown split {kind!r}; {nearest(kind, list(SPLITS))}")


def _pairs(path: Path) -> list[tuple[str, str]]:
    import polars as pl  # only --test reads a file

    try:
        frame = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as problem:
        raise UsageError(f"{path}: cannot be read as CSV: {problem}") from None
    missing = {"user_id", "item_id"} - set(frame.columns)
    if missing:
        raise UsageError(f"{path}: no column {', '.join(sorted(missing))}; found: {', '.join(frame.columns)}")
    return [(str(user), str(item)) for user, item in frame.select("user_id", "item_id").unique().sort("user_id").rows()]


def _evaluate(
    workspace: Workspace,
    split: Split,
    manifest: ModelManifest | None,
    task: tuple[int, str | None],
    output: Output,
) -> Evaluation:
    """Build everything anew from the training part alone: kernels, vectors, popularity, baselines."""
    with tempfile.TemporaryDirectory(dir=workspace.folder, prefix=".evaluation-") as folder:
        kernels = Kernels(split.train, manifest.kernels if manifest else KernelConfig(), Path(folder) / "kernels")
        metapaths = enumerate_metapaths(split.train.schema)
        vectors = _vectors(split.train, manifest, Path(folder), output)
        blend = (
            manifest.blend if manifest else default_blend(split.train.schema, metapaths, embedding=vectors is not None)
        )
        scorer = Scorer(split.train, kernels, blend, vectors)
        models = {"whyrec": scorer_of_users(scorer), **baselines(split.train)}
        with output.progress() as progress:
            tasks = {name: progress.add_task(name, total=len(split.test), note="") for name in models}
            return evaluate(split, models, *task, lambda name, users: progress.advance(tasks[name], users))


def _vectors(train: Snapshot, manifest: ModelManifest | None, folder: Path, output: Output) -> Vectors | None:
    """Vectors that have not seen the held-out part, trained like those of the model."""
    if manifest is None or manifest.training is None:
        return None
    from embeddings.training import train_vectors  # PyKEEN takes seconds to import

    output.notices(["training vectors on the training part alone; --no-embeddings leaves them out"])
    return train_vectors(train, manifest.training, folder / "vectors")


def _show(output: Output, result: Evaluation) -> None:
    rows = [
        [name, *(f"{m[s]['mean']:.4f} [{m[s]['low']:.4f}, {m[s]['high']:.4f}]" for s in SHOWN), f"{m['coverage']:.2f}"]
        for name, m in result.models.items()
    ]
    title = f"{result.users:,} users, lists of {result.k}, split {result.split}"
    output.table(title, ("model", *SHOWN, "coverage"), rows, right=" ".join((*SHOWN, "coverage")))
    for one in result.comparisons:
        verdict = f"{one.mean:+.4f} [{one.low:+.4f}, {one.high:+.4f}], p = {one.p:.3f}"
        output.line(f"NDCG, {one.first} − {one.second}: {verdict}")
