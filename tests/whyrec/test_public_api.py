"""What ``import whyrec`` promises: few names, cheap to import, the documents that the command line prints."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import whyrec
from cli.main import app
from recommender.evaluation.report import Evaluation
from recommender.results.recommendation import Recommendation
from recommender.rules.rule_set import Rules
from tests.whyrec.conftest import Shown
from whyrec import Engine, LimitError, UsageError
from whyrec.options import RuleOptions
from whyrec.workspace.evaluation.evaluating import Evaluating, HowToEvaluate
from whyrec.workspace.load import HowToLoad, Loading


def test_exported_members() -> None:
    assert len(whyrec.__all__) <= 12
    assert dir(whyrec) == sorted(whyrec.__all__)
    for name in whyrec.__all__:
        assert getattr(whyrec, name) is not None
        assert name == "__version__" or getattr(whyrec, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'Engin'"):
        _ = whyrec.Engin
    assert (Path(whyrec.__file__).parent / "py.typed").is_file()


def test_options_by_name_are_those_of_their_classes() -> None:
    assert set(HowToLoad.__annotations__) | {"paths", "mapping"} == {one.name for one in fields(Loading)}
    assert set(HowToEvaluate.__annotations__) == {one.name for one in fields(Evaluating)}
    assert set(RuleOptions.__annotations__) | {"domain"} == set(Rules.model_fields)


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        ("import whyrec", ("numpy", "pydantic", "kg", "recommender")),
        (
            "import sys, whyrec; e = whyrec.open(sys.argv[1]); r = e.recommend('u0002'); e.why('u0002', r.items[0].id)",
            (
                "torch",
                "pykeen",
                "pyarrow",
                "polars",
                "ladybug",
                "neo4j",
                "pandas",
                "typer",
                "numpy.f2py",
                "scipy.special",
            ),
        ),
        (
            "import cli.main, cli.load",
            ("recommender.serving", "recommender.reasons", "scipy.linalg", "scipy.special", "torch", "pyarrow"),
        ),
        ("import whyrec.service.server, whyrec.service.app", ("torch", "pyarrow", "polars", "ladybug", "mcp", "redis")),
    ],
)
def test_only_what_is_used_is_imported(demo: Path, program: str, absent: tuple[str, ...]) -> None:
    told = f"{program}; print(*(name for name in {absent!r} if name in sys.modules))"
    command = [sys.executable, "-c", f"import sys; {told}", str(demo)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_answers_are_the_documents_of_the_command_line(engine: Engine, demo: Path) -> None:
    def printed(*arguments: str) -> Any:
        result = CliRunner().invoke(app, ["-w", str(demo), *arguments, "--json"], prog_name="whyrec")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    listed = engine.recommend("u0002", n=3, domain="cosmetics", max_price=30, avoid=["contains:PARFUM"], diversity=0.2)
    options = ("--max-price", "30", "--avoid", "contains:PARFUM", "--diversity", "0.2")
    assert _json(listed) == printed("recommend", "u0002", "-n", "3", "--domain", "cosmetics", *options)
    item = listed.items[0].id
    assert _json(engine.why("u0002", item, lang="zh")) == printed("why", "u0002", item, "--lang", "zh")
    assert _json(engine.why_not("u0002", "p0042", n=5)) == printed("why-not", "u0002", "p0042", "-n", "5")
    changed = engine.what_if("u0002", add=["has_concern:acne"], n=4)
    assert _json(changed) == printed("what-if", "u0002", "--with", "has_concern:acne", "-n", "4")
    assert _json(engine.similar("p0001", 2)) == printed("similar", "p0001", "-n", "2")
    assert _json(engine.status()) == printed("status")


def _json(document: Any) -> Any:
    return json.loads(document.model_dump_json())


def test_lists_are_what_all_writes(engine: Engine, tmp_path: Path) -> None:
    users = ["u0003", "User:u0001"]
    report = engine.write_lists(tmp_path / "some.parquet", users, n=4, max_price=20)
    table = pa.Table.from_batches(engine.lists(users, n=4, max_price=20))
    assert table.equals(pq.read_table(tmp_path / "some.parquet"))
    assert (report.rows, report.users) == (table.num_rows, 2)
    alone = engine.recommend("u0001", n=4, max_price=20).items
    assert [(one.id, one.score) for one in alone] == [
        (row["item_id"], row["score"]) for row in table.to_pylist() if row["user_id"] == "u0001"
    ]


def test_errors_name_fields_and_unknown_options_their_nearest(engine: Engine) -> None:
    with pytest.raises(UsageError, match="`max_price`") as raised:
        engine.recommend("u0002", max_price=-1)
    assert "--" not in str(raised.value)
    with pytest.raises(UsageError, match="`n` 0: expected 1 or more"):
        engine.recommend("u0002", n=0)
    with pytest.raises(UsageError, match=r"`n` 2\.5: expected a whole number"):
        engine.similar("p0001", n=2.5)  # type: ignore[arg-type]  # a notebook has no types
    with pytest.raises(TypeError, match="unknown option 'max_prize'; nearest: 'max_price'"):
        engine.recommend("u0002", max_prize=3)
    with pytest.raises(TypeError, match="unknown option 'holdut'; nearest: 'holdout'"):
        engine.evaluate(holdut=0.5)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"k": 0}, "`k` 0: expected 1 or more"),
        ({"k": "5"}, "`k` '5': expected a whole number"),
        ({"holdout": 1.5}, "`holdout` 1.5: expected a fraction from 0 to 1"),
        ({"holdout": float("nan")}, "`holdout` nan"),
        ({"seed": -1}, "`seed` -1: expected 0 or more"),
        ({"folds": 101}, "`folds` 101: expected 2 to 100"),
        ({"domain": "nowhere", "folds": 2}, "unknown domain 'nowhere'"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(
    engine: Engine, how: dict[str, Any], message: str
) -> None:
    """1.5 measured “150 % of what each person did”."""
    with pytest.raises(UsageError, match=message):
        engine.evaluate(**how)


def test_a_number_is_no_id_and_a_text_no_list_of_letters(engine: Engine) -> None:
    """Data frames hold ids as numbers; which text they were, 7, 007 or 7.0, is not guessed."""
    asks: list[Callable[[Any], Any]] = [
        engine.recommend,
        engine.export_person,
        engine.forget,
        engine.item,
        engine.find,
        lambda one: engine.why("u0002", one),
        lambda one: engine.recommend("u0002", avoid=[one]),
        lambda one: list(engine.lists([one])),
    ]
    for ask in asks:
        with pytest.raises(UsageError, match="ids and names are text, and this is of type int"):
            ask(7)
    alone: Any = "contains:PARFUM"
    assert engine.recommend("u0002", avoid=alone) == engine.recommend("u0002", avoid=[alone])
    with pytest.raises(UsageError, match="`users` is one text; give a list of ids"):
        list(engine.lists("u0002"))


def test_a_workspace_is_made_and_what_changes_it_is_answered_from_at_once(tmp_path: Path) -> None:
    stages: dict[str, int | None] = {}

    def told(stage: str, done: int, total: int | None, note: str = "") -> None:
        assert total is None or 0 <= done <= total, (stage, done, total, note)
        stages[stage] = total

    engine = whyrec.create(tmp_path / "w", example=True, progress=told)
    with pytest.raises(LimitError):
        engine.load(max_rejects=3)
    assert engine.load(dry_run=True).snapshot is None
    assert engine.load().entities["Product"]["created"] > 0
    assert not engine.recommend("u0002").model.trained
    (tmp_path / "User.csv").write_text("id\nu9000\n")
    engine.load([tmp_path / "User.csv"])
    assert engine.recommend("u9000").user.id == "u9000"
    forgotten = engine.forget("u9000")
    assert forgotten.deleted.entities == 1 and not forgotten.found
    with pytest.raises(whyrec.UnknownEntityError):
        engine.recommend("u9000")
    assert {"Snapshot", "Kernels", "Writing", "Forgetting", "products.csv.gz"} <= set(stages)


def test_training_swaps_the_model_in_and_is_skipped_where_it_is_up_to_date(toured: tuple[Path, Shown]) -> None:
    values = dict(toured[1])
    measured = next(one for one in values.values() if isinstance(one, Evaluation))
    assert measured.models["whyrec"]["ndcg"]["mean"] > measured.models["popularity"]["ndcg"]["mean"]
    listed = next(one for one in values.values() if isinstance(one, Recommendation))
    assert listed.model.trained and len(listed.items) == 5
    again = whyrec.open(toured[0] / "demo").train(embeddings=False)
    assert again.up_to_date and again.learning and not again.snapshot_taken and not again.kernels_made
