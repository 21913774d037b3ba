"""Opening the file of an embedded store: what is looked at before the engine sees it, and how the engine is asked."""

import os
import re
from pathlib import Path

import ladybug

from kg.errors import StoreLockedError, StoreUnavailableError
from kg.stores.embedded.buffer_pool import BUFFER_POOL_VARIABLE
from kg.stores.embedded.checksum import checksum_of, checksum_path, checksum_there

THREADS = min(4, os.cpu_count() or 1)
TORN_LOG = re.compile(r"the WAL file is corrupted|past the end of the file .*\.wal ")
"""What the engine says of a log whose last entry is cut off, as after a kill in the middle of a commit. The log is then
read up to there: what had been committed is whole, and the transaction that was cut off never happened."""
CUT_CHECKPOINT = re.compile(r"checkpoint recovery is pending")
"""What the engine says to a reader where a writer was killed while it brought the file up to date, or is at it now."""
NO_ROOM = re.compile(r"[Mm]map|bad_alloc|Cannot allocate|buffer pool", re.IGNORECASE)
"""What the engine says where it gets no address space or memory."""
POOL_FULL = "buffer pool is full"
NO_SPACE = re.compile(r"No space left|File too large", re.IGNORECASE)
"""What the engine says where it cannot write, as it must to end what a writer began that was cut off."""
LEFTOVERS = (".wal", ".wal.checkpoint", ".shadow")

written_here: set[Path] = set()
"""Files this process has open for writing: the lock of the operating system only keeps other processes out."""
NO_END = "a triple of this batch begins or ends in an entity that is not in the store"


def check_before_opening(path: Path, read_only: bool) -> None:
    """Refuse what is no whole store file.

    :raises StoreUnavailableError: missing, damaged, not a store, or in a folder that is not there.
    """
    try:
        _check_path(path, read_only)
    except OSError as problem:
        raise StoreUnavailableError(f"{path}: cannot be read: {problem.strerror}") from problem


def _check_path(path: Path, read_only: bool) -> None:
    if path.is_dir():
        raise StoreUnavailableError(f"{path}: this is a folder; an embedded store is a file")
    if not path.exists():
        _check_missing(path, read_only)
    elif path.stat().st_size == 0:
        raise StoreUnavailableError(
            f"{path}: the file is empty, so the graph in it is lost; restore a copy, or delete the file and load again"
        )
    elif path.resolve() not in written_here:
        _check_sum(path)


def _check_missing(path: Path, read_only: bool) -> None:
    for leftover in (path.with_name(path.name + suffix) for suffix in LEFTOVERS):
        if leftover.exists():
            raise StoreUnavailableError(
                f"{leftover}: belongs to the store file {path.name}, which is missing; "
                f"put {path.name} back, or delete {leftover.name} to begin a new store"
            )
    if read_only:
        raise StoreUnavailableError(f"{path}: no such store file; `whyrec load` makes it")
    if not path.parent.is_dir():
        raise StoreUnavailableError(f"{path}: the folder {path.parent} does not exist; make it first")
    checksum_path(path).unlink(missing_ok=True)


def _check_sum(path: Path) -> None:
    told = checksum_there(path)
    if told is None or told == checksum_of(path):
        return
    if told == checksum_there(path):  # else another process has begun to write in the meantime
        place = checksum_path(path)
        raise StoreUnavailableError(
            f"{path}: damaged: the file is not as whyrec left it; restore a copy, or move it and {place.name} aside "
            f"and load again. If another program wrote to it, or you put it here yourself, delete only {place.name} "
            "and run `whyrec refresh`"
        )


def open_engine(path: Path, read_only: bool, pool: int) -> ladybug.Database:
    """The engine, after it has mended what a kill cut off.

    :param pool: bytes of its buffer pool.

    :raises StoreUnavailableError: where it cannot open the file.
    :raises StoreLockedError: where another process has it open for writing.
    """
    try:
        try:
            return _mended(path, read_only, pool)
        except RuntimeError as problem:
            if not CUT_CHECKPOINT.search(str(problem)) or path.resolve() in written_here:
                raise
            _mended(path, False, pool).close()  # only who may write can end what the killed process began
            return _mended(path, read_only, pool)
    except (RuntimeError, ValueError, MemoryError) as problem:
        text = sentence(problem, pool)
        if "Could not set lock" in text or CUT_CHECKPOINT.search(text):
            holder = re.search(r"PID \d+", text)
            raise StoreLockedError(
                f"{path}: another whyrec process{f' ({holder[0]})' if holder else ''} is writing to this store; "
                "wait until it has ended, or end it"
            ) from problem
        if NO_SPACE.search(text):
            raise StoreUnavailableError(
                f"{path}: a writer was cut off, and the disk is full, or files may not be so large. Make room; the "
                "next command then ends what it began"
            ) from problem
        if NO_ROOM.search(text):
            raise StoreUnavailableError(
                f"{path}: the engine gets no memory ({text}); the store is as it was. It reserves address space of "
                "several terabytes, so lift `ulimit -v` or the limit of the container, and free memory if it is short"
            ) from problem
        raise StoreUnavailableError(
            f"{path}: cannot be opened as an embedded store: {text}. {_advice(path)}"
        ) from problem


def _mended(path: Path, read_only: bool, pool: int) -> ladybug.Database:
    """The engine, where need be without the last entry of its log."""
    try:
        return _database(path, read_only, pool)
    except RuntimeError as problem:
        if not TORN_LOG.search(str(problem)):
            raise
        return _database(path, read_only, pool, torn_log=True)


def _advice(path: Path) -> str:
    """What to do about a file that the engine refuses; one with the right checksum is whole, and never the culprit."""
    if checksum_path(path).exists() and not path.with_name(f"{path.name}.wal").exists():
        return "The file is as whyrec left it, so keep it: free disk or memory, or install the version that wrote it"
    if any(path.with_name(f"{path.name}{one}").exists() for one in (".wal.checkpoint", ".shadow")):
        return "A writer was cut off; `whyrec status`, run by somebody who may write in that folder, mends the file"
    return (
        "If another process is writing to it, try again; else restore a copy, or move it aside, and "
        f"{path.name}.wal if that is there, and load again"
    )


def _database(path: Path, read_only: bool, pool: int, torn_log: bool = False) -> ladybug.Database:
    return ladybug.Database(
        path,
        buffer_pool_size=pool,
        max_num_threads=THREADS,
        read_only=read_only,
        throw_on_wal_replay_failure=not torn_log,
    )


def sentence(problem: BaseException, pool: int) -> str:
    """What the engine says, without the values of a row that it may quote.

    :param pool: bytes of its buffer pool.
    """
    text = str(problem).strip().split("\n")[0].rstrip(".") or type(problem).__name__
    if "duplicated primary key" in text:
        return "an id of this batch is in the store already"
    if "Unable to find primary key" in text:
        return NO_END
    if POOL_FULL in text:
        return f"out of memory; allow more with {BUFFER_POOL_VARIABLE}, now {pool >> 20}"
    return text
