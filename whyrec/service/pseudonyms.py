"""People are told by their ids: what they are called is for those whose role may look at what is known of them."""

from typing import TypeVar

from pydantic import BaseModel

from kg.schema import Schema
from recommender.results.document import Person
from recommender.results.search import Found
from whyrec.service.access import Caller

A = TypeVar("A", bound=BaseModel)


def by_id(found: A) -> A:
    """An answer about somebody, without what she is called: answers are kept, and given to whoever asks the same."""
    user = getattr(found, "user", None)
    if not isinstance(user, Person) or user.label in (None, user.id):
        return found
    return found.model_copy(update={"user": Person(id=user.id, label=user.id)})


def found_by(caller: Caller, found: Found, schema: Schema) -> Found:
    """What a search found, people by their ids but for those who may look at what is known of them."""
    return found if caller.may("person") else unnamed(found, schema)


def unnamed(found: Found, schema: Schema) -> Found:
    """What a search found, people by their ids."""
    people = {name for name, one in schema.entity.items() if one.sensitive} | set(schema.user_types)
    hits = [hit.model_copy(update={"label": hit.id}) if hit.type in people else hit for hit in found.hits]
    return found.model_copy(update={"hits": hits})
