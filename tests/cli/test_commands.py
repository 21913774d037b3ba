"""The commands on the example: the documents they promise, and the sums and paths in them."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from kg.stores.store import Store
from kg.workspace.workspace import Workspace
from tests.cli.conftest import Whyrec

Document = Callable[..., Any]


@pytest.fixture
def store(example: Path) -> Any:
    """The store of the example, read-only."""
    opened = Workspace(example).open_store(read_only=True)
    yield opened
    opened.close()


def test_a_load_accounts_for_every_row_and_a_second_one_changes_nothing(
    document: Document, tmp_path: Path, whyrec: Whyrec
) -> None:
    whyrec("init", tmp_path / "w", "--example")
    first = document("-w", tmp_path / "w", "load")
    second = document("-w", tmp_path / "w", "load")
    for loaded in (first, second):
        assert all(f["rows"] == f["loaded"] + f["rejected"] + f["filtered"] for f in loaded["files"])
        assert loaded["rejected"] == sum(f["rejected"] for f in loaded["files"]) > 0
        assert Path(loaded["rejects_file"]).is_file()
    changes = [*second["entities"].values(), *second["triples"].values()]
    assert changes and all(c["created"] == c["updated"] == 0 < c["unchanged"] for c in changes)
    assert first["snapshot"] == second["snapshot"]
    assert "Nothing changed" in whyrec("-w", tmp_path / "w", "load").stdout


def test_a_dry_run_writes_nothing(document: Document, tmp_path: Path, whyrec: Whyrec) -> None:
    whyrec("init", tmp_path / "w", "--example")
    planned = document("-w", tmp_path / "w", "load", "--dry-run")
    assert planned["dry_run"] and planned["entities"]["Product"]["created"] == 251
    status = document("-w", tmp_path / "w", "status")
    assert sum(status["store"]["entities"].values()) == 0 and status["snapshot"] is None
    assert status["next"].endswith("load")


@pytest.mark.parametrize("limit", [["--strict"], ["--max-rejects", "10"]])
def test_too_many_bad_rows_stop_before_the_first_write(
    document: Document, tmp_path: Path, whyrec: Whyrec, limit: list[str]
) -> None:
    whyrec("init", tmp_path / "w", "--example")
    result = whyrec("-w", tmp_path / "w", "load", *limit)
    assert result.exit_code == 3 and "nothing was written" in result.stderr
    assert sum(document("-w", tmp_path / "w", "status")["store"]["entities"].values()) == 0


def test_a_learner_gets_cosmetics_over_a_path_between_the_domains(document: Document, example: Path) -> None:
    listed = document("-w", example, "recommend", "u0002", "--domain", "cosmetics")
    assert listed["model"] == {"name": "default", "snapshot": listed["model"]["snapshot"], "trained": False}
    assert [item["rank"] for item in listed["items"]] == list(range(1, 11))
    assert all(item["domain"] == "cosmetics" and item["reason"] for item in listed["items"])
    account = document("-w", example, "why", "u0002", listed["items"][0]["id"])
    crossing = [p for part in account["parts"] for p in part.get("paths", ()) if p["relations"][0] == "enrolled_in"]
    assert crossing and all(path["nodes"][-1]["type"] == "Product" for path in crossing)


def test_accounts_add_up_and_every_path_is_in_the_store(document: Document, example: Path, store: Store) -> None:
    for user in ("u0001", "u0002", "u0003", "u0100"):
        listed = document("-w", example, "recommend", user)  # places for unused domains depend on the length
        for item in listed["items"][:3]:
            assert sum(item["shares"].values()) == pytest.approx(item["score"], abs=1e-9)
            account = document("-w", example, "why", user, item["id"])
            assert (account["score"], account["rank"]) == (item["score"], item["rank"])
            assert sum(part["share"] for part in account["parts"]) == pytest.approx(item["score"], abs=1e-9)
            for part in account["parts"]:
                _check_paths(part, store)


def _check_paths(part: dict[str, Any], store: Store) -> None:
    if part["kind"] != "path":
        return
    total = sum(path["share"] for path in part["paths"]) + part["other_paths"]["share"]
    assert total == pytest.approx(part["share"], abs=1e-9)
    for path in part["paths"]:
        for step, (left, right) in zip(path["relations"], pairwise(path["nodes"]), strict=True):
            head, tail = (right["id"], left["id"]) if step.startswith("~") else (left["id"], right["id"])
            if head is not None and tail is not None:
                assert store.existing_triples(step.removeprefix("~"), [(head, tail)]) == {(head, tail)}


def test_status_and_stats_count_what_is_there(document: Document, example: Path) -> None:
    status = document("-w", example, "status")
    assert status["snapshot"]["current"] and status["model"] is None
    assert status["store"]["entities"]["User"] == 400
    stats = document("-w", example, "graph", "stats")
    assert stats["snapshot"] == status["snapshot"]["hash"]
    assert {name: one["count"] for name, one in stats["entities"].items()} == status["store"]["entities"]
    assert {name: one["count"] for name, one in stats["triples"].items()} == status["store"]["triples"]


def test_all_users_are_written(document: Document, example: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "users.txt"
    chosen.write_text("u0003\nu0001\n")
    out = tmp_path / "some.parquet"
    written = document("-w", example, "recommend", "--all", "--users", chosen, "--out", out, "-n", "5")
    table = pq.read_table(out)
    assert table.column_names == ["user_id", "rank", "item_id", "score"]
    assert written["rows"] == table.num_rows == 10
    alone = document("-w", example, "recommend", "u0001", "-n", "5")["items"]
    rows = [row for row in table.to_pylist() if row["user_id"] == "u0001"]
    assert [(r["item_id"], r["score"]) for r in rows] == [(i["id"], i["score"]) for i in alone]


def test_a_new_load_makes_a_model_stale_and_it_is_carried_over(
    document: Document, whyrec: Whyrec, tmp_path: Path
) -> None:
    folder = tmp_path / "w"
    whyrec("init", folder, "--example")
    document("-w", folder, "load")
    trained = document("-w", folder, "train", "--epochs", "2", "--dim", "8")
    assert (
        trained["vectors_trained"]
        and not document("-w", folder, "train", "--epochs", "2", "--dim", "8")["vectors_trained"]
    )
    listed = document("-w", folder, "recommend", "u0001")
    say = any(one["embedding"]["kept"] for one in trained["learning"])
    assert listed["model"]["trained"] and any(item["shares"]["embedding"] for item in listed["items"]) == say
    account = document("-w", folder, "why", "u0001", listed["items"][0]["id"])
    assert sum(part["share"] for part in account["parts"]) == pytest.approx(account["score"], abs=1e-9)
    (tmp_path / "User.csv").write_text("id\nu9000\n")
    document("-w", folder, "load", tmp_path / "User.csv")
    stale = document("-w", folder, "recommend", "u9000")
    assert stale["model"] == listed["model"] and "1 User new" in stale["notices"][0]
    model = document("-w", folder, "status")["model"]
    assert model["carried_over"] and not model["current"]
