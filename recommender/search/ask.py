"""Ask: a question in English or Chinese, answered from the graph, with every triple that says so."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError
from kg.snapshot.entity_table import properties
from recommender.results.ask import Answers, AskedItem, Fact, Related
from recommender.rules.rule_set import Rules
from recommender.search.execution import Fact as Triple
from recommender.search.execution import answers, asked, witnesses
from recommender.search.folding import has_cjk
from recommender.search.lexicon import Lexicon
from recommender.search.names import Names
from recommender.search.plan import Being, Entity, Linked, Plan, Valued
from recommender.search.question import Grammar
from recommender.search.telling import Telling, plan_lines
from recommender.serving.recommender import Recommender, Request

RELATED = 3
"""Related items of each kind."""
ANSWERS_TOLD = 3
"""Answers whose facts the text tells."""


class Asker:
    """Answers questions about one snapshot: no model of language, no network, nothing that the graph does not say."""

    def __init__(self, recommender: Recommender, names: Names) -> None:
        self.recommender, self.snapshot = recommender, recommender.snapshot
        self.lexicon = Lexicon(recommender.snapshot, names)
        self.grammar = Grammar(self.lexicon)

    def ask(self, question: str, *, user: str | None = None, n: int = 20, lang: str | None = None) -> Answers:
        """Answer a question.

        :param user: whose scores decide the order; popularity where absent.
        :param n: most answers; ``count`` says how many there are.
        :param lang: of the answer; that of the question where absent.
        :raises UsageError: for an empty question.
        :raises UnknownEntityError: for an unknown user.
        """
        if not question.strip():
            raise UsageError("an empty question; ask for example: which serum contains niacinamide?")
        telling = Telling(self.snapshot, lang or ("zh" if has_cjk(question) else "en"))
        plan = self.grammar.read(question)
        nothing = not (plan.constraints or plan.taken or plan.order or plan.count or plan.popular)
        unclear = plan.target is None or plan.unclear or (nothing and plan.not_understood)
        if unclear or self.snapshot.schema.entity[plan.target or ""].sensitive:
            return self._refused(question, plan, telling)
        found, count = self._found(plan, user, n)
        rows = [self._answer(entity, plan, telling) for entity in found]
        related = self._related(plan, found, telling) if found else []
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
            steps = [s for s in self.grammar._about() if snapshot.schema.ends(s)[0] == target]
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
        for step in plan.relations:
            triples += asked(self.snapshot, entity, step)
        wanted = [*plan.properties, *(one.name for one in plan.constraints if isinstance(one, Valued))]
        wanted += [plan.order[0]] if plan.order else []
        known = properties(self.snapshot, *entity)
        values = {name: known[name] for name in wanted if name in known} or None
        return self._item(telling, entity, triples, values)

    def _item(
        self,
        telling: Telling,
        entity: Entity,
        triples: Sequence[Triple] = (),
        values: dict[str, str | float | bool] | None = None,
    ) -> AskedItem:
        vocabulary = self.snapshot.vocabulary
        facts = [
            Fact(head=vocabulary.id(*head), relation=name, tail=vocabulary.id(*tail))
            for head, name, tail in dict.fromkeys(triples)
        ]
        label = telling.label(entity)
        return AskedItem(id=vocabulary.id(*entity), type=entity[0], label=label, facts=facts, values=values)

    def _related(self, plan: Plan, found: list[Entity], telling: Telling) -> list[Related]:
        """What else may serve: what to know of the things asked about, and items of other types about them."""
        about = [
            e
            for one in (*plan.constraints, *plan.checks)
            if isinstance(one, Linked) and not one.negated
            for e in one.entities
        ]
        about += [
            tail if tail != found[0] else head
            for step in plan.relations
            for head, _, tail in asked(self.snapshot, found[0], step)
        ]
        about = [one for one in dict.fromkeys(about) if one[0] != plan.target]
        return [
            *self._same(plan, found, telling),
            *self._to_know(about, telling),
            *self._elsewhere(plan, about, telling),
        ]

    def _same(self, plan: Plan, found: list[Entity], telling: Telling) -> list[Related]:
        """Other items of the one maker, where the answers have one of something that every item has one of."""
        schema, snapshot = self.snapshot.schema, self.snapshot
        for step in self.grammar._about():
            head, tail = schema.ends(step)
            matrix = snapshot.adjacency(step) if head == plan.target and head in schema.item_types else None
            if matrix is None or tail in schema.item_types or matrix.nnz == 0 or np.diff(matrix.indptr).max() > 1:
                continue
            makers = {int(idx) for _, one in found for idx in snapshot.neighbours(step, one)[0]}
            if len(makers) != 1:
                continue
            maker = (tail, makers.pop())
            others = asked(snapshot, maker, f"~{step}" if not step.startswith("~") else step[1:])
            rest = [fact for fact in others if fact[0] not in found][:RELATED]
            if rest:
                text = telling.say(
                    "related_same",
                    type=telling.type_name(tail),
                    label=telling.label(maker),
                    names=telling.names([fact[0] for fact in rest]),
                )
                return [Related(kind="same", text=text, items=[self._item(telling, f[0], [f]) for f in rest])]
        return []

    def _to_know(self, about: list[Entity], telling: Telling) -> list[Related]:
        """What things that are no items say of each other: an ingredient helps with a concern."""
        schema, items, told = self.snapshot.schema, [], []
        for entity in about:
            for name, relation in schema.relation.items():
                plain = not {relation.head, relation.tail} & {*schema.item_types, *schema.user_types}
                if plain and relation.head == entity[0] and (facts := asked(self.snapshot, entity, name)):
                    items.append(self._item(telling, entity, facts))
                    told += [telling.fact(fact) for fact in facts[:RELATED]]
        return (
            [Related(kind="about", text=telling.say("related_about", facts=" ".join(told)), items=items)]
            if items
            else []
        )

    def _elsewhere(self, plan: Plan, about: list[Entity], telling: Telling) -> list[Related]:
        """Items of other types that are linked to the most of what the question is about."""
        schema, found = self.snapshot.schema, []
        for item_type in schema.item_types:
            if item_type == plan.target:
                continue
            facts: dict[Entity, list[Triple]] = {}
            for entity in about:
                for step in self.grammar._direct(item_type, entity[0]):
                    for fact in asked(self.snapshot, entity, f"~{step}" if not step.startswith("~") else step[1:]):
                        own = fact[0] if fact[0][0] == item_type else fact[2]
                        facts.setdefault(own, []).append(fact)
            best = sorted(facts, key=lambda one: (-len(facts[one]), one[1]))[:RELATED]
            if best:
                domain = schema.entity[item_type].domain or item_type
                text = telling.say("related_other", domain=telling.type_name(item_type), names=telling.names(best))
                found.append(
                    Related(kind=domain, text=text, items=[self._item(telling, one, facts[one]) for one in best])
                )
        return found

    def _text(self, plan: Plan, found: tuple[list[Entity], int], related: list[Related], telling: Telling) -> str:
        entities, count = found
        steps = "; ".join(telling.steps(plan))
        told = [telling.say("not_understood", words=", ".join(plan.not_understood))] if plan.not_understood else []
        if plan.variants:
            told.append(telling.say("variants"))
        if not entities:
            return " ".join([*told, telling.say("none", steps=steps)])
        named = all(isinstance(one, Being) for one in plan.constraints) and bool(plan.constraints)
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
        else:
            types = [telling.type_name(name) for name, one in schema.entity.items() if not one.sensitive]
            phrases = [schema.phrase(s, telling.lang) for s in self.grammar._about() if not s.startswith("~")]
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
