"""Chinese: nothing parts sentences, phrases may begin with 的, and there are no capitals."""

from recommender.texts.language import Language

OF = "的"
"""How a phrase begins that goes with a possessive: 的主题是, which of what was named before is 其主题是."""


class Chinese(Language):
    """Simplified Chinese."""

    code = "zh"
    gap = ""
    counts_all = True

    def relative(self, phrase: str, position: int) -> tuple[str, str]:
        """其 takes the place of 的."""
        if phrase.startswith(OF):
            return "whose", phrase.removeprefix(OF)
        return super().relative(phrase, position)

    def further(self, phrase: str) -> str:
        """其主题是 for 的主题是."""
        return "其" + phrase.removeprefix(OF) if phrase.startswith(OF) else phrase

    def bare(self, phrase: str) -> str:
        """Without 的."""
        return phrase.removeprefix(OF)

    def repeats(self, *, used: bool) -> str | None:
        """它 only for what the user used: of more than one thing it would not be clear which."""
        return super().repeats(used=used) if used else None

    def inside(self, text: str) -> str:
        """The same: a name at the beginning keeps its capital."""
        return text

    def capital(self, text: str) -> str:
        """The same."""
        return text

    def owned(self, phrase: str) -> str:
        """购买了「A」 is 购买的「A」 before a noun, 的肤质是「A」 is 的肤质「A」."""
        if phrase.startswith(OF):
            return phrase.removesuffix("是")
        return phrase.removesuffix("了") + OF

    def habitual(self, phrase: str, *, one: bool) -> str:
        """购买 of 购买了."""
        return phrase.removesuffix("了")

    def past(self, phrase: str) -> str:
        """购买过 of 购买了."""
        return phrase.removesuffix("了") + "过"

    def both(self, phrase: str) -> str:
        """两者的主题都是, 两者都含有."""
        return _with("都", phrase)

    def also(self, phrase: str) -> str:
        """「A」的主题也是, 「A」也含有."""
        return _with("也", phrase)

    def each(self, phrase: str) -> str:
        """「A」等 3 项的主题分别是, 「A」等 3 项分别含有."""
        return _with("分别", phrase)

    def own(self, phrase: str) -> bool:
        """的肤质是."""
        return phrase.startswith(OF)


def _with(adverb: str, phrase: str) -> str:
    """A phrase with an adverb, which stands before its verb: 的主题都是, 都含有."""
    if phrase.startswith(OF) and phrase.endswith(("是", "有")):
        return phrase[:-1] + adverb + phrase[-1]
    return adverb + phrase
