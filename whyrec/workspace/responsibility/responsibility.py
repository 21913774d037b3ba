"""What a shop answers for: how good its lists are and for whom, what they shall keep and may not hold, the card."""

from typing import TYPE_CHECKING

from kg.errors import UsageError
from kg.progress import Progress
from whyrec.options import made
from whyrec.workspace.reporting import Reporting

if TYPE_CHECKING:
    from typing import Unpack

    from recommender.evaluation.report import Evaluation
    from recommender.results.responsibility.anomalies import AnomalyReport
    from recommender.results.responsibility.audit import Audit
    from recommender.results.responsibility.objectives import Objectives
    from recommender.results.responsibility.trade_offs import TradeOffs
    from whyrec.privacy.card import Card
    from whyrec.workspace.evaluation.evaluating import HowToEvaluate
    from whyrec.workspace.responsibility.certify import CertifyReport

MOST_ARRANGED = 1_000
"""People whose lists are arranged anew for the curves of trade-offs."""


class Responsibility(Reporting):
    """Answers, and what is to be said of all of them together."""

    def evaluate(
        self,
        *,
        engine: str = "local",
        master: str | None = None,
        progress: Progress | None = None,
        **how: "Unpack[HowToEvaluate]",
    ) -> "Evaluation":
        """Hold interactions out, learn from the rest, rank all items, and measure; tuned baselines beside.

        :param engine: where kernels and regressions are made, ``local`` or ``spark``, on the cluster ``master`` names.
        :param how: split, k, holdout …, see :class:`whyrec.workspace.evaluation.evaluating.Evaluating`.
        :raises UsageError: for an unknown split or domain, or where nothing can be held out.
        """
        from whyrec.spark.blocks import working_on
        from whyrec.workspace.evaluation.evaluate import WorkspaceEvaluation, explanation_quality
        from whyrec.workspace.evaluation.evaluating import Evaluating

        asked, told = made(Evaluating, how), progress or self._progress
        with working_on(engine, master):
            result = WorkspaceEvaluation(self.workspace, self.snapshot, asked, told).run()
        if asked.explanations:
            quality = explanation_quality(self.recommender, self._rules(asked.domain, {}), asked, told)
            result = result.model_copy(update={"explanations": quality})
        return result

    def audit(
        self,
        domain: str | None = None,
        *,
        quality: bool = True,
        repair: bool = False,
        lang: str = "en",
        progress: Progress | None = None,
    ) -> "Audit":
        """Exposure and quality by group, against merit, with intervals and causes; corrected for many comparisons.

        :param domain: all where absent.
        :param quality: hold interactions out and learn anew, to say for whom lists are better; takes as long as
            :meth:`evaluate` without baselines.
        :param repair: try what would close the gap of each domain's worst group: no rules, a weight, or data that are
            missing, each by ranking anew.
        :raises UsageError: for an unknown domain.
        """
        from kg.workspace.scratch import scratch
        from recommender.audit.audit import audit  # named like the question
        from recommender.splitting.told_split import NobodyToTestError
        from whyrec.workspace.evaluation.evaluate import WorkspaceEvaluation
        from whyrec.workspace.evaluation.evaluating import Evaluating

        schema, told = self.snapshot.schema, progress or self._progress
        domains = dict.fromkeys(schema.entity[name].domain or "" for name in schema.item_types)
        crowds = {one: self._crowd(one) for one in domains if domain in (None, one)}
        if not crowds:
            raise UsageError(f"`domain` {domain!r}: known: {', '.join(domains)}")
        asked = Evaluating(domain=domain, embeddings=False)
        try:
            found = WorkspaceEvaluation(self.workspace, self.snapshot, asked, told).by_user() if quality else None
        except NobodyToTestError:
            found = None  # the answer says that quality was not measured
        with scratch(self.workspace.folder, "audit") as folder:
            return audit(crowds, found, lang, folder if repair else None)

    def objectives(self, *, dry_run: bool = False, lang: str = "en", progress: Progress | None = None) -> "Objectives":
        """Solve the exposure floors of ``[objectives]``, so that everybody's lists together keep them from now on.

        :param dry_run: only say what it would take.
        :raises UsageError: where ``whyrec.toml`` names no floors, or what is none.
        """
        from whyrec.workspace.responsibility.objectives import solve_objectives  # asked for seldom

        told = progress or self._progress
        rules = self._rules(None, {})
        found = solve_objectives(self.workspace, self.recommender, rules, told, keep=not dry_run, lang=lang)
        if not dry_run:
            self._renew()
        return found

    def trade_offs(self, domain: str | None = None, *, held_out: bool = False, lang: str = "en") -> "TradeOffs":
        """What lists give up, by their own scores, for exposure by merit, variety or margin: a curve for each.

        :param domain: the first of the schema where absent.
        :param held_out: measure accuracy as NDCG on what each person used last, held out from kernels that are made
            anew, which takes as long as that.
        :raises UsageError: for an unknown domain.
        """
        from dataclasses import replace

        from kg.workspace.permissions import private_files
        from kg.workspace.scratch import scratch
        from recommender.audit.trade_offs import trade_offs  # named like the question
        from recommender.marketing.crowd import Crowd
        from recommender.serving.recommender import Recommender
        from whyrec.workspace.responsibility.held_out import NOTHING, without_the_last

        domains = self.snapshot.schema.domains
        if domain is not None and domain not in domains:
            raise UsageError(f"`domain` {domain!r}: known: {', '.join(domains)}")
        chosen = domain or domains[0]
        plain, floors = replace(self.recommender.model, objectives=()), self.workspace.settings.objectives.floors
        rules = self._rules(chosen, {})
        if not held_out:
            return trade_offs(Crowd(Recommender(plain), rules, most=MOST_ARRANGED), chosen, floors, lang)
        with private_files(), scratch(self.workspace.folder, "held-out") as folder:
            tested, wanted = without_the_last(plain, folder)
            crowd = Crowd(tested, rules, most=MOST_ARRANGED)
            inside = tested.catalogue.of_domain(chosen)
            mine = [wanted.get((crowd.user_type, int(one)), NOTHING) for one in crowd.sample]
            return trade_offs(crowd, chosen, floors, lang, [one[inside[one]] for one in mine])

    def anomalies(self, *, lang: str = "en", progress: Progress | None = None) -> "AnomalyReport":
        """Flag accounts that do not look like people: bots, bursts, duplicates, rating fraud, shilling.

        Who it is stands in ``anomalies.csv`` of the workspace; what they did is left out of what answers come from only
        where ``[anomalies] leave_out`` says so.

        :raises UsageError: where the schema has no users.
        """
        from whyrec.workspace.responsibility.flagging import flag  # polars, which answering does not need

        report = flag(self.workspace, progress or self._progress, lang)
        self._renew()
        return report

    def certify(
        self,
        alpha: float,
        *,
        below: float = 2.0,
        delta: float = 0.05,
        dry_run: bool = False,
        lang: str = "en",
        progress: Progress | None = None,
    ) -> "CertifyReport":
        """Filter items so that at most a part of each list is unwanted, tested on ratings that are held out.

        :param alpha: the expected share of a list that may be unwanted, in (0, 1).
        :param below: what a person weighted (rated) at most so much is unwanted.
        :param delta: how often the bound may be wrong, in (0, 1).
        :param dry_run: only say what it would take.
        :raises UsageError: for numbers out of their range, or where fewer than k people rejected anything.
        """
        from whyrec.workspace.responsibility.certify import certify
        from whyrec.workspace.responsibility.certify_text import Wanted

        wanted, told = Wanted(alpha, below, delta), progress or self._progress
        rules = self._rules(None, {})
        report = certify(self.workspace, self.recommender, rules, wanted, told, keep=not dry_run, lang=lang)
        if not dry_run:
            self._renew()
        return report

    def card(self, *, figures: bool = True, lang: str = "en", progress: Progress | None = None) -> "Card":
        """Model card and privacy sheet: data, figures, groups, limits, ε, hashes; nothing in it is typed by hand.

        :param figures: measure anew on what is held out, as :meth:`evaluate` does without tuning.
        """
        from whyrec.privacy.card import card  # named like the question

        audited = self.audit(quality=figures, lang=lang, progress=progress)
        measurable = figures and audited.users is not None
        found = self.evaluate(embeddings=False, tuning=False, progress=progress) if measurable else None
        return card(self.workspace, self.snapshot, audited, found, self._rules(None, {}), lang=lang)
