"""How vectors are trained: the settings."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator

from embeddings.vectors.models import (
    LEARNING_RATE,
    MODEL_NEGATIVES,
    MODEL_RATE,
    MODELS,
    NEGATIVES,
    PRODUCTS,
    TAIL_PRODUCTS,
    Loop,
)
from kg.document import Document, nearest, parse
from kg.errors import UsageError

CHECKPOINT = "checkpoint.safetensors"
"""The file that an interrupted training leaves in the folder of the vectors."""

MAX_BATCH, STEPS = 2048, 32


class TrainingConfig(Document):
    """How vectors are trained; equal configurations on the same snapshot give the same vectors."""

    model: str = "TransE"
    """The embedding model: one of ``MODELS``, in any case of letters."""
    dim: int = Field(default=64, ge=1, le=1024)
    """Numbers per vector; ComplEx and RotatE have complex ones."""
    epochs: int = Field(default=50, ge=1)
    """Passes over all triples, at most; the validation part may end training earlier."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    batch_size: int | None = Field(default=None, ge=1)
    """Triples per step; by default a power of two that gives at least 32 steps per epoch, from 32 to 2048."""
    learning_rate: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Step size: by default 0.1 (RotatE 0.2) of Adagrad per row, 0.01 of Adam in PyKEEN's loop."""
    negatives: int | None = Field(default=None, ge=1)
    """Corrupted triples per triple and side: by default 64 for TransE, 128 for RotatE, 10 in
    PyKEEN's loop, else 256."""
    candidates: Literal["type", "all"] = "type"
    """What a missing entity is ranked against, on validation and in training (three of four negatives; TuckER and
    ConvE learn from the tails of a batch and any entities): the entities of the relation's type, or all."""
    validation: float = Field(default=0.05, ge=0, le=0.5, allow_inf_nan=False)
    """Part of the triples that is held out, up to 2,000, to stop early and to calibrate; 0 trains on all of them."""
    patience: int = Field(default=5, ge=1)
    """Epochs without a better validation MRR after which training stops; the best epoch's vectors are kept."""
    minutes: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Time after which no further epoch begins; the first always runs. Until validation ends it where absent."""
    exclude: tuple[str, ...] = ()
    """Relations whose triples are left out."""

    @field_validator("model", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        found = [name for name in MODELS if name.casefold() == str(value).casefold()]
        if not found:
            raise ValueError(f"unknown model {value!r}; {nearest(str(value), list(MODELS))}")
        return found[0]

    @field_validator("exclude")
    @classmethod
    def _sorted(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(value)))

    @classmethod
    def from_options(cls, **options: Any) -> Self:
        """Check options of the command line; those that are ``None`` keep their default.

        :raises UsageError: one line per option that does not fit, naming the nearest model for an unknown one.
        """
        return parse(cls, {key: value for key, value in options.items() if value is not None}, "train", UsageError)

    @property
    def loop(self) -> Loop:
        """Which loop trains the model."""
        if self.model in PRODUCTS:
            return "products"
        return "tail products" if self.model in TAIL_PRODUCTS else "stock"

    @property
    def step(self) -> float:
        """The learning rate that is used."""
        return self.learning_rate or MODEL_RATE.get(self.model, LEARNING_RATE[self.loop])

    @property
    def negatives_used(self) -> int:
        """The number of negatives that is used."""
        return self.negatives or MODEL_NEGATIVES.get(self.model, NEGATIVES[self.loop])

    def batch_size_for(self, triples: int) -> int:
        """The batch size for a graph of so many triples."""
        return self.batch_size or min(MAX_BATCH, max(STEPS, 1 << max(0, (triples // STEPS).bit_length() - 1)))
