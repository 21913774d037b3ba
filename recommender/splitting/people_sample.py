"""A sample of people: who weights are learned on where everybody would take hours and tell no more."""

import numpy as np

from kg.snapshot.snapshot import Snapshot
from kg.snapshot.subgraph import Subgraph

MOST = 2_000_000
"""Interactions that weights are learned on, about."""
FEWEST = 50_000
"""People whom a sample has at least."""


def people_sample(snapshot: Snapshot, seed: int, most: int = MOST, fewest: int = FEWEST) -> Snapshot:
    """All items and attributes, and of people a simple random sample with all that is known of them.

    The snapshot itself where it has few interactions, or people who are items too.

    :param most: interactions of the sample, about; more where it would have fewer people than ``fewest``.
    """
    schema, vocabulary = snapshot.schema, snapshot.vocabulary
    interactions = sum(snapshot.manifest.triples[name] for name in schema.interactions)
    people = sum(vocabulary.count(name) for name in schema.user_types)
    part = max(most / max(interactions, 1), fewest / max(people, 1))
    if part >= 1 or set(schema.user_types) & set(schema.item_types):
        return snapshot
    random = np.random.default_rng([seed, 29])
    keep = {name: np.ones(vocabulary.count(name), dtype=bool) for name in schema.entity}
    for name in schema.user_types:
        keep[name] = random.random(vocabulary.count(name)) < part
    return Subgraph(snapshot, keep)


def sample_notes(snapshot: Snapshot, sample: Snapshot) -> list[str]:
    """How many people weights are learned on, where that is a sample."""
    if sample is snapshot:
        return []
    asked, whole = (sum(one.vocabulary.count(name) for name in one.schema.user_types) for one in (sample, snapshot))
    return [
        f"weights are learned on {asked:,} of {whole:,} people, drawn at random with all that is known of them; what "
        "is counted for lists is counted of everybody"
    ]
