"""Plans and answers in words."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from kg.one_line import one_line
from kg.snapshot.snapshot import Snapshot
from recommender.results.search import AskedItem
from recommender.results.search import Fact as Cited
from recommender.search.folding import has_cjk
from recommender.search.question_answering.execution import Fact
from recommender.search.question_answering.language.function_words import function_words
from recommender.search.question_answering.plan import Being, Constraint, Entity, Linked, Plan, Tally, Valued, Worded

MOST_NAMES = 8
SIGNS = {"below": "<", "above": ">", "at_most": "<=", "at_least": ">=", "equal": "="}


class Telling:
    """Words of one language for the plans of one snapshot."""

    def __init__(self, snapshot: Snapshot, lang: str) -> None:
        self.snapshot, self.lang = snapshot, lang
        self.sentences: dict[str, str] = function_words(lang)["sentences"]
        self._properties = function_words(lang)["properties"]

    def say(self, sentence: str, **parts: Any) -> str:
        """A sentence with its parts."""
        return self.sentences[sentence].format(**parts)

    def label(self, entity: Entity) -> str:
        """What a person reads for an entity."""
        return self.snapshot.label(*entity, self.lang)

    def names(self, entities: Sequence[Entity], most: int = MOST_NAMES, count: int | None = None) -> str:
        """Labels, at most ``most`` of them, and how many more there are of ``count``."""
        told = ("、" if self.lang == "zh" else ", ").join(one_line(self.label(one)) for one in entities[:most])
        rest = (len(entities) if count is None else count) - min(most, len(entities))
        return self.say("more", names=told, count=f"{rest:,}") if rest > 0 else told

    def type_name(self, entity_type: str) -> str:
        """What a type is called."""
        words = self.snapshot.schema.entity[entity_type].words.get(self.lang, ())
        return words[0] if words else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", entity_type).casefold()

    def property_name(self, name: str) -> str:
        """What a property is called."""
        words = self._properties.get(name)
        return str(words[0]) if words else name.replace("_", " ")

    def fact(self, fact: Fact) -> str:
        """A triple as a sentence."""
        head, relation, tail = fact
        return self.say("fact", head=self.label(head), phrase=self.phrase(relation), tail=self.label(tail))

    def item(
        self,
        entity: Entity,
        triples: Sequence[Fact] = (),
        values: dict[str, str | float | bool] | None = None,
    ) -> AskedItem:
        """An entity as an answer, with the triples that show it, each once."""
        vocabulary = self.snapshot.vocabulary
        facts = [
            Cited(head=vocabulary.id(*head), relation=name, tail=vocabulary.id(*tail))
            for head, name, tail in dict.fromkeys(triples)
        ]
        label = self.label(entity)
        return AskedItem(id=vocabulary.id(*entity), type=entity[0], label=label, facts=facts, values=values)

    def steps(self, plan: Plan) -> list[str]:
        """The plan in words, a condition each."""
        told = [self.say("be_type", type=self.type_name(plan.target))] if plan.target else []
        told += [self._constraint(one).strip() for one in plan.constraints]
        asked = [check.ways[0][0] for check in plan.checks]
        for check in plan.checks:
            told.append(self.say("be_checked", phrase=self.phrase(check.ways[0][0]), names=self.names(check.entities)))
        told += [self.say("be_asked", phrase=self.phrase(step)) for step in plan.relations if step not in asked]
        told += [self.say("be_valued", name=self.property_name(name)) for name in plan.properties]
        if plan.variants or plan.also_variants:
            told.append(self.say("be_variants"))
        if plan.order:
            told.append(self.say("be_low" if plan.order[1] else "be_high", name=self.property_name(plan.order[0])))
        if plan.average:
            told.append(self.say("be_average", name=self.property_name(plan.average)))
        if plan.tally is not None:
            told += self._tally(plan.tally)
        if plan.taken:
            told.append(self.say("be_taken", names=self.names([entity for _, entity in plan.taken])))
        if plan.avoided:
            told.append(self.say("be_avoided", names=self.names(plan.avoided)))
        return told

    def _tally(self, tally: Tally) -> list[str]:
        kind = self.type_name(tally.counted)
        if tally.mean is not None:
            kind = self.say("mean_of", name=self.property_name(tally.mean), type=kind)
        conditions = [self._constraint(one) for one in tally.constraints]
        if tally.groups:
            names = ("、" if self.lang == "zh" else ", ").join(label for label, _ in tally.groups)
            return [self.say("be_compared", type=kind, names=names), *conditions]
        return [self.say("be_fewest" if tally.fewest else "be_most", type=kind), *conditions]

    def _constraint(self, one: Constraint) -> str:
        if isinstance(one, Worded):
            return self.say("be_words", words=" ".join(one.words))
        if isinstance(one, Being):
            return self.say("be_one", names=self.names(one.entities))
        if isinstance(one, Valued):
            value = f"{one.value:g}" if isinstance(one.value, float) else one.value
            return self.say(f"be_{one.comparison}", name=self.property_name(one.name), value=value)
        if one.through:
            conditions = ", ".join(self._constraint(condition) for condition in one.through)
            kind = "be_not" if one.negated else "be_linked"
            return self.say(kind, phrase=self.phrase(one.ways[0][0]), names=f"({conditions})")
        if len(one.ways[0]) > 1:
            return self.say("be_near", names=self.names(one.entities))
        kind = "be_not" if one.negated else "be_linked"
        return self.say(kind, phrase=self.phrase(one.ways[0][0]), names=self.names(one.entities))

    def phrase(self, step: str) -> str:
        """How a step is said; one without words in Chinese keeps its spaces there."""
        phrase = self.snapshot.schema.phrase(step, self.lang)
        return f" {phrase} " if self.lang == "zh" and not has_cjk(phrase) else phrase


def plan_lines(snapshot: Snapshot, plan: Plan) -> list[str]:
    """The plan with names of the schema and ids: what it is to a machine."""
    lines = [f"type {plan.target}"] if plan.target else []
    lines += [_line(snapshot, one) for one in plan.constraints]
    if plan.tally is not None:
        mean = f" mean {plan.tally.mean}" if plan.tally.mean else ""
        lines.append(f"{'fewest' if plan.tally.fewest else 'most'} {plan.tally.counted}{mean}")
        lines += [f"of {_line(snapshot, one)}" for one in plan.tally.constraints]
        lines += [f"compare {_line(snapshot, one)}" for _, one in plan.tally.groups]
        lines += [f"count {' > '.join(way)} ?" for way in plan.tally.ways]
    lines += [f"average {plan.average}"] if plan.average else []
    lines += [f"first {plan.top}"] if plan.top else []
    lines += [f"ask {_link(snapshot, one)}" for one in plan.checks]
    lines += ["ask variants ?"] if plan.variants or plan.also_variants else []
    lines += [f"ask {step} ?" for step in plan.relations] + [f"ask {name} ?" for name in plan.properties]
    lines += [f"order {plan.order[0]} {'ascending' if plan.order[1] else 'descending'}"] if plan.order else []
    lines += [f"have {step}:{snapshot.vocabulary.id(*entity)}" for step, entity in plan.taken]
    return lines + [f"avoid {entity[0]}:{snapshot.vocabulary.id(*entity)}" for entity in plan.avoided]


def _line(snapshot: Snapshot, one: Constraint) -> str:
    if isinstance(one, Worded):
        return f"label contains {' '.join(one.words)}"
    if isinstance(one, Being):
        return f"is {_ids(snapshot, one.entities)}"
    if isinstance(one, Valued):
        return f"{one.name} {SIGNS[one.comparison]} {one.value}"
    return _link(snapshot, one)


def _link(snapshot: Snapshot, one: Linked) -> str:
    ways = " | ".join(" > ".join(way) for way in one.ways)
    if one.through:
        conditions = ", ".join(_line(snapshot, condition) for condition in one.through)
        return f"{'not ' if one.negated else ''}{ways} ({conditions})"
    return f"{'not ' if one.negated else ''}{ways} {_ids(snapshot, one.entities)}"


def _ids(snapshot: Snapshot, entities: Iterable[Entity]) -> str:
    return " or ".join(f"{name}:{snapshot.vocabulary.id(name, idx)}" for name, idx in entities)
