"""Status: what is there, what is stale, what to do next."""

import math
import shlex

import numpy as np

from embeddings.vectors.config import CHECKPOINT
from embeddings.vectors.unfinished import unfinished_epoch
from kg.counting import by_number
from kg.errors import SnapshotError
from kg.k_anonymity import floored_count, shown_count, told_step, told_sum
from kg.privacy.budget.ledger import PrivacyLedger
from kg.schema import Schema, inverse_of
from kg.snapshot.snapshot import Snapshot
from kg.workspace.flagged import counts_in, read_flagged
from kg.workspace.permissions import private_files
from kg.workspace.workspace import Workspace
from recommender.catalogue.steps import example_anchor
from recommender.kernels.trained_graph import AsTrained
from recommender.learning.carry_over import seen_vocabulary
from recommender.learning.model import PILOT, VECTORS, ModelManifest, read_manifest, trained_graph
from recommender.results.responsibility.private import PrivacyBudget
from whyrec.privacy.offers import offers, partners
from whyrec.privacy.retention import retention_status
from whyrec.reports import ModelStatus, RetentionStatus, SnapshotStatus, StatusReport, StoreStatus
from whyrec.workspace.readers import readers

DRIFT = 0.1
"""Part of a relation that may come or go after a training without being told."""


@private_files()
def status(workspace: Workspace) -> StatusReport:
    """Look at store, snapshot and model; nothing is changed."""
    workspace = workspace.held()
    store, revision, fingerprint = _store(workspace)
    snapshot = _snapshot(workspace, revision, fingerprint)
    manifest = read_manifest(workspace.model)
    model, kept = _model(workspace, manifest, snapshot), retention_status(workspace)
    return StatusReport(
        workspace=str(workspace.folder),
        store=store,
        snapshot=snapshot,
        model=model,
        next=_pending(workspace, revision, snapshot) or _overdue(workspace, kept) or _next(workspace, snapshot, model),
        retention=kept,
        privacy_budget=_budget(workspace),
        partners=[] if snapshot is None else partners(workspace, workspace.snapshot()),
        offers=offers(workspace.folder),
        notices=[
            *readers(workspace.folder),
            *_flagged(workspace, snapshot is not None),
            *_unfinished(workspace),
            *(_drift(workspace, manifest) if manifest and model and model.carried_over else []),
            *(manifest.left_out if manifest else []),
        ],
    )


def _store(workspace: Workspace) -> tuple[StoreStatus, str | None, str]:
    store = workspace.open_store(read_only=True)
    try:
        entities, triples = (
            told_counts(workspace, store.count_entities()),
            told_counts(workspace, store.count_triples()),
        )
        return StoreStatus(url=store.url, entities=entities, triples=triples), store.revision(), store.fingerprint()
    finally:
        store.close()


def told_counts(workspace: Workspace, counts: dict[str, int]) -> dict[str, int | str]:
    """Counts of types or relations for whoever holds the workspace and its files: exact, but for people, and what they
    did, where they are few. What others see is :func:`stepped_counts`."""
    k, people = workspace.settings.privacy.k, _of_people(workspace.schema)
    return {name: floored_count(n, k) if name in people else n for name, n in counts.items()}


def stepped_counts(snapshot: Snapshot) -> dict[str, int | str]:
    """Name of each type and relation → how many, as everybody may see it, day after day.

    People go in steps of k; what they did in steps of what the k who did most of it did together, so that the numbers
    of two days, one person apart, are mostly the same and never say how much she did.
    """
    k, people, found = snapshot.k, _of_people(snapshot.schema), dict[str, int | str]()
    for name, count in snapshot.manifest.entities.items():
        found[name] = shown_count(count, k) if name in people else count
    for name, count in snapshot.manifest.triples.items():
        found[name] = _stepped(snapshot, name, count) if name in people else count
    return found


def _stepped(snapshot: Snapshot, relation: str, count: int) -> int | str:
    """A number of triples that have people at an end or at both."""
    ends, k = zip((relation, inverse_of(relation)), snapshot.schema.ends(relation), strict=True), snapshot.k
    degrees = [snapshot.link_counts(step) for step, end in ends if snapshot.schema.entity[end].sensitive]
    if min(np.count_nonzero(one) for one in degrees) < k and k > 1:
        return shown_count(0, k)
    step = told_step(float(max(one.max() for one in degrees)), k)
    return int(told_sum(count, step)) or shown_count(0, k)


def _of_people(schema: Schema) -> set[str]:
    """Sensitive types, and relations with one at an end."""
    ends = {name: (name,) for name in schema.entity} | {name: schema.ends(name) for name in schema.relation}
    return {name for name, types in ends.items() if any(schema.entity[one].sensitive for one in types)}


def _snapshot(workspace: Workspace, revision: str | None, fingerprint: str) -> SnapshotStatus | None:
    try:
        manifest = workspace.snapshot().manifest
    except SnapshotError:
        return None
    return SnapshotStatus(
        hash=manifest.hash,
        current=workspace.is_current(revision, fingerprint),
        written_by_others=manifest.revision == revision and not workspace.is_current(revision, fingerprint),
    )


