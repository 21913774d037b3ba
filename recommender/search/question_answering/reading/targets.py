"""What a clause asks for: the type of the answers."""

from collections.abc import Sequence

import numpy as np

from recommender.search.question_answering.execution import fulfilling
from recommender.search.question_answering.lexicon.lexicon import Lexicon
from recommender.search.question_answering.lexicon.term import Term
from recommender.search.question_answering.plan import Constraint, Entity, Ways, Worded
from recommender.search.question_answering.reading.clause import Clause
from recommender.search.question_answering.reading.conditions import Conditions

BEYOND = ("count", "lowest", "highest", "cheapest", "dearest", "popular", "below", "above", "at_most", "at_least")


class Targets:
    """Finds the type of what is asked for: named, the other end of what is said, or that of which most fulfil it."""

    def __init__(self, lexicon: Lexicon, conditions: Conditions, ways: Ways) -> None:
        self.lexicon, self.conditions, self.ways = lexicon, conditions, ways
        self.schema = lexicon.snapshot.schema

    def of(self, clause: Clause) -> str | None:
        """The type of what a clause asks for; ``None`` where it names nothing."""
        types = self._types(clause)
        if types:
            return self._named(clause, types)
        if told := self._told(clause):
            return told
        entities = [entity for term in clause.of("entity") for entity in term.meant]
        items = [term for term in clause.of("entity") if self._names_item(term, clause)]
        if items:
            return str(next(one[0] for one in items[0].meant if one[0] in self.schema.item_types))
        if "describe" in clause.roles and self.only_named(clause) and entities:
            return self._described(clause)
        if found := self.most_fulfilling(clause):
            return found
        valued = [str(term.meant[0]) for term in clause.of("value")]
        if valued:
            return valued[0]
        return entities[0][0] if entities else None

    def only_named(self, clause: Clause) -> bool:
        """Whether a clause names things and says nothing of them: what is niacinamide?"""
        plain = {"ask", "describe", "yes_no", "same"}
        return all(term.kind == "entity" or (term.kind == "word" and term.meant in plain) for term in clause.terms)

    def _described(self, clause: Clause) -> str | None:
        """A thing of which something is known is described; of a kind of items the items are listed."""
        terms = clause.of("entity")
        if len(terms) > 1 or terms[0].text.endswith("s"):
            return self.most_fulfilling(clause)
        types = [entity[0] for entity in terms[0].meant]
        told = [t for t in types if any(self.schema.ends(s)[0] == t for s in self.ways.about() if s[0] != "~")]
        return str((told or types)[0])

    def _names_item(self, term: Term, clause: Clause) -> bool:
        items = any(entity[0] in self.schema.item_types for entity in term.meant)
        return items and not self.conditions.meanings.is_common(term, clause)

    def _types(self, clause: Clause) -> list[str]:
        """The types that are named, but for those that only say what kind of thing a name beside them is."""
        found = []
        for term in clause.of("type"):
            near = (clause.before(term), clause.after(term))
            beside = [one for one in near if one is not None and one.kind == "entity"]
            before = clause.before(term)
            if before is not None and before.kind == "unknown" and term.meant not in self.schema.item_types:
                continue  # for mature skin: something about it that is not known
            asked = (before := clause.before(term)) is not None and before.meant in ("ask", "count")
            if asked or not any(entity[0] == term.meant for one in beside for entity in one.meant):
                found.append(str(term.meant))
        return found

    def _named(self, clause: Clause, types: list[str]) -> str:
        """The type right after the asking word, else the last one that no other hangs on."""
        for position, term in enumerate(clause.terms):
            if term.kind != "word" or term.meant not in ("ask", "count"):
                continue
            after = [
                one for one in clause.terms[position + 1 : position + 3] if one.kind in ("type", "label", "entity")
            ]
            if after and after[0].kind == "type":
                return str(after[0].meant)
            if after and after[0].kind == "label" and term.text not in ("who", "whose", "谁"):
                words = tuple(one.text for one in clause.terms[position + 1 :] if one.kind == "label")
                return self._worded(words) or types[0]
        return next((one for one in types if one in self.schema.item_types), types[0])

    def _told(self, clause: Clause) -> str | None:
        """The other end of a relation that is said of something: who makes this?"""
        entities = [entity for term in clause.of("entity") for entity in term.meant]
        asking = {"ask", "describe"} & clause.roles
        for term in clause.of("relation"):
            ends = [self.schema.ends(step) for step in term.meant]
            for head, tail in ends if asking and entities else ():
                heads = any(entity[0] == head for entity in entities)
                tails = any(entity[0] == tail for entity in entities)
                items = [one for one in clause.of("entity") if self._names_item(one, clause)]
                if heads and not tails and not self.schema.entity[tail].sensitive:
                    if head not in self.schema.item_types or (items and len(clause.of("entity")) == 1):
                        return tail
                    if items:
                        return head
                elif tails and not heads and not self.schema.entity[head].sensitive:
                    return head if not self._elsewhere(clause, head) else None
        return None

    def _elsewhere(self, clause: Clause, head: str) -> bool:
        """Whether a clause says something that entities of a type do not have."""
        return any(
            not any(self.ways.between(head, entity[0], ()) or entity[0] == head for entity in term.meant)
            for term in clause.of("entity")
            if term.meant
        )

    def most_fulfilling(self, clause: Clause) -> str | None:
        """The type of items of which the most fulfil what is said."""
        words = tuple(dict.fromkeys(term.meant for term in clause.of("label")))
        entities = [term for term in clause.of("entity") if term.meant]
        best: tuple[tuple[int, int, int], str] | None = None
        for item_type in self.schema.item_types if words or entities else ():
            rank = self._fulfilled(clause, item_type, words, entities)
            if any(rank[:2]) and (best is None or rank > best[0]):
                best = (rank, item_type)
        return best[1] if best else None

    def _fulfilled(
        self, clause: Clause, item_type: str, words: tuple[str, ...], entities: Sequence[Term]
    ) -> tuple[int, int, int]:
        """How many things that are said are directly linked, whether some item has all, how many have."""
        meanings = [self.conditions.meanings.of(term, clause, item_type) for term in entities]
        links = self.conditions.links(clause, item_type, None)
        direct = sum(1 for one in meanings if one and len(one.ways[0]) == 1)
        worded = int(bool(words) and len(self.lexicon.with_words(item_type, words)) > 0)
        constraints: list[Constraint] = [one for one in links if len(one.ways[0]) == 1]
        constraints += [Worded(words)] if words else []
        count = len(fulfilling(self.lexicon, item_type, constraints)) if constraints else 0
        return (direct + worded, int(count > 0), count)

    def _worded(self, words: tuple[str, ...]) -> str | None:
        counted = {t: len(self.lexicon.with_words(t, words)) for t in self.schema.item_types}
        known = [t for t, count in counted.items() if count]
        return max(known, key=lambda t: counted[t]) if known else None

    def shared(self, groups: Sequence[Entity]) -> str | None:
        """The type of items that have all of several things directly."""
        fits = [t for t in self.schema.item_types if all(self.ways.direct(t, one[0]) for one in groups)]
        if not fits:
            return None
        sizes = [
            sum(
                int(np.diff(self.lexicon.snapshot.adjacency(f"~{s}" if s[0] != "~" else s[1:]).indptr)[one[1]])
                for one in groups
                for s in self.ways.direct(t, one[0])
            )
            for t in fits
        ]
        return fits[int(np.argmax(sizes))]
