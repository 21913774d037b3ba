"""How a theme reads aloud: what the item has, and who of what the user has has it too; and words for all groups."""

from collections.abc import Iterable, Mapping, Sequence

from kg.errors import UsageError
from kg.schema import inverse_of
from recommender.explanation.phrasing import Phrasing
from recommender.reasons.cells import CHAIN, DIRECT, LEARNED, Source, Strand
from recommender.reasons.evidence.common_attributes import Entity
from recommender.reasons.evidence.evidence import Evidence
from recommender.reasons.groups import Group

READERS = ("customer", "staff", "analyst")
NAMED = 2
"""Entities, and anchors, that a sentence names."""


class ThemePhrasing:
    """Sentences about themes of one profile.

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
        self.words: dict[str, object] = {
            "one": "",
            "who": self.texts[reader],
            "Who": self.texts[f"{reader}_begin"],
            "whom": self.texts[f"{reader}_whom"],
            "whose": self.texts[f"{reader}_whose"],
        }

    # What the item has, and who has it too.

    def _theme(self, group: Group, position: int) -> str:
        strands, learned = group.grounds, bool(group.learned)
        first, *others = strands
        entities, total = self.evidence.named(position, strands)
        nodes, several = self._nodes(entities, total), total > 1
        phrase = self.phrasing.phrase(inverse_of(first.source.last))
        if not others:
            told = self._one_ground(first, position, (phrase, nodes), several=several)
            return told + (self._well(first) if learned else "")
        strands.sort(key=_order)
        direct = next((one for one in strands if one.source.kind == DIRECT), None)
        if direct is not None and len(direct.anchors) == total:
            strands.remove(direct)
            told = self._one_ground(direct, position, (phrase, nodes), several=several)
        else:
            told = self._say("item_links", phrase=phrase, nodes=nodes)
        with_it = next((one for one in strands if learned and _goes_with(one, group)), None)
        for number, strand in enumerate(strands):
            key = "and_clause" if _order(strand) == 0 and number == 0 else "clauses"
            ground = self._ground(strand, position, several=several, first=number == 0)
            told += self.texts[key] + ground + (self._well(strand) if strand is with_it else "")
        return told

    def _well(self, strand: Strand) -> str:
        return self._say("goes_well" if len(strand.anchors) > 1 else "goes_well_one")

    def _one_ground(self, strand: Strand, position: int, links: tuple[str, str], *, several: bool) -> str:
        source, (phrase, nodes) = strand.source, links
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
        return self.texts["clauses"].join([opening, self._ground(strand, position, several=several, first=True)])

    def _ground(self, strand: Strand, position: int, *, several: bool, first: bool) -> str:
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
            if not source.alike:
                over = [self.phrasing.label(*one) for one in self.evidence.led_over(position, strand)[:NAMED]]
                end = self.texts["mine_end"] if total <= len(names) else ""
                middle["over"] = self._say("chain_over", names=self.language.listed(over)) if over else end
            return self._say(key, phrase=phrase, it=it, **middle)
        did = self._did(source)
        words = {
            "did": did,
            "owned": self.language.owned(did),
            "phrase": self.phrasing.phrase(source.tail[0]),
            "also": self.language.also(self.phrasing.phrase(source.tail[0])),
            "each": self.language.each(self.phrasing.phrase(source.tail[0])),
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

    # Words.

    def newest(self, start: str, anchors: Iterable[int]) -> list[int]:
        """Anchors of a step in the order in which they are named: the newest first, then as they come."""
        return sorted(anchors, key=lambda anchor: -self.recency.get((start, anchor), 0.0))

    def _say(self, key: str, **places: object) -> str:
        return self.texts[key].format(**(self.words | places))

    def _did(self, source: Source) -> str:
        return self.phrasing.phrase(source.start, first=True)

    def _nodes(self, entities: Sequence[Entity], total: int) -> str:
        return self.language.some([self.phrasing.label(*one) for one in entities[:NAMED]], total)

    def _names(self, strand: Strand) -> tuple[list[str], int]:
        """The first anchors by name, two where there are no more, and how many there are."""
        total = len(strand.anchors)
        shown = self.newest(strand.source.start, strand.largest())[: NAMED if total <= NAMED else 1]
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
