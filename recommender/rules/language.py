"""Only items in some languages, by their property ``language``."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field, field_validator

from kg.document import nearest
from kg.errors import UsageError
from recommender.catalogue.properties import UNKNOWN as NO_TEXT
from recommender.rules.rule import Ground, Removal, Rule, RuleOptions, missing, unknown_items

LANGUAGE = "language"
UNKNOWN, OTHER_LANGUAGE = "language_unknown", "other_language"


class LanguageOptions(RuleOptions):
    """What is asked of the language."""

    language: tuple[str, ...] = Field(
        default=(), description="Only items in this language; repeatable.", json_schema_extra={"metavar": "L"}
    )
    """Types without the property have no language."""

    @field_validator("language", mode="before")
    @classmethod
    def _one_language(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class Language(Rule):
    """Removes what is in another language."""

    names = (UNKNOWN, OTHER_LANGUAGE)

    def __init__(self, ground: Ground, asked: LanguageOptions) -> None:
        self.asked, self.properties = asked, ground.properties

    def removed(self) -> Sequence[Removal]:
        """Items in other languages.

        :raises UsageError: for a language that no item is in.
        """
        if not self.asked.language:
            return ()
        found = self.properties.texts(LANGUAGE)
        if not found.values:
            raise UsageError(f"`{LANGUAGE}`: {missing(LANGUAGE)}")
        for one in self.asked.language:
            if one.casefold() not in found.values:
                raise UsageError(f"no item is in language {one!r}; {nearest(one.casefold(), list(found.values))}")
        wanted = [found.values.index(one.casefold()) for one in self.asked.language]
        unknown = (found.codes == NO_TEXT) & self.properties.declared(LANGUAGE, "str")
        other = (found.codes != NO_TEXT) & ~np.isin(found.codes, wanted)
        return [*unknown_items(self.asked, UNKNOWN, unknown), Removal(OTHER_LANGUAGE, np.flatnonzero(other))]

    def lifted(self, name: str) -> Mapping[str, object]:
        """Any language, or items without one too."""
        return {"unknown": "keep"} if name == UNKNOWN else {"language": ()}
