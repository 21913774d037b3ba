"""The words that come from a schema and from the values of its properties, and the function words of the languages."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from kg.schema import inverse_of
from kg.snapshot.entity_table import property_values
from kg.snapshot.snapshot import Snapshot
from recommender.search.question_answering.language.function_words import function_words
from recommender.search.question_answering.language.morphology import (
    LANGUAGES,
    fold_question,
    language_names,
    verb_forms,
)

MOST_VALUES = 30
"""Different values of a text property up to which they are words of questions."""


class SchemaWords:
    """Words of one snapshot's schema."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def function_words(self) -> dict[str, str]:
        """Function word → what it does; words for properties that the schema has not are ``missing``."""
        found: dict[str, str] = {}
        for lang in LANGUAGES:
            for role, words in function_words(lang).items():
                if isinstance(words, list) and role != "absence":
                    found |= {fold_question(word): role for word in words if fold_question(word) not in found}
        known = {name for one in self.snapshot.schema.entity.values() for name in one.properties}
        for lang in LANGUAGES:
            for name, words in function_words(lang)["properties"].items():
                if name not in known:
                    found |= {fold_question(w): "missing" for w in words if fold_question(w) not in found}
        return found

    def words(self) -> dict[str, dict[str, Any]]:
        """Words of types, of properties and of relations, by kind, and what each stands for."""
        schema = self.snapshot.schema
        types: dict[str, str] = {}
        relations: dict[str, list[str]] = defaultdict(list)
        properties: dict[str, str] = {}
        known = {name for one in schema.entity.values() for name in one.properties}
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
                if name in known and name not in self._switches:
                    properties |= {fold_question(word): name for word in words}
        if containing := self.containing(relations):
            made_of = (word for lang in LANGUAGES for word in function_words(lang)["relations"]["made_of"])
            relations |= {form: containing for word in made_of if (form := fold_question(word)) not in relations}
        return {"type": types, "property": properties, "relation": relations}

    @staticmethod
    def containing(relations: Mapping[str, list[str]]) -> list[str]:
        """The steps that say that something is in something: what is in it, what is it made of."""
        words = [word for lang in LANGUAGES for word in function_words(lang)["relations"]["contains"]]
        return list(dict.fromkeys(step for word in words for step in relations.get(fold_question(word), ())))

    @property
    def _switches(self) -> set[str]:
        """Properties that are true or false: their words are values."""
        return {
            name
            for one in self.snapshot.schema.entity.values()
            for name, kind in one.properties.items()
            if kind == "bool"
        }

    def values(self) -> dict[str, tuple[str, str, Any]]:
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
