"""How a group reads aloud: one sentence that tells exactly its paths, for customers, staff or analysts."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from kg.errors import UsageError
from kg.k_anonymity import told_count
from kg.schema import inverse_of
from recommender.explanation.cells import CHAIN, DIRECT, LEARNED, PEOPLE, SHARED, TOGETHER, Source
from recommender.explanation.evidence import Entity, Evidence
from recommender.explanation.groups import (
    AGAINST,
    ANCHOR,
    POPULARITY,
    SMALLER,
    THEME,
    UNTOLD,
    Group,
    Strand,
)
from recommender.explanation.phrasing import Phrasing
from recommender.kernels.kernel import Told

READERS = ("customer", "staff", "analyst")
NAMED = 2
"""Entities, and anchors, that a sentence names."""


class GroupPhrasing:
    """Sentences about groups of one profile.

    :param recency: of anchors, step and index, in [0, 1]: what is newest is named first, since people remember it best.
    :param reader: ``customer``, who is spoken to; ``staff``, to whom it is told; ``analyst``, who reads metapaths too.
    :raises UsageError: for another reader.
    """

    def __init__(
        self,
        phrasing: Phrasing,
        evidence: Evidence,
        reader: str = READERS[0],
        recency: Mapping[tuple[str, int], float] | None = None,
    ) -> None:
        if reader not in READERS:
            raise UsageError(f"`reader` {reader!r}: expected {', '.join(READERS[:-1])} or {READERS[-1]}")
        self.phrasing, self.evidence, self.reader, self.language = phrasing, evidence, reader, phrasing.language
        self.recency = recency or {}
        self.snapshot, self.texts = phrasing.snapshot, phrasing.language.section("groups")
        self._one = ""
        self.words: dict[str, object] = {
            "who": self.texts[reader],
            "Who": self.texts[f"{reader}_begin"],
            "whom": self.texts[f"{reader}_whom"],
            "whose": self.texts[f"{reader}_whose"],
        }

    def text(self, group: Group, position: int) -> str:
        """One sentence."""
        self._one = self.language.measure(self.evidence.scorer.catalogue.item(position)[0])
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
        if group.kind == THEME:
            return self._theme(group, position)
        if group.kind == ANCHOR:
            return self._anchor(group, position)
        if group.kind == PEOPLE:
            return self._people(group.strands[0], position)
        if group.kind == LEARNED:
            return self._learned(group, position)
        return self._rest(group)

    def _popularity(self, position: int) -> str:
        item_type = self.evidence.scorer.catalogue.item(position)[0]
        used = self.evidence.scorer.catalogue.used[position] >= max(self.evidence.k, 1)
        return self._say(
            "popularity" if used else "popularity_few", domain=self.snapshot.schema.entity[item_type].domain or ""
        )

    def _rest(self, group: Group) -> str:
        forbidden = self.evidence.forbidden
        if group.kind == UNTOLD:
            return self._say("untold_avoided" if forbidden.named or forbidden.beyond else "untold")
        if group.kind == AGAINST:
            first = group.strands[0]
            if first.source.start in self.snapshot.schema.negatives:
                names, _ = self._names(first)
                return self._say("against_disliked", did=self._did(first.source), names=self.language.listed(names))
            return self._say("against")
        assert group.kind == SMALLER
        several = len(group.strands) > 1 or len(group.strands[0].anchors) > 1
        return self._say("smaller" if several else "smaller_one")

    # What the item has, and who has it too.

    def _theme(self, group: Group, position: int) -> str:
        strands = [one for one in group.strands if one.source.kind != LEARNED]
        learned = len(strands) < len(group.strands)
        first, *others = strands
        entities, total = self.evidence.named(position, strands)
        nodes, several = self._nodes(entities, total), total > 1
        phrase = self.phrasing.phrase(inverse_of(first.source.last))
        if not others:
            told = self._one_ground(first, phrase, nodes, several=several)
            return told + (self._well(first) if learned else "")
        strands.sort(key=_order)
        direct = next((one for one in strands if one.source.kind == DIRECT), None)
        if direct is not None and len(direct.anchors) == total:
            strands.remove(direct)
            told = self._one_ground(direct, phrase, nodes, several=several)
        else:
            told = self._say("item_links", phrase=phrase, nodes=nodes)
        with_it = next((one for one in strands if learned and _goes_with(one, group)), None)
        for number, strand in enumerate(strands):
            key = "and_clause" if _order(strand) == 0 and number == 0 else "clauses"
            ground = self._ground(strand, several=several, first=number == 0)
            told += self.texts[key] + ground + (self._well(strand) if strand is with_it else "")
        return told

    def _well(self, strand: Strand) -> str:
        return self._say("goes_well" if len(strand.anchors) > 1 else "goes_well_one")

    def _one_ground(self, strand: Strand, phrase: str, nodes: str, *, several: bool) -> str:
        source = strand.source
        if source.kind == DIRECT:
            did = self._did(source)
            if self.language.own(did):
                return self._say("direct_own", phrase=phrase, nodes=nodes, did=did)
            return self._say("direct", phrase=phrase, nodes=nodes, did=self.language.owned(did))
        if source.alike and source.kind != CHAIN:
            key = "common_some" if several and len(strand.anchors) > 1 else "common"
            return self._say(key, phrase=phrase, nodes=nodes, anchors=self._mine(strand))
        if source.alike:
            return self._say("chain_common", phrase=phrase, nodes=nodes, **self._middle(strand))
        opening = self._say("item_links", phrase=phrase, nodes=nodes)
        return self.texts["clauses"].join([opening, self._ground(strand, several=several, first=True)])

    def _ground(self, strand: Strand, *, several: bool, first: bool) -> str:
        """Who has what the item has, in a clause of its own."""
        source = strand.source
        it = self.texts["it" if not several else "them" if first and len(strand.anchors) == 1 else "some_of_them"]
        names, total = self._names(strand)
        if source.kind == DIRECT:
            return self._say("direct_also", did=self._did(source), names=self.language.some(names, total))
        if source.alike and source.kind != CHAIN:
            return self._say("common_also", anchors=self._mine(strand))
        if source.kind == CHAIN:
            phrase = self.language.bare(self.phrasing.phrase(source.tail[-2]))
            key = "chain_common_also" if source.alike else "chain_known"
            middle = self._middle(strand)
            if not source.alike and total <= len(names):
                middle["anchors"] += self.texts["mine_end"]
            return self._say(key, phrase=phrase, it=it, **middle)
        did = self._did(source)
        words = {
            "did": did,
            "owned": self.language.owned(did),
            "phrase": self.phrasing.phrase(source.tail[0]),
            "it": it,
        }
        if total <= len(names):
            if len(names) > 1:
                it = self.texts["some_of_them"] if several else self.texts["it"]
            key = "known_both" if len(names) > 1 else "known_one"
            return self._say(key, **(words | {"it": it}), names=self.language.listed(names))
        n = total if self.language.counts_all else total - len(names)
        joined = self.language.section("lists")["comma"].join(names)
        return self._say("known_some", **words, names=joined, n=n, measure=self.language.measure(source.anchor_type))

    def _middle(self, strand: Strand) -> dict[str, str]:
        """What a chain leads over first: related to the anchors, and of which kind."""
        source = strand.source
        between = self.snapshot.schema.ends(source.tail[0])[1]
        back = self.language.bare(self.phrasing.phrase(inverse_of(source.tail[0])))
        return {"back": back, "anchors": self._mine(strand), "kind": self.language.noun(between)}

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

    def _people(self, strand: Strand, position: int) -> str:
        source, schema = strand.source, self.snapshot.schema
        people, each = self.evidence.people(position, strand)
        ordered = self.newest(source.start, strand.anchors)
        names = [self._label(strand, anchor) for anchor in ordered if each[anchor] >= self.evidence.k][:NAMED]
        words: dict[str, object] = {"n": told_count(people, self.evidence.k), "did": self._did(source)}
        sensitive = [schema.entity[schema.ends(step)[1]].sensitive for step in source.tail[:-1]]
        if sensitive == [True]:
            key = "people_one" if len(strand.anchors) == 1 else "people_some" if names else "people_unnamed"
            into = self.language.bare(self.phrasing.phrase(inverse_of(source.tail[0]), first=True))
            words |= {"did": into, "name": "".join(names[:1]), "names": self.language.listed(names)}
            return self._say(key, **words, phrase=self._out(source))
        if sensitive == [True, False]:
            entities, total = self.evidence.named(position, (strand,))
            into = self.language.bare(self.phrasing.phrase(inverse_of(source.tail[0]), first=True))
            words |= {"did": into, "names": self.language.listed(names), "nodes": self._nodes(entities, total)}
            words |= {"phrase": self.phrasing.phrase(inverse_of(source.last)), "out": self._step_out(source.tail[1])}
            key = "people_theme" if names and entities else "people_theme_unnamed"
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

    def _out(self, source: Source) -> str:
        """What people did with the item."""
        return self._step_out(source.last)

    def _step_out(self, step: str) -> str:
        return self.language.bare(self.phrasing.phrase(step, first=True))

    # What goes with the item.

    def _learned(self, group: Group, position: int) -> str:
        shares: dict[int, float] = {}
        for strand in group.strands:
            for anchor, share in strand.anchors.items():
                shares[anchor] = shares.get(anchor, 0.0) + share
        source = group.strands[0].source
        ordered = self.newest(source.start, sorted(shares, key=lambda anchor: (-shares[anchor], anchor)))
        entities = [(source.anchor_type, anchor) for anchor in ordered]
        if source.text != TOGETHER and source.kernel is not None:
            counts = source.kernel.people(
                np.array(ordered, dtype=np.int64), self.evidence.scorer.catalogue.item(position)[1]
            )
            people = [] if counts is None else counts.tolist()
            return source.kernel.sentence(self.phrasing, Told(source.start, entities[:NAMED], people[:NAMED]))
        may = self.evidence.nameable(position, group.strands)
        names = [self.phrasing.label(*one) for one in entities if one[1] in may][:NAMED]
        key = "learned_unnamed" if not names else "learned_one" if len(shares) == len(names) else "learned"
        did = self._did(source)
        told = self._say(key, did=self.language.owned(did), names=self.language.listed(names))
        return self.texts["clauses"].join([told, *self._shared(entities[0], position)])

    def _shared(self, anchor: Entity, position: int) -> list[str]:
        """What an anchor that goes with the item shares with it."""
        if anchor[0] != self.evidence.scorer.catalogue.item(position)[0]:
            return []
        found = self.evidence.attributes(position, anchor[1])
        if not found:
            return []
        step, entities = found
        phrase, nodes = self.phrasing.phrase(step), self._nodes(entities, len(entities))
        return [self._say("learned_shared", name=self.phrasing.label(*anchor), phrase=phrase, nodes=nodes)]

    # Words.

    def newest(self, start: str, anchors: Iterable[int]) -> list[int]:
        """Anchors of a step in the order in which they are named: the newest first, then as they come."""
        return sorted(anchors, key=lambda anchor: -self.recency.get((start, anchor), 0.0))

    def _say(self, key: str, **places: object) -> str:
        return self.texts[key].format(**(self.words | {"one": self._one} | places))

    def _did(self, source: Source) -> str:
        return self.phrasing.phrase(source.start, first=True)

    def _nodes(self, entities: Sequence[Entity], total: int) -> str:
        return self.language.some([self.phrasing.label(*one) for one in entities[:NAMED]], total)

    def _names(self, strand: Strand) -> tuple[list[str], int]:
        """The first anchors by name, two where there are no more, and how many there are."""
        total = len(strand.anchors)
        shown = self.newest(strand.source.start, strand.anchors)[: NAMED if total <= NAMED else 1]
        return [self._label(strand, anchor) for anchor in shown], total

    def _label(self, strand: Strand, anchor: int) -> str:
        return self.phrasing.label(strand.source.anchor_type, anchor)

    def _mine(self, strand: Strand) -> str:
        """“A” and 4 others you bought."""
        names, total = self._names(strand)
        phrase = self.language.owned(self._did(strand.source))
        if total <= len(names):
            return self._say("mine_one", names=self.language.listed(names), phrase=phrase)
        n = total if self.language.counts_all else total - len(names)
        measure = self.language.measure(strand.source.anchor_type)
        return self._say("mine_some", names=names[0], n=n, phrase=phrase, measure=measure)


def _goes_with(strand: Strand, group: Group) -> bool:
    """Whether the learned strands of a theme are of its anchors."""
    return any(one.source.kind == LEARNED and one.source.start == strand.source.start for one in group.strands)


def _order(strand: Strand) -> int:
    """Where a ground stands in a sentence: what is in common first, what the user said last."""
    if strand.source.kind == DIRECT:
        return 2
    return 0 if strand.source.alike and strand.source.kind != CHAIN else 1
