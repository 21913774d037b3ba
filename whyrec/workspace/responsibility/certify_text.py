"""What a certificate comes to, in words: what holds, or why nothing is promised."""

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.learning.certificate import Certificate
from recommender.marketing.crowd import FIRST
from recommender.texts.languages import language
from recommender.texts.shares import told_share


@dataclass(frozen=True)
class Wanted:
    """What is asked: see :class:`recommender.learning.certificate.Certificate`."""

    alpha: float
    below: float
    delta: float


@dataclass(frozen=True)
class Told:
    """``means``: of each filter, the strictest first, the share of lists that is unwanted, to the nearest ``step``;
    ``chosen``: which filter is used; ``lowest``: the alpha that would be certified."""

    means: Sequence[float]
    step: float
    chosen: int | None
    lowest: float


def certify_text(wanted: Wanted, told: Told, filtered: int, people: int | str, lang: str) -> str:
    """One paragraph; where nothing is certified, whether the lists are too bad, or the people too few to be sure."""
    words = language(lang)
    texts = words.section("certify")
    number = words.number
    places = {"alpha": f"{wanted.alpha:.2%}", "n": FIRST, "below": f"{wanted.below:g}", "filtered": number(filtered)}
    places["confidence"] = f"{1 - wanted.delta:.0%}"
    places["people"] = people if isinstance(people, str) else number(people)
    places |= {"lowest": f"{told.lowest:.0%}", "without": told_share(told.means[-1], told.step, lang)}
    shown = told.means[0 if told.chosen is None else told.chosen]
    places["risk"] = told_share(shown, told.step, lang)
    if told.chosen is not None:
        return texts["holds"].format(**places)
    return texts["more" if shown - told.step / 2 > wanted.alpha else "unsure"].format(**places)


def withdrawn_text(certificate: Certificate, lang: str) -> str:
    """That a certificate does not hold any more, since lists are others now."""
    texts = language(lang).section("certify")
    gone = texts["withdrawn"].format(alpha=f"{certificate.alpha:.2%}", below=f"{certificate.below:g}")
    return language(lang).sentences([gone, texts["other_lists"]])
