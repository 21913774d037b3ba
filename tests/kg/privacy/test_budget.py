"""The budget of a day is one for all workspaces that tell of the same people, as far as anybody can see."""

import json
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kg.errors import LimitError, WorkspaceError
from kg.privacy.budget import places
from kg.privacy.budget.ledger import PrivacyLedger
from kg.privacy.budget.places import NAME, SPARE
from kg.workspace.workspace import Workspace

SCHEMA = """
name = "tiny"
[entity.User]
sensitive = true
[entity.Product]
domain = "things"
[relation.bought]
head = "User"
tail = "Product"
interaction = true
"""


def shop(folder: Path, store: str = "graph.lbug", ledger: str = "") -> Workspace:
    folder.mkdir()
    (folder / "schema.toml").write_text(SCHEMA)
    told = f'ledger = "{ledger}"\n' if ledger else ""
    text = f'schema = "schema.toml"\nstore = "{store}"\n[privacy]\nepsilon_per_day = 1.0\n{told}'
    (folder / "whyrec.toml").write_text(text)
    return Workspace(folder)


def left(workspace: Workspace) -> float:
    return 1.0 - PrivacyLedger.of(workspace).spent()[0]


def pay(workspace: Workspace, epsilon: float) -> None:
    PrivacyLedger.of(workspace).charge("popularity", epsilon, 0.0)


@pytest.mark.parametrize("store", ["../first/graph.lbug", "../stores/graph.lbug"])
def test_workspaces_of_one_store_pay_from_one_budget(tmp_path: Path, store: str) -> None:
    (tmp_path / "stores").mkdir()
    first = shop(tmp_path / "first", "graph.lbug" if "first" in store else store)
    second, other = shop(tmp_path / "second", store), shop(tmp_path / "other", "../stores/another.lbug")
    pay(first, 0.6)
    assert left(second) == pytest.approx(0.4) and left(other) == 1.0
    pay(second, 0.3)
    with pytest.raises(LimitError, match=r"0\.1 of 1 "):
        pay(first, 0.2)
    assert left(first) == left(second) == pytest.approx(0.1)
    assert PrivacyLedger.of(second).shared != PrivacyLedger.of(other).shared


def test_workspaces_that_name_one_ledger_pay_from_one_budget(tmp_path: Path) -> None:
    first, second = (shop(tmp_path / name, ledger="../people.jsonl") for name in ("first", "second"))
    pay(first, 0.6)
    with pytest.raises(LimitError):
        pay(second, 0.6)
    (second.folder / "whyrec.toml").write_text(
        (second.folder / "whyrec.toml").read_text().replace("../people", "../nowhere/people")
    )
    with pytest.raises(WorkspaceError, match="nowhere"):
        pay(Workspace(second.folder), 0.1)


@pytest.mark.parametrize("paid_before", [True, False])
def test_a_copy_has_no_budget_of_its_own(tmp_path: Path, paid_before: bool) -> None:
    first = shop(tmp_path / "first")
    PrivacyLedger.of(first).begin()
    if paid_before:
        pay(first, 0.4)
    copies = [Workspace(Path(shutil.copytree(first.folder, tmp_path / name))) for name in ("a", "b")]
    pay(copies[0], 0.3 if paid_before else 0.7)
    assert left(first) == left(copies[0]) == left(copies[1]) == pytest.approx(0.3)
    with pytest.raises(LimitError):
        pay(copies[1], 0.4)
    first.folder.rename(tmp_path / "moved")  # whoever moves a workspace has paid for what it paid for
    assert left(Workspace(tmp_path / "moved")) == pytest.approx(0.3) == left(copies[0])


@pytest.mark.parametrize("name", [NAME, SPARE])
def test_what_a_copy_has_paid_outlasts_either_file(tmp_path: Path, name: str) -> None:
    first = shop(tmp_path / "first")
    PrivacyLedger.of(first).begin()
    copy = Workspace(Path(shutil.copytree(first.folder, tmp_path / "copy")))
    pay(first, 0.3)
    pay(copy, 0.4)
    (first.folder / name).unlink()
    assert left(first) == left(copy) == pytest.approx(0.3)
    pay(first, 0.1)
    assert left(first) == left(copy) == pytest.approx(0.2)
    (first.folder / name).write_text("{")
    with pytest.raises(WorkspaceError, match=f"{name}: damaged"):
        pay(copy, 0.1)


