"""Whom a question is about: a user named before what is asked, or somebody whom anchors describe."""

from collections.abc import Sequence

from kg.errors import UsageError


def whom(names: Sequence[str], anchors: Sequence[str], asked: int) -> tuple[str | None, list[str]]:
    """The user, ``None`` for somebody whom ``anchors`` alone describe, and the ``asked`` names after her.

    :raises UsageError: for another number of names.
    """
    if len(names) == asked + 1:
        return names[0], list(names[1:])
    if len(names) == asked and anchors:
        return None, list(names)
    items = "an item" if asked == 1 else f"{asked} items"
    told = f"{len(names)} name{'s' if len(names) > 1 else ''}"
    raise UsageError(
        f"expected a user and {items}, or {items} and somebody described by --anchor relation:ID; got {told}"
    )
