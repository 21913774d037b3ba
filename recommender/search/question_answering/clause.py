"""Clauses: what the terms of a part of a question say together."""

from itertools import pairwise

from recommender.search.question_answering.lexicon import Term


def unknown_condition(terms: list[Term]) -> bool:
    """Whether an unknown word is what something must contain, or must not: leaving it out would be dangerous."""
    return any(
        second.kind == "unknown"
        and (first.kind == "relation" or (first.kind == "word" and first.meant in ("negation", "avoid")))
        for first, second in pairwise(terms)
    )


def told_steps(terms: list[Term]) -> set[str]:
    """The steps of the relations that are named."""
    return {step for term in terms if term.kind == "relation" for step in term.meant}


def unknown_kind(terms: list[Term]) -> bool:
    """Whether what is asked for has a name that is not known: leaving it out would answer with anything."""
    kinds = {term.kind for term in terms}
    return "unknown" in kinds and "entity" in kinds and not kinds & {"type", "label"}
