"""What the words of a question stand for: entities, types, relations, properties, values, and what is in labels.

Everything but the function words (``words/<lang>.toml``) comes from the schema and the graph: the words of its types
and relations, their phrases, the names of its entities, the values of its properties and the words of its labels.
"""

import functools
import re
from dataclasses import replace
from functools import cached_property

import numpy as np

from kg.snapshot.snapshot import Snapshot
from kg.values.ingredient_name import canonical_ingredient
from recommender.search.folding import fold, has_cjk
from recommender.search.names import ID, PINYIN, Names
from recommender.search.question_answering.language.function_words import function_words
from recommender.search.question_answering.language.glossary import other_names
from recommender.search.question_answering.language.morphology import (
    LANGUAGES,
    fold_question,
    is_subsequence,
    numbers_of,
    singular,
)
from recommender.search.question_answering.lexicon.label_words import LabelWords, Positions
from recommender.search.question_answering.lexicon.schema_words import SchemaWords
from recommender.search.question_answering.lexicon.short_names import ShortNames, all_labels
from recommender.search.question_answering.lexicon.term import Term, name_ends

SHORTEST_ABBREVIATION = 2
ENOUGH = 3
"""Items with some words in their labels from which on these say what the words mean."""


WEAK = ("in", "the", "learn")
"""What function words do that only say how the name after them is meant."""
YIELDING = ("ignore", "lacking", *WEAK)
"""What function words do that yield to what a schema calls so."""
AFTER = ("below_after", "above_after")
"""What function words do that only stand after a number."""


