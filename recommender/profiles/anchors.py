"""The anchors that a user of the graph has herself, found by what a person calls them."""

from collections.abc import Sequence

from kg.document import nearest
from kg.errors import UsageError
from kg.snapshot.snapshot import Snapshot
from recommender.profiles.profile import user_steps

Anchor = tuple[str, int]
"""A step that leaves a user, and the index of the entity it leads to."""


def own_anchors(snapshot: Snapshot, user_type: str, user_idx: int, texts: Sequence[str]) -> list[Anchor]:
    """The anchors that texts stand for: ``relation:ID``, ``Type:ID`` or an id alone, which may be several anchors.

    :raises UsageError: where the user has no such anchor, with the nearest of hers.
    """
    known: dict[str, list[Anchor]] = {}
    named: list[str] = []
    for step in user_steps(snapshot, user_type):
        tail = snapshot.schema.ends(step)[1]
        for idx in snapshot.neighbours(step, user_idx)[0].tolist():
            entity_id = snapshot.vocabulary.id(tail, idx)
            for text in (f"{step}:{entity_id}", f"{tail}:{entity_id}", entity_id):
                known.setdefault(text, []).append((step, idx))
            if not snapshot.schema.entity[tail].sensitive:
                named.append(f"{step}:{entity_id}")
    for text in texts:
        if text not in known:
            raise UsageError(f"without {text!r}: expected something the user has; {nearest(text, named)}")
    return list(dict.fromkeys(anchor for text in texts for anchor in known[text]))


def anchor_text(snapshot: Snapshot, anchor: Anchor) -> str:
    """``relation:ID`` of an anchor."""
    step, idx = anchor
    return f"{step}:{snapshot.vocabulary.id(snapshot.schema.ends(step)[1], idx)}"
