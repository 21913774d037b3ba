"""How an explanation reads aloud, in English and Chinese, from the schema's phrases."""

from collections.abc import Sequence

from kg.errors import UsageError
from kg.schema import inverse_of
from kg.snapshot import Snapshot
from recommender.metapaths import Metapath
from recommender.path_groups import PathGroup

LANGUAGES = ("en", "zh")
PARTS_TOLD = 4

TEXTS = {
    "en": {
        "quote": "“{}”",
        "you": "You {phrase} {node}",
        "which": ", which {phrase} {node}",
        "people": "; {n} others who {back} {there} also {phrase} {node}",
        "people_count": "{n} people",
        "it": "it",
        "popularity": "Popular in {domain}",
        "embedding": "Close in the learned embedding to {anchors}",
        "association": "Goes with {anchors}, as learned from what people use together and from shared attributes",
        "far": "Not close to your history in the learned embedding",
        "nothing": "Nothing in your history leads here",
        "fewer": "Paths through fewer than {k} people",
        "score": "{item} scores {score:.4f}: {parts}.",
        "share": "{share:+.4f} {what}",
        "rest": "{share:+.4f} {n} smaller parts",
        "join": "; ",
        "and": " and ",
        "end": ".",
    },
    "zh": {
        "quote": "「{}」",
        "you": "您{phrase}{node}",
        "which": "，它{phrase}{node}",
        "people": "；另有 {n} 位{back}{there}的人也{phrase}{node}",
        "people_count": "{n} 人",
        "it": "它",
        "popularity": "在 {domain} 中受欢迎",
        "embedding": "在学习到的嵌入中与{anchors}相近",
        "association": "与{anchors}相配（由大家的共同使用和共有属性学得）",
        "far": "在学习到的嵌入中与您的记录并不相近",
        "nothing": "您的记录中没有通向它的路径",
        "fewer": "经过不足 {k} 人的路径",
        "score": "{item}得分 {score:.4f}：{parts}。",
        "share": "{share:+.4f} {what}",
        "rest": "{share:+.4f} 其余 {n} 个较小的部分",
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
            key = "you" if place == 0 else "which"
            sentence += self.texts[key].format(phrase=self._phrase(step), node=node)
            place += 1
        return sentence

    def embedding(self, anchors: Sequence[tuple[str, int]]) -> str:
        """The sentence of the embedding part, naming the nearest anchors (type, index), where any is near."""
        if not anchors:
            return self.texts["far"]
        names = self.texts["and"].join(self.label(entity_type, idx) for entity_type, idx in anchors)
        return self.texts["embedding"].format(anchors=names)

    def association(self, anchors: Sequence[tuple[str, int]]) -> str:
        """The sentence of an association, naming the anchors (type, index) it comes from."""
        names = self.texts["and"].join(self.label(entity_type, idx) for entity_type, idx in anchors)
        return self.texts["association"].format(anchors=names)

    def popularity(self, domain: str) -> str:
        """The sentence of the popularity part."""
        return self.texts["popularity"].format(domain=domain)

    def few_people(self, k: int) -> str:
        """What is said of paths through too few people to count."""
        return self.texts["fewer"].format(k=k)

    def nothing(self) -> str:
        """What is said where no part has a share."""
        return self.texts["nothing"]

    def sentence(self, text: str) -> str:
        """Close a sentence."""
        return text + self.texts["end"]

    def summary(self, item: str, score: float, parts: Sequence[tuple[float, str]]) -> str:
        """The account in one paragraph: the largest parts in words, the smaller ones as a sum."""
        told = [self.texts["share"].format(share=share, what=what) for share, what in parts[:PARTS_TOLD]]
        if rest := parts[PARTS_TOLD:]:
            told.append(self.texts["rest"].format(share=sum(share for share, _ in rest), n=len(rest)))
        name = self.texts["quote"].format(item)
        return self.texts["score"].format(item=name, score=score, parts=self.texts["join"].join(told) or self.nothing())

    def people_count(self, n: int) -> str:
        """A node that stands for people."""
        return self.texts["people_count"].format(n=n)

    def _people(self, metapath: Metapath, place: int, nodes: Sequence[int], people: int) -> str:
        """Two steps over a person: from what they share to what they did."""
        into, out = metapath.steps[place], metapath.steps[place + 1]
        schema = self.snapshot.schema
        used = schema.relation[into.removeprefix("~")].interaction and place == 1
        there = self.texts["it"] if used else self._node(schema.ends(into)[0], nodes[place], people)
        node = self._node(schema.ends(out)[1], nodes[place + 2], people)
        return self.texts["people"].format(
            n=people, back=self._phrase(inverse_of(into)), there=there, phrase=self._phrase(out), node=node
        )

    def _node(self, entity_type: str, idx: int, people: int | None) -> str:
        return self.people_count(people or 0) if idx < 0 else self.label(entity_type, idx)

    def _phrase(self, step: str) -> str:
        return self.snapshot.schema.phrase(step, self.lang)
