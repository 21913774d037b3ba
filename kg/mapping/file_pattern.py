"""The files that a mapping names, by name or by pattern; they lie in its folder, unless the user says otherwise."""

from collections.abc import Sequence
from pathlib import Path

from kg.errors import MappingError
from kg.mapping.table_folder import parts_of


def files_of(pattern: str, base: Path, allow_outside: bool = False, places: Sequence[str] = ()) -> list[Path]:
    """The files that a pattern names, sorted; of a folder the parts of the table that it is.

    A mapping may come from somebody else, and what it reads ends up in a graph, in reports and on a screen. So what it
    names must lie in ``base`` once links and ``..`` are followed.

    :param base: the folder that the pattern is relative to.
    :param allow_outside: whether the files may lie anywhere.
    :param places: folders in which they may lie too.
    :raises MappingError: where there is none, or one that lies elsewhere.
    """
    home = base.resolve()
    homes = [home, *(Path(place).resolve() for place in places if "://" not in place)]
    found = _found(pattern, base, None if allow_outside else homes)
    if not allow_outside:
        for path in found:
            target = path.resolve()
            if not any(target.is_relative_to(one) for one in homes):
                place = "" if target == path.absolute() else f", it is {target}"
                raise MappingError(
                    f"file {pattern!r}: {path} lies outside the mapping's folder {home}{place}; copy it there, or, "
                    "if you trust the mapping, say `allow_outside`"
                )
    return found


def _found(pattern: str, base: Path, homes: Sequence[Path] | None) -> list[Path]:
    literal = base / pattern
    if literal.is_file():
        return [literal]
    if literal.is_dir():
        return parts_of(literal, homes)
    path = Path(pattern)
    root = Path(path.anchor) if path.is_absolute() else base
    try:
        found = sorted(p for p in root.glob(str(path.relative_to(path.anchor))) if p.is_file())
    except (ValueError, NotImplementedError) as problem:
        raise MappingError(f"file {pattern!r}: not a usable pattern: {problem}") from None
    if not found:
        raise MappingError(f"file {pattern!r}: no such file in {base}; check the name and the folder")
    return found
