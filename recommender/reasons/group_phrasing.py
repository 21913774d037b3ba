"""How a group reads aloud: one sentence that tells exactly its paths, for customers, staff or analysts."""

from functools import cached_property

from kg.k_anonymity import told_count
from kg.schema import inverse_of
from kg.step import relation_of
from recommender.kernels.kernel import NamedAnchors
from recommender.profiles.habit import habit_with
from recommender.reasons.cells import LEARNED, PEOPLE, SHARED, THEME, TOGETHER, Source, Strand
from recommender.reasons.evidence.attribute_ranks import has_phrase
from recommender.reasons.groups import (
    AGAINST,
    ANCHOR,
    FEW,
    POPULARITY,
    SMALLER,
    UNTOLD,
    Group,
)
from recommender.reasons.theme_phrasing import NAMED, ThemePhrasing
from recommender.rules.soft.soft_rules import SoftShare
from recommender.rules.soft.spoken import spoken_soft
from recommender.texts.intervals import habit_text

LINKED = ""
"""What people did with something that is linked to the item."""


class GroupPhrasing(ThemePhrasing):
    """Sentences about groups of one profile."""

    def text(self, group: Group, position: int) -> str:
        """One sentence."""
        self.words["one"] = self.language.measure(self.evidence.scorer.catalogue.item(position)[0])
        told = self._told(group, position)
        if self.reader == "analyst" and group.strands:
            paths = ", ".join(
                dict.fromkeys(str(one.source.metapath.path) for one in group.strands if one.source.metapath)
            )
            told += f" [{paths}]" if paths else ""
        return self.language.sentence(self.language.capital(told))

    def nothing(self) -> str:
        """What is said where nothing leads to an item."""
        return self.language.sentence(self._say("nothing"))

    def _told(self, group: Group, position: int) -> str:
        if group.kind == POPULARITY:
            return self._popularity(position)
        if group.soft is not None:
            return self._soft(group.soft)
        if group.kind == THEME:
            told = [self._theme(group, position), *self._people_beside(group, position)]
            return self.texts["clauses"].join(told)
        if group.kind == ANCHOR:
            return self._anchor(group, position)
        if group.kind == PEOPLE:
            return self._people_and_learned(group, position)
        if group.kind == FEW:
            return self._few(group, position)
        if group.kind == LEARNED:
            return self._learned(group, position)
        return self._rest(group)

    def _popularity(self, position: int) -> str:
        catalogue = self.evidence.scorer.catalogue
        item_type = catalogue.item(position)[0]
        people = int(catalogue.people[position]) - self.evidence.learned.aside(position, None)
        if people < max(self.evidence.k, 1):
            return self._say("popularity_few")
        if not catalogue.popular[position]:  # it may be the most popular of the few that a list is made of
            return self._say("popularity_some", n=told_count(people, self.evidence.k))
        return self._say("popularity", domain=self.snapshot.schema.entity[item_type].domain or "")

    def _soft(self, soft: SoftShare) -> str:
        """What a shop does with an item; whose rule it is and how much, to whom works there."""
        if self.reader == "customer":
            return self._say(soft.kind)
        return self.language.unclosed(spoken_soft(self.snapshot, soft, self.language))

    def _rest(self, group: Group) -> str:
        if group.kind == UNTOLD:
            return self._untold
        if group.kind == AGAINST:
            first = group.strands[0]
            if first.source.start in self.snapshot.schema.negatives:
                names, _ = self._names(first)
                return self._say("against_disliked", did=self._did(first.source), names=self.language.listed(names))
            return self._say("against")
        assert group.kind == SMALLER
        several = len(group.strands) > 1 or len(group.strands[0].anchors) > 1
        return self._say("smaller" if several else "smaller_one")

    @cached_property
    def _untold(self) -> str:
        """What is said of what may not be told; of many items of a list the same."""
        forbidden = self.evidence.forbidden
        return self._say("untold_avoided" if forbidden.named or forbidden.beyond else "untold")

    # What one anchor has to do with the item.

    def _anchor(self, group: Group, position: int) -> str:
        assert group.anchor is not None
        start, idx = group.anchor
        ways, facts, learned = list[str](), list[str](), False
        for strand in group.strands:
            if strand.source.kind == LEARNED:
                learned = True
            elif strand.source.kind == PEOPLE:
                ways.append(self._way_over_people(strand, position))
            elif strand.source.alike:
                facts.append(self._fact(strand, position))
            else:
                ways.append(self._way(strand, position))
        if facts:
            joined = self.texts["facts_comma"].join(facts[:-1])
            told = joined + self.texts["facts_and"] + facts[-1] if joined else facts[-1]
            at_first = group.strands[0].source.kind == SHARED
            ways.insert(0 if at_first else len(ways), self._say("anchor_common", facts=told))
        if learned:
            ways.append(self._say("anchor_learned"))
        name = self.phrasing.label(self.snapshot.schema.ends(start)[1], idx)
        did = self._did(group.strands[0].source)
        return self._say("anchor", did=did, name=name, ways=self.texts["clauses"].join(ways))

    def _fact(self, strand: Strand, position: int) -> str:
        """What the anchor and the item both have."""
        entities, total = self.evidence.named(position, (strand,))
        phrase = self.language.both(self.phrasing.phrase(inverse_of(strand.source.last)))
        return self._say("fact", phrase=phrase, nodes=self._nodes(entities, total))

    def _way(self, strand: Strand, position: int) -> str:
        """What the anchor leads to and the item has."""
        source = strand.source
        entities, total = self.evidence.named(position, (strand,))
        back, nodes = self.phrasing.phrase(inverse_of(source.last)), self._nodes(entities, total)
        return self._say("anchor_known", phrase=self.phrasing.phrase(source.tail[0]), nodes=nodes, back=back)

    def _way_over_people(self, strand: Strand, position: int) -> str:
        source = strand.source
        count = told_count(self.evidence.people(position, strand)[0], self.evidence.k)
        did = self.language.bare(self.phrasing.phrase(inverse_of(source.tail[0]), first=True))
        return self._say("anchor_people", n=count, did=did, phrase=self._out(source))

    # What people did.

    def _people(self, strand: Strand, position: int, *, named: bool = True) -> str:
        """One metapath over people.

        :param named: whether any of several anchors are named.
        """
        source, schema = strand.source, self.snapshot.schema
        people, each = self.evidence.people(position, strand)
        ordered = self.newest(source.start, strand.largest())
        names = [self._label(strand, anchor) for anchor in ordered if each[anchor] >= self.evidence.k][:NAMED]
        names = names if named or len(ordered) == 1 else []
        words: dict[str, object] = {"n": told_count(people, self.evidence.k), "did": self._did(source)}
        sensitive = [schema.entity[schema.ends(step)[1]].sensitive for step in source.tail[:-1]]
        alike = source.tail[0] == inverse_of(source.start)  # they did the same with it, and not bought what was viewed
        if sensitive == [True]:
            key = "people_one" if len(strand.anchors) == 1 else "people_some" if names else "people_unnamed"
            into = self.language.bare(self.phrasing.phrase(inverse_of(source.tail[0]), first=True))
            words |= {"into": into, "did": into if alike else self.language.owned(self._did(source))}
            words |= {"name": "".join(names[:1]), "names": self.language.listed(names)}
            return self._say(key if alike else f"{key}_across", **words, phrase=self._out(source))
        if sensitive == [True, False]:
            entities, total = self.evidence.named(position, (strand,))
            into = self.language.bare(self.phrasing.phrase(inverse_of(source.tail[0]), first=True))
            words |= {"did": into, "names": self.language.listed(names), "nodes": self._nodes(entities, total)}
            words |= {"phrase": self.phrasing.phrase(inverse_of(source.last)), "out": self._step_out(source.tail[1])}
            key = ("people_theme" if alike else "people_theme_across") if names else "people_theme_unnamed"
            return self._say(key, **words) if entities else self._say("people_other", **words)
        if sensitive == [False, True]:
            between = schema.ends(source.tail[0])[1]
            words |= {
                "names": self.language.listed(names),
                "into": self.language.bare(self.phrasing.phrase(inverse_of(source.tail[1]), first=True)),
                "back": self.language.bare(self.phrasing.phrase(inverse_of(source.tail[0]))),
                "it": self.texts["it" if len(names) == 1 else "them"],
                "kind": self.language.noun(between),
            }
            return self._say("people_via" if names else "people_via_unnamed", **words, phrase=self._out(source))
        return self._say("people_other", **words)

    def _people_and_learned(self, group: Group, position: int) -> str:
        """What others did, and what learned kernels say of the same."""
        assert group.people is not None
        told, learned = self._people(group.people, position), group.learned
        if not learned:
            return told
        key = "anchor_learned" if len(group.people.anchors) == 1 else "people_well"
        well = self._say(key, did=self.language.owned(self._did(learned[0].source)))
        common = self._in_common(Group(LEARNED, 0.0, tuple(learned)), position, phrased_only=True)
        return self.texts["clauses"].join([told, well, *common])

    def _few(self, group: Group, position: int) -> str:
        """What people did of whom there are too few in each way, so that no way is told."""
        n = told_count(self.evidence.people_behind(position, group), self.evidence.k)
        steps = {step for strand in group.strands for step in self._done(strand.source, position)}
        if len(steps) == 1 and LINKED not in steps:
            return self._say("few", n=n, phrase=self._step_out(steps.pop()))
        return self._say("few_linked", n=n)

    def _done(self, source: Source, position: int) -> list[str]:
        """What the people of a source did with the item, or something that is linked to it."""
        schema = self.snapshot.schema
        if source.kind == LEARNED:
            item_type = self.evidence.scorer.catalogue.item(position)[0]
            return [name for name in schema.interactions if schema.ends(name)[1] == item_type]
        return [source.last if schema.entity[source.between[-1]].sensitive else LINKED]

    def _people_beside(self, group: Group, position: int) -> list[str]:
        """What others did who have what a theme names too."""
        return [] if group.people is None else [self._people(group.people, position, named=False)]

    def _out(self, source: Source) -> str:
        """What people did with the item."""
        return self._step_out(source.last)

    def _step_out(self, step: str) -> str:
        return self.language.bare(self.phrasing.phrase(step, first=True))

    # What goes with the item.

    def _learned(self, group: Group, position: int) -> str:
        source, anchors = group.strands[0].source, group.anchors
        if source.again:
            return self._again(source, position)
        ordered = self.newest(source.start, anchors)
        if source.text != TOGETHER and source.kernel is not None:
            entities = [(source.anchor_type, anchor) for anchor in ordered[:NAMED]]
            counts = self.evidence.learned.counts(position, source)
            aside = self.evidence.learned.aside(position, source.kernel)
            known = [] if counts is None else [max(counts[anchor] - aside, 0) for anchor in ordered[:NAMED]]
            people = [told_count(one, self.evidence.k) or 0 for one in known]
            about = source.kernel.about(ordered[0], self.evidence.scorer.catalogue.item(position)[1])
            about = about if about and self.evidence.forbidden.names(*about) else None
            return source.kernel.sentence(self.phrasing, NamedAnchors(source.start, entities, people, about))
        may = self.evidence.learned.nameable(position, group.learned)
        names = [self.phrasing.label(source.anchor_type, one) for one in ordered if one in may][:NAMED]
        key = "learned_unnamed" if not names else "learned_one" if len(anchors) == len(names) else "learned"
        did = self._did(source)
        told = self._say(key, did=self.language.owned(did), names=self.language.listed(names))
        if group.people is not None:
            told += self._say("learned_people")
        return self.texts["clauses"].join([told, *self._in_common(group, position, phrased_only=bool(names))])

    def _again(self, source: Source, position: int) -> str:
        """What she did before, and how often."""
        phrase, item = self._did(source), self.evidence.scorer.catalogue.item(position)
        habit = habit_with(self.snapshot, self.evidence.sources.profile, *item, relation_of(source.start))
        if habit is None:
            return self._say("again_once", did=self.language.past(phrase))
        told = habit_text(self.language, self.reader, phrase, habit.occasions, habit.days)
        return self.language.unclosed(told)

    def _in_common(self, group: Group, position: int, *, phrased_only: bool) -> list[str]:
        """What an anchor that goes with the item has in common with it.

        :param phrased_only: whether that is left out where its relation has no phrase, as it is no more than an aside.
        """
        found = self.evidence.common.of(position, group)
        if found is None or (phrased_only and not has_phrase(self.snapshot.schema, found[1])):
            return []
        anchor, step, entities = found
        phrase, nodes = self.phrasing.phrase(step), self._nodes(entities, len(entities))
        name = self.phrasing.label(group.strands[0].source.anchor_type, anchor)
        return [self._say("learned_shared", name=name, phrase=phrase, nodes=nodes)]
