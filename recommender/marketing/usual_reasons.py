"""Usual reasons: what the scores of items in some people's lists are made of, on average."""

from collections import defaultdict
from collections.abc import Sequence

from recommender.marketing.crowd import Crowd
from recommender.results.marketing import Reason
from recommender.serving.recommender import Request

ASKED = 40
"""Accounts that usual reasons are taken from."""
NAMED = 5


def usual_reasons(crowd: Crowd, seen: Sequence[tuple[int, int]]) -> list[Reason]:
    """Mean shares of the parts of scores, the largest first; none where fewer than k people are behind them.

    :param seen: places in the sample, each once, and the position of the item that each sees.
    """
    if crowd.told(len(seen)) is None:
        return []
    vocabulary, catalogue = crowd.snapshot.vocabulary, crowd.recommender.catalogue
    sums: dict[tuple[str, str | None], float] = defaultdict(float)
    asked = seen[:: max(len(seen) // ASKED, 1)][:ASKED]
    for row, position in asked:
        item_type, idx = catalogue.item(position)
        user = vocabulary.id(crowd.user_type, int(crowd.sample[row]))
        item_id = f"{item_type}:{vocabulary.id(item_type, idx)}"
        account = crowd.recommender.why(Request(f"{crowd.user_type}:{user}"), item_id)
        for part in account.parts:
            if account.score > 0:
                sums[part.kind, part.metapath] += part.share / account.score
    found = [Reason(kind=kind, metapath=path, share=total / len(asked)) for (kind, path), total in sums.items()]
    return sorted(found, key=lambda one: -one.share)[:NAMED]
