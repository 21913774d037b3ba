"""How an explanation reads aloud, in English and Chinese, from the schema's phrases."""

import re
from collections.abc import Sequence

from kg.errors import UsageError
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.explanation.k_anonymity import PathGroup
from recommender.kernels.kernel import Told
from recommender.kernels.metapaths import Metapath

LANGUAGES = ("en", "zh")
PARTS_TOLD = 4
OF = "的"
"""How a phrase begins that goes with a possessive: 的主题是, which of what was named before is 其主题是."""

TEXTS = {
    "en": {
        "quote": "“{}”",
        "you": "You {phrase} {node}",
        "which": ", which {phrase} {node}",
        "latter": ", which {phrase} {node}",
        "people": ", and {n} others who {back} {there} also {phrase} {node}",
        "people_count": "{n} people",
        "it": "it",
        "this": "this {kind}",
        "popularity": "Popular in {domain}",
        "embedding": "Close in the learned embedding to {anchors}",
        "association": "Goes with {anchors}, as learned from what people use together and from shared attributes",
        "text": "Its description is like that of {anchors}, which you {phrase}",
        "sequence": "{n} people who {phrase} {anchors} used this soon after",
        "far": "Not close to your history in the learned embedding",
        "nothing": "Nothing in your history leads here",
        "fewer": "Paths through fewer than {k} people, not told so that nobody is recognised",
        "fewer_or_avoided": "Paths through what is avoided, or through fewer than {k} people",
        "against": "Against it: {text}",
        "score": "{item} scores {score:.4f}. The largest part first: {parts}.",
        "score_of_one": "{item} scores {score:.4f}: {parts}.",
        "share": "{what} ({share:.4f}, {percent:.1%})",
        "share_alone": "{what} ({share:.4f})",
        "rest": "{n} smaller parts",
        "linked": "is linked by “{relation}” to",
        "linked_back": "is reached by “{relation}” from",
        "join": "; ",
        "and": " and ",
        "end": ".",
    },
    "zh": {
        "quote": "「{}」",
        "you": "您{phrase}{node}",
        "which": "，它{phrase}{node}",
        "latter": "，后者{phrase}{node}",
        "whose": "，其{phrase}{node}",
        "people": "，另有 {n} 位{back}{there}的人也{phrase}{node}",
        "people_count": "{n} 人",
        "it": "它",
        "this": "这一项",
        "popularity": "在同类项目中受欢迎",
        "embedding": "在学习到的嵌入中与{anchors}相近",
        "association": "与{anchors}相配（由大家的共同使用和共有属性学得）",
        "text": "您{phrase}{anchors}，其描述与本项相近",
        "sequence": "有 {n} 位{phrase}{anchors}的人不久之后也选择了这一项",
        "far": "在学习到的嵌入中与您的记录并不相近",
        "nothing": "您的记录中没有通向它的路径",
        "fewer": "经过不足 {k} 人的路径，为免认出个人，不作说明",
        "fewer_or_avoided": "经过回避内容或不足 {k} 人的路径",
        "against": "不利因素：{text}",
        "score": "{item}得分 {score:.4f}，从大到小由以下部分组成：{parts}。",
        "score_of_one": "{item}得分 {score:.4f}：{parts}。",
        "share": "{what}（{share:.4f}，占 {percent:.1%}）",
        "share_alone": "{what}（{share:.4f}）",
        "rest": "其余 {n} 个较小的部分",
        "linked": "通过「{relation}」连到",
        "linked_back": "由「{relation}」连自",
        "join": "；",
        "and": "和",
        "end": "。",
    },
}


