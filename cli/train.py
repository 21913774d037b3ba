"""``whyrec train``: store → snapshot → kernels → vectors → model."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from cli.progress import Bars
from cli.recommender import build_kernels
from embeddings.vectors.config import CHECKPOINT, MODELS, TrainingConfig
from embeddings.vectors.vectors import Vectors
from kg.errors import ModelError
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.learning.blend_learning import DomainReport
from recommender.learning.carry_over import FOLDED, keep_vocabulary
from recommender.learning.fitting import Fitted, fit_blend
from recommender.learning.model import VECTORS, ModelManifest, read_manifest, save_manifest
from whyrec.opening import refreshed

app = typer.Typer(add_completion=False)
PATHS_ONLY = "paths"
MANY_TRIPLES, FEWER_EPOCHS = 100_000, 10
SCORERS_SHOWN = 12
Display = tuple[Output, Progress]
ValidationOption = Annotated[
    float | None,
    typer.Option(
        help="Part of the triples held out to stop early and to calibrate, at most 2,000 triples; 0.05. 0: none.",
        metavar="V",
    ),
]
CandidatesOption = Annotated[
    str | None,
    typer.Option(help="What an entity is told from: others of its type (type, the default), or all.", metavar="C"),
]


@app.command()
def train(
    ctx: typer.Context,
    model: Annotated[str, typer.Option(help=f"Any of {', '.join(MODELS)}.", metavar="M")] = "TransE",
    dim: Annotated[int, typer.Option(min=1, help="Dimension of the vectors.", metavar="D")] = 64,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Passes over all triples at most, validation may stop earlier; 50, or 10 of a slow model where there "
            "are over 100,000 triples.",
            metavar="E",
        ),
    ] = None,
    validation: ValidationOption = None,
    candidates: CandidatesOption = None,
    no_embeddings: Annotated[bool, typer.Option("--no-embeddings", help="Paths and popularity only.")] = False,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same vectors on a CPU.", metavar="S")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an interrupted training stopped.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Bring snapshot, kernels and vectors up to date with the store; what is up to date is skipped.

    Example: whyrec -w demo train --model RotatE --dim 64 --epochs 100
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    options = {"model": model, "dim": dim, "epochs": epochs, "seed": seed}
    options |= {"validation": validation, "candidates": candidates}
    wanted = None if no_embeddings else TrainingConfig.from_options(**options)
    snapshot, taken = _refresh(workspace, output)
    if wanted is not None and epochs is None and wanted.loop != "products":
        few = sum(snapshot.manifest.triples.values()) <= MANY_TRIPLES
        wanted = wanted if few else TrainingConfig.from_options(**{**options, "epochs": FEWER_EPOCHS})
    manifest = _earlier(workspace, output)
    done = manifest is not None and manifest.snapshot == snapshot.hash and manifest.training == wanted
    if not done:
        manifest = _train(workspace, snapshot, wanted, resume, output)
    assert manifest is not None
    kernels = build_kernels(workspace, snapshot, output)
    document = {
        "model": {"name": manifest.name, "snapshot": manifest.snapshot, "trained": True},
        "snapshot_taken": taken,
        "kernels_made": kernels,
        "vectors_trained": not done and not no_embeddings,
        "entities": snapshot.vocabulary.size,
        "relations": len(snapshot.manifest.triples),
        "triples": sum(snapshot.manifest.triples.values()),
        "blend": manifest.blend.model_dump(),
        "learning": [report.model_dump() for report in manifest.learning],
    }
    if not output.document(document):
        _show(output, document, manifest, done)


def _earlier(workspace: Workspace, output: Output) -> ModelManifest | None:
    try:
        return read_manifest(workspace.model)
    except ModelError as problem:
        output.notices([f"{problem} – doing so"])
        return None


def _refresh(workspace: Workspace, output: Output) -> tuple[Snapshot, bool]:
    with Bars(output) as bars:
        return refreshed(workspace, bars)


def _train(
    workspace: Workspace, snapshot: Snapshot, wanted: TrainingConfig | None, resume: bool, output: Output
) -> ModelManifest:
    """Train the vectors, learn the blend on a validation part, and save both as the model."""
    name = PATHS_ONLY
    with output.progress() as progress:
        if wanted is not None:
            name = f"{wanted.model}-{wanted.dim}"
            with _resumable(workspace.model / VECTORS, output):
                _train_vectors(snapshot, wanted, workspace.model / VECTORS, resume, (output, progress), "all triples")
        fitted = _fit(workspace, snapshot, wanted, (output, progress))
    manifest = ModelManifest(
        name=name,
        snapshot=snapshot.hash,
        blend=fitted.blend,
        kernels=fitted.kernels,
        learning=fitted.reports,
        training=wanted,
    )
    shutil.rmtree(workspace.model / FOLDED, ignore_errors=True)
    keep_vocabulary(workspace.model, snapshot)
    save_manifest(workspace.model, manifest)
    return manifest


@contextmanager
def _resumable(folder: Path, output: Output) -> Iterator[None]:
    """Says how to go on where training is interrupted and has left a checkpoint."""
    try:
        yield
    except KeyboardInterrupt:
        if (folder / CHECKPOINT).exists():
            output.notices(["the same command with --resume goes on from the last checkpoint; without, it starts anew"])
        raise


def _train_vectors(
    snapshot: Snapshot, config: TrainingConfig, folder: Path, resume: bool, display: Display, what: str
) -> Vectors:
    from embeddings.training.train_vectors import Epoch, train_vectors  # PyKEEN takes seconds to import

    output, progress = display
    task = progress.add_task(f"Training {config.model}", total=config.epochs, note="")

    def show(epoch: Epoch) -> None:
        note = f"loss {epoch.loss:.4f}, {epoch.triples_per_second:,.0f} triples/s"
        if epoch.curve:
            note += f", MRR {epoch.curve[-1]:.4f} (best {max(epoch.curve):.4f}, epoch {epoch.best})"
        progress.update(task, completed=epoch.number, note=note)

    vectors = train_vectors(snapshot, config, folder, show, resume, lambda text: output.notices([text]))
    progress.update(task, total=len(vectors.manifest.losses))
    text = f"{config.model} on {what}: {vectors.manifest.triples_per_second:,.0f} triples/s"
    if curve := vectors.manifest.curve:
        path = " ".join(f"{mrr:.3f}" for mrr in curve)
        text += f"; validation MRR by epoch {path}; epoch {vectors.manifest.best_epoch} is kept"
    output.notices([text])
    return vectors


def _fit(workspace: Workspace, snapshot: Snapshot, wanted: TrainingConfig | None, display: Display) -> Fitted:
    """Learn the blend, on kernels and vectors that have not seen the validation part."""
    progress = display[1]
    task = progress.add_task("Fitting the blend", total=None, note="")

    def show(stage: str, done: int, total: int | None, note: str = "") -> None:
        progress.update(task, description=stage, completed=done, total=total, note=note)

    def vectors(train: Snapshot, folder: Path) -> Vectors:
        assert wanted is not None
        return _train_vectors(train, wanted, folder, False, display, "the blend's training part")

    with tempfile.TemporaryDirectory(dir=workspace.folder, prefix=".fitting-") as folder:
        seed = wanted.seed if wanted else 0
        fitted = fit_blend(snapshot, Path(folder), seed, vectors if wanted else None, show)
    progress.update(task, completed=1, total=1, note="")
    return fitted


def _show(output: Output, document: dict[str, Any], manifest: ModelManifest, done: bool) -> None:
    model = document["model"]["name"]
    state = "was up to date already" if done else "is ready"
    output.line(
        f"Model {model} {state}: {document['entities']:,} entities, {document['relations']} relations, "
        f"{document['triples']:,} triples; snapshot {document['model']['snapshot'][:12]}, "
        f"{document['kernels_made']} kernels made."
    )
    for domain in manifest.learning:
        _show_domain(output, manifest, domain)
    output.line("Next: whyrec recommend USER")


def _show_domain(output: Output, manifest: ModelManifest, report: DomainReport) -> None:
    """The weights of one domain, and what each adds on validation."""
    verdict = "learned weights kept" if report.kept else "default weights kept: learned ones are not surely better"
    if report.only_popularity:
        verdict = "popularity alone: nothing is surely better"
    figures = f"NDCG@10 on held-back validation users {report.before:.4f} → {report.after:.4f} (p = {report.p:.3f})"
    blend = manifest.blend.for_audience(report.domain, report.audience)
    weights = {**blend.metapaths, "embedding": blend.embedding.get(report.domain, 0.0)}
    weights["popularity"] = blend.popularity.get(report.domain, 0.0)
    names = shown_scorers(report.adds)
    rows = [(name, f"{weights[name]:.4f}", f"{report.adds[name]:+.4f}") for name in names]
    whom = f"{report.domain}, people new to it" if report.cold else report.domain
    title = f"{whom}, {report.users:,} validation rankings: {verdict}. {figures}"
    output.table(title, ("scorer", "weight", "adds"), rows, right="weight adds")
    if len(report.adds) > len(names):
        output.line(f"… and {len(report.adds) - len(names)} more; --json has them all")


def shown_scorers(adds: Mapping[str, float]) -> list[str]:
    """The scorers that add most on validation, and the embedding, however little it adds."""
    names = sorted(adds, key=lambda name: -adds[name])
    return [name for place, name in enumerate(names) if place < SCORERS_SHOWN or name == "embedding"]
