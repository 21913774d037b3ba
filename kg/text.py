"""Text → triples: labels of known entities found in titles and descriptions.

The dictionary is the label of each entity of the tail type, its id where that reads as words, and the aliases of the
mapping. Comparison is by Unicode case folding. A match is of whole words, leftmost and longest first, without overlap:

- ``-`` joins (``soap-ui`` is one word) unless the mapping lists it in ``word_separators``; so do ``+`` and ``#`` after
  a word (``C++``);
- Chinese, Japanese and Korean characters need no blanks around them;
- in the phrases of ``stop`` nothing is found, nor are plurals: they are aliases.

Weight of entity e for head h: ``tf(h, e) / max tf(h, ·) · idf(e) / idf₁``, where
``idf(e) = ln((1 + N) / (1 + df(e))) + 1`` over N heads with text and idf₁ is that of an entity in one text only; so
it is in (0, 1].
"""

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import ahocorasick
import polars as pl

from kg.mapping import Text
from kg.stores.store import TRIPLE_DTYPES

COLUMN_BREAK = "\x1e"
"""Stands between the texts of two columns; no label goes across."""
SHORTEST = 2
"""Characters that a label needs to be looked for; an alias may be shorter."""
_HYPHENS = "-\u2010\u2011"
_CJK = ((0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


class LabelMatcher:
    """Finds entities by their labels."""

    def __init__(self, labels: pl.DataFrame, text: Text) -> None:
        """Build the dictionary.

        :param labels: ``id`` and ``label`` of the entities; a null label means that the id is the label.
        """
        self._separators = str.maketrans(dict.fromkeys(text.word_separators, " "))
        self.unknown_aliases: list[str] = []
        forms = self._forms(labels, text.aliases)
        for phrase in text.stop:
            forms.pop(self.normalise(phrase), None)
        self._labels = _automaton(forms.items())
        self._stop = _automaton((self.normalise(phrase), set()) for phrase in text.stop)

    def normalise(self, text: str) -> str:
        """Text as it is compared: folded, single blanks between words."""
        folded = unicodedata.normalize("NFC", text).casefold().translate(self._separators)
        return COLUMN_BREAK.join(" ".join(part.split()) for part in folded.split(COLUMN_BREAK))

    def find(self, text: str) -> Counter[str]:
        """Entity id → number of matches in a text."""
        text = self.normalise(text)
        masked = [span for span, _ in _matches(self._stop, text)]
        candidates = sorted(_matches(self._labels, text), key=lambda match: (match[0][0], -match[0][1]))
        found: Counter[str] = Counter()
        position = 0
        for (start, end), ids in candidates:
            if start >= position and not any(start < e and s < end for s, e in masked):
                position = end
                found.update(ids)
        return found

    def _forms(self, labels: pl.DataFrame, aliases: dict[str, str]) -> dict[str, set[str]]:
        """Written form → ids that it stands for."""
        forms: dict[str, set[str]] = defaultdict(set)
        for entity_id, label in labels.select("id", "label").iter_rows():
            names = [label] if label is not None else [entity_id.replace("_", " ")]
            if label is not None and _reads_as_words(entity_id):
                names.append(entity_id.replace("_", " "))
            for name in names:
                form = self.normalise(name)
                if len(form) >= SHORTEST:
                    forms[form].add(entity_id)
        known = set(labels.get_column("id"))
        for alias, target in aliases.items():
            ids = {target} if target in known else set(forms.get(self.normalise(target), set()))
            if ids:
                forms[self.normalise(alias)] |= ids
            else:
                self.unknown_aliases.append(alias)
        return dict(forms)


def text_triples(texts: pl.DataFrame, matcher: LabelMatcher, weight: str) -> pl.DataFrame:
    """Triples with the columns of ``TRIPLE_DTYPES``, unique ends, from texts.

    :param texts: ``head`` and ``text``; several texts of one head count together.
    :param weight: ``tfidf`` or ``none``, as in the mapping.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for head, text in texts.sort("head", "text").iter_rows():
        counts[head].update(matcher.find(text))
    spread = Counter(entity_id for found in counts.values() for entity_id in found)
    rarest = math.log((1 + len(counts)) / 2) + 1
    rows = []
    for head, found in counts.items():
        most = max(found.values(), default=1)
        for entity_id, times in sorted(found.items()):
            idf = math.log((1 + len(counts)) / (1 + spread[entity_id])) + 1
            rows.append((head, entity_id, times / most * idf / rarest if weight == "tfidf" else 1.0, None))
    return pl.DataFrame(rows, schema=TRIPLE_DTYPES, orient="row")


def _automaton(forms: Iterable[tuple[str, set[str]]]) -> ahocorasick.Automaton | None:
    automaton = ahocorasick.Automaton()
    for form, ids in forms:
        if form:
            automaton.add_word(form, (len(form), sorted(ids)))
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton


def _matches(automaton: ahocorasick.Automaton | None, text: str) -> Iterator[tuple[tuple[int, int], list[str]]]:
    """(start, end) and ids of each form that stands in the text as whole words."""
    if automaton is None:
        return
    for last, (length, ids) in automaton.iter(text):
        start, end = last - length + 1, last + 1
        if not _joins_before(text, start) and not _joins_after(text, end):
            yield (start, end), ids


def _joins_before(text: str, start: int) -> bool:
    """Whether the word at ``start`` begins earlier."""
    if start == 0 or not _is_word(text[start]):
        return False
    before = text[start - 1]
    return _is_word(before) or (before in _HYPHENS and start > 1 and _is_word(text[start - 2]))


def _joins_after(text: str, end: int) -> bool:
    """Whether the word before ``end`` goes on."""
    if end == len(text) or not _is_word(text[end - 1]):
        return False
    after = text[end]
    return _is_word(after) or after in "+#" or (after in _HYPHENS and _is_word(text[end + 1 : end + 2]))


def _is_word(character: str) -> bool:
    """Whether a character makes words that need blanks around them."""
    if not character or not (character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"):
        return False
    return not any(low <= ord(character) <= high for low, high in _CJK)


def _reads_as_words(entity_id: str) -> bool:
    return any(c.isalpha() for c in entity_id) and not any(c.isdigit() for c in entity_id)
