"""The shop's questions: whom something is for, what leads to it, what is missing, why one item is ahead of another."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kg.errors import StoreError, UsageError
from whyrec.answering.answering import Answering
from whyrec.options import AudienceOptions, RuleOptions, checked, rules_of, whole_number

if TYPE_CHECKING:
    from typing import Unpack

    from recommender.marketing.audience import Subject
    from recommender.marketing.crowd import Crowd
    from recommender.results.difference import ListDifference
    from recommender.results.marketing import Audience, Bridges, CampaignReport, Comparison, Gaps, ItemReport
    from recommender.results.overview import Overview, Stale


ITEMS = "these items"


class ShopQuestions(Answering):
    """Answers about groups of people and about items, besides those about one person's list."""

    def audience(
        self,
        entity: str | None = None,
        *,
        items: Sequence[str] = (),
        domain: str | None = None,
        lang: str = "en",
        name: str = ITEMS,
    ) -> "Audience":
        """Who uses an item, or anything of a brand, an ingredient, a concern …, what they are like, and who would.

        :param entity: id or name; ``Type:id`` where two types share ids.
        :param items: ids or names of items instead, called ``name``.
        :param domain: whose lists of ten are looked at; all items compete where absent.
        :raises UnknownEntityError: where nothing has this name.
        :raises UsageError: for neither or both.
        """
        from recommender.marketing.audience import audience  # named like the question

        crowd = self._crowd(domain)
        return audience(crowd, self._subject(crowd, entity, (items, name), lang), lang)

    def write_audience(
        self,
        out: Path | str,
        entity: str | None = None,
        *,
        force: bool = False,
        **about: "Unpack[AudienceOptions]",
    ) -> "CampaignReport":
        """Write who uses something and who would, each person with the reason: for a campaign, and personal data.

        :param out: the file, ``.parquet``, ``.csv``, ``.jsonl`` or ``.xlsx``, for its owner alone; columns of
            :mod:`recommender.marketing.campaign`. Whoever is forgotten is taken out of it.
        :param force: write over a file that is something else than such a campaign.
        :param about: as for :meth:`audience`.
        :raises UsageError: where the file cannot be written, or fewer than k people would be in it.
        """
        from recommender.marketing.audience import audience  # named like the question
        from recommender.results.marketing import CampaignReport
        from whyrec.answering.campaign_file import write_campaign  # Arrow, which answers do not need

        checked(about, list(AudienceOptions.__annotations__))
        crowd, lang = self._crowd(about.get("domain")), about.get("lang", "en")
        subject = self._subject(crowd, entity, (about.get("items", ()), about.get("name", ITEMS)), lang)
        counts = write_campaign(self.workspace, crowd, subject, Path(out), (lang, force))
        return CampaignReport(
            out=str(out),
            uses=crowd.shown(counts["uses"]),
            would=crowd.shown(counts["would"]),
            audience=audience(crowd, subject, lang),
            notices=[f"{out}: personal data, readable by its owner alone; delete it when the campaign is over"],
        )

    def _subject(self, crowd: "Crowd", entity: str | None, some: tuple[Sequence[str], str], lang: str) -> "Subject":
        from recommender.marketing.audience import Subject, subject_of
        from recommender.results.marketing import About

        items, name = some
        if (entity is None) == (not items):
            raise UsageError("name an entity or items, not both")
        if entity is not None:
            return subject_of(crowd, self.entity(entity), lang)
        types, catalogue = self.snapshot.schema.item_types, self.recommender.catalogue
        positions = [catalogue.position(*self.opened.finder.entity(one, types)) for one in items]
        about = About(id=name, type="items", label=name)
        return Subject(None, about, np.unique(np.array(positions, dtype=np.int64)))

    def bridge(self, entity: str, *, domain: str | None = None, n: int = 5, lang: str = "en") -> "Bridges":
        """The items of another domain that lead to an entity, those that would bring most people to it first.

        :raises UsageError: for an unknown domain, or an entity that no item has to do with.
        """
        from recommender.marketing.bridges.bridges import bridges  # asked for seldom

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
        from recommender.marketing.items.report import item_report  # asked for seldom

        found = self.opened.finder.entity(item, self.snapshot.schema.item_types)
        domain = self.snapshot.schema.entity[found[0]].domain
        return item_report(self._crowd(domain), self.recommender.catalogue.position(*found), lang)

    def overview(self, *, days: int = 90, lang: str = "en") -> "Overview":
        """One page about the shop: coverage, reasons, traffic between domains, new and trending, what is out of date.

        :param days: the window of what is new and trending, up to the newest week that k people share.
        :raises UsageError: for a window of less than a day.
        """
        from recommender.marketing.overview.overview import overview  # named like the question

        days = whole_number("days", days)
        schema = self.snapshot.schema
        domains = dict.fromkeys(schema.entity[name].domain or "" for name in schema.item_types)
        crowds = {domain: self._crowd(domain) for domain in domains}
        return overview(crowds, days, self._out_of_date(lang), lang)

    def compare(
        self,
        user: str | None,
        first: str,
        second: str,
        *,
        anchors: Sequence[str] = (),
        domain: str | None = None,
        lang: str = "en",
        **rules: "Unpack[RuleOptions]",
    ) -> "Comparison":
        """Why one item is ahead of another: differences that sum to that of the scores.

        :raises UnknownEntityError: for an unknown user or item.
        """
        from recommender.marketing.comparison import compare  # named like the question
        from recommender.serving.recommender import Request

        naming = self._naming
        request = Request(user, tuple(naming.anchors(anchors)), self._rules(domain, rules), lang=lang)
        return compare(self.recommender, request, naming.item(first), naming.item(second))

    def difference(
        self,
        user: str,
        since: str,
        *,
        n: int | None = None,
        domain: str | None = None,
        lang: str = "en",
        **rules: "Unpack[RuleOptions]",
    ) -> "ListDifference":
        """Why somebody's list is another than it was: what they did, what others did, new items, weights, rules.

        :param since: a date, or the beginning of the hash of a snapshot; one of the last periods, which are kept.
        :param rules: those of now; the list of then is under the rules that the workspace had then.
        :raises UnknownEntityError: for an unknown user.
        :raises UsageError: where nothing of then is kept.
        """
        from recommender.marketing.difference import Then, list_difference  # asked for seldom
        from recommender.serving.recommender import Request
        from whyrec.answering.history import moment_of, opened_period, period_since

        self._keep()
        folder, period = period_since(self.workspace, since)
        opened, request = self.opened, Request(user, rules=self._rules(domain, rules), n=self._n(n), lang=lang)
        then, carried = opened_period(folder, self.workspace, opened.snapshot, self._progress)
        before = rules_of(self.workspace, {"domain": domain}, period.rules)
        return list_difference(Then(then, carried, before, moment_of(period)), opened.recommender, request)

    def named_anchors(self, anchors: Sequence[str]) -> list[str]:
        """What somebody has as ``relation:ID``, where it may have been said by its name.

        :raises UnknownEntityError: for an unknown one, naming the nearest.
        """
        return list(self._naming.anchors(anchors))

    def moments(self) -> list[str]:
        """Since when each period before the present one was in force, the oldest first: what ``since`` may name."""
        from whyrec.answering.history import earlier_periods, moment_of  # answers of now need none

        return [moment_of(one) for _, one in earlier_periods(self.workspace)]

    def _crowd(self, domain: str | None) -> "Crowd":
        return self.opened.crowd(self._rules(domain, {}))

    def _out_of_date(self, lang: str) -> "list[Stale]":
        """What of snapshot and model does not fit the store any more, or each other."""
        from recommender.results.overview import Stale  # seldom asked for
        from recommender.texts.languages import language

        recommender, workspace = self.recommender, self.workspace
        texts, found = language(lang).section("overview"), []
        try:
            with closing(workspace.open_store(read_only=True)) as store:
                current = workspace.is_current(store.revision(), store.fingerprint())
        except StoreError:
            found.append(Stale(part=texts["part_store"], text=texts["store_closed"]))
            current = True
        if not current:
            found.append(Stale(part=texts["part_snapshot"], text=texts["store_ahead"]))
        untrained = [] if recommender.model.info.trained else [texts["not_trained"]]
        told = [*untrained, *recommender.model.out_of_date(self._rules(None, {}), lang)]
        return found + [Stale(part=texts["part_model"], text=one) for one in told]
