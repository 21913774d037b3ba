"""Names for ids: wherever an id is taken, the name of an entity will do, as long as it is that of one alone."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kg.identifier import as_text
from kg.schema import Schema
from kg.snapshot.vocabulary import Vocabulary
from recommender.rules.soft.expression import with_ids
from recommender.rules.soft.soft_rules import PIN

if TYPE_CHECKING:
    from whyrec.answering.opening import Opened

LINKED = ("avoid", "only")
"""Rules that name entities: ``relation:NAME`` or ``Type:NAME``."""
EXPRESSIONS = ("boost", "bury", "quota")
"""Rules that name them within expressions."""
NAMING = (*LINKED, *EXPRESSIONS, PIN)
"""Rules that name entities at all."""


class Naming:
    """Turns names into ids, for one snapshot; a known id costs a look, and no index is opened for it.

    People are known by their exact ids alone.

    :raises UnknownEntityError: by every method, where no entity has the name; what comes near is listed.
    :raises UsageError: likewise, where several have it.
    """

    def __init__(self, opened: "Opened") -> None:
        self._opened = opened
        self.schema: Schema = opened.snapshot.schema
        self.vocabulary: Vocabulary = opened.snapshot.vocabulary

    def item(self, text: str) -> str:
        """The id of an item, ``Type:id`` where it was named."""
        return self._id(text, self.schema.item_types, typed=True)

    def anchors(self, texts: Sequence[str]) -> list[str]:
        """``relation:NAME`` texts as ``relation:ID``; what is no relation is left to whoever reads it."""
        return [self._linked(text) for text in _listed(texts)]

    def rules(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Options of rules with ids for names."""
        named = {key: self.anchors(options[key]) for key in LINKED if options.get(key)}
        for key in (one for one in EXPRESSIONS if options.get(one)):
            named[key] = [with_ids(as_text(text), self._linked) for text in _listed(options[key])]
        if options.get(PIN):
            named[PIN] = [self.item(text) for text in _listed(options[PIN])]
        return {**options, **named}

    def _linked(self, text: str) -> str:
        before, colon, name = as_text(text).partition(":")
        if not colon or not name:
            return text
        if before in self.schema.entity:
            return f"{before}:{self._id(name, [before], typed=False)}"
        if before.removeprefix("~") in self.schema.relation:
            return f"{before}:{self._id(name, [self.schema.ends(before)[1]], typed=False)}"
        return text

    def _id(self, text: str, types: Sequence[str], *, typed: bool) -> str:
        known = any(self.vocabulary.get(name, text) is not None for name in types)
        prefix, colon, rest = text.partition(":")
        if known or (colon and prefix in types and self.vocabulary.get(prefix, rest) is not None):
            return text
        if all(self.schema.entity[name].sensitive for name in types):
            return text
        name, idx = self._opened.finder.entity(text, types)
        found = self.vocabulary.id(name, idx)
        return f"{name}:{found}" if typed else found


def _listed(texts: Sequence[str] | str) -> Sequence[str]:
    """A text that stands alone as a list of it, and not of its letters."""
    return [texts] if isinstance(texts, str) else texts
