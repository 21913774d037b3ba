"""``load --mode replace`` on the command line: what it counts, what it refuses, and how it says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Whyrec

Document = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, whyrec: Whyrec) -> Path:
    """A workspace with three brands."""
    (tmp_path / "Brand.csv").write_text("id,label\nb1,One\nb2,Two\nb3,Three\n")
    assert whyrec("init", tmp_path / "w").exit_code == 0
    assert whyrec("-w", tmp_path / "w", "load", tmp_path / "Brand.csv").exit_code == 0
    return tmp_path


def test_what_vanished_is_deleted_and_counted(folder: Path, document: Document, whyrec: Whyrec) -> None:
    (folder / "Brand.csv").write_text("id,label\nb1,One\n")
    command = ("-w", folder / "w", "load", folder / "Brand.csv")
    kept = {"Brand": {"created": 0, "updated": 0, "unchanged": 1, "deleted": 0}}
    assert document(*command)["entities"] == document(*command, "--mode", "merge")["entities"] == kept
    deleted = {"Brand": {"created": 0, "updated": 0, "unchanged": 1, "deleted": 2}}
    assert document(*command, "--mode", "replace", "--dry-run")["entities"] == deleted
    refused = whyrec(*command, "--mode", "replace")
    assert refused.exit_code == 3
    assert "would delete 2 of 3 Brand (66.7%); at most 5 % of each may be deleted" in refused.stderr
    assert "--max-deletes all" in refused.stderr
    assert whyrec(*command, "--mode", "replace", "--max-deletes", "66.6%").exit_code == 3
    assert whyrec(*command, "--mode", "replace", "--max-deletes", "many").exit_code == 2
    assert document("-w", folder / "w", "status")["store"]["entities"]["Brand"] == 3
    assert document(*command, "--mode", "replace", "--max-deletes", "2")["entities"] == deleted
    assert document("-w", folder / "w", "status")["store"]["entities"]["Brand"] == 1
    assert "Nothing changed" in whyrec(*command, "--mode", "replace").stdout
    assert whyrec(*command, "--mode", "mirror").exit_code == 2


def test_a_broken_export_deletes_nothing(folder: Path, document: Document, whyrec: Whyrec) -> None:
    command = ("-w", folder / "w", "load", folder / "Brand.csv", "--mode", "replace")
    for text, way_out in (
        ("id,label\nb1,One\n,Two\n", ("--max-rejects", "1", "--max-deletes", "all")),
        ("id,label\n", ("--allow-empty",)),
    ):
        (folder / "Brand.csv").write_text(text)
        refused = whyrec(*command)
        assert refused.exit_code == 3 and "nothing was written" in refused.stderr
        assert " ".join(way_out[:2]) in refused.stderr
        assert document("-w", folder / "w", "status")["store"]["entities"]["Brand"] > 0
        assert whyrec(*command, *way_out).exit_code == 0
    assert document("-w", folder / "w", "status")["store"]["entities"]["Brand"] == 0


def test_contradictions_are_said_on_the_terminal(folder: Path, whyrec: Whyrec) -> None:
    (folder / "Brand.csv").write_text("id,label\nb1,One\nb1,Eins\n")
    loaded = whyrec("-w", folder / "w", "load", folder / "Brand.csv")
    assert loaded.exit_code == 0
    assert "1 entity or triple is contradicted" in loaded.stdout and "contradictions.csv" in loaded.stdout
    assert "1 id about which rows contradict each other" in loaded.stderr


def test_no_rows_into_an_empty_store_end_well(whyrec: Whyrec, document: Any, tmp_path: Path) -> None:
    folder, empty = tmp_path / "w", tmp_path / "Product.csv"
    assert whyrec("init", folder).exit_code == 0
    empty.write_text("id,label\n")
    found = document("-w", folder, "load", empty)
    assert found["snapshot"] is None and found["files"][0]["rows"] == 0
    assert whyrec("-w", folder, "load", empty).exit_code == 0
