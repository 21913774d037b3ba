"""How to load, and into what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kg.loading.delete_limit import DeleteLimit
from kg.mapping.source import Mode
from kg.privacy.person_ids import People
from kg.stores.store import Store
from kg.validation.rejects import REJECTS_KEPT


class StoreOpener(Protocol):
    """Opens the store that a load writes to."""

    def __call__(self, *, read_only: bool) -> Store | None:
        """Open it, read-only for a dry run; ``None`` where a dry run finds no store yet."""
        ...


@dataclass(frozen=True)
class LoadOptions:
    """How to load."""

    rejects: Path
    """Folder in which a load with rejects makes a folder of its own."""
    staging: Path
    """Folder for good rows while the load goes on; empty again afterwards."""
    dry_run: bool = False
    """Report what would change and write nothing to the store."""
    max_rejects: int | None = None
    """Rejected rows above which nothing is written; 0 is strict, ``None`` no limit."""
    mode: Mode | None = None
    """``replace``: delete what vanished from the files, see ``replacement``; ``None``: as each source says."""
    allow_empty: bool = False
    """Whether an empty file may delete everything that it covers; this lifts ``max_deletes`` too."""
    max_deletes: DeleteLimit = field(default_factory=DeleteLimit)
    """How much of an entity type or relation mode replace may delete; a dry run only tells."""
    resume: bool = False
    """Whether this load finishes one that was cut off even if that read other files."""
    rejects_kept: int = REJECTS_KEPT
    """Folders of rejects that stay; those of older loads are removed."""
    unfinished: Path | None = None
    """File that is there from before the first write until a snapshot of the whole graph is taken."""
    allow_outside: bool = False
    """Whether files may lie outside the folder of the mapping."""
    places: tuple[str, ...] = ()
    """Folders, and beginnings of addresses, that a mapping may read besides its own folder."""
    columns: Path | None = None
    """File that remembers the columns of each source, so that the next load can tell which came and went."""
    called: Mapping[Path, str] = field(default_factory=dict)
    """What reports call files that are there for this load alone."""
    people: People | None = None
    """Pseudonyms, and who was forgotten; ``None``: ids of people are taken as they come."""
