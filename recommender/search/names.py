"""The names of a snapshot's entities, indexed: found by beginning, words inside, pinyin, and in spite of typos."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.string_array import StringArray
from recommender.search.folding import fold, pinyin_forms
from recommender.search.grams import GramIndex

ID, LABEL, ALIAS, TRANSLATED, PINYIN = range(5)
"""What kind of name a form is; the lower, the better a hit."""
ALIAS_PROPERTY = "alias"
"""A ``str`` property that holds further names, parted by ``|``."""
BY_BEGINNING, BY_GRAMS = 40, 120
"""Names looked at among those that begin with a text, and among those that share grams with it."""


@dataclass(frozen=True)
class Name:
    """A name of an entity: its folded ``form``, its kind, and whose it is, as a global index."""

    form: str
    kind: int
    entity: int


class Names:
    """All names of the entities that are not people, sorted by form.

    People are found by their exact ids alone (:meth:`kg.snapshot.vocabulary.Vocabulary.find`): nothing that lists
    similar names may list them, so they are not in the index.

    :param forms: the folded forms, sorted by UTF-8 bytes.
    :param kinds: shape (forms,), uint8.
    :param entities: shape (forms,), int64: global indices.
    """

    PARTS = ("kinds", "entities")

    def __init__(
        self, forms: StringArray, kinds: NDArray[np.uint8], entities: NDArray[np.int64], grams: GramIndex
    ) -> None:
        self.forms, self.kinds, self.entities, self.grams = forms, kinds, entities, grams

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Index a snapshot: about ten microseconds a name."""
        names = sorted({(form.encode(), kind, entity) for form, kind, entity in _names(snapshot) if form})
        kinds = np.array([kind for _, kind, _ in names], dtype=np.uint8)
        entities = np.array([entity for _, _, entity in names], dtype=np.int64)
        numbers = np.flatnonzero(kinds != ID)
        forms = [form for form, _, _ in names]
        grams = GramIndex.of([forms[i].decode() for i in numbers.tolist()], numbers)
        return cls(_array(forms), kinds, entities, grams)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Map what ``save`` wrote.

        :raises OSError, ValueError: where a file is missing or damaged.
        """
        if checksums := Checksums.open(folder / CHECKSUMS):
            checksums.check(*checksums.entries)
        kinds, entities = (np.load(folder / f"{part}.npy", mmap_mode="r") for part in cls.PARTS)
        return cls(StringArray.load(folder, "forms"), kinds, entities, GramIndex.load(folder))

    def save(self, folder: Path) -> None:
        """Write the index as ``.npy`` files, no pickle."""
        folder.mkdir(parents=True, exist_ok=True)
        self.forms.save(folder, "forms")
        self.grams.save(folder)
        for part in self.PARTS:
            np.save(folder / f"{part}.npy", getattr(self, part), allow_pickle=False)
        Checksums.write(folder / CHECKSUMS, folder.glob("*.npy"))

    def exact(self, form: str) -> list[Name]:
        """The names whose form is this one."""
        first, last = self._span(form.encode(), form.encode() + b"\0")
        return [self._name(row) for row in range(first, last)]

    def near(self, form: str) -> list[Name]:
        """Names that begin with a form or share grams with it, in no order that means anything; each once."""
        first, last = self._span(form.encode(), form.encode() + b"\xff")
        rows = np.arange(first, last, dtype=np.int64)
        if len(rows) > BY_BEGINNING:
            lengths = np.diff(self.forms.offsets[first : last + 1])
            rows = rows[np.argsort(lengths, kind="stable")[:BY_BEGINNING]]
        rows = np.union1d(rows, self.grams.search(form, BY_GRAMS))
        return [self._name(row) for row in rows.tolist()]

    def _span(self, low: bytes, high: bytes) -> tuple[int, int]:
        return self.forms.lower_bound(low), self.forms.lower_bound(high)

    def _name(self, row: int) -> Name:
        form = self.forms[row]
        assert form is not None
        return Name(form, int(self.kinds[row]), int(self.entities[row]))


def _names(snapshot: Snapshot) -> Iterator[tuple[str, int, int]]:
    """Every name of every entity that is no person: folded form, kind, global index."""
    for entity_type, declared in snapshot.schema.entity.items():
        if declared.sensitive or entity_type not in snapshot.manifest.entities:
            continue
        start = snapshot.vocabulary.start(entity_type)
        labels = snapshot.labels(entity_type)
        for idx, written in enumerate(snapshot.vocabulary.ids(entity_type)):
            yield fold(written), ID, start + idx
            if not labels.valid[idx]:  # what a person reads is the id
                yield from ((form, kind, start + idx) for form, kind in _forms(written, LABEL))
        for kind, texts in _texts(snapshot, entity_type):
            for entity, text in enumerate(texts, start=start):
                for one in (text or "").split("|") if kind == ALIAS else (text,):
                    if one:
                        yield from ((form, shown, entity) for form, shown in _forms(one, kind))


def _forms(text: str, kind: int) -> list[tuple[str, int]]:
    form = fold(text)
    return [(form, kind), *((one, PINYIN) for one in pinyin_forms(form))]


def _texts(snapshot: Snapshot, entity_type: str) -> Iterator[tuple[int, StringArray]]:
    yield LABEL, snapshot.labels(entity_type)
    for name, kind in snapshot.schema.entity[entity_type].properties.items():
        if kind == "str" and name.startswith("label_"):
            yield TRANSLATED, snapshot.text(entity_type, name)
        if kind == "str" and name == ALIAS_PROPERTY:
            yield ALIAS, snapshot.text(entity_type, name)


def _array(forms: list[bytes]) -> StringArray:
    blob = np.frombuffer(b"".join(forms), dtype=np.uint8)
    offsets = np.concatenate([[0], np.cumsum([len(form) for form in forms], dtype=np.int64)]).astype(np.int64)
    return StringArray(blob, offsets, np.ones(len(forms), dtype=bool))


def open_names(parent: Path, snapshot: Snapshot) -> Names:
    """The index of a snapshot from disk, made first where it is not there; several processes may do so at once.

    :param parent: the folder of the indexes; that of a snapshot is named by its hash.
    """
    folder = parent / snapshot.hash[:32]
    try:
        return Names.load(folder)
    except (OSError, ValueError):
        names = Names.of(snapshot)
    pending, old = (parent / f".{os.getpid()}-{get_ident()}-{what}" for what in ("new", "old"))
    names.save(pending)
    with suppress(OSError):  # another process may have put its own there meanwhile: the same one
        if folder.exists():  # a damaged one
            folder.replace(old)
        pending.replace(folder)
    for path in (pending, old):
        shutil.rmtree(path, ignore_errors=True)
    return names
