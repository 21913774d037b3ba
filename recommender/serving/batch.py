"""All users' lists on all cores: as Arrow record batches, or written to a file, resumable."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kg.errors import UsageError
from kg.progress import Progress, no_progress
from recommender.linalg.forked_workers import ForkedWorkers, cores
from recommender.rules.rule_set import Rules, RuleSet
from recommender.scoring.block_ranking import RankedBlock
from recommender.serving.batch_parts import BatchParts
from recommender.serving.explained_lists import ExplainedLists, explained_columns
from recommender.serving.list_file import list_format
from recommender.serving.recommender import Recommender

PART = 2048
"""Users whose lists are kept together: a row group of the file, and what a kill may cost."""
CELLS = 8_000_000
"""Users × items that are looked at together."""
TOGETHER = 256
"""Users of a block at most: what more of them reach leaves the cache of the processor."""
LISTS = pa.schema([("user", pa.int32()), ("position", pa.int32()), ("score", pa.float64())])
"""A part: place of the user in the part, position of the item; no id, so that nobody has to be forgotten in it."""
COLUMNS = pa.schema([("user_id", pa.string()), ("rank", pa.int32()), ("item_id", pa.string()), ("score", pa.float64())])
WHOLE = "whole.pending"
STAGE = "Recommending"
Users = Sequence[tuple[str, int]]
Make = Callable[[Iterable[int]], Iterator[pa.Table]]


@dataclass(frozen=True)
class Batch:
    """What to write: the lists of length n of users (type and index) under rules."""

    users: Users
    rules: Rules
    n: int
    workers: int | None = None
    """Processes at work, one per core where absent; the result does not depend on it."""
    reasons: int = 0
    """How many reasons are told of each item; with any, the parts of its score are too."""
    lang: str = "en"
    """Language of the reasons."""

    @property
    def parts(self) -> int:
        """How many parts the lists are kept in."""
        return -(-len(self.users) // PART)

    def part(self, number: int) -> Users:
        """The users of a part."""
        return self.users[number * PART : (number + 1) * PART]


@dataclass(frozen=True)
class BatchResult:
    """``rows`` written; ``resumed``: users whose lists an earlier, unfinished run had made; ``restarted``: whether an
    unfinished run with another model, snapshot, rules, users or length was thrown away."""

    rows: int
    resumed: int
    restarted: bool


def lists_of(
    recommender: Recommender, batch: Batch, progress: Progress = no_progress, *, typed: bool = False
) -> Iterator[pa.RecordBatch]:
    """The lists of many users, ``PART`` users a record batch, columns ``COLUMNS``; nothing is written.

    The scores are those of one user at a time, bit for bit.

    :param typed: whether ``item_type`` follows as the last column: items of two types may have one id.
    :raises UsageError: where a worker was killed.
    """
    lists, done = ListMaker(recommender, recommender.rule_set(batch.rules), batch, typed=typed), 0
    with ForkedWorkers(lists.rank, batch.workers or cores(), settled=True) as workers:
        for number, part in enumerate(workers.map(range(lists.batch.parts))):
            users = lists.batch.part(number)
            table = lists.table(users, part)
            if typed:
                table = table.append_column("item_type", lists.item_types.take(part["position"]))
            yield from table.to_batches()
            done += len(users)
            progress(STAGE, done, len(batch.users))


def recommend_all(
    recommender: Recommender, batch: Batch, out: Path, progress: Progress = no_progress, make: Make | None = None
) -> BatchResult:
    """Write the lists of many users to a file with the columns user_id, rank, item_id, score, and, where reasons are
    told, paths, embedding, popularity, reason_1 ….

    What is done is kept in ``.<name>.parts`` beside the file until the file is whole, so that the same call goes on
    where a killed one stopped. The scores are those of one user at a time, bit for bit.

    :param make: makes the parts with these numbers, in their order, somewhere else; processes of this machine where
        absent.
    :raises UsageError: for a suffix that is no format of :mod:`recommender.serving.list_file`, where the file cannot be
        written, or another process is writing it.
    """
    list_format(out)
    lists = ListMaker(recommender, recommender.rule_set(batch.rules), batch)
    try:
        with ForkedWorkers(lists.rank, (batch.workers or cores()) if make is None else 1, settled=True) as workers:
            parts = BatchParts.open(out, _key(recommender, batch))
            done = False
            try:
                result = _write(lists, make or workers.map, parts, out, progress)
                (parts.folder / WHOLE).replace(out)
                done = True
            finally:
                parts.close(done)
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror or problem}") from None
    return result


def _write(
    lists: "ListMaker",
    make: Make,
    parts: BatchParts,
    out: Path,
    progress: Progress,
) -> BatchResult:
    """Write the parts in order, those that are there as they are."""
    missing = dict.fromkeys(number for number in range(lists.batch.parts) if not parts.has(number))
    made = iter(make(missing))
    rows = done = 0
    with list_format(out)(parts.folder / WHOLE, lists.columns) as writer:
        for number in range(lists.batch.parts):
            if number in missing:
                parts.save(number, next(made))
            users = lists.batch.part(number)
            table = lists.table(users, parts.read(number))
            writer.write(table)
            rows += table.num_rows
            done += len(users)
            progress(STAGE, done, len(lists.batch.users))
    resumed = len(lists.batch.users) - sum(len(lists.batch.part(number)) for number in missing)
    return BatchResult(rows, resumed, parts.other)


class ListMaker:
    """Makes the tables of a batch.

    :param typed: whether types are told beside: ids stand alone then, though two types have one.
    """

    def __init__(self, recommender: Recommender, rules: RuleSet, batch: Batch, *, typed: bool = False) -> None:
        self.recommender, self.rules, self.batch, self.typed = recommender, rules, batch, typed
        self.block = max(16, min(TOGETHER, CELLS // max(recommender.catalogue.size, 1)))
        told = explained_columns(batch.reasons, rules.soft)
        self.columns = pa.schema([*COLUMNS, *told])
        self.told = ExplainedLists(recommender, rules, batch.reasons, batch.lang) if told else None

    @cached_property
    def items(self) -> pa.Array:
        """The ids of the catalogue; who only ranks needs none."""
        told = self._ids(self.recommender.catalogue.types)
        return pa.array([one for some in told.values() for one in some], pa.string())

    @cached_property
    def item_types(self) -> pa.Array:
        """The types of the catalogue, aligned with ``items``."""
        vocabulary = self.recommender.snapshot.vocabulary
        return pa.array([name for name in self.recommender.catalogue.types for _ in vocabulary.ids(name)], pa.string())

    @cached_property
    def people(self) -> dict[str, list[str]]:
        """The ids of people, by type."""
        return self._ids(self.recommender.snapshot.schema.user_types)

    def _ids(self, types: Sequence[str]) -> dict[str, list[str]]:
        """The ids of some types, as they are asked about: ``Type:id`` where two of them have one."""
        ids = {name: self.recommender.snapshot.vocabulary.ids(name) for name in types}
        seen, shared = set[str](), set[str]()
        for some in ids.values() if len(ids) > 1 and not self.typed else ():
            shared |= seen.intersection(some)
            seen.update(some)
        if not shared:
            return ids
        return {name: [f"{name}:{one}" if one in shared else one for one in some] for name, some in ids.items()}

    def rank(self, number: int) -> pa.Table:
        """The lists of the users of a part; the work of one process."""
        return self.ranked(self.batch.part(number))

    def ranked(self, users: Users) -> pa.Table:
        """The lists of some users, as a part holds them."""
        runs = list(self._blocks(users))
        blocks = [self.recommender.rank_block(name, idx, self.rules, self.batch.n) for name, idx in runs]
        lists = _joined(blocks)
        if self.told is None:
            return lists
        rows = [self.told.columns(*run, block) for run, block in zip(runs, blocks, strict=True)]
        for field, chunks in zip(
            explained_columns(self.batch.reasons, self.rules.soft), zip(*rows, strict=True), strict=True
        ):
            lists = lists.append_column(field, pa.chunked_array(list(chunks), field.type))
        return lists

    def table(self, users: Users, part: pa.Table) -> pa.Table:
        """The lists of some users with ranks, and with ids in the place of indices."""
        people = pa.array([self.people[user_type][idx] for user_type, idx in users], pa.string())
        lengths = np.bincount(part["user"].to_numpy())
        rank = np.arange(1, part.num_rows + 1) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        ids = people.take(part["user"]), self.items.take(part["position"])
        more = [part[field.name] for field in explained_columns(self.batch.reasons, self.rules.soft)]
        first = [ids[0], pa.array(rank.astype(np.int32)), ids[1], part["score"]]
        return pa.table([*first, *more], schema=self.columns)

    def _blocks(self, users: Users) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Runs of users of one type, in their order."""
        start = 0
        while start < len(users):
            user_type, end = users[start][0], start + 1
            while end < len(users) and end - start < self.block and users[end][0] == user_type:
                end += 1
            yield user_type, np.array([idx for _, idx in users[start:end]], dtype=np.int64)
            start = end


