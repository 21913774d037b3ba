"""Presets: exports of well-known programs, known by their columns; each is a file of ``kg/formats/presets``.

A preset says by which columns (``recognise``) or first line (``line``) its export is known, which part of a schema it
needs, and what its rows become; ``{file}`` stands for the export, ``{other_preset}`` for a file that it ``needs``.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

_FILE = 'file = "{file}"'


@dataclass(frozen=True)
class Preset:
    """One kind of export."""

    name: str
    title: str
    columns: frozenset[str]
    line: str | None
    """Regular expression of the first line of a file without a header."""
    needs: str | None
    """Another preset, a file of which has to be there too."""
    schema: dict[str, Any]
    mapping: str
    """Text of its sources."""
    instead_of: str | None = None
    """Another preset that it takes the place of where the file that it needs is there."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Column as the mapping has it → how other editions of the export call it."""
    spare: Mapping[str, str] = field(default_factory=dict)
    """Column of ids → the one that is the id where it is empty. For a file without that the sources with it are left
    out of the mapping, and the others take the rows back, to tell of them."""

    @property
    def headers(self) -> tuple[tuple[str, ...], ...]:
        """The columns by which it is known, as each edition of the export calls them."""
        own = tuple(sorted(self.columns))
        other = tuple(self.spellings.get(name, name) for name in own)
        return (own,) if other == own else (own, other)

    def spelt(self, columns: Collection[str]) -> "Preset":
        """The preset for a file with some columns: called as the file does."""
        here = {name: other for name, other in self.spellings.items() if name not in columns and other in columns}
        mapping = self.mapping
        for usual, other in self.spare.items():
            if other not in columns:
                parts = re.split(r"(?m)^(?=\[\[source\]\])", mapping)
                mapping = "".join(part for part in parts if f'\nid = "{other}"' not in part)
                mapping = mapping.replace(f" AND {usual} <> ''", "")
        return replace(self, mapping=_respelt(mapping, here), spellings=here)


@cache
def presets() -> tuple[Preset, ...]:
    """All that are shipped, by name."""
    found = []
    for entry in sorted((files("kg.formats") / "presets").iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".toml"):
            text = entry.read_text(encoding="utf-8")
            data = tomllib.loads(text)
            found.append(
                Preset(
                    entry.name.removesuffix(".toml"),
                    data["title"],
                    frozenset(data.get("recognise", ())),
                    data.get("line"),
                    data.get("needs"),
                    data["schema"],
                    text[text.index("[[source]]") :],
                    data.get("instead_of"),
                    data.get("spellings", {}),
                    data.get("spare", {}),
                )
            )
    return tuple(found)


def recognised(columns: list[str], first_line: str) -> Preset | None:
    """The preset whose export a file is: of several that fit, the one that asks for most columns."""
    folded = {column.strip() for column in columns}
    fitting = []
    for one in presets():
        same = {name for name, other in one.spellings.items() if other in folded}
        if one.columns and one.columns <= folded | same:
            fitting.append(one.spelt(folded))
    if fitting:
        return max(fitting, key=lambda one: len(one.columns))
    lines = [one for one in presets() if one.line and re.search(one.line, first_line)]
    return lines[0] if lines else None


def beside(preset: Preset, others: Collection[str]) -> Preset:
    """The preset, or the one that takes its place beside files of others.

    :param others: names of their presets.
    """
    return next((one for one in presets() if one.instead_of == preset.name and one.needs in others), preset)


def mapping_text(preset: Preset, file: str, kind: str | None, others: Mapping[str, tuple[Preset, str]]) -> str:
    """The sources of a preset for one file.

    :param kind: the format of the file, where its name does not tell it.
    :param others: name of a preset → that preset as a file calls it, and the file.
    """
    text = preset.mapping if kind is None else preset.mapping.replace(_FILE, f'{_FILE}\nformat = "{kind}"')
    text = text.replace("{file}", _escaped(file))
    for name, (other, path) in others.items():
        text = text.replace(f"{{{name}}}", _escaped(path))
        if name == preset.needs:
            text = _respelt(text, other.spellings)
    return text


def _respelt(text: str, spellings: Mapping[str, str]) -> str:
    for name, other in spellings.items():
        text = text.replace(f'"{name}"', f'"{other}"')
    return text


def merged_schema(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One schema of several: types and relations of one name are one, their properties all those named."""
    merged: dict[str, Any] = {"entity": {}, "relation": {}}
    for part in parts:
        for name, entity in part.get("entity", {}).items():
            known = merged["entity"].setdefault(name, {})
            properties = {**known.get("properties", {}), **entity.get("properties", {})}
            known |= entity
            if properties:
                known["properties"] = properties
        for name, relation in part.get("relation", {}).items():
            merged["relation"].setdefault(name, relation)
    return merged


def _escaped(file: str) -> str:
    return file.replace("\\", "\\\\").replace('"', '\\"')
