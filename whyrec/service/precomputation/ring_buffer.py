"""A ring buffer in memory that all workers share: what one of them worked out, each can give.

Entries follow one another, each with its key and a digest of it all; the oldest are written over. A table says where
each key was written last. Whoever reads takes no lock: what is written over at that moment does not fit the key and the
digest that were read with it, and is not there. Whoever writes takes a lock that the system lets go when its process
dies; where it is not free at once nothing is written. The memory is no file: nothing of it stays when the service ends.
"""

import fcntl
import hashlib
import mmap
import os
import struct
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

Mark = tuple[int, int]
"""Epoch of the events and number of the generation: both only grow, and both when somebody is forgotten."""
KEY_BYTES = DIGEST_BYTES = 16
ENTRY_BYTES = 256
"""For how many bytes of the memory there is a place in the table; a list with reasons takes some 2,000, packed."""
WISHES, WISH_BYTES = 4, 2_048
"""How many kinds of lists are made for everybody, and how long the description of one may be."""
TRIES, TRY_SECONDS = 20, 0.001
_MARK, _PLACE = struct.Struct("@qq"), struct.Struct("@q")
_ENTRY, _WISH = struct.Struct(f"@{KEY_BYTES}sQ{DIGEST_BYTES}s"), struct.Struct("@I")
_COUNT_AT, _WRITTEN_AT, _BEGUN_AT, _OF_AT = (_MARK.size + 8 * number for number in range(4))
_WISHES_AT = _OF_AT + KEY_BYTES
_TABLE_AT = -(-(_WISHES_AT + WISHES * WISH_BYTES) // mmap.PAGESIZE) * mmap.PAGESIZE
"""Whole pages are before it: from here on all is given back to the system at once."""


class RingBuffer:
    """Texts of bytes by keys, for processes that are forked after it was made.

    :param most_bytes: of memory; it is taken as it fills.
    """

    def __init__(self, most_bytes: int) -> None:
        self._places = max(most_bytes // ENTRY_BYTES, 1)
        self._first = _TABLE_AT + _PLACE.size * self._places
        self._end = self._first + most_bytes
        self._descriptor, self._lock = os.memfd_create("whyrec"), Lock()
        weakref.finalize(self, os.close, self._descriptor)
        os.ftruncate(self._descriptor, self._end)
        self._memory = mmap.mmap(self._descriptor, self._end)

    def enter(self, mark: Mark) -> bool:
        """Whether what is here is of a state; what is of an earlier one is removed first, all of it."""
        known = self._mark
        if known < mark:
            with self._alone(TRIES) as mine:
                if mine and self._mark < mark:
                    self._clear(mark)
            known = self._mark
        return known == mark

    def get(self, key: bytes) -> bytes | None:
        """What stands under a key; ``None`` where nothing does, or not any more."""
        for place in self._places_of(key):
            found = self._entry(self._number(place), key)
            if found is not None:
                return found
        return None

    def put(self, mark: Mark, key: bytes, value: bytes) -> bool:
        """Keep a value, unless another process writes just now, or what is here is of another state by now."""
        size = _ENTRY.size + len(value)
        if size > self._end - self._first:
            return False
        with self._alone() as mine:
            if not mine or self._mark != mark:
                return False
            written = self._number(_WRITTEN_AT)
            at = self._first + written % (self._end - self._first)
            if at + size > self._end:
                written += self._end - at
                at = self._first
            _ENTRY.pack_into(self._memory, at, key, len(value), _digest(key, value))
            self._memory[at + _ENTRY.size : at + size] = value
            _PLACE.pack_into(self._memory, self._free_place(key), at)
            _PLACE.pack_into(self._memory, _WRITTEN_AT, written + size + -size % 8)
            _PLACE.pack_into(self._memory, _COUNT_AT, self._number(_COUNT_AT) + 1)
            return True

    @property
    def count(self) -> int:
        """How many entries were written in this state."""
        return self._number(_COUNT_AT)

    def begin(self, mark: Mark, what: bytes) -> bool:
        """Say what the entries are of from now on: there is room for them, those of anything else may be written over.

        :param what: ``KEY_BYTES``; where it is what it was already, nothing begins anew.
        """
        if not self.enter(mark):
            return False
        with self._alone(TRIES) as mine:
            if not mine or self._mark != mark:
                return False
            if self._memory[_OF_AT:_WISHES_AT] != what:
                _PLACE.pack_into(self._memory, _BEGUN_AT, self._number(_WRITTEN_AT))
                self._memory[_OF_AT:_WISHES_AT] = what
            return True

    @property
    def full(self) -> bool:
        """Whether the next entries take the place of others of the same."""
        return self._number(_WRITTEN_AT) - self._number(_BEGUN_AT) >= 0.9 * (self._end - self._first)

    def wish(self, kind: bytes) -> None:
        """Say what kind of entries is asked for often; the first few count."""
        with self._alone() as mine:
            known = self.wishes()
            if mine and kind not in known and len(known) < WISHES and len(kind) <= WISH_BYTES - _WISH.size:
                at = _WISHES_AT + len(known) * WISH_BYTES
                self._memory[at + _WISH.size : at + _WISH.size + len(kind)] = kind
                _WISH.pack_into(self._memory, at, len(kind))

    def wishes(self) -> list[bytes]:
        """The kinds that are asked for often, the first first."""
        found = list[bytes]()
        for at in range(_WISHES_AT, _WISHES_AT + WISHES * WISH_BYTES, WISH_BYTES):
            (length,) = _WISH.unpack_from(self._memory, at)
            if length:
                found.append(self._memory[at + _WISH.size : at + _WISH.size + length])
        return found

    @property
    def _mark(self) -> Mark:
        epoch, generation = _MARK.unpack_from(self._memory, 0)
        return epoch, generation

    def _number(self, at: int) -> int:
        return int(_PLACE.unpack_from(self._memory, at)[0])

    def _places_of(self, key: bytes) -> tuple[int, ...]:
        """Where in the table a key may have its place: of four, so that hardly any two keys take each other's."""
        parts = (key[at : at + 4] for at in range(0, KEY_BYTES, 4))
        return tuple(_TABLE_AT + _PLACE.size * (int.from_bytes(part, "little") % self._places) for part in parts)

    def _free_place(self, key: bytes) -> int:
        """The place of a key that is its own already, or nobody's; where all are others', that of the oldest entry."""
        places, size = self._places_of(key), self._end - self._first
        for place in places:
            known = self._key_at(self._number(place))
            if known == key or known is None or place not in self._places_of(known):
                return place
        next_at = self._first + self._number(_WRITTEN_AT) % size
        return min(places, key=lambda place: (self._number(place) - next_at) % size)

    def _entry(self, at: int, key: bytes) -> bytes | None:
        """The entry of a key; ``None`` where it is another's or half written: all is read before it is judged."""
        if not self._first <= at <= self._end - _ENTRY.size:
            return None
        own, length, digest = _ENTRY.unpack_from(self._memory, at)
        if own != key or length > self._end - at - _ENTRY.size:
            return None
        found = self._memory[at + _ENTRY.size : at + _ENTRY.size + length]
        return found if _digest(key, found) == digest else None

    def _key_at(self, at: int) -> bytes | None:
        """What stands where the key of an entry would; ``None`` where no entry can be."""
        if not self._first <= at <= self._end - _ENTRY.size:
            return None
        known: bytes = _ENTRY.unpack_from(self._memory, at)[0]
        return known

    def _clear(self, mark: Mark) -> None:
        """Remove all entries, then say so: whoever is killed in between leaves it to the next."""
        self._memory.madvise(mmap.MADV_REMOVE, _TABLE_AT)
        self._memory[_COUNT_AT:_WISHES_AT] = bytes(_WISHES_AT - _COUNT_AT)
        _MARK.pack_into(self._memory, 0, *mark)

    @contextmanager
    def _alone(self, tries: int = 1) -> Iterator[bool]:
        """Whether nobody else writes while the block runs."""
        with self._lock:
            mine = any(self._locked(last=number == tries - 1) for number in range(tries))
            try:
                yield mine
            finally:
                if mine:
                    fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def _locked(self, *, last: bool) -> bool:
        with suppress(BlockingIOError, PermissionError):
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if not last:
            time.sleep(TRY_SECONDS)
        return False


def _digest(key: bytes, value: bytes) -> bytes:
    return hashlib.blake2b(value, key=key, digest_size=DIGEST_BYTES).digest()
