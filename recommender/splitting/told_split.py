"""A split as it is told: in words, with no number and no moment of fewer than k people."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.counting import by_number
from kg.errors import UsageError
from kg.k_anonymity import floored_count
from kg.privacy.shared_times import shared_span
from recommender.catalogue.interactions import User

COUNTED = ("test", "train", "taken_out")
"""What of a description is a number of what people did."""


class NobodyToTestError(UsageError):
    """Nobody has an interaction that could be held out."""


class TooFewToTestError(NobodyToTestError):
    """So few people would be tested on that figures would tell what single ones do."""


def check_people(tested: Mapping[User, object], k: int, told: bool = False) -> None:
    """Refuse to measure on nobody, and on fewer than k people.

    :param told: whether a file says what is tested, which no option makes more of.
    :raises NobodyToTestError: saying what to do.
    """
    if not tested:
        raise NobodyToTestError(
            "no pair of the file can be tested: name people and items that the graph holds"
            if told
            else "no user has an interaction to hold out; try another `split`, or a larger `holdout`"
        )
    if len(tested) < k:
        how = "a file with more of them" if told else "a larger `holdout`, another `split`"
        raise TooFewToTestError(
            f"fewer than {k} people to test on, and figures of so few would tell what single ones do ([privacy] "
            f"k): test on more people, for instance by {how}, or no `domain`"
        )


def told_split(description: Mapping[str, Any], k: int) -> dict[str, Any]:
    """The description of a split as it may be told: numbers exact from k on, ``"<5"`` below."""
    return {key: floored_count(value, k) if key in COUNTED else value for key, value in description.items()}


def told_moment(people: NDArray[np.integer], times: NDArray[np.int64], cut: int, k: int) -> str | None:
    """The moment after which things are held out, as it may be told: the last day of the newest week, month or year,
    not after it, that k people share; ``None`` where there is none.

    :param people: who did each thing, shape (n,); ``times``: when, shape (n,), milliseconds since 1970 UTC.
    """
    before = times <= cut
    span = shared_span(people[before], times[before], k)
    return None if span is None else span.last.isoformat()


def split_text(description: Mapping[str, Any]) -> str:
    """What is held out, in words, such as “20 % of what each person did, drawn at random (seed 0)”."""
    kind, part = description.get("kind"), f"{description.get('holdout', 0.0):.0%}"
    drawn = f"drawn at random (seed {description.get('seed', 0)})"
    if "folds" in description:
        return f"each of {description['folds']} parts of what each person did in turn, {drawn}"
    after = description.get("after")
    texts = {
        "random": f"{part} of what each person did, at least one thing, {drawn}",
        "last": "what each person did last",
        "temporal": f"the latest {_held(description, part)} of all interactions"
        + (f", from about {after} on" if after else ""),
        "cold-users": f"all that {part} of the people did, {drawn}",
        "cold-items": f"all that was done with {part} of the items, {drawn}",
        "cold-domain": f"all that {part} of the people who used another domain too did in "
        f"{description.get('domain')}, {drawn}",
        "file": by_number(f"{description.get('pairs', 0) - description.get('unseen', 0):,} [pair|pairs] of a file"),
    }
    return texts.get(str(kind), str(kind))


def _held(description: Mapping[str, Any], asked: str) -> str:
    """How much is held out, which is less than was asked where many things have one time."""
    test, train = (description.get(name, 0) for name in ("test", "train"))
    return f"{test / (test + train):.0%}" if test else asked


def sizes_text(told: Mapping[str, Any]) -> str:
    """How much is learned from and tested on, by :func:`told_split`."""
    names = {"test": "to test on", "train": "to learn from", "taken_out": "of the pairs known, and taken out of these"}
    return ", ".join(f"{_number(told[name])} {text}" for name, text in names.items() if name in told)


def _number(count: int | str) -> str:
    return f"fewer than {count[1:]}" if isinstance(count, str) else f"{count:,}"
