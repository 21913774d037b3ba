"""The ingredients of the example: INCI names, labels in two languages, the concerns they help with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.document import read_toml

CATALOGUE = Path(__file__).with_name("catalogue")
AS_THEY_ARE = frozenset(["PEG-40", "CI", "EDTA", "PCA", "NP", "AP"])
"""Words of INCI names that are never written in small letters."""


@dataclass(frozen=True)
class Ingredient:
    """One entry of ``ingredients.toml`` or ``botanicals.toml``."""

    id: str
    """INCI name in capitals."""
    label: str
    label_zh: str
    helps_with: tuple[str, ...]
    """Ids of concerns."""
    hero: tuple[str, str]
    """English and Chinese name in the name of a product."""


def read_ingredients() -> dict[str, Ingredient]:
    """All ingredients by id, in the order of the files."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("ingredients.toml", "botanicals.toml"):
        found |= read_toml(CATALOGUE / name)
    return {
        inci: Ingredient(
            id=inci,
            label=entry.get("en", titled(inci)),
            label_zh=entry["zh"],
            helps_with=tuple(entry.get("helps", ())),
            hero=tuple(entry.get("hero", (titled(inci), entry["zh"]))),
        )
        for inci, entry in found.items()
    }


def titled(inci: str) -> str:
    """An INCI name as most labels print it: ``PEG-40 HYDROGENATED CASTOR OIL`` → ``PEG-40 Hydrogenated Castor Oil``."""
    return " ".join(word if word in AS_THEY_ARE else word.title() for word in inci.split(" "))