def _model(workspace: Workspace, manifest: ModelManifest | None, snapshot: SnapshotStatus | None) -> ModelStatus | None:
    if manifest is None:
        return None
    fits = snapshot is not None and snapshot.current and snapshot.hash == manifest.snapshot
    carried_over = (
        not fits and snapshot is not None and seen_vocabulary(workspace.model, workspace.snapshot()) is not None
    )
    return ModelStatus(name=manifest.name, current=fits, carried_over=carried_over, crossing=manifest.crossing)


def _budget(workspace: Workspace) -> PrivacyBudget | None:
    settings = workspace.settings.privacy
    ledger = PrivacyLedger.of(workspace)
    releases, (epsilon, delta) = ledger.releases(), ledger.spent()
    if not releases:
        return None
    return PrivacyBudget(
        epsilon=epsilon,
        epsilon_per_day=settings.epsilon_per_day,
        delta=delta,
        delta_per_day=settings.delta_per_day,
        releases=len(releases),
        epsilon_in_all=math.fsum(one.epsilon for one in releases),
        shared=ledger.shared,
    )


def _drift(workspace: Workspace, manifest: ModelManifest) -> list[str]:
    """How far the graph has gone from the one that the model was trained on."""
    snapshot = workspace.snapshot()
    graph = trained_graph(workspace.model, manifest, snapshot)
    shares = AsTrained(snapshot, graph).drift()
    return [
        f"{share:.0%} of {name} came or went since the model was trained: degrees count as they were until one has "
        "grown or shrunk by more than half, and what was learned of the items stays; `whyrec train` learns it anew"
        for name, share in shares.items()
        if share >= DRIFT
    ]


def _flagged(workspace: Workspace, there: bool) -> list[str]:
    """Whether what some accounts did is left out of what answers come from, or counts in them.

    :param there: whether there is a snapshot.
    """
    accounts = read_flagged(workspace.folder)
    if not accounts:
        return []
    told = shown_count(sum(map(len, accounts.values())), workspace.settings.privacy.k)
    leave_out = workspace.settings.anomalies.leave_out
    if there and counts_in(workspace.snapshot(), accounts) == leave_out:  # switched since the snapshot was taken
        how = "still counts" if leave_out else "is still left out"
        return [
            f"what {told} flagged accounts did {how}; `whyrec anomalies` does what leave_out under [anomalies] says"
        ]
    if not leave_out:
        return [
            f"what {told} flagged accounts did counts in scores, and no reason counts them among people; leave_out = "
            "true under [anomalies] leaves it out of scores, too"
        ]
    return [f"what {told} flagged accounts did is left out of scores, counts and reasons ([anomalies] leave_out)"]


def first_question(snapshot: Snapshot) -> str:
    """What can be asked at once: for a person, or, where there is none, for somebody with something of the shop."""
    if not any(map(snapshot.vocabulary.count, snapshot.schema.user_types)):
        anchor = example_anchor(snapshot)
        if anchor is not None:
            return shlex.join(["recommend", "--anchor", anchor])
    return "recommend USER"


def _program(workspace: Workspace) -> str:
    return f"whyrec -w {shlex.quote(str(workspace.folder))}"


def _pending(workspace: Workspace, revision: str | None, snapshot: SnapshotStatus | None) -> str | None:
    """What the store waits for; ``None`` where it waits for nothing."""
    program = _program(workspace)
    running = workspace.running_load()
    if running is not None:
        return f"a load is running ({running}): wait until it has ended"
    if revision is None:
        return f"{program} load"
    if revision.startswith("loading-"):
        files = "" if workspace.mapping.exists() else " FILE…"  # nothing but the user tells which they were
        return f"a load was interrupted: {program} load --resume{files}"
    if snapshot is not None and snapshot.written_by_others:
        return f"something else has written to the store: {program} refresh"
    return None


def _overdue(workspace: Workspace, kept: RetentionStatus) -> str | None:
    """What carries ``[retention] days`` out, where something is kept for longer."""
    if not kept.overdue:
        return None
    command = "refresh" if workspace.settings.adoption else "load --events"
    days = by_number(f"{kept.days} [day|days]")
    return f"kept for longer than {days}: {', '.join(kept.overdue)}; to remove it: {_program(workspace)} {command}"


def _next(workspace: Workspace, snapshot: SnapshotStatus | None, model: ModelStatus | None) -> str:
    program = _program(workspace)
    if snapshot is None or not snapshot.current or model is None or not model.current:
        return f"{program} train"
    return f"{program} {first_question(workspace.snapshot())}"


def _unfinished(workspace: Workspace) -> list[str]:
    """Checkpoints that a stopped training left, of the pilot or of all triples."""
    places = [(name, workspace.training / name) for name in (PILOT, VECTORS)]
    return [
        f"a training of vectors ({name}) stopped after epoch {epoch}: {folder / CHECKPOINT}; `whyrec train --resume` "
        "with the same settings goes on from it"
        for name, folder in places
        if (epoch := unfinished_epoch(folder)) is not None
    ]
