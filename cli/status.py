"""``whyrec status``: what is there, what is stale, what to do next."""

from typing import Any

import typer

from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from kg.errors import SnapshotError
from kg.k_anonymity import shown_count
from kg.stores.store import Store
from kg.workspace.workspace import Workspace
from recommender.learning.carry_over import seen_vocabulary
from recommender.learning.model import read_manifest

app = typer.Typer(add_completion=False)


@app.command()
def status(
    ctx: typer.Context, as_json: JsonOption = False, quiet: QuietOption = False, debug: DebugOption = False
) -> None:
    """Show store, snapshot and model, what is stale, and the next step.

    Example: whyrec -w demo status --json
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    document = _document(workspace)
    if not output.document(document):
        _show(output, document)


def _document(workspace: Workspace) -> dict[str, Any]:
    store, revision = _store(workspace)
    snapshot = _snapshot(workspace, revision)
    model = _model(workspace, snapshot)
    return {
        "workspace": str(workspace.folder),
        "store": store,
        "snapshot": snapshot,
        "model": model,
        "next": _next(workspace, revision, snapshot, model),
    }


def _store(workspace: Workspace) -> tuple[dict[str, Any], str | None]:
    store: Store = workspace.open_store(read_only=True)
    try:
        entities, triples = store.count_entities(), store.count_triples()
        told = {"entities": _told(workspace, entities), "triples": _told(workspace, triples)}
        return {"url": store.url, **told}, store.revision()
    finally:
        store.close()


def _told(workspace: Workspace, counts: dict[str, int]) -> dict[str, int | str]:
    """Counts of types or relations; of people, and of what they did, not where they are few."""
    schema, k = workspace.schema, workspace.settings.privacy.k
    ends = {name: (name,) for name in schema.entity} | {name: schema.ends(name) for name in schema.relation}
    people = {name for name, types in ends.items() if any(schema.entity[one].sensitive for one in types)}
    return {name: shown_count(n, k) if name in people and 0 < n < k else n for name, n in counts.items()}


def _snapshot(workspace: Workspace, revision: str | None) -> dict[str, Any] | None:
    try:
        manifest = workspace.snapshot().manifest
    except SnapshotError:
        return None
    return {"hash": manifest.hash, "current": manifest.revision == revision}


def _model(workspace: Workspace, snapshot: dict[str, Any] | None) -> dict[str, Any] | None:
    manifest = read_manifest(workspace.model)
    if manifest is None:
        return None
    fits = snapshot is not None and snapshot["current"] and snapshot["hash"] == manifest.snapshot
    carried_over = (
        not fits and snapshot is not None and seen_vocabulary(workspace.model, workspace.snapshot()) is not None
    )
    return {"name": manifest.name, "current": fits, "carried_over": carried_over}


def _next(
    workspace: Workspace, revision: str | None, snapshot: dict[str, Any] | None, model: dict[str, Any] | None
) -> str:
    program = f"whyrec -w {workspace.folder}"
    running = workspace.running_load()
    if running is not None:
        return f"a load is running ({running}): wait until it has ended"
    if revision is None:
        return f"{program} load"
    if revision.startswith("loading-"):
        return f"a load was interrupted: {program} load --resume"
    if snapshot is None or not snapshot["current"] or model is None or not model["current"]:
        return f"{program} train"
    return f"{program} recommend USER"


def _show(output: Output, document: dict[str, Any]) -> None:
    store, snapshot, model = document["store"], document["snapshot"], document["model"]
    rows = [("entity", name, _count(count)) for name, count in store["entities"].items()]
    rows += [("relation", name, _count(count)) for name, count in store["triples"].items()]
    output.table(f"Store {store['url']}", ("kind", "name", "count"), rows, right="count")
    output.line(f"Snapshot: {_state(snapshot, 'hash', 'none')}")
    output.line(f"Model:    {_state(model, 'name', 'none; paths with default weights are used')}")
    output.line(f"Next:     {document['next']}")


def _count(count: int | str) -> str:
    return count if isinstance(count, str) else f"{count:,}"


def _state(part: dict[str, Any] | None, key: str, missing: str) -> str:
    if part is None:
        return missing
    stale = "trained before the graph changed; its weights are carried over" if part.get("carried_over") else "stale"
    return f"{str(part[key])[:40]} ({'current' if part['current'] else stale})"
