"""Events in the store: each once, however often they are loaded, and each time where times are counted."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event as Signal

import whyrec
from kg.workspace.scratch import NAME
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog
from whyrec.events.taking_over import alone

AT = 1_750_000_000_000
LATER = 40 * 86_400_000


def test_what_is_done_again_is_counted_again_and_a_load_that_is_repeated_adds_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    whyrec.create(folder, example=True).load()
    schema = folder / "schema.toml"
    text = schema.read_text(encoding="utf-8")
    schema.write_text(text.replace("[relation.purchased]\n", "[relation.purchased]\nrepeat = true\n"), encoding="utf-8")
    log = EventLog(folder / "service")
    times = {"p0250": (AT + LATER, AT, AT + 1, AT + 1), "p0251": (None, None)}
    events = [
        Event(f"{item}-{n}", "User", "u0001", "purchased", "Product", item, None, at)
        for item, told in times.items()
        for n, at in enumerate(told)
    ]
    for number, event in enumerate(events):  # those without a time come at different ones
        log.append([event])
        with sqlite3.connect(log.path) as own:
            own.execute("UPDATE event SET received = ? WHERE key = ?", (AT + number, event.key))
    log.close()
    engine = whyrec.open(folder)
    for _ in range(2):  # the second as if the first had been cut off before its events were marked
        assert engine.load_events() is not None
        with sqlite3.connect(folder / "service" / "events.db") as own:
            own.execute("UPDATE event SET loaded = 0")
        engine.reload()
        matrix = engine.snapshot.adjacency("purchased")
        user = engine.snapshot.vocabulary.idx("User", "u0001")
        weights = [float(matrix[user, engine.snapshot.vocabulary.idx("Product", item)]) for item in times]
        assert weights == [3.0, 2.0]
        habit = engine.recommend("u0001", n=1000, domain="cosmetics").items
        assert {one.id: one.habit.days for one in habit if one.habit} == {"p0250": 40.0}


def test_who_takes_events_over_waits_for_whoever_does_and_clears_what_one_left_that_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    whyrec.create(folder, example=True).load()
    engine, left = whyrec.open(folder), folder / NAME / "events-killed"
    left.mkdir(parents=True)
    (left / "purchased.csv").write_text("head,tail\nsomebody@example.com,p0250\n", encoding="utf-8")
    with closing(EventLog(folder / "service")) as log, ThreadPoolExecutor(1) as thread:
        log.append([Event("a", "User", "u0001", "purchased", "Product", "p0250", 2.0, AT)])
        told = Signal()
        with alone(folder / "service"):
            taking = thread.submit(engine.load_events, progress=lambda *_: told.set())
            assert told.wait(60)  # that somebody else is at it
            log.append([Event("b", "User", "u0001", "purchased", "Product", "p0250", 3.0, AT + 1)])
        assert taking.result() is not None and not left.exists() and log.pending() == []
    user, item = (engine.snapshot.vocabulary.idx(*one) for one in (("User", "u0001"), ("Product", "p0250")))
    assert float(engine.snapshot.adjacency("purchased")[user, item]) == 3.0


def test_of_two_ratings_the_later_one_counts_whichever_came_first(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    whyrec.create(folder, example=True).load()
    with closing(EventLog(folder / "service")) as log:
        rated = Event("later", "User", "u0001", "purchased", "Product", "p0250", 5.0, AT + 1)
        log.append([rated, Event("earlier", "User", "u0001", "purchased", "Product", "p0250", 2.0, AT)])
    engine = whyrec.open(folder)
    engine.load_events()
    snapshot = engine.snapshot
    tails, weights = snapshot.neighbours("purchased", snapshot.vocabulary.idx("User", "u0001"))[:2]
    assert weights[tails.tolist().index(snapshot.vocabulary.idx("Product", "p0250"))] == 5.0
