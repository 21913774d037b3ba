"""Only items of one domain."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from kg.document import nearest
from kg.errors import UsageError
from recommender.rules.rule import Ground, Removal, Rule, RuleOptions

OTHER_DOMAIN = "other_domain"


class DomainOptions(RuleOptions):
    """What is asked of the domain."""

    domain: str | None = Field(
        default=None, description="Only items of this domain.", json_schema_extra={"metavar": "D"}
    )


class Domain(Rule):
    """Removes what is of another domain."""

    names = (OTHER_DOMAIN,)

    def __init__(self, ground: Ground, asked: DomainOptions) -> None:
        self.catalogue, self.domain = ground.catalogue, asked.domain
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
