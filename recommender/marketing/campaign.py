"""Campaign: who uses something and who would, person by person, each with the reason; personal data, and marked so."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from recommender.explanation.phrasing import Phrasing
from recommender.marketing.audience import Subject, users_of
from recommender.marketing.crowd import BLOCK, FIRST, Crowd
from recommender.serving.recommender import Request

MARK = "personal data"
COLUMNS = pa.schema(
    [
        ("personal_data", pa.string()),
        ("user_id", pa.string()),
        ("group", pa.string()),
        ("item_id", pa.string()),
        ("rank", pa.int32()),
        ("score", pa.float64()),
        ("reason", pa.string()),
    ]
)
"""``personal_data``: ``MARK``; ``group``: ``uses`` or ``would``; ``item_id``: what it is about; ``rank`` and ``score``:
of the item in her list, null where she uses it already."""
KEYS = tuple(COLUMNS.names[:2])
"""The first columns, by which such a file is known again."""


def campaign(crowd: Crowd, subject: Subject, lang: str = "en") -> Iterator[pa.Table]:
    """The rows of everybody, not of a sample: who uses it, in the order of the graph, and who would.

    Nothing comes where those who use it and those who would are fewer than k people together.
    """
    held, people = list[dict[str, object]](), 0
    for row in _rows(crowd, subject, lang):
        held.append(row)
        people += 1
        if len(held) >= BLOCK and people >= crowd.k:
            yield pa.Table.from_pylist(held, COLUMNS)
            held = []
    if held and people >= crowd.k:
        yield pa.Table.from_pylist(held, COLUMNS)


def _rows(crowd: Crowd, subject: Subject, lang: str) -> Iterator[dict[str, object]]:
    """A row for each person, as they come."""
    uses, ids = users_of(crowd, subject), crowd.snapshot.vocabulary.ids(crowd.user_type)
    phrasing = Phrasing(crowd.snapshot, lang)
    everybody = np.flatnonzero(crowd.everybody)
    for start in range(0, crowd.people, BLOCK):
        users = everybody[start : start + BLOCK]
        ranked = crowd.recommender.rank_block(crowd.user_type, users, crowd.rules, FIRST)
        for position, idx in enumerate(users.tolist()):
            named = {"personal_data": MARK, "user_id": ids[idx]}
            listed = ranked.positions[ranked.indptr[position] : ranked.indptr[position + 1]]
            if uses[idx]:
                yield {**named, "group": "uses", **_used(crowd, subject, idx, phrasing)}
            elif np.isin(listed, subject.items).any():
                yield {**named, "group": "would", **_listed(crowd, subject, ids[idx], lang)}


def _used(crowd: Crowd, subject: Subject, idx: int, phrasing: Phrasing) -> dict[str, object]:
    """What of it somebody has, in words; an interaction before what she only said."""
    schema, catalogue = crowd.snapshot.schema, crowd.recommender.catalogue
    for step in sorted(crowd.steps(), key=lambda one: one not in schema.interactions):
        tail, own = schema.ends(step)[1], crowd.snapshot.neighbours(step, idx)[0].astype(np.int64)
        if step in schema.interactions:
            own = own[np.isin(own + catalogue.slices[tail].start, subject.items)]
        else:
            own = own[own == subject.entity[1]] if subject.entity and subject.entity[0] == tail else own[:0]
        if len(own):
            entity = (tail, int(own[0]))
            item_id = crowd.snapshot.vocabulary.id(*entity) if tail in catalogue.slices else None
            return {"item_id": item_id, "reason": f"{phrasing.phrase(step)} {phrasing.label(*entity)}"}
    return {}


def _listed(crowd: Crowd, subject: Subject, user_id: str, lang: str) -> dict[str, object]:
    """The first item of it in somebody's list, and why it is there: as ``recommend`` tells it."""
    asked = Request(f"{crowd.user_type}:{user_id}", rules=crowd.rules.asked, n=FIRST, lang=lang, reader="staff")
    catalogue, vocabulary = crowd.recommender.catalogue, crowd.snapshot.vocabulary
    for row in crowd.recommender.recommend(asked).items:
        if catalogue.position(row.type, vocabulary.idx(row.type, row.id)) in subject.items:
            return {"item_id": row.id, "rank": row.rank, "score": row.score, "reason": row.reason}
    return {}
