"""How an explanation reads aloud, in English and Chinese, from the schema's phrases."""

from collections.abc import Sequence

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from kg.step import relation_of
from recommender.explanation.k_anonymity import PathGroup
from recommender.kernels.kernel import NamedAnchors
from recommender.kernels.metapaths import Metapath
from recommender.texts.languages import language

PARTS_TOLD = 4
LABELS = 20_000
"""Labels that are kept ready."""


class Phrasing:
    """Sentences in one language.

    :raises UsageError: for a language that there are no texts in.
    """

    def __init__(self, snapshot: Snapshot, lang: str = "en") -> None:
        self.snapshot, self.lang, self.language = snapshot, lang, language(lang)
        self.texts = self.language.section("phrasing")
        self._labels: dict[tuple[str, int], str] = {}
        self._phrases: dict[tuple[str, bool], str] = {}

    def label(self, entity_type: str, idx: int) -> str:
        """A label in quotation marks."""
        found = self._labels.get((entity_type, idx))
        if found is None:
            if len(self._labels) >= LABELS:
                self._labels = {}
            found = self.language.quoted(self.snapshot.label(entity_type, idx, self.lang))
            self._labels[entity_type, idx] = found
        return found

    def path(self, metapath: Metapath, group: PathGroup) -> str:
        """One path as a sentence without its full stop: “You bought A, which contains B, which is contained in C”."""
        sentence, position = "", 0
        nodes = (-1, *group.nodes)
        while position < len(metapath.steps):
            step = metapath.steps[position]
            tail = self.snapshot.schema.ends(step)[1]
            through_people = position + 1 < len(metapath.steps) and self.snapshot.schema.entity[tail].sensitive
            if through_people and position > 0:
                sentence += self._people(metapath, position, nodes, group.people or 0)
                position += 2
                continue
            node = self._node(tail, nodes[position + 1], group.people)
            phrase = self.phrase(step, first=position == 0)
            key, phrase = self.language.relative(phrase, position) if position else ("you", phrase)
            sentence += self.texts[key].format(phrase=phrase, node=node)
            position += 1
        return sentence

    def embedding(self, anchors: Sequence[tuple[str, int]]) -> str:
        """The sentence of the embedding part, naming the nearest anchors (type, index), where any is near."""
        if not anchors:
            return self.texts["far"]
        names = self.language.listed([self.label(entity_type, idx) for entity_type, idx in anchors])
        return self.texts["embedding"].format(anchors=names)

    def learned(self, text: str, named: NamedAnchors, people: int = 0) -> str:
        """A text about a learned kernel: what one did with its anchors, and the number of people behind it."""
        names = self.language.listed([self.label(entity_type, idx) for entity_type, idx in named.anchors])
        partners = self.language.listed([self.language.quoted(one) for one in self.snapshot.manifest.partners])
        told = {"phrase": self.phrase(named.step, first=True), "anchors": names, "n": people, "partners": partners}
        if named.about is None:
            return self.texts[text].format(**told)
        return self.texts[f"{text}_about"].format(**told, about=self.label(*named.about))

    def popularity(self, domain: str) -> str:
        """The popularity part without its full stop."""
        return self.texts["popularity"].format(domain=domain)

    def together(self) -> str:
        """A learned kernel of which no anchor may be named."""
        return self.texts["together"]

    def untold(self, k: int, *, avoided: bool) -> str:
        """What is said of paths through too few people to count, or, where anything is, through what is avoided."""
        return self.texts["fewer_or_avoided" if avoided else "fewer"].format(k=k)

    def against(self, text: str) -> str:
        """A text that speaks against an item: “Against it: you disliked A, which contains B”."""
        return self.texts["against"].format(text=self.language.inside(text))

    def nothing(self) -> str:
        """What is said where no part has a share."""
        return self.texts["nothing"]

    def sentence(self, text: str) -> str:
        """Close a sentence."""
        return self.language.sentence(text)

    def summary(self, item: str, kind: str, score: float, parts: Sequence[tuple[float, str]]) -> str:
        """The account in one paragraph: the largest parts, for or against, in words, the others as a sum.

        :param kind: entity type of the item.
        """
        ordered = sorted(parts, key=lambda part: -abs(part[0]))
        quoted = self.language.quoted(item)
        told = [self._share(share, self._of(what, quoted, kind), score) for share, what in ordered[:PARTS_TOLD]]
        if rest := ordered[PARTS_TOLD:]:
            told.append(self._share(sum(share for share, _ in rest), self.texts["rest"].format(n=len(rest)), score))
        key = "score" if len(told) > 1 else "score_of_one"
        joined = self.texts["join"].join(told) or self.nothing()
        return self.texts[key].format(item=quoted, score=score, parts=joined)

    def _of(self, what: str, quoted: str, kind: str) -> str:
        """A text that ends in the item, where that was named before: “… is contained in this product”."""
        if not what.endswith(quoted):
            return what
        return what.removesuffix(quoted) + self.language.of_item(kind)

    def _share(self, share: float, what: str, score: float) -> str:
        """A share, its part of the score where that is a sum of what is for it, and its text within a sentence."""
        key = "share" if score > 0 else "share_alone"
        return self.texts[key].format(
            share=share, percent=share / score if score else 0.0, what=self.language.inside(what)
        )

    def people_count(self, n: int) -> str:
        """A node that stands for people."""
        return self.texts["people_count"].format(n=n)

    def _people(self, metapath: Metapath, position: int, nodes: Sequence[int], people: int) -> str:
        """Two steps over a person: from what they share to what they did."""
        into, out = metapath.steps[position], metapath.steps[position + 1]
        schema = self.snapshot.schema
        used = schema.relation[into.removeprefix("~")].interaction and position == 1
        there = self.language.repeats(used=used) or self._node(schema.ends(into)[0], nodes[position], people)
        node = self._node(schema.ends(out)[1], nodes[position + 2], people)
        back = self.language.bare(self.phrase(inverse_of(into), first=True))
        return self.texts["people"].format(
            n=people, back=back, there=there, phrase=self.phrase(out, first=True), node=node
        )

    def _node(self, entity_type: str, idx: int, people: int | None) -> str:
        return self.people_count(people or 0) if idx < 0 else self.label(entity_type, idx)

    def phrase(self, step: str, *, first: bool = False) -> str:
        """How a step reads; one without a phrase by its name, which after “You” is taken for a verb."""
        found = self._phrases.get((step, first))
        if found is None:
            found = self._phrases[step, first] = self._phrase(step, first=first)
        return found

    def _phrase(self, step: str, *, first: bool) -> str:
        schema = self.snapshot.schema
        relation, forward = schema.relation[relation_of(step)], not step.startswith("~")
        phrases = relation.phrase if forward else relation.inverse_phrase
        if self.lang in phrases or "en" in phrases or (first and forward):
            return schema.phrase(step, self.lang)
        name = relation_of(step).replace("_", " ")
        return self.texts["linked" if forward else "linked_back"].format(relation=name)
