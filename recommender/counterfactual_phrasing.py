"""How the answers of why-not and what-if read aloud, in English and Chinese."""

from collections.abc import Sequence

from kg.snapshot import Snapshot
from recommender.changes import AVOID, Change
from recommender.own_anchors import Anchor
from recommender.phrasing import Phrasing

TEXTS = {
    "en": {
        "fact": "you {phrase} {nodes}",
        "comma": ", ",
        "and": " and ",
        "facts": "; ",
        "conditions": ", and ",
        "listed": "{item} is in the list: it is number {rank}.",
        "interacted": "{fact}, and what you used already is not recommended again.",
        "disliked": "{fact}, and what you dislike is not recommended.",
        "other_domain": "It belongs to {own}, and only {asked} was asked for.",
        "max_price": "It costs more than was asked for.",
        "min_price": "It costs less than was asked for.",
        "price_unknown": "Its price is not known, and a price was asked for.",
        "out_of_stock": "It is out of stock.",
        "stock_unknown": "It is not known whether it is in stock.",
        "other_language": "It is in another language than was asked for.",
        "language_unknown": "Its language is not known, and a language was asked for.",
        "min_age": "It is for older people.",
        "age_unknown": "It is for people of a certain age, and the age of the user is not known.",
        "avoid": "It has to do with {node}, which is to be avoided.",
        "avoid_itself": "It is to be avoided itself.",
        "rule": "The rule “{rule}” keeps it out.",
        "no_path": "Nothing you have leads to it.",
        "missing": " It would be reached if {facts}.",
        "or": ", or if ",
        "unlinked": " No path leads to it from anything at all: the graph says too little about it.",
        "outscored": "{ahead} items are ahead of it. The last in the list, {last}, scores {score:.4f}, "
        "and {item} scores {own:.4f}, so it lacks {gap:.4f}.",
        "outscored_one": "One item is ahead of it. The last in the list, {last}, scores {score:.4f}, "
        "and {item} scores {own:.4f}, so it lacks {gap:.4f}.",
        "would": "{item} would be number {rank} {conditions}.",
        "had": "if it were also true that {facts}",
        "had_not": "if it were not true that {facts}",
        "lifted": "if the rule about {rule} were lifted",
        "lifted_avoid": "if {node} were not to be avoided",
        "checked": " This is the smallest change that was found; it was checked by ranking anew.",
        "no_change": "No change of up to {most} things was found that brings it into the first {n}.",
        "standing": "No change of what you have would help: a rule that always holds keeps it out.",
        "up": "Up from {before} to {after}",
        "down": "Down from {before} to {after}",
        "entered": "New, from number {before}",
        "allowed": "New: no rule keeps it out any more",
        "forbidden": "Gone: it is no longer recommended",
        "left": "Gone from the list, to number {after}",
        "new": ": {share:+.4f}, mostly this is new: {text}",
        "more": ": {share:+.4f}, mostly this counts for more: {text}",
        "gone": ": {share:+.4f}, mostly this is missing: {text}",
        "less": ": {share:+.4f}, mostly this counts for less: {text}",
        "lost_less": ": {share:+.4f}, while others lost more",
        "gained_less": ": {share:+.4f}, while others gained more",
        "others": ": its score is the same, others moved",
        "mixed": ": {share:+.4f} over all its parts",
        "nothing_moved": "Nothing in the list moves.",
        "moves": "{n} items move, {new} of them new in the list.",
        "one_moves": "One item moves.",
    },
    "zh": {
        "fact": "您{phrase}{nodes}",
        "comma": "、",
        "and": "和",
        "facts": "，",
        "conditions": "，",
        "listed": "{item}就在列表中，排第 {rank} 位。",
        "interacted": "{fact}，已经用过的不再推荐。",
        "disliked": "{fact}，不喜欢的不推荐。",
        "other_domain": "它属于 {own}，而这次只要求 {asked}。",
        "max_price": "它的价格高于要求。",
        "min_price": "它的价格低于要求。",
        "price_unknown": "它的价格未知，而这次对价格有要求。",
        "out_of_stock": "它缺货。",
        "stock_unknown": "不知道它是否有货。",
        "other_language": "它的语言不符合要求。",
        "language_unknown": "它的语言未知，而这次对语言有要求。",
        "min_age": "它适合年龄更大的人。",
        "age_unknown": "它有年龄要求，而用户的年龄未知。",
        "avoid": "它与{node}有关，而这是要避开的。",
        "avoid_itself": "它本身就是要避开的。",
        "rule": "规则「{rule}」排除了它。",
        "no_path": "您的记录中没有通向它的路径。",
        "missing": "有下面任何一条，就能通到它：{facts}。",
        "or": "；或者",
        "unlinked": "没有任何路径通向它：图谱中关于它的信息太少。",
        "outscored": "有 {ahead} 项排在它前面。列表最后一项{last}得分 {score:.4f}，"
        "{item}得分 {own:.4f}，还差 {gap:.4f}。",
        "outscored_one": "有 1 项排在它前面。列表最后一项{last}得分 {score:.4f}，"
        "{item}得分 {own:.4f}，还差 {gap:.4f}。",
        "would": "{conditions}，{item}就会排到第 {rank} 位。",
        "had": "假如多了这一点：{facts}",
        "had_not": "假如少了这一点：{facts}",
        "lifted": "假如取消关于{rule}的规则",
        "lifted_avoid": "假如不必避开{node}",
        "checked": "这是找到的最小改变，已重新排序核实。",
        "no_change": "没有找到 {most} 项以内、能让它进入前 {n} 位的改变。",
        "standing": "改变您的记录也无济于事：有一条始终有效的规则排除了它。",
        "up": "从第 {before} 位升到第 {after} 位",
        "down": "从第 {before} 位降到第 {after} 位",
        "entered": "新进列表，原为第 {before} 位",
        "allowed": "新进列表：不再有规则排除它",
        "forbidden": "离开列表：不再推荐",
        "left": "离开列表，降到第 {after} 位",
        "new": "：{share:+.4f}，主要是多了这一条：{text}",
        "more": "：{share:+.4f}，主要是这一条分量增加：{text}",
        "gone": "：{share:+.4f}，主要是少了这一条：{text}",
        "less": "：{share:+.4f}，主要是这一条分量减少：{text}",
        "lost_less": "：{share:+.4f}，但其他项降得更多",
        "gained_less": "：{share:+.4f}，但其他项升得更多",
        "others": "：得分不变，是其他项移动了",
        "mixed": "：各部分合计 {share:+.4f}",
        "nothing_moved": "列表没有变化。",
        "moves": "{n} 项移动，其中 {new} 项新进列表。",
        "one_moves": "1 项移动。",
    },
}

