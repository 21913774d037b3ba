"""What a blend weighs: the metapaths of the schema, and associations where the catalogue is small enough."""

from kg.snapshot import Snapshot
from recommender.association import MOST_ITEMS
from recommender.catalogue import Catalogue
from recommender.metapaths import Metapath, associations, enumerate_metapaths


def scored_paths(snapshot: Snapshot) -> tuple[Metapath, ...]:
    """All metapaths, then the associations between the items of a catalogue of at most ``MOST_ITEMS``."""
    small = Catalogue(snapshot).size <= MOST_ITEMS
    return (*enumerate_metapaths(snapshot.schema), *(associations(snapshot.schema) if small else ()))
