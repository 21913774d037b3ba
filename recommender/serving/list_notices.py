"""Notices of a list: what of it is not personal, and what stands in it because a shop asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from kg.schema import Schema
from recommender.results.recommendation import RankedItem
from recommender.rules.soft.soft_rules import Quota
from recommender.scoring.block_ranking import RankedBlock
from recommender.texts.language import Notice
from recommender.texts.paths import spoken_domain

NOT_PERSONAL = Notice.of("not_personal")


@dataclass(frozen=True)
class AskedList:
    """What list was asked for: its ``domain``, ``None`` where it is of all; how many items; the domains that she used
    ``unused`` nothing of, of all those of the schema; and whether it holds only what is ``linked`` to the others."""

    domain: str | None
    n: int
    unused: frozenset[str]
    linked: bool = False


def unlinked(items: Sequence[RankedItem], asked: AskedList, schema: Schema, lang: str) -> list[Notice]:
    """What is said of a list of somebody of whom something is known, where nothing known leads to all of it, or to any,
    or to so few that it is shorter."""
    domain, crossing = asked.domain, asked.linked and asked.domain in asked.unused
    others, short = [item.rank for item in items if not item.personal], crossing and len(items) < asked.n
    if not others and not short:
        return []
    used = " + ".join(spoken_domain(schema, one, lang) for one in schema.domains if one not in asked.unused)
    spoken = spoken_domain(schema, domain, lang) if domain is not None else ""
    found = list[Notice]()
    if items and len(others) == len(items) and domain in asked.unused:
        key = "unlinked_told" if not used else "unlinked_related" if crossing else "unlinked"
        found.append(Notice.of(key, domain=spoken) if not used else Notice.of(key, used=used, domain=spoken))
    elif others:
        how = "popular" if any(item.shares.popularity > 0 for item in items if not item.personal) else "filled"
        related = {"used": used} if crossing and how == "popular" else {}
        how += "_related" if related else ""
        if others == list(range(others[0], len(items) + 1)):
            found.append(Notice.of(f"{how}_from", place=others[0], **related))
        else:
            found.append(Notice.of(f"{how}_at", places=", ".join(map(str, others)), **related))
    if short:
        found.append(Notice.of("nothing_else_linked", used=used, domain=spoken))
    return found


def quota_notice(quotas: Sequence[Quota], ranked: RankedBlock, usual: RankedBlock) -> Notice:
    """How many items quotas brought into a list of one person.

    :param usual: the same list without them.
    """
    asked = ", ".join(f"{one.part:.0%} {one.about}" for one in quotas)
    return Notice.of("quota", asked=asked, n=len(set(ranked.positions.tolist()) - set(usual.positions.tolist())))
