"""Exposure floors: groups of items that shall have at least a part of all lists together, as texts say it.

::

    80% made_by          each brand at least 80 % of its share of what people use
    15% new              items that nobody used, or that were first used last, at least 15 % of the lists
    30% margin >= 0.4    what an expression holds for, likewise
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kg.errors import UsageError
from kg.schema import inverse_of
from recommender.rules.rule import Ground
from recommender.rules.soft.expression import AND, PERCENT, Mask, items_of


@dataclass(frozen=True)
class Floor:
    """At least ``part`` of the exposure of a domain, in (0, 1], is to be of ``items``; ``about`` says which, as an
    expression; of merit: ``part`` of the share of use that they have."""

    about: str
    part: float
    items: Mask
    of_merit: bool


def read_floors(ground: Ground, texts: Sequence[str]) -> list[Floor]:
    """The floors that texts ask for; a relation alone stands for a floor for each entity that it leads to.

    :raises UsageError: for a text that is no percentage before a relation of items or an expression.
    """
    found = list[Floor]()
    for text in texts:
        percent = PERCENT.match(text)
        if percent is None or not 0 < float(percent[1]) <= 100:
            raise UsageError(
                f"[objectives] floors {text!r}: expected more than 0% and at most 100% of a relation of items or of an "
                "expression, as in '80% made_by' or '15% new'"
            )
        part, about = float(percent[1]) / 100, text[percent.end() :].strip()
        steps = [step for name in ground.snapshot.schema.relation for step in (name, inverse_of(name))]
        if about in steps:
            found += _each(ground, about, part)
        else:
            found.append(Floor(about, part, items_of(ground, about, "[objectives] floors"), of_merit=False))
    return found


def _each(ground: Ground, step: str, part: float) -> list[Floor]:
    """A floor for each entity that a step leads to from items."""
    snapshot, (head, tail) = ground.snapshot, ground.snapshot.schema.ends(step)
    if head not in ground.catalogue.slices or snapshot.schema.entity[tail].sensitive:
        raise UsageError(f"[objectives] floors {step!r}: expected a relation from items to what they are")
    start, matrix, found = ground.catalogue.slices[head].start, snapshot.adjacency(inverse_of(step)), list[Floor]()
    for idx in range(matrix.shape[0]):
        items = np.zeros(ground.catalogue.size, dtype=bool)
        items[matrix.indices[matrix.indptr[idx] : matrix.indptr[idx + 1]].astype(np.int64) + start] = True
        entity_id = snapshot.vocabulary.id(tail, idx)
        quote = '"' if AND.search(f" {entity_id} ") else ""
        if items.any():
            found.append(Floor(f"{step}:{quote}{entity_id}{quote}", part, items, of_merit=True))
    return found
