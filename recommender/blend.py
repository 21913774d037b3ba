"""The blend: non-negative weights of metapaths, embedding and popularity."""

from collections.abc import Sequence

from pydantic import Field, field_validator

from kg.document import Document
from kg.schema import Schema
from recommender.metapaths import Metapath

SHORT = 3
"""Steps up to which a metapath weighs 1 by default."""
LONGER = 0.25
"""Factor for each step more."""
EMBEDDING, POPULARITY = 3.0, 0.05


class Blend(Document):
    """``score = Σ_m w_m · path_m + w_e · embedding + w_p · popularity``; every weight ≥ 0.

    A metapath ends at items of one domain, so each domain has weights of its own.
    """

    metapaths: dict[str, float]
    """Metapath, written out, → weight; what is missing weighs nothing."""
    embedding: dict[str, float] = Field(default_factory=dict)
    """Domain → weight of the embedding for its items."""
    popularity: dict[str, float] = Field(default_factory=dict)
    """Domain → weight of popularity for its items."""

    @field_validator("metapaths", "embedding", "popularity")
    @classmethod
    def _not_negative(cls, value: dict[str, float]) -> dict[str, float]:
        for name, weight in value.items():
            if not 0 <= weight < float("inf"):
                raise ValueError(f"weight of {name!r} is {weight}; weights are 0 or more")
        return value

    def weight(self, metapath: Metapath) -> float:
        """The weight of a metapath."""
        return self.metapaths.get(str(metapath), 0.0)


def default_blend(schema: Schema, metapaths: Sequence[Metapath], *, embedding: bool) -> Blend:
    """Weights for a graph nobody has learned weights for yet; associations have to be learned to weigh anything.

    Metapaths of two and three steps weigh 1, longer ones less. Popularity only breaks ties; the embedding speaks up
    where paths are few.
    """
    weights = {str(path): LONGER ** max(0, len(path.steps) - SHORT) for path in metapaths if path.association is None}
    return Blend(
        metapaths=weights,
        embedding=dict.fromkeys(schema.domains, EMBEDDING if embedding else 0.0),
        popularity=dict.fromkeys(schema.domains, POPULARITY),
    )
