"""What a floor or an objective is about, in words: entities by their labels instead of their ids."""

from kg.errors import UnknownEntityError
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.rules.soft.expression import AND, LINKED, NEW, NOT
from recommender.rules.soft.soft_rules import OBJECTIVE, SoftShare
from recommender.texts.language import Language
from recommender.texts.languages import language
from recommender.texts.paths import spoken_type


def spoken_about(snapshot: Snapshot, about: str, lang: str = "en") -> str:
    """``made_by:kindroot`` as ``brand Kindroot``; what compares a property stays as it was written."""
    texts = language(lang).section("objectives")
    return texts["and"].join(_spoken(snapshot, one.strip(), lang) for one in AND.split(about.strip()))


def spoken_soft(snapshot: Snapshot, one: SoftShare, told: Language) -> str:
    """What a soft rule does to a score, as a sentence; an objective, which nobody wrote item by item, in words."""
    about = spoken_about(snapshot, one.about, told.code) if one.kind == OBJECTIVE else one.about
    return told.soft_rule(one.kind, one.percent, about)


def _spoken(snapshot: Snapshot, condition: str, lang: str) -> str:
    texts = language(lang).section("objectives")
    if negated := NOT.match(condition):
        return texts["not"].format(_spoken(snapshot, condition[negated.end() :], lang))
    if condition.lower() == NEW:
        return texts["new"]
    if (linked := LINKED.fullmatch(condition)) is None:
        return condition
    step, entity_id = linked[1], linked[2].strip('"')
    schema = snapshot.schema
    steps = [end for name in schema.relation for end in (name, inverse_of(name))]
    kind = schema.ends(step)[1] if step in steps else step
    try:
        _, idx = snapshot.vocabulary.find(entity_id, (kind,))
    except UnknownEntityError:
        return condition
    label = snapshot.label(kind, idx, lang)
    return texts["of"].format(kind=spoken_type(schema, kind, lang), label=label)
