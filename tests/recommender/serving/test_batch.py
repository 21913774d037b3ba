"""All users' lists are those of one user at a time, to the last bit, however they are made; a killed run goes on."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from kg.errors import UsageError
from kg.file_lock import FileLock
from recommender.learning.model import open_model
from recommender.linalg import forked_workers
from recommender.rules.rule_set import Rules
from recommender.serving import batch as batch_module
from recommender.serving.batch import Batch, lists_of, recommend_all
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, Entities, Triples, snapshot_of


def _graph() -> tuple[Entities, Triples]:
    """Enough users for several parts, of two domains, with weights that are no whole numbers."""
    random = np.random.default_rng(11)
    entities: Entities = {
        "User": [f"u{n:03}" for n in range(120)],
        "Product": [(f"p{n:02}", None, float(n)) for n in range(40)],
        "Course": [f"c{n:02}" for n in range(15)],
        "Ingredient": [f"i{n}" for n in range(12)],
        "Concern": ["acne", "dryness"],
    }

    def pairs(head: str, tail: str, count: int) -> list[tuple[str, str, float]]:
        heads = [one[0] if isinstance(one, tuple) else one for one in entities[head]]
        tails = [one[0] if isinstance(one, tuple) else one for one in entities[tail]]
        found = {(str(random.choice(heads)), str(random.choice(tails))) for _ in range(count)}
        return [(*pair, float(random.random()) + 0.1) for pair in sorted(found)]

    return entities, {
        "purchased": pairs("User", "Product", 500),
        "enrolled": pairs("User", "Course", 150),
        "has_concern": pairs("User", "Concern", 60),
        "contains": pairs("Product", "Ingredient", 90),
        "teaches": pairs("Course", "Ingredient", 30),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a snapshot."""
    made = tmp_path_factory.mktemp("batch")
    snapshot_of(made, *_graph())
    return made


@pytest.fixture
def recommender(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Recommender:
    """Its recommender, and parts of 32 users."""
    monkeypatch.setattr(batch_module, "PART", 32)
    monkeypatch.setattr(batch_module, "CELLS", 1000)
    return _open(folder)


def _open(folder: Path) -> Recommender:
    from kg.schema import parse_schema
    from kg.snapshot.snapshot import current_snapshot

    snapshot = current_snapshot(folder / "snapshot", parse_schema(SCHEMA))
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(path).to_pylist())


def _alone(recommender: Recommender, rules: Rules, n: int) -> list[dict[str, Any]]:
    rows = []
    for user_type, idx in recommender.users():
        user_id = recommender.snapshot.vocabulary.id(user_type, idx)
        for item in recommender.recommend(Request(user_id, rules=rules, n=n)).items:
            rows.append({"user_id": user_id, "rank": item.rank, "item_id": item.id, "score": item.score})
    return rows


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("n", [4, 100])
def test_all_users_get_the_bits_of_one_user_at_a_time(
    recommender: Recommender, tmp_path: Path, n: int, workers: int
) -> None:
    out = tmp_path / "all.parquet"
    done: list[tuple[Any, ...]] = []
    result = recommend_all(
        recommender, Batch(recommender.users(), Rules(), n, workers), out, lambda *told: done.append(told)
    )
    assert _rows(out) == _alone(recommender, Rules(), n)
    assert (result.rows, result.resumed, result.restarted) == (len(_rows(out)), 0, False)
    assert done[-1] == ("Recommending", len(recommender.users()), len(recommender.users()))
    assert [path.name for path in tmp_path.iterdir()] == ["all.parquet"]


def test_every_worker_settles(recommender: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked_workers, "settle", lambda: (tmp_path / str(os.getpid())).touch())
    asked = Batch(recommender.users(), Rules(), 5, workers=2)
    list(lists_of(recommender, asked))
    assert len(list(tmp_path.iterdir())) == 2
    recommend_all(recommender, asked, tmp_path / "lists.parquet")
    assert len([one for one in tmp_path.iterdir() if one.name.isdigit()]) == 4


@pytest.mark.parametrize("rules", [Rules(domain="cosmetics", max_price=20), Rules(avoid=("contains:i3", "teaches:i3"))])
def test_rules_hold_for_all_as_for_one(recommender: Recommender, tmp_path: Path, rules: Rules) -> None:
    recommend_all(recommender, Batch(recommender.users(), rules, 5, 1), tmp_path / "all.parquet")
    assert _rows(tmp_path / "all.parquet") == _alone(recommender, rules, 5)


