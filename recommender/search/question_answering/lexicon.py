"""What the words of a question stand for: entities, types, relations, properties, values, and what is in labels.

Everything but the function words (``words/<lang>.toml``) comes from the schema and the graph: the words of its types
and relations, their phrases, the names of its entities, the values of its properties and the words of its labels.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from kg.snapshot.entity_table import labels, property_values
from kg.snapshot.snapshot import Snapshot
from kg.text.words import is_cjk
from recommender.search.folding import fold, has_cjk
from recommender.search.names import ID, PINYIN, Names
from recommender.search.question_answering.function_words import function_words
from recommender.search.question_answering.morphology import (
    LANGUAGES,
    fold_question,
    is_subsequence,
    language_names,
    singular,
    verb_forms,
)

LONGEST = 60
"""Characters of the longest name that is looked for in a question."""
MOST_VALUES = 30
"""Different values of a text property up to which they are words of questions."""
SHORTEST_ABBREVIATION = 2
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Term:
    """A part of a question and what it stands for.

    ``kind``: ``word`` (a function word; ``meant`` is what it does), ``entity`` (tuples of type and index), ``type``,
    ``relation`` (steps), ``property``, ``value`` (type, property, value), ``number``, or ``label`` (a word of labels).
    """

    kind: str
    text: str
    meant: Any


class Lexicon:
    """The words of one snapshot."""

    def __init__(self, snapshot: Snapshot, names: Names) -> None:
        self.snapshot, self.names = snapshot, names
        self._words = self._function_words()
        self._schema_words = self._words_of_schema()
        self._values = self._value_words()

    def terms(self, clause: str) -> list[Term]:
        """The terms of a clause from left to right, the longest first at each step; what is unknown is ``unknown``."""
        text, position = fold_question(clause), 0
        found: list[Term] = []
        while position < len(text):
            if text[position] == " ":
                position += 1
                continue
            term, position = self._next(text, position)
            if term.kind == "unknown" and found and found[-1].kind == "unknown" and has_cjk(term.text):
                term = Term("unknown", found.pop().text + term.text, None)
            found.append(term)
        return [term for term in found if term.meant != "ignore"]

    def with_words(self, item_type: str, words: tuple[str, ...]) -> Positions:
        """Indices of the entities of a type in whose labels each of the words stands, sorted."""
        found: Positions | None = None
        for word in words:
            own = self._with_word(item_type, word)
            found = own if found is None else np.intersect1d(found, own)
        return np.empty(0, dtype=np.int64) if found is None else found

    def _next(self, text: str, start: int) -> tuple[Term, int]:
        number = _NUMBER.match(text, start)
        for end in _ends(text, start):
            part = text[start:end]
            term = self._meaning(part)
            if term is not None and (number is None or end > number.end()):
                return term, end
        if number is not None and not _LETTER.match(text, number.end()):
            return Term("number", number[0], float(number[0])), number.end()
        for end in _ends(text, start):
            part = text[start:end]
            if self._in_labels(part):
                return Term("label", part, part), end
            if len(part) >= SHORTEST_ABBREVIATION and has_cjk(part) and (entity := self._abbreviated(part)):
                return Term("entity", part, (entity,)), end
        end = min(_ends(text, start), default=len(text))
        return Term("unknown", text[start:end], None), end

    def _meaning(self, part: str) -> Term | None:
        """What a part stands for as a whole: names of entities first, but for what the schema says of its types."""
        said = any(
            form in self._schema_words[kind] for kind in ("type", "property") for form in (part, *singular(part))
        )
        entities = () if said else self.entities(part)  # “which brand” asks for brands, whatever else is called so
        if entities:
            return Term("entity", part, entities)
        for form in (part, *singular(part)):
            for kind, known in (*self._schema_words.items(), ("value", self._values), ("word", self._words)):
                if form in known and (kind == "word" or self._words.get(form, "ignore") == "ignore"):
                    meant = known[form]
                    return Term(kind, part, tuple(meant) if isinstance(meant, list) else meant)
        for form in singular(part):
            if entities := self.entities(form):
                return Term("entity", part, entities)
        return None

    def entities(self, form: str) -> tuple[tuple[str, int], ...]:
        """The entities that a folded form is a name of, as questions name them; people never."""
        if form in self._words:
            return ()
        schema, found = self.snapshot.schema, []
        for name in self.names.exact(form):
            typed = self.snapshot.vocabulary.locate(name.entity)
            item_id = name.kind == ID and typed[0] in schema.item_types and not any(c.isdigit() for c in form)
            if name.kind != PINYIN and not item_id:
                found.append(typed)
        return tuple(dict.fromkeys(found))

    def _in_labels(self, part: str) -> bool:
        """Whether it is a word of labels; one Chinese character alone is in too many."""
        return len(part) > 1 and any(
            len(self._with_word(item_type, part)) for item_type in self.snapshot.schema.item_types
        )

    def _with_word(self, item_type: str, word: str) -> Positions:
        if has_cjk(word):
            if any(word[at : at + 2] not in self._pairs for at in range(len(word) - 1)):
                return np.empty(0, dtype=np.int64)
            texts = self._labels[item_type][1]
            return np.array([idx for idx, text in texts if word in text], dtype=np.int64)
        index = self._labels[item_type][0]
        own = {idx for form in (word, *singular(word), f"{word}s") for idx in index.get(form, ())}
        return np.array(sorted(own), dtype=np.int64)

    @cached_property
    def _labels(self) -> dict[str, tuple[dict[str, list[int]], list[tuple[int, str]]]]:
        """Item type → words of labels with the items that have them, and the labels in Chinese characters."""
        made = {}
        for item_type in self.snapshot.schema.item_types:
            words: dict[str, list[int]] = defaultdict(list)
            characters = []
            for texts in _labels_of(self.snapshot, item_type):
                for idx, text in enumerate(texts):
                    form = fold(text or "")
                    if has_cjk(form):
                        characters.append((idx, form))
                    for word in dict.fromkeys(form.split()):
                        words[word].append(idx)
            made[item_type] = (dict(words), characters)
        return made

    @cached_property
    def _pairs(self) -> set[str]:
        """All pairs of characters that follow each other in labels in Chinese: most of what is asked stands in none."""
        texts = (text for _, characters in self._labels.values() for _, text in characters)
        return {text[at : at + 2] for text in texts for at in range(len(text) - 1)}

    @cached_property
    def _attributes(self) -> list[tuple[str, tuple[str, int]]]:
        """Chinese names of the entities that are neither items nor people."""
        schema, found = self.snapshot.schema, []
        for name, declared in schema.entity.items():
            if declared.domain is None and not declared.sensitive and name in self.snapshot.vocabulary.types:
                for texts in _labels_of(self.snapshot, name):
                    found += [(fold(t), (name, i)) for i, t in enumerate(texts) if t and has_cjk(t)]
        return found

    def _abbreviated(self, part: str) -> tuple[str, int] | None:
        """The one attribute that a short Chinese name stands for: 干皮 for 干性皮肤, its characters in their order."""
        own = {one for form, one in self._attributes if form[0] == part[0] and is_subsequence(part, form)}
        return own.pop() if len(own) == 1 else None

    def _function_words(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for lang in LANGUAGES:
            for role, words in function_words(lang).items():
                if isinstance(words, list):
                    found |= {fold_question(word): role for word in words if fold_question(word) not in found}
        return found

    def _words_of_schema(self) -> dict[str, dict[str, Any]]:
        schema = self.snapshot.schema
        types: dict[str, str] = {}
        relations: dict[str, list[str]] = defaultdict(list)
        properties: dict[str, str] = {}
        for name, declared in schema.entity.items():
            spoken = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
            for word in (spoken, *(word for words in declared.words.values() for word in words)):
                types.setdefault(fold_question(word), name)
            for one in declared.properties:
                if not one.startswith("label_") and declared.properties[one] != "bool":
                    properties.setdefault(fold_question(one), one)
        for name, relation in schema.relation.items():
            for step, phrases in ((name, relation.phrase), (inverse_of(name), relation.inverse_phrase)):
                for phrase in phrases.values():
                    for form in verb_forms(fold_question(phrase)):
                        relations[form].append(step)
            for words in relation.words.values():
                for word in words:
                    relations[fold_question(word)].append(name)
        for lang in LANGUAGES:
            for name, words in function_words(lang)["properties"].items():
                if name not in self._switches:
                    properties |= {fold_question(word): name for word in words}
        return {"type": types, "property": properties, "relation": relations}

    @property
    def _switches(self) -> set[str]:
        """Properties that are true or false: their words are values."""
        return {
            name
            for one in self.snapshot.schema.entity.values()
            for name, kind in one.properties.items()
            if kind == "bool"
        }

    def _value_words(self) -> dict[str, tuple[str, str, Any]]:
        """Values of text properties with few different ones, and what says that one is true or false."""
        found: dict[str, tuple[str, str, Any]] = {}
        for item_type in self.snapshot.schema.item_types:
            for name, kind in self.snapshot.schema.entity[item_type].properties.items():
                if kind == "str" and not name.startswith("label_"):
                    values = {v for v in property_values(self.snapshot, item_type, name) if isinstance(v, str)}
                    for value in values if len(values) <= MOST_VALUES else ():
                        for word in (value, *language_names(value, name)):
                            found.setdefault(fold_question(word), (item_type, name, value))
                if kind == "bool":
                    for lang in LANGUAGES:
                        told = function_words(lang)
                        found |= {fold_question(w): (item_type, name, True) for w in told["properties"].get(name, ())}
                        found |= {fold_question(w): (item_type, name, False) for w in told["values"].get("false", ())}
        return found


_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LETTER = re.compile("[a-z]")


def _ends(text: str, start: int) -> Iterator[int]:
    """Where a name that begins at ``start`` may end, the longest first: between words, or beside a character."""
    last = min(len(text), start + LONGEST)
    for end in range(last, start, -1):
        parted = end == len(text) or text[end] == " " or is_cjk(text[end]) or is_cjk(text[end - 1])
        if parted and text[end - 1] != " ":
            yield end


def _labels_of(snapshot: Snapshot, entity_type: str) -> Iterator[list[str | None]]:
    own = labels(snapshot, entity_type)
    ids = snapshot.vocabulary.ids(entity_type)
    yield [label or one for label, one in zip(own, ids, strict=True)]
    for name, kind in snapshot.schema.entity[entity_type].properties.items():
        if kind == "str" and name.startswith("label_"):
            yield list(snapshot.text(entity_type, name))
