"""The blend: non-negative weights of metapaths, embedding and popularity."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from kg.document import Document
from kg.schema import Schema
from recommender.kernels.learned.partner import PartnerKernel
from recommender.kernels.learned.partner_association import PartnerAssociation
from recommender.kernels.learned.partner_attributes import PartnerAttributes
from recommender.kernels.metapaths import Metapath
from recommender.results.learning import Audience

SHORT = 3
"""Steps up to which a metapath weighs 1 by default."""
LONGER = 0.25
"""Factor for each step more."""
EMBEDDING, POPULARITY = 3.0, 0.05
PARTNERS = {PartnerKernel.name: 3, PartnerAttributes.name: 4, PartnerAssociation.name: 3}
"""Learned kernels that weigh something by default, as soon as a partner's sums are accepted → how many steps the way
has that they stand for: from a user to her items, or on to what these have, to the partner's people, to an item."""


Weights = dict[str, float]


def _not_negative(value: Weights) -> Weights:
    for name, weight in value.items():
        if not 0 <= weight < float("inf"):
            raise ValueError(f"weight of {name!r} is {weight}; weights are 0 or more")
    return value


NonNegative = Annotated[Weights, AfterValidator(_not_negative)]


class ColdWeights(Document):
    """Weights for the items of one domain, for people who used nothing of it yet."""

    metapaths: NonNegative
    embedding: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    popularity: float = Field(default=0.0, ge=0, allow_inf_nan=False)

    def times(self, scale: float) -> "ColdWeights":
        """All weights multiplied by a number."""
        metapaths = {name: weight * scale for name, weight in self.metapaths.items()}
        return ColdWeights(metapaths=metapaths, embedding=self.embedding * scale, popularity=self.popularity * scale)


class Blend(Document):
    """``score = Σ_m w_m · path_m + w_e · embedding + w_p · popularity``; every weight ≥ 0.

    A metapath ends at items of one domain, so each domain has weights of its own; where they were learned, it has
    others for people who used nothing of it: what one used in another domain says little beside what one used in
    this, and all there is without it.
    """

    metapaths: NonNegative
    """Metapath, written out, → weight; what is missing weighs nothing."""
    embedding: NonNegative = Field(default_factory=dict)
    """Domain → weight of the embedding for its items."""
    popularity: NonNegative = Field(default_factory=dict)
    """Domain → weight of popularity for its items."""
    cold: dict[str, ColdWeights] = Field(default_factory=dict)
    """Domain → weights for people who used other domains only; where it is missing, the others count for them too."""
    told: dict[str, ColdWeights] = Field(default_factory=dict)
    """Domain → weights for people who used nothing at all, and only said something of themselves; where it is missing,
    those of ``cold`` count for them: what decides about skin types says nothing of learners."""

    @property
    def embeds(self) -> bool:
        """Whether closeness in the embedding weighs something for anybody."""
        others = (one.embedding for one in (*self.cold.values(), *self.told.values()))
        return any(self.embedding.values()) or any(others)

    def uses(self, metapath: Metapath) -> bool:
        """Whether a metapath weighs something for anybody."""
        others = (*self.cold.values(), *self.told.values())
        return self.weight(metapath) > 0 or any(cold.metapaths.get(str(metapath)) for cold in others)

    def for_cold(self, domains: frozenset[str], *, told: bool = False) -> "Blend":
        """The weights of somebody who used nothing of some domains, ``cold`` and ``told`` left empty.

        :param told: whether she used nothing at all.
        """
        known = self.cold | self.told if told else self.cold
        found = {domain: known[domain] for domain in sorted(domains & set(known))}
        metapaths = dict(self.metapaths)
        for cold in found.values():
            metapaths |= cold.metapaths
        embedding = self.embedding | {domain: cold.embedding for domain, cold in found.items()}
        popularity = self.popularity | {domain: cold.popularity for domain, cold in found.items()}
        return Blend(metapaths=metapaths, embedding=embedding, popularity=popularity)

    def for_audience(self, domain: str, audience: Audience) -> "Blend":
        """The weights that count for a domain and an audience."""
        return self.for_cold(frozenset([domain] if audience != "warm" else []), told=audience == "told")

    def weight(self, metapath: Metapath) -> float:
        """The weight of a metapath."""
        return self.metapaths.get(str(metapath), 0.0)


def default_blend(schema: Schema, metapaths: Sequence[Metapath], *, embedding: bool, own: float = 1.0) -> Blend:
    """Weights for a graph nobody has learned weights for yet; learned kernels weigh nothing until that is learned, but
    for what partners tell: a small company, which has most from it, may never have enough people to learn that.

    Metapaths of two and three steps weigh 1, longer ones less. Popularity only breaks ties; the embedding speaks up
    where paths are few. A kernel of few people is scaled like one of many: of our own people and those of partners, the
    more weigh as they would alone, and the others by how many there are of them for each of those.

    :param own: which part of all people are our own (:func:`recommender.catalogue.interactions.own_part`), in [0, 1].
    """
    ours, theirs = own / max(own, 1.0 - own), (1.0 - own) / max(own, 1.0 - own)
    weights = dict[str, float]()
    for path in metapaths:
        if path.learned is None:
            people = any(schema.ends(step)[0] in schema.user_types for step in path.tail)
            weights[str(path)] = (ours if people else 1.0) * _by_length(len(path.steps))
        elif path.learned.kernel in PARTNERS:
            weights[str(path)] = theirs * _by_length(PARTNERS[path.learned.kernel])
    return Blend(
        metapaths=weights,
        embedding=dict.fromkeys(schema.domains, EMBEDDING if embedding else 0.0),
        popularity=dict.fromkeys(schema.domains, POPULARITY),
    )


def _by_length(steps: int) -> float:
    return LONGER ** max(0, steps - SHORT)
