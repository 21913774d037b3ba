"""One engine answers many threads, whatever is loaded meanwhile."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from shutil import copytree
from threading import Event

import pytest

import whyrec
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import RULE_SETS, Request
from whyrec import Engine

THREADS = 8
READERS = 3


@pytest.fixture
def _switching() -> Iterator[None]:
    """Threads take turns after each few instructions."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def _in_threads(work: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(THREADS) as pool:
        return [job.result() for job in [pool.submit(work, number) for number in range(THREADS)]]


@pytest.mark.usefixtures("_switching")
def test_more_rule_sets_than_are_kept_serve_many_threads(engine: Engine) -> None:
    rules = [Rules(max_price=float(price)) for price in range(1, RULE_SETS + 9)]
    recommender = engine.recommender

    def ask(number: int) -> None:
        random = Random(number)
        for _ in range(600):
            asked = random.choice(rules)
            assert recommender.rule_set(asked).asked == asked

    _in_threads(ask)


@pytest.mark.usefixtures("_switching")
def test_first_questions_of_many_threads_get_the_answers_of_one(engine: Engine, demo: Path) -> None:
    users = [f"u{number:04}" for number in range(1, 9)]
    alone = [engine.recommend(user, n=3) for user in users]
    fresh = whyrec.open(demo)
    assert _in_threads(lambda number: fresh.recommend(users[number], n=3)) == alone
    accounts = [fresh.why(user, one.items[0].id) for user, one in zip(users, alone, strict=True)]
    assert _in_threads(lambda number: fresh.why(users[number], alone[number].items[0].id)) == accounts


def test_reload_swaps_the_snapshot_under_readers_that_never_notice(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    copytree(demo, folder)
    engine, ended = whyrec.open(folder), Event()
    before = engine.recommend("u0002", n=3)
    (tmp_path / "purchased.csv").write_text("head,tail\n" + "".join(f"u{n:04},p0042\n" for n in range(1, 300)))

    def read(number: int) -> set[str]:
        seen = set()
        while not ended.is_set() or engine.snapshot.hash not in seen:
            held = engine.recommender  # whoever asks several things of one model holds it
            listed = engine.recommend("u0002", n=3)
            seen.add(listed.model.snapshot)
            assert listed.model.snapshot != before.model.snapshot or listed == before
            assert held.recommend(Request("u0003", n=3)).model.snapshot == held.snapshot.hash
        return seen

    with ThreadPoolExecutor(READERS) as pool:
        jobs = [pool.submit(read, number) for number in range(READERS)]
        whyrec.open(folder).load([tmp_path / "purchased.csv"])  # another process would do the same
        assert engine.recommend("u0002", n=3) == before
        engine.reload()
        ended.set()
        seen = [job.result() for job in jobs]
    after = engine.recommend("u0002", n=3)
    assert after.model.snapshot != before.model.snapshot and after.items != before.items
    assert all(after.model.snapshot in one for one in seen) and any(before.model.snapshot in one for one in seen)
