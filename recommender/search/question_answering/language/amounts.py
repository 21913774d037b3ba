"""Amounts of money in questions: under £30, 200元以下, at most 20 euros."""

import re
from collections.abc import Mapping
from functools import cache

from kg.money import SIGNS, Amount
from recommender.catalogue.prices import Prices
from recommender.search.question_answering.language.function_words import function_words
from recommender.search.question_answering.language.morphology import LANGUAGES
from recommender.search.question_answering.plan import Plan, Valued

_GROUPED = re.compile(r"(?<![0-9A-Za-z.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![0-9]|[.,][0-9]|-)")
"""1,000 and 1,234.50, as English and Chinese write thousands."""
_UNCLEAR = re.compile(r"(?<![0-9A-Za-z.,])(?:[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?|\d+,\d{2})(?![0-9]|[.,][0-9]|-)")
"""1.000, 1.234,50 and 12,50, which mean something else in each country."""


_NEGATIVE = re.compile(r"(?<![0-9A-Za-z.,%)\]-])[-−][0-9]+(?:[.,][0-9]+)*")
"""-5, of which 5 is the opposite; not SPF-50, 10-20 and vitamin B-12."""


def plain_numbers(question: str) -> tuple[str, list[str]]:
    """A question whose numbers have no marks between thousands, without those that may be two numbers or are less than
    nothing, and these."""
    plain, unclear = _GROUPED.sub(lambda match: match[0].replace(",", ""), question), list[str]()
    for pattern in (_NEGATIVE, _UNCLEAR):
        unclear += pattern.findall(plain)
        plain = pattern.sub(" ", plain)
    return plain, unclear


def spoken_amounts(question: str) -> tuple[str, dict[float, Amount]]:
    """A question with bare numbers in place of amounts of money, and those amounts by number."""
    found: dict[float, Amount] = {}

    def bare(match: re.Match[str]) -> str:
        """The number alone; the amount is kept aside."""
        mark = (match[1] or match[3] or "").casefold()
        amount = Amount(float(match[2]), _currencies()[mark])
        found[amount.value] = amount
        return f" {match[2]} "

    return _pattern().sub(lambda match: bare(match) if match[1] or match[3] else match[0], question), found


def in_own_currency(plan: Plan, spoken: Mapping[float, Amount], prices: Prices) -> None:
    """Turn what a plan compares into the currency that the answers are in; without a rate it is not understood."""
    for position, one in enumerate(plan.constraints):
        if plan.target is None or not isinstance(one, Valued) or one.comparison == "equal":
            continue
        own = prices.schema.entity[plan.target].currency.get(one.name)
        amount = spoken.get(one.value)
        if own is None or amount is None:
            continue
        rate = prices.rate(amount, own)
        if rate is None:
            plan.unclear = True
            plan.not_understood.append(f"{amount.value:g} {amount.currency(own)}")
        else:
            plan.constraints[position] = Valued(one.name, one.comparison, round(one.value * rate, 2))


@cache
def _currencies() -> dict[str, tuple[str, ...]]:
    """Sign, code or word → what it may stand for."""
    spoken = [function_words(lang)["currencies"] for lang in LANGUAGES]
    words = {word: (code,) for one in spoken for code, said in one.items() for word in said}
    return {**words, **{code.casefold(): (code,) for codes in SIGNS.values() for code in codes}, **SIGNS}


@cache
def _pattern() -> re.Pattern[str]:
    """Codes count in capitals alone: "try 3" is no amount of liras."""
    codes = {code for known in SIGNS.values() for code in known}
    words = sorted(set(_currencies()) - {code.casefold() for code in codes}, key=len, reverse=True)
    marks = f"{'|'.join(map(re.escape, words))}|(?-i:{'|'.join(sorted(codes))})"
    before, after = rf"(?<![A-Za-z])({marks})\s*", rf"\s*({marks})(?![A-Za-z])"
    return re.compile(rf"(?:{before})?(?<![A-Za-z0-9_.])(\d+(?:\.\d+)?)(?:{after})?", re.IGNORECASE)
