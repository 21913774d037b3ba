"""Questions to plans: a grammar over the schema's types and relations, in any of the languages whose words are known.

A question is read clause by clause. The first clause that asks decides what is asked for; later ones ask about it. A
statement (“I bought …”) says what the asker has.
"""

import re
from collections.abc import Sequence

import numpy as np

from kg.schema import Schema
from recommender.search.question_answering.clause import told_steps, unknown_condition, unknown_kind
from recommender.search.question_answering.execution import linked
from recommender.search.question_answering.lexicon import Lexicon, Term
from recommender.search.question_answering.plan import Being, Entity, Linked, Plan, Valued, Ways, Worded

CLAUSES = re.compile(r"[,，。?？!！;；:：\n]+|(?<!\d)\.(?!\d)")
MOST_NAMED = 5
"""Items that a statement may mean at once."""


class Grammar:
    """Reads questions about one snapshot."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.snapshot = lexicon.snapshot
        self.schema: Schema = lexicon.snapshot.schema
        self.ways = Ways(self.schema)

    def read(self, question: str) -> Plan:
        """The plan of a question; what was not understood stands in it."""
        plan = Plan()
        clauses = [self.lexicon.terms(clause) for clause in CLAUSES.split(question) if clause.strip()]
        asked = False
        for terms in clauses:
            roles = {term.meant for term in terms if term.kind == "word"}
            plan.not_understood += [term.text for term in terms if term.kind == "unknown"]
            plan.unclear = plan.unclear or unknown_condition(terms)
            if roles & {"have", "avoid"} and not roles & {"ask", "advise"}:
                self._take(plan, terms, roles)
            elif asked and plan.target is not None:
                self._ask_more(plan, terms, roles)
            else:
                asked = self._ask(plan, terms, roles) or asked
        if plan.target is not None:
            ways = {entity: tuple(self.ways.between(plan.target, entity[0], ())) for entity in plan.avoided}
            plan.constraints += [Linked((entity,), ways[entity], negated=True) for entity in ways if ways[entity]]
        return plan

    def _ask(self, plan: Plan, terms: list[Term], roles: set[str]) -> bool:
        """Read a clause that decides what is asked for."""
        plan.advise = plan.advise or (bool(roles & {"advise"}) and bool(plan.taken or plan.avoided))
        plan.count, plan.popular = plan.count or "count" in roles, plan.popular or "popular" in roles
        plan.variants = plan.variants or "variants" in roles
        target = self._target(terms)
        if plan.variants and target is None and (own := self._taken_items(plan)):
            plan.target, plan.constraints = own[0][0], [Being(tuple(own))]
            return True
        if "people" in roles and self.schema.user_types:
            plan.target = self.schema.user_types[0]
            return True
        if target is None:
            return False
        plan.target = target
        plan.unclear = plan.unclear or unknown_kind(terms)
        self._constrain(plan, terms, target, yes_no=bool(roles & {"yes_no"}))
        if self._only_named(terms):
            plan.relations += [s for s in self._direct_all(target) if not s.startswith("~")]
        return True

    def _taken_items(self, plan: Plan) -> list[Entity]:
        """The items that the asker told of: what “it” is."""
        return [entity for _, entity in plan.taken if entity[0] in self.schema.item_types]

    def _only_named(self, terms: list[Term]) -> bool:
        """Whether a clause names things and says nothing of them: what is niacinamide?"""
        plain = {"ask", "yes_no", "same"}
        return all(term.kind == "entity" or (term.kind == "word" and term.meant in plain) for term in terms)

    def _direct_all(self, head: str) -> list[str]:
        """Steps from a type to what is neither an item nor a person."""
        items = self.schema.item_types
        return [
            step for step in self.ways.about() if (ends := self.schema.ends(step))[0] == head and ends[1] not in items
        ]

    def _ask_more(self, plan: Plan, terms: list[Term], roles: set[str]) -> None:
        """Read a clause about what is asked for already: more conditions, or something to know of it."""
        assert plan.target is not None
        plan.also_variants = plan.also_variants or "variants" in roles
        entities = any(term.kind == "entity" for term in terms)
        if "ask" in roles and not entities:
            plan.relations += sorted(step for step in told_steps(terms) if self.schema.ends(step)[0] == plan.target)
        elif roles & {"yes_no"}:
            plan.checks += self._links(terms, plan.target)
            plan.properties += [term.meant for term in terms if term.kind == "property"]
            return
        types = [term.meant for term in terms if term.kind == "type" and term.meant != plan.target]
        for one in types:
            plan.relations += [
                way[0] for way in self.ways.between(plan.target, one, told_steps(terms)) if len(way) == 1
            ]
        if not types:
            self._constrain(plan, terms, plan.target, yes_no=False)

    def _take(self, plan: Plan, terms: list[Term], roles: set[str]) -> None:
        """Read a statement: what the asker has, uses or avoids."""
        user = self.schema.user_types[0] if self.schema.user_types else None
        entities = [entity for term in terms if term.kind == "entity" for entity in term.meant]
        words = tuple(term.text for term in terms if term.kind == "label")
        types = [term.meant for term in terms if term.kind == "type"]
        if words or (types and any(one in self.schema.item_types for one in types)):
            entities = self._items(words, entities, types) or entities
        for entity in entities:
            if "avoid" in roles:
                plan.avoided.append(entity)
                continue
            steps = [
                name
                for name, relation in self.schema.relation.items()
                if relation.head == user and relation.tail == entity[0] and not relation.rule and not relation.negative
            ]
            plan.taken += [(step, entity) for step in steps[:1]]

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

    def _target(self, terms: list[Term]) -> str | None:
        """The type of what a clause asks for."""
        types = [term.meant for term in terms if term.kind == "type"]
        entities = [entity for term in terms if term.kind == "entity" for entity in term.meant]
        if types:
            return self._asked_type(terms, types)
        words = tuple(term.text for term in terms if term.kind == "label")
        if words:
            return self._worded_type(words, entities, terms)
        if shared := self._shared_type(terms):
            return shared
        for term in terms:
            if term.kind == "relation" and entities:
                ends = [self.schema.ends(step) for step in term.meant]
                for head, tail in ends:
                    if head == entities[0][0] and not self.schema.entity[tail].sensitive:
                        return tail if head not in self.schema.item_types or len(entities) == 1 else head
                    if tail == entities[0][0] and not self.schema.entity[head].sensitive:
                        return head
        items = [entity[0] for entity in entities if entity[0] in self.schema.item_types]
        if items:
            return str(items[0])
        valued = [str(term.meant[0]) for term in terms if term.kind == "value"]
        if valued:
            return valued[0]
        beyond = {"count", "lowest", "highest", "popular", "below", "above", "negation", "advise"}
        if entities and any(
            term.kind in ("property", "number") or (term.kind == "word" and term.meant in beyond) for term in terms
        ):
            ways = {t: self.ways.between(t, entities[0][0], told_steps(terms)) for t in self.schema.item_types}
            reached = [t for t in ways if ways[t]]
            return min(reached, key=lambda t: len(ways[t][0])) if reached else str(entities[0][0])
        return str(entities[0][0]) if entities else None

    def _shared_type(self, terms: list[Term]) -> str | None:
        """The type of items that have all of several things, where no item is named: face serums, a brand."""
        named = [term.meant for term in terms if term.kind == "entity"]
        items = self.schema.item_types
        if len(named) < 2 or any(entity[0] in items for meant in named for entity in meant):
            return None
        fits = (t for t in items if all(any(self.ways.direct(t, one[0]) for one in meant) for meant in named))
        return next(fits, None)

    def _asked_type(self, terms: list[Term], types: list[str]) -> str:
        """The type right after the asking word, else the last one that no other hangs on."""
        asks = [i for i, term in enumerate(terms) if term.kind == "word" and term.meant in ("ask", "count")]
        for i in asks:
            after = [term for term in terms[i + 1 : i + 3] if term.kind in ("type", "label")]
            if after and after[0].kind == "type":
                return str(after[0].meant)
            if after and after[0].kind == "label":
                words = tuple(term.text for term in terms[i + 1 :] if term.kind == "label")
                return self._worded_type(words, [], terms) or types[0]
        return next((one for one in types if one in self.schema.item_types), types[0])

    def _worded_type(self, words: tuple[str, ...], entities: list[Entity], terms: list[Term]) -> str | None:
        counted = {t: len(self.lexicon.with_words(t, words)) for t in self.schema.item_types}
        fitting = [t for t, count in counted.items() if count]
        direct = [t for t in fitting if all(self.ways.direct(t, entity[0]) for entity in entities if entity[0] != t)]
        known = direct or fitting
        return max(known, key=lambda t: counted[t]) if known else None

    def _constrain(self, plan: Plan, terms: list[Term], target: str, *, yes_no: bool) -> None:
        """Turn the terms of a clause into conditions on the answers, or into questions about a named one."""
        words = tuple(dict.fromkeys(term.text for term in terms if term.kind == "label"))
        links = self._links(terms, target)
        named = [term for term in terms if self._is_meant(term, terms, target)]
        if any(term.kind == "word" and term.meant in ("lowest", "highest") for term in terms):
            words, named = (*words, *(word for term in named for word in term.text.split())), []  # one of many such
        own = tuple(entity for term in named for entity in term.meant if entity[0] == target)
        if words and not own:
            plan.constraints.append(Worded(words))
        if own:
            plan.constraints.append(Being(own))
        if yes_no and own:
            plan.checks += links
        else:
            plan.constraints += links
        values = self._values(terms, target)
        if yes_no and own:
            plan.properties += [one.name for one in values if one.comparison == "equal"]
        else:
            plan.constraints += values
        self._properties(plan, terms, target)

    def _is_meant(self, term: Term, terms: list[Term], target: str) -> bool:
        """Whether a name stands for an item itself: in “courses about photography” it does not for one so called."""
        if term.kind != "entity" or all(entity[0] != target for entity in term.meant):
            return False
        said = any(one.kind == "type" and one.meant == target for one in terms)
        return not (said and any(self.ways.direct(target, entity[0]) for entity in term.meant))

    def _properties(self, plan: Plan, terms: list[Term], target: str) -> None:
        known = self.schema.entity[target].properties
        roles = [term.meant for term in terms if term.kind == "word"]
        named = [term.meant for term in terms if term.kind == "property" and term.meant in known]
        for role, ascending in (("lowest", True), ("highest", False)):
            if role in roles:
                numeric = [n for n in (*named, "price", *known) if known.get(n) in ("float", "int")]
                long = {"shortest", "longest", "最短", "最长"} & {term.text for term in terms}
                chosen = next((n for n in numeric if n == "hours"), None) if long else next(iter(numeric), None)
                plan.order = (chosen, ascending) if chosen else plan.order
        if plan.order is None and not any(term.kind == "number" for term in terms):
            plan.properties += [name for name in named if name not in plan.properties]

    def _values(self, terms: list[Term], target: str) -> list[Valued]:
        """Comparisons with numbers, and values of properties."""
        known, found, side, name = self.schema.entity[target].properties, list[Valued](), None, None
        numeric = [one for one, kind in known.items() if kind in ("float", "int")]
        for position, term in enumerate(terms):
            if term.kind == "property" and term.meant in numeric:
                name = term.meant
            elif term.kind == "word" and term.meant in ("below", "above"):
                side = term.meant
            elif term.kind == "number":
                after = terms[position + 1].meant if position + 1 < len(terms) else None
                chosen = side or {"below_after": "below", "above_after": "above"}.get(str(after))
                about = "hours" if after in ("hours",) and "hours" in numeric else name or next(iter(numeric), None)
                if chosen and about:
                    found.append(Valued(about, "below" if chosen == "below" else "above", float(term.meant)))
            elif term.kind == "value" and term.meant[1] in known:
                found.append(Valued(term.meant[1], "equal", term.meant[2]))
        return found

    def _links(self, terms: list[Term], target: str) -> list[Linked]:
        """Entities of other types that a clause names, each a link that is wanted or refused."""
        found: list[Linked] = []
        negated = either = False
        refused: str | None = None
        for position, term in enumerate(terms):
            if term.kind == "word":
                negated = term.meant == "negation" or (negated and term.meant != "contrast")
                either = either or term.meant == "either"
            if term.kind == "relation" and not (position and terms[position - 1].meant == "negation"):
                negated = False
            if term.kind != "entity":
                continue
            after = terms[position + 1].meant if position + 1 < len(terms) else None
            others = tuple(one for one in term.meant if one[0] != target)
            reached = [one for one in others if self.ways.between(target, one[0], told_steps(terms))]
            if not reached:
                continue
            refused = (refused or reached[0][0]) if negated else None
            if refused not in (None, reached[0][0]):
                negated, refused = False, None  # without perfume, for oily skin: another kind of thing is wanted
            said = told_steps(terms)
            known = {one: tuple(self.ways.between(target, one[0], said)) for one in reached}
            entity = min(reached, key=lambda one: (len(known[one][0]), not {s for w in known[one] for s in w} & said))
            ways = known[entity]
            link = Linked((entity,), ways, negated or after == "negation_after")
            if either and found and found[-1].ways == ways and found[-1].negated == link.negated:
                found[-1] = Linked((*found[-1].entities, entity), ways, link.negated)
                either = False
            else:
                found.append(link)
        return found
