"""The courses of the example, written out by hand in the catalogue."""

from dataclasses import dataclass

from kg.document import read_toml
from kg.example.ingredients import CATALOGUE

LEVELS = ("", "beginner", "intermediate", "advanced")


@dataclass(frozen=True)
class Course:
    """One line of ``courses.jsonl``, before it is written."""

    id: str
    title: str
    title_zh: str
    price: float
    language: str
    level: str
    hours: int
    topics: tuple[str, ...]
    concerns: tuple[str, ...]
    skin_types: tuple[str, ...]
    ingredients: tuple[str, ...]
    """INCI names in capitals."""


def read_courses() -> list[Course]:
    """All courses, free ones last."""
    entries = [e for name in ("skin", "crafts") for e in read_toml(CATALOGUE / f"courses_{name}.toml")["course"]]
    return [
        Course(
            id=f"c{i:03}",
            title=entry["en"],
            title_zh=entry["zh"],
            price=float(entry["facts"]["price"]),
            language=entry["facts"]["lang"],
            level=LEVELS[entry["facts"]["level"]],
            hours=entry["facts"]["hours"],
            topics=tuple(entry["topics"]),
            concerns=tuple(entry.get("concerns", ())),
            skin_types=tuple(entry.get("skin_types", ())),
            ingredients=tuple(entry.get("ingredients", ())),
        )
        for i, entry in enumerate(entries, 1)
    ]
