"""The memory that workers share: it gives what was put last under a key, or nothing."""

import hashlib
import mmap
import os
import signal
import struct
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whyrec.service import supervisor

if not supervisor.POSSIBLE:
    pytest.skip("workers are forked on Linux alone", allow_module_level=True)

from whyrec.service.precomputation import ring_buffer
from whyrec.service.precomputation.ring_buffer import RingBuffer

SECONDS = 120.0
NOW = (1, 1)
MEMORY = 200_000


def key(number: int) -> bytes:
    """A key of a ring buffer."""
    return hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest()


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=3_000)), max_size=60))
def test_a_ring_buffer_gives_what_was_put_last_or_nothing(entries: list[tuple[int, bytes]]) -> None:
    ring, last = RingBuffer(10_000), dict[int, bytes]()
    assert ring.enter(NOW)
    for number, value in entries:
        assert ring.put(NOW, key(number), value)
        last[number] = value
        assert ring.get(key(number)) == value
    assert all(ring.get(key(number)) in (None, last.get(number)) for number in range(31))


def test_what_there_is_room_for_is_there_however_often_it_was_written_around() -> None:
    """A table in which keys took each other's places lost one of sixteen."""
    ring, value = RingBuffer(2_000_000), bytes(2_000)
    assert ring.enter(NOW)
    for number in range(5_000):
        assert ring.put(NOW, key(number), value)
    assert [number for number in range(5_000 - 900, 5_000) if ring.get(key(number)) is None] == []


def test_nothing_of_an_earlier_state_stays() -> None:
    ring = RingBuffer(MEMORY)
    ring.enter(NOW)
    ring.put(NOW, key(1), b"what nobody may read any more")
    ring.wish(b"{}")
    assert ring.enter((2, 1)) and not ring.enter(NOW) and ring.get(key(1)) is None
    assert b"nobody" not in ring._memory[:] and not ring.put(NOW, key(1), b"late") and ring.wishes() == [b"{}"]


def test_a_writer_that_is_killed_or_stopped_holds_nobody_up() -> None:
    ring = RingBuffer(MEMORY)
    ring.enter(NOW)
    process = os.fork()
    if not process:
        with ring._alone(10_000) as mine:  # the other one may be writing just then
            signal.pause() if mine else None
        os._exit(1)
    try:
        until = time.monotonic() + SECONDS
        while ring.put(NOW, key(1), b"a") and time.monotonic() < until:
            time.sleep(0.01)
        assert not ring.put(NOW, key(2), b"b") and not ring.enter((2, 1))
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    assert ring.enter((2, 1)) and ring.put((2, 1), key(2), b"b") and ring.get(key(2)) == b"b"


class Interrupted:
    """The layout of an entry; whoever reads one for the first time is held up until something was done."""

    def __init__(self, layout: struct.Struct, meanwhile: Callable[[], object]) -> None:
        self._layout, self._meanwhile = layout, [meanwhile]

    def __getattr__(self, name: str) -> object:
        return getattr(self._layout, name)

    def unpack_from(self, memory: mmap.mmap, at: int) -> tuple[object, ...]:
        """What stands there, and then something else may."""
        found = self._layout.unpack_from(memory, at)
        if self._meanwhile:
            self._meanwhile.pop()()
        return found


def test_what_is_written_over_while_it_is_read_is_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = RingBuffer(1_000)
    ring.enter(NOW)
    ring.put(NOW, key(1), b"of one" * 100)
    over = Interrupted(ring_buffer._ENTRY, lambda: ring.put(NOW, key(2), b"of another" * 60))
    monkeypatch.setattr(ring_buffer, "_ENTRY", over)
    assert ring.get(key(1)) is None and ring.get(key(2)) == b"of another" * 60
