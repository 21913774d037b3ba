"""Publishing: everybody's list with its reasons, where other programs read it; the last one stays till then."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.errors import UsageError
from kg.progress import Progress
from kg.stores.url import is_neo4j
from kg.workspace.generations import PARTS
from kg.workspace.workspace import Workspace
from recommender.results.document import Result

if TYPE_CHECKING:
    from kg.stores.neo4j.published_lists import Row
    from whyrec.answering.lists import Lists

TARGETS = ("neo4j", "parquet", "redis")
PEOPLE = 500
"""People whose lists are replaced in one transaction."""


class PublishReport(Result):
    """The answer of ``publish``."""

    to: str
    place: str
    """The file, or the URL of the server."""
    users: int
    rows: int
    withdrawn: int = 0
    """Entries of earlier lists, of people who have none now."""
    model: str
    notices: list[str]


def publish(engine: "Lists", to: str, out: Path | None, progress: Progress, **asked: Any) -> PublishReport:
    """Write everybody's list, with scores and the first reason, to a file or a server.

    :param to: one of ``TARGETS``.
    :param out: the file, for ``parquet``.
    :param asked: ``n``, ``domain``, ``lang`` of the lists.
    :raises UsageError: for another target, or a file that goes with none.
    :raises StoreError: where the server fails; lists that were not replaced yet are as before.
    """
    if to not in TARGETS:
        raise UsageError(f"`to` {to!r}: expected one of {', '.join(TARGETS)}")
    if (to == "parquet") != (out is not None):
        raise UsageError("`out` names the file of `to=parquet`, and goes with that alone")
    if out is not None and out.suffix.lower() != ".parquet":
        raise UsageError(f"`out` {out}: `to=parquet` writes Parquet; name a file that ends in .parquet")
    if out is not None:
        told = engine.write_lists(out, reasons=1, progress=progress, **asked)
        return PublishReport(
            to=to, place=str(out), users=told.users, rows=told.rows, model=told.model.name, notices=told.notices
        )
    return _to_redis(engine, progress, asked) if to == "redis" else _to_neo4j(engine, progress, asked)


def _to_redis(engine: "Lists", progress: Progress, asked: dict[str, Any]) -> PublishReport:
    try:
        from whyrec.workspace.redis_lists import RedisLists  # the client is an extra
    except ModuleNotFoundError:
        raise UsageError("redis is not installed; `to` redis needs pip install 'whyrec[redis]'") from None
    publishing, model, at = engine.workspace.settings.publish, engine.recommender.model, int(time.time() * 1000)
    users = rows = 0
    with RedisLists(publishing.redis, publishing.name, engine.workspace.folder) as lists:
        lists.claim()
        for user_type, people, told in _batches(engine, (model.info.name, at), asked, progress):
            found: dict[tuple[str, str], list[dict[str, Any]]] = {(user_type, one): [] for one in people}
            for item_type, some in told.items():
                for user, item, rank, score, reason, *_ in some:
                    row = {"id": item, "type": item_type, "rank": rank, "score": score, "reason": reason}
                    found[user_type, user].append(row)
            for items in found.values():
                items.sort(key=lambda one: one["rank"])
            lists.replace(found, model.info.name, at)
            users, rows = users + len(people), rows + sum(map(len, found.values()))
        withdrawn = lists.withdraw_earlier(at)
    return _published("redis", publishing.redis, (users, rows, withdrawn), engine, asked)


def _to_neo4j(engine: "Lists", progress: Progress, asked: dict[str, Any]) -> PublishReport:
    workspace = engine.workspace
    url = workspace.settings.store
    if not is_neo4j(url) or workspace.settings.adoption is not None:
        what = "a graph of somebody else's, which is never written to" if is_neo4j(url) else f"the file {url}"
        raise UsageError(f"`to` neo4j: the store of this workspace is {what}; say `to=parquet`")
    from kg.stores.neo4j.published_lists import PublishedLists  # the driver is an extra

    model, at, users, rows = engine.recommender.model, int(time.time() * 1000), 0, 0
    with workspace.lock(), PublishedLists(url, workspace.schema) as lists:
        whole = _is_current(workspace)
        for user_type, people, told in _batches(engine, (model.info.name, at), asked, progress):
            lists.replace(user_type, people, told)
            users, rows = users + len(people), rows + sum(map(len, told.values()))
        withdrawn = lists.withdraw_earlier(at)
        if whole:
            _acknowledge(workspace)
    return _published("neo4j", url, (users, rows, withdrawn), engine, asked)


def _published(
    to: str, url: str, counts: tuple[int, int, int], engine: "Lists", asked: dict[str, Any]
) -> PublishReport:
    users, rows, withdrawn = counts
    model = engine.recommender.model
    told = model.notices_in(engine.standing_rules, asked.get("lang", "en"))
    return PublishReport(
        to=to, place=url, users=users, rows=rows, withdrawn=withdrawn, model=model.info.name, notices=told
    )


def _batches(
    engine: "Lists", mark: tuple[str, int], asked: dict[str, Any], progress: Progress
) -> "Iterator[tuple[str, list[str], dict[str, list[Row]]]]":
    """Some people of one type, and the rows of their lists by type of item."""
    vocabulary, schema = engine.snapshot.vocabulary, engine.snapshot.schema
    for user_type in schema.user_types:
        ids = list(vocabulary.ids(user_type))
        for start in range(0, len(ids), PEOPLE):
            people = ids[start : start + PEOPLE]
            named = [(user_type, start + place) for place in range(len(people))]
            found: dict[str, list[Row]] = {}
            for batch in engine.lists(named, reasons=1, progress=progress, typed=True, **asked):
                for item_type, *row in zip(*_columns(batch), strict=True):
                    found.setdefault(item_type, []).append((*row, *mark))
            yield user_type, people, found


def _columns(batch: pa.RecordBatch) -> list[list[Any]]:
    return [batch[name].to_pylist() for name in ("item_type", "user_id", "item_id", "rank", "score", "reason_1")]


def _is_current(workspace: Workspace) -> bool:
    with closing(workspace.open_store(read_only=True)) as store:
        return workspace.is_current(store.revision(), store.fingerprint())


def _acknowledge(workspace: Workspace) -> None:
    """What changed on the server is whyrec's own lists, no news: the snapshot shows the store still."""
    with closing(workspace.open_store(read_only=True)) as store:
        fingerprint = store.fingerprint()
    with workspace.generations.building(PARTS) as generation:
        snapshot = workspace.at(generation).snapshot()
        manifest, pending = snapshot.folder / "manifest.json", snapshot.folder / ".manifest.json"
        told = snapshot.manifest.model_copy(update={"fingerprint": fingerprint})
        pending.write_text(told.model_dump_json(indent=1), encoding="utf-8")
        pending.replace(manifest)
        Checksums.write(snapshot.folder / CHECKSUMS, (p for p in snapshot.folder.iterdir() if p.name != CHECKSUMS))
