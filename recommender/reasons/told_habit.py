"""The habit of a user with an item as a document, which stands beside the reasons: it is no part of the score."""

from datetime import UTC, datetime

from recommender.explanation.phrasing import Phrasing
from recommender.profiles.habit import habit_with
from recommender.profiles.profile import Profile
from recommender.results.document import Habit
from recommender.texts.intervals import habit_text


def told_habit(phrasing: Phrasing, profile: Profile, item: tuple[str, int], reader: str) -> Habit | None:
    """What a user does again with an item, for whom it is told; ``None`` where nothing is.

    :param item: type and index.
    """
    snapshot = phrasing.snapshot
    found = habit_with(snapshot, profile, *item) if snapshot.manifest.repeated else None
    if found is None:
        return None
    phrase = snapshot.schema.phrase(found.relation, phrasing.lang)
    return Habit(
        relation=found.relation,
        occasions=found.occasions,
        first=_moment(found.first),
        last=_moment(found.last),
        days=round(found.days, 1),
        text=habit_text(phrasing.language, reader, phrase, found.occasions, found.days),
    )


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
