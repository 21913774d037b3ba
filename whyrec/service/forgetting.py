"""Forgetting somebody while the service answers: what workers still hold of them is written first, and erased too."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kg.errors import UsageError
from kg.workspace.lock import workspace_lock
from whyrec.events.taking_over import alone
from whyrec.service.shop import BATCH_SECONDS, Shop


def forgotten(shop: Shop, user: str) -> dict[str, Any]:
    """Erase a person from graph, models, events and kept answers; says how much there was.

    :param user: the id, or ``Type:id`` where several types of people share it.
    :raises UsageError: where several people have the id; nothing is erased then.
    """
    types = shop.refreshed().snapshot.schema.user_types
    told, whom = shop.named(user)
    asked = list(types) if told is None else [told]
    shop.flush()
    there, logged = _known(shop, asked, whom)
    if len(known := [*there, *logged]) > 1:
        choices = " or ".join(f"{name}:{whom}" for name in known)
        raise UsageError(f"{user!r} is the id of several entities; say {choices}")
    mine = known or asked
    with alone(shop.events.path.parent):
        gone = shop.events.forget(whom, mine)
    erased = shop.engine.forget(f"{there[0]}:{whom}" if told else whom) if there else None
    if logged:
        _keep_away(shop.engine.workspace.folder, whom, logged)
    time.sleep(2 * BATCH_SECONDS)  # every worker writes what it answered before this
    shop.flush()
    late = shop.events.forget(whom, mine)
    shop.lists.begin()
    graph = erased.model_dump(mode="json") if erased is not None else None
    return {"events": gone.events, "answers": gone.answers + late.answers, "graph": graph}


def _known(shop: Shop, types: Sequence[str], whom: str) -> tuple[list[str], list[str]]:
    """The types of which a snapshot has somebody of an id, and those of which the log alone does."""
    from whyrec.privacy.access_request import known_elsewhere  # what answers does without them
    from whyrec.privacy.kept_copies import known_in_copies

    people, workspace = [(name, whom) for name in types], shop.engine.workspace
    there = [name for name, _ in known_in_copies(workspace, people)]
    return there, [name for name, _ in known_elsewhere(workspace, people) if name not in there]


def _keep_away(folder: Path, whom: str, types: Sequence[str]) -> None:
    """Put somebody whom the log alone knew on the list of the forgotten: an event told late would make them anew."""
    from kg.workspace.suppression import Suppression  # what answers does without it, and it is large

    with workspace_lock(folder):
        Suppression.open(folder).add((name, whom) for name in types)
