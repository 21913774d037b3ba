"""Layout: what the sources that lead to items are to candidates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recommender.reasons.cells import Source

Key = tuple[str, str | int, str | int]
"""Which candidate group: its kind, and what tells it from others of the kind."""


@dataclass(frozen=True)
class Layout:
    """The sources that lead to one type of items, by what they are to candidates: their numbers, in order."""

    by_key: dict[Key, list[int]] = field(default_factory=dict)
    beside: dict[str, dict[Key, None]] = field(default_factory=dict)
    """By the step to the anchors, the candidates that may tell of more than one thing about them: themes of what they
    and an item may be linked to, what others did who have them too, and what goes together."""
    anchored: dict[str, list[int]] = field(default_factory=dict)
    """By the step to the anchors."""
    together: list[int] = field(default_factory=list)
    people: dict[str, list[int]] = field(default_factory=dict)
    """By the step to the anchors, those over others who have them too."""
    learned: dict[Key, None] = field(default_factory=dict)
    """The keys of those that are learned."""
    signed: list[int] = field(default_factory=list)
    """Those whose cells may be negative."""

    @classmethod
    def of(cls, sources: Iterable["Source"], negatives: Sequence[str]) -> "Layout":
        """Of some sources.

        :param negatives: steps to what is disliked.
        """
        found = cls()
        for one in sources:
            found.by_key.setdefault(one.key, []).append(one.own)
            if one.anchored:
                found.beside.setdefault(one.start, {})[one.key] = None
            if one.alongside and not one.together:
                found.people.setdefault(one.start, []).append(one.own)
            if one.anchored:
                found.anchored.setdefault(one.start, []).append(one.own)
            if one.together:
                found.together.append(one.own)
            if not one.tail:
                found.learned[one.key] = None
            if one.metapath is None or one.start in negatives:
                found.signed.append(one.own)
        return found
