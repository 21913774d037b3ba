"""Texts → triples between entities whose texts are alike: the cosine of their TF-IDF vectors.

A vector has one component per term: ``tf · idf`` with ``tf = 1 + ln(times)`` and ``idf = ln((1 + N) / (1 + df)) + 1``
over N entities with text, scaled to length 1, so that a product of two vectors is their cosine, in [0, 1]. Terms are
words (:mod:`kg.words`) and, since Chinese characters say little alone, pairs of neighbours of these. What stands in
more than half of all texts says nothing about any of them and is left out, as is punctuation.

Each entity leads to its ``top`` nearest others; equally near ones in the order of their ids. Nearness is mutual, but
being among the nearest is not. Only entities of one load are compared, since a store keeps no texts; where texts
change, neighbours of an earlier load stay unless the source has ``mode = "replace"``. Other vectors, those of Word2Vec
for example, would need a model of the language and are not offered.
"""

import itertools
import math
from collections import Counter

import numpy as np
import polars as pl
import scipy.sparse
from numpy.typing import NDArray

from kg.link import Similar
from kg.words import TEXT, is_cjk, word_rows

BLOCK = 256
"""Rows of the similarity matrix that are in memory at once."""
FEW = 10
"""Up to as many texts, terms that most of them share are kept."""
DECIMALS = 12
"""Of a weight: so a cosine that is 1 but for rounding is 1, and equal ones are equal."""


def similar_triples(texts: pl.DataFrame, similar: Similar) -> pl.DataFrame:
    """Triples with the columns of ``TRIPLE_DTYPES``, unique ends, sorted by head, nearest first.

    :param texts: ``head`` and ``text``; several texts of one head count together.
    """
    joined = texts.sort("head", "text").group_by("head", maintain_order=True).agg(pl.col("text").str.join(" "))
    rows = word_rows(joined.get_column("text").to_list(), similar.word_separators).split(TEXT)[: joined.height]
    vectors = _vectors([_terms(row.split()) for row in rows])
    heads, tails, weights = [], [], []
    turned = vectors.T.tocsr()
    for first in range(0, joined.height, BLOCK):
        block = (vectors[first : first + BLOCK] @ turned).tocsr()
        for row in range(block.shape[0]):
            span = slice(block.indptr[row], block.indptr[row + 1])
            near, cosine = _nearest(block.indices[span], block.data[span], first + row, similar)
            heads.append(np.full(len(near), first + row))
            tails.append(near)
            weights.append(cosine)
    ids = joined.get_column("head")
    nothing = np.empty(0, dtype=np.int64)
    columns = [
        ids.gather(np.concatenate([nothing, *heads])),
        ids.gather(np.concatenate([nothing, *tails])).alias("tail"),
        pl.Series("weight", np.concatenate([nothing.astype(np.float64), *weights])),
    ]
    return pl.DataFrame(columns).with_columns(pl.lit(None, dtype=pl.Int64).alias("timestamp"))


def _terms(words: list[str]) -> Counter[str]:
    """Term → times."""
    terms = Counter(
        word for word in words if not is_cjk(word[0]) and (word[0].isalnum() or any(c.isalnum() for c in word))
    )
    cjk = [word if is_cjk(word[0]) and word.isalnum() else "" for word in words]
    terms.update(a + b for a, b in itertools.pairwise(cjk) if a and b)
    return terms


def _vectors(terms: list[Counter[str]]) -> scipy.sparse.csr_matrix:
    """One row of length 1 per text (0 where it has no terms), one column per term that several texts share.

    Shape: (texts, terms), float64.
    """
    n = len(terms)
    spread = Counter(term for found in terms for term in found)
    kept = [term for term, df in spread.items() if df <= n / 2 or n <= FEW]
    idf = {term: math.log((1 + n) / (1 + spread[term])) + 1 for term in kept}
    column: dict[str, int] = {term: i for i, term in enumerate(sorted(t for t in kept if spread[t] > 1))}
    indices: list[int] = []
    values: list[float] = []
    ends = [0]
    for found in terms:
        parts = {term: (1 + math.log(times)) * idf[term] for term, times in found.items() if term in idf}
        length = math.sqrt(math.fsum(part * part for part in parts.values()))
        shared = sorted((column[term], part / length) for term, part in parts.items() if term in column)
        indices += [i for i, _ in shared]
        values += [value for _, value in shared]
        ends.append(len(indices))
    return scipy.sparse.csr_matrix((values, indices, ends), shape=(n, len(column)), dtype=np.float64)


def _nearest(
    candidates: NDArray[np.int32], cosines: NDArray[np.float64], own: int, similar: Similar
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The nearest of the candidates, and their weights."""
    weights = np.minimum(np.round(cosines, DECIMALS), 1.0)
    good = (candidates != own) & (weights > 0) & (weights >= similar.min_similarity)
    candidates, weights = candidates[good], weights[good]
    if len(weights) > similar.top:
        least = np.partition(weights, -similar.top)[-similar.top]
        near = weights >= least
        candidates, weights = candidates[near], weights[near]
    order = np.lexsort((candidates, -weights))[: similar.top]
    return candidates[order].astype(np.int64), weights[order]
