"""Clauses: the terms of a part of a question, what they say together, and which of them a plan has used."""

from itertools import pairwise

from recommender.search.folding import has_cjk
from recommender.search.question_answering.lexicon.term import Term

CONTENT = ("entity", "type", "relation", "property", "value", "number", "label")
WEIGHTY = (
    *("cheapest", "dearest", "shortest", "longest", "lowest", "highest", "most", "fewest", "more", "fewer"),
    *(
        "average",
        "top",
        "below",
        "above",
        "at_most",
        "at_least",
        "below_after",
        "above_after",
        "negation",
        "negation_after",
    ),
)
"""What function words do that changes an answer, so that it must not get lost."""


ORDERED = ("cheapest", "dearest", "shortest", "longest", "lowest", "highest", "most", "fewest", "popular", "top")


class Clause:
    """A part of a question.

    :param terms: from left to right.
    """

    def __init__(self, terms: list[Term]) -> None:
        self.terms = terms
        self._used: set[int] = set()
        first = next((term for term in terms if term.kind != "word" or term.meant not in ("contrast", "either")), None)
        self.roles = {
            str(term.meant)
            for term in terms
            if term.kind == "word"
            and (term.meant != "yes_no" or (self._asks_whether(term) if has_cjk(term.text) else term is first))
        }

    def _asks_whether(self, term: Term) -> bool:
        """Whether a Chinese word asks for yes or no: not after another that asks, nor where advice is wanted."""
        words = [one for one in self.terms if one.kind == "word"]
        before = words[: next(i for i, one in enumerate(words) if one is term)]
        advise = any(one.meant == "advise" for one in words) and not any(one.meant == "same" for one in words)
        return not advise and not any(one.meant == "ask" for one in before)

    def of(self, kind: str) -> list[Term]:
        """The terms of a kind."""
        return [term for term in self.terms if term.kind == kind]

    def use(self, *terms: Term) -> None:
        """Note that a plan says what these terms say."""
        self._used |= {id(term) for term in terms}

    def use_roles(self, *roles: str) -> None:
        """Note that a plan says what these function words say."""
        self.use(*(term for term in self.terms if term.kind == "word" and term.meant in roles))

    @property
    def unused(self) -> list[str]:
        """What was said and stands in no plan."""
        return [
            term.text
            for term in self.terms
            if id(term) not in self._used
            and not (term.kind == "number" and not term.text[0].isdigit() and not self.ordered)
            and (term.kind in CONTENT or (term.kind == "word" and term.meant in WEIGHTY))
            and term.kind != "relation"
        ]

    @property
    def ordered(self) -> bool:
        """Whether the first of an order are asked for."""
        return bool(self.roles & {*ORDERED})

    @property
    def top(self) -> Term | None:
        """How many of the first are asked for: the three cheapest, 前三."""
        for term in self.of("number"):
            for near in (self.before(term), self.after(term)):
                if near is not None and near.kind == "word" and near.meant in (*ORDERED, "top"):
                    return term
            following = self.after(term)
            if (
                self.ordered
                and not term.text[0].isdigit()
                and following is not None
                and following.kind in ("type", "entity")
            ):
                return term  # which five brands have the most
        return None

    def before(self, term: Term) -> Term | None:
        """The term before one."""
        position = next(i for i, one in enumerate(self.terms) if one is term)
        return self.terms[position - 1] if position else None

    def after(self, term: Term) -> Term | None:
        """The term after one."""
        position = next(i for i, one in enumerate(self.terms) if one is term)
        return self.terms[position + 1] if position + 1 < len(self.terms) else None

    def told_before(self, term: Term) -> set[str]:
        """The steps of the last relation that is named before a term, if only names and small words are between."""
        position = next(i for i, one in enumerate(self.terms) if one is term)
        for one in reversed(self.terms[:position]):
            if one.kind == "relation":
                return set(one.meant)
            if one.kind not in ("entity", "word", "label"):
                break
        return set()

    @property
    def told_steps(self) -> set[str]:
        """The steps of the relations that are named."""
        return {step for term in self.of("relation") for step in term.meant}

    @property
    def unknown_condition(self) -> bool:
        """Whether an unknown word is what something must contain, or must not: leaving it out would be dangerous."""
        weighty = ("negation", "avoid", "cheapest", "dearest", "lowest", "highest", "most", "fewest")
        return any(
            (
                second.kind == "unknown"
                and (first.kind == "relation" or (first.kind == "word" and first.meant in weighty))
            )
            or (second.kind == "label" and first.kind == "word" and first.meant == "negation")
            or (first.kind == "unknown" and second.kind == "word" and second.meant in weighty[2:])
            for first, second in pairwise(self.terms)
        )

    @property
    def unknown_kind(self) -> bool:
        """Whether what is asked for has a name that is not known: leaving it out would answer with anything."""
        kinds = {term.kind for term in self.terms}
        return "unknown" in kinds and "entity" in kinds and not kinds & {"type", "label"}
