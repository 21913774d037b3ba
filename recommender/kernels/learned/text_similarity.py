"""Text similarity: items whose texts are alike, by the cosine of their TF-IDF vectors (:mod:`kg.text.tfidf`).

Which texts, the schema says: ``text = ["description"]`` in an item's table names properties of type ``str``, or
``label``. Without it, or where no item has such a text, there is no kernel.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot, part_of
from kg.snapshot.string_array import StringArray
from kg.text.tfidf import tfidf_vectors
from kg.text.words import COLUMN_BREAK
from recommender.kernels.kernel import LearnedKernel
from recommender.linalg.pruned_product import kernel_product
from recommender.texts.language import Notice

MOST_WORK = 1e10
"""Multiplications of a product at most: minutes. The most common terms are left out of what would take more."""
LABEL = "label"
SEPARATORS = "-"
"""``anti-ageing`` is two words here: what is written in one word by some is in two by others."""


class TextSimilarity(LearnedKernel):
    """The cosine between the texts of the items of two types."""

    from_people = False
    name, symbol, text = "text_similarity", "¶", "text"

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Where both types have texts."""
        return all(any(len(texts.blob) for texts in _columns(snapshot, end)) for end in (anchor_type, item_type))

    @property
    def reads(self) -> tuple[str, ...]:
        """The texts of all items, of which every one decides how rare a word is."""
        return tuple(part_of("entity", name) for name in self.inputs.snapshot.schema.item_types)

    @property
    def decided_by(self) -> str:
        """Which texts: a snapshot of the same hash may have been taken for others."""
        return str([(name, entity.text) for name, entity in self.inputs.snapshot.schema.entity.items()])

    def matrix(self) -> csr_array:
        """K, see :func:`text_similarity`."""
        vectors = self.inputs.once(self.name, lambda: text_vectors(self.inputs.snapshot))
        left, right = vectors[self.anchor_type], vectors[self.item_type]
        rare, terms = _rare(left, right), left.shape[1]
        if len(rare) < terms:
            told = {"count": f"{terms - len(rare):,}", "terms": f"{terms:,}", "most": f"{MOST_WORK:.0e}"}
            notice = Notice.of("terms_left_out", anchors=self.anchor_type, items=self.item_type, **told)
            self.inputs.left_out[notice] = None
        return text_similarity(vectors, self.anchor_type, self.item_type, self.inputs.top)


def text_vectors(snapshot: Snapshot) -> dict[str, csr_array]:
    """Item type → TF-IDF vectors of its items' texts, shape (items, terms), 0 without a text.

    The texts of all item types count together, so that a term has the same idf in both domains of a product.
    """
    texts = {name: _texts(snapshot, name) for name in snapshot.schema.item_types}
    everything = [text for some in texts.values() for text in some]
    position = np.array([number for number, text in enumerate(everything) if text], dtype=np.int64)
    vectors = tfidf_vectors([everything[number] for number in position], SEPARATORS)
    lengths = np.zeros(len(everything), dtype=np.int64)
    lengths[position] = np.diff(vectors.indptr)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    whole = csr_array((vectors.data, vectors.indices, indptr), shape=(len(everything), vectors.shape[1]))
    ends = np.cumsum([0, *(len(some) for some in texts.values())]).tolist()
    return {name: csr_array(whole[ends[n] : ends[n + 1]]) for n, name in enumerate(texts)}


def text_similarity(vectors: Mapping[str, csr_array], anchor_type: str, item_type: str, top: int) -> csr_array:
    """Kernel between two item types: shape (anchors, items), float64, in [0, 1], ``top`` entries per row::

        K[a, i] = t_a · t_i = cos(t_a, t_i)

    t: the vectors of ``text_vectors``. Made a block of rows at a time.
    """
    left, right = vectors[anchor_type], vectors[item_type]
    rare = _rare(left, right)
    if len(rare) < left.shape[1]:
        left, right = csr_array(left[:, rare]), csr_array(right[:, rare])
    kernel = kernel_product([(left,), (csr_array(right.T),)], top, closed=anchor_type == item_type)
    np.minimum(kernel.data, 1.0, out=kernel.data)
    return kernel


def _rare(left: csr_array, right: csr_array) -> NDArray[np.integer]:
    """The terms whose products are at most ``MOST_WORK`` together, the rarest of all: their positions, ascending."""
    spread = (np.bincount(one.indices, minlength=one.shape[1]).astype(np.float64) for one in (left, right))
    work = np.prod(list(spread), axis=0)
    order = np.argsort(work, kind="stable")
    return np.sort(order[np.cumsum(work[order]) <= MOST_WORK])


def _columns(snapshot: Snapshot, item_type: str) -> list[StringArray]:
    names = snapshot.schema.entity[item_type].text
    return [snapshot.labels(item_type) if name == LABEL else snapshot.text(item_type, name) for name in names]


def _texts(snapshot: Snapshot, item_type: str) -> list[str]:
    """The texts of each item as one, empty where it has none."""
    columns = _columns(snapshot, item_type)
    if not columns:
        return [""] * snapshot.vocabulary.count(item_type)
    return [COLUMN_BREAK.join(filter(None, some)) for some in zip(*columns, strict=True)]
