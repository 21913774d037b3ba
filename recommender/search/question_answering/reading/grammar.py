"""Questions to plans: a grammar over the schema's types and relations, in any of the languages whose words are known.

A question is read clause by clause. The first clause that asks decides what is asked for; later ones ask about it. A
statement (“I bought …”) says what the asker has. What is said and stands in no plan is told as not understood.
"""

import re

from kg.schema import Schema, inverse_of
from recommender.search.folding import has_cjk
from recommender.search.question_answering.execution import answers, fulfilling
from recommender.search.question_answering.lexicon.lexicon import Lexicon
from recommender.search.question_answering.plan import Being, Entity, Linked, Plan, Ways
from recommender.search.question_answering.reading.clause import Clause
from recommender.search.question_answering.reading.conditions import ORDERS, Conditions
from recommender.search.question_answering.reading.constraining import Constraining
from recommender.search.question_answering.reading.counting import Counting
from recommender.search.question_answering.reading.meanings import Meanings
from recommender.search.question_answering.reading.statements import Statements
from recommender.search.question_answering.reading.targets import Targets

CLAUSES = re.compile(
    r"[,，。?？!！;；:：\n]+|(?<!\d)\.(?!\d)"
    r"|\band\s+(?=(?:what|who|which|how|where|tell|show|list)\b)"
    r"|\band\s+(?=(?:is|are|does|do|can|has|have)\s+(?:it|they|this|these|that)\b)"
    r"|\band\s+(?=(?:i\s+)?(?:want|need|would\s+like|am\s+looking|looking)\b)",
    re.IGNORECASE,
)
ABBREVIATED = re.compile(r"\b(Dr|Mr|Mrs|Ms|St|No|vs)\.", re.IGNORECASE)
MOST_NAMED = 5
"""Items that a statement may mean at once."""
WHO = ("who", "whose", "whom", "谁")


