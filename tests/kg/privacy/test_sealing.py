"""Sealing: nothing readable at rest, everything back as it was, and one message for a wrong key."""

import json
import os
from pathlib import Path

import pyrage
import pytest

from kg.errors import UsageError, WorkspaceError
from kg.privacy.seal_key import check_opens, public_key, recipient
from kg.privacy.sealing import rotate, seal, set_key, unseal
from kg.workspace.creation import create_workspace
from kg.workspace.outputs import outputs
from kg.workspace.scratch import NAME as SCRATCH
from kg.workspace.scratch import scratch
from kg.workspace.training_mark import training_mark
from kg.workspace.workspace import Workspace
from whyrec.workspace.evaluation.experiments import Experiments

PERSON = b"ann@example.org"


def _key() -> str:
    return str(pyrage.x25519.Identity.generate())


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a bit of everything that whyrec keeps, and a file of somebody's own."""
    monkeypatch.setenv("WHYREC_SEAL_KEY", _key())
    folder = tmp_path / "w"
    set_key(create_workspace(folder), public_key())
    made = ("generations/current", "snapshot/current", "model/model.json", "training/vocabulary/User.id.npy")
    for name in ("graph.lbug", *made, "rejects/1/bought.csv", "service/events.db"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(PERSON * 1000)
    (folder / "forgotten.json").write_text("{}")
    (folder / "anomalies.csv").write_bytes(PERSON)
    (folder / "users.csv").write_bytes(PERSON)
    return folder


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_sealed_workspace_shows_nothing_and_comes_back_to_the_bit(shop: Path) -> None:
    before = _contents(shop)
    assert seal(Workspace(shop)) == [
        "anomalies.csv",
        "forgotten.json",
        "generations",
        "graph.lbug",
        "model",
        "rejects",
        "service",
        "snapshot",
        "training",
    ]
    at_rest = _contents(shop)
    assert set(at_rest) == {"whyrec.toml", "schema.toml", "users.csv", "sealed.age"}
    assert PERSON not in at_rest["sealed.age"] and (shop / "sealed.age").stat().st_mode & 0o077 == 0
    with pytest.raises(WorkspaceError, match=r"is sealed; `whyrec -w .* unseal`"):
        Workspace(shop).open_store(read_only=True)
    with pytest.raises(WorkspaceError, match="is sealed"):
        Workspace(shop).snapshot()
    unseal(Workspace(shop))
    assert _contents(shop) == before


def test_a_wrong_key_changes_nothing(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seal(Workspace(shop))
    before = _contents(shop)
    monkeypatch.setenv("WHYREC_SEAL_KEY", _key())
    with pytest.raises(UsageError, match=r"another one than sealed\.age was sealed with: its public key is age1"):
        unseal(Workspace(shop))
    monkeypatch.setenv("WHYREC_SEAL_KEY", "secret")
    with pytest.raises(UsageError, match="is no secret key of age"):
        unseal(Workspace(shop))
    monkeypatch.delenv("WHYREC_SEAL_KEY")
    with pytest.raises(UsageError, match="WHYREC_SEAL_KEY is not set"):
        unseal(Workspace(shop))
    assert _contents(shop) == before


@pytest.mark.parametrize("cut", [-1, -100, None])
def test_damage_is_told_and_changes_nothing(shop: Path, cut: int | None) -> None:
    seal(Workspace(shop))
    data = (shop / "sealed.age").read_bytes()
    flipped = data[:-50] + bytes([data[-50] ^ 1]) + data[-49:]
    (shop / "sealed.age").write_bytes(flipped if cut is None else data[:cut])
    before = _contents(shop)
    with pytest.raises(WorkspaceError, match="damaged"):
        unseal(Workspace(shop))
    assert _contents(shop) == before


def test_keys_rotate(shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = {name: data for name, data in _contents(shop).items() if name != "whyrec.toml"}
    copy = tmp_path / "copy.age"
    assert seal(Workspace(shop), copy)
    assert outputs(shop) == [copy]  # for whoever is forgotten later
    (shop / "outputs.json").unlink()
    assert before == {n: d for n, d in _contents(shop).items() if n != "whyrec.toml"}
    seal(Workspace(shop))
    monkeypatch.setenv("WHYREC_SEAL_KEY_OLD", os.environ["WHYREC_SEAL_KEY"])
    monkeypatch.setenv("WHYREC_SEAL_KEY", _key())
    rotate(Workspace(shop))
    assert Workspace(shop).settings.privacy.seal_to == public_key()
    unseal(Workspace(shop))
    with pytest.raises(UsageError, match=r"another one than copy\.age"):
        unseal(Workspace(shop), copy)
    assert before == {name: data for name, data in _contents(shop).items() if name != "whyrec.toml"}


def test_a_wrong_old_key_changes_nothing(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seal(Workspace(shop))
    before = _contents(shop)
    monkeypatch.setenv("WHYREC_SEAL_KEY_OLD", _key())
    monkeypatch.setenv("WHYREC_SEAL_KEY", _key())
    with pytest.raises(UsageError, match=r"another one than sealed\.age was sealed with"):
        rotate(Workspace(shop))
    assert _contents(shop) == before


def test_nothing_is_sealed_to_another_key_than_that_at_hand(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _contents(shop)
    monkeypatch.setenv("WHYREC_SEAL_KEY", _key())
    with pytest.raises(UsageError, match=r"would not open what is sealed to it.*whyrec seal --rotate"):
        seal(Workspace(shop))
    assert _contents(shop) == before
    monkeypatch.delenv("WHYREC_SEAL_KEY")
    assert seal(Workspace(shop))  # the public key is enough for whoever only seals


def test_a_cut_off_seal_goes_on(shop: Path) -> None:
    before = _contents(shop)
    seal(Workspace(shop))
    (shop / "graph.lbug").write_bytes(b"left over")
    with pytest.raises(WorkspaceError, match=r"graph\.lbug: is newer than sealed\.age, and not in it"):
        seal(Workspace(shop))
    os.utime(shop / "graph.lbug", (0, 0))
    assert seal(Workspace(shop)) == ["graph.lbug"] and not (shop / "graph.lbug").exists()
    unseal(Workspace(shop))
    assert _contents(shop) == before


def test_what_killed_commands_left_is_not_left_readable(shop: Path) -> None:
    before = _contents(shop)
    for name in (f"{SCRATCH}/evaluation-1", f"experiments/one/{SCRATCH}/run-1"):
        (shop / name).mkdir(parents=True)
        (shop / name / "kernel.npy").write_bytes(PERSON)
    (shop / ".sealed.age.1").write_bytes(b"half of it")
    with scratch(shop, "fitting") as working:
        (working / "kernel.npy").write_bytes(PERSON)
        with pytest.raises(WorkspaceError, match=r"another command works in this workspace \(fitting\)"):
            seal(Workspace(shop))
    seal(Workspace(shop))
    assert set(_contents(shop)) == {"whyrec.toml", "schema.toml", "users.csv", "sealed.age"}
    unseal(Workspace(shop))
    assert _contents(shop) == before


def test_a_training_that_goes_on_is_not_sealed_away(shop: Path) -> None:
    """Vectors are trained for minutes without any folder of scratch, and what it publishes would lie there readable."""
    with training_mark(shop / "training"):
        with pytest.raises(WorkspaceError, match=r"another command works in this workspace \(training\)"):
            seal(Workspace(shop))
        assert not (shop / "sealed.age").exists()
    (shop / "training" / "under-way-00.lock").touch()  # of a training that was killed
    assert "training" in seal(Workspace(shop))


def test_experiments_are_sealed_too(shop: Path) -> None:
    values = shop / "experiments/one/runs/1/values.npy"  # a row for each person who was tested
    values.parent.mkdir(parents=True)
    values.write_bytes(b"0.5")
    assert "experiments" in seal(Workspace(shop)) and not values.exists()
    with pytest.raises(WorkspaceError, match="is sealed"):
        Experiments(shop)


def test_a_change_of_the_key_that_was_cut_off_at_its_end_goes_on(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seal(Workspace(shop))
    configuration = (shop / "whyrec.toml").read_text()
    monkeypatch.setenv("WHYREC_SEAL_KEY_OLD", os.environ["WHYREC_SEAL_KEY"])
    monkeypatch.setenv("WHYREC_SEAL_KEY", _key())
    rotate(Workspace(shop))
    (shop / "whyrec.toml").write_text(configuration)  # cut off before it named the new key
    rotate(Workspace(shop))
    assert public_key() in (shop / "whyrec.toml").read_text()
    unseal(Workspace(shop))


def test_of_a_store_that_was_there_nothing_stays_beside_the_restored_one(shop: Path, tmp_path: Path) -> None:
    (shop / "forgotten.json").unlink()
    seal(Workspace(shop), tmp_path / "copy.age")
    (shop / "graph.lbug.wal").write_bytes(b"of a load that was killed later")
    unseal(Workspace(shop), tmp_path / "copy.age")
    assert not (shop / "graph.lbug.wal").exists()


def test_a_copy_is_not_opened_beside_what_is_sealed(shop: Path, tmp_path: Path) -> None:
    seal(Workspace(shop), tmp_path / "copy.age")
    seal(Workspace(shop))
    before = _contents(shop)
    with pytest.raises(WorkspaceError, match="is sealed itself"):
        unseal(Workspace(shop), tmp_path / "copy.age")
    assert _contents(shop) == before


def _records(shop: Path, key: str, digests: list[str], days: list[str], files: list[str]) -> None:
    (shop / "forgotten.json").write_text(json.dumps({"format": 1, "key": key, "digests": digests}))
    paid = [json.dumps({"at": day, "what": "overview", "epsilon": 0.5, "delta": 0.0}) + "\n" for day in days]
    (shop / "privacy-ledger.jsonl").write_text("".join(paid))
    (shop / "outputs.json").write_text(json.dumps({"files": files}))


def test_what_happened_since_a_copy_was_made_is_not_undone(shop: Path, tmp_path: Path) -> None:
    _records(shop, "ab", ["1"], ["2026-01-01", "2026-01-01", "2026-01-03"], ["a"])
    seal(Workspace(shop), tmp_path / "copy.age")
    _records(shop, "ab", ["1", "2"], ["2026-01-01", "2026-01-01", "2026-01-02", "2026-01-03"], ["b"])
    unseal(Workspace(shop), tmp_path / "copy.age")
    assert json.loads((shop / "forgotten.json").read_text()) == {"format": 1, "key": "ab", "digests": ["1", "2"]}
    at = [json.loads(line)["at"] for line in (shop / "privacy-ledger.jsonl").read_text().splitlines()]
    assert at == ["2026-01-01", "2026-01-01", "2026-01-02", "2026-01-03"]
    assert json.loads((shop / "outputs.json").read_text()) == {"files": ["a", "b"]}


@pytest.mark.parametrize(("key", "told"), [("cd", "of another workspace"), ("", "is damaged")])
def test_a_copy_with_another_list_of_the_forgotten_changes_nothing(
    shop: Path, tmp_path: Path, key: str, told: str
) -> None:
    _records(shop, "ab", ["1"], [], [])
    seal(Workspace(shop), tmp_path / "copy.age")
    _records(shop, key, ["2"], [], [])
    if not key:
        (shop / "forgotten.json").write_text("{}")
    before = _contents(shop)
    with pytest.raises(WorkspaceError, match=told):
        unseal(Workspace(shop), tmp_path / "copy.age")
    assert _contents(shop) == before


def test_a_secret_key_where_a_public_one_belongs_is_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkspaceError, match="a secret key, which nobody else may have") as told:
        recipient(secret := _key())
    assert secret not in str(told.value)
    monkeypatch.setenv("WHYREC_SEAL_KEY", _key())
    with pytest.raises(WorkspaceError, match="a secret key, which nobody else may have") as told:
        check_opens(secret)
    assert secret not in str(told.value)
    with pytest.raises(WorkspaceError, match="'age1foo': no public key of age"):
        recipient("age1foo")
