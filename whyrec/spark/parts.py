"""The work of a Spark task: the lists of a block of people, from the model at a path that every host sees."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import ipc

from kg.errors import UsageError
from kg.progress import no_progress
from kg.workspace.workspace import Workspace
from recommender.linalg.settling import settle
from recommender.rules.rule_set import Rules
from recommender.serving.batch import PART, Batch, ListMaker, Users, fingerprint
from recommender.serving.recommender import Recommender
from whyrec.answering.opening import Opened

People = list[tuple[str, NDArray[np.int32]]]
"""Runs of people of a type, by index: what travels to a task of them."""


@dataclass(frozen=True)
class Asked:
    """What travels to every task: where the model is, and what is asked of it; no array.

    ``generation``: the folder of the workspace that answers come from, whatever becomes current meanwhile; ``key``: of
    the model and all that decides the lists; ``rules``: as JSON.
    """

    workspace: str
    generation: str
    key: str
    rules: str
    n: int
    told: tuple[int, str]


def people_of(users: Users) -> People:
    """The users of a part as they travel."""
    runs = groupby(users, itemgetter(0))
    return [(name, np.array([idx for _, idx in some], dtype=np.int32)) for name, some in runs]


def made_part(asked: Asked, people: People) -> bytes:
    """The lists of a part of a batch, as an Arrow stream."""
    users = [(name, idx) for name, some in people for idx in some.tolist()]
    table, sink = _maker(asked).ranked(users), pa.BufferOutputStream()
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
        maker = _maker(asked)
        vocabulary, types = maker.recommender.snapshot.vocabulary, maker.recommender.snapshot.schema.user_types
        users = [vocabulary.find(one, types) for one in batch.column(0).to_pylist()]
        for start in range(0, len(users), PART):
            some = users[start : start + PART]
            yield from maker.table(some, maker.ranked(some)).to_batches()


@lru_cache(maxsize=1)
def opened(workspace: str, generation: str) -> Recommender:
    """The model of a generation, mapped; once a process."""
    held = Workspace(Path(workspace)).at(Path(generation))
    recommender = Opened(held, no_progress, lasting=True).recommender
    settle()
    return recommender


@lru_cache(maxsize=1)
def _maker(asked: Asked) -> ListMaker:
    recommender = opened(asked.workspace, asked.generation)
    batch = Batch((), Rules.model_validate_json(asked.rules), asked.n, 1, *asked.told)
    if fingerprint(recommender, batch) != asked.key:
        raise UsageError(f"{asked.generation}: holds another model on this host; all hosts have to see the same files")
    return ListMaker(recommender, recommender.rule_set(batch.rules), batch)
