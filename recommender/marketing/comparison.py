"""Comparison: why this item and not that one, as a sum of differences."""

from collections.abc import Sequence

from kg.errors import ModelError
from recommender.results.account import Account, Part
from recommender.results.marketing import Comparison, Difference
from recommender.serving.recommender import TOLERANCE, Recommender, Request
from recommender.texts.languages import language
from recommender.texts.paths import spoken_part

NAMED = 3


def compare(recommender: Recommender, request: Request, first: str, second: str) -> Comparison:
    """Two accounts side by side, kind of path by kind of path.

    :raises UnknownEntityError: for an unknown user or item.
    :raises ModelError: should the differences not add up.
    """
    one, other = recommender.why(request, first), recommender.why(request, second)
    shares = [_shares(account) for account in (one, other)]
    found = []
    for key in dict.fromkeys((*shares[0], *shares[1])):
        left, right = (side.get(key, (0.0, "")) for side in shares)
        text = left[1] if left[0] >= right[0] else right[1]
        found.append(
            Difference(
                kind=key[0],
                metapath=key[1],
                spoken=spoken_part(recommender.snapshot.schema, key[0], key[1], request.lang),
                first=left[0],
                second=right[0],
                difference=left[0] - right[0],
                text=text or left[1] or right[1],
            )
        )
    found = sorted(found, key=lambda row: -abs(row.difference))
    gap = abs(sum(row.difference for row in found) - (one.score - other.score))
    if not gap <= TOLERANCE:
        raise ModelError(f"the differences miss that of the scores by {gap:.3g}; this is a defect, please report it")
    return Comparison(
        user=one.user,
        first=one.item,
        second=other.item,
        score_first=one.score,
        score_second=other.score,
        excluded_first=one.excluded,
        excluded_second=other.excluded,
        differences=found,
        text=_text(one, other, found, request.lang) + _kept_out((one, other), request.lang),
    )


def _kept_out(accounts: Sequence[Account], lang: str) -> str:
    """What the rules in force say of either: a higher score is no place in a list."""
    told, words = "", language(lang)
    for account in accounts:
        if account.excluded:
            rule = words.audit(account.excluded)
            label = account.item.label
            told += f"“{label}”不会被推荐：{rule}。" if lang == "zh" else f" “{label}” is not recommended: {rule}."
    return told


def _shares(account: Account) -> dict[tuple[str, str | None], tuple[float, str]]:
    found: dict[tuple[str, str | None], tuple[float, str]] = {}
    for part in account.parts:
        share, text = found.get(_key(part), (0.0, part.text))
        found[_key(part)] = (share + part.share, text)
    return found


def _key(part: Part) -> tuple[str, str | None]:
    return part.kind, part.metapath


def _text(one: Account, other: Account, found: list[Difference], lang: str) -> str:
    ahead, behind = (one, other) if one.score >= other.score else (other, one)
    sign = 1 if ahead is one else -1
    for_it = [row.text.rstrip(".。") for row in found if sign * row.difference > 0][:NAMED]
    against = [row.text.rstrip(".。") for row in found if sign * row.difference < 0][:1]
    if lang == "zh":
        told = f"“{ahead.item.label}”排在“{behind.item.label}”之前：{'；'.join(for_it)}。"
        return told + (f"对后者有利的是：{against[0]}。" if against else "")
    told = f"“{ahead.item.label}” is ahead of “{behind.item.label}”: {'; '.join(for_it)}."
    return told + (f" For the other speaks: {against[0]}." if against else "")
