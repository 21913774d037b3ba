"""Metapaths and types in words, for tables that speak of kinds of paths, not of one."""

from kg.schema import Schema
from recommender.texts.languages import language

PARTED = " > "


def spoken_path(schema: Schema, metapath: str, lang: str = "en") -> str:
    """A metapath as a person reads it: ``bought product → targets concern → is targeted by it``.

    :param metapath: as documents write it; a learned one is told by what it starts at.
    """
    told, texts = language(lang), language(lang).section("paths")
    steps = metapath.split(PARTED)
    known = [step for step in steps if step.removeprefix("~") in schema.relation]
    phrases = [told.bare(schema.phrase(step, lang)) for step in known]
    types = [spoken_type(schema, schema.ends(step)[1], lang) for step in known]
    if len(known) == len(steps):
        types[-1] = texts["end"]
    spoken = [
        f"{one} {other}" if (one[-1:] + other[:1]).isascii() else texts["step"].format(phrase=one, type=other)
        for one, other in zip(phrases, types, strict=True)  # Latin words of a schema that has no others stand apart
    ]
    return texts["joint"].join(spoken if len(known) == len(steps) else [*spoken, texts["learned"]])


def spoken_part(schema: Schema, kind: str, metapath: str | None, lang: str = "en") -> str:
    """A part of a score as a person reads it: its metapath, or its kind where it has none."""
    parts = language(lang).section("parts")
    return parts.get(kind, kind) if metapath is None else spoken_path(schema, metapath, lang)


def spoken_type(schema: Schema, name: str, lang: str = "en") -> str:
    """A type as a person reads it; another person is somebody."""
    words = schema.entity[name].words.get(lang)
    if words:
        return words[0]
    return language(lang).section("paths")["somebody"] if schema.entity[name].sensitive else language(lang).kind(name)


def spoken_kind(schema: Schema, name: str, lang: str = "en") -> str:
    """A type as a person reads it where single ones are named or counted: a user is no "somebody" there."""
    words = schema.entity[name].words.get(lang)
    if not words and schema.entity[name].sensitive and lang != "en":
        return language(lang).section("paths")["person"]
    return words[0] if words else language(lang).kind(name)


def spoken_kinds(schema: Schema, lang: str = "en") -> dict[str, str]:
    """Each type so."""
    return {name: spoken_kind(schema, name, lang) for name in schema.entity}


def spoken_domains(schema: Schema, lang: str = "en") -> dict[str, str]:
    """Each domain as a person reads it."""
    return {one: spoken_domain(schema, one, lang) for one in schema.domains}


def spoken_domain(schema: Schema, domain: str, lang: str = "en") -> str:
    """A domain as a person reads it: its name in English, elsewhere what its items are called there."""
    types = [name for name in schema.item_types if schema.entity[name].domain == domain]
    words = [schema.entity[name].words.get(lang, ()) for name in types]
    if lang == "en" or not types or not all(words):
        return domain
    return language(lang).listed([found[0] for found in words])