def test_another_workspace_at_the_place_of_an_earlier_one_is_no_copy(tmp_path: Path) -> None:
    first = shop(tmp_path / "first")
    pay(first, 0.4)
    first.folder.rename(tmp_path / "moved")
    again = shop(tmp_path / "first")
    pay(again, 0.9)
    assert left(Workspace(tmp_path / "moved")) == pytest.approx(0.6) and left(again) == pytest.approx(0.1)


@pytest.mark.parametrize("name", [NAME, SPARE])
def test_a_ledger_that_is_removed_or_put_back_costs_nobody_anything(tmp_path: Path, name: str) -> None:
    first = shop(tmp_path / "first")
    pay(first, 0.4)
    earlier = (first.folder / name).read_bytes()
    pay(first, 0.4)
    (first.folder / name).write_bytes(earlier)
    assert left(first) == pytest.approx(0.2)
    (first.folder / name).unlink()
    assert left(first) == pytest.approx(0.2)
    pay(first, 0.1)
    assert left(first) == pytest.approx(0.1) and len(PrivacyLedger.of(first).releases()) == 3


def test_those_who_pay_at_once_wait_for_each_other_and_none_gets_too_much(tmp_path: Path) -> None:
    first, told = shop(tmp_path / "first"), list[str]()

    def one() -> None:
        try:
            pay(first, 0.2)
            told.append("paid")
        except LimitError as problem:
            told.append(str(problem)[:40])

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("paid") == 5 and set(told) == {"paid", "the privacy budget of today does not reac"[:40]}


def test_whoever_waits_too_long_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shop(tmp_path / "first")
    monkeypatch.setattr(places, "PATIENCE", 0.05)
    with places.locked([places.FilePlace(first.folder / NAME)]), pytest.raises(LimitError, match="run the command"):
        pay(first, 0.2)


def test_a_day_ends_at_midnight_and_a_clock_that_was_ahead_gives_nothing_back(tmp_path: Path) -> None:
    first, now = shop(tmp_path / "first"), datetime.now(UTC)
    days = {-1: 0.7, 0: 0.2, 1: 0.3}
    lines = [
        json.dumps({"at": (now + timedelta(days=day)).isoformat(), "what": "x", "epsilon": cost, "delta": 0.0})
        for day, cost in days.items()
    ]
    (first.folder / NAME).write_text("\n".join(lines) + "\n")  # as an earlier version wrote it
    ledger = PrivacyLedger.of(first)
    assert ledger.spent()[0] == pytest.approx(0.5)
    assert ledger.spent((now - timedelta(days=1)).date().isoformat())[0] == pytest.approx(0.7)


def test_what_cannot_be_booked_is_not_released(tmp_path: Path) -> None:
    first = shop(tmp_path / "first", ledger="../people.jsonl")
    (tmp_path / "people.jsonl").write_text("{")
    with pytest.raises(WorkspaceError, match=r"people\.jsonl: damaged"):
        pay(first, 0.1)
    assert not (first.folder / NAME).exists()


def test_workspaces_of_one_server_pay_from_one_budget(tmp_path: Path, empty_neo4j_url: str) -> None:
    first, second = (shop(tmp_path / name, empty_neo4j_url) for name in ("first", "second"))
    first.open_store().close()
    pay(first, 0.6)
    assert left(second) == pytest.approx(0.4)
    with pytest.raises(LimitError):
        pay(second, 0.5)
    pay(second, 0.4)
    assert left(first) == pytest.approx(0.0)
    (first.folder / NAME).unlink()
    (first.folder / SPARE).unlink()
    assert left(first) == pytest.approx(0.0) and PrivacyLedger.of(first).shared == [empty_neo4j_url]


def test_of_two_machines_that_pay_at_once_one_makes_the_sum_anew(tmp_path: Path, empty_neo4j_url: str) -> None:
    first, second = (shop(tmp_path / name, empty_neo4j_url) for name in ("first", "second"))
    first.open_store().close()
    [place] = PrivacyLedger.of(first)._shared
    known = place.read()
    pay(second, 0.8)
    from kg.privacy.budget.release import Release

    assert not place.book(known, Release.now("popularity", (0.8, 0.0), "elsewhere"))
    assert len(place.read()) == 1
