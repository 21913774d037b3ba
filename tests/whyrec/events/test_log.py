"""The event log: what was acknowledged is there after a kill, each event once, and nothing of who was forgotten."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pyrage
import pytest

from kg.errors import WorkspaceError
from whyrec.events.answers import Answer
from whyrec.events.event_table import Erased, Event
from whyrec.events.log import Appended, EventLog

WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog
log = EventLog(Path(sys.argv[1]))
for number in range(100_000):
    log.append([Event(f"e{number}", "User", "u1", "purchased", "Product", f"p{number}")])
    print(number, flush=True)
"""


def event(key: str, user: str = "u1", item: str = "p1") -> Event:
    return Event(key, "User", user, "purchased", "Product", item, 1.0, 1_700_000_000_000, None)


def test_an_event_counts_once_and_other_processes_see_it_at_once(tmp_path: Path) -> None:
    log, other = EventLog(tmp_path), EventLog(tmp_path)
    assert log.append([event("a"), event("b", item="p2")]) == Appended(2, 0)
    assert other.of("u1", "User") == [event("a"), event("b", item="p2")]
    assert other.append([event("a"), event("c", user="u2")]) == Appended(1, 1)
    assert log.of("u2", "User") == [event("c", user="u2")]
    assert log.of("u3", "User") == [] and log.types_of("u1", ["User", "Other"]) == ["User"]
    assert log.counts() == {"purchased": 3}


def test_what_a_load_took_over_is_no_longer_told(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.append([event("a"), event("b")])
    first, second = log.pending()
    log.taken_over(first[0])
    assert log.pending() == [second]
    assert log.of("u1", "User") == [event("b")]
    assert log.append([event("a")]) == Appended(0, 1)  # known for good


def test_what_somebody_hid_stays_hidden_after_a_load_and_under_a_new_name(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    hidden = replace(event("h"), relation="hide")
    log.append([event("a"), hidden, replace(event("v"), relation="view"), replace(hidden, key="u", user="u2")])
    assert log.counts() == {"purchased": 1, "view": 1} and [one.key for _, one in log.pending()] == ["a", "v"]
    log.taken_over(4)
    assert log.of("u1", "User") == [hidden] and log.pending() == []
    for _ in range(2):  # cut off and done again
        log.forget_all({("User", "u1"): "new"})
        assert log.of("new", "User") == [replace(hidden, user="new")]
    assert log.of("u1", "User") == log.of("u2", "User") == [] and log.drop_events(4_102_444_800_000, ["purchased"]) == 1
    assert log.of("new", "User") == []


def test_the_state_of_a_person_changes_with_her_events_alone(tmp_path: Path) -> None:
    log, other = EventLog(tmp_path), EventLog(tmp_path)
    log.append([event("a")])
    before = other.state("u1"), other.state("u2")
    log.append([event("b", user="u2"), event("a")])
    assert other.state("u1") == before[0] and other.state("u2") != before[1]
    known = other.state("u1")
    log.taken_over(log.pending()[0][0])
    assert other.state("u1") != known and other.of("u1", "User") == [] and other.of("u2", "User") != []
    log.forget("u2", ["User"])
    assert other.of("u2", "User") == []


@pytest.mark.parametrize("seconds", [0.2, 0.5, 0.9])
def test_nothing_that_was_acknowledged_is_lost_by_a_kill(tmp_path: Path, seconds: float) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(int(40 * seconds))]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    kept = [int(one.key[1:]) for one in EventLog(tmp_path).of("u1", "User")]
    assert sorted(set(kept)) == kept and set(acknowledged) <= set(kept)


@pytest.mark.parametrize("name", ["events.db", "answers.db"])
def test_who_opens_a_new_log_waits_for_whoever_is_about_to_make_it(tmp_path: Path, name: str) -> None:
    first = sqlite3.connect(tmp_path / name, isolation_level=None, check_same_thread=False)
    first.execute("CREATE TABLE made (earlier)")
    first.execute("BEGIN IMMEDIATE")  # SQLite tells whoever wants a write-ahead log now at once that this is locked
    later = Timer(0.3, first.execute, ("COMMIT",))
    later.start()
    with closing(EventLog(tmp_path)) as log:
        assert log.append([event("a")]) == Appended(1, 0)
    later.join()
    first.close()


def test_who_is_forgotten_is_in_no_file(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.append([event(f"k{n}", user="carla@example.com") for n in range(50)] + [event("z", user="u2")])
    log.append([replace(event("other", user="carla@example.com"), user_type="Teacher")])
    asked = ("carla@example.com", "User:carla@example.com")
    log.answers.remember(
        [Answer(f"a{n}", 1, user, "admin", "why", user.encode(), user.encode()) for n, user in enumerate(asked)]
    )
    assert len(log.about("carla@example.com", "User")[1]) == 2
    assert any(b"carla" in path.read_bytes() for path in tmp_path.iterdir())
    assert log.forget("carla@example.com", ["User"]) == Erased(50, 2)
    assert log.forget("carla@example.com", ["Teacher"]) == Erased(1, 0)
    assert not any(b"carla" in path.read_bytes() for path in tmp_path.iterdir())
    assert log.of("u2", "User") == [event("z", user="u2")]


def test_answers_are_kept_to_the_byte_and_dropped_by_age(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    old = Answer("old", 1_000, "u1", "admin", "why", b"1", b"\x00old")
    again, new = replace(old, id="again", at=2_500), Answer("new", 3_000, None, "shop", "why", b"2", b"new")
    log.answers.remember([old, again, new])
    assert log.answers.document("old") == b"\x00old"
    assert log.answers.drop(2_000) == 1
    assert [log.answers.document(one) for one in ("old", "again", "new")] == [None, b"\x00old", b"new"]
    assert log.answers.drop(2_600) == 1
    assert log.answers.document("again") is None and log.ages() == ([], [3_000])


def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "service")
    log.append([event("a")])
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "service", *(tmp_path / "service").iterdir()))


