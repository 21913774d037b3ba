"""A rule: one object that says which items may not be recommended, to anybody or to one person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kg.document import Document
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.properties import ItemProperties
from recommender.profiles.anchors import Anchor
from recommender.profiles.profile import Profile
from recommender.rules.avoidance import Avoidance, Avoided, Positions

Rows = NDArray[np.int64]


class RuleOptions(Document):
    """Base of what is asked of a rule. A field is an option of the command line, a key of ``[rules]`` in a workspace
    and a field of ``Rules``; its description is its help."""

    unknown: Literal["drop", "keep"] | None = Field(
        default=None,
        description="Items of which a rule cannot tell; drop unless told.",
        json_schema_extra={"metavar": "drop|keep"},
    )
    """What becomes of an item whose price, stock or language is not known, or which has a minimum age while the age of
    the user is not known: ``drop`` (also where absent) or ``keep``."""


@dataclass(frozen=True)
class Removal:
    """Items that a rule removes: ``name`` in the audit, and their positions, unique."""

    name: str
    items: Positions


@dataclass(frozen=True)
class Ground:
    """What rules read, made once for a snapshot."""

    snapshot: Snapshot
    catalogue: Catalogue
    properties: ItemProperties
    avoidance: Avoidance


class Rule(Protocol):
    """One rule, made ready for a catalogue and for what was asked.

    :cvar names: what it is called in the audit, in order; each has its sentences in the texts, under ``rules``. A name
        may be followed by a space and what it is about: ``avoid contains:PARFUM``.
    :raises UsageError: from the constructor, for what was asked and makes no sense; the field is named.
    """

    names: ClassVar[tuple[str, ...]]

    def __init__(self, ground: Ground, asked: Any) -> None: ...

    def removed(self) -> Sequence[Removal]:
        """What it removes, whoever asks."""
        return ()

    def removed_for(self, profile: Profile) -> Sequence[Removal]:
        """What it removes for one person beside that."""
        return ()

    @property
    def personal(self) -> bool:
        """Whether ``removed_for`` removes anything for anybody."""
        return False

    def rows_removed(self, user_type: str, users: NDArray[np.int64]) -> Sequence[tuple[Rows, Positions]] | None:
        """``removed_for`` of many users of the graph at once, as pairs of places in ``users`` and positions; ``None``
        where it has to be asked person by person."""
        return None

    def avoided(self, profile: Profile) -> Sequence[Avoided]:
        """What is neither to be named nor on a path that is shown to somebody."""
        return ()

    def hidden(self, profile: Profile) -> Sequence[Positions]:
        """Items that no path shown to somebody runs through, but for what she has herself."""
        return ()

    def owns(self, name: str) -> bool:
        """Whether a name in the audit is one of its."""
        return name.partition(" ")[0] in self.names

    def lifted(self, name: str) -> Mapping[str, object] | None:
        """What of ``Rules`` changes where it is lifted, by its name in the audit; ``None`` where it always holds."""
        return None

    def about(self, name: str) -> tuple[str, int] | None:
        """Type and index of the entity that a name in the audit names, where it names one."""
        return None

    def behind(self, name: str, profile: Profile, position: int) -> Sequence[Anchor]:
        """The anchors of somebody for which it removes an item: without them it would not."""
        return ()


def unknown_items(asked: RuleOptions, name: str, mask: NDArray[np.bool_]) -> list[Removal]:
    """Items of which a rule cannot tell: removed under a name, unless they are to be kept."""
    return [Removal(name, np.flatnonzero(mask))] if asked.unknown != "keep" else []


def missing(name: str) -> str:
    """What is said where no item has a property that a rule reads."""
    return f"no item has a {name!r}; map one in the mapping's properties and load again"
