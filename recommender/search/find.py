"""Find: which entities a text may mean, and the one that it means."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from kg.errors import UnknownEntityError, UsageError
from kg.identifier import as_text
from kg.snapshot.snapshot import Snapshot
from recommender.results.search import Found, Hit
from recommender.search.folding import fold, has_cjk
from recommender.search.names import ALIAS, ALIAS_PROPERTY, ID, LABEL, PINYIN, TRANSLATED, Name, Names

KINDS = {ID: 1.0, LABEL: 1.0, TRANSLATED: 0.99, ALIAS: 0.98, PINYIN: 0.95}
"""What an exact hit of each kind of name scores."""
BEGINNING, INSIDE, TYPO = 0.8, 0.6, 0.55
"""The most that a beginning, words inside, and a similar spelling score."""
ALIKE = 0.75
"""Least similarity of two words that may be one word with a typing error."""
LONGEST = 1_000
NAMED = 5
"""Candidates that an error names."""


@dataclass(frozen=True)
class _Candidate:
    score: float
    name: Name


class Finder:
    """Finds the entities of one snapshot by what people call them."""

    def __init__(self, snapshot: Snapshot, names: Names) -> None:
        self.snapshot, self.names = snapshot, names

    def find(self, text: str, types: Sequence[str] = (), n: int = 10, lang: str = "en") -> Found:
        """The entities that a text may mean, the best first.

        By id, label, alias, label in another language and pinyin, as it is written, else by its beginning, by words
        inside, or in spite of typing errors. People are found by their exact ids alone.

        :param types: entity types to look among; all where empty.
        :raises UsageError: for an unknown type, or a text of more than ``LONGEST`` characters.
        """
        if len(as_text(text)) > LONGEST:
            raise UsageError(f"a text of {len(text):,} characters; names are looked for in up to {LONGEST:,}")
        for one in types:
            if one not in self.snapshot.schema.entity:
                raise UsageError(f"type {one!r}: expected one of {', '.join(self.snapshot.schema.entity)}")
        people = [self._person(name, idx, lang) for name, idx in self._people(text, types)]
        found = [self._hit(one, lang) for one in self._candidates(text, types)[:n]]
        return Found(query=text, hits=[*people, *found][:n])

    def entity(self, text: str, types: Sequence[str]) -> tuple[str, int]:
        """Type and index of the one entity that a text means: by id, ``Type:id``, or a name that is its alone.

        :raises UsageError: where several have that name; lists them.
        :raises UnknownEntityError: where none has; lists what comes near, people never.
        """
        vocabulary = self.snapshot.vocabulary
        prefix, colon, rest = as_text(text).partition(":")
        if any(vocabulary.get(name, text) is not None for name in types) or (
            colon and prefix in types and vocabulary.get(prefix, rest) is not None
        ):
            return vocabulary.find(text, types)
        found = self._candidates(text, types)
        exact = [one for one in found if one.score >= KINDS[PINYIN]]
        if len(exact) == 1:
            return self._locate(exact[0].name.entity)
        if not found:
            raise UnknownEntityError(f"unknown {' or '.join(types)} {text!r}; {self._hint(text, types)}")
        near = ", ".join(self._told(one.name.entity) for one in (exact or found)[:NAMED])
        if exact:
            raise UsageError(f"{text!r} may mean several; say which by its id: {near}")
        raise UnknownEntityError(f"unknown {' or '.join(types)} {text!r}; nearest: {near}")

    def _candidates(self, text: str, types: Sequence[str]) -> list[_Candidate]:
        """Each entity once, under its best name, the best first."""
        form = fold(text)
        if not form:
            return []
        best: dict[int, _Candidate] = {}
        wanted = {name for name in types or self.snapshot.schema.entity if name in self.snapshot.vocabulary.types}
        names = self.names.exact(form)
        if not any(self._locate(name.entity)[0] in wanted for name in names):
            names = self.names.near(form)
        else:
            names += self.names.near(form)
        for name in names:
            score = _score(form, name)
            known = best.get(name.entity)
            if score > 0 and self._locate(name.entity)[0] in wanted and (known is None or score > known.score):
                best[name.entity] = _Candidate(score, name)
        return sorted(best.values(), key=lambda one: (-one.score, len(one.name.form), one.name.form, one.name.entity))

    def _people(self, text: str, types: Sequence[str]) -> list[tuple[str, int]]:
        schema, vocabulary = self.snapshot.schema, self.snapshot.vocabulary
        sensitive = [name for name in types or schema.entity if schema.entity[name].sensitive]
        found = ((name, vocabulary.get(name, text)) for name in sensitive if name in vocabulary.types)
        return [(name, idx) for name, idx in found if idx is not None]

    def _person(self, entity_type: str, idx: int, lang: str) -> Hit:
        entity_id = self.snapshot.vocabulary.id(entity_type, idx)
        label = self.snapshot.label(entity_type, idx, lang)
        return Hit(id=entity_id, type=entity_type, label=label, score=1.0, matched=entity_id)

    def _hit(self, candidate: _Candidate, lang: str) -> Hit:
        entity_type, idx = self._locate(candidate.name.entity)
        return Hit(
            id=self.snapshot.vocabulary.id(entity_type, idx),
            type=entity_type,
            label=self.snapshot.label(entity_type, idx, lang),
            score=round(candidate.score, 4),
            matched=self._written(entity_type, idx, candidate.name),
        )

    def _written(self, entity_type: str, idx: int, name: Name) -> str:
        """A name as it is written, where the form is only how it is compared."""
        if name.kind == ID:
            return self.snapshot.vocabulary.id(entity_type, idx)
        properties = self.snapshot.schema.entity[entity_type].properties
        texts = [self.snapshot.labels(entity_type)[idx]]
        texts += [self.snapshot.text(entity_type, one)[idx] for one in properties if one.startswith("label_")]
        if ALIAS_PROPERTY in properties:
            texts += (self.snapshot.text(entity_type, ALIAS_PROPERTY)[idx] or "").split("|")
        written = [text for text in texts if text]
        exact = (text for text in written if fold(text) == name.form)
        return next(exact, next((text for text in written if has_cjk(text)), name.form))

    def _hint(self, text: str, types: Sequence[str]) -> str:
        things = [name for name in types if not self.snapshot.schema.entity[name].sensitive]
        if not things:
            return "people are found by their exact ids alone"
        if near := self.snapshot.vocabulary.nearest(text, things):
            return f"nearest: {', '.join(near)}"
        return "nothing comes near it; `whyrec graph stats` shows what is loaded"

    def _told(self, entity: int) -> str:
        entity_type, idx = self._locate(entity)
        entity_id = self.snapshot.vocabulary.id(entity_type, idx)
        return f"{self.snapshot.label(entity_type, idx)} ({entity_type} {entity_id})"

    def _locate(self, entity: int) -> tuple[str, int]:
        return self.snapshot.vocabulary.locate(entity)


def _score(form: str, name: Name) -> float:
    """How well a name answers a folded text, in [0, 1]."""
    most, covered = KINDS[name.kind], len(form) / max(len(name.form), 1)
    if form == name.form:
        return most
    if name.form.startswith(form):
        return most * (BEGINNING + 0.1 * covered)
    if name.kind == ID:
        return 0.0
    asked, words = form.split(), name.form.split()
    if (has_cjk(form) and form in name.form) or all(any(word.startswith(one) for word in words) for one in asked):
        return most * (INSIDE + 0.1 * min(covered, 1.0))
    alike = [max(Levenshtein.normalized_similarity(one, word) for word in words) for one in asked]
    whole = Levenshtein.normalized_similarity(form, name.form)
    if min(alike) < ALIKE and whole < ALIKE:
        return 0.0
    return most * TYPO * max(whole, min(alike) * (0.8 + 0.2 * min(covered, 1.0)))