class _Killed(BaseException):
    """Stands for a kill in the middle."""


def _kill_after(parts: int) -> Any:
    seen: list[int] = []

    def progress(stage: str, done: int, total: int | None, note: str = "") -> None:
        seen.append(done)
        if len(seen) == parts:
            raise _Killed

    return progress


def test_a_repeated_call_goes_on_and_writes_the_same_file(recommender: Recommender, tmp_path: Path) -> None:
    batch = Batch(recommender.users(), Rules(), 5, 1)
    recommend_all(recommender, batch, tmp_path / "whole.parquet")
    out = tmp_path / "all.parquet"
    with pytest.raises(_Killed):
        recommend_all(recommender, batch, out, _kill_after(2))
    assert not out.exists()
    result = recommend_all(recommender, batch, out)
    assert (result.resumed, result.restarted) == (64, False)
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


@pytest.mark.parametrize("change", [{"n": 6}, {"rules": Rules(domain="courses")}, {"users": [("User", 3)]}])
def test_another_question_starts_anew_and_says_so(
    recommender: Recommender, tmp_path: Path, change: dict[str, Any]
) -> None:
    asked = {"users": recommender.users(), "rules": Rules(), "n": 5, "workers": 1}
    out = tmp_path / "all.parquet"
    with pytest.raises(_Killed):
        recommend_all(recommender, Batch(**asked), out, _kill_after(2))
    result = recommend_all(recommender, Batch(**asked | change), out)
    assert (result.resumed, result.restarted) == (0, True)
    assert len({row["user_id"] for row in _rows(out)}) == len((asked | change)["users"])


def test_a_torn_part_is_made_again(recommender: Recommender, tmp_path: Path) -> None:
    batch, out = Batch(recommender.users(), Rules(), 5, 1), tmp_path / "all.parquet"
    with pytest.raises(_Killed):
        recommend_all(recommender, batch, out, _kill_after(2))
    part = tmp_path / ".all.parquet.parts" / "0.arrow"
    part.write_bytes(part.read_bytes()[:100])
    assert recommend_all(recommender, batch, out).resumed == 32
    assert _rows(out) == _alone(recommender, Rules(), 5)


def test_one_file_is_not_written_twice_at_once(recommender: Recommender, tmp_path: Path) -> None:
    parts = tmp_path / ".all.parquet.parts"
    parts.mkdir()
    lock = FileLock.try_acquire(parts / "lock")
    assert lock is not None
    with pytest.raises(UsageError, match="another process"):
        recommend_all(recommender, Batch(recommender.users(), Rules(), 5, 1), tmp_path / "all.parquet")
    lock.release()


def test_a_killed_process_leaves_no_worker_and_no_lock(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "all.parquet"
    script = f"""
import sys
from pathlib import Path
from recommender.serving import batch
from tests.recommender.serving.test_batch import _open
batch.PART = 8
def wait(stage, done, total, note=''):
    print(done, flush=True)
    sys.stdin.read()
recommender = _open(Path({str(folder)!r}))
batch.recommend_all(recommender, batch.Batch(recommender.users(), batch.Rules(), 5, 2), Path({str(out)!r}), wait)
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "8\n"
        process.kill()
        process.stdout.read()  # ends when the last worker, which has it open too, is gone
    monkeypatch.setattr(batch_module, "PART", 8)
    recommender = _open(folder)
    result = recommend_all(recommender, Batch(recommender.users(), Rules(), 5, 1), out)
    assert (result.resumed, result.restarted) == (8, False)
    assert _rows(out) == _alone(recommender, Rules(), 5)


def test_reasons_and_shares_are_those_of_one_list(recommender: Recommender, tmp_path: Path) -> None:
    """Two reasons each: the first is what the list of one user says."""
    users = recommender.users()[:3]
    batch = Batch(users, Rules(), 4, 2, reasons=2)
    recommend_all(recommender, batch, tmp_path / "told.parquet")
    table = pq.read_table(tmp_path / "told.parquet").to_pylist()
    assert list(table[0])[4:] == ["paths", "embedding", "popularity", "reason_1", "reason_2"]
    for user_type, idx in users:
        user = recommender.snapshot.vocabulary.id(user_type, idx)
        mine = [row for row in table if row["user_id"] == user]
        listed = recommender.recommend(Request(user, n=4)).items
        assert [row["reason_1"] for row in mine] == [row.reason for row in listed]
        for row in mine:
            assert row["paths"] + row["embedding"] + row["popularity"] == pytest.approx(row["score"], abs=1e-9)
