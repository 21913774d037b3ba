"""The checksum beside the file of an embedded store, ``<file>.crc32``: size and CRC-32.

Several gigabytes a second, and the enemy is accident, not malice.
"""

import os
import zlib
from pathlib import Path


def checksum_path(path: Path) -> Path:
    """Where the checksum of a store file lies."""
    return path.with_name(f"{path.name}.crc32")


def checksum_of(path: Path) -> str:
    """What the checksum of a file is now."""
    value = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            value = zlib.crc32(block, value)
    return f"{path.stat().st_size} {value:08x}\n"


def checksum_there(path: Path) -> str | None:
    """What the checksum beside a file says, or ``None`` where there is none."""
    try:
        return checksum_path(path).read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def leave_checksum(path: Path) -> None:
    """Write the checksum beside a file, whole or not at all."""
    unfinished = checksum_path(path).with_suffix(f".{os.getpid()}")
    unfinished.write_text(checksum_of(path), encoding="ascii")
    unfinished.replace(checksum_path(path))
