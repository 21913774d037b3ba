"""What the engine's work on a workspace answers; each is what ``--json`` prints."""

from pydantic import Field

from recommender.results.document import ModelInfo, Result


class ListsReport(Result):
    """The answer of ``write_lists``."""

    out: str
    users: int
    rows: int
    resumed: int
    """Users whose lists an earlier, unfinished run had made."""
    restarted: bool
    """Whether an unfinished run with another model, snapshot, rules, users or length was thrown away."""
    model: ModelInfo
    notices: list[str] = Field(default_factory=list)
