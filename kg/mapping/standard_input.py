"""Standard input as a file: kept on disk while a load goes on, since files are read more than once."""

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

STANDARD_INPUT = "-"
_kept: dict[str, Path] = {}


def kept_input(name: str = "standard input") -> Path:
    """Standard input as a file that only this user can read, gone when the program ends.

    :param name: of the file; a suffix tells its format.
    """
    if name not in _kept:
        folder = Path(tempfile.mkdtemp(prefix="whyrec-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        target = folder / Path(name).name
        with target.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out)
        _kept[name] = target
    return _kept[name]


def place_of(path: Path, base: Path) -> str:
    """What reports call a file: standard input by its name, what lies beneath ``base`` from there."""
    path, base = path.absolute(), base.absolute()
    if path in _kept.values():
        return path.name
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
