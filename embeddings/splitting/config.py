"""Which triples an experiment is made on, and which of them are held out."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from kg.document import Document

Files = Annotated[tuple[str, ...], BeforeValidator(lambda told: (told,) if isinstance(told, str) else told)]


class TripleSource(Document):
    """Where triples come from: a workspace, by default the one of the command line, or triple files.

    Paths are relative to the experiment file. Triple files have the columns head, relation, tail and, where wanted,
    timestamp, parted by tabs, without a header.
    """

    workspace: str | None = None
    triples: Files = ()
    validation: Files = ()
    """With ``test``: the parts of a benchmark that comes split."""
    test: Files = ()
    exclude: tuple[str, ...] = ()
    """Relations whose triples are left out."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.workspace is not None and self.triples:
            raise ValueError("workspace and triples exclude each other; keep one of them")
        if (self.test or self.validation) and not (self.triples and self.test and self.validation):
            raise ValueError("data that come split need all of triples, validation and test")
        return self


class TripleSplitConfig(Document):
    """Which triples are tested on. The split is the same for all models and seeds, so that they can be paired."""

    kind: Literal["random", "temporal", "inductive"] = "random"
    """``random`` triples; ``temporal``: the latest ones; ``inductive``: those of entities unseen in training, which
    are folded in by half of their triples."""
    test: float = Field(default=0.1, gt=0, lt=1)
    """Part of the triples that is tested on; of the entities, for ``inductive``."""
    validation: float = Field(default=0.05, gt=0, lt=0.5)
    """Part of the other triples on which training is stopped and settings are searched."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    hold_out: Files = ()
    """Relations whose triples alone are tested and validated on: the one that is recommended by, say; ``interactions``
    stands for those of the schema. Any triple where absent."""
    folds: int | None = Field(default=None, ge=2, le=100)
    """Cross-validation: every triple is tested on in one of so many runs, but for those that an entity or relation
    would be unknown without."""
    leaks: Literal["report", "remove"] = "report"
    """What becomes of training triples that give away a held-out one through an inverse or duplicate relation."""

    @model_validator(mode="after")
    def _folds_are_random(self) -> Self:
        if self.folds and self.kind != "random":
            raise ValueError(f"folds go with kind = 'random', not {self.kind!r}")
        if self.hold_out and self.kind == "inductive":
            raise ValueError(
                "hold_out goes with kind = 'random' or 'temporal': unseen entities come with all they have"
            )
        if self.folds and "test" in self.model_fields_set:
            raise ValueError("folds decide how much is tested on; leave test out")
        return self
