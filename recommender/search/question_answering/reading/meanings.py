"""Which of several things a word of a question means, and by which relations the answers are linked to it."""

from dataclasses import dataclass

import numpy as np

from recommender.search.question_answering.execution import linked
from recommender.search.question_answering.language.function_words import function_words
from recommender.search.question_answering.language.glossary import is_language
from recommender.search.question_answering.language.morphology import LANGUAGES
from recommender.search.question_answering.lexicon.lexicon import Lexicon
from recommender.search.question_answering.lexicon.term import Term
from recommender.search.question_answering.plan import Entity, Linked, Ways
from recommender.search.question_answering.reading.clause import Clause

MOST_COMMON = 5
"""Labels from which on an item that is called just so is taken for one of many: a Cleanser among cleansers."""
SOME = 3
"""The same where what it says is the name of something that items have, too."""
MUCH = 4
"""How many times fewer things a namesake may have and still be worth naming."""
FAR = 3
"""Steps from which on only what is called exactly so is meant."""
LANGUAGES_AMONG = 0.8
"""Share of a type's entities that are languages from which on what it links to is the language something is in."""


@dataclass(frozen=True)
class Meaning:
    """What a word means: entities of one type, the ways to them, the likeliest other thing, and what else there is."""

    entities: tuple[Entity, ...]
    ways: tuple[tuple[str, ...], ...]
    other: Entity | None = None
    rest: tuple["Meaning", ...] = ()