def _joined(blocks: Sequence[RankedBlock]) -> pa.Table:
    lengths = np.concatenate([np.diff(block.indptr) for block in blocks])
    columns = [
        np.repeat(np.arange(len(lengths), dtype=np.int32), lengths),
        np.concatenate([block.positions for block in blocks]).astype(np.int32),
        np.concatenate([block.totals for block in blocks]),
    ]
    return pa.table(columns, schema=LISTS)


def fingerprint(recommender: Recommender, batch: Batch) -> str:
    """What is another one whenever anything that decides the lists is, but for the people."""
    return blake2b(json.dumps(_deciding(recommender, batch), sort_keys=True).encode(), digest_size=16).hexdigest()


def _key(recommender: Recommender, batch: Batch) -> dict[str, Any]:
    """What decides the lists."""
    users = blake2b(digest_size=16)
    for number in range(batch.parts):  # workers wait for it
        users.update("".join([f"{user_type}:{idx}\n" for user_type, idx in batch.part(number)]).encode())
    return {**_deciding(recommender, batch), "users": users.hexdigest()}


def _deciding(recommender: Recommender, batch: Batch) -> dict[str, Any]:
    scorer = recommender.scorer
    return {
        "snapshot": recommender.snapshot.hash,
        "kernels": [scorer.kernels.folder.name, sorted({scorer.kernels.file(path.tail) for path in scorer.metapaths})],
        "blend": scorer.blend.model_dump(mode="json"),
        "vectors": scorer.vectors.manifest.digest if scorer.vectors else None,
        "rules": batch.rules.model_dump(mode="json"),
        "n": batch.n,
        "part": PART,
        "reasons": [batch.reasons, batch.lang],
    }
