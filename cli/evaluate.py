"""``whyrec evaluate``: ranking metrics on held-out interactions, beside the baselines."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DebugOption, DomainOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from cli.recommender import current_snapshot
from embeddings.vectors import TrainingConfig
from kg.document import nearest
from kg.errors import UsageError
from kg.snapshot import Snapshot
from kg.workspace import Workspace
from recommender.baselines import baselines
from recommender.blend import Blend, default_blend
from recommender.evaluation import Evaluation, evaluate, scorer_of_users
from recommender.fitting import TrainVectors, fit_blend
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
    result = _evaluate(workspace, chosen, no_embeddings, (k, domain), output)
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
    workspace: Workspace, split: Split, no_embeddings: bool, task: tuple[int, str | None], output: Output
) -> Evaluation:
    """Build everything anew from the training part alone: kernels, vectors, popularity, weights, baselines."""
    manifest = read_manifest(workspace.model)
    training = None if manifest is None or no_embeddings else manifest.training
    with tempfile.TemporaryDirectory(dir=workspace.folder, prefix=".evaluation-") as folder:
        kernels = Kernels(split.train, manifest.kernels if manifest else KernelConfig(), Path(folder) / "kernels")
        vectors = _train_vectors(training, output) if training else None
        blend = _blend(split, manifest, vectors, Path(folder) / "fitting", output)
        found = vectors(split.train, Path(folder) / "vectors") if vectors else None
        models = {
            "whyrec": scorer_of_users(Scorer(split.train, kernels, blend, found)),
            **baselines(split.train),
        }
        with output.progress() as progress:
            tasks = {name: progress.add_task(name, total=len(split.test), note="") for name in models}
            return evaluate(split, models, *task, lambda name, users: progress.advance(tasks[name], users))


def _train_vectors(config: TrainingConfig, output: Output) -> TrainVectors:
    """Vectors that have not seen the held-out part, trained like those of the model."""
    from embeddings.training import train_vectors  # PyKEEN takes seconds to import

    output.notices(["training vectors on the training part alone; --no-embeddings leaves them out"])
    return lambda snapshot, folder: train_vectors(snapshot, config, folder)


def _blend(
    split: Split, manifest: ModelManifest | None, vectors: TrainVectors | None, folder: Path, output: Output
) -> Blend:
    """Default weights without a model; the model's where the whole graph is the training part; else learned anew,
    for the model's have seen what is tested on."""
    train = split.train
    if manifest is None:
        output.notices(["no model is trained: default weights are evaluated; `whyrec train` learns better ones"])
        return default_blend(train.schema, enumerate_metapaths(train.schema), embedding=False)
    if split.description.get("taken_out") == 0 and (vectors is not None) == (manifest.training is not None):
        return manifest.blend
    output.notices(["learning the weights anew on the training part alone"])
    return fit_blend(train, folder, manifest.training.seed if manifest.training else 0, vectors)[0]


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
