"""The overlay: what somebody did since the last load, on top of what the graph knows of them."""

from collections.abc import Sequence

from kg.errors import UnknownEntityError
from kg.snapshot.snapshot import Snapshot


def is_new(snapshot: Snapshot, who: tuple[str, str], relation: str, item: int) -> bool:
    """Whether the graph does not say of somebody yet what they did, or when they did it again."""
    repeated = relation in snapshot.manifest.repeated
    return repeated or item not in snapshot.neighbours(relation, snapshot.vocabulary.idx(*who))[0]


def overlaid(user: str, known: str | None, having: Sequence[str]) -> tuple[str, ...]:
    """What answers to somebody are made from, beside what the graph knows.

    :param known: the user as the graph has her; ``None`` where it does not.
    :raises UnknownEntityError: where there is nothing: who only looked at items is no user of the graph yet.
    """
    if known is None and not having:
        raise UnknownEntityError(
            f"nothing is known yet of {user!r} that lists are made from, only signals such as a view; describe "
            "somebody by anchors until there is"
        )
    return tuple(having)
