"""k-anonymity: what may be said of a number of people.

Fewer than k people are never counted. More are counted in steps of k, of 2 k from 10 k on: the difference of two counts
of nested groups, one of which lacks a single person, then says nothing of that person. k = 1 counts everybody.
"""

K_ANONYMITY = 5
"""Fewest people that may be counted where ``[privacy] k`` does not say otherwise."""


def told_count(people: int, k: int) -> int | None:
    """A number of people as it may be told: rounded down to a step; ``None`` for fewer than k."""
    if k == 1:
        return people
    if people < k:
        return None
    step = k if people < 10 * k else 2 * k
    return people // step * step


def shown_count(people: int, k: int) -> int | str:
    """The same as a person reads it: ``"<5"`` for fewer than k, zero included."""
    told = told_count(people, k)
    return f"<{k}" if told is None else told