class Meanings:
    """Chooses by the relation that is named, by the type that is named beside, and by how many answers have it."""

    def __init__(self, lexicon: Lexicon, ways: Ways) -> None:
        self.lexicon, self.ways = lexicon, ways
        self.snapshot, self.schema = lexicon.snapshot, lexicon.snapshot.schema
        self._reached: dict[tuple[str, tuple[Entity, ...]], int] = {}
        self._languages: dict[str, bool] = {}

    def of(self, term: Term, clause: Clause, target: str, among: tuple[Entity, ...] | None = None) -> Meaning | None:
        """What a term means as something that entities of a type are linked to; ``None`` where they are to nothing.

        :param among: what it may mean; all that it names where absent.
        """
        by_type: dict[str, list[Entity]] = {}
        common = self.is_common(term, clause)
        for entity in term.meant if among is None else among:
            if entity[0] != target and not (common and entity[0] in self.schema.item_types):
                by_type.setdefault(entity[0], []).append(entity)
        said = clause.told_before(term)
        choices = []
        for entity_type, entities in by_type.items():
            if self.schema.entity[entity_type].sensitive:
                continue
            ways = tuple(self._through(clause, term, target, entity_type))
            if ways and (len(ways[0]) < FAR or any(one not in term.loose for one in entities)):
                exact = tuple(one for one in entities if one not in term.loose)
                own = exact or self._best(target, entities, ways)
                choices.append((self._rank(term, clause, target, own, ways, said), Meaning(own, ways)))
        if not choices:
            return None
        choices.sort(key=lambda one: one[0], reverse=True)
        first, best = choices[0]
        rivals = [one for rank, one in choices[1:] if rank[0] and rank[1:4] >= (0, 0, first[3]) and not first[1]]
        others = [one for one in rivals if one.entities[0] not in term.loose]
        plain = not (term.lead in ("in", "learn") or self._learns(term, clause))
        other = others[0].entities[0] if others and plain else self._namesake(term, target, best)
        other = other or self._further(term, target, best)
        return Meaning(best.entities, best.ways, other, tuple(one for rank, one in choices[1:] if rank[0]))

    def count(self, target: str, entities: tuple[Entity, ...], ways: tuple[tuple[str, ...], ...]) -> int:
        """How many entities of a type are linked to some entities."""
        key = (target, entities)
        if key not in self._reached:
            self._reached[key] = len(linked(self.snapshot, target, Linked(entities, ways)))
        return self._reached[key]

    def is_common(self, term: Term, clause: Clause) -> bool:
        """Whether a name of an item is a common noun: many are called so, or a kind is, and it does not say “the”."""
        items = [one for one in term.meant if one[0] in self.schema.item_types]
        if not items or term.lead == "the" or any(char.isdigit() for char in term.text):
            return not items
        kind = any(one[0] not in self.schema.item_types for one in term.meant)
        words = tuple(dict.fromkeys(term.text.split()))
        alike = max(len(self.lexicon.with_words(item_type, words)) for item_type in self.schema.item_types)
        return alike >= (SOME if kind else MOST_COMMON) and len(words) <= 3

    def _further(self, term: Term, target: str, best: Meaning) -> Entity | None:
        """Another thing of another type that other words for it name, where as many are linked to that directly."""
        least = self.count(target, best.entities, best.ways)
        for one in term.further:
            ways = tuple((step,) for step in self.ways.direct(target, one[0]))
            if one[0] != best.entities[0][0] and ways and self.count(target, (one,), ways) * MUCH >= least:
                return one
        return None

    def _namesake(self, term: Term, target: str, best: Meaning) -> Entity | None:
        """Another thing of the same type that differs in what stands in brackets: Java, Java (programming language)."""
        named = self.lexicon.short_names.whole.get(term.text, ())
        loose = [one for one in named if one[0] == best.entities[0][0] and one not in best.entities]
        if set(best.entities) & set(term.loose) or not loose:
            return None
        other = self._best(target, loose, best.ways)[0]
        much = self.count(target, (other,), best.ways) * MUCH >= self.count(target, best.entities, best.ways)
        return other if much else None

    def is_kind(self, term: Term, clause: Clause, item_type: str) -> bool:
        """Whether a name that may be an item's is rather something that items of a type have."""
        return self.is_common(term, clause) and self.of(term, clause, item_type) is not None

    def _through(self, clause: Clause, term: Term, target: str, entity_type: str) -> list[tuple[str, ...]]:
        """The ways to a type; over the type that is named between, as in products with ingredients used in soap."""
        position = next(i for i, one in enumerate(clause.terms) if one is term)
        types = [one.meant for one in clause.terms[:position] if one.kind == "type"]
        types += [one.meant for one in clause.terms[position + 1 :][:3] if one.kind == "type"]
        for middle in reversed(types):
            if middle in (target, entity_type):
                continue
            to = self.ways.direct(middle, entity_type)
            steps = [s for s in self.ways.direct(target, middle) if s in clause.told_steps] or self.ways.direct(
                target, middle
            )
            if to and steps:
                return [(step, rest) for step in steps for rest in to]
        return self.ways.between(target, entity_type, clause.told_steps)

    def _best(self, target: str, entities: list[Entity], ways: tuple[tuple[str, ...], ...]) -> tuple[Entity, ...]:
        """Of several that are called so for short, the one that most have."""
        return (max(entities, key=lambda one: self.count(target, (one,), ways)),)

    def _rank(
        self,
        term: Term,
        clause: Clause,
        target: str,
        entities: tuple[Entity, ...],
        ways: tuple[tuple[str, ...], ...],
        said: set[str],
    ) -> tuple[int, ...]:
        entity_type = entities[0][0]
        count = self.count(target, entities, ways)
        beside = {one.meant for one in (clause.before(term), clause.after(term)) if one and one.kind == "type"}
        language = self._is_language(entity_type)
        wanted = 0 if not language else (-1 if self._learns(term, clause) else 1)
        return (
            int(count > 0),
            int(entity_type in beside),
            wanted,
            int(any(way[0] in said or way[-1] in said for way in ways)),
            -len(ways[0]),
            int(not set(entities) & set(term.loose)),
            count,
        )

    @staticmethod
    def _learns(term: Term, clause: Clause) -> bool:
        """Whether it is said to be what is learnt, not what something is taught in."""
        before = clause.before(term)
        return term.lead == "learn" or (
            not term.lead
            and before is not None
            and any(before.text in function_words(lang)["learn"] for lang in LANGUAGES)
        )

    def _is_language(self, entity_type: str) -> bool:
        """Whether the entities of a type are languages."""
        if entity_type not in self._languages:
            ids = list(self.snapshot.vocabulary.ids(entity_type))[:200]
            named = [is_language(str(one).casefold()) for one in ids]
            self._languages[entity_type] = bool(named) and float(np.mean(named)) >= LANGUAGES_AMONG
        return self._languages[entity_type]
