"""Statements: what somebody who asks says of herself, what she has, uses, avoids or is."""

from collections.abc import Sequence

import numpy as np

from recommender.search.question_answering.execution import linked
from recommender.search.question_answering.lexicon.lexicon import Lexicon
from recommender.search.question_answering.plan import Entity, Linked, Plan, Ways
from recommender.search.question_answering.reading.clause import Clause
from recommender.search.question_answering.reading.conditions import Conditions

MOST_NAMED = 5
"""Items that a statement may mean at once."""


class Statements:
    """Reads statements into plans."""

    def __init__(self, lexicon: Lexicon, conditions: Conditions, ways: Ways) -> None:
        self.lexicon, self.conditions, self.ways = lexicon, conditions, ways
        self.snapshot, self.schema = lexicon.snapshot, lexicon.snapshot.schema

    def take(self, plan: Plan, clause: Clause) -> None:
        """Read a statement: what the asker has, uses or avoids."""
        user = self.schema.user_types[0] if self.schema.user_types else None
        terms = [term for term in clause.of("entity") if term.meant]
        named = [term for term in terms if any(one[0] in self.schema.item_types for one in term.meant)]
        own = [one for term in named for one in term.meant if one[0] in self.schema.item_types]
        entities = own or [term.meant[0] for term in terms]
        words = tuple(str(term.meant) for term in clause.of("label"))
        types = [str(term.meant) for term in clause.of("type")]
        if words or (types and any(one in self.schema.item_types for one in types)):
            entities = self._items(words, entities, types) or entities
        for entity in entities:
            if "avoid" in clause.roles:
                plan.avoided.append(entity)
                clause.use(*terms)
                continue
            steps = [
                name
                for name, relation in self.schema.relation.items()
                if relation.head == user and relation.tail == entity[0] and not relation.rule and not relation.negative
            ]
            plan.taken += [(step, entity) for step in steps[:1]]
            if steps:
                clause.use(*(term for term in terms if entity in term.meant), *clause.of("label"), *clause.of("type"))

    def describe(self, plan: Plan, clause: Clause) -> None:
        """What a statement says that answers are linked to directly: a level, a skin type."""
        assert plan.target is not None
        if "avoid" in clause.roles or plan.target not in self.schema.item_types or plan.tally is not None:
            return
        if any(entity[0] in self.schema.item_types for _, entity in plan.taken):
            return
        for link in self.conditions.links(clause, plan.target, plan):
            if len(link.ways[0]) == 1:
                plan.constraints.append(link)

    def _items(self, words: tuple[str, ...], entities: list[Entity], types: Sequence[str]) -> list[Entity]:
        """Items that a statement names by words of their labels and by what is in them."""
        found: list[Entity] = []
        for item_type in types or self.schema.item_types:
            if item_type not in self.schema.item_types:
                continue
            named = [self.snapshot.label(*entity) for entity in entities]
            every = (*words, *(word.casefold() for label in named for word in label.split()))
            own = self.lexicon.with_words(item_type, tuple(dict.fromkeys(every)))
            if not len(own) and words:
                own = self.lexicon.with_words(item_type, words)
                for entity in entities:
                    ways = tuple(self.ways.between(item_type, entity[0], ()))
                    own = np.intersect1d(own, linked(self.snapshot, item_type, Linked((entity,), ways)))
            found += [(item_type, int(idx)) for idx in own[:MOST_NAMED]]
        return found
