"""What Spark's tasks do, without Spark: the lists of a block of people, with the bits of one machine."""

import dataclasses
import gc
import pickle  # as Spark sends tasks; nothing is read from disk
import platform
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from kg.errors import UsageError
from recommender.serving import batch as batch_module
from recommender.serving.batch import ListMaker
from whyrec import Engine
from whyrec.spark.lists import asked_of
from whyrec.spark.parts import lists_of_ids, made_part, people_of, read_part


def _table(engine: Engine, **rules: object) -> pa.Table:
    return pa.Table.from_batches(engine.lists(n=5, **rules))


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """What a task leaves out of garbage collection comes back: this process goes on with other tests."""
    yield
    gc.unfreeze()


@pytest.mark.parametrize("rules", [{}, {"domain": "cosmetics", "max_price": 20.0, "reasons": 1, "lang": "zh"}])
def test_parts_of_tasks_are_the_lists(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, rules: dict[str, object]
) -> None:
    monkeypatch.setattr(batch_module, "PART", 100)
    batch = engine.batch(None, n=5, **rules)
    asked = asked_of(engine.opened.workspace, engine.recommender, batch)
    maker = ListMaker(engine.recommender, engine.recommender.rule_set(batch.rules), batch)
    parts = []
    for number in range(batch.parts):
        sent = pickle.dumps(partial(made_part, asked)), pickle.dumps(people_of(batch.part(number)))
        work, people = map(pickle.loads, sent)  # what travels to a task does so
        parts.append(maker.table(batch.part(number), read_part(work(people))))
    assert batch.parts > 2 and pa.concat_tables(parts).equals(_table(engine, **rules))


def test_what_travels_does_not_grow_with_the_people_asked_for(engine: Engine) -> None:
    everybody = [engine.snapshot.vocabulary.id(*one) for one in engine.recommender.users()]
    sizes = set()
    for users in (everybody[:3], everybody):
        batch = engine.batch(users, n=5)
        asked = asked_of(engine.opened.workspace, engine.recommender, batch)
        sizes.add(len(pickle.dumps(asked)))
        assert sum(len(some) for _, some in people_of(batch.part(0))) == len(users)
    assert len(sizes) == 1


def test_people_in_any_order_get_their_lists(engine: Engine) -> None:
    asked = asked_of(engine.opened.workspace, engine.recommender, engine.batch((), n=5))
    users = ["u0007", "u0001"]
    batches = [pa.RecordBatch.from_pydict({"user": [one]}) for one in users]
    found = pa.Table.from_batches(lists_of_ids(asked, batches))
    assert found.equals(pa.Table.from_batches(engine.lists(users, n=5)))


def test_another_model_on_a_host_is_refused(engine: Engine) -> None:
    asked = asked_of(engine.opened.workspace, engine.recommender, engine.batch(None, n=5))
    with pytest.raises(UsageError, match="holds another model"):
        made_part(dataclasses.replace(asked, key="0"), people_of([("User", 0)]))


TASKS = """
import gc, resource, sys
from pathlib import Path
import numpy as np
from kg.workspace.workspace import Workspace
from whyrec.spark.parts import opened

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        some = [np.ones(2 << 20, dtype=np.uint8) for _ in range(8)]
        del some
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = faults()
opened(sys.argv[1], str(Workspace(Path(sys.argv[1])).generation))
faults()
print(before, faults(), gc.get_freeze_count())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="how glibc gives memory back")
def test_a_process_of_many_tasks_keeps_its_memory_and_collects_little(demo: Path) -> None:
    done = subprocess.run([sys.executable, "-c", TASKS, str(demo)], capture_output=True, text=True, check=True)
    before, after, frozen = map(int, done.stdout.split())
    assert before > 50 * 512 and after < 512  # pages of 4 KiB, 512 a block
    assert frozen > 50_000
