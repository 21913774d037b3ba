"""Intervals in words: days, weeks, months or years, no finer than a few occasions can tell."""

from recommender.texts.language import Language

WEEK, MONTH, YEAR = 7, 365.25 / 12, 365.25
ROUND = 5
"""Days to which days are rounded where they are many."""


def interval_of(days: float) -> tuple[str, int]:
    """Unit and number of them that an interval is told by: ``("days", 40)`` of 38.6, ``("months", 1)`` of 30.

    :param days: more than 0.
    """
    whole, months = max(round(days), 1), round(days / MONTH)
    if whole < 2 * WEEK:
        return ("weeks", 1) if whole == WEEK else ("days", whole)
    if whole < 25:
        return "weeks", round(days / WEEK)
    if 28 <= whole <= 32:
        return "months", 1
    if months <= 1 or whole <= 50:
        return "days", ROUND * round(days / ROUND)
    if months in (11, 12, 13) or months > 21:
        return "years", max(round(days / YEAR), 1)
    return "months", months


def habit_text(language: Language, reader: str, phrase: str, occasions: int, days: float) -> str:
    """How often somebody does something again, as a sentence about it: ``You buy it about every 40 days.``

    :param reader: ``customer``, ``staff`` or ``analyst``; the first is told of herself.
    :param phrase: of the relation, as the schema has it: ``bought``.
    :param occasions: days on which it was done; of two the sentence says so, since one interval is no habit yet.
    """
    texts, (unit, number) = language.section("habits"), interval_of(days)
    who = language.section("groups")[f"{reader}_begin"]
    if occasions == 2:
        gap = texts[f"{unit}_apart" if number > 1 else f"{unit}_apart_one"].format(n=number)
        return language.sentence(texts["twice"].format(who=who, phrase=language.past(phrase), gap=gap))
    every = texts[unit if number > 1 else f"{unit}_one"].format(n=number)
    does = language.habitual(phrase, one=reader == "analyst")
    return language.sentence(texts["again"].format(who=who, phrase=does, every=every))
