"""``whyrec evaluate``: ranking metrics on held-out interactions, beside the baselines."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import numpy as np
import typer
from numpy.typing import NDArray

from cli.explanation_quality import explanation_quality, show_explanations
from cli.options import DebugOption, DomainOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from cli.recommender import current_snapshot
from embeddings.vectors.vectors import TrainingConfig
from kg.errors import UsageError
from kg.workspace.workspace import Workspace
from recommender.evaluation.baselines import baselines
from recommender.evaluation.duplicates import Duplicates, DuplicateSearch, Handling
from recommender.evaluation.evaluation import Evaluation, evaluate, scorer_of_users, task_of
from recommender.evaluation.leakage import check_leaks
from recommender.evaluation.tuning import tune_baselines
from recommender.kernels.metapaths import enumerate_metapaths
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.fitting import TrainVectors, fit_blend
from recommender.learning.model import ModelManifest, read_manifest
from recommender.scoring.blend import Blend, default_blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import SPLITS, Split, file_split, split_by

app = typer.Typer(add_completion=False)
SHOWN = ("ndcg", "recall", "hit_rate", "precision", "mrr")
BEYOND = ("coverage", "gini", "novelty", "intra_list_distance")
HANDLED = {
    "keep": "They are kept, and figures may owe much to them: --duplicates drop leaves them out, merge joins them.",
    "drop": "They are left out.",
    "merge": "Each group is merged into its first item.",
}
GROUPS_SHOWN, ITEMS_SHOWN = 5, 4


@dataclass(frozen=True)
class _Asked:
    """What is measured and how. ``left_out``: mask of items nobody ranks, ``None`` where all duplicates are kept."""

    k: int
    domain: str | None
    embeddings: bool
    tuned: bool
    seed: int
    left_out: NDArray[np.bool_] | None


@app.command("evaluate")
def evaluate_command(
    ctx: typer.Context,
    test: Annotated[Path | None, typer.Option(help="Test on these pairs: CSV with user_id,item_id.")] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Length of the lists.")] = 10,
    holdout: Annotated[float, typer.Option(min=0, max=1, help="Fraction to hold out.")] = 0.2,
    split: Annotated[str, typer.Option(help=", ".join(SPLITS))] = "random",
    domain: DomainOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the split.", metavar="S")] = 0,
    duplicates: Annotated[
        str, typer.Option(help="Probable duplicates: keep, drop (leave out) or merge them.", metavar="keep|drop|merge")
    ] = "keep",
    no_embeddings: Annotated[bool, typer.Option("--no-embeddings", help="Leave the embedding term out.")] = False,
    no_tuning: Annotated[bool, typer.Option("--no-tuning", help="Baselines with default parameters.")] = False,
    explanations: Annotated[
        bool, typer.Option("--explanations", help="Measure the explanations of the model too: real, needed, varied.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Hold interactions out, learn from the rest, rank all items, and measure; tuned baselines beside.

    Probable duplicates, items of one audience or label, are listed first: figures may owe much to them.

    Examples: whyrec evaluate --k 10 · whyrec evaluate --split cold-domain --domain cosmetics --holdout 0.5
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    if duplicates not in HANDLED:
        raise UsageError(f"--duplicates {duplicates!r}: expected keep, drop or merge")
    handling = cast("Handling", duplicates)
    search = DuplicateSearch(current_snapshot(workspace, output))
    found = search.report(handling)
    if not as_json:
        _show_duplicates(output, found)
    pairs = None if test is None else search.renamed(_pairs(test), handling)
    whole = search.handled(handling)
    chosen = split_by(whole, split, holdout, seed, domain) if pairs is None else file_split(whole, pairs)
    if not chosen.test:
        raise UsageError("no user has an interaction to hold out; try another --split, or a larger --holdout")
    changed = search.becomes(handling) != np.arange(search.catalogue.size)
    asked = _Asked(k, domain, not no_embeddings, not no_tuning, seed, changed if changed.any() else None)
    quality = explanation_quality(workspace, k, domain, seed, output) if explanations else None
    result = _evaluate(workspace, chosen, asked, output)
    result = result.model_copy(update={"duplicates": found, "explanations": quality})
    if not output.document(result):
        _show(output, result)
        if quality:
            show_explanations(output, quality)


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


def _evaluate(workspace: Workspace, split: Split, asked: _Asked, output: Output) -> Evaluation:
    """Build everything anew from the training part alone: kernels, vectors, popularity, weights, baselines."""
    manifest = read_manifest(workspace.model)
    training = manifest.training if manifest is not None and asked.embeddings else None
    with tempfile.TemporaryDirectory(dir=workspace.folder, prefix=".evaluation-") as folder:
        vectors = _train_vectors(training, output) if training else None
        config, blend = _weights(split, manifest, vectors, (Path(folder) / "fitting", asked.left_out is None), output)
        kernels = Kernels(split.train, config, Path(folder) / "kernels")
        found = vectors(split.train, Path(folder) / "vectors") if vectors else None
        scorer = Scorer(split.train, kernels, blend, found)
        check_leaks(split, [scorer])
        tuned = _tuned(split, asked, output) if asked.tuned else {}
        models = {"whyrec": scorer_of_users(scorer), **baselines(split.train, tuned)}
        with output.progress() as progress:
            tasks = {name: progress.add_task(name, total=len(split.test), note="") for name in models}
            result = evaluate(
                split,
                models,
                asked.k,
                asked.domain,
                lambda name, users: progress.advance(tasks[name], users),
                asked.left_out,
            )
        return result.model_copy(update={"tuned": tuned})


def _tuned(split: Split, asked: _Asked, output: Output) -> dict[str, dict[str, float]]:
    """Parameters of the baselines, chosen on a validation part of the training part."""
    with output.progress() as progress:
        task = progress.add_task("Tuning baselines", total=None, note="")

        def show(name: str, number: int, total: int) -> None:
            progress.update(task, completed=number - 1, total=total, note=name)

        return tune_baselines(split, asked.k, task_of(split, asked.domain, asked.left_out)[0], asked.seed, show)


def _train_vectors(config: TrainingConfig, output: Output) -> TrainVectors:
    """Vectors that have not seen the held-out part, trained like those of the model."""
    from embeddings.training.train_vectors import train_vectors  # PyKEEN takes seconds to import

    output.notices(["training vectors on the training part alone; --no-embeddings leaves them out"])
    return lambda snapshot, folder: train_vectors(snapshot, config, folder)


def _weights(
    split: Split,
    manifest: ModelManifest | None,
    vectors: TrainVectors | None,
    how: tuple[Path, bool],
    output: Output,
) -> tuple[KernelConfig, Blend]:
    """Default weights without a model; the model's where the whole graph is the training part; else learned anew,
    for the model's have seen what is tested on.

    :param how: a folder to learn in, and whether all items are there as in the model's graph.
    """
    train, (folder, whole) = split.train, how
    if manifest is None:
        output.notices(["no model is trained: default weights are evaluated; `whyrec train` learns better ones"])
        return KernelConfig(), default_blend(train.schema, enumerate_metapaths(train.schema), embedding=False)
    if whole and split.description.get("taken_out") == 0 and (vectors is not None) == (manifest.training is not None):
        return manifest.kernels, manifest.blend
    output.notices(["learning the weights anew on the training part alone"])
    fitted = fit_blend(train, folder, manifest.training.seed if manifest.training else 0, vectors)
    return fitted.kernels, fitted.blend


def _show_duplicates(output: Output, found: Duplicates) -> None:
    """Before any figure: what may flatter them."""
    if not found.groups:
        output.line("Probable duplicates: none.")
        return
    output.line(
        f"Probable duplicates: {found.groups:,} groups of {found.items:,} items with {found.interactions:.1%} of all "
        f"interactions ({found.by_audience:,} of one audience, {found.by_label:,} of one label, "
        f"{found.across_domains:,} across domains).",
        style="yellow",
    )
    for group in found.first[:GROUPS_SHOWN]:
        named = ", ".join(f"{item.label} ({item.type} {item.id})" for item in group.items[:ITEMS_SHOWN])
        more = f" and {len(group.items) - ITEMS_SHOWN:,} more" if len(group.items) > ITEMS_SHOWN else ""
        output.line(f"  same {' and '.join(group.by)}: {named}{more}")
    output.line(HANDLED[found.handling])
    output.line()


def _show(output: Output, result: Evaluation) -> None:
    rows = [
        [name, *(f"{m[s]['mean']:.4f} [{m[s]['low']:.4f}, {m[s]['high']:.4f}]" for s in SHOWN)]
        for name, m in result.models.items()
    ]
    output.notices(result.notes)
    title = f"{result.users:,} users, lists of {result.k}, split {result.split}"
    output.table(title, ("model", *SHOWN), rows, right=" ".join(SHOWN))
    beyond = [
        [name, *(f"{m[s]['mean'] if isinstance(m[s], dict) else m[s]:.3f}" if s in m else "–" for s in BEYOND)]
        for name, m in result.models.items()
    ]
    output.table("Beyond accuracy", ("model", *BEYOND), beyond, right=" ".join(BEYOND))
    for name, parameters in result.tuned.items():
        output.line(f"{name}, tuned: " + ", ".join(f"{key} {value:g}" for key, value in parameters.items()))
    for one in result.comparisons:
        verdict = f"{one.mean:+.4f} [{one.low:+.4f}, {one.high:+.4f}], p = {one.p:.3f}"
        output.line(f"NDCG, {one.first} − {one.second}: {verdict}")
