"""What Spark's tasks do, without Spark: the lists of a block of people, with the bits of one machine."""

import dataclasses
import pickle  # as Spark sends tasks; nothing is read from disk

import pyarrow as pa
import pytest

from kg.errors import UsageError
from recommender.serving import batch as batch_module
from recommender.serving.batch import ListMaker
from whyrec import Engine
from whyrec.spark.lists import asked_of
from whyrec.spark.parts import lists_of_ids, made_part, read_part


def _table(engine: Engine, **rules: object) -> pa.Table:
    return pa.Table.from_batches(engine.lists(n=5, **rules))


@pytest.mark.parametrize("rules", [{}, {"domain": "cosmetics", "max_price": 20.0, "reasons": 1, "lang": "zh"}])
def test_parts_of_tasks_are_the_lists(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, rules: dict[str, object]
) -> None:
    monkeypatch.setattr(batch_module, "PART", 100)
    batch = engine.batch(None, n=5, **rules)
    asked = asked_of(engine.opened.workspace, engine.recommender, batch, None)
    asked = pickle.loads(pickle.dumps(asked))  # noqa: S301  what travels to a task does so
    maker = ListMaker(engine.recommender, engine.recommender.rule_set(batch.rules), batch)
    parts = [maker.table(number, read_part(made_part(asked, number))) for number in range(maker.parts)]
    assert maker.parts > 2 and pa.concat_tables(parts).equals(_table(engine, **rules))


def test_people_in_any_order_get_their_lists(engine: Engine) -> None:
    asked = asked_of(engine.opened.workspace, engine.recommender, engine.batch((), n=5), ())
    users = ["u0007", "u0001"]
    batches = [pa.RecordBatch.from_pydict({"user": [one]}) for one in users]
    found = pa.Table.from_batches(lists_of_ids(asked, batches))
    assert found.equals(pa.Table.from_batches(engine.lists(users, n=5)))


def test_another_model_on_a_host_is_refused(engine: Engine) -> None:
    asked = asked_of(engine.opened.workspace, engine.recommender, engine.batch(None, n=5), None)
    with pytest.raises(UsageError, match="holds another model"):
        made_part(dataclasses.replace(asked, key="0"), 0)
