"""What a blend weighs: the metapaths of the schema, and the learned kernels between its items."""

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.metapaths import LATENT_MAP, Metapath, associations, enumerate_metapaths
from recommender.kernels.text_similarity import text_similarities

MOST_ITEMS = 15_000
"""Within a domain a latent map costs the square of its catalogue; a larger one goes without."""


def scored_paths(snapshot: Snapshot) -> tuple[Metapath, ...]:
    """All metapaths, then the learned kernels."""
    learned = [path for path in associations(snapshot.schema) if not _too_large(snapshot, path)]
    return (*enumerate_metapaths(snapshot.schema), *learned, *text_similarities(snapshot))


def _too_large(snapshot: Snapshot, path: Metapath) -> bool:
    ends = path.association or ()
    domains = {snapshot.schema.entity[end].domain for end in ends}
    counts = [snapshot.vocabulary.count(end) for end in ends]
    return path.symbol == LATENT_MAP and len(domains) == 1 and max(counts) > MOST_ITEMS
