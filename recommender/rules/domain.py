"""Only items of one domain."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from kg.document import nearest
from kg.errors import UsageError
from recommender.rules.rule import Ground, Removal, Rule, RuleOptions

OTHER_DOMAIN = "other_domain"
SHARE = 0.2
"""Part of a list for all unused domains together where nothing else is asked for."""


class DomainOptions(RuleOptions):
    """What is asked of the domain."""

    domain: str | None = Field(
        default=None, description="Only items of this domain.", json_schema_extra={"metavar": "D"}
    )
    mix: tuple[str, ...] = Field(
        default=(),
        description="Part of a list over all domains for one the person used nothing of, e.g. courses=0.2; only items "
        "with a reason take these places.",
        json_schema_extra={"metavar": "D=SHARE", "adds": True},
    )
    """``domain=share`` texts, the last of a domain counts; without any, all domains compete by score."""
    fill: bool = Field(
        default=False,
        description="With a domain the person used nothing of: also what has to do with nothing used, if popular.",
    )
    """Else such a list holds what paths lead to, and what they lead others to who used the same domains."""


class Domain(Rule):
    """Removes what is of another domain."""

    names = (OTHER_DOMAIN,)

    def __init__(self, ground: Ground, asked: DomainOptions) -> None:
        self.catalogue, self.domain = ground.catalogue, asked.domain
        mix_of(asked.mix, ground.snapshot.schema.domains)
        domains = list(ground.snapshot.schema.domains)
        if asked.domain is not None and asked.domain not in domains:
            raise UsageError(f"unknown domain {asked.domain!r}; {nearest(asked.domain, domains)}")

    def removed(self) -> Sequence[Removal]:
        """All items of other domains."""
        if self.domain is None:
            return ()
        return [Removal(OTHER_DOMAIN, np.flatnonzero(~self.catalogue.of_domain(self.domain)))]

    def lifted(self, name: str) -> Mapping[str, object]:
        """All domains."""
        return {"domain": None}


def default_mix(domains: tuple[str, ...]) -> dict[str, float]:
    """The parts where nothing else is asked for: of all that somebody may not have used, ``SHARE`` together."""
    return dict.fromkeys(domains, SHARE / max(len(domains) - 1, 1))


def mix_of(texts: Sequence[str], domains: tuple[str, ...]) -> dict[str, float]:
    """Domain → part of a list, from ``domain=share`` texts, of which the last of a domain counts.

    :raises UsageError: for a text that is none, an unknown domain, naming the nearest, or a part that is not in [0, 1].
    """
    found = {}
    for text in texts:
        domain, _, share = text.rpartition("=")
        if domain not in domains:
            raise UsageError(f"`mix` {text!r}: expected DOMAIN=SHARE; {nearest(domain or share, list(domains))}")
        try:
            found[domain] = float(share)
        except ValueError:
            found[domain] = -1.0
        if not 0 <= found[domain] <= 1:
            raise UsageError(f"`mix` {text!r}: expected a part of the list from 0 to 1, such as {domain}=0.2")
    return found
