"""The work of a Spark task: the lists of a block of people, from the model at a path that every host sees."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
from pyarrow import ipc

from kg.errors import UsageError
from kg.progress import no_progress
from kg.workspace.workspace import Workspace
from recommender.rules.rule_set import Rules
from recommender.serving.batch import Batch, ListMaker, fingerprint, lists_of
from recommender.serving.recommender import Recommender
from whyrec.answering.opening import Opened

Ids = tuple[str, ...] | None


@dataclass(frozen=True)
class Asked:
    """What travels to a task: where the model is, and what is asked of it; no array.

    ``generation``: the folder of the workspace that answers come from, whatever becomes current meanwhile; ``key``: of
    the model and all that decides the lists; ``users``: ids, everybody where absent; ``rules``: as JSON.
    """

    workspace: str
    generation: str
    key: str
    users: Ids
    rules: str
    n: int
    told: tuple[int, str]

    def batch(self, recommender: Recommender, users: Ids) -> Batch:
        """What to make, of some people."""
        vocabulary, types = recommender.snapshot.vocabulary, recommender.snapshot.schema.user_types
        people = recommender.users() if users is None else [vocabulary.find(one, types) for one in users]
        return Batch(people, Rules.model_validate_json(self.rules), self.n, 1, *self.told)


@lru_cache(maxsize=1)
def opened(workspace: str, generation: str) -> Recommender:
    """The model of a generation, mapped; once a process."""
    held = Workspace(Path(workspace)).at(Path(generation))
    return Opened(held, no_progress, lasting=True).recommender


@lru_cache(maxsize=1)
def _maker(asked: Asked) -> ListMaker:
    recommender = opened(asked.workspace, asked.generation)
    batch = asked.batch(recommender, asked.users)
    if fingerprint(recommender, batch) != asked.key:
        raise UsageError(f"{asked.generation}: holds another model on this host; all hosts have to see the same files")
    return ListMaker(recommender, recommender.rule_set(batch.rules), batch)


def made_part(asked: Asked, number: int) -> bytes:
    """The lists of a part of a batch, as an Arrow stream."""
    table, sink = _maker(asked).rank(number), pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def read_part(content: bytes) -> pa.Table:
    """What :func:`made_part` made."""
    with ipc.open_stream(content) as reader:
        return reader.read_all()


def lists_of_ids(asked: Asked, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The lists of the people whose ids are in the first column of some record batches."""
    for batch in batches:
        recommender = opened(asked.workspace, asked.generation)
        yield from lists_of(recommender, asked.batch(recommender, tuple(batch.column(0).to_pylist())))
