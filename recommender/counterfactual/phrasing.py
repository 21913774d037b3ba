"""How the answers of why-not and what-if read aloud, in English and Chinese."""

from collections.abc import Sequence

from kg.snapshot.snapshot import Snapshot
from recommender.counterfactual.changes import Change
from recommender.explanation.phrasing import Phrasing
from recommender.profiles.anchors import Anchor
from recommender.rules.avoidance import AVOID
from recommender.rules.domain import OTHER_DOMAIN
from recommender.texts.language import Section


class CounterfactualPhrasing(Phrasing):
    """Sentences about what is not, and about what would be, in one language.

    :raises UsageError: for a language that there are no texts in.
    """

    def __init__(self, snapshot: Snapshot, lang: str = "en") -> None:
        super().__init__(snapshot, lang)
        self.said = self.language.section("counterfactual")

    def fact(self, anchor: Anchor) -> str:
        """What an anchor says of a user: “you bought A”."""
        return self.facts([anchor])

    def facts(self, anchors: Sequence[Anchor]) -> str:
        """What anchors say of a user, by relation: “you bought A and B; you asked for help with C”."""
        phrase = self.snapshot.schema.phrase
        told = [self.said["fact"].format(phrase=phrase(step, self.lang), nodes=n) for step, n in self._nodes(anchors)]
        return self.said["facts"].join(told)

    def item_facts(self, item: str, links: Sequence[Anchor]) -> str:
        """What links say of an item: “it contains A and B, is made by C and suits D”."""
        linked = self.said["linked_to"].format
        facts = [linked(phrase=self.phrase(step), nodes=nodes) for step, nodes in self._nodes(links)]
        told = [
            self.said["item_fact"].format(item=item, fact=facts[0]),
            *(self.language.further(fact) for fact in facts[1:]),
        ]
        first = [self.said["further"].join(told[:-1])] if told[1:] else []
        return self.said["lastly"].join([*first, told[-1]])

    def used(self, name: str, anchors: Sequence[Anchor]) -> str:
        """Why what was used, or disliked, is not recommended: ``name`` in the audit."""
        return self.language.capital(self.language.rule(name)["excluded"].format(fact=self.facts(anchors)))

    def other_domain(self, own: str, asked: str) -> str:
        """Why an item of another domain is not in the list."""
        return self.language.rule(OTHER_DOMAIN)["excluded"].format(own=own, asked=asked)

    def rule(self, name: str, about: Anchor | None, item: Anchor) -> str:
        """What a rule says: ``name`` in the audit; ``about``, type and index of what it names."""
        if about is not None and about == item:
            return self.said["avoid_itself"]
        node = "" if about is None else self.label(*about)
        return self._rule(name, named=about is not None)["excluded"].format(node=node, name=name)

    def no_path(self, missing: Sequence[Anchor]) -> str:
        """Why an item that nothing leads to is not in the list, and what would lead to it."""
        facts = self.said["or"].join(self.fact(one) for one in missing)
        return self.said["no_path"] + (self.said["missing"].format(facts=facts) if facts else self.said["unlinked"])

    def outscored(self, item: str, own: float, ahead: int, last: tuple[str, float]) -> str:
        """How far an item is behind the last of the list."""
        quote = self.language.quoted
        key = "outscored_one" if ahead == 1 else "outscored"
        return self.said[key].format(
            ahead=self.language.number(ahead),
            item=quote(item),
            own=own,
            last=quote(last[0]),
            score=last[1],
            gap=last[1] - own,
        )

    def listed(self, item: str, rank: int) -> str:
        """What is said of an item that is in the list."""
        return self.said["listed"].format(item=self.language.quoted(item), rank=rank)

    def would(self, item: str, rank: int, change: Change) -> str:
        """What a change would do."""
        quoted, conditions = self.language.quoted(item), []
        sides = (("had", change.add, change.item_add), ("had_not", change.remove, change.item_remove))
        for key, anchors, links in sides:
            facts = [self.facts(anchors)] if anchors else []
            facts += [self.item_facts(quoted, links)] if links else []
            if facts:
                conditions.append(self.said[key].format(facts=self.said["facts"].join(facts)))
        conditions += [self._lifted(name) for name in change.lift]
        told = self.said["conditions"].join(conditions)
        would, checked = ("would_it", "checked_item") if change.of_item else ("would", "checked")
        return self.said[would].format(item=quoted, rank=rank, conditions=told) + self.said[checked]

    def line(self, item: str, change: Change) -> str:
        """A change of one thing, as a line of a list."""
        if change.lift:
            return self.said["line_rule"].format(rule=self._lifted(change.lift[0]))
        links = (*change.item_add, *change.item_remove)
        quoted = self.language.quoted(item)
        facts = self.item_facts(quoted, links) if links else self.facts((*change.add, *change.remove))
        return self.said["line_had" if change.add or change.item_add else "line_had_not"].format(facts=facts)

    def no_change(self, key: str, most: int, n: int) -> str:
        """What is said where no change was found.

        :param key: ``no_change``; ``standing`` where a rule is in the way of all; ``nothing_helps`` where none is but
            nothing could raise its score.
        """
        return self.said[key].format(most=most, n=n)

    def move(self, ranks: tuple[int | None, int | None], n: int, share: float, why: tuple[str, str]) -> str:
        """How an item moved, and why.

        :param ranks: before and after; ``None`` where a rule keeps the item out.
        :param share: the change of its score.
        :param why: ``new``, ``more``, ``gone`` or ``less`` with the text of a path; ``mixed`` or ``others`` without.
        """
        before, after = ranks
        told = self._moved(before, after, n)
        if before is not None and after is not None:
            rose = after < before
            key = ("lost_less" if rose else "gained_less") if rose != (share > 0) and why[0] != "others" else why[0]
            told += self.said[key].format(share=share, text=self.language.unclosed(why[1]))
        return self.sentence(told)

    def moves(self, moved: int, new: int) -> str:
        """How many items move."""
        if moved == 1:
            return self.said["one_moves"]
        return self.said["moves"].format(n=moved, new=new) if moved else self.said["nothing_moved"]

    def _nodes(self, anchors: Sequence[Anchor]) -> list[tuple[str, str]]:
        """Steps with what they lead to: “A, B and C”."""
        found = []
        for step in dict.fromkeys(step for step, _ in anchors):
            tail = self.snapshot.schema.ends(step)[1]
            labels = [self.label(tail, idx) for name, idx in anchors if name == step]
            found.append((step, self.language.listed(labels)))
        return found

    def _lifted(self, name: str) -> str:
        """A rule that is lifted, by its name in the audit."""
        about = self._about(name)
        node = "" if about is None else self.label(*about)
        rule = self._rule(name, named=about is not None)["about"].format(node=node, name=name)
        return self.said["lifted_avoid" if name.startswith(AVOID) else "lifted"].format(rule=rule)

    def _rule(self, name: str, *, named: bool) -> Section:
        """The texts of a rule; those of what somebody avoids herself are those of what is asked to be avoided."""
        return self.language.rule(AVOID if named and ":" in name and " " not in name else name)

    def _about(self, name: str) -> Anchor | None:
        """Type and index of the entity that the name of a rule ends in."""
        relation, colon, entity_id = name.partition(" ")[2].partition(":")
        if not colon:
            return None
        schema = self.snapshot.schema
        entity_type = relation if relation in schema.entity else schema.ends(relation)[1]
        return entity_type, self.snapshot.vocabulary.idx(entity_type, entity_id)

    def _moved(self, before: int | None, after: int | None, n: int) -> str:
        if before is None or after is None:
            return self.said["allowed" if before is None else "forbidden"]
        key = ("up" if after < before else "down") if max(before, after) <= n else "left" if after > n else "entered"
        return self.said[key].format(before=before, after=after)
