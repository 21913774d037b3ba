"""What a blend weighs: the metapaths of the schema, and the learned kernels between its items."""

from kg.snapshot import Snapshot
from recommender.metapaths import Metapath, associations, enumerate_metapaths


def scored_paths(snapshot: Snapshot) -> tuple[Metapath, ...]:
    """All metapaths, then the learned kernels."""
    return (*enumerate_metapaths(snapshot.schema), *associations(snapshot.schema))