class Grammar:
    """Reads questions about one snapshot."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.snapshot = lexicon.snapshot
        self.schema: Schema = lexicon.snapshot.schema
        self.ways = Ways(self.schema)
        self.conditions = Conditions(Meanings(lexicon, self.ways), self.ways)
        self.targets = Targets(lexicon, self.conditions, self.ways)
        self.constraining = Constraining(lexicon, self.targets, self.conditions, self.ways)
        self.statements = Statements(lexicon, self.conditions, self.ways)
        self.counting = Counting(lexicon, self.targets, self.conditions, self.ways)

    def read(self, question: str) -> Plan:
        """The plan of a question; what was not understood stands in it."""
        plan = Plan()
        texts = [text for text in CLAUSES.split(ABBREVIATED.sub(r"\1 ", question)) if text.strip()]
        clauses = [clause for clause in (Clause(self.lexicon.terms(text)) for text in texts) if clause.terms]
        clauses = [self._of_kinds(clause) for clause in self._joined(clauses)]
        asked, said, earlier = False, list[Clause](), list[Clause]()
        for clause in clauses:
            roles = clause.roles
            plan.not_understood += [term.text for term in clause.of("unknown")]
            plan.unclear = plan.unclear or clause.unknown_condition
            missing = [term for term in clause.of("word") if term.meant in ("missing", "lacking")]
            plan.missing += [term.text for term in missing]
            asking = [one for term in missing if (one := clause.before(term)) and one.meant in ("ask", "count")]
            plan.unclear = plan.unclear or bool(asking)
            if roles & {"have", "avoid"} and not roles & {"ask", "advise"}:
                self.statements.take(plan, clause)
                said.append(clause)
            elif asked and plan.target is not None:
                self._ask_more(plan, clause, earlier)
            else:
                asked = self._ask(plan, clause) or asked
                earlier += [clause] if asked else []
        if plan.target is None and said and not plan.avoided:
            self._ask(plan, said.pop())
        if plan.target is not None:
            for clause in said:
                self.statements.describe(plan, clause)
            self._settle(plan)
            ways = {entity: tuple(self.ways.between(plan.target, entity[0], ())) for entity in plan.avoided}
            plan.constraints += [Linked((entity,), ways[entity], negated=True) for entity in ways if ways[entity]]
        plan.not_understood += [word for clause in clauses for word in clause.unused]
        plan.constraints = list(dict.fromkeys(plan.constraints))
        plan.relations = list(dict.fromkeys(plan.relations))
        plan.not_understood = list(dict.fromkeys(plan.not_understood))
        return plan

    @staticmethod
    def _joined(clauses: list[Clause]) -> list[Clause]:
        """Clauses, a first one of nothing but function words joined with the next: which is cheaper, this or that?"""
        if len(clauses) > 1 and all(term.kind == "word" for term in clauses[0].terms):
            return [Clause([*clauses[0].terms, *clauses[1].terms]), *clauses[2:]]
        return clauses

    def _of_kinds(self, clause: Clause) -> Clause:
        """A clause, the names of items in it as kinds of items where the first of an order are asked for."""
        if not clause.roles & {role for role, _, _ in ORDERS} or "yes_no" in clause.roles:
            return clause
        items = [term for term in clause.of("entity") if term.lead != "the" and not has_cjk(term.text)]
        named = [one for one in items if any(entity[0] in self.schema.item_types for entity in one.meant)]
        if len(named) != 1:
            return clause  # which of the two is cheaper?
        parts = self.lexicon.parted(named[0])
        links = (self.conditions.links(Clause(parts), item_type, None) for item_type in self.schema.item_types)
        both = [one for one in links if len(one) == len(parts) > 1 and self._some(one)]
        return Clause([one for term in clause.terms for one in (parts if both and term is named[0] else [term])])

    def _some(self, links: list[Linked]) -> bool:
        """Whether any item has all of some links."""
        types = {self.schema.ends(one.ways[0][0])[0] for one in links}
        return len(types) == 1 and len(fulfilling(self.lexicon, types.pop(), links)) > 0

    def _ask(self, plan: Plan, clause: Clause) -> bool:
        """Read a clause that decides what is asked for."""
        roles = clause.roles
        plan.advise = plan.advise or (bool(roles & {"advise"}) and bool(plan.taken or plan.avoided))
        plan.count, plan.popular = plan.count or "count" in roles, plan.popular or "popular" in roles
        plan.variants = plan.variants or "variants" in roles
        if self._about_people(clause):
            plan.target = self.schema.user_types[0]
            clause.use(*clause.terms)
            return True
        if self.counting.read(plan, clause):
            return True
        target = self.targets.of(clause)
        if plan.variants and target is None and (own := self._taken_items(plan)):
            plan.target, plan.constraints = own[0][0], [Being(tuple(own))]
            return True
        if target is None:
            return False
        plan.target = target
        plan.unclear = plan.unclear or clause.unknown_kind
        self.constraining.constrain(plan, clause, target, yes_no="yes_no" in roles)
        if self.targets.only_named(clause) and self._is_named(plan) and not plan.checks:
            plan.relations += [s for s in self._direct_all(target) if not s.startswith("~")]
        return True

    def _settle(self, plan: Plan) -> None:
        """Where nothing is all that the words mean at first sight, take the next meaning with which something is."""
        if plan.target is None or plan.tally is not None or len(answers(self.lexicon, plan)):
            return
        for position, one in enumerate(plan.constraints):
            if not isinstance(one, Linked):
                continue
            for word, meaning in plan.rest.get(one, ()):
                other = Linked(meaning[0], meaning[1])
                tried = [*plan.constraints[:position], other, *plan.constraints[position + 1 :]]
                if len(fulfilling(self.lexicon, plan.target, tried)):
                    plan.constraints = tried
                    plan.assumed = [known for known in plan.assumed if known[0] != word]
                    plan.assumed.append((word, other.entities[0], one.entities[0]))
                    return

    def _is_named(self, plan: Plan) -> bool:
        return any(isinstance(one, Being) for one in plan.constraints)

    def _about_people(self, clause: Clause) -> bool:
        """Whether single people are asked for: customers, or who did something that only people do."""
        if not self.schema.user_types:
            return False
        if "people" in clause.roles and not clause.of("type"):
            return True
        if not any(term.text in WHO for term in clause.of("word")):
            return False
        if clause.roles & {"more", "most", "fewer", "fewest", "missing", "lacking"} or clause.of("type"):
            return False
        steps = clause.told_steps
        things = [step for step in steps if step in self.ways.about()]
        unknown = [term for term in clause.terms if term.kind in ("unknown", "label")]
        return not things and not (unknown and not steps)

    def _taken_items(self, plan: Plan) -> list[Entity]:
        """The items that the asker told of: what “it” is."""
        return [entity for _, entity in plan.taken if entity[0] in self.schema.item_types]

    def _direct_all(self, head: str) -> list[str]:
        """Steps from a type to what is neither an item nor a person."""
        items = self.schema.item_types
        return [
            step for step in self.ways.about() if (ends := self.schema.ends(step))[0] == head and ends[1] not in items
        ]

    def _ask_more(self, plan: Plan, clause: Clause, earlier: list[Clause]) -> None:
        """Read a clause about what is asked for already: more conditions, or something to know of it."""
        assert plan.target is not None
        roles = clause.roles
        plan.also_variants = plan.also_variants or "variants" in roles
        plan.count, plan.popular = plan.count or "count" in roles, plan.popular or "popular" in roles
        types = [term.meant for term in clause.of("type") if term.meant != plan.target]
        if plan.tally is None and roles & {"more", "fewer", "most", "fewest"}:
            joined = Clause([term for one in (*earlier, clause) for term in one.terms])
            if self.counting.read(plan, joined):
                plan.constraints, plan.relations, plan.checks = [], [], []
                clause.use(*(term for term in clause.terms if term.text not in joined.unused))
                return
        counts = plan.tally is None and plan.count and "count" in roles
        if counts and self.counting.separately(plan, [*earlier, clause]):
            return
        plan.narrowed = tuple(plan.constraints) if counts and plan.constraints else plan.narrowed
        if counts and types and not clause.of("entity") and not roles & {"same", "each"}:
            return  # a number of something else: it is told as left out
        self._back_to_item(plan, clause, types)
        if self._nests(plan, clause, types) or self._turns(plan, clause, types, earlier):
            return
        entities = bool(clause.of("entity"))
        if "ask" in roles and not entities:
            plan.relations += sorted(step for step in clause.told_steps if self.schema.ends(step)[0] == plan.target)
        elif roles & {"yes_no"} and (clause.told_steps or not types):
            plan.checks += self.conditions.links(clause, plan.target, plan)
            plan.properties += [str(term.meant) for term in clause.of("property")]
            clause.use(*clause.of("property"), *clause.of("type"))
            return
        for one in types:
            steps = [way[0] for way in self.ways.between(plan.target, one, clause.told_steps) if len(way) == 1]
            plan.relations += steps
            clause.use(*(term for term in clause.of("type") if term.meant == one and steps))
        if not types or entities:
            self.constraining.constrain(plan, clause, plan.target, yes_no=False)

    def _back_to_item(self, plan: Plan, clause: Clause, types: list[str]) -> None:
        """After what brand it is, something else of it: the item is asked about then, and its brand too."""
        links = [one for one in plan.constraints if isinstance(one, Linked)]
        if len(plan.constraints) != 1 or not links or len(links[0].entities) != 1 or len(links[0].ways) != 1:
            return
        (item,), (way,) = links[0].entities, links[0].ways
        steps = [s for s in clause.told_steps if self.schema.ends(s)[0] == item[0] and s in self.ways.about()]
        own = self.schema.entity[item[0]].properties
        asks = steps or any(term.meant in own for term in clause.of("property"))
        if links[0].negated or item[0] not in self.schema.item_types or len(way) > 1 or clause.of("entity") or not asks:
            return
        plan.target, plan.constraints = item[0], [Being((item,))]
        plan.relations = [inverse_of(way[0]), *sorted(steps)]

    def _nests(self, plan: Plan, clause: Clause, types: list[str]) -> bool:
        """Whether a clause asks for what has one of the things that were described before: those it asks for now."""
        target, inner = self._asked_type(clause, types), plan.target
        if target is None or inner is None or not plan.constraints or plan.tally is not None or plan.taken:
            return False
        ways = tuple(self.ways.between(target, inner, clause.told_steps))
        if not ways or len(ways[0]) > 1 or inner in self.schema.item_types:
            return False
        found = tuple((inner, int(idx)) for idx in answers(self.lexicon, plan))
        plan.target, plan.constraints, plan.relations = target, [Linked(found, ways)] if found else plan.constraints, []
        self.constraining.constrain(plan, clause, target, yes_no=False)
        return True

    def _turns(self, plan: Plan, clause: Clause, types: list[str], earlier: list[Clause]) -> bool:
        """Whether only this clause says what type of items is asked for, and earlier ones what is said of them."""
        target = self._asked_type(clause, types)
        if target is None or plan.typed or plan.tally is not None:
            return False
        plan.target, plan.constraints, plan.relations, plan.checks, plan.properties = target, [], [], [], []
        for one in (*earlier, clause):
            self.constraining.constrain(plan, one, target, yes_no=False)
        return True

    def _asked_type(self, clause: Clause, types: list[str]) -> str | None:
        """The type of items that a clause asks for, where it does."""
        asks = bool(clause.roles & {"ask", "count", "yes_no"})
        return next((one for one in types if asks and one in self.schema.item_types), None)
