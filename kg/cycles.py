"""Cycles in a relation between entities of one type, such as a category that is its own ancestor."""

import numpy as np
import polars as pl

LARGEST_CYCLE = 20
"""Entities in a group of cycles; beyond that the relation is taken for no hierarchy (``also_viewed``)."""
SHOWN = 5


def describe_cycles(triples: pl.DataFrame) -> str | None:
    """A sentence that names the entities in cycles and those linked to themselves; ``None`` where there is none.

    :param triples: columns ``head`` and ``tail``, both ids of the same type.
    """
    loops = triples.filter(pl.col("head") == pl.col("tail")).get_column("head").unique().sort().to_list()
    groups = _groups(triples)
    if any(len(group) > LARGEST_CYCLE for group in groups):
        return None
    parts = []
    if groups:
        parts.append(_listed(f"cycles ({len(groups)})", [" - ".join(g) for g in groups]))
    if loops:
        parts.append(_listed(f"linked to themselves ({len(loops)})", loops))
    return "; ".join(parts) or None


def _groups(triples: pl.DataFrame) -> list[list[str]]:
    """Strongly connected components of more than one entity, each sorted."""
    names = pl.concat([triples.get_column("head"), triples.get_column("tail")]).unique().sort()
    if not len(names):
        return []
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components  # half a second of processor; few loads have hierarchies

    index = pl.DataFrame({"name": names, "idx": np.arange(len(names), dtype=np.int32)})
    ends = [
        triples.join(index, left_on=end, right_on="name", how="left").get_column("idx").to_numpy()
        for end in ("head", "tail")
    ]
    matrix = coo_array((np.ones(triples.height, dtype=np.int8), ends), shape=(len(names), len(names)))
    _, labels = connected_components(matrix.tocsr(), directed=True, connection="strong")
    members = index.with_columns(pl.Series("group", labels)).group_by("group").agg(pl.col("name").sort())
    several = members.filter(pl.col("name").list.len() > 1).get_column("name").to_list()
    return sorted(several)


def _listed(what: str, names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{what}: {', '.join(names[:SHOWN])}{more}"
