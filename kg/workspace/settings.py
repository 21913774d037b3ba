"""Settings of a workspace: defaults < ``whyrec.toml`` < ``WHYREC_*`` environment < options of a command."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from kg.document import Document, parse, read_toml
from kg.errors import WorkspaceError
from kg.k_anonymity import K_ANONYMITY


class RecommendSettings(Document):
    """The ``[recommend]`` table."""

    n: int = Field(default=10, ge=1)
    """Length of a list."""


class RuleSettings(Document):
    """The ``[rules]`` table: what holds for every list and every explanation of the workspace."""

    avoid: tuple[str, ...] = ()
    """``relation:ID`` or ``Type:ID`` texts: items with such a triple, or with any triple to such an entity, are never
    recommended, and no path that is shown runs through the entity."""
    min_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Least value of the property ``price``."""
    max_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Largest value of the property ``price``."""
    in_stock: bool = False
    """Only items whose property ``in_stock`` is true; types without the property have no stock."""
    language: tuple[str, ...] = ()
    """Only items whose property ``language`` is one of these; types without the property have no language."""
    unknown: Literal["drop", "keep"] = "drop"
    """What becomes of items whose price, stock or language is not known, and of those with a ``min_age`` where nobody
    knows the ``age`` of the user."""

    @field_validator("language", mode="before")
    @classmethod
    def _one_language(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class PrivacySettings(Document):
    """The ``[privacy]`` table."""

    k: int = Field(default=K_ANONYMITY, ge=1)
    """Fewest people that anything that leaves may rest on; see :mod:`kg.k_anonymity`."""


class Settings(BaseSettings):
    """``whyrec.toml``; a nested value from the environment is written ``WHYREC_RECOMMEND__N``."""

    model_config = SettingsConfigDict(
        env_prefix="WHYREC_", env_nested_delimiter="__", extra="forbid", frozen=True, populate_by_name=True
    )

    schema_file: str = Field(default="schema.toml", validation_alias=AliasChoices("schema", "WHYREC_SCHEMA"))
    store: str = "graph.lbug"
    recommend: RecommendSettings = Field(default_factory=RecommendSettings)
    rules: RuleSettings = Field(default_factory=RuleSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before what the file said."""
        return env_settings, init_settings


def read_settings(path: Path) -> Settings:
    """Read the settings of a workspace.

    :raises WorkspaceError: one line per problem, with file and key.
    """
    return parse(Settings, read_toml(path, WorkspaceError), str(path), WorkspaceError)
