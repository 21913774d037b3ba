"""List quota: “at least 30 % of the list”, by the next best items that are asked for in place of the last ones."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from recommender.rules.soft.soft_rules import Quota
from recommender.scoring.block_ranking import RankedBlock

Best = Callable[[NDArray[np.bool_], int], RankedBlock]
"""The best of some items of the catalogue, for the users of a block."""


def with_quotas(ranked: RankedBlock, best: Best, quotas: Sequence[Quota], n: int) -> RankedBlock:
    """Lists with what quotas ask for, as far as there is any that may be recommended; scores stay what they are.

    What comes in stands behind what was better than it; what goes out are the last items that no quota asks for.

    :param ranked: lists of at most n.
    :param best: ranks a part of the catalogue for the same users.
    """
    for number, quota in enumerate(quotas):
        need = int(np.ceil(quota.part * n - 1e-9))
        wanted, kept = best(quota.items, need), [one.items for one in quotas[: number + 1]]
        ranked = _joined([_list(ranked, wanted, row, (need, n), kept) for row in range(len(ranked.indptr) - 1)])
    return ranked


def _list(
    ranked: RankedBlock, wanted: RankedBlock, row: int, sizes: tuple[int, int], kept: Sequence[NDArray[np.bool_]]
) -> NDArray[np.void]:
    (need, n), mine, others = sizes, _rows(ranked, row), _rows(wanted, row)
    have = set(mine["position"].tolist())
    inside = sum(bool(kept[-1][position]) for position in have)
    new = [one for one in others if int(one["position"]) not in have][: max(need - inside, 0)]
    out = [number for number, one in enumerate(mine) if not any(items[one["position"]] for items in kept)]
    over = max(len(mine) + len(new) - n, 0)
    new = new[: len(new) - max(over - len(out), 0)]
    gone = set(out[len(out) - min(over, len(out)) :]) if over else set()
    left = [one for number, one in enumerate(mine) if number not in gone]
    whole = np.array([*left, *new], dtype=_ROW)
    by_score = bool((np.diff(mine["total"]) <= 0).all())  # not where places are kept for other domains
    return whole[np.argsort(-whole["total"], kind="stable")] if by_score else whole


_ROW = np.dtype([("position", "i8"), ("total", "f8"), ("path", "f8")])


def _rows(block: RankedBlock, row: int) -> NDArray[np.void]:
    part = slice(int(block.indptr[row]), int(block.indptr[row + 1]))
    rows = np.empty(part.stop - part.start, dtype=_ROW)
    rows["position"], rows["total"], rows["path"] = block.positions[part], block.totals[part], block.paths[part]
    return rows


def _joined(lists: Sequence[NDArray[np.void]]) -> RankedBlock:
    rows = np.concatenate(lists)
    indptr = np.cumsum([0, *(len(one) for one in lists)])
    return RankedBlock(indptr, *(np.ascontiguousarray(rows[name]) for name in ("position", "total", "path")))
