"""The shop's questions: whom something is for, what leads to it, what is missing, why one item is ahead of another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recommender.serving.recommender import Request
from whyrec.answering.answering import Answering
from whyrec.options import RuleOptions

if TYPE_CHECKING:
    from typing import Unpack

    from recommender.marketing.crowd import Crowd
    from recommender.results.marketing import Audience, Bridges, Comparison, Gaps, ItemReport


class ShopQuestions(Answering):
    """Answers about groups of people and about items, besides those about one person's list."""

    def audience(self, entity: str, *, domain: str | None = None, lang: str = "en") -> "Audience":
        """Who uses an item, or anything of a brand, an ingredient, a concern …, what they are like, and who would.

        :param entity: id or name; ``Type:id`` where two types share ids.
        :param domain: whose lists of ten are looked at; all items compete where absent.
        :raises UnknownEntityError: where nothing has this name.
        """
        from recommender.marketing.audience import audience  # named like the question

        return audience(self._crowd(domain), self.entity(entity), lang)

    def bridge(self, entity: str, *, domain: str | None = None, n: int = 5, lang: str = "en") -> "Bridges":
        """The items of another domain that lead to an entity, those that would bring most people to it first.

        :raises UsageError: for an unknown domain, or an entity that no item has to do with.
        """
        from recommender.marketing.bridges import bridges  # asked for seldom

        return bridges(self._crowd(None), self.entity(entity), domain, self._n(n), lang)

    def gaps(self, domain: str | None = None, *, n: int = 10, lang: str = "en") -> "Gaps":
        """What should be taught or made next, verified by ranking a virtual item for everybody.

        :param domain: the first of the schema where absent.
        :raises UsageError: for an unknown domain.
        """
        from recommender.marketing.gaps import gaps  # named like the question

        chosen = domain or self.snapshot.schema.domains[0]
        return gaps(self._crowd(chosen if chosen in self.snapshot.schema.domains else None), chosen, self._n(n), lang)

    def item(self, item: str, *, lang: str = "en") -> "ItemReport":
        """Why an item is shown so often, or never.

        :raises UnknownEntityError: for an unknown item.
        """
        from recommender.marketing.item_report import item_report  # asked for seldom

        found = self.opened.finder.entity(item, self.snapshot.schema.item_types)
        domain = self.snapshot.schema.entity[found[0]].domain
        return item_report(self._crowd(domain), self.recommender.catalogue.position(*found), lang)

    def compare(
        self,
        user: str | None,
        first: str,
        second: str,
        *,
        anchors: Sequence[str] = (),
        lang: str = "en",
        **rules: "Unpack[RuleOptions]",
    ) -> "Comparison":
        """Why one item is ahead of another: differences that sum to that of the scores.

        :raises UnknownEntityError: for an unknown user or item.
        """
        from recommender.marketing.comparison import compare  # named like the question

        naming = self._naming
        request = Request(user, tuple(naming.anchors(anchors)), self._rules(None, rules), lang=lang)
        return compare(self.recommender, request, naming.item(first), naming.item(second))

    def _crowd(self, domain: str | None) -> "Crowd":
        from recommender.marketing.crowd import Crowd  # lists of one person need none

        return Crowd(self.recommender, self._rules(domain, {}))
