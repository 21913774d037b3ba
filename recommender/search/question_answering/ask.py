"""Ask: a question in English or Chinese, answered from the graph, with every triple that says so."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError
from kg.snapshot.entity_table import properties
from recommender.catalogue.prices import Prices
from recommender.results.search import Answers, AskedItem
from recommender.rules.rule_set import Rules
from recommender.search.folding import has_cjk
from recommender.search.names import Names
from recommender.search.question_answering.answer_text import AnswerText
from recommender.search.question_answering.execution import Fact as Triple
from recommender.search.question_answering.execution import answers, asked, tallied, variants_of, witnesses
from recommender.search.question_answering.fitting import Fitting
from recommender.search.question_answering.language.amounts import in_own_currency, plain_numbers, spoken_amounts
from recommender.search.question_answering.lexicon.lexicon import Lexicon
from recommender.search.question_answering.plan import Being, Constraint, Entity, Linked, Plan, Valued, Worded
from recommender.search.question_answering.reading.grammar import Grammar
from recommender.search.question_answering.related import RelatedThings
from recommender.search.question_answering.telling import Telling, plan_lines
from recommender.serving.recommender import Recommender, Request

LONGEST_QUESTION = 500
NEARLY_EVERY = 0.9
"""Share of items that have a link of a kind from which on it says what kind of item each is."""


class Asker:
    """Answers questions about one snapshot: no model of language, no network, nothing that the graph does not say."""

    def __init__(self, recommender: Recommender, names: Names, rates: Mapping[str, float] | None = None) -> None:
        """Prepare.

        :param rates: currency → units of any one currency for one of it.
        """
        self.recommender, self.snapshot = recommender, recommender.snapshot
        self.lexicon = Lexicon(recommender.snapshot, names)
        self.grammar = Grammar(self.lexicon)
        self.related = RelatedThings(self.grammar)
        self.text = AnswerText(recommender.catalogue, self.grammar)
        self.prices = Prices(recommender.catalogue.properties, rates or {})

    def ask(self, question: str, *, user: str | None = None, n: int = 20, lang: str | None = None) -> Answers:
        """Answer a question.

        :param user: whose scores decide the order; popularity where absent.
        :param n: most answers; ``count`` says how many there are.
        :param lang: of the answer; that of the question where absent.
        :raises UsageError: for an empty question, or one of more than ``LONGEST_QUESTION`` characters.
        :raises UnknownEntityError: for an unknown user.
        """
        if not question.strip():
            raise UsageError("an empty question; ask for example: which serum contains niacinamide?")
        if len(question) > LONGEST_QUESTION:
            raise UsageError(f"a question of {len(question):,} characters; ask in up to {LONGEST_QUESTION:,}")
        telling = Telling(self.snapshot, lang or ("zh" if has_cjk(question) else "en"))
        plain, unclear = plain_numbers(question)
        bare, spoken = spoken_amounts(plain)
        plan = self.grammar.read(bare)
        plan.not_understood += unclear
        plan.unclear |= bool(unclear)
        in_own_currency(plan, spoken, self.prices)
        if self._is_refused(plan):
            return self._refused(question, plan, telling)
        if plan.tally is not None:
            return self._counted(question, plan, telling, n)
        fitting = self._fitting(plan, user, telling.lang)
        found, count = self._found(plan, fitting, n)
        rows = [self._answer(entity, plan, telling, fitting) for entity in found]
        related = self.related.of(plan, found, telling) if found else []
        return Answers(
            question=question,
            understood=telling.say("understood", steps="; ".join(telling.steps(plan))),
            plan=plan_lines(self.snapshot, plan),
            count=count,
            answers=rows,
            related=related,
            not_understood=[*plan.not_understood, *plan.missing, *plan.relaxed],
            text=self.text.of(plan, (found, count), related, telling),
        )

    def _is_refused(self, plan: Plan) -> bool:
        """Whether no answer would be safe: it is not known what is asked for, or that is not in any graph."""
        schema = self.snapshot.schema
        if plan.target is None or plan.unclear or schema.entity[plan.target].sensitive:
            return True
        if plan.variants and not plan.constraints:
            return True  # of what?
        if plan.missing and (plan.order or plan.tally or plan.average or _only_names(plan)):
            return True
        if plan.not_understood and _only_names(plan) and plan.constraints and not (plan.variants or plan.order):
            return True  # all that was asked of it
        said = plan.constraints or plan.taken or plan.order or plan.count or plan.popular or plan.tally or plan.average
        return not said and bool(plan.not_understood or plan.missing)

    def _counted(self, question: str, plan: Plan, telling: Telling, n: int) -> Answers:
        """Answer by counts: which has the most, or which of some has more."""
        assert plan.tally is not None
        ranked = tallied(self.lexicon, plan)
        best = [row for row in ranked if row[2] == ranked[0][2]] if ranked else []
        shown = (
            ranked if plan.tally.groups or plan.tally.every else ranked[: plan.tally.top] if plan.tally.top else best
        )
        rows = []
        for label, entity, count in shown[:n]:
            if entity is not None:
                row = telling.item(entity, [], {"count": count})
                rows.append(row if label == row.label else row.model_copy(update={"label": label}))
        return Answers(
            question=question,
            understood=telling.say("understood", steps="; ".join(telling.steps(plan))),
            plan=plan_lines(self.snapshot, plan),
            count=len(shown),
            answers=rows,
            related=[],
            not_understood=[*plan.not_understood, *plan.missing],
            text=self.text.of_tally(plan, ranked, telling),
        )

    def _found(self, plan: Plan, fitting: Fitting | None, n: int) -> tuple[list[Entity], int]:
        assert plan.target is not None
        own = self._fulfilling(plan)
        if plan.variants:
            others = variants_of(self.recommender.catalogue, plan.target, own)
            own = own if others is None else others
        scores = self._usual(plan.target) if fitting is None else fitting.scores(plan.target)
        if plan.by_paths and fitting is not None:
            own = own[fitting.reached(plan.target)[own]]
        elif plan.advise:
            own = own[scores[own] > 0] if scores.any() else own
        order = np.lexsort((own, -scores[own]))
        if plan.order:
            values = self.snapshot.number(plan.target, plan.order[0])[own]
            known = ~np.isnan(values)
            own, values = own[known], values[known]
            order = np.lexsort((own, -scores[own], values if plan.order[1] else -values))
            extreme = values[order[:1]]
            whole = plan.top or (len(order) if plan.whole else None)
            order = order[:whole] if whole else order[np.isin(values[order], extreme)]
        elif plan.top:
            order = order[: plan.top]
        return [(plan.target, int(own[i])) for i in order[:n]], len(order)

    def _fulfilling(self, plan: Plan) -> NDArray[np.int64]:
        """What fulfils a plan; where words of names leave nothing of a kind that is named besides, without them."""
        own = answers(self.lexicon, plan)
        worded = [one for one in plan.constraints if isinstance(one, Worded)]
        links = [one for one in plan.constraints if isinstance(one, Linked) and not one.negated]
        if not len(own):
            in_no_name = [one for one in worded if not len(answers(self.lexicon, replace(plan, constraints=[one])))]
            plan.not_understood += [w for one in in_no_name for w in one.words if w not in plan.not_understood]
        if len(own) or not worded or not (plan.typed or any(len(one.ways[0]) == 1 for one in links)):
            return own
        rest: list[Constraint] = [one for one in plan.constraints if not isinstance(one, Worded)]
        if not rest or (not plan.typed and not any(self._is_kind(plan, one) for one in links)):
            return own
        plan.not_understood = [word for word in plan.not_understood if not any(word in one.words for one in worded)]
        plan.relaxed = tuple(word for one in worded for word in one.words)
        plan.constraints = rest
        return answers(self.lexicon, plan)

    def _is_kind(self, plan: Plan, link: Linked) -> bool:
        """Whether a link says what kind of item something is: nearly every item has such a one, and some have two."""
        assert plan.target is not None
        degrees = np.diff(self.snapshot.adjacency(link.ways[0][0]).indptr)
        return bool(len(degrees)) and float(np.mean(degrees > 0)) > NEARLY_EVERY and int(degrees.max()) > 1

    def _usual(self, target: str) -> NDArray[np.float64]:
        """What orders answers to nobody in particular: how many people used each; shape (count,), float64."""
        snapshot = self.snapshot
        schema, counts = snapshot.schema, np.zeros(snapshot.vocabulary.count(target))
        if target not in self.recommender.catalogue.slices:
            steps = [s for s in self.grammar.ways.about() if schema.ends(s)[0] == target]
        else:
            steps = [f"~{name}" for name in schema.interactions if schema.relation[name].tail == target]
        for step in steps:
            counts += np.diff(snapshot.adjacency(step).indptr)
        return counts

    def _fitting(self, plan: Plan, user: str | None, lang: str) -> Fitting | None:
        """Whose scores order the answers: a person's, or those of what the asker told; ``None`` where nobody's."""
        vocabulary = self.snapshot.vocabulary
        if plan.target not in self.recommender.catalogue.slices or (user is None and not plan.taken):
            return None
        anchors = tuple(f"{step}:{vocabulary.id(*entity)}" for step, entity in plan.taken)
        avoid = tuple(f"{name}:{vocabulary.id(name, idx)}" for name, idx in plan.avoided)
        return Fitting(self.recommender, Request(user, anchors, Rules(avoid=avoid), lang=lang))

    def _answer(self, entity: Entity, plan: Plan, telling: Telling, fitting: Fitting | None) -> AskedItem:
        triples: list[Triple] = []
        reason = None
        if plan.by_paths and fitting is not None:
            reason, triples = fitting.why(entity)
        for one in (*plan.constraints, *plan.checks):
            if isinstance(one, Linked) and not one.negated:
                triples += witnesses(self.snapshot, entity, one)
        steps = [*plan.relations, *(self.grammar.ways.of_variants(entity[0]) if plan.variants else ())]
        for step in steps:
            triples += asked(self.snapshot, entity, step)
        wanted = [*plan.properties, *(one.name for one in plan.constraints if isinstance(one, Valued))]
        wanted += [plan.order[0]] if plan.order else []
        known = properties(self.snapshot, *entity)
        values = {name: known[name] for name in wanted if name in known} or None
        return telling.item(entity, triples, values).model_copy(update={"reason": reason})

    def _refused(self, question: str, plan: Plan, telling: Telling) -> Answers:
        return Answers(
            question=question,
            understood="",
            plan=[],
            count=0,
            answers=[],
            related=[],
            not_understood=[*plan.not_understood, *plan.missing] or [question],
            text=self.text.of_refusal(plan, telling),
        )


def _only_names(plan: Plan) -> bool:
    """Whether a plan says nothing of what it names, so that what is missing was all that was asked."""
    named = any(isinstance(one, Being) for one in plan.constraints)
    return (named or not plan.constraints) and not (plan.relations or plan.properties or plan.checks)
