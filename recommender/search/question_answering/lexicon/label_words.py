"""The words that stand in the labels of items."""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot
from recommender.search.folding import fold, has_cjk
from recommender.search.question_answering.language.morphology import singular
from recommender.search.question_answering.lexicon.short_names import all_labels

Positions = NDArray[np.int64]
Entity = tuple[str, int]
_WORD = re.compile(r"[^ \u2e80-\u9fff]+")


class LabelWords:
    """Which items of a snapshot have which words in their labels, in any language."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._labels: dict[str, tuple[dict[str, list[int]], list[tuple[int, str]]]] = {}

    def with_words(self, item_type: str, words: tuple[str, ...]) -> Positions:
        """Indices of the entities of a type in whose labels each of the words stands, sorted."""
        found: Positions | None = None
        for word in words:
            own = self.with_word(item_type, word)
            found = own if found is None else np.intersect1d(found, own)
        return np.empty(0, dtype=np.int64) if found is None else found

    def is_in(self, part: str) -> bool:
        """Whether it is a word of labels; one Chinese character alone is in too many."""
        return len(part) > 1 and any(
            len(self.with_word(item_type, part)) for item_type in self.snapshot.schema.item_types
        )

    def with_word(self, item_type: str, word: str) -> Positions:
        """Indices of the items of a type in whose labels a word stands, in the singular or plural, sorted."""
        if " " in word:
            return self.with_words(item_type, tuple(word.split()))
        if has_cjk(word):
            seldom = item_type in self.snapshot.schema.item_types
            if seldom and any(word[at : at + 2] not in self._pairs for at in range(len(word) - 1)):
                return np.empty(0, dtype=np.int64)
            texts = self._of(item_type)[1]
            return np.array([idx for idx, text in texts if word in text], dtype=np.int64)
        index = self._of(item_type)[0]
        own = {idx for form in (word, *singular(word), f"{word}s") for idx in index.get(form, ())}
        return np.array(sorted(own), dtype=np.int64)

    def named(self, text: str, start: int) -> tuple[tuple[Entity, ...], int] | None:
        """The one item in whose label the words from a position on stand in their order, and where they end.

        The longest run of two words or more counts, and the beginning of one label before words with others between.
        """
        words, best = list(_WORD.finditer(text, start)), None
        left: list[Entity] = []
        for count, word in enumerate(words, start=1):
            items = self.snapshot.schema.item_types
            own = [(t, idx) for t in items for idx in self._of(t)[0].get(word[0], ())]
            left = own if count == 1 else sorted({*left} & {*own})
            if not left:
                break
            said = [one[0] for one in words[:count]]
            labels = {one: fold(self.snapshot.label(*one)).split() for one in left} if count > 1 else {}
            first = [one for one, label in labels.items() if label[:count] == said]
            found = first or [one for one, label in labels.items() if _in_order(said, label)]
            best = (tuple(found), word.end()) if len(found) == 1 else best
        return best

    def _of(self, entity_type: str) -> tuple[dict[str, list[int]], list[tuple[int, str]]]:
        """Words of labels of a type with the entities that have them, and the labels in Chinese characters."""
        if entity_type not in self._labels:
            words: dict[str, list[int]] = defaultdict(list)
            characters = []
            for idx, text in all_labels(self.snapshot, entity_type):
                form = fold(text)
                if has_cjk(form):
                    characters.append((idx, form))
                for word in dict.fromkeys(form.split()):
                    words[word].append(idx)
            self._labels[entity_type] = (dict(words), characters)
        return self._labels[entity_type]

    @cached_property
    def _pairs(self) -> set[str]:
        """All pairs of characters that follow each other in labels in Chinese: most of what is asked stands in none."""
        texts = (text for one in self.snapshot.schema.item_types for _, text in self._of(one)[1])
        return {text[at : at + 2] for text in texts for at in range(len(text) - 1)}


def _in_order(words: Sequence[str], label: Sequence[str]) -> bool:
    """Whether words stand in a label in their order, others between them."""
    rest = iter(label)
    return all(word in rest for word in words)
