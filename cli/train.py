"""``whyrec train``: store → snapshot → kernels → vectors → model."""

from typing import Annotated, Any

import typer

from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from cli.recommender import build_kernels
from embeddings.vectors import TrainingConfig
from kg.snapshot import Snapshot
from kg.workspace import Workspace
from recommender.blend import default_blend
from recommender.metapaths import enumerate_metapaths
from recommender.model import VECTORS, ModelManifest, read_manifest, save_manifest

app = typer.Typer(add_completion=False)
PATHS_ONLY = "paths"
MANY_TRIPLES, FEWER_EPOCHS = 100_000, 10


@app.command()
def train(
    ctx: typer.Context,
    model: Annotated[str, typer.Option(help="TransE, DistMult, ComplEx or RotatE.", metavar="M")] = "TransE",
    dim: Annotated[int, typer.Option(min=1, help="Dimension of the vectors.", metavar="D")] = 64,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Passes over all triples; 50, or 10 where there are over 100,000 triples.", metavar="E"
        ),
    ] = None,
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
    wanted = None if no_embeddings else TrainingConfig.from_options(**options)
    snapshot, taken = _refresh(workspace, output)
    if wanted is not None and epochs is None and sum(snapshot.manifest.triples.values()) > MANY_TRIPLES:
        wanted = TrainingConfig.from_options(**{**options, "epochs": FEWER_EPOCHS})
    manifest = read_manifest(workspace.model)
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
    }
    if not output.document(document):
        _show(output, document, done)


def _refresh(workspace: Workspace, output: Output) -> tuple[Snapshot, bool]:
    store = workspace.open_store(read_only=True)
    try:
        with output.progress() as progress:
            task = progress.add_task("Snapshot", total=None, note="")
            return workspace.refresh(store, lambda name, rows: progress.update(task, note=f"{name}: {rows:,}"))
    finally:
        store.close()


def _train(
    workspace: Workspace, snapshot: Snapshot, wanted: TrainingConfig | None, resume: bool, output: Output
) -> ModelManifest:
    name = PATHS_ONLY
    if wanted is not None:
        name = _train_vectors(workspace, snapshot, wanted, resume, output)
    metapaths = enumerate_metapaths(snapshot.schema)
    manifest = ModelManifest(
        name=name,
        snapshot=snapshot.hash,
        blend=default_blend(metapaths, embedding=wanted is not None),
        training=wanted,
    )
    save_manifest(workspace.model, manifest)
    return manifest


def _train_vectors(
    workspace: Workspace, snapshot: Snapshot, config: TrainingConfig, resume: bool, output: Output
) -> str:
    from embeddings.training import Epoch, train_vectors  # PyKEEN takes seconds to import

    with output.progress() as progress:
        task = progress.add_task(f"Training {config.model}", total=config.epochs, note="")

        def show(epoch: Epoch) -> None:
            note = f"loss {epoch.loss:.4f}, {epoch.triples_per_second:,.0f} triples/s"
            progress.update(task, completed=epoch.number, note=note)

        train_vectors(snapshot, config, workspace.model / VECTORS, show, resume, lambda text: output.notices([text]))
    return f"{config.model}-{config.dim}"


def _show(output: Output, document: dict[str, Any], done: bool) -> None:
    model = document["model"]["name"]
    state = "was up to date already" if done else "is ready"
    output.line(
        f"Model {model} {state}: {document['entities']:,} entities, {document['relations']} relations, "
        f"{document['triples']:,} triples; snapshot {document['model']['snapshot'][:12]}, "
        f"{document['kernels_made']} kernels made."
    )
    off = "; the embedding term is off" if model == PATHS_ONLY else ""
    output.line(f"Blend weights are the defaults{off}. Next: whyrec recommend USER")
