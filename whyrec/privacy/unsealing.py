"""Unsealing: who was forgotten after a copy was sealed is forgotten again in what comes back with it."""

from collections.abc import Callable
from pathlib import Path

from kg.errors import SnapshotError
from kg.privacy.person_ids import person_types
from kg.privacy.sealing import unseal
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace
from recommender.results.document import Result


class UnsealReport(Result):
    """The answer of ``unseal``."""

    unsealed: list[str]
    forgotten: bool
    """Whether somebody was forgotten again, who was in the copy still."""


def unsealed(workspace: Workspace, sealed: Path | None, forget: Callable[[str], object]) -> UnsealReport:
    """Open what was sealed, see :func:`kg.privacy.sealing.unseal`.

    :param sealed: a sealed copy; that in place where absent, in which nobody is who was forgotten.
    :param forget: erases a person, ``Type:id``.
    """
    names = unseal(workspace, sealed)
    back = [] if sealed is None else _back(workspace)
    for one in back:
        forget(one)
    return UnsealReport(unsealed=names, forgotten=bool(back))


def _back(workspace: Workspace) -> list[str]:
    """Who is on the list of the forgotten, and in store or snapshot all the same: ``Type:id``."""
    types, store = person_types(workspace.schema), workspace.open_store(read_only=True)
    try:
        suppression = Suppression.open(workspace.folder, store)
        if not suppression:
            return []
        people = {name: set(store.read_entities(name).get_column("id").to_list()) for name in types}
    finally:
        store.close()
    try:
        vocabulary = workspace.snapshot().vocabulary
        people = {name: {*ids, *vocabulary.ids(name)} for name, ids in people.items()}
    except SnapshotError:
        pass  # nothing was taken yet, or what is there is not whole: the store says who is there
    return [f"{name}:{one}" for name, ids in people.items() for one in sorted(ids) if suppression.has(name, one)]
