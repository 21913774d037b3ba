"""What an erasure did, and what the search afterwards found."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Erasure:
    """What was done, and what the search found afterwards."""

    user: str
    person: str = ""
    """The id as the workspace has it."""
    entities: int = 0
    triples: dict[str, int] = field(default_factory=dict)
    files_rewritten: list[str] = field(default_factory=list)
    files_removed: list[str] = field(default_factory=list)
    """Pages and exports that whyrec wrote, and that can be written again."""
    undecided: list[str] = field(default_factory=list)
    """Files of whyrec's with rows of which nobody can tell whether they are hers: not touched."""
    searched_files: int = 0
    found: list[str] = field(default_factory=list)
    """Files of whyrec's own, or the store, that hold the id still: none, or something is wrong."""
    source_files: list[str] = field(default_factory=list)
    """Files of somebody else, such as the data that was loaded, that hold the id: they are never edited."""
    notices: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The JSON of ``forget``."""
        data = asdict(self)
        data.pop("person")
        deleted = {"entities": data.pop("entities"), "triples": data.pop("triples")}
        return {"user": data.pop("user"), "deleted": deleted, **data}
