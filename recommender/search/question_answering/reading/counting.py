"""Questions that counts answer: which brand has the most products, are there more of these or of those."""

from collections.abc import Sequence
from dataclasses import replace

from recommender.search.folding import has_cjk
from recommender.search.question_answering.lexicon.lexicon import Lexicon
from recommender.search.question_answering.lexicon.term import Term
from recommender.search.question_answering.plan import Constraint, Entity, Linked, Plan, Tally, Ways, Worded
from recommender.search.question_answering.reading.clause import CONTENT, Clause
from recommender.search.question_answering.reading.conditions import AFTER, NUMERIC, PRICE, SIDES, Conditions
from recommender.search.question_answering.reading.meanings import Meaning
from recommender.search.question_answering.reading.targets import Targets


class Counting:
    """Reads comparisons and superlatives by count."""

    def __init__(self, lexicon: Lexicon, targets: Targets, conditions: Conditions, ways: Ways) -> None:
        self.lexicon, self.targets, self.conditions, self.ways = lexicon, targets, conditions, ways
        self.schema = lexicon.snapshot.schema

    def read(self, plan: Plan, clause: Clause) -> bool:
        """Whether a clause asks for counts to be compared; the plan says so then."""
        roles = clause.roles
        if self._bounded(plan, clause) or ("count" in roles and "each" in roles and self._each(plan, clause)):
            return True
        if roles & {"cheapest", "dearest", "highest", "lowest"} and self._by_mean(plan, clause):
            return True
        if not roles & {"most", "fewest", "more", "fewer", "top"}:
            return False
        alternatives = self._alternatives(clause)
        if len(alternatives) > 1:
            return self._compared(plan, clause, alternatives)
        return self._ranked(plan, clause)

    def separately(self, plan: Plan, clauses: Sequence[Clause]) -> bool:
        """Whether clauses ask for a count each: how many are vegan, and how many are organic; the plan says so then.

        What the last one names must be of a type with something that was named before, and all that it says.
        """
        joined, last = Clause([term for one in clauses for term in one.terms]), clauses[-1]
        said = [term for term in last.terms if term.kind in CONTENT and term.kind not in ("type", "relation")]
        groups = self._alternatives(joined)
        if len(groups) < 2 or len(said) != 1 or groups[-1] is not said[0] or joined.roles & {"same", "negation"}:
            return False
        if not self._compared(plan, joined, groups):
            return False
        assert plan.tally is not None
        plan.tally = replace(plan.tally, every=True)
        plan.constraints, plan.relations, plan.checks = [], [], []
        for clause in clauses:
            clause.use(*(term for term in clause.terms if term.text not in joined.unused))
        return True

    def _by_mean(self, plan: Plan, clause: Clause) -> bool:
        """Which of a type has the dearest of another on average: which brand is the most expensive."""
        priced = [t for t in self.schema.item_types if self.schema.entity[t].properties.get(PRICE) in NUMERIC]
        types = [str(term.meant) for term in clause.of("type")]
        named = "average" in clause.roles
        fewest = bool(clause.roles & {"cheapest", "lowest"})
        for counted in priced:
            groups = [one for one in self._alternatives(clause) if named]
            if len(groups) > 1 and self._compared(plan, clause, groups):
                assert plan.tally is not None
                plan.tally = replace(plan.tally, mean=PRICE, fewest=fewest)
            else:
                target = next((one for one in types if one != counted and self.ways.direct(counted, one)), None)
                asked = self.targets.of(clause)
                if target is None or asked != target or (counted in types and not named):
                    continue
                rest = self._rest(plan, clause, counted, ())
                ways = tuple((step,) for step in self.ways.direct(counted, target))
                plan.target, plan.tally = target, Tally(counted, rest, ways=ways, fewest=fewest, mean=PRICE)
            clause.use(*clause.of("type"), *clause.of("property"))
            clause.use_roles("cheapest", "dearest", "highest", "lowest", "average")
            return True
        return False

    def _alternatives(self, clause: Clause) -> list[Term]:
        """The names of one type that stand beside each other: what is compared."""
        terms = [term for term in clause.of("entity") if term.meant]
        for first in terms:
            types = {entity[0] for entity in first.meant}
            beside = [one for one in terms if types & {entity[0] for entity in one.meant}]
            if len(beside) > 1:
                return beside
        if clause.roles & {"either"}:
            labels = clause.of("label")
            one_each = [*terms, *labels]
            if labels and len(one_each) == 2:
                return one_each
            if len(clause.of("type")) == 2 and not terms:
                return clause.of("type")
        return []

    def _compared(self, plan: Plan, clause: Clause, terms: list[Term]) -> bool:
        counted = self._counted(clause, terms)
        if counted is None:
            return False
        groups: list[tuple[str, Constraint]] = []
        first: Entity | None = None
        plan.assumed = []
        kinds = [{entity[0] for entity in term.meant} for term in terms if term.kind == "entity"]
        alike = set.intersection(*kinds) if kinds else set()
        for term in terms:
            meaning = self._alike(plan, clause, term, counted, alike) if term.kind == "entity" else None
            if meaning is not None:
                first = first or meaning.entities[0]
                label = self.lexicon.snapshot.label(*meaning.entities[0])
                groups.append(
                    (label if len(meaning.entities) == 1 else term.text, Linked(meaning.entities, meaning.ways))
                )
            elif term.kind == "label":
                groups.append((term.text, Worded((str(term.meant),))))
        if len(groups) < 2:
            return False
        rest = self._rest(plan, clause, counted, tuple(terms))
        plan.target = first[0] if first else counted
        plan.tally = Tally(counted, rest, groups=tuple(groups), fewest=bool(clause.roles & {"fewer", "fewest"}))
        clause.use(*terms, *clause.of("type"))
        clause.use_roles("more", "fewer", "most", "fewest")
        return True

    def _alike(self, plan: Plan, clause: Clause, term: Term, counted: str, alike: set[str]) -> Meaning | None:
        """What a term means among others, of a type that all may be of where there is one; the plan notes the other."""
        usual = self.conditions.meanings.of(term, clause, counted)
        same = tuple(one for one in term.meant if one[0] in alike)
        meaning = self.conditions.meanings.of(term, clause, counted, same) if same else None
        meaning = meaning if meaning is not None and self._counts(counted, meaning) else usual
        if meaning is not None and usual is not None:
            other = usual.other if meaning.entities == usual.entities else usual.entities[0]
            plan.assumed += [(term.text, meaning.entities[0], other)] if other else []
        return meaning

    def _counts(self, counted: str, meaning: Meaning) -> bool:
        """Whether anything of the counted type is linked to what is meant, directly."""
        return len(meaning.ways[0]) == 1 and self.conditions.meanings.count(counted, meaning.entities, meaning.ways) > 0

    def _ranked(self, plan: Plan, clause: Clause) -> bool:
        """Which of a type has the most of another."""
        types = [str(term.meant) for term in clause.of("type")]
        top = "top" in clause.roles and len(types) > 1
        if not top and not clause.roles & {"most", "fewest"}:
            return False
        target = types[0] if top else self.targets.of(clause)
        for term in clause.of("word"):
            if term.meant in ("most", "fewest", "top") and has_cjk(term.text):  # 产品最多的品牌
                following = [one for one in clause.terms[clause.terms.index(term) + 1 :] if one.kind != "number"]
                named = following and following[0].kind == "type"
                target = str(following[0].meant) if named else target
        if target is None or self.schema.entity[target].sensitive or target not in types:
            return False
        others = [one for one in types if one != target and self.ways.between(one, target, clause.told_steps)]
        counted = next((one for one in others if self.ways.direct(one, target)), None)
        if counted is None and target not in self.schema.item_types:
            reached = [t for t in self.schema.item_types if self.ways.between(t, target, ())]
            counted = min(reached, key=lambda t: len(self.ways.between(t, target, ())[0]), default=None)
        if counted is None or self.schema.entity[counted].sensitive:
            return False
        ways = tuple(self.ways.between(counted, target, clause.told_steps))
        rest = self._rest(plan, clause, counted, ())
        asked = int(clause.top.meant) if clause.top is not None else None
        plan.target = target
        plan.tally = Tally(counted, rest, ways=ways, fewest="fewest" in clause.roles, top=asked)
        clause.use(*clause.of("type"), *(clause.of("number") if asked else ()))
        clause.use_roles("most", "fewest", "top")
        return True

    def _bounded(self, plan: Plan, clause: Clause) -> bool:
        """Which of a type have more than so many of another: brands with over 40 products."""
        for number in clause.of("number"):
            kind, side = clause.after(number), self.conditions.side(clause, number)
            while kind is not None and kind.kind == "word" and kind.meant in AFTER:
                kind = clause.after(kind)
            target = next((str(term.meant) for term in clause.of("type") if term is not kind), None)
            if kind is None or kind.kind != "type" or side is None or target is None or kind.meant == target:
                continue
            counted = str(kind.meant)
            ways = tuple(self.ways.between(counted, target, clause.told_steps))
            if not ways or self.schema.entity[target].sensitive or self.schema.entity[counted].sensitive:
                continue
            clause.use(number, *clause.of("type"))
            clause.use_roles(*SIDES)
            rest = self._rest(plan, clause, counted, (number,))
            plan.target = target
            plan.tally = Tally(counted, rest, ways=ways, every=True, bound=(side, float(number.meant)))
            return True
        return False

    def _each(self, plan: Plan, clause: Clause) -> bool:
        """How many of a type each of another has."""
        each = next((term for term in clause.terms if term.kind == "word" and term.meant == "each"), None)
        kind = clause.after(each) if each is not None else None
        counted = next((str(term.meant) for term in clause.of("type") if term is not kind), None)
        if kind is None or kind.kind != "type" or self.schema.entity[kind.meant].sensitive:
            return False
        target = str(kind.meant)
        counted = counted or next((t for t in self.schema.item_types if self.ways.direct(t, target)), None)
        ways = tuple(self.ways.between(counted, target, clause.told_steps)) if counted else ()
        if counted is None or not ways:
            return False
        rest = self._rest(plan, clause, counted, ())
        plan.target, plan.tally = target, Tally(counted, rest, ways=ways, every=True)
        clause.use(*clause.of("type"))
        return True

    def _counted(self, clause: Clause, terms: list[Term]) -> str | None:
        """The type that is counted: named, or of which the most are linked to what is compared."""
        named = [str(term.meant) for term in clause.of("type") if term not in terms]
        shared = {entity[0] for term in terms if term.kind == "entity" for entity in term.meant}
        fitting = [one for one in named if any(self.ways.between(one, other, ()) for other in shared)]
        if fitting:
            return next((one for one in fitting if one in self.schema.item_types), fitting[0])
        firsts = [term.meant[0] for term in terms if term.kind == "entity"]
        if firsts and (found := self.targets.shared(firsts)):
            return found
        words = [(str(term.meant),) for term in terms if term.kind == "label"]
        named_so = {t: sum(len(self.lexicon.with_words(t, one)) for one in words) for t in self.schema.item_types}
        return max(named_so, key=lambda one: named_so[one], default=None)

    def _rest(self, plan: Plan, clause: Clause, counted: str, terms: tuple[Term, ...]) -> tuple[Constraint, ...]:
        """What else is said of what is counted."""
        words = [term for term in clause.of("label") if term not in terms]
        clause.use(*words)
        found: list[Constraint] = list(self.conditions.links(clause, counted, plan, terms))
        found += self.conditions.values(clause, counted, terms)
        return (*found, *([Worded(tuple(str(term.meant) for term in words))] if words else []))
