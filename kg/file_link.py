"""Folders and files under a second name: a link to a file, and what lies in the folder behind one."""

import os
import shutil
from contextlib import suppress
from pathlib import Path


def link_file(source: Path | str, target: Path | str) -> None:
    """A second name for a file that is never written again; a copy where the disk knows no such names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


ATTEMPTS = 5
"""How often a folder is removed into which another process goes on writing."""


def remove_folder(path: Path) -> None:
    """Remove a folder; where it is a link, what lies in the folder behind it."""
    if path.exists():
        _remove(path.resolve())
        if path.is_symlink():
            path.resolve().mkdir()


def _remove(folder: Path) -> None:
    for _ in range(ATTEMPTS - 1):
        with suppress(OSError):  # a file came that was not there when the folder was read
            shutil.rmtree(folder)
            return
    if folder.exists():
        shutil.rmtree(folder)
