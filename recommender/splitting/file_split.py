"""The split that a file of pairs tells."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kg.errors import UnknownEntityError
from kg.instant import DAY, NO_TIME
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import User
from recommender.splitting.interaction_splits import Split, hold_out
from recommender.splitting.repeated_pairs import without_last_days
from recommender.splitting.shared_pairs import Masks


def file_split(snapshot: Snapshot, pairs: Sequence[tuple[str, str]], asked: Mapping[str, int] | None = None) -> Split:
    """Test on given (user id, item id) pairs; those that are in the graph are taken out of it for training, but for
    what is done again and was done before the person is asked.

    Pairs with an id that is not in the graph are counted as ``unseen``, ``unseen_people`` where it is that of the user,
    and left out.

    :param asked: user id → when she is asked, in milliseconds since 1970 UTC; nobody's moment is known where absent.
    """
    schema, catalogue, asked = snapshot.schema, Catalogue(snapshot), asked or {}
    found: dict[User, set[int]] = {}
    masks = {name: np.zeros(snapshot.manifest.triples[name], dtype=bool) for name in schema.interactions}
    moments = {name: np.full(snapshot.vocabulary.count(name), NO_TIME) for name in schema.user_types}
    unseen, strangers = 0, 0
    for user_id, item_id in pairs:
        person, used = (
            _known(snapshot, one, types) for one, types in ((user_id, schema.user_types), (item_id, schema.item_types))
        )
        if person is None or used is None:
            unseen += 1
            strangers += person is None
            continue
        (user_type, user), (item_type, item) = person, used
        moments[user_type][user] = asked.get(user_id, NO_TIME)
        found.setdefault((user_type, user), set()).add(catalogue.position(item_type, item))
        for name in schema.interactions:
            if (schema.relation[name].head, schema.relation[name].tail) == (user_type, item_type):
                matrix = snapshot.adjacency(name)
                start, end = matrix.indptr[user], matrix.indptr[user + 1]
                masks[name][start:end] |= matrix.indices[start:end] == item
    whole, shortened = _as_of(snapshot, masks, moments)
    taken = hold_out(snapshot, whole, {"kind": "file"}, shortened, moments if asked else None)
    test = {user: np.array(sorted(positions), dtype=np.int64) for user, positions in sorted(found.items())}
    sizes = {"pairs": len(pairs), "taken_out": taken.description["test"], "train": taken.description["train"]}
    return Split(taken.train, test, {"kind": "file", **sizes, "unseen": unseen, "unseen_people": strangers})


def _as_of(snapshot: Snapshot, masks: Masks, moments: Mapping[str, NDArray[np.int64]]) -> tuple[Masks, Masks]:
    """The masks as of when each person is asked: what stays whole is out of both, and what loses its last day alone,
    since that is the day, is in the second."""
    whole, shortened = dict(masks), Masks()
    for name in (one for one in snapshot.manifest.repeated if one in masks):
        counts = np.diff(snapshot.adjacency(name).indptr)
        day = np.repeat(moments[snapshot.schema.relation[name].head], counts) // DAY
        last = snapshot.timestamps(name) // DAY
        known = (day != NO_TIME // DAY) & (last != NO_TIME // DAY)
        that_day = known & (last == day)
        later = masks[name] & ~(known & (last < day))
        rest, before = without_last_days(snapshot, {name: later & that_day})
        whole[name] = (later & ~that_day) | rest[name]
        shortened |= before
    return whole, shortened


def _known(snapshot: Snapshot, text: str, types: Sequence[str]) -> tuple[str, int] | None:
    """Type and index of an id, ``None`` where the graph does not have it."""
    try:
        return snapshot.vocabulary.find(text, types)
    except UnknownEntityError:
        return None
