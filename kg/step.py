"""Steps: how a relation is walked, forwards, backwards, or by whoever does the same again."""

AGAIN = "again-"
"""Before the name of a relation with ``repeat``: from somebody to what may be done again about now. It has the ends of
the relation and no triples of its own, only other weights; see :mod:`recommender.profiles.renewal`."""


def relation_of(step: str) -> str:
    """The relation of a step: of ``r``, ``~r`` and ``again-r`` it is ``r``."""
    return step.removeprefix("~").removeprefix(AGAIN)
