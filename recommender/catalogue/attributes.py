"""What items are: their attributes as sparse vectors of length 1, for how alike items are."""

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack, vstack

from kg.schema import Schema
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.steps import item_steps
from recommender.linalg.sparse_matrix import binary, damping


def item_attributes(snapshot: Snapshot, catalogue: Catalogue) -> csr_array:
    """One row per item: ``1/√n`` at each of its n attributes, entities that are neither items nor people.

    The dot product of two rows is the cosine of their sets of attributes, ``|A ∩ B| / √(|A| |B|)``.

    :returns: shape (catalogue.size, attributes), float64; a row of zeros for an item without attributes.
    """
    blocks = [attribute_links(snapshot, catalogue, name) for name in attribute_types(snapshot.schema)]
    if not blocks:
        return csr_array((catalogue.size, 0))
    links = csr_array(hstack(blocks, format="csr")).sign()
    counts = np.diff(links.indptr).astype(np.float64)
    return csr_array(diags_array(damping(counts, 0.5)) @ links)


def attribute_types(schema: Schema) -> list[str]:
    """The types of attributes, in the order of the columns of ``item_attributes``; each has as many as entities."""
    return [
        name
        for name, entity in schema.entity.items()
        if name not in schema.item_types and not entity.sensitive and item_steps(schema, name)
    ]


def attribute_steps(schema: Schema, item_type: str) -> list[str]:
    """Steps from an item type to its attributes: to neither items nor people, and nothing that people did or said."""
    names = [name for name in attribute_types(schema) if name not in schema.user_types]
    return [step for name in names for step in item_steps(schema, name) if schema.ends(step)[0] == item_type]


def attribute_links(snapshot: Snapshot, catalogue: Catalogue, entity_type: str) -> csr_array:
    """Items × entities of one type, more than 0 where any relation links them."""
    width = snapshot.vocabulary.count(entity_type)
    steps = item_steps(snapshot.schema, entity_type)
    blocks = []
    for item_type, part in catalogue.slices.items():
        total = csr_array((part.stop - part.start, width))
        for step in steps:
            if snapshot.schema.ends(step)[0] == item_type:
                total = total + binary(snapshot.adjacency(step))
        blocks.append(total)
    return csr_array(vstack(blocks, format="csr"))
