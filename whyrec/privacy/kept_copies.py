"""Kept copies: what earlier snapshots and models of a workspace still hold of a person."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from kg.errors import SnapshotError
from kg.instant import NO_TIME
from kg.privacy.access_request import HeldTriple
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.learning.model import MANIFEST, VECTORS
from recommender.results.document import Result
from whyrec.answering.history import moment_of, periods

Key = tuple[str, str | None, float]


class KeptCopy(Result):
    """One snapshot that has her, with what was learned from it."""

    folder: str
    snapshot: str
    since: str | None
    """Since when it was in force, UTC; ``None`` for a generation, which is of now or was a moment ago."""
    triples: int
    model: bool
    """Whether weights were learned with her."""
    vectors: bool
    """Whether there is a vector of hers."""
    no_longer: list[HeldTriple]
    """What it says of her and the graph says no longer."""


def kept_copies(
    workspace: Workspace, person: tuple[str, str], now: list[HeldTriple]
) -> tuple[list[KeptCopy], list[str]]:
    """The copies that have a person, the newest generation first, then the history; and those that cannot be read.

    :param person: type and id.
    :param now: what the graph says of her.
    """
    known, found, unread = {_key(one) for one in now}, list[KeptCopy](), list[str]()
    for folder, snapshot, model, since in copies_of(workspace):
        shown = str(folder.relative_to(workspace.folder)) if folder != workspace.folder else "."
        if snapshot is None:
            unread.append(f"{shown} (could not be read)")
            continue
        idx = snapshot.vocabulary.get(*person)
        if idx is None:
            continue
        triples = list(_triples(snapshot, person[0], idx))
        found.append(
            KeptCopy(
                folder=shown,
                snapshot=snapshot.hash,
                since=since,
                triples=len(triples),
                model=(model / MANIFEST).is_file(),
                vectors=(model / VECTORS).is_dir(),
                no_longer=[one for one in triples if _key(one) not in known],
            )
        )
    return found, unread


def known_in_copies(workspace: Workspace, people: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of some people, type and id, those whom a copy has."""
    there = [one.vocabulary for _, one, _, _ in copies_of(workspace) if one is not None]
    return [one for one in people if any(vocabulary.get(*one) is not None for vocabulary in there)]


def copies_of(workspace: Workspace) -> Iterator[tuple[Path, Snapshot | None, Path, str | None]]:
    """Each generation, then each period of the history: its folder, its snapshot, ``None`` where that cannot be read,
    the folder of its model, and since when it was in force."""
    for folder in workspace.generations.all():
        with suppress(SnapshotError):  # the workspace itself, where generations are elsewhere
            there = workspace.at(folder)
            yield folder, there.snapshot(), there.model, None
    for folder, period in periods(workspace):
        try:
            snapshot = Snapshot.open(folder / "snapshot", workspace.schema, workspace.settings.privacy.k)
        except SnapshotError:
            yield folder, None, folder, None
        else:
            yield folder, snapshot, folder / "model", moment_of(period)


def _triples(snapshot: Snapshot, entity_type: str, idx: int) -> Iterator[HeldTriple]:
    for name, ends in snapshot.schema.relation.items():
        for step, own, other in ((name, ends.head, ends.tail), (inverse_of(name), ends.tail, ends.head)):
            if own != entity_type:
                continue
            hidden, (far, weights) = snapshot.schema.entity[other].sensitive, snapshot.neighbours(step, idx)
            times, again = [NO_TIME] * len(far), dict[str, list[int]]()
            if step == name:
                start, end = snapshot.adjacency(name).indptr[idx : idx + 2]
                times = snapshot.timestamps(name)[start:end].tolist()
                again = {part: array[start:end].tolist() for part, array in snapshot.occasions(name).items()}
            for place, (one, weight, time) in enumerate(zip(far.tolist(), weights.tolist(), times, strict=True)):
                yield HeldTriple(
                    relation=step,
                    type=other,
                    id=None if hidden else snapshot.vocabulary.id(other, one),
                    label=None if hidden else snapshot.label(other, one),
                    weight=weight,
                    timestamp=_moment(time),
                    first=_moment(again["first"][place]) if again else None,
                    occasions=(again["occasions"][place] or None) if again else None,
                    previous=_moment(again["previous"][place]) if again else None,
                )


def _moment(time: int) -> str | None:
    return None if time == NO_TIME else datetime.fromtimestamp(time / 1000, UTC).isoformat()


def _key(triple: HeldTriple) -> Key:
    return triple.relation, triple.id, round(triple.weight, 9)
