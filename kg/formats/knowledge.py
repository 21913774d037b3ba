"""Layers of knowledge: public reference data that a shop adds to its graph, told with their source."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kg.document import nearest, parse
from kg.errors import MappingError
from kg.formats.preset import Preset, mapping_text, merged_schema, presets, recognised
from kg.formats.sample import look_at
from kg.formats.toml_text import toml_table
from kg.mapping.mapping import Mapping, problems_of
from kg.mapping.source import Source
from kg.schema import Schema

LAYERS = ("cosing",)


def knowledge_sources(layer: str, paths: Sequence[Path], schema: Schema) -> list[Source]:
    """The sources of the files of a layer.

    :raises MappingError: for an unknown layer, for a file that is not of it, and for a schema without its place, with
        the lines that give it one.
    """
    if layer not in LAYERS:
        raise MappingError(f"unknown knowledge {layer!r}; {nearest(layer, list(LAYERS))}")
    if not paths:
        raise MappingError(f"knowledge {layer!r}: give its files")
    found = [_preset(layer, path) for path in paths]
    _check_schema(found, schema)
    sources: list[Source] = []
    for path, preset in zip(paths, found, strict=True):
        text = mapping_text(preset, str(path.absolute()), None, {})
        mapping = parse(Mapping, tomllib.loads(text), str(path), MappingError)
        problems = [f"{path}: {problem}" for source in mapping.source for problem in problems_of(source, schema)]
        if problems:
            raise MappingError("\n".join(problems))
        sources += mapping.source
    return sources


def _preset(layer: str, path: Path) -> Preset:
    if not path.is_file():
        raise MappingError(f"{path}: no such file")
    sample = look_at(path)
    preset = recognised(list(sample.columns), sample.first_line)
    if preset is None or not preset.name.startswith(layer):
        known = "; ".join(", ".join(sorted(one.columns)) for one in presets() if one.name.startswith(layer))
        raise MappingError(f"{path}: no file of {layer}; its files have the columns {known}")
    return preset


def _check_schema(found: Sequence[Preset], schema: Schema) -> None:
    """Refuse a schema in which the files have no place, with all the lines that make one."""
    needed: dict[str, Any] = merged_schema([preset.schema for preset in found])
    lines = [
        toml_table(f"[entity.{name}]", table)
        for name, table in needed["entity"].items()
        if name not in schema.entity or not table.get("properties", {}).keys() <= schema.entity[name].properties.keys()
    ]
    lines += [
        toml_table(f"[relation.{name}]", table)
        for name, table in needed["relation"].items()
        if name not in schema.relation
    ]
    if lines:
        titles = "; ".join(dict.fromkeys(preset.title for preset in found))
        raise MappingError(
            f"{titles}: the schema has no place for it; add these lines to schema.toml:\n\n" + "\n".join(lines)
        )
