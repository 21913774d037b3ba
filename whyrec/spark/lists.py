"""Lists of many people as a Spark job: in a company's own, or behind ``recommend --all --engine spark``."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from recommender.serving.batch import COLUMNS, Batch, fingerprint
from recommender.serving.recommender import Recommender
from whyrec.spark.jobs import in_order
from whyrec.spark.parts import Asked, lists_of_ids, made_part, people_of, read_part
from whyrec.spark.session import session_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from whyrec.answering.lists import Lists

COLUMN_TYPES = "user_id string, rank int, item_id string, score double"


def lists(engine: "Lists", users: "DataFrame", *, n: int | None = None, **rules: Any) -> "DataFrame":
    """The lists of the people in a data frame: columns user_id, rank from 1, item_id, score; the bits of
    :meth:`whyrec.engine.Engine.lists`.

    A task for each partition; the model is mapped from the engine's folder, which has to be the same path on all hosts.

    :param users: a first column of ids.
    :param n: length of a list.
    :param rules: as for :meth:`whyrec.engine.Engine.lists`.
    """
    asked = asked_of(engine.opened.workspace, engine.recommender, engine.batch((), n=n, **rules))
    assert COLUMNS.names == [one.split()[0] for one in COLUMN_TYPES.split(", ")]
    return users.select(users.columns[0]).mapInArrow(partial(lists_of_ids, asked), COLUMN_TYPES)


def asked_of(workspace: Any, recommender: Recommender, batch: Batch) -> Asked:
    """What a task has to know of a batch, but for the people."""
    return Asked(
        str(workspace.folder.resolve()),
        str(workspace.generation.resolve()),
        fingerprint(recommender, batch),
        batch.rules.model_dump_json(),
        batch.n,
        (batch.reasons, batch.lang),
    )


def made_by_spark(asked: Asked, batch: Batch, master: str | None) -> "Callable[[Iterable[int]], Iterator[pa.Table]]":
    """Makes the parts of a batch, a task each, in their order, on a cluster."""

    def made(numbers: Iterable[int]) -> "Iterator[pa.Table]":
        """The parts with these numbers, in their order."""
        wanted = list(numbers)
        if wanted:  # a session takes seconds to start
            tasks = (people_of(batch.part(number)) for number in wanted)
            yield from map(read_part, in_order(session_of(master).sparkContext, partial(made_part, asked), tasks))

    return made
