"""What the engine's work on a workspace answers; each is what ``--json`` prints."""

from pydantic import Field

from recommender.profiles.weights import Recency
from recommender.results.document import ModelInfo, Result
from recommender.results.learning import Crossing, ToldDomain
from recommender.results.responsibility.private import PrivacyBudget
from recommender.scoring.blend import Blend

Counts = dict[str, dict[str, int]]
"""Entity type or relation → ``created``, ``updated``, ``unchanged``, ``deleted``."""


class LoadedFile(Result):
    """One file of one source: ``rows`` = ``loaded`` + ``rejected`` + ``filtered``."""

    file: str
    rows: int
    loaded: int
    rejected: int
    filtered: int


class LoadReport(Result):
    """The answer of ``load``."""

    files: list[LoadedFile]
    entities: Counts
    triples: Counts
    rejected: int
    """Rows rejected, in all files."""
    rejects_file: str | None
    left_out: int
    """Cells that could not be read, of rows that were loaded without them."""
    left_out_file: str | None
    duplicates: dict[str, int]
    """Relation → rows that say a triple which another row says too."""
    contradictions: int
    """Entities and triples about which rows contradict each other."""
    contradictions_file: str | None
    seconds: float
    dry_run: bool
    notices: list[str]
    snapshot: str | None
    """Hash of the snapshot that was taken; ``None`` after a dry run."""


class TrainReport(Result):
    """The answer of ``train``."""

    model: ModelInfo
    up_to_date: bool
    """Whether the model was there already."""
    snapshot_taken: bool
    kernels_made: int
    vectors_trained: bool
    entities: int
    relations: int
    triples: int
    blend: Blend
    recency: dict[str, Recency] = Field(default_factory=dict)
    """Interaction → how much later ones count more than earlier ones, where that was learned."""
    learning: list[ToldDomain]
    """What learning the blend did for each domain."""
    crossing: list[Crossing] = Field(default_factory=list)
    """For each pair of domains, whom paths reach in the other one."""
    notices: list[str] = Field(default_factory=list)


class ListsReport(Result):
    """The answer of ``write_lists``."""

    out: str
    users: int
    rows: int
    resumed: int
    """Users whose lists an earlier, unfinished run had made."""
    restarted: bool
    """Whether an unfinished run with another model, snapshot, rules, users or length was thrown away."""
    model: ModelInfo
    notices: list[str] = Field(default_factory=list)


class Deleted(Result):
    """What was deleted from the store: entities, and relation → triples."""

    entities: int
    triples: dict[str, int]


class ForgetReport(Result):
    """The answer of ``forget``."""

    user: str
    deleted: Deleted
    files_rewritten: list[str]
    files_removed: list[str]
    """Pages and exports that whyrec wrote, and that can be written again."""
    undecided: list[str]
    """Files of whyrec's with rows of which nobody can tell whether they are hers: not touched."""
    searched_files: int
    found: list[str]
    """Files of whyrec's own, or the store, that hold the id still: none, or something is wrong."""
    source_files: list[str]
    """Files of somebody else, such as the data that was loaded, that hold the id: they are never edited."""
    notices: list[str]


class StoreStatus(Result):
    """What the store holds."""

    url: str
    entities: dict[str, int | str]
    triples: dict[str, int | str]
    """Numbers; of fewer than k people, ``<k``."""


class SnapshotStatus(Result):
    """The snapshot that answers come from; ``current``: whether it shows the store as it is."""

    hash: str
    current: bool
    written_by_others: bool = False
    """Whether another program has, or may have, written to the store since."""


class UnusedPart(Result):
    """What of an adopted graph cannot be used: how many, why, and one of them."""

    what: str
    count: int
    why: str
    example: str


class AdoptReport(Result):
    """The answer of ``init --adopt``."""

    workspace: str
    store: str
    schema_file: str
    adoption_file: str
    entities: dict[str, int]
    triples: dict[str, int]
    unused: list[UnusedPart]
    unsure: list[str]
    """Decisions that a person should look at."""
    next: str


