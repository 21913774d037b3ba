"""Rewording: what a language model is given to put an answer into other words, and what it may not say.

It gets the plan and the cited triples and nothing else, and decides nothing: a text that names an entity of the graph,
or a number, that is not in what it was given is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kg.snapshot.snapshot import Snapshot
from kg.text.words import is_cjk
from recommender.results.search import Answers, AskedItem
from recommender.search.folding import fold, has_cjk
from recommender.search.question_answering.language.morphology import singular
from recommender.search.question_answering.lexicon.lexicon import Lexicon

LONGEST_NAME = 200
"""Characters of the longest name that is looked for in a text; of a name in Chinese, as many as ``LONGEST_CHINESE``."""
LONGEST_CHINESE = 40
LONGEST_TEXT = 4_000
"""Characters of the longest text that is taken."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TOKEN = re.compile(r"[^\s,.;:!?()“”\"'，。；：！？（）]+")


@dataclass(frozen=True)
class Material:
    """What a model is given: ``lines``, the plan in words and the triples; ``count``: how many answers there are."""

    lines: tuple[str, ...]
    count: int

    @classmethod
    def of(cls, snapshot: Snapshot, answer: Answers, lang: str) -> "Material":
        """The plan and the triples that an answer cites, with the labels of a language."""
        items = [*answer.answers, *(one for related in answer.related for one in related.items)]
        lines = [answer.understood, *answer.plan, *(line for one in items for line in _lines(snapshot, one, lang))]
        return cls(tuple(dict.fromkeys(lines)), answer.count)

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)


def _lines(snapshot: Snapshot, item: AskedItem, lang: str) -> Iterator[str]:
    """Properties are triples too, whose tails are values."""
    schema, vocabulary = snapshot.schema, snapshot.vocabulary
    if not item.facts and not item.values:
        yield item.label
    for fact in item.facts:
        ends = zip(schema.ends(fact.relation), (fact.head, fact.tail), strict=True)
        head, tail = (snapshot.label(kind, vocabulary.idx(kind, one), lang) for kind, one in ends)
        yield f"{head} | {fact.relation} | {tail}"
    for name, value in (item.values or {}).items():
        yield f"{item.label} | {name} | {value}"


def intruders(lexicon: Lexicon, material: Material, text: str) -> list[str]:
    """What a text names and may not: entities, people by their ids, and numbers that are not in the material."""
    given = material.text
    folded = f" {fold(given)} "
    found = [one for one in _names(lexicon, fold(text)) if not _stands_in(one, folded)]
    vocabulary, schema = lexicon.snapshot.vocabulary, lexicon.snapshot.schema
    people = [name for name, one in schema.entity.items() if one.sensitive and name in vocabulary.types]
    for token in _TOKEN.findall(text):
        if any(vocabulary.get(name, token) is not None for name in people) and token not in given:
            found.append(token)
    known = {*_NUMBER.findall(given), *(str(one) for one in range(len(material.lines))), str(material.count)}
    found += [one for one in _NUMBER.findall(text) if one not in known and one.replace(",", "") not in known]
    return list(dict.fromkeys(found))


def _stands_in(form: str, folded: str) -> bool:
    return form in folded if has_cjk(form) else any(f" {one} " in folded for one in (form, *singular(form), f"{form}s"))


def _names(lexicon: Lexicon, text: str) -> Iterator[str]:
    """The names of entities in a folded text from left to right, the longest first at each position."""
    position = 0
    while position < len(text):
        end = next((end for end in _ends(text, position) if _is_name(lexicon, text[position:end])), None)
        if end is not None:
            yield text[position:end]
            position = end
        elif is_cjk(text[position]):
            position += 1
        else:
            position = next(_starts(text, position + 1), len(text))


def _is_name(lexicon: Lexicon, form: str) -> bool:
    return len(form) > 1 and any(lexicon.entities(one) for one in (form, *singular(form)))


def _starts(text: str, start: int) -> Iterator[int]:
    """Positions from one on where a name may begin."""
    for at in range(start, len(text)):
        if text[at] != " " and (text[at - 1] == " " or is_cjk(text[at]) or is_cjk(text[at - 1])):
            yield at


def _ends(text: str, start: int) -> Iterator[int]:
    """Where a name that begins at a position may end, the longest first."""
    most = LONGEST_CHINESE if is_cjk(text[start]) else LONGEST_NAME
    for end in range(min(len(text), start + most), start, -1):
        if text[end - 1] != " " and (
            end == len(text) or text[end] == " " or is_cjk(text[end]) or is_cjk(text[end - 1])
        ):
            yield end
