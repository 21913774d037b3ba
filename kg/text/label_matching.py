"""Text → triples: labels of known entities found in titles and descriptions.

The dictionary is the label of each entity of the tail type (its id where it has none), the aliases of the mapping,
and with ``ids = true`` every id without digits. All texts are searched in one pass of an Aho–Corasick automaton over
rows of words (:mod:`kg.text.words`), so a match is always of whole words; matches are leftmost and longest first,
without overlap. In the phrases of ``stop`` nothing is found, and plurals are found only as aliases.

Weight of entity e for head h: ``tf(h, e) / max tf(h, ·) · idf(e) / idf₁``, where
``idf(e) = ln((1 + N) / (1 + df(e))) + 1`` over N heads with text and idf₁ is that of an entity in one text only; so
it is in (0, 1].
"""

import math
from collections import Counter, defaultdict

import ahocorasick_rs
import numpy as np
import polars as pl
from numpy.typing import NDArray

from kg.mapping.link import Text
from kg.stores.store import TRIPLE_DTYPES
from kg.text.alphabet import Alphabet
from kg.text.words import TEXT, word_rows

SHORTEST = 2
"""Characters that a label needs to be looked for; an alias may be shorter."""
BATCH = 5_000
"""Texts that are searched at once."""
_MATCH = np.dtype([("form", np.int64), ("start", np.int64), ("end", np.int64)])
Positions = NDArray[np.int64]


class LabelMatcher:
    """Finds entities by their labels."""

    def __init__(self, labels: pl.DataFrame, text: Text) -> None:
        """Build the dictionary.

        :param labels: ``id`` and ``label`` of the entities; a null label means that the id is the label.
        """
        self._separators = text.word_separators
        self.unknown_aliases: list[str] = []
        """Aliases that stand for no entity."""
        stop = dict.fromkeys(self._words(text.stop))
        forms = {form: ids for form, ids in self._forms(labels, text).items() if form not in stop}
        self._alphabet = Alphabet([*forms, *stop])
        self._automaton = _automaton([self._alphabet.symbols(form) for form in (*forms, *stop)])
        self._labels = len(forms)
        self.ids = pl.Series("id", sorted({entity_id for ids in forms.values() for entity_id in ids}), dtype=pl.String)
        """The entities that can be found, sorted."""
        position = {entity_id: i for i, entity_id in enumerate(self.ids)}
        tails = [sorted(position[entity_id] for entity_id in ids) for ids in forms.values()]
        self._counts = np.array([len(found) for found in tails], dtype=np.int64)
        self._tails = np.array([tail for found in tails for tail in found], dtype=np.int64)

    def find(self, text: str) -> Counter[str]:
        """Entity id → number of matches in a text."""
        return Counter(self.ids.gather(self.find_all([text])[1]).to_list())

    def find_all(self, texts: list[str]) -> tuple[Positions, Positions]:
        """All matches: the text as its position in ``texts``, ascending, and the entity as its position in ``ids``.

        Shape of both: (matches,).
        """
        parts = [self._find_batch(texts[start : start + BATCH], start) for start in range(0, max(len(texts), 1), BATCH)]
        return np.concatenate([rows for rows, _ in parts]), np.concatenate([tails for _, tails in parts])

    def _find_batch(self, texts: list[str], first: int) -> tuple[Positions, Positions]:
        words = self._alphabet.rows(texts, self._separators)
        found = [] if self._automaton is None else self._automaton.find_matches_as_indexes(words, overlapping=True)
        matches = np.fromiter(found, dtype=_MATCH, count=len(found))
        numbers, starts, ends = matches["form"], matches["start"] + 1, matches["end"] - 1  # without the blanks
        label = numbers < self._labels
        free = label & ~_overlapping(starts, ends, starts[~label], ends[~label])
        starts, ends, numbers = starts[free], ends[free], numbers[free]
        chosen = _leftmost_longest(starts, ends)
        breaks = np.cumsum([len(row) + 1 for row in words.split(TEXT.encode())[:-1]], dtype=np.int64)
        rows = first + np.searchsorted(breaks, starts[chosen], side="right")
        counts = self._counts[numbers[chosen]]
        offsets = np.cumsum(self._counts)[numbers[chosen]] - np.cumsum(counts)
        return np.repeat(rows, counts), self._tails[np.repeat(offsets, counts) + np.arange(counts.sum())]

    def _words(self, phrases: tuple[str, ...] | list[str]) -> list[str]:
        """Each phrase as it stands in a row of words, with its blanks; empty ones are left out."""
        rows = word_rows(list(phrases), self._separators).split(TEXT)[:-1]
        return [row for row in rows if row.strip()]

    def _forms(self, labels: pl.DataFrame, text: Text) -> dict[str, set[str]]:
        """Written form → ids that it stands for."""
        forms: dict[str, set[str]] = defaultdict(set)
        names, ids = [], []
        for entity_id, label in labels.select("id", "label").iter_rows():
            spaced = entity_id.replace("_", " ")
            written = [spaced] if label is None else [label]
            if text.ids and label is not None and _reads_as_words(entity_id):
                written.append(spaced)
            names += written
            ids += [entity_id] * len(written)
        for form, entity_id in zip(word_rows(names, self._separators).split(TEXT), ids, strict=False):
            if len(form.replace(" ", "")) >= SHORTEST:
                forms[form].add(entity_id)
        self._add_aliases(forms, set(labels.get_column("id")), text.aliases)
        return dict(forms)

    def _add_aliases(self, forms: dict[str, set[str]], known: set[str], aliases: dict[str, str]) -> None:
        for alias, target in aliases.items():
            ids = {target} if target in known else {i for form in self._words([target]) for i in forms.get(form, ())}
            if not ids:
                self.unknown_aliases.append(alias)
            for form in self._words([alias]) if ids else ():
                forms[form] |= ids


