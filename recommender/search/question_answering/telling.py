"""Plans and answers in words."""

from collections.abc import Iterable, Sequence
from typing import Any

from kg.snapshot.snapshot import Snapshot
from recommender.results.search import AskedItem
from recommender.results.search import Fact as Cited
from recommender.search.question_answering.execution import Fact
from recommender.search.question_answering.function_words import function_words
from recommender.search.question_answering.plan import Being, Constraint, Entity, Linked, Plan, Valued, Worded

MOST_NAMES = 8


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
        told = ("、" if self.lang == "zh" else ", ").join(self.label(one) for one in entities[:most])
        rest = (len(entities) if count is None else count) - min(most, len(entities))
        return self.say("more", names=told, count=f"{rest:,}") if rest > 0 else told

    def type_name(self, entity_type: str) -> str:
        """What a type is called."""
        words = self.snapshot.schema.entity[entity_type].words.get(self.lang, ())
        return words[0] if words else entity_type

    def property_name(self, name: str) -> str:
        """What a property is called."""
        words = self._properties.get(name)
        return str(words[0]) if words else name.replace("_", " ")

    def fact(self, fact: Fact) -> str:
        """A triple as a sentence."""
        head, relation, tail = fact
        phrase = self.snapshot.schema.phrase(relation, self.lang)
        return self.say("fact", head=self.label(head), phrase=phrase, tail=self.label(tail))

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
        told += [self._constraint(one) for one in plan.constraints]
        asked = [check.ways[0][0] for check in plan.checks]
        for check in plan.checks:
            told.append(self.say("be_checked", phrase=self._phrase(check.ways[0][0]), names=self.names(check.entities)))
        told += [self.say("be_asked", phrase=self._phrase(step)) for step in plan.relations if step not in asked]
        told += [self.say("be_valued", name=self.property_name(name)) for name in plan.properties]
        if plan.variants or plan.also_variants:
            told.append(self.say("be_variants"))
        if plan.order:
            told.append(self.say("be_low" if plan.order[1] else "be_high", name=self.property_name(plan.order[0])))
        if plan.taken:
            told.append(self.say("be_taken", names=self.names([entity for _, entity in plan.taken])))
        if plan.avoided:
            told.append(self.say("be_avoided", names=self.names(plan.avoided)))
        return told

    def _constraint(self, one: Constraint) -> str:
        if isinstance(one, Worded):
            return self.say("be_words", words=" ".join(one.words))
        if isinstance(one, Being):
            return self.say("be_one", names=self.names(one.entities))
        if isinstance(one, Valued):
            value = f"{one.value:g}" if isinstance(one.value, float) else one.value
            return self.say(f"be_{one.comparison}", name=self.property_name(one.name), value=value)
        if len(one.ways[0]) > 1:
            return self.say("be_near", names=self.names(one.entities))
        kind = "be_not" if one.negated else "be_linked"
        return self.say(kind, phrase=self._phrase(one.ways[0][0]), names=self.names(one.entities))

    def _phrase(self, step: str) -> str:
        return self.snapshot.schema.phrase(step, self.lang)


def plan_lines(snapshot: Snapshot, plan: Plan) -> list[str]:
    """The plan with names of the schema and ids: what it is to a machine."""
    lines = [f"type {plan.target}"] if plan.target else []
    for one in plan.constraints:
        if isinstance(one, Worded):
            lines.append(f"label contains {' '.join(one.words)}")
        elif isinstance(one, Being):
            lines.append(f"is {_ids(snapshot, one.entities)}")
        elif isinstance(one, Valued):
            lines.append(f"{one.name} { {'below': '<=', 'above': '>=', 'equal': '='}[one.comparison] } {one.value}")
        else:
            lines.append(_link(snapshot, one))
    lines += [f"ask {_link(snapshot, one)}" for one in plan.checks]
    lines += ["ask variants ?"] if plan.variants or plan.also_variants else []
    lines += [f"ask {step} ?" for step in plan.relations] + [f"ask {name} ?" for name in plan.properties]
    lines += [f"order {plan.order[0]} {'ascending' if plan.order[1] else 'descending'}"] if plan.order else []
    lines += [f"have {step}:{snapshot.vocabulary.id(*entity)}" for step, entity in plan.taken]
    return lines + [f"avoid {entity[0]}:{snapshot.vocabulary.id(*entity)}" for entity in plan.avoided]


def _link(snapshot: Snapshot, one: Linked) -> str:
    ways = " | ".join(" > ".join(way) for way in one.ways)
    return f"{'not ' if one.negated else ''}{ways} {_ids(snapshot, one.entities)}"


def _ids(snapshot: Snapshot, entities: Iterable[Entity]) -> str:
    return " or ".join(f"{name}:{snapshot.vocabulary.id(name, idx)}" for name, idx in entities)