class Lexicon:
    """The words of one snapshot."""

    def __init__(self, snapshot: Snapshot, names: Names) -> None:
        self.snapshot, self.names = snapshot, names
        self._numerals = {
            fold_question(word): float(number)
            for lang in LANGUAGES
            for word, number in function_words(lang)["numerals"].items()
        }
        self.labels, words = LabelWords(snapshot), SchemaWords(snapshot)
        self._words, self._schema_words, self._values = words.function_words(), words.words(), words.values()

    def terms(self, clause: str) -> list[Term]:
        """The terms of a clause from left to right, the longest first at each step; what is unknown is ``unknown``."""
        text, position = fold_question(clause), 0
        found: list[Term] = []
        lead = ""
        while position < len(text):
            if text[position] == " ":
                position += 1
                continue
            numbered = bool(found) and found[-1].kind in ("number", "property")
            named = self.labels.named(text, position) if self._says_the(text, lead, found) else None
            term, end = self._next(text, position, numbered=numbered)
            longer = named is not None and (named[1] > end or (named[1] == end and term.kind == "label"))
            if named is not None and longer and not self._is_weighty(text[position : named[1]]):
                term, end = Term("entity", text[position : named[1]], named[0]), named[1]
            position = end
            if term.kind == "word" and term.meant in YIELDING[:1] + WEAK:
                lead = lead if term.meant == "ignore" else str(term.meant)
                continue
            if term.kind == "unknown" and found and found[-1].kind == "unknown" and has_cjk(term.text):
                term = Term("unknown", found.pop().text + term.text, None)
            if term.meant == "contents" and (steps := SchemaWords.containing(self._schema_words["relation"])):
                found.append(term)
                term = Term("relation", term.text, tuple(steps))
            found.append(replace(term, lead=lead))
            lead = ""
        return found

    @staticmethod
    def _says_the(text: str, lead: str, found: list[Term]) -> bool:
        """Whether a name may come next: after “the”, after the maker's name behind it, and anywhere in Chinese."""
        if has_cjk(text):
            return not found
        return lead == "the" or (not lead and bool(found) and found[-1].kind == "entity" and found[-1].lead == "the")

    def _is_weighty(self, part: str) -> bool:
        """Whether the first or last word of a part does something else in a question than to name."""
        words = part.split()
        return any(words[at] in self._words or words[at] in self._schema_words["type"] for at in (0, -1))

    def _next(self, text: str, start: int, *, numbered: bool) -> tuple[Term, int]:
        number = _NUMBER.match(text, start)
        for end in name_ends(text, start):
            part = text[start:end]
            term = self._meaning(part)
            misplaced = term is not None and term.kind == "word" and term.meant in AFTER and not numbered
            misplaced = misplaced or (term is not None and term.meant == "filler")
            misplaced = misplaced or (term is not None and term.meant == "contents" and self._goes_on(text, end))
            if term is None or (number is not None and end <= number.end()) or misplaced:
                continue
            if term.kind != "entity" or not self._is_said(part):
                return self._limited(term, text, end), end
        if number is not None and not _LETTER.match(text, number.end()):
            return Term("number", number[0], float(number[0])), number.end()
        for end in name_ends(text, start):
            part = text[start:end]
            if self._in_labels(part):
                return Term("label", part, part), end
            if len(part) >= SHORTEST_ABBREVIATION and has_cjk(part) and (entity := self._abbreviated(part)):
                return Term("entity", part, (entity,)), end
        end = min(name_ends(text, start), default=len(text))
        if self._words.get(text[start:end]) == "filler":
            return Term("word", text[start:end], "ignore"), end
        return Term("unknown", text[start:end], None), end

    def parted(self, term: Term) -> list[Term]:
        """A name of items as two of something that items have, where it is such: vitamin C | serum."""
        things = [name for name, one in self.snapshot.schema.entity.items() if one.domain is None and not one.sensitive]
        words = term.text.split()
        for at in range(len(words) - 1, 0, -1):
            parts = [self._named(" ".join(part), own=False) for part in (words[:at], words[at:])]
            found = [replace(one, meant=tuple(e for e in one.meant if e[0] in things)) for one in parts if one]
            if len(found) == len(parts) and all(one.meant for one in found):
                return found
        return [term]

    def _goes_on(self, text: str, end: int) -> bool:
        """Whether the last word of a part begins something longer: what is | in stock."""
        start = text.rfind(" ", 0, end) + 1
        return start > 0 and any(
            longer > end and text[start:longer] in self._words for longer in name_ends(text, start)
        )

    def _is_said(self, part: str) -> bool:
        """Whether a name is a relation and another name: “good for dark spots” says what is good for dark spots."""
        words = part.split()
        return any(
            " ".join(words[:count]) in self._schema_words["relation"]
            and self._named(" ".join(words[count:]), own=False)
            for count in range(1, len(words))
        )

    @staticmethod
    def _limited(term: Term, text: str, end: int) -> Term:
        """最多 is at most before a number, and the most elsewhere."""
        if term.kind != "word" or term.meant != "at_most" or _NUMBER.match(text[end:].lstrip()):
            return term
        most = any(term.text in function_words(lang)["most"] for lang in LANGUAGES)
        return replace(term, meant="most") if most else term

    def _meaning(self, part: str) -> Term | None:
        """What a part stands for as a whole: names of entities first, but for what the schema says of its types."""
        forms = (part, *singular(part))
        said = any(form in self._schema_words[kind] for kind in ("type", "property") for form in forms)
        if not said and self._words.get(part, "lacking") == "lacking" and (named := self._named(part, own=True)):
            return named  # “which brand” asks for brands, whatever else is called so
        if part in self._numerals:
            return Term("number", part, self._numerals[part])
        for form in forms:
            for kind, known in (*self._schema_words.items(), ("value", self._values), ("word", self._words)):
                if form in known and (kind == "word" or self._words.get(form, "missing") in (*YIELDING, "missing")):
                    meant = known[form]
                    return Term(kind, part, tuple(meant) if isinstance(meant, list) else meant)
        return self._named(part, own=False)

    def _named(self, part: str, *, own: bool) -> Term | None:
        """The things that a part names: by their own names, or for short and by other words for them."""
        forms = numbers_of(part)
        exact = [one for form in forms for one in self.entities(form)]
        if own and not (exact and (part in self._words or self.entities(part))):
            return None
        if part in self._words:
            return Term("entity", part, tuple(dict.fromkeys(exact)), absent=self._absent(forms)) if exact else None
        short = self.short_names
        others = [*other_names(part), *(one for form in forms[1:] for one in other_names(form))]
        absent = self._absent(forms) or self._absent(tuple(form for one in others for form in numbers_of(one)))
        whole = [one for form in forms for one in short.whole.get(form, ())]
        loose = [one for form in forms for one in short.parts.get(form, ())]
        if not exact and not loose:
            loose = [one for form in forms for one in short.ends.get(form, ()) if self._is_meant_by(one, form)]
        if not exact and not (has_cjk(part) and self._in_labels(part)):
            loose += self._by_other_names(others) if not loose else []
        elif exact and has_cjk(part):
            loose += self._by_other_names(others)
        loose += whole
        if not exact and not loose and has_cjk(part):
            return self._worded(part) or (Term("entity", part, (), absent=absent) if absent else None)
        entities = tuple(dict.fromkeys((*exact, *loose)))
        if not entities and not absent:
            return None
        further = tuple(one for other in others[1:] for one in self.entities(other) if one not in entities)
        return Term("entity", part, entities, tuple(one for one in entities if one not in exact), absent, "", further)

    def _by_other_names(self, others: list[str]) -> list[tuple[str, int]]:
        """The things that the first of some other names that is known is a name of; items never."""
        for other in others:
            names = numbers_of(other)
            found = [one for form in names for one in (*self.entities(form), *self.short_names.whole.get(form, ()))]
            found = [one for one in found if one[0] not in self.snapshot.schema.item_types]
            if found := found or [one for form in names for one in self.short_names.parts.get(form, ())]:
                return found
        return []

    def _worded(self, part: str) -> Term | None:
        """A Chinese word by an English one that stands in labels."""
        if self._in_labels(part):
            return None
        values = self._values
        for other in other_names(part):
            if other in values:
                return Term("value", part, values[other])
            if self._in_labels(other):
                return Term("label", other, other)
        return None

    def _absent(self, forms: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        return tuple(dict.fromkeys(one for form in forms for one in self.short_names.absent.get(form, ())))

    def _is_meant_by(self, entity: tuple[str, int], part: str) -> bool:
        """Whether the first or last words of a label mean the thing: the items that have them in their labels have it.

        Where no item has them there, the first words are a name (Kiehl's Since 1851), and the last are not.
        """
        schema, snapshot = self.snapshot.schema, self.snapshot
        named = 0
        for item_type in schema.item_types:
            worded = functools.reduce(np.intersect1d, [self.labels.with_word(item_type, one) for one in part.split()])
            named += len(worded)
            for name, relation in schema.relation.items():
                if (relation.head, relation.tail) == (item_type, entity[0]) and len(worded) >= ENOUGH:
                    own = snapshot.neighbours(f"~{name}", entity[1])[0]
                    if len(np.intersect1d(worded, own)) * 2 >= len(worded):
                        return True
        return not named and fold(snapshot.label(*entity)).startswith(part)

    @cached_property
    def short_names(self) -> ShortNames:
        """Short names of what is neither item nor person."""
        return ShortNames(self.snapshot)

    def entities(self, form: str) -> tuple[tuple[str, int], ...]:
        """The entities that a folded form is a name of, as questions name them; people never."""
        if self._words.get(form, "lacking") != "lacking":
            return ()
        schema, found = self.snapshot.schema, []
        for name in self.names.exact(form):
            typed = self.snapshot.vocabulary.locate(name.entity)
            item_id = name.kind == ID and typed[0] in schema.item_types and not any(c.isdigit() for c in form)
            if name.kind != PINYIN and not item_id:
                found.append(typed)
        if canonical := canonical_ingredient(form):
            for entity_type, declared in schema.entity.items():
                if declared.domain is None and not declared.sensitive and entity_type in self.snapshot.vocabulary.types:
                    idx = self.snapshot.vocabulary.get(entity_type, canonical[0])
                    found += [(entity_type, idx)] if idx is not None else []
        return tuple(dict.fromkeys(found))

    def with_words(self, item_type: str, words: tuple[str, ...]) -> Positions:
        """Indices of the entities of a type in whose labels each of the words stands, sorted."""
        return self.labels.with_words(item_type, words)

    def _in_labels(self, part: str) -> bool:
        return part not in self._words and self.labels.is_in(part)

    @cached_property
    def _attributes(self) -> list[tuple[str, tuple[str, int]]]:
        """Chinese names of the entities that are neither items nor people."""
        schema = self.snapshot.schema
        things = [name for name, one in schema.entity.items() if one.domain is None and not one.sensitive]
        return [
            (fold(text), (name, idx))
            for name in things
            if name in self.snapshot.vocabulary.types
            for idx, text in all_labels(self.snapshot, name)
            if has_cjk(text)
        ]

    def _abbreviated(self, part: str) -> tuple[str, int] | None:
        """The one attribute that a short Chinese name stands for: 干皮 for 干性皮肤, its characters in their order."""
        own = {one for form, one in self._attributes if form[0] == part[0] and is_subsequence(part, form)}
        return own.pop() if len(own) == 1 else None


_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LETTER = re.compile("[a-z]")
