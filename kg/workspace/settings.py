"""Settings of a workspace: defaults < ``whyrec.toml`` < ``WHYREC_*`` environment < options of a command."""

from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from kg.document import Document, parse, read_toml
from kg.errors import WorkspaceError
from kg.k_anonymity import K_ANONYMITY


class RecommendSettings(Document):
    """The ``[recommend]`` table."""

    n: int = Field(default=10, ge=1)
    """Length of a list."""
    mix: dict[str, float] = Field(default_factory=dict)
    """Domain → part of a list over all domains, in [0, 1], for people who used nothing of it; only items with a reason
    take these places. A domain that is not named gets its part of a fifth."""


LEAST_EPSILON, MOST_EPSILON = 1e-6, 1e6
"""Of one private release: with less the noise has no room in a number, with more there is none."""
LEAST_DELTA = 1e-15
"""Of a private release whose δ is not 0."""


class PrivacySettings(Document):
    """The ``[privacy]`` table."""

    k: int = Field(default=K_ANONYMITY, ge=1)
    """Fewest people that anything that leaves may rest on; see :mod:`kg.k_anonymity`."""
    epsilon: float = Field(default=0.5, ge=LEAST_EPSILON, le=MOST_EPSILON)
    """ε of one private release, where nothing else is asked for; see :mod:`kg.privacy.differential_privacy`. At 0.5
    whoever knows everybody else's data guesses whether a person is counted a little better than a coin does
    (``benchmarks/membership_attack.py``: an area under the curve of .56, and of .50 for whoever does not)."""
    delta: float = Field(default=0.0, ge=0, lt=0.01)
    """δ of one private release: 0 for Laplace noise."""
    epsilon_per_day: float = Field(default=4.0, ge=LEAST_EPSILON, allow_inf_nan=False)
    """What all private releases of a day may cost together."""
    delta_per_day: float = Field(default=1e-5, ge=0, lt=0.1)
    """The same for δ."""
    ledger: str = ""
    """File in which other workspaces of the same people book what their private releases cost, too, relative to the
    workspace; see :mod:`kg.privacy.budget.ledger`."""
    seal_to: str = ""
    """Public key (age1…) that the workspace is sealed to; see :mod:`kg.privacy.sealing`."""
    contributions: int = Field(default=5, ge=1, le=1_000_000)
    """Most things that one person counts for in a private release, chosen by lot."""

    @field_validator("delta", "delta_per_day")
    @classmethod
    def _no_trace_of_delta(cls, delta: float) -> float:
        if 0 < delta < LEAST_DELTA:
            raise ValueError(f"expected 0, or a number from {LEAST_DELTA:g} on")
        return delta


class RetentionSettings(Document):
    """The ``[retention]`` table."""

    days: int | None = Field(default=None, ge=1, le=36_500)
    """How long rejected rows, events and kept answers stay; until somebody deletes them where absent."""


class HistorySettings(Document):
    """The ``[history]`` table."""

    keep: int = Field(default=3, ge=0)
    """Snapshots and models before the present ones that stay, to say why a list changed; 0 keeps none."""


class ObjectivesSettings(Document):
    """The ``[objectives]`` table: what everybody's lists together shall be like, besides good."""

    floors: tuple[str, ...] = ()
    """``80% made_by``: each brand at least so much of its share of use; ``15% new``, ``30% margin >= 0.4``: of the
    lists. ``whyrec objectives`` solves them, and ``train`` does."""
    most_loss: float = Field(default=0.02, ge=0, le=1)
    """Most of the summed scores of the lists that may be given up for floors."""
    diversity: float = Field(default=0.0, ge=0, le=1)
    """How much the items of a person's list are to differ where nothing else is asked for."""


class AnomalySettings(Document):
    """The ``[anomalies]`` table."""

    watch: bool = False
    """Whether each load, of files or events, looks for accounts that do not look like people, and says so."""
    leave_out: bool = False
    """Whether what such accounts did is left out of snapshots, and so of scores, counts and reasons, where they are
    nobody in reports either; the store keeps it. See :mod:`kg.quality.anomalies`."""


class PublishSettings(Document):
    """The ``[publish]`` table."""

    redis: str = ""
    """URL of the Redis server that lists are published to, and from which the forgotten are removed; its password is
    taken from ``REDIS_PASSWORD``."""
    name: str = Field(default="", pattern=r"^[\w.-]*$")
    """What the lists are kept under on that server; the name of the folder where none is given."""


