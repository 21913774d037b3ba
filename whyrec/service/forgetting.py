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
    vocabulary, types = shop.refreshed().snapshot.vocabulary, shop.engine.snapshot.schema.user_types
    told, whom = shop.named(user)
    there = [name for name in (types if told is None else [told]) if vocabulary.get(name, whom) is not None]
    if len(there) > 1:
        choices = " or ".join(f"{name}:{whom}" for name in there)
        raise UsageError(f"{user!r} is the id of several entities; say {choices}")
    mine = there or ([told] if told is not None else list(types))
    shop.flush()
    logged = [] if there else [name for name in mine if any(True for _ in shop.events.of(whom, name))]
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


def _keep_away(folder: Path, whom: str, types: Sequence[str]) -> None:
    """Put somebody whom the log alone knew on the list of the forgotten: an event told late would make them anew."""
    from kg.workspace.suppression import Suppression  # what answers does without it, and it is large

    with workspace_lock(folder):
        Suppression.open(folder).add((name, whom) for name in types)