class RefreshReport(Result):
    """The answer of ``refresh``."""

    snapshot: str
    """Hash of the snapshot that answers come from now."""
    before: str | None
    """Hash of the one before; ``None`` where there was none."""
    changed: bool
    compared: bool
    """Whether all of the store was read; else its counts, and what it counts itself, were as they had been."""
    entities: dict[str, tuple[int | str, int | str]]
    """Entity type → how many before and now, of those of which the number changed."""
    triples: dict[str, tuple[int | str, int | str]]
    notices: list[str] = Field(default_factory=list)


class ModelStatus(Result):
    """The model that answers; ``carried_over``: trained before the graph changed, and still of use."""

    name: str
    current: bool
    carried_over: bool
    crossing: list[Crossing] = Field(default_factory=list)
    """For each pair of domains, whom paths reach in the other one."""


class KeptData(Result):
    """One kind of data with people in it."""

    kept: int | str
    """Loads with rejected rows; earlier snapshots; runs of experiments with what they gave each person; events;
    answers; looks of the staff at people. Of the latter three ``"<5"`` for fewer than k."""
    oldest_days: float | None
    """Age of the oldest load with rejected rows or run, or how long ago the earliest snapshot was replaced; ``None``
    where there is none, and of events, answers and looks: when one person did something is not told."""
    overdue: int | str
    """How many are older than they may be: none, after ``load --events``."""


class RetentionStatus(Result):
    """What ``[retention] days`` says, and what is there."""

    days: int | None
    """``None``: kept until somebody deletes it."""
    rejects: KeptData
    events: KeptData
    answers: KeptData
    looks: KeptData
    snapshots: KeptData
    runs: KeptData

    @property
    def parts(self) -> dict[str, KeptData]:
        """What is kept, by its name."""
        return {
            "rejects": self.rejects,
            "events": self.events,
            "answers": self.answers,
            "looks": self.looks,
            "earlier snapshots": self.snapshots,
            "people's figures of experiments": self.runs,
        }

    @property
    def overdue(self) -> list[str]:
        """Names of what is kept longer than it may be."""
        return [name for name, one in self.parts.items() if one.overdue]


class Partner(Result):
    """A company whose sums over people count here."""

    name: str
    at: str
    """When the sums were made: ISO 8601, UTC."""
    k: int
    people: int | str
    pairs: int
    used: int
    """Pairs that both ends of are in this workspace's graph, of at least its own k people."""
    known: int
    """Items and attributes of the partner that are in this workspace's graph."""
    unknown: int


class MadeOffer(Result):
    """Sums over people that were sent to a partner."""

    at: str
    """ISO 8601, UTC."""
    to: str
    """The public key that the file is encrypted to."""
    k: int
    pairs: int
    fingerprint: str
    """SHA-256 of the file."""


class StatusReport(Result):
    """The answer of ``status``."""

    workspace: str
    store: StoreStatus
    snapshot: SnapshotStatus | None
    model: ModelStatus | None
    next: str
    """The next step, as a command."""
    retention: RetentionStatus | None = None
    """How long rejects, events and answers are kept, and that none is older."""
    privacy_budget: PrivacyBudget | None = None
    """What private releases of today cost; ``None`` where there never was one."""
    partners: list[Partner] = Field(default_factory=list)
    """Companies whose sums count."""
    offers: list[MadeOffer] = Field(default_factory=list)
    """Sums that were sent to others."""
    notices: list[str] = Field(default_factory=list)


class ProposedLink(Result):
    """A triple that is proposed."""

    confidence: float
    """In [0, 1]."""
    relation: str
    head: str
    tail: str
    head_label: str
    tail_label: str
    because: str
    """The linked item that is most like it."""
    accepted: bool


class LinksReport(Result):
    """The answer of ``links``."""

    out: str
    threshold: float
    proposed: int
    accepted: int
    links: list[ProposedLink]