RULES = {
    "en": {
        "other_domain": "the domain",
        "max_price": "the highest price",
        "min_price": "the lowest price",
        "out_of_stock": "the stock",
        "other_language": "the language",
        "price_unknown": "unknown prices",
        "stock_unknown": "unknown stock",
        "language_unknown": "unknown languages",
        "age_unknown": "unknown ages",
    },
    "zh": {
        "other_domain": "领域",
        "max_price": "最高价格",
        "min_price": "最低价格",
        "out_of_stock": "库存",
        "other_language": "语言",
        "price_unknown": "未知价格",
        "stock_unknown": "未知库存",
        "language_unknown": "未知语言",
        "age_unknown": "未知年龄",
    },
}
"""Language → name of a rule in the audit → what it is about."""


class CounterfactualPhrasing(Phrasing):
    """Sentences about what is not, and about what would be, in one language.

    :raises UsageError: for a language that there are no texts in.
    """

    def __init__(self, snapshot: Snapshot, lang: str = "en") -> None:
        super().__init__(snapshot, lang)
        self.said = TEXTS[lang]

    def fact(self, anchor: Anchor) -> str:
        """What an anchor says of a user: “you bought A”."""
        return self.facts([anchor])

    def facts(self, anchors: Sequence[Anchor]) -> str:
        """What anchors say of a user, by relation: “you bought A and B; you asked for help with C”."""
        told = []
        for step in dict.fromkeys(step for step, _ in anchors):
            tail = self.snapshot.schema.ends(step)[1]
            labels = [self.label(tail, idx) for name, idx in anchors if name == step]
            first = [self.said["comma"].join(labels[:-1])] if labels[1:] else []
            nodes = self.said["and"].join([*first, labels[-1]])
            told.append(self.said["fact"].format(phrase=self.snapshot.schema.phrase(step, self.lang), nodes=nodes))
        return self.said["facts"].join(told)

    def used(self, name: str, anchors: Sequence[Anchor]) -> str:
        """Why what was used, or disliked, is not recommended: ``name`` in the audit."""
        return _capital(self.said[name].format(fact=self.facts(anchors)))

    def other_domain(self, own: str, asked: str) -> str:
        """Why an item of another domain is not in the list."""
        return self.said["other_domain"].format(own=own, asked=asked)

    def rule(self, name: str, avoided: Anchor | None, item: Anchor) -> str:
        """What a rule says: ``name`` in the audit; ``avoided``, type and index of what is to be avoided."""
        if avoided is not None:
            itself = avoided == item
            return self.said["avoid_itself" if itself else "avoid"].format(node=self.label(*avoided))
        return self.said[name] if name in self.said else self.said["rule"].format(rule=name)

    def no_path(self, missing: Sequence[Anchor]) -> str:
        """Why an item that nothing leads to is not in the list, and what would lead to it."""
        facts = self.said["or"].join(self.fact(one) for one in missing)
        return self.said["no_path"] + (self.said["missing"].format(facts=facts) if facts else self.said["unlinked"])

    def outscored(self, item: str, own: float, ahead: int, last: tuple[str, float]) -> str:
        """How far an item is behind the last of the list."""
        quote = self.texts["quote"].format
        key = "outscored_one" if ahead == 1 else "outscored"
        return self.said[key].format(
            ahead=f"{ahead:,}", item=quote(item), own=own, last=quote(last[0]), score=last[1], gap=last[1] - own
        )

    def listed(self, item: str, rank: int) -> str:
        """What is said of an item that is in the list."""
        return self.said["listed"].format(item=self.texts["quote"].format(item), rank=rank)

    def would(self, item: str, rank: int, change: Change) -> str:
        """What a change would do."""
        conditions = []
        for key, anchors in (("had", change.add), ("had_not", change.remove)):
            if anchors:
                conditions.append(self.said[key].format(facts=self.facts(anchors)))
        conditions += [self._lifted(name) for name in change.lift]
        told = self.said["conditions"].join(conditions)
        quoted = self.texts["quote"].format(item)
        return self.said["would"].format(item=quoted, rank=rank, conditions=told) + self.said["checked"]

    def no_change(self, most: int, n: int, *, standing: bool) -> str:
        """What is said where no change was found, or where a rule stands in the way of all."""
        return self.said["standing"] if standing else self.said["no_change"].format(most=most, n=n)

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
            told += self.said[key].format(share=share, text=why[1].rstrip(".。"))
        return self.sentence(told)

    def moves(self, moved: int, new: int) -> str:
        """How many items move."""
        if moved == 1:
            return self.said["one_moves"]
        return self.said["moves"].format(n=moved, new=new) if moved else self.said["nothing_moved"]

    def _lifted(self, name: str) -> str:
        """A rule that is lifted, by its name in the audit."""
        if name.startswith(AVOID):
            relation, _, entity_id = name.removeprefix(AVOID).partition(":")
            schema, vocabulary = self.snapshot.schema, self.snapshot.vocabulary
            entity_type = relation if relation in schema.entity else schema.ends(relation)[1]
            node = self.label(entity_type, vocabulary.idx(entity_type, entity_id))
            return self.said["lifted_avoid"].format(node=node)
        return self.said["lifted"].format(rule=RULES[self.lang].get(name, self.texts["quote"].format(name)))

    def _moved(self, before: int | None, after: int | None, n: int) -> str:
        if before is None or after is None:
            return self.said["allowed" if before is None else "forbidden"]
        key = ("up" if after < before else "down") if max(before, after) <= n else "left" if after > n else "entered"
        return self.said[key].format(before=before, after=after)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
