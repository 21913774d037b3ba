"""``init --from``: files → text of a schema and a mapping, by presets where a file is known, else guessed."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from kg.errors import MappingError
from kg.formats.guessing import guess
from kg.formats.neo4j_first_look import AdminFile, admin_files, admin_guess
from kg.formats.preset import beside, mapping_text, merged_schema, recognised
from kg.formats.recbole_knowledge import knowledge_files, knowledge_of
from kg.formats.sample import look_at
from kg.formats.toml_text import toml_table
from kg.mapping.file_format import FORMATS, RDF_FORMATS, format_of_name


@dataclass(frozen=True)
class FirstLook:
    """What was made of some files."""

    schema: str
    mapping: str
    known: dict[str, str]
    """File → what export it is."""
    unsure: tuple[str, ...]
    """What a person should look at before loading."""


def first_look(paths: list[Path], name: str) -> FirstLook:
    """Look at files, and write down what they seem to be.

    :param name: of the schema.
    :raises MappingError: for a file of which nothing can be made.
    :raises ReadError: for one that cannot be read.
    """
    rdf = [path for path in paths if format_of_name(path) in RDF_FORMATS]
    if rdf:
        return _of_statements(rdf, paths)
    admin, taken = admin_files(paths)
    if admin:
        return _of_admin(admin, [path for path in paths if path not in taken], name)
    triples = knowledge_files(paths)
    samples = [look_at(path) for path in paths if path not in triples]
    names = {str(path): str(path.absolute()) for path in paths}
    found = {str(sample.path): recognised(list(sample.columns), sample.first_line) for sample in samples}
    strange = [sample.path for sample in samples if not sample.columns and found[str(sample.path)] is None]
    if len(strange) == len(samples) and strange:
        known = ", ".join(suffix for kind in FORMATS.values() if kind.reader for suffix in kind.suffixes)
        raise MappingError(f"{strange[0]}: nothing can be made of it: no columns; known: {known}, and presets")
    found = {path: preset for path, preset in found.items() if Path(path) not in strange}
    there = {preset.name for preset in found.values() if preset is not None}
    found = {path: preset and beside(preset, there) for path, preset in found.items()}
    guessed = guess([s for s in samples if s.path not in strange and found[str(s.path)] is None], names)
    by_preset = {preset.name: (preset, names[path]) for path, preset in found.items() if preset is not None}
    kinds = {str(sample.path): sample.format for sample in samples}
    parts = [preset.schema for preset in found.values() if preset is not None]
    texts, unsure = list[str](), list(guessed.unsure) if guessed.sources else []
    unsure += [f"{path}: left out, nothing can be made of it: no columns" for path in strange]
    for path, preset in found.items():
        if preset is not None:
            if preset.needs and preset.needs not in by_preset:
                raise MappingError(
                    f"{path}: {preset.title}; give the file of {preset.needs} with it, which it refers to"
                )
            texts.append(f"# {preset.title}\n{mapping_text(preset, names[path], kinds[path], by_preset)}")
    schema = merged_schema([*parts, *([guessed.schema] if guessed.sources else [])])
    texts += guessed.sources
    titles = {Path(path).name: preset.title for path, preset in found.items() if preset is not None}
    if triples:
        if not samples:
            raise MappingError("\n".join(knowledge_of(triples, None, set()).unsure))
        items = [kind for kind, entity in schema["entity"].items() if "domain" in entity]
        knowledge = knowledge_of(
            triples, items[0] if len(items) == 1 else None, {one.casefold() for one in schema["relation"]}
        )
        schema = merged_schema([schema, knowledge.schema])
        texts, unsure, titles = texts + knowledge.sources, unsure + knowledge.unsure, titles | knowledge.known
    return FirstLook(_schema_text(name, schema), _mapping_text(texts, unsure), titles, tuple(unsure))


def _of_statements(rdf: list[Path], paths: list[Path]) -> FirstLook:
    """Files of RDF: they say themselves what things are, in the terms of schema.org and the shipped schema.

    :raises MappingError: where tables are among the files.
    """
    tables = [path for path in paths if path not in rdf]
    if tables:
        raise MappingError(f"{tables[0]}: a table beside RDF ({rdf[0]}); look at the tables first, then load the RDF")
    schema = (files("kg") / "example/schema.toml").read_text(encoding="utf-8")
    texts = [toml_table("[[source]]", {"file": str(path.absolute())}) for path in rdf]
    title = "RDF, read in the terms of schema.org"
    return FirstLook(schema, _mapping_text(texts, []), {path.name: title for path in rdf}, ())


def _of_admin(found: list[AdminFile], others: list[Path], name: str) -> FirstLook:
    """Files for ``neo4j-admin``: what they are is said by their headers, so nothing else is guessed beside them.

    :raises MappingError: where other files are among them.
    """
    if others:
        raise MappingError(
            f"{others[0]}: no header of neo4j-admin, beside {found[0].path.name}, which has one; name the file of its "
            f"header {others[0].name.split('.', 1)[0]}_header.csv and give it too, or look at these files apart"
        )
    guessed = admin_guess(found)
    titles = {file.path.name: "neo4j-admin database import" for file in found}
    schema = _schema_text(name, guessed.schema)
    return FirstLook(schema, _mapping_text(guessed.sources, guessed.unsure), titles, tuple(guessed.unsure))


def _schema_text(name: str, schema: dict[str, Any]) -> str:
    lines = [
        "# What there is and how it is related. Written by whyrec from the files; read it, rename what you like.",
        f'name = "{name}"',
        "",
    ]
    comments = {
        "sensitive": "people: never named in anybody else's explanation",
        "domain": "can be recommended",
        "interaction": "what people did: learned from",
        "create_head": "people that no file lists are created",
    }
    for kind in ("entity", "relation"):
        lines += [toml_table(f"[{kind}.{key}]", table, comments) for key, table in schema[kind].items()]
    return "\n".join(lines)


def _mapping_text(texts: list[str], unsure: list[str]) -> str:
    head = "# What the rows of the files become. Written by whyrec from the files; read it, correct it.\n"
    doubts = "".join(f"# not sure: {doubt}\n" for doubt in unsure)
    return head + doubts + "\n" + "\n".join(texts)