class ServeSettings(Document):
    """The ``[serve]`` table."""

    explore: float = Field(default=0.0, ge=0, lt=1)
    """Part of the lists whose last item is drawn by lot, so that others get seen; see
    :mod:`whyrec.online_evaluation.exploration`."""
    prepare_mb: int = Field(default=256, ge=0, le=1_000_000)
    """Memory for lists that several workers share, and that are made before anybody asks for them; 0: none are. A list
    with reasons takes about 2 KB; see :mod:`whyrec.service.precomputation`."""


class OidcSettings(Document):
    """The ``[oidc]`` table: the OpenID provider that staff sign in with; see :mod:`whyrec.service.openid`."""

    issuer: str = ""
    """Address of the provider, as it calls itself; nobody signs in by one where it is empty."""
    client_id: str = ""
    """What the provider calls this service; its secret is taken from ``WHYREC_OIDC_CLIENT_SECRET``."""
    audience: str = ""
    """Whom tokens at the REST interface are to be for; ``client_id`` where empty."""
    scope: str = "openid profile email"
    """What is asked for at the sign-in."""
    role_claim: str = "roles"
    """Where a token says what somebody is: a claim, or a path such as ``realm_access.roles``."""
    name_claim: str = "sub"
    """The claim that somebody is called by in decisions; another than ``sub`` must be one that nobody can change."""
    roles: dict[str, str] = Field(default_factory=dict)
    """Value of the claim → role here; the first that fits counts, whoever has none comes not in."""
    url: str = ""
    """Address of the console as browsers see it, where something stands before the service."""
    hours: float = Field(default=8.0, gt=0, le=24 * 7)
    """How long a sign-in lasts."""


class ExperimentSettings(Document):
    """The ``[experiment]`` table: another model beside this one, for some of the people."""

    name: str = ""
    """None runs where it is empty; another name assigns people anew."""
    candidate: str = ""
    """Folder of a workspace with the same people and items and another model, relative to this one."""
    goal: str = "purchased"
    """The relation, or click, that the candidate is to bring more of."""
    share: float = Field(default=0.5, gt=0, lt=1)
    """Part of the people who get the candidate."""


class TrainSettings(Document):
    """The ``[train]`` table."""

    minutes: float = Field(default=60.0, gt=0, allow_inf_nan=False)
    """Time that the training of vectors may take: half of it the pilot, which says whether they get a say, and half of
    it the vectors of all triples."""


class LoadSettings(Document):
    """The ``[load]`` table."""

    rejects_kept: int = Field(default=20, ge=1)
    """Folders of rejects that stay, the newest; those of older loads are removed."""
    allow_urls: tuple[str, ...] = ()
    """Beginnings of addresses, such as ``s3://shop/``, that a mapping may read; none where absent."""
    allow_folders: tuple[str, ...] = ()
    """Folders besides its own that a mapping may read; ``init --from`` writes those of its files."""
    max_deletes: str = "5%"
    """Most of an entity type or relation that mode replace deletes without being told: a share, a number, ``all``."""


class Settings(BaseSettings):
    """``whyrec.toml``; a nested value from the environment is written ``WHYREC_RECOMMEND__N``."""

    model_config = SettingsConfigDict(
        env_prefix="WHYREC_", env_nested_delimiter="__", extra="forbid", frozen=True, populate_by_name=True
    )

    schema_file: str = Field(default="schema.toml", validation_alias=AliasChoices("schema", "WHYREC_SCHEMA"))
    store: str = "graph.lbug"
    adoption: str | None = None
    """File that says how the graph of others in the store is read; such a store is never written to."""
    recommend: RecommendSettings = Field(default_factory=RecommendSettings)
    rules: dict[str, Any] = Field(default_factory=dict)
    """The ``[rules]`` table, what holds for every list and every explanation; the recommender knows its keys."""
    load: LoadSettings = Field(default_factory=LoadSettings)
    train: TrainSettings = Field(default_factory=TrainSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    history: HistorySettings = Field(default_factory=HistorySettings)
    publish: PublishSettings = Field(default_factory=PublishSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    oidc: OidcSettings = Field(default_factory=OidcSettings)
    experiment: ExperimentSettings = Field(default_factory=ExperimentSettings)
    objectives: ObjectivesSettings = Field(default_factory=ObjectivesSettings)
    anomalies: AnomalySettings = Field(default_factory=AnomalySettings)

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
