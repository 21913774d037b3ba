"""Shares as they are told: to the nearest step, and one that is nearest to none as less than half of it."""

from recommender.texts.languages import language


def told_share(share: float, step: float, lang: str, digits: int = 2) -> str:
    """A share in percent.

    :param step: to whose nearest multiple it was rounded; 0 where it is exact.
    """
    if share == 0 and step > 0:
        return language(lang).section("shares")["under"].format(share=f"{step / 2:.{digits}%}")
    return f"{share:.{digits}%}"
