"""Usual reasons: what the scores of items in some people's lists are made of, on average."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from recommender.marketing.crowd import Crowd
from recommender.results.marketing import Reason
from recommender.serving.recommender import Request
from recommender.texts.paths import spoken_part

ASKED = 40
"""Accounts that usual reasons are taken from."""
NAMED = 5
Kind = tuple[str, str | None]
"""Kind of a part, and its metapath."""


def usual_reasons(crowd: Crowd, seen: Sequence[tuple[int, int]], lang: str = "en") -> list[Reason]:
    """Mean shares of the parts of scores, the largest first; none that fewer than k people's scores have.

    :param seen: positions in the sample, each once, and the position of the item that each sees.
    """
    if crowd.told_count(len(seen)) is None:
        return []
    vocabulary, catalogue = crowd.snapshot.vocabulary, crowd.recommender.catalogue
    sums, people = defaultdict[Kind, float](float), Counter[Kind]()
    asked = seen[:: max(len(seen) // ASKED, 1)][:ASKED]
    for row, position in asked:
        item_type, idx = catalogue.item(position)
        user = vocabulary.id(crowd.user_type, int(crowd.sample[row]))
        item_id = f"{item_type}:{vocabulary.id(item_type, idx)}"
        account = crowd.recommender.why(Request(f"{crowd.user_type}:{user}"), item_id)
        for part in account.parts:
            if account.score > 0:
                sums[part.kind, part.metapath] += part.share / account.score
                people[part.kind, part.metapath] += 1
    found = [
        Reason(
            kind=kind,
            metapath=path,
            text=spoken_part(crowd.snapshot.schema, kind, path, lang),
            share=total / len(asked),
        )
        for (kind, path), total in sums.items()
        if people[kind, path] >= crowd.k
    ]
    return sorted(found, key=lambda one: -one.share)[:NAMED]
