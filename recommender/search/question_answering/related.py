"""What else may serve beside an answer: others of the same maker, what to know of things, items of other types."""

import numpy as np

from recommender.results.search import Related
from recommender.search.question_answering.execution import Fact as Triple
from recommender.search.question_answering.execution import asked
from recommender.search.question_answering.plan import Entity, Linked, Plan
from recommender.search.question_answering.reading.grammar import Grammar
from recommender.search.question_answering.telling import Telling

MAKERS = 10
"""Part of all items that one maker's may be at most, or it is none."""
RELATED = 3
"""Related items of each kind."""


class RelatedThings:
    """Finds what else the graph knows of an answer.

    :param grammar: knows which relations are between things.
    """

    def __init__(self, grammar: Grammar) -> None:
        self.grammar, self.snapshot = grammar, grammar.snapshot

    def of(self, plan: Plan, found: list[Entity], telling: Telling) -> list[Related]:
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
        for step in self.grammar.ways.about():
            head, tail = schema.ends(step)
            matrix = snapshot.adjacency(step) if head == plan.target and head in schema.item_types else None
            if matrix is None or tail in schema.item_types or matrix.nnz == 0 or np.diff(matrix.indptr).max() > 1:
                continue
            makers = {int(idx) for _, one in found for idx in snapshot.neighbours(step, one)[0]}
            if len(makers) != 1:
                continue
            maker = (tail, makers.pop())
            if (
                len(snapshot.neighbours(f"~{step}" if step[0] != "~" else step[1:], maker[1])[0])
                > matrix.shape[0] / MAKERS
            ):
                continue  # what so many have makes nothing alike
            others = asked(snapshot, maker, f"~{step}" if not step.startswith("~") else step[1:])
            if len(others) * MAKERS > matrix.shape[0]:
                continue  # what so many have makes nothing alike
            rest = [fact for fact in others if fact[0] not in found][:RELATED]
            if rest:
                text = telling.say(
                    "related_same",
                    type=telling.type_name(tail),
                    label=telling.label(maker),
                    names=telling.names([fact[0] for fact in rest]),
                )
                return [Related(kind="same", text=text, items=[telling.item(f[0], [f]) for f in rest])]
        return []

    def _to_know(self, about: list[Entity], telling: Telling) -> list[Related]:
        """What things that are no items say of each other: an ingredient helps with a concern."""
        schema, items, told = self.snapshot.schema, [], []
        for entity in about:
            for name, relation in schema.relation.items():
                plain = not {relation.head, relation.tail} & {*schema.item_types, *schema.user_types}
                if plain and relation.head == entity[0] and (facts := asked(self.snapshot, entity, name)):
                    items.append(telling.item(entity, facts))
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
                for step in self.grammar.ways.direct(item_type, entity[0]):
                    for fact in asked(self.snapshot, entity, f"~{step}" if not step.startswith("~") else step[1:]):
                        own = fact[0] if fact[0][0] == item_type else fact[2]
                        facts.setdefault(own, []).append(fact)
            best = sorted(facts, key=lambda one: (-len(facts[one]), one[1]))[:RELATED]
            if best:
                domain = schema.entity[item_type].domain or item_type
                text = telling.say("related_other", domain=telling.type_name(item_type), names=telling.names(best))
                found.append(Related(kind=domain, text=text, items=[telling.item(one, facts[one]) for one in best]))
        return found
