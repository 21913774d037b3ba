"""Decided: what the staff's rules and reviews do to lists, and what other rules would do."""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError
from kg.k_anonymity import shown_count
from recommender.catalogue.flagged_accounts import left_out
from recommender.catalogue.steps import leads_to_people
from recommender.results.document import Item, Result
from recommender.rules.binding import bound_by
from recommender.rules.rule_set import Rules
from whyrec.answering.shop_questions import ShopQuestions
from whyrec.decisions.log import Decision, DecisionLog
from whyrec.options import asked_rules

LOOKED_AT = 1_000
"""People whose lists a preview makes, at equal distances where there are more."""
NAMED = 20


class Moved(Result):
    """An item that would leave, or enter, the lists of so many of those looked at."""

    item: Item
    people: int | str


class RulesPreview(Result):
    """What other rules would do; counts in steps of k."""

    of: int | str
    """People whose lists were looked at."""
    changed: int | str
    """Those whose list would be another."""
    leaving: list[Moved]
    entering: list[Moved]


class Decided(ShopQuestions):
    """Answers, under what the staff decided."""

    _house: tuple[object, Rules, Rules | None] | None = None
    """The model and the decisions that rules were made for, the rules for everybody, and those that were decided."""

    @cached_property
    def decisions(self) -> DecisionLog:
        """The log of what was decided."""
        return DecisionLog(self.workspace.folder)

    @property
    def standing_rules(self) -> Rules:
        """The rules that hold for everybody now: of the configuration, with the rates of its files, and decided."""
        return self._house_rules()

    def publish_rules(self, rules: Mapping[str, Any], by: str) -> Decision:
        """Let rules hold for all lists from now on, on top of those of ``whyrec.toml``.

        :param rules: by name, see :class:`whyrec.options.RuleOptions`; names of entities become ids.
        :param by: who publishes them.
        :raises UsageError: for a wrong rule.
        :raises UnknownEntityError: where a rule names what is not there.
        """
        return self.decisions.publish(self._named(rules), by)

    def roll_back_rules(self, number: int, by: str) -> Decision:
        """Let the rules of an earlier decision hold again, but for what is to be avoided and is gone; 0: none.

        :param by: who rolls back.
        :raises UsageError: where that decision published none, or wanted alone what is gone, so that it would lift the
            rule.
        """
        earlier = self.decisions.published(number)
        known = self._known(earlier)
        if len(known.get("only", ())) < len(earlier.get("only", ())):
            raise UsageError(
                f"what the rules of decision {number} want alone is not all in the graph any more, or may not be "
                "named, so they would hold less back than they did; publish others"
            )
        return self.decisions.publish(known, by)

    def report_item(self, item: str, reason: str, by: str) -> Decision:
        """Report an item for review; see :meth:`whyrec.decisions.log.DecisionLog.report`.

        :raises UnknownEntityError: for an unknown item.
        """
        entity_type, idx = self.opened.finder.entity(item, self.snapshot.schema.item_types)
        return self.decisions.report(f"{entity_type}:{self.snapshot.vocabulary.id(entity_type, idx)}", reason, by)

    def preview_rules(self, rules: Mapping[str, Any], *, n: int = 10, lang: str = "en") -> RulesPreview:
        """What would change if these rules were published instead of those that hold now.

        :raises UsageError: for a wrong rule.
        """
        recommender, k = self.recommender, self.snapshot.k
        others, _ = self._decided(self._named(rules))
        sets = [recommender.rule_set(one) for one in (self._house_rules(), others)]
        users = [one for one in recommender.users() if one[1] not in left_out(self.snapshot, one[0])]
        chosen = users[:: -(-len(users) // LOOKED_AT) or 1]
        changed, leaving, entering = 0, Counter[int](), Counter[int]()
        for user_type in dict.fromkeys(name for name, _ in chosen):
            idx = np.array([one for name, one in chosen if name == user_type], dtype=np.int64)
            before, after = (_lists(recommender.rank_block(user_type, idx, one, n)) for one in sets)
            for old, new in zip(before, after, strict=True):
                changed += not np.array_equal(old, new)
                leaving.update(set(old.tolist()) - set(new.tolist()))
                entering.update(set(new.tolist()) - set(old.tolist()))
        return RulesPreview(
            of=shown_count(len(chosen), k),
            changed=shown_count(changed, k) if changed else 0,
            leaving=self._moved(leaving, lang),
            entering=self._moved(entering, lang),
        )

    def _moved(self, counts: Counter[int], lang: str) -> list[Moved]:
        found, k = [], self.snapshot.k
        for position, people in counts.most_common(NAMED):
            entity_type, idx = self.recommender.catalogue.item(position)
            found.append(
                Moved(
                    item=Item(
                        id=self.snapshot.vocabulary.id(entity_type, idx),
                        label=self.snapshot.label(entity_type, idx, lang),
                        type=entity_type,
                        domain=self.snapshot.schema.entity[entity_type].domain or "",
                    ),
                    people=shown_count(people, k),
                )
            )
        return found

    def _named(self, rules: Mapping[str, Any]) -> dict[str, Any]:
        """Rules with ids for names, checked against the schema and the graph."""
        told = {name: value for name, value in rules.items() if value not in (None, "", [], (), False)}
        named = self._naming.rules(told)
        self.recommender.rule_set(asked_rules(named))
        return named

    def _house_rules(self) -> Rules:
        if self._house is None:
            super()._house_rules()  # a wrong key in the configuration is told before the graph is opened
        known = self.opened.number, self.decisions.version
        if self._house is None or self._house[0] != known:
            self._house = known, *self._decided(self.decisions.rules)
        return self._house[1]

    def _rules(self, domain: str | None, options: Mapping[str, object]) -> Rules:
        found, published = super()._rules(domain, options), self._published_rules()
        return found if published is None else bound_by(found, published)

    def _published_rules(self) -> Rules | None:
        """Those of the rules for everybody, as they were looked at last, that who asks may narrow and not lift."""
        return None if self._house is None else self._house[2]

    def _decided(self, rules: Mapping[str, Any]) -> tuple[Rules, Rules | None]:
        """Rules and reviews of the staff on top of the configuration, and alone, where there are any."""
        own, blocked = super()._house_rules(), self.decisions.blocked
        if not rules and not blocked:
            return own, None
        decided = asked_rules(self._known({**rules, "avoid": (*rules.get("avoid", ()), *blocked)}))
        found = decided.over(own)
        return found, decided.model_copy(update={"unknown": found.unknown})

    def _known(self, rules: Mapping[str, Any]) -> dict[str, Any]:
        """Rules without what is no longer in the graph: it cannot be recommended anyway. Without people, too, whom an
        earlier version let rules name."""
        schema, vocabulary = self.snapshot.schema, self.snapshot.vocabulary

        def there(text: str) -> bool:
            """Whether the graph has what a rule names."""
            before, _, entity = text.partition(":")
            known = before in schema.entity or before.removeprefix("~") in schema.relation
            name = before if before in schema.entity else schema.ends(before)[1] if known else ""
            named = known and vocabulary.get(name, entity) is not None
            return named and (before in schema.item_types or not leads_to_people(schema, before))

        return {**rules, **{key: tuple(filter(there, rules[key])) for key in ("avoid", "only") if rules.get(key)}}


def _lists(block: Any) -> list[NDArray[np.int64]]:
    return [block.positions[start:end] for start, end in zip(block.indptr[:-1], block.indptr[1:], strict=True)]
