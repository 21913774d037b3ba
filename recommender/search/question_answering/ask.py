"""Ask: a question in English or Chinese, answered from the graph, with every triple that says so."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError
from kg.snapshot.entity_table import properties
from recommender.catalogue.prices import Prices
from recommender.results.search import Answers, AskedItem, Related
from recommender.rules.rule_set import Rules
from recommender.search.folding import has_cjk
from recommender.search.names import Names
from recommender.search.question_answering.amounts import in_own_currency, spoken_amounts
from recommender.search.question_answering.execution import Fact as Triple
from recommender.search.question_answering.execution import answers, asked, variants_of, witnesses
from recommender.search.question_answering.grammar import Grammar
from recommender.search.question_answering.lexicon import Lexicon
from recommender.search.question_answering.plan import Being, Entity, Linked, Plan, Valued
from recommender.search.question_answering.related import RelatedThings
from recommender.search.question_answering.telling import Telling, plan_lines
from recommender.serving.recommender import Recommender, Request

LONGEST_QUESTION = 500
ANSWERS_TOLD = 3
"""Answers whose facts the text tells."""


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
        bare, spoken = spoken_amounts(question)
        plan = self.grammar.read(bare)
        in_own_currency(plan, spoken, self.prices)
        if plan.variants and not plan.constraints:
            return self._refused(question, plan, telling)  # of what?
        nothing = not (plan.constraints or plan.taken or plan.order or plan.count or plan.popular)
        unclear = plan.target is None or plan.unclear or (nothing and plan.not_understood)
        if unclear or self.snapshot.schema.entity[plan.target or ""].sensitive:
            return self._refused(question, plan, telling)
        found, count = self._found(plan, user, n)
        rows = [self._answer(entity, plan, telling) for entity in found]
        related = self.related.of(plan, found, telling) if found else []
        text = self._text(plan, (found, count), related, telling)
        return Answers(
            question=question,
            understood=telling.say("understood", steps="; ".join(telling.steps(plan))),
            plan=plan_lines(self.snapshot, plan),
            count=count,
            answers=rows,
            related=related,
            not_understood=plan.not_understood,
            text=text,
        )

    def _found(self, plan: Plan, user: str | None, n: int) -> tuple[list[Entity], int]:
        assert plan.target is not None
        own = answers(self.lexicon, plan)
        if plan.variants:
            others = variants_of(self.recommender.catalogue, plan.target, own)
            own = own if others is None else others
        scores = self._scores(plan, user, plan.target)
        if plan.advise or (plan.taken and not plan.constraints):
            own = own[scores[own] > 0] if scores.any() else own
        order = np.lexsort((own, -scores[own]))
        if plan.order:
            values = self.snapshot.number(plan.target, plan.order[0])[own]
            known = ~np.isnan(values)
            own, values = own[known], values[known]
            order = np.lexsort((own, -scores[own], values if plan.order[1] else -values))
            extreme = values[order[:1]]
            order = order[np.isin(values[order], extreme)]
            own_all = len(order)
            return [(plan.target, int(own[i])) for i in order[:n]], own_all
        return [(plan.target, int(own[i])) for i in order[:n]], len(own)

    def _scores(self, plan: Plan, user: str | None, target: str) -> NDArray[np.float64]:
        """What orders the answers: the person's scores, else how many people used each: shape (count,), float64."""
        catalogue, snapshot = self.recommender.catalogue, self.snapshot
        if target not in catalogue.slices:
            steps = [s for s in self.grammar.ways.about() if snapshot.schema.ends(s)[0] == target]
            return (
                np.sum([np.diff(snapshot.adjacency(s).indptr) for s in steps], axis=0, dtype=np.float64)
                if steps
                else (np.zeros(snapshot.vocabulary.count(target)))
            )
        part = catalogue.slices[target]
        if user is None and not plan.taken:
            counts = np.zeros(snapshot.vocabulary.count(target))
            for name in snapshot.schema.interactions:
                if snapshot.schema.relation[name].tail == target:
                    counts += np.diff(snapshot.adjacency(f"~{name}").indptr)
            return counts
        anchors = tuple(f"{step}:{snapshot.vocabulary.id(*entity)}" for step, entity in plan.taken)
        avoid = tuple(f"{name}:{snapshot.vocabulary.id(name, idx)}" for name, idx in plan.avoided)
        request = Request(user, anchors, Rules(avoid=avoid))
        profile = self.recommender.profile(request)
        allowed = self.recommender.rule_set(request.rules).candidates(profile).allowed
        total = self.recommender.cold_start.of(profile).score([profile]).total[0]
        return np.where(allowed, total, 0.0)[part]

    def _answer(self, entity: Entity, plan: Plan, telling: Telling) -> AskedItem:
        triples: list[Triple] = []
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
        return telling.item(entity, triples, values)

    def _text(self, plan: Plan, found: tuple[list[Entity], int], related: list[Related], telling: Telling) -> str:
        entities, count = found
        steps = "; ".join(telling.steps(plan))
        told = [telling.say("not_understood", words=", ".join(plan.not_understood))] if plan.not_understood else []
        told += self._variants(plan, found, telling)
        if not entities:
            return " ".join([*told, *([] if plan.variants and told else [telling.say("none", steps=steps)])])
        named = all(isinstance(one, Being) for one in plan.constraints) and bool(plan.constraints)
        named = named and not plan.variants
        if not named or not (plan.checks or plan.properties or plan.relations):
            assert plan.target is not None
            everything = self.snapshot.vocabulary.count(plan.target)
            kind = "fits" if plan.taken else "found"
            told.append(
                telling.say(
                    kind,
                    count=f"{count:,}",
                    all=f"{everything:,}",
                    type=telling.type_name(plan.target),
                    names=telling.names(entities, count=None if plan.taken else count),
                )
            )
        for entity in entities[:ANSWERS_TOLD]:
            told += self._told(entity, plan, telling)
        return " ".join([*told, *(one.text for one in related)])

    def _variants(self, plan: Plan, found: tuple[list[Entity], int], telling: Telling) -> list[str]:
        """What is said of sizes and shades, where they were asked for."""
        target, (entities, _) = plan.target, found
        if not (plan.variants or plan.also_variants) or target is None:
            return []
        if not self.grammar.ways.of_variants(target):
            return [telling.say("variants")]
        told = []
        own = (
            answers(self.lexicon, plan)[:ANSWERS_TOLD] if plan.variants else [idx for _, idx in entities[:ANSWERS_TOLD]]
        )
        for idx in own:
            others = variants_of(self.recommender.catalogue, target, np.array([idx]))
            names = [(target, int(one)) for one in others] if others is not None else []
            label = telling.label((target, int(idx)))
            key = "comes_in" if names else "no_variants"
            told.append(telling.say(key, label=label, count=f"{len(names):,}", names=telling.names(names)))
        return told

    def _told(self, entity: Entity, plan: Plan, telling: Telling) -> list[str]:
        """What was asked about one answer, a sentence each."""
        told = []
        for check in plan.checks:
            shown = witnesses(self.snapshot, entity, check)
            phrase = self.snapshot.schema.phrase(check.ways[0][0], telling.lang)
            if shown:
                told.append(telling.say("yes", fact=" ".join(telling.fact(one) for one in shown)))
            else:
                names = telling.names(check.entities)
                told.append(telling.say("no", head=telling.label(entity), phrase=phrase, tail=names))
        for step in plan.relations:
            tails = [head if tail == entity else tail for head, _, tail in asked(self.snapshot, entity, step)]
            if tails:
                phrase = self.snapshot.schema.phrase(step, telling.lang)
                names = telling.names(tails)
                told.append(telling.say("fact", head=telling.label(entity), phrase=phrase, tail=names))
        known = properties(self.snapshot, *entity)
        for name in plan.properties:
            spoken = telling.property_name(name)
            if name in known:
                told.append(telling.say("value", label=telling.label(entity), name=spoken, value=known[name]))
            else:
                told.append(telling.say("unknown_value", label=telling.label(entity), name=spoken))
        return told

    def _refused(self, question: str, plan: Plan, telling: Telling) -> Answers:
        schema = self.snapshot.schema
        if plan.target is not None and schema.entity[plan.target].sensitive:
            text = telling.say("people")
        elif plan.variants and not plan.constraints:
            text = telling.say("variants_of")
        else:
            types = [telling.type_name(name) for name, one in schema.entity.items() if not one.sensitive]
            phrases = [schema.phrase(s, telling.lang) for s in self.grammar.ways.about() if not s.startswith("~")]
            known = {p for t in schema.item_types for p in schema.entity[t].properties if not p.startswith("label_")}
            spoken = [telling.property_name(name) for name in sorted(known)]
            join = "、" if telling.lang == "zh" else ", "
            text = telling.say(
                "nothing", types=join.join(types), relations=join.join(phrases), properties=join.join(spoken)
            )
        return Answers(
            question=question,
            understood="",
            plan=[],
            count=0,
            answers=[],
            related=[],
            not_understood=plan.not_understood or [question],
            text=text,
        )
