"""What an answer says in a person's language: what was found, what was asked of it, and what was left out."""

import numpy as np

from kg.snapshot.entity_table import properties
from recommender.catalogue.catalogue import Catalogue
from recommender.results.search import Related
from recommender.search.question_answering.execution import (
    answers,
    asked,
    fulfilling,
    unlisted,
    variants_of,
    witnesses,
)
from recommender.search.question_answering.plan import Being, Constraint, Entity, Linked, Plan
from recommender.search.question_answering.reading.grammar import Grammar
from recommender.search.question_answering.telling import Telling

ANSWERS_TOLD = 3
"""Answers whose facts the text tells."""
MOST_COUNTS = 20
"""Counts that the text tells where each is asked for."""
RANKED_TOLD = 5
"""Further ones whose counts the text tells."""


class AnswerText:
    """The text of answers on one snapshot."""

    def __init__(self, catalogue: Catalogue, grammar: Grammar) -> None:
        self.catalogue, self.grammar, self.snapshot = catalogue, grammar, grammar.snapshot

    def of(self, plan: Plan, found: tuple[list[Entity], int], related: list[Related], telling: Telling) -> str:
        """What was found, ``found``: the first entities and how many there are in all."""
        entities, _ = found
        steps = "; ".join(telling.steps(plan))
        told = [*self._left_out(plan, telling), *self._variants(plan, found, telling)]
        if plan.narrowed is not None and plan.target is not None:
            told.append(self._first_count(plan, plan.narrowed, telling))
        if not entities:
            return " ".join([*told, *([] if plan.variants and told else [telling.say("none", steps=steps)])])
        named = all(isinstance(one, Being) for one in plan.constraints) and bool(plan.constraints)
        named = named and not plan.variants
        if plan.average is not None:
            told.append(self._average(plan, telling))
        elif not named or not (plan.checks or plan.properties or plan.relations):
            told.append(self._found(plan, found, telling))
        for entity in entities[:ANSWERS_TOLD]:
            told += self._told(entity, plan, telling)
        return " ".join([*told, *(one.text for one in related)])

    def _first_count(self, plan: Plan, narrowed: tuple[Constraint, ...], telling: Telling) -> str:
        """How many there were before more was asked of them."""
        target = plan.target or ""
        steps = telling.steps(Plan(target=target, constraints=list(narrowed)))
        count = len(fulfilling(self.grammar.lexicon, target, narrowed))
        return telling.say("counted_of", label="; ".join(steps), count=f"{count:,}", type=telling.type_name(target))

    def of_tally(self, plan: Plan, ranked: list[tuple[str, Entity | None, float]], telling: Telling) -> str:
        """What counts say, ``ranked``: label, entity and count, in the order asked for."""
        tally = plan.tally
        assert tally is not None
        told, counted = self._left_out(plan, telling), telling.type_name(tally.counted)
        if tally.mean is not None:
            counted = telling.say("mean_of", name=telling.property_name(tally.mean), type=counted)
        if not ranked:
            return " ".join([*told, telling.say("none", steps="; ".join(telling.steps(plan)))])
        join = "、" if telling.lang == "zh" else ", "
        (label, _, count), rest = ranked[0], ranked[1:]
        if tally.groups and tally.every:
            each = [telling.say("counted_of", label=row[0], count=f"{row[2]:,}", type=counted) for row in ranked]
            return " ".join([*told, *each])
        if tally.groups:
            others = join.join(f"{name} {number:,}" for name, _, number in rest)
            if all(number == count for _, _, number in rest):
                return " ".join([*told, telling.say("as_many", count=f"{count:,}", type=counted)])
            kind = "fewer_of" if tally.fewest else "more_of"
            return " ".join([*told, telling.say(kind, label=label, count=f"{count:,}", others=others, type=counted)])
        if tally.every:
            listed = join.join(f"{name} {number:,}" for name, _, number in ranked[:MOST_COUNTS])
            more = len(ranked) - MOST_COUNTS
            listed = telling.say("more", names=listed, count=f"{more:,}") if more > 0 else listed
            return " ".join([*told, telling.say("counts_of", count=f"{len(ranked):,}", type=counted, names=listed)])
        best = [row for row in ranked if row[2] == count]
        rest = ranked[len(best) : len(best) + RANKED_TOLD]
        names = telling.names([entity for _, entity, _ in best if entity is not None])
        others = join.join(f"{name} {number:,}" for name, _, number in rest) or "–"
        kind = "ranked_fewest" if tally.fewest else "ranked_most"
        return " ".join([*told, telling.say(kind, type=counted, names=names, count=f"{count:,}", rest=others)])

    def of_refusal(self, plan: Plan, telling: Telling) -> str:
        """Why there is no answer, and what can be asked."""
        schema = self.snapshot.schema
        if plan.target is not None and schema.entity[plan.target].sensitive:
            return telling.say("people")
        if plan.variants and not plan.constraints and not plan.missing:
            return telling.say("variants_of")
        join = "、" if telling.lang == "zh" else ", "
        told = []
        if plan.missing:
            told.append(telling.say("not_held", words=join.join(dict.fromkeys(plan.missing))))
        if words := [word for word in plan.not_understood if word not in plan.missing]:
            told.append(telling.say("unknown", words=join.join(words)))
        steps = [step for step in self.grammar.ways.about() if not step.startswith("~")]
        types = dict.fromkeys([*schema.item_types, *(end for step in steps for end in schema.ends(step))])
        known = {p for t in schema.item_types for p in schema.entity[t].properties if not p.startswith("label_")}
        said = [telling.phrase(step) for step in steps]
        ask = telling.say(
            "nothing",
            types=join.join(telling.type_name(name) for name in types),
            relations=join.join(dict.fromkeys(said)),
            properties=join.join(telling.property_name(name) for name in sorted(known)),
        )
        return " ".join([*told, ask])

    def _left_out(self, plan: Plan, telling: Telling) -> list[str]:
        """What of the question is in no answer, and what was taken for something though it may mean something else."""
        join, told = "、" if telling.lang == "zh" else ", ", []
        if plan.missing:
            told.append(telling.say("not_held", words=join.join(dict.fromkeys(plan.missing))))
        if words := [word for word in plan.not_understood if word not in plan.missing]:
            told.append(telling.say("not_understood", words=join.join(words)))
        if plan.relaxed:
            told.append(telling.say("relaxed", words=" ".join(plan.relaxed)))
        for word, taken, other in plan.assumed:
            names = [f"{telling.label(one)} ({telling.type_name(one[0])})" for one in (taken, other)]
            told.append(telling.say("assumed", word=word, taken=names[0], other=names[1]))
        for word, mark, thing in dict.fromkeys(plan.marked):
            marked = f"{telling.label(mark)} ({telling.type_name(mark[0])})"
            told.append(telling.say("marked", word=word, taken=marked, other=telling.label(thing)))
        refused = [one for one in plan.constraints if isinstance(one, Linked) and one.negated]
        for one in refused:
            rest = fulfilling(self.grammar.lexicon, plan.target or "", [c for c in plan.constraints if c is not one])
            unknown = int(unlisted(self.snapshot, plan.target or "", one)[rest].sum())
            if unknown:
                phrase, kind = telling.phrase(one.ways[0][0]), telling.type_name(plan.target or "")
                told.append(telling.say("unknown_links", phrase=phrase, count=f"{unknown:,}", type=kind))
        return told

    def _found(self, plan: Plan, found: tuple[list[Entity], int], telling: Telling) -> str:
        entities, count = found
        assert plan.target is not None
        kind = telling.type_name(plan.target)
        names = telling.names(entities, count=count)
        if plan.order and not plan.top and not plan.whole:
            name, ascending = plan.order
            value = properties(self.snapshot, *entities[0]).get(name)
            sentence = "extreme_low" if ascending else "extreme_high"
            of = f"{len(answers(self.grammar.lexicon, plan)):,}"
            return telling.say(sentence, name=telling.property_name(name), of=of, type=kind, value=value, names=names)
        if plan.order:
            values = [properties(self.snapshot, *one).get(plan.order[0]) for one in entities]
            join = "、" if telling.lang == "zh" else ", "
            names = join.join(f"{telling.label(one)} ({value})" for one, value in zip(entities, values, strict=True))
        if plan.popular and plan.top:
            of = f"{len(answers(self.grammar.lexicon, plan)):,}"
            return telling.say("most_popular", count=of, type=kind, names=names)
        everything = f"{self.snapshot.vocabulary.count(plan.target):,}"
        sentence = "fits" if plan.by_paths else "found"
        return telling.say(sentence, count=f"{count:,}", all=everything, type=kind, names=names)

    def _average(self, plan: Plan, telling: Telling) -> str:
        assert plan.target is not None and plan.average is not None
        values = self.snapshot.number(plan.target, plan.average)[answers(self.grammar.lexicon, plan)]
        values = values[~np.isnan(values)]
        name, kind = telling.property_name(plan.average), telling.type_name(plan.target)
        if not len(values):
            return telling.say("unknown_value", label=kind, name=name)
        mean, low, high = (f"{one:.2f}" for one in (values.mean(), values.min(), values.max()))
        return telling.say("average_of", name=name, count=f"{len(values):,}", type=kind, value=mean, low=low, high=high)

    def _variants(self, plan: Plan, found: tuple[list[Entity], int], telling: Telling) -> list[str]:
        """What is said of sizes and shades, where they were asked for."""
        target, (entities, _) = plan.target, found
        if not (plan.variants or plan.also_variants) or target is None:
            return []
        if not self.grammar.ways.of_variants(target):
            return [telling.say("variants")]
        told = []
        own = (
            answers(self.grammar.lexicon, plan)[:ANSWERS_TOLD]
            if plan.variants
            else [idx for _, idx in entities[:ANSWERS_TOLD]]
        )
        for idx in own:
            others = variants_of(self.catalogue, target, np.array([idx]))
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
            phrase = telling.phrase(check.ways[0][0])
            if check.negated:
                told.append(self._without(entity, check, telling))
            elif shown:
                told.append(telling.say("yes", fact=" ".join(telling.fact(one) for one in shown)))
            else:
                names = telling.names(check.entities)
                told.append(telling.say("no", head=telling.label(entity), phrase=phrase, tail=names))
        for step in plan.relations:
            tails = [head if tail == entity else tail for head, _, tail in asked(self.snapshot, entity, step)]
            if tails:
                phrase = telling.phrase(step)
                names = telling.names(tails)
                told.append(telling.say("fact", head=telling.label(entity), phrase=phrase, tail=names))
            elif len(plan.relations) == 1:
                told.append(telling.say("unlisted", head=telling.label(entity), phrase=telling.phrase(step)))
        known = properties(self.snapshot, *entity)
        for name in plan.properties:
            spoken = telling.property_name(name)
            if name in known:
                told.append(telling.say("value", label=telling.label(entity), name=spoken, value=known[name]))
            else:
                told.append(telling.say("unknown_value", label=telling.label(entity), name=spoken))
        return told

    def _without(self, entity: Entity, check: Linked, telling: Telling) -> str:
        """Whether something is free of something: only what is listed can be known not to be there."""
        step = check.ways[0][0]
        phrase, head = telling.phrase(step), telling.label(entity)
        if shown := witnesses(self.snapshot, entity, check):
            return telling.say("no_but", fact=" ".join(telling.fact(one) for one in shown))
        if len(check.ways[0]) == 1 and (listed := len(asked(self.snapshot, entity, step))):
            names = telling.names(check.entities)
            return telling.say("yes_without", count=f"{listed:,}", head=head, phrase=phrase, tail=names)
        return telling.say("unsaid_without", head=head, phrase=phrase)
