"""Folders and files under a second name: a link to a file, and what lies in the folder behind one."""

import os
import shutil
from pathlib import Path


def link_file(source: Path | str, target: Path | str) -> None:
    """A second name for a file that is never written again; a copy where the disk knows no such names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def remove_folder(path: Path) -> None:
    """Remove a folder; where it is a link, what lies in the folder behind it."""
    if path.exists():
        shutil.rmtree(path.resolve())
        if path.is_symlink():
            path.resolve().mkdir()
