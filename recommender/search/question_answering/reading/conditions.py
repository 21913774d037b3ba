"""What the terms of a clause ask of the answers: links to things, comparisons of properties, values, words of names."""

import numpy as np

from recommender.search.question_answering.lexicon.term import Term
from recommender.search.question_answering.plan import Comparison, Entity, Linked, Plan, Valued, Ways
from recommender.search.question_answering.reading.clause import Clause
from recommender.search.question_answering.reading.meanings import Meaning, Meanings

SIDES: dict[str, Comparison] = {
    "below": "below",
    "above": "above",
    "at_most": "at_most",
    "at_least": "at_least",
    "below_after": "at_most",
    "above_after": "at_least",
}
AFTER = ("below_after", "above_after")
NUMERIC = ("float", "int")

PRICE, HOURS = "price", "hours"
ORDERS = (
    ("cheapest", PRICE, True),
    ("dearest", PRICE, False),
    ("shortest", HOURS, True),
    ("longest", HOURS, False),
    ("lowest", None, True),
    ("highest", None, False),
)


class Conditions:
    """Reads conditions on entities of a type from a clause, and notes which terms it has used."""

    def __init__(self, meanings: Meanings, ways: Ways) -> None:
        self.meanings, self.ways = meanings, ways
        self.schema, self.snapshot = meanings.schema, meanings.snapshot

    def links(self, clause: Clause, target: str, plan: Plan | None, without: tuple[Term, ...] = ()) -> list[Linked]:
        """Entities of other types that a clause names, each a link that is wanted or refused.

        :param plan: notes what has two meanings; nothing is noted where absent.
        :param without: terms that say something else.
        """
        found: list[Linked] = []
        negated = either = False
        refused: str | None = None
        for position, term in enumerate(clause.terms):
            if term.kind == "word":
                negated = term.meant == "negation" or (negated and term.meant != "contrast")
                either = either or term.meant == "either"
            if term.kind == "relation" and not (position and clause.terms[position - 1].meant == "negation"):
                negated = False
            if term.kind != "entity" or term in without:
                continue
            free = self._is_free(clause, term, position)
            meaning = self.meanings.of(term, clause, target)
            marks = self._marks(term, target) if negated or free else None
            if marks is None and meaning is None:
                continue
            kind = meaning.entities[0][0] if meaning else ""
            refused = (refused or kind) if negated else None
            if meaning and refused not in (None, kind):
                negated, refused = False, None  # without perfume, for oily skin: another kind of thing is wanted
                marks = None
            clause.use(term)
            if negated or free:
                clause.use_roles("negation", "negation_after")
            link = marks or self._link(term, meaning, plan, negated=negated or free)
            if plan is not None and not link.negated:
                plan.marked += self._unmarked(term, target, link)
            if either and found and found[-1].negated == link.negated and len(link.ways[0]) == len(found[-1].ways[0]):
                ways = tuple(dict.fromkeys((*found[-1].ways, *link.ways)))
                found[-1] = Linked((*found[-1].entities, *link.entities), ways, link.negated)
                either = False
            else:
                found.append(link)
        return self._alternatives(found)

    @staticmethod
    def _link(term: Term, meaning: Meaning | None, plan: Plan | None, *, negated: bool) -> Linked:
        """The link that a name says; the plan notes what else the name may mean."""
        assert meaning is not None
        link = Linked(meaning.entities, meaning.ways, negated)
        if plan is not None:
            plan.rest[link] = [(term.text, (one.entities, one.ways)) for one in meaning.rest]
            if meaning.other:
                plan.assumed.append((term.text, meaning.entities[0], meaning.other))
        return link

    @staticmethod
    def _is_free(clause: Clause, term: Term, position: int) -> bool:
        """Whether it is denied by what follows: paraben free, paraben and sulfate free, which … does this not have."""
        rest = clause.terms[position + 1 :]
        following = next((one for one in rest if one.kind != "entity" or not one.absent or one.meant), None)
        if not term.absent or term.meant:
            following = rest[0] if rest else None
        if following is None or following.kind != "word":
            if following is None or following.kind != "entity" or not following.absent:
                return False
            after = clause.after(following)
            return bool(term.absent) and after is not None and after.meant == "negation_after"
        if following.meant == "negation_after":
            return True
        return following.meant == "negation" and all(one.kind in ("word", "relation") for one in rest[1:])

    def _alternatives(self, links: list[Linked]) -> list[Linked]:
        """Links of which nothing can have two are alternatives: what have this and that brand?"""
        found: list[Linked] = []
        for link in links:
            twin = next((i for i, one in enumerate(found) if one.ways == link.ways and not one.negated), None)
            if twin is None or link.negated or len(link.ways) > 1 or len(link.ways[0]) > 1:
                found.append(link)
                continue
            degrees = np.diff(self.snapshot.adjacency(link.ways[0][0]).indptr)
            if len(degrees) and degrees.max() <= 1 and link.entities != found[twin].entities:
                found[twin] = Linked((*found[twin].entities, *link.entities), link.ways)
            else:
                found.append(link)
        return found

    def _marks(self, term: Term, target: str) -> Linked | None:
        """The marks that say that something is not there, where entities of a type have such."""
        for entity in term.absent:
            ways = tuple((step,) for step in self.ways.direct(target, entity[0]))
            if ways and self.meanings.count(target, (entity,), ways):
                return Linked((entity,), ways)
        return None

    def _unmarked(self, term: Term, target: str, link: Linked) -> list[tuple[str, Entity, Entity]]:
        """What a mark says is not there, where entities of a type are linked to such themselves: word, mark, thing."""
        lexicon, mark = self.meanings.lexicon, link.entities[0]
        words = [word for word, marks in lexicon.short_names.absent.items() if mark in marks]
        things = [one for word in words for one in lexicon.entities(word)]
        linked = [one for one in things if one[0] != mark[0] and self.ways.direct(target, one[0])]
        return [(term.text, mark, one) for one in linked[:1]]

    def values(self, clause: Clause, target: str, without: tuple[Term, ...] = ()) -> list[Valued]:
        """Comparisons with numbers, and values of properties."""
        known, found = self.schema.entity[target].properties, list[Valued]()
        numeric = [one for one, kind in known.items() if kind in NUMERIC]
        named = [term for term in clause.of("property") if term.meant in numeric]
        numbers = clause.of("number")
        for position, term in enumerate(numbers):
            if term is clause.top or any(term is one for one in without):
                continue
            following = clause.after(term)
            if following is not None and following.kind == "type" and following.meant in self.schema.item_types:
                clause.use(term)  # more than 30 products: their number is told
                clause.use_roles(*SIDES)
                continue
            name = self._about(clause, term, named, numeric)
            if name is None:
                continue
            side = self.side(clause, term)
            following = numbers[position + 1] if position + 1 < len(numbers) else None
            preceding = numbers[position - 1] if position else None
            if side is None and following is not None and clause.after(term) is following:
                side = "at_least"  # 25–40, from 25 to 40
            elif side in (None, "at_most") and preceding is not None and clause.before(term) is preceding:
                side = "at_most"
            elif side is None and named:
                side = "equal"
            if side is None:
                continue
            clause.use(term, *(one for one in named if one.meant == name))
            clause.use_roles(*SIDES, "between")
            found.append(Valued(name, side, float(term.meant)))
        for term in clause.of("value"):
            if term.meant[1] in known:
                clause.use(term)
                found.append(Valued(term.meant[1], "equal", term.meant[2]))
        return found

    @staticmethod
    def _about(clause: Clause, number: Term, named: list[Term], numeric: list[str]) -> str | None:
        """The property that a number is of: named right after, named anywhere, or the first that is a number."""
        after = clause.after(number)
        if after in named and after is not None:
            return str(after.meant)
        return str(named[0].meant) if named else next(iter(numeric), None)

    @staticmethod
    def side(clause: Clause, number: Term) -> Comparison | None:
        """How a number is compared: by what is said right after it, else by the last thing said before it."""
        after = clause.after(number)
        if after is not None and after.kind == "property":
            after = clause.after(after)
        if after is not None and after.kind == "word" and after.meant in AFTER:
            return SIDES[after.meant]
        before = clause.before(number)
        while before is not None and before.kind in ("word", "property"):
            if before.kind == "word" and before.meant in SIDES and before.meant not in AFTER:
                return SIDES[str(before.meant)]
            before = clause.before(before)
        return None

    def own(self, clause: Clause, target: str) -> list[Term]:
        """The names that stand for answers themselves, not for what answers have."""
        return [term for term in clause.of("entity") if self._is_own(term, clause, target)]

    def _is_own(self, term: Term, clause: Clause, target: str) -> bool:
        """In “courses about photography” a course that is called so is not meant, in “the cleanser” a product is."""
        if all(entity[0] != target for entity in term.meant):
            return False
        if target in self.schema.item_types and self.meanings.is_common(term, clause):
            return False
        said = any(one.meant == target for one in clause.of("type"))
        return not (said and any(self.ways.direct(target, entity[0]) for entity in term.meant))

    def entities_of(self, terms: list[Term], target: str) -> tuple[Entity, ...]:
        """The entities of a type that terms name, those by their whole names where there are any."""
        found: list[Entity] = []
        for term in terms:
            own = [one for one in term.meant if one[0] == target]
            found += [one for one in own if one not in term.loose] or own[:1]
        return tuple(dict.fromkeys(found))

    def _has(self, clause: Clause, target: str) -> bool:
        """Whether items that answers are linked to have a property that is named and that answers have not."""
        reached = [one for one in self.schema.item_types if self.ways.direct(target, one)]
        return any(
            term.meant in self.schema.entity[one].properties for one in reached for term in clause.of("property")
        )

    @staticmethod
    def _is_one(clause: Clause) -> bool:
        """Whether one is asked for: what is the most popular, 哪款."""
        words = {term.text for term in clause.of("word")}
        return bool(words & {"is", "what is"}) or any(word[:1] == "哪" and word != "哪些" for word in words)

    def properties(self, plan: Plan, clause: Clause, target: str) -> None:
        """What is asked of the answers, and by which property they are to be sorted."""
        known = self.schema.entity[target].properties
        named = [term for term in clause.of("property") if term.meant in known]
        if not self._has(clause, target):
            plan.missing += [term.text for term in clause.of("property") if term not in named]
            clause.use(*clause.of("property"))
        numeric = [str(term.meant) for term in named if known[term.meant] in NUMERIC]
        if "average" in clause.roles and (numeric or known.get(PRICE) in NUMERIC):
            plan.average = numeric[0] if numeric else PRICE
            clause.use_roles("average")
            clause.use(*named)
            return
        self._order(plan, clause, numeric, target)
        clause.use(*(named if plan.order else ()))
        top = clause.top
        if top is not None:
            plan.top = int(top.meant)
            clause.use(top)
            clause.use_roles("top")
        elif plan.popular and clause.roles & {"popular"} and self._is_one(clause):
            plan.top = 1
        if plan.order is None and not clause.of("number"):
            plan.properties += dict.fromkeys(str(t.meant) for t in named if t.meant not in plan.properties)
            clause.use(*named)

    def _order(self, plan: Plan, clause: Clause, numeric: list[str], target: str) -> None:
        """The property whose extremes are asked for; without one that answers have, no answer would be right."""
        known = self.schema.entity[target].properties
        for role, fixed, ascending in ORDERS:
            if role not in clause.roles:
                continue
            chosen = next(iter(numeric), None) if fixed is None else fixed if known.get(fixed) in NUMERIC else None
            if chosen is None:
                if not plan.missing:
                    plan.not_understood += [term.text for term in clause.of("word") if term.meant == role]
                plan.unclear = True
            else:
                plan.order = (chosen, ascending)
            clause.use_roles(role)
        if "cheap" in clause.roles and plan.order is None and known.get(PRICE) in NUMERIC:
            plan.order, plan.whole = (PRICE, True), True