def text_triples(texts: pl.DataFrame, matcher: LabelMatcher, weight: str) -> pl.DataFrame:
    """Triples with the columns of ``TRIPLE_DTYPES``, unique ends, sorted by them, from texts.

    :param texts: ``head`` and ``text``; several texts of one head count together.
    :param weight: ``tfidf`` or ``none``, as in the mapping.
    """
    heads = texts.get_column("head").unique().sort()
    if heads.is_empty():
        return pl.DataFrame(schema=TRIPLE_DTYPES)
    head = texts.select(pl.col("head").replace_strict(heads, range(len(heads)), return_dtype=pl.Int64)).to_series()
    rows, tails = matcher.find_all(texts.get_column("text").to_list())
    width = max(len(matcher.ids), 1)
    pairs, counts = np.unique(head.to_numpy()[rows] * width + tails, return_counts=True)
    head_idx, tail_idx = pairs // width, pairs % width
    weights = np.ones(len(pairs))
    if weight == "tfidf":
        n = len(heads)
        spread = np.bincount(tail_idx, minlength=width)
        idf = {df: (math.log((1 + n) / (1 + df)) + 1) / (math.log((1 + n) / 2) + 1) for df in set(spread.tolist())}
        most = np.zeros(n, dtype=np.int64)
        np.maximum.at(most, head_idx, counts)
        weights = counts / most[head_idx] * np.array([idf[df] for df in spread.tolist()])[tail_idx]
    columns = [heads.gather(head_idx), matcher.ids.gather(tail_idx).alias("tail"), pl.Series("weight", weights)]
    return pl.DataFrame(columns).select(*columns, pl.lit(None, dtype=pl.Int64).alias("timestamp"))


def _automaton(forms: list[bytes]) -> ahocorasick_rs.BytesAhoCorasick | None:
    kind = ahocorasick_rs.Implementation.ContiguousNFA  # twice as fast here as the others
    return ahocorasick_rs.BytesAhoCorasick(forms, implementation=kind) if forms else None


def _overlapping(
    starts: Positions, ends: Positions, masked_starts: Positions, masked_ends: Positions
) -> NDArray[np.bool_]:
    """Which spans share a character with one of the masked spans."""
    order = np.argsort(masked_starts, kind="stable")
    reach = np.maximum.accumulate(np.append(-1, masked_ends[order]))
    before = np.searchsorted(masked_starts[order], ends, side="left")
    return np.asarray(reach[before] > starts)


def _leftmost_longest(starts: Positions, ends: Positions) -> Positions:
    """Positions of the spans that are chosen: from the left, of several that start at one place the longest."""
    order = np.lexsort((-ends, starts))
    chosen = []
    position = -1
    for i, start, end in zip(order.tolist(), starts[order].tolist(), ends[order].tolist(), strict=True):
        if start >= position:
            position = end
            chosen.append(i)
    return np.array(chosen, dtype=np.int64)


def _reads_as_words(entity_id: str) -> bool:
    return any(c.isalpha() for c in entity_id) and not any(c.isdigit() for c in entity_id)
