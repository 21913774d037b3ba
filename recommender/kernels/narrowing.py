"""Narrowing: which relations of a wide schema metapaths combine, so that their number stays bounded.

The number of metapaths grows with the square, or the cube, of the number of relations between items and attributes;
what they are worth does not. What is narrowed still counts in the union and the association kernels, which add
relations up.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from pydantic import Field

from kg.document import Document
from kg.schema import Schema
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.metapaths import Metapath, enumerate_metapaths, walked


class Narrowing(Document):
    """What metapaths leave out."""

    alone: tuple[str, ...] = ()
    """Relations that are walked there and back only, ``start > r > ~r``, and never combined with another."""
    left_out: tuple[str, ...] = ()
    """Relations that no metapath walks."""
    share: float = Field(default=0.0, ge=0, le=1)
    """The largest part of the triples of its head type that any of them has."""
    metapaths: tuple[str, ...] | None = None
    """Those that are left of the others after a trial; all where absent."""

    def enumerate(self, schema: Schema) -> tuple[Metapath, ...]:
        """The metapaths of a schema that are walked, sorted by length, then by name."""
        found = enumerate_metapaths(schema, set(self.left_out), set(self.alone))
        return found if self.metapaths is None else tuple(path for path in found if str(path) in self.metapaths)

    def walked(self, schema: Schema) -> Iterator[Metapath]:
        """The metapaths that there would be without a trial."""
        return walked(schema, set(self.left_out), set(self.alone))


def narrowing_of(snapshot: Snapshot) -> Narrowing:
    """Nothing where the schema has at most ``metapaths.most`` metapaths. Else as few relations as possible are walked
    alone, those with the smallest part of the triples of their head type first; where even that is too many, as few as
    possible are left out altogether. Interactions, and what people say of themselves, are never narrowed."""
    schema = snapshot.schema
    if _fits(schema, Narrowing()):
        return Narrowing()
    shares = _shares(snapshot)
    names = sorted(shares, key=lambda name: (shares[name], name))

    def alone(count: int) -> Narrowing:
        """The smallest so many walked alone."""
        return Narrowing(
            alone=tuple(sorted(names[:count])), share=max((shares[one] for one in names[:count]), default=0)
        )

    def left_out(count: int) -> Narrowing:
        """The smallest so many left out, all others walked alone."""
        rest = alone(len(names))
        return rest.model_copy(update={"alone": tuple(sorted(names[count:])), "left_out": tuple(sorted(names[:count]))})

    if _fits(schema, alone(len(names))):
        return alone(_fewest(len(names), lambda count: _fits(schema, alone(count))))
    return left_out(_fewest(len(names), lambda count: _fits(schema, left_out(count))))


def _fewest(most: int, fits: Callable[[int], bool]) -> int:
    """The smallest number from 0 that fits, by bisection; ``most`` where none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def _fits(schema: Schema, narrowing: Narrowing) -> bool:
    """Whether no more metapaths than allowed are left; no more are counted."""
    return len(list(islice(narrowing.walked(schema), schema.metapaths.most + 1))) <= schema.metapaths.most


def _shares(snapshot: Snapshot) -> dict[str, float]:
    """Relation between items and attributes → its part of all such triples of its head type: the same in the snapshot
    and in its training parts, which lack interactions."""
    schema, counts = snapshot.schema, snapshot.manifest.triples
    kept = {*schema.interactions, *schema.negatives, *schema.rules}
    names = [name for name, one in schema.relation.items() if name not in kept and one.head not in schema.user_types]
    heads = {one: sum(counts[n] for n in names if schema.relation[n].head == one) for one in schema.entity}
    return {name: counts[name] / max(heads[schema.relation[name].head], 1) for name in names}
