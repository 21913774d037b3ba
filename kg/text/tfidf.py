"""TF-IDF: texts as sparse vectors of length 1, so that the product of two is their cosine, in [0, 1].

A vector has one component per term: ``tf · idf`` with ``tf = 1 + ln(times)`` and ``idf = ln((1 + N) / (1 + df)) + 1``
over N texts. Terms are words (:mod:`kg.text.words`) and, since Chinese characters say little alone, pairs of neighbours
of these. What stands in more than half of all texts says nothing about any of them and is left out, as is punctuation.
"""

import itertools
from array import array
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.text.words import TEXT, is_cjk, word_rows

BATCH = 5_000
"""Texts whose words are in memory at once."""
FEW = 10
"""Up to as many texts, terms that most of them share are kept."""


def tfidf_vectors(texts: Sequence[str], separators: str = "") -> csr_array:
    """One row per text, of length 1 (0 without terms); one column per term that several texts share, in their order.

    A term of one text only counts for the length of its vector, and has no column: no product needs it.

    :param separators: characters that count as white space besides the usual ones.
    :returns: shape (texts, terms), float64, indices sorted.
    """
    times, spread = _counts(texts, separators)
    kept = (spread <= len(texts) / 2) if len(texts) > FEW else np.ones(len(spread), dtype=bool)
    idf = np.where(kept, np.log((1 + len(texts)) / (1 + spread)) + 1, 0.0)
    parts = (1 + np.log(times.data)) * idf[times.indices]
    rows = np.repeat(np.arange(len(texts)), np.diff(times.indptr))
    lengths = np.sqrt(np.bincount(rows, weights=parts**2, minlength=len(texts)))
    chosen = (kept & (spread > 1))[times.indices]
    position = np.cumsum(kept & (spread > 1)) - 1
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows[chosen], minlength=len(texts)))])
    entries = (parts[chosen] / lengths[rows[chosen]], position[times.indices[chosen]], indptr)
    return csr_array(entries, shape=(len(texts), int((kept & (spread > 1)).sum())))


def _counts(texts: Sequence[str], separators: str) -> tuple[csr_array, NDArray[np.int64]]:
    """How often each text has each term, shape (texts, terms), terms in their order; and how many texts have it."""
    known: dict[str, int] = {}
    columns, times, ends = array("i"), array("d"), array("q", [0])
    for start in range(0, len(texts), BATCH):
        batch = list(texts[start : start + BATCH])
        for row in word_rows(batch, separators).split(TEXT)[: len(batch)]:
            found = _terms(row.split())
            columns.extend(known.setdefault(term, len(known)) for term in found)
            times.extend(found.values())
            ends.append(len(columns))
    order = np.empty(len(known), dtype=np.int64)
    order[[known[term] for term in sorted(known)]] = np.arange(len(known))
    indices = order[np.frombuffer(columns, dtype=np.int32)]
    counts = csr_array((np.array(times), indices, np.array(ends)), shape=(len(texts), len(known)))
    counts.sort_indices()
    return counts, np.bincount(indices, minlength=len(known))


def _terms(words: list[str]) -> Counter[str]:
    """Term → times."""
    terms = Counter(
        word for word in words if not is_cjk(word[0]) and (word[0].isalnum() or any(c.isalnum() for c in word))
    )
    cjk = [word if is_cjk(word[0]) and word.isalnum() else "" for word in words]
    terms.update(a + b for a, b in itertools.pairwise(cjk) if a and b)
    return terms
