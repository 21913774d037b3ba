"""Link proposals: items that have to do with what two domains share, by their names and by what is linked.

Items of different domains meet only in attributes that both have. Where a course on meditation is linked to nothing
that a cosmetic is linked to, no path leads from one to the other, whatever the weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.schema import Schema, inverse_of
from kg.snapshot.snapshot import Snapshot
from kg.text.encoder import Encode

LEAST = 0.5
"""Confidence below which nothing is proposed."""
SEEDS = 3
"""Linked items from which an attribute is known by them; with fewer its name has to agree."""
NEAREST = 2
"""Linked items that an item is compared with: the nearest."""
AGREES = 0.33
"""Cosine from which a name agrees with an attribute's."""
KIND = 0.5
"""Weight of what else an item is, of each kind, beside its name."""
COMMON = 0.05
"""Part of the items beyond which an attribute says nothing of what one is about."""
COVERED = 0.5
"""Part of a type's items that are linked beyond which what is not there is believed not to be."""
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class LinkProposal:
    """A triple that is not there: from an item to an attribute, by a step of the schema, ``relation`` or ``~relation``.

    ``confidence``: in [0, 1]; ``because``: what it rests on: a linked item, or an attribute of the item.
    """

    step: str
    item: int
    attribute: int
    confidence: float
    because: str


def propose_links(snapshot: Snapshot, encode: Encode, least: float = LEAST) -> list[LinkProposal]:
    """For each item without a link to what its domain shares with another, the likeliest one, most confident first::

        b = mean cosine to the two nearest items that are linked to the attribute
        a = cosine of the attribute's name with the item's, or with that of anything else that the item is
        confidence = (a + b) / 2, or b where that is more, a ≥ ⅓ and the attribute has three linked items

    An item's vector is that of its name plus half of the mean of the names of what else it is. Nothing is proposed for
    a type most items of which are linked already.

    :param encode: texts → unit vectors.
    """
    schema = snapshot.schema
    found: list[LinkProposal] = []
    for item_type in schema.item_types:
        count = snapshot.vocabulary.count
        steps = [step for step in shared_steps(schema, item_type) if count(schema.ends(step)[1])]
        if steps and count(item_type):
            found += _proposals(snapshot, encode, (item_type, steps), least)
    return sorted(found, key=lambda one: (-one.confidence, one.step, one.item))


def shared_steps(schema: Schema, item_type: str) -> list[str]:
    """Steps from an item type to attributes that items of another domain have too."""
    domains: dict[str, set[str]] = {}
    steps = [s for one in schema.item_types for s in _attribute_steps(schema, one)]
    for step in steps:
        head, tail = schema.ends(step)
        domains.setdefault(tail, set()).add(schema.entity[head].domain or "")
    return [step for step in _attribute_steps(schema, item_type) if len(domains[schema.ends(step)[1]]) > 1]


def _attribute_steps(schema: Schema, item_type: str) -> list[str]:
    left_out = (*schema.interactions, *schema.negatives, *schema.rules)
    steps = [step for name in schema.relation if name not in left_out for step in (name, inverse_of(name))]
    people = (*schema.user_types, *schema.item_types)
    return [step for step in steps if schema.ends(step)[0] == item_type and schema.ends(step)[1] not in people]


def _proposals(snapshot: Snapshot, encode: Encode, what: tuple[str, Sequence[str]], least: float) -> list[LinkProposal]:
    item_type, steps = what
    names = _names(snapshot, item_type)
    titles = encode(names)
    others = [s for s in _attribute_steps(snapshot.schema, item_type) if s not in steps]
    kinds = [(_specific(snapshot.adjacency(step)), _names(snapshot, snapshot.schema.ends(step)[1])) for step in others]
    known = [(links, labels, encode(labels)) for links, labels in kinds if links.nnz]
    items = _unit(titles + sum((KIND * _unit(links @ vectors) for links, _, vectors in known), np.zeros(1)))
    best, choice = np.full(len(names), -1.0), np.zeros((len(names), 2), dtype=np.int64)
    linked = np.zeros(len(names), dtype=bool)
    for number, step in enumerate(steps):
        adjacency = snapshot.adjacency(step)
        linked |= np.diff(adjacency.indptr) > 0
        labels = encode(_names(snapshot, snapshot.schema.ends(step)[1]))
        for attribute, label in enumerate(labels):
            seeds = snapshot.neighbours(inverse_of(step), attribute)[0]
            confidence = _confidence(items, _named(titles, known, label), seeds) * _kin(known, seeds)
            better = confidence > best
            best[better], choice[better] = confidence[better], (number, attribute)
    if linked.mean() > COVERED:
        return []
    found = np.flatnonzero(~linked & (best >= least))
    return [
        LinkProposal(
            steps[choice[item, 0]],
            int(item),
            int(choice[item, 1]),
            float(min(best[item], 1.0)),
            _because(snapshot, items, steps[choice[item, 0]], int(item), int(choice[item, 1])),
        )
        for item in found.tolist()
    ]


def _confidence(items: Vectors, named: Vectors, seeds: NDArray[np.int32]) -> Vectors:
    """How sure a link of each item is: shape (items,)."""
    if not len(seeds):
        return np.zeros(len(items), dtype=np.float32)
    near = np.sort(items @ items[seeds].T, axis=1)[:, -NEAREST:].mean(axis=1)
    known = (named >= AGREES) if len(seeds) >= SEEDS else np.zeros(len(items), dtype=bool)
    return np.asarray(np.where(known, np.maximum(near, (named + near) / 2), (named + near) / 2), dtype=np.float32)


def _kin(known: Sequence[tuple[csr_array, list[str], Vectors]], seeds: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which items share anything with those that are linked, shape (items,): SOAP is no soap; all where there is
    nothing to share."""
    shared = [np.asarray(links @ links[seeds].sum(axis=0)).ravel() > 0 for links, _, _ in known]
    return np.any(shared, axis=0) if shared else np.ones(1, dtype=bool)


def _named(titles: Vectors, known: Sequence[tuple[csr_array, list[str], Vectors]], label: Vectors) -> Vectors:
    """The largest cosine of an attribute's name with that of each item, or of anything else that it is."""
    best = titles @ label
    for links, _, vectors in known:
        alike = np.maximum(vectors @ label, 0.0)
        of_items = csr_array((alike[links.indices], links.indices, links.indptr), shape=links.shape)
        best = np.maximum(best, np.asarray(of_items.max(axis=1).todense()).ravel())
    return best


def _because(snapshot: Snapshot, items: Vectors, step: str, item: int, attribute: int) -> str:
    """The linked item that is nearest."""
    seeds = snapshot.neighbours(inverse_of(step), attribute)[0]
    nearest = int(seeds[int(np.argmax(items[seeds] @ items[item]))])
    return snapshot.label(snapshot.schema.ends(step)[0], nearest)


def _specific(links: csr_array) -> csr_array:
    """The links to attributes that few items have, each 1."""
    counts = np.bincount(links.indices, minlength=links.shape[1])
    keep = counts <= max(COMMON * links.shape[0], 1)
    data = keep[links.indices].astype(np.float32)
    found = csr_array((data, links.indices, links.indptr), shape=links.shape, copy=True)
    found.eliminate_zeros()
    return found


def _names(snapshot: Snapshot, entity_type: str) -> list[str]:
    labels = (snapshot.label(entity_type, idx) for idx in range(snapshot.vocabulary.count(entity_type)))
    return [label.replace("-", " ").replace("_", " ") for label in labels]


def _unit(vectors: NDArray[np.floating]) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)
