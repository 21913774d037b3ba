"""Clauses to conditions on the answers, or to what is asked of a named one."""

from recommender.search.question_answering.execution import fulfilling
from recommender.search.question_answering.lexicon.lexicon import Lexicon
from recommender.search.question_answering.lexicon.term import Term
from recommender.search.question_answering.plan import Being, Constraint, Linked, Plan, Ways, Worded
from recommender.search.question_answering.reading.clause import Clause
from recommender.search.question_answering.reading.conditions import ORDERS, Conditions
from recommender.search.question_answering.reading.targets import Targets

EXISTENCE = ("is there", "are there")


class Constraining:
    """Puts what clauses say into plans whose type of answers is known."""

    def __init__(self, lexicon: Lexicon, targets: Targets, conditions: Conditions, ways: Ways) -> None:
        self.lexicon, self.targets, self.conditions, self.ways = lexicon, targets, conditions, ways
        self.schema = lexicon.snapshot.schema

    def constrain(self, plan: Plan, clause: Clause, target: str, *, yes_no: bool) -> None:
        """Turn the terms of a clause into conditions on the answers, or into questions about a named one."""
        plan.typed = plan.typed or any(term.meant == target for term in clause.of("type"))
        if target not in self.schema.item_types and not yes_no and self._through_items(plan, clause, target):
            return
        named = self.conditions.own(clause, target)
        labels = clause.of("label")
        if any(clause.roles & {role} for role, _, _ in ORDERS) and not yes_no and len(named) < 2:
            labels, named = [*labels, *named], []  # one of many such
        links = self.conditions.links(clause, target, plan, tuple(named))
        if yes_no and named:
            links = [self._any_meaning(plan, one) for one in links]
        words = tuple(dict.fromkeys(word for term in labels for word in self._words(term)))
        own = self.conditions.entities_of(named, target)
        if not own:
            words = (*words, *(w for term in self._common(clause, target) for w in self._words(term)))
        if not own and not yes_no:
            words = (*words, *self._numbers(clause, target))
        if words and not own:
            plan.constraints.append(Worded(words))
            clause.use(*labels)
        if own:
            plan.constraints.append(Being(own))
        near = [
            term for term in clause.of("type") if term.meant == target or links or self.ways.direct(target, term.meant)
        ]
        clause.use(*named, *near)
        values = self.conditions.values(clause, target)
        yes_no = yes_no or (bool(own) and any(term.text in EXISTENCE for term in clause.of("word")))
        if yes_no and own:
            plan.checks += links
            plan.properties += [one.name for one in values if one.comparison == "equal"]
            values = [one for one in values if one.comparison != "equal"]
        else:
            plan.constraints += links
        plan.constraints += values
        self.conditions.properties(plan, clause, target)
        if own and clause.roles & {"ask", "describe", "contents"} and not yes_no:
            plan.relations += sorted(
                s for s in clause.told_steps if self.schema.ends(s)[0] == target and s in self.ways.about()
            )

    def _through_items(self, plan: Plan, clause: Clause, target: str) -> bool:
        """Whether several things are said of the items that the answers are linked to: brands with a serum under 20."""
        items = [one for one in self.schema.item_types if self.ways.direct(target, one)]
        typed = [str(term.meant) for term in clause.of("type") if term.meant in items]
        item_type = typed[0] if typed else self.targets.most_fulfilling(clause)
        if item_type not in items:
            return False
        own = [
            term
            for term in clause.of("entity")
            if any(one[0] in (target, item_type) or self.ways.direct(target, one[0]) for one in term.meant)
            and not self.conditions.meanings.is_kind(term, clause, item_type)
        ]
        links = self.conditions.links(clause, item_type, None, tuple(own))
        words = tuple(dict.fromkeys(word for term in clause.of("label") for word in self._words(term)))
        values = self.conditions.values(clause, item_type)
        inner: list[Constraint] = [*links, *values, *([Worded(words)] if words else [])]
        if own or (len(inner) < 2 and not values and not words and not any(one.negated for one in links)):
            return False
        refused = bool(links) and all(one.negated for one in links)  # none of its products, not one without
        if refused:
            inner = [*(Linked(one.entities, one.ways) for one in links), *inner[len(links) :]]
        found = tuple((item_type, int(idx)) for idx in fulfilling(self.lexicon, item_type, inner))
        if not found and len({one.ways for one in links}) < len(links):
            return False  # both this and that: of different items
        ways = tuple((step,) for step in self.ways.direct(target, item_type))
        plan.constraints.append(Linked(found, ways, refused, tuple(inner)))
        clause.use(*clause.of("label"), *clause.of("type"))
        return True

    @staticmethod
    def _any_meaning(plan: Plan, link: Linked) -> Linked:
        """A link in any sense of its word: whether it is vegan is said by a mark as well as by a topic."""
        others = [meaning for _, meaning in plan.rest.get(link, ())] if not link.negated else []
        plan.assumed = [one for one in plan.assumed if one[1] not in link.entities]
        return Linked(
            (*link.entities, *(one for entities, _ in others for one in entities)),
            (*link.ways, *(way for _, ways in others for way in ways if len(way) == len(link.ways[0]))),
            link.negated,
        )

    @staticmethod
    def _words(term: Term) -> list[str]:
        return [str(term.meant)] if term.kind == "label" else term.text.split()

    def _numbers(self, clause: Clause, target: str) -> list[str]:
        """Numbers that compare nothing and stand in labels, after a name: SPF 50."""
        found = [
            term
            for term in clause.of("number")
            if term.text[:1].isdigit()
            and (before := clause.before(term)) is not None
            and before.kind in ("entity", "label")
            and self.conditions.side(clause, term) is None
            and term is not clause.top
            and len(self.lexicon.with_words(target, (term.text,)))
        ]
        clause.use(*found)
        return [term.text for term in found]

    def _common(self, clause: Clause, target: str) -> list[Term]:
        """Names of items that are common nouns and mean nothing else that items have."""
        found = [
            term
            for term in clause.of("entity")
            if term.text in clause.unused and any(entity[0] == target for entity in term.meant)
        ]
        clause.use(*found)
        return found