def test_what_was_shown_is_sealed_where_there_is_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Answer("a1", 1, "ann", "admin", "recommend", b"1", b"x\x9clipstick \x00 for ann", draw="pool", told="skin")
    unsealed = EventLog(tmp_path)
    unsealed.answers.remember([plain])
    unsealed.close()  # else its files go when it is collected, maybe while they are read below
    first, second = (pyrage.x25519.Identity.generate() for _ in range(2))
    opened = [EventLog(tmp_path, str(first.to_public()))]
    log = opened[0].answers
    EventLog(tmp_path, str(first.to_public())).close()  # another worker needs no secret key to begin
    more = replace(plain, id="a2", digest=b"2")
    log.remember([more, replace(more, id="a3")])

    def readable() -> list[bytes]:
        files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        return [word for word in (b"lipstick", b"skin", b"pool") if word in files]

    assert readable() == []
    for key in (None, second):
        monkeypatch.setenv("WHYREC_SEAL_KEY", str(key or ""))
        with pytest.raises(WorkspaceError, match="this is sealed"):
            log.document("a1")
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(first))
    assert log.about(["ann"]) == list(log.since(0)) == [plain, more, replace(more, id="a3")]
    monkeypatch.setenv("WHYREC_SEAL_KEY_OLD", str(first))
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(second))
    opened.append(EventLog(tmp_path, str(second.to_public())))
    log = opened[1].answers
    log.seal_again()
    monkeypatch.delenv("WHYREC_SEAL_KEY_OLD")
    assert log.document("a3") == plain.body and readable() == []
    monkeypatch.delenv("WHYREC_SEAL_KEY")
    assert log.forget(["ann"]) == 3 and log.ages() == []  # nobody needs a key to be forgotten


def test_events_of_several_requests_are_counted_apart(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    assert log.append_each([[event("a")], [event("b"), event("c")]]) == [Appended(1, 0), Appended(2, 0)]
    assert log.append_each([[event("d")], [event("b"), event("e"), event("e")], [event("d")]]) == [
        Appended(1, 0),
        Appended(1, 2),
        Appended(0, 1),
    ]
    assert [one.key for _, one in log.pending()] == ["a", "b", "c", "d", "e"]


def test_an_id_that_another_event_has_is_told_apart_from_one_that_is_sent_again(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    assert log.append([event("a"), event("b")]) == Appended(2, 0)
    sent = [
        event("a"),
        event("b", item="p2"),
        event("c"),
        replace(event("c"), weight=2.0),
        replace(event("a"), answer="x"),
    ]
    assert log.append_each([sent, [event("b", user="u2")]]) == [Appended(1, 1, (1, 3, 4)), Appended(0, 0, (0,))]
    assert [one for _, one in log.pending()] == [event("a"), event("b"), event("c")]


def test_numbers_and_texts_come_back_as_they_went_in(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    told = [
        replace(event("é’😀\u2028", user='"\\u', item="项"), weight=1 / 3, timestamp=None, answer="a"),
        replace(event("b"), weight=None, timestamp=0),
        replace(event("c"), weight=1e-7, timestamp=4_102_444_800_000),
    ]
    log.append(told)
    pending = [one for _, one in log.pending()]
    assert pending[0].timestamp is not None and pending[0].timestamp > 1_700_000_000_000  # when it came
    assert (
        [replace(pending[0], timestamp=None), *pending[1:]] == told == [*log.of('"\\u', "User"), *log.of("u1", "User")]
    )


def test_what_a_disk_did_not_take_is_written_anew_before_anything_is_acknowledged(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    os.close(log._disk._file)  # a file that cannot be synchronised
    with pytest.raises(OSError):
        log.append([event("a")])
    log._disk._file = os.open(tmp_path / "events.db-wal", os.O_RDWR)
    assert log.append([event("a"), event("b")]) == Appended(1, 1)
    there = tmp_path / "copy"
    there.mkdir()
    shutil.copy(tmp_path / "events.db", there)  # without the write-ahead log
    assert [one.key for _, one in EventLog(there).pending()] == ["a", "b"]


def test_what_somebody_did_is_told_in_the_order_in_which_it_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, now = EventLog(tmp_path), 1_796_000_000_000
    monkeypatch.setattr("whyrec.events.log.time.time", lambda: now / 1000)
    log.append([replace(event("late"), timestamp=now - 1), replace(event("early"), timestamp=now - 2)])
    log.append([replace(event("told no time"), timestamp=None)])
    monkeypatch.setattr("whyrec.events.log.time.time", lambda: now / 1000 - 3_600)  # the clock is set back
    log.append([replace(event("after it"), timestamp=None), replace(event("between"), timestamp=now - 1)])
    assert [one.key for one in log.of("u1", "User")] == ["early", "late", "between", "told no time", "after it"]
