"""Texts → triples between entities whose texts are alike: the cosine of their TF-IDF vectors (:mod:`kg.text.tfidf`).

Each entity leads to its ``top`` nearest others; equally near ones in the order of their ids. Nearness is mutual, but
being among the nearest is not. Only entities of one load are compared, since a store keeps no texts; where texts
change, neighbours of an earlier load stay unless the source has ``mode = "replace"``. Other vectors, those of Word2Vec
for example, would need a model of the language and are not offered.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kg.mapping.link import Similar
from kg.text.tfidf import tfidf_vectors

BLOCK = 256
"""Rows of the similarity matrix that are in memory at once."""
DECIMALS = 12
"""Of a weight: so a cosine that is 1 but for rounding is 1, and equal ones are equal."""


def similar_triples(texts: pl.DataFrame, similar: Similar) -> pl.DataFrame:
    """Triples with the columns of ``TRIPLE_DTYPES``, unique ends, sorted by head, nearest first.

    :param texts: ``head`` and ``text``; several texts of one head count together.
    """
    joined = texts.sort("head", "text").group_by("head", maintain_order=True).agg(pl.col("text").str.join(" "))
    vectors = tfidf_vectors(joined.get_column("text").to_list(), similar.word_separators)
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
