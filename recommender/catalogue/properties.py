"""Properties of the items of all types on the axis of the catalogue, read once per catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot

UNKNOWN = -1
NUMBER = ("float", "int")
"""The kinds of properties that are numbers."""


@dataclass(frozen=True)
class Texts:
    """A str property: ``codes``, shape (catalogue.size,), int64, index into ``values`` or ``UNKNOWN``; ``values``:
    the different texts, sorted."""

    codes: NDArray[np.int64]
    values: tuple[str, ...]


class ItemProperties:
    """Columns over the catalogue; an item whose type does not have a property has no value.

    :param slices: where the items of each type are, of ``size`` in all.
    """

    def __init__(self, snapshot: Snapshot, slices: Mapping[str, slice], size: int) -> None:
        self.snapshot, self.slices, self.size = snapshot, slices, size
        self._numbers: dict[tuple[str, ...], NDArray[np.float64]] = {}
        self._texts: dict[str, Texts] = {}

    def declared(self, name: str, *kinds: str) -> NDArray[np.bool_]:
        """Items whose type has the property, in one of the kinds of the schema: shape (catalogue.size,), bool."""
        mask = np.zeros(self.size, dtype=bool)
        for item_type, part in self.slices.items():
            mask[part] = self.snapshot.schema.entity[item_type].properties.get(name) in kinds
        return mask

    def numbers(self, name: str, *kinds: str) -> NDArray[np.float64]:
        """A float, int or bool property: shape (catalogue.size,), float64, NaN where there is no value."""
        key = (name, *kinds)
        if key not in self._numbers:
            having = [one for one in self.slices if self.snapshot.schema.entity[one].properties.get(name) in kinds]
            values = np.full(self.size, np.nan) if having else np.broadcast_to(np.nan, self.size)
            for item_type in having:
                values[self.slices[item_type]] = self.snapshot.number(item_type, name)
            self._numbers[key] = values
        return self._numbers[key]

    def texts(self, name: str) -> Texts:
        """A str property, its cases folded."""
        if name not in self._texts:
            found: list[str | None] = [None] * self.size
            for item_type, part in self.slices.items():
                if self.snapshot.schema.entity[item_type].properties.get(name) == "str":
                    found[part] = list(self.snapshot.text(item_type, name))
            folded = [None if text is None else text.casefold() for text in found]
            values = tuple(sorted({text for text in folded if text is not None}))
            code = {text: number for number, text in enumerate(values)}
            codes = [UNKNOWN if text is None else code[text] for text in folded]
            self._texts[name] = Texts(np.array(codes, dtype=np.int64), values)
        return self._texts[name]
