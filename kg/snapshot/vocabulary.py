"""The only place where ids (strings, outside) and indices (int32, inside) are converted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kg.errors import UnknownEntityError, UsageError
from kg.identifier import as_text
from kg.snapshot.string_array import StringArray

NEAREST = 3
LEAST_SIMILAR = 50


class Vocabulary:
    """Ids per entity type, sorted by UTF-8 bytes, so that any order of loading gives the same indices.

    ``idx`` counts from 0 within a type; the *global* index counts through all types in sorted order.

    :param people: sensitive types: no message names their ids.
    """

    def __init__(self, ids: Mapping[str, StringArray], people: Sequence[str] = ()) -> None:
        self._ids, self._people = dict(sorted(ids.items())), frozenset(people)
        self._folded: dict[str, list[str]] = {}
        starts = np.cumsum([0, *(len(array) for array in self._ids.values())])
        self._starts: dict[str, int] = dict(zip(self._ids, starts.tolist(), strict=False))
        self.size = int(starts[-1])

    @classmethod
    def load(cls, folder: Path, types: Sequence[str]) -> Self:
        """Map the ids that ``save`` wrote.

        :raises FileNotFoundError: where a file is missing.
        :raises ValueError: where files do not fit each other.
        """
        return cls({name: StringArray.load(folder, f"{name}.id") for name in types})

    def save(self, folder: Path) -> None:
        """Write the ids of every type."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in self._ids.items():
            array.save(folder, f"{name}.id")

    @property
    def types(self) -> tuple[str, ...]:
        """Entity types, sorted."""
        return tuple(self._ids)

    def count(self, entity_type: str) -> int:
        """Number of entities of a type."""
        return len(self._ids[entity_type])

    def start(self, entity_type: str) -> int:
        """Global index of the first entity of a type."""
        return self._starts[entity_type]

    def locate(self, entity: int) -> tuple[str, int]:
        """Type and index within it of a global index."""
        name = next(name for name in reversed(self._starts) if self._starts[name] <= entity)
        return name, entity - self._starts[name]

    def new_since(self, earlier: "Vocabulary", entity_type: str) -> int:
        """How many entities of a type an earlier vocabulary does not have."""
        now, then = self._ids[entity_type], earlier._ids.get(entity_type)
        if then is None:
            return len(now)
        if np.array_equal(now.offsets, then.offsets) and np.array_equal(now.blob, then.blob):
            return 0
        return len(set(now) - set(then))

    def moves(self, earlier: "Vocabulary", entity_type: str) -> NDArray[np.int64] | None:
        """For each entity of an earlier vocabulary its index in this one, −1 where it is no more; ``None`` where all
        are the same."""
        now, then = self._ids[entity_type], earlier._ids[entity_type]
        if np.array_equal(now.offsets, then.offsets) and np.array_equal(now.blob, then.blob):
            return None
        places = {text: idx for idx, text in enumerate(now)}
        return np.array([places.get(text, -1) for text in then], dtype=np.int64)

    def id(self, entity_type: str, idx: int) -> str:
        """The id behind an index."""
        found = self._ids[entity_type][idx]
        assert found is not None
        return found

    def ids(self, entity_type: str) -> list[str]:
        """All ids of a type, in the order of their indices."""
        return [text for text in self._ids[entity_type] if text is not None]

    def get(self, entity_type: str, entity_id: str) -> int | None:
        """Index of an id, or ``None``.

        :raises UsageError: for what is no text.
        """
        return self._ids[entity_type].search(as_text(entity_id))

    def idx(self, entity_type: str, entity_id: str) -> int:
        """Index of an id.

        :raises UnknownEntityError: naming the nearest ids of the type, but none of people.
        """
        return self.find(entity_id, [entity_type])[1]

    def find(self, entity_id: str, types: Sequence[str]) -> tuple[str, int]:
        """Type and index of an id that may be of several types; ``Type:id`` says which.

        :raises UnknownEntityError: naming the nearest ids.
        :raises UsageError: where entities of two types have the id.
        """
        found = [(name, idx) for name in types if (idx := self.get(name, entity_id)) is not None]
        prefix, colon, rest = entity_id.partition(":")
        if not found and colon and prefix in types:
            idx = self.get(prefix, rest)
            found = [] if idx is None else [(prefix, idx)]
        if len(found) > 1:
            choices = " or ".join(f"{name}:{entity_id}" for name, _ in found)
            raise UsageError(f"{entity_id!r} is the id of several entities; say {choices}")
        if not found:
            raise UnknownEntityError(self._unknown(entity_id, types))
        return found[0]

    def nearest(self, entity_id: str, types: Sequence[str], n: int = NEAREST) -> list[str]:
        """The n most similar ids among the types, best first (edits against length); never those of people."""
        from rapidfuzz import fuzz, process  # only wrong ids pay for the import

        found = list[tuple[float, str, int]]()
        for name in types:
            if name in self._people:
                continue
            if name not in self._folded:
                self._folded[name] = [text.casefold() for text in self.ids(name)]
            near = process.extract(
                entity_id.casefold(), self._folded[name], scorer=fuzz.ratio, limit=n, score_cutoff=LEAST_SIMILAR
            )
            found += [(-score, name, idx) for _, score, idx in near]
        return [self.id(name, idx) for _, name, idx in sorted(found)[:n]]

    def _unknown(self, entity_id: str, types: Sequence[str]) -> str:
        near = self.nearest(entity_id, types)
        people = self._people.issuperset(types)
        missing = "ids of people are not suggested" if people else "nothing near it"
        hint = f"nearest: {', '.join(near)}" if near else f"{missing}; `whyrec graph stats` shows what is loaded"
        return f"unknown {' or '.join(types)} {entity_id!r}; {hint}"
