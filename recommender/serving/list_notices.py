"""Notices of a list: what of it is not personal, and what stands in it because a shop asks for it."""

from collections.abc import Sequence

from kg.schema import Schema
from recommender.results.recommendation import RankedItem
from recommender.rules.soft.soft_rules import Quota
from recommender.scoring.block_ranking import RankedBlock
from recommender.texts.language import Notice
from recommender.texts.paths import spoken_domain

NOT_PERSONAL = Notice.of("not_personal")


def unlinked(
    items: Sequence[RankedItem], domain: str | None, unused: frozenset[str], schema: Schema, lang: str
) -> list[Notice]:
    """What is said of a list of somebody of whom something is known, where nothing known leads to all of it, or to any.

    :param domain: of the list, ``None`` where it is of all.
    :param unused: the domains that she used nothing of, of all those of the schema.
    """
    if not items or all(item.personal for item in items):
        return []
    if not any(item.personal for item in items) and domain in unused:
        used = [spoken_domain(schema, one, lang) for one in schema.domains if one not in unused]
        spoken = spoken_domain(schema, str(domain), lang)
        if not used:
            return [Notice.of("unlinked_told", domain=spoken)]
        return [Notice.of("unlinked", used=" + ".join(used), domain=spoken)]
    others = [item.rank for item in items if not item.personal]
    how = "popular" if any(item.shares.popularity > 0 for item in items if not item.personal) else "filled"
    if others == list(range(others[0], len(items) + 1)):
        return [Notice.of(f"{how}_from", place=others[0])]
    return [Notice.of(f"{how}_at", places=", ".join(map(str, others)))]


def quota_notice(quotas: Sequence[Quota], ranked: RankedBlock, usual: RankedBlock) -> Notice:
    """How many items quotas brought into a list of one person.

    :param usual: the same list without them.
    """
    asked = ", ".join(f"{one.part:.0%} {one.about}" for one in quotas)
    return Notice.of("quota", asked=asked, n=len(set(ranked.positions.tolist()) - set(usual.positions.tolist())))
