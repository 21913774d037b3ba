"""``recommend --all``: one file for everybody, the lists of one user at a time, and a word on what was there before."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Whyrec

Document = Callable[..., Any]


def test_everybody_gets_the_list_of_one_user_at_a_time(document: Document, example: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.parquet"
    written = document("-w", example, "recommend", "--all", "--out", out, "-n", "5")
    rows = pq.read_table(out).to_pylist()
    assert (written["rows"], written["resumed"], written["restarted"]) == (len(rows), 0, False)
    users = sorted({row["user_id"] for row in rows})
    assert len(users) == written["users"]
    for user in random.Random(0).sample(users, 10):
        alone = document("-w", example, "recommend", user, "-n", "5")["items"]
        together = [(row["rank"], row["item_id"], row["score"]) for row in rows if row["user_id"] == user]
        assert [(item["rank"], item["id"], item["score"]) for item in alone] == together


@pytest.mark.parametrize("key", ["{}", "torn"])
def test_an_unfinished_run_for_something_else_is_thrown_away_aloud(
    whyrec: Whyrec, example: Path, tmp_path: Path, key: str
) -> None:
    parts = tmp_path / ".all.parquet.parts"
    parts.mkdir()
    (parts / "key.json").write_text(key)
    (parts / "0.arrow").write_text("of another model")
    users = tmp_path / "users.txt"
    users.write_text("u0003\nu0001\n")
    result = whyrec("-w", example, "recommend", "--all", "--users", users, "--out", tmp_path / "all.parquet")
    assert result.exit_code == 0 and "thrown away" in result.stderr
    assert list(dict.fromkeys(pq.read_table(tmp_path / "all.parquet")["user_id"].to_pylist())) == ["u0003", "u0001"]
    assert not parts.exists()


def test_a_folder_that_is_not_there_is_said(whyrec: Whyrec, example: Path, tmp_path: Path) -> None:
    result = whyrec("-w", example, "recommend", "--all", "--out", tmp_path / "missing" / "all.parquet")
    assert result.exit_code in (1, 2) and "cannot be written" in result.stderr


def test_a_file_of_people_names_each_once_whatever_stands_around_the_ids(
    whyrec: Whyrec, document: Document, example: Path, tmp_path: Path
) -> None:
    """A campaign's file had everybody's list as often as the export named her."""
    users, out = tmp_path / "users.txt", tmp_path / "all.parquet"
    users.write_text("\ufeffu0003\r\n  \r\nu0001 \r\nu0003\r\n\r\n", encoding="utf-8")
    options = ("-w", example, "recommend", "--all", "--users", users, "--out", out, "-n", "2")
    assert document(*options)["users"] == 2
    assert pq.read_table(out).column("user_id").to_pylist() == ["u0003", "u0003", "u0001", "u0001"]
    for text, said in (("user_id\nu0003\n", "one id a line, without a header"), ("\n \n", "no id in it")):
        users.write_text(text)
        result = whyrec(*options)
        assert result.exit_code in (1, 2) and said in " ".join(result.stderr.split())
