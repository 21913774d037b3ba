"""Metapaths and types in words, for tables that speak of kinds of paths, not of one."""

from kg.schema import Schema
from recommender.texts.languages import language

PARTED = " > "


def spoken_path(schema: Schema, metapath: str, lang: str = "en") -> str:
    """A metapath as a person reads it: ``bought product → targets concern → is targeted by it``.

    :param metapath: as documents write it; a learned one is told by what it starts at.
    """
    texts, steps = language(lang).section("paths"), metapath.split(PARTED)
    known = [step for step in steps if step.removeprefix("~") in schema.relation]
    told = [f"{schema.phrase(step, lang)} {spoken_type(schema, schema.ends(step)[1], lang)}" for step in known]
    if len(known) < len(steps):
        return texts["joint"].join([*told, texts["learned"]])
    told[-1] = f"{schema.phrase(known[-1], lang)} {texts['end']}"
    return texts["joint"].join(told)


def spoken_type(schema: Schema, name: str, lang: str = "en") -> str:
    """A type as a person reads it."""
    words = schema.entity[name].words.get(lang)
    return words[0] if words else language(lang).kind(name)
