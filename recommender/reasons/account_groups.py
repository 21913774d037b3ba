"""The groups of an account, as documents and in one text."""

from collections.abc import Sequence

from kg.k_anonymity import told_count
from kg.snapshot.snapshot import Snapshot
from recommender.explanation.phrasing import Phrasing
from recommender.reasons.cells import LEARNED, PEOPLE
from recommender.reasons.groups import FEW, RULE, Group
from recommender.reasons.reasons import Reasons
from recommender.results.account import Part, ReasonGroup
from recommender.results.document import Habit, Item
from recommender.rules.soft.soft_rules import SoftShare
from recommender.rules.soft.spoken import spoken_soft
from recommender.texts.language import Language

REASONS_TOLD = 3
REST = ("smaller", "untold", "against")


def account_groups(reasons: Reasons, position: int) -> list[ReasonGroup]:
    """The groups of an item, the largest first; their shares sum to its score. What a shop does in several ways that
    are told in the same words is one."""
    told, found = dict[object, ReasonGroup](), reasons.groups(position)
    speaks_for = sum(group.share for group in found if group.share > 0)
    for number, group in enumerate(found):
        one = _group(reasons, group, position, speaks_for)
        own = one.text if group.kind == RULE else number
        if (before := told.get(own)) is not None:
            added = {"share": before.share + one.share, "percent": before.percent + one.percent}
            one = before.model_copy(update=added)
        told[own] = one
    return sorted(told.values(), key=lambda one: -one.share)


def with_soft_parts(
    parts: Sequence[Part], soft: Sequence[SoftShare], snapshot: Snapshot, language: Language
) -> list[Part]:
    """Parts of a score with those of soft rules, the largest share first."""
    ruled = [
        Part(
            kind="rule",
            share=one.share,
            rule=f"{one.kind} {one.about}",
            text=spoken_soft(snapshot, one, language),
        )
        for one in soft
    ]
    return sorted([*parts, *ruled], key=lambda part: -part.share)


def account_text(
    reader: str,
    phrasing: Phrasing,
    item: Item,
    account: tuple[float, Sequence[Part], Sequence[ReasonGroup]],
    habit: Habit | None = None,
) -> str:
    """An account in one paragraph: three reasons for customers and staff, every large part for analysts.

    :param account: the score, its parts and its groups.
    :param habit: what the user does again with the item, which is told last.
    """
    score, parts, groups = account
    said = {group.text for group in groups[:REASONS_TOLD]}
    again = "" if habit is None or habit.text in said else habit.text
    if reader == "analyst":
        told = [(part.share, phrasing.language.unclosed(part.text)) for part in parts]
        return phrasing.language.sentences([phrasing.summary(item.label, item.type, score, told), again])
    texts = phrasing.language.section("groups")
    opening = texts["opening"].format(item=phrasing.language.quoted(item.label))
    named = [group.text for group in groups if group.kind not in REST and group.share > 0]
    nothing = texts["nothing"].format(whom=texts[f"{reader}_whom"], whose=texts[f"{reader}_whose"])
    for_it = [group.text for group in groups if group.share > 0]
    against = [group.text for group in groups if group.share < 0]
    told_first = named or for_it or against or [phrasing.language.sentence(nothing)]
    return phrasing.language.sentences([opening, *told_first[:REASONS_TOLD], again])


def _group(reasons: Reasons, group: Group, position: int, speaks_for: float) -> ReasonGroup:
    people = None
    if group.kind in (PEOPLE, FEW):
        people = told_count(reasons.evidence.people_behind(position, group), reasons.evidence.k)
    return ReasonGroup(
        share=group.share,
        percent=100 * group.share / speaks_for if speaks_for > 0 else 0.0,
        kind=PEOPLE if group.kind == FEW else group.kind,  # type: ignore[arg-type]  # one of the kinds
        text=reasons.phrasing.text(group, position),
        people=people,
        paths=_paths(reasons, group, position),
    )


def _paths(reasons: Reasons, group: Group, position: int) -> int:
    """How many paths a group is made of; where any runs through people, as it may be told, 0 for too few."""
    strands = [one for one in group.strands if one.source.kind != LEARNED]
    count = sum(len(reasons.evidence.paths.instances(position, one).nodes) for one in strands)
    if any(one.source.kind == PEOPLE for one in strands):
        return told_count(count, reasons.evidence.k) or 0
    return count