class Phrasing:
    """Sentences in one language.

    :raises UsageError: for a language other than ``LANGUAGES``.
    """

    def __init__(self, snapshot: Snapshot, lang: str = "en") -> None:
        if lang not in TEXTS:
            raise UsageError(f"language {lang!r}: expected {' or '.join(LANGUAGES)}")
        self.snapshot, self.lang, self.texts = snapshot, lang, TEXTS[lang]

    def label(self, entity_type: str, idx: int) -> str:
        """A label in quotation marks."""
        return self.texts["quote"].format(self.snapshot.label(entity_type, idx, self.lang))

    def path(self, metapath: Metapath, group: PathGroup) -> str:
        """One path as a sentence without its full stop: “You bought A, which contains B, which is contained in C”."""
        sentence, place = "", 0
        nodes = (-1, *group.nodes)
        while place < len(metapath.steps):
            step = metapath.steps[place]
            tail = self.snapshot.schema.ends(step)[1]
            through_people = place + 1 < len(metapath.steps) and self.snapshot.schema.entity[tail].sensitive
            if through_people and place > 0:
                sentence += self._people(metapath, place, nodes, group.people or 0)
                place += 2
                continue
            node = self._node(tail, nodes[place + 1], group.people)
            phrase = self._phrase(step, first=place == 0)
            key = ("you", "which")[place] if place < 2 else "latter"
            if place > 0 and phrase.startswith(OF):
                key, phrase = "whose", phrase.removeprefix(OF)
            sentence += self.texts[key].format(phrase=phrase, node=node)
            place += 1
        return sentence

    def embedding(self, anchors: Sequence[tuple[str, int]]) -> str:
        """The sentence of the embedding part, naming the nearest anchors (type, index), where any is near."""
        if not anchors:
            return self.texts["far"]
        names = self.texts["and"].join(self.label(entity_type, idx) for entity_type, idx in anchors)
        return self.texts["embedding"].format(anchors=names)

    def told(self, text: str, told: Told, people: int = 0) -> str:
        """A text about a learned kernel: what one did with its anchors, and the number of people behind it."""
        names = self.texts["and"].join(self.label(entity_type, idx) for entity_type, idx in told.anchors)
        return self.texts[text].format(phrase=self._phrase(told.step, first=True), anchors=names, n=people)

    def popularity(self, domain: str) -> str:
        """The popularity part without its full stop."""
        return self.texts["popularity"].format(domain=domain)

    def untold(self, k: int, *, avoided: bool) -> str:
        """What is said of paths through too few people to count, or, where anything is, through what is avoided."""
        return self.texts["fewer_or_avoided" if avoided else "fewer"].format(k=k)

    def against(self, text: str) -> str:
        """A text that speaks against an item: “Against it: you disliked A, which contains B”."""
        return self.texts["against"].format(text=_inside(text))

    def nothing(self) -> str:
        """What is said where no part has a share."""
        return self.texts["nothing"]

    def sentence(self, text: str) -> str:
        """Close a sentence."""
        return text + self.texts["end"]

    def summary(self, item: str, kind: str, score: float, parts: Sequence[tuple[float, str]]) -> str:
        """The account in one paragraph: the largest parts, for or against, in words, the others as a sum.

        :param kind: entity type of the item.
        """
        ordered = sorted(parts, key=lambda part: -abs(part[0]))
        quoted = self.texts["quote"].format(item)
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
        spoken = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind).replace("_", " ").lower()
        return what.removesuffix(quoted) + self.texts["this"].format(kind=spoken)

    def _share(self, share: float, what: str, score: float) -> str:
        """A share, its part of the score where that is a sum of what is for it, and its text within a sentence."""
        key = "share" if score > 0 else "share_alone"
        return self.texts[key].format(share=share, percent=share / score if score else 0.0, what=_inside(what))

    def people_count(self, n: int) -> str:
        """A node that stands for people."""
        return self.texts["people_count"].format(n=n)

    def _people(self, metapath: Metapath, place: int, nodes: Sequence[int], people: int) -> str:
        """Two steps over a person: from what they share to what they did."""
        into, out = metapath.steps[place], metapath.steps[place + 1]
        schema = self.snapshot.schema
        used = schema.relation[into.removeprefix("~")].interaction and place == 1
        said = used or self.lang == "en"
        there = self.texts["it"] if said else self._node(schema.ends(into)[0], nodes[place], people)
        node = self._node(schema.ends(out)[1], nodes[place + 2], people)
        back = self._phrase(inverse_of(into), first=True).removeprefix(OF)
        return self.texts["people"].format(
            n=people, back=back, there=there, phrase=self._phrase(out, first=True), node=node
        )

    def _node(self, entity_type: str, idx: int, people: int | None) -> str:
        return self.people_count(people or 0) if idx < 0 else self.label(entity_type, idx)

    def _phrase(self, step: str, *, first: bool = False) -> str:
        """How a step reads; one without a phrase by its name, which after “You” is taken for a verb."""
        schema = self.snapshot.schema
        relation, forward = schema.relation[step.removeprefix("~")], not step.startswith("~")
        phrases = relation.phrase if forward else relation.inverse_phrase
        if self.lang in phrases or "en" in phrases or (first and forward):
            return schema.phrase(step, self.lang)
        name = step.removeprefix("~").replace("_", " ")
        return self.texts["linked" if forward else "linked_back"].format(relation=name)


def _inside(text: str) -> str:
    """A sentence as part of another."""
    return text[:1].lower() + text[1:]
