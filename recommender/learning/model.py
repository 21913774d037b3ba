"""A model: the blend and, once trained, the vectors, tied to one snapshot; a folder of the workspace."""

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, Field

from embeddings.vectors.vectors import TrainingConfig, Vectors
from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.errors import ModelError
from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import own_part
from recommender.kernels.narrowing import Narrowing
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.trained_graph import TrainedGraph
from recommender.learning.carry_over import carry_over, seen_vocabulary
from recommender.learning.certificate import Certificate, read_certificate
from recommender.learning.objectives_file import read_objectives
from recommender.profiles.weights import Recency, with_recency
from recommender.results.document import ModelInfo
from recommender.results.learning import Crossing, DomainReport
from recommender.rules.rule_set import Rules
from recommender.scoring.blend import Blend, default_blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.validation import Kind
from recommender.texts.language import Notice
from recommender.texts.languages import language

MANIFEST = "model.json"
VECTORS = "vectors"
GRAPH = "graph"
"""Folder of what kernels keep of the graph that the model was trained on."""
PILOT = "pilot"
"""Folder of the vectors that have not seen the validation part, beside those of all triples."""
UNTRAINED = "default"
KernelsPlace = tuple[Path, tuple[Snapshot, Path] | None]
"""The folder of the kernels, and what they were before a change: the snapshot, and the folder of its kernels."""


class ModelManifest(BaseModel, frozen=True):
    """``model.json``: what the model is made of and which snapshot it belongs to."""

    name: str
    snapshot: str
    """Content hash of the snapshot the model was made from."""
    blend: Blend
    kernels: KernelConfig = Field(default_factory=KernelConfig)
    recency: dict[str, Recency] = Field(default_factory=dict)
    """Interaction → how its anchors fade, where that was learned."""
    hold_out: Kind = "last"
    """Which interactions the weights were learned on."""
    learning: list[DomainReport] = Field(default_factory=list)
    """What learning the blend did for each domain."""
    crossing: list[Crossing] = Field(default_factory=list)
    """For each pair of domains, whom paths reach in the other one."""
    left_out: list[str] = Field(default_factory=list)
    """What its kernels do without, because it would have taken too long; English sentences."""
    training: TrainingConfig | None = None
    """What the vectors were trained with; ``None`` without vectors."""
    epochs: int | None = None
    """After how many epochs vectors were best in the pilot."""


@dataclass(frozen=True)
class Model:
    """A scorer and what is to be said of it."""

    scorer: Scorer
    info: ModelInfo
    notices: tuple[Notice, ...] = ()
    objectives: tuple[str, ...] = ()
    """By how much the shop's objectives raise scores: ``12.5% made_by:Laneige``."""
    certificate: Certificate | None = None

    @property
    def unwanted(self) -> tuple[str, ...]:
        """The items that its certificate filters, ``Type:id``."""
        return () if self.certificate is None else self.certificate.filtered

    def notices_in(self, rules: Rules, lang: str = "en", *more: Notice) -> list[str]:
        """What is to be said of it, and more, in a language.

        :param rules: of the lists that it is said beside, which its certificate may not have been tested under.
        """
        return [language(lang).notice(one) for one in (*self.notices, *self._certified(rules), *more)]

    def out_of_date(self, rules: Rules, lang: str = "en") -> list[str]:
        """What of a trained model is not of the graph of now, and whether its certificate holds no more.

        :param rules: those that hold for everybody.
        """
        certified = [one for one in self._certified(rules) if one.key != "certified"]
        return [language(lang).notice(one) for one in (*(self.notices if self.info.trained else ()), *certified)]

    def _certified(self, rules: Rules) -> list[Notice]:
        """What lists are certified for, and whether that was tested on other lists than those of now."""
        one = self.certificate
        if one is None:
            return []
        told = {"alpha": f"{one.alpha:.1%}", "confidence": f"{1 - one.delta:.0%}"}
        key = one.told_as(self.scorer.snapshot.hash, rules)
        return [Notice.of(key, **told, below=f"{one.below:g}", people=one.people)]


def read_manifest(folder: Path) -> ModelManifest | None:
    """The manifest of a model folder, ``None`` where nothing was trained.

    :raises ModelError: where it is damaged.
    """
    try:
        manifest = ModelManifest.model_validate_json((folder / MANIFEST).read_bytes())
        if checksums := Checksums.open(folder / CHECKSUMS):
            checksums.check(MANIFEST)
        return manifest
    except FileNotFoundError:
        return None
    except ValueError:  # a validation error is one
        raise ModelError(f"{folder / MANIFEST}: damaged; run `whyrec train` to make it anew") from None


def save_manifest(folder: Path, manifest: ModelManifest) -> None:
    """Write the manifest in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    pending = folder / f".{MANIFEST}"
    pending.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    pending.replace(folder / MANIFEST)
    Checksums.write(folder / CHECKSUMS, [folder / MANIFEST])


def open_model(
    folder: Path,
    snapshot: Snapshot,
    kernels_folder: Path,
    progress: Progress = no_progress,
    earlier: tuple[Snapshot, Path] | None = None,
) -> Model:
    """The trained model; carried over, with a notice, where the graph has changed since; else, with a notice, the paths
    with default weights. Its kernels are made where they are not on disk.

    :param earlier: the snapshot before a change and the folder of its kernels, of which what stays is taken over.
    :raises ModelError: where the model is damaged.
    """
    found = _opened(folder, snapshot, (kernels_folder, earlier), progress)
    return replace(found, objectives=read_objectives(folder), certificate=read_certificate(folder))


def _opened(folder: Path, snapshot: Snapshot, place: KernelsPlace, progress: Progress) -> Model:
    manifest = read_manifest(folder)
    if manifest is None:
        return _untrained(snapshot, place, Notice.of("untrained"), progress)
    vectors_folder = folder / VECTORS if manifest.training else None
    notices: tuple[Notice, ...] = ()
    if manifest.snapshot == snapshot.hash:
        vectors = Vectors.open(vectors_folder, snapshot.hash) if vectors_folder else None
    elif carried := carry_over(folder, vectors_folder, manifest.snapshot, snapshot):
        vectors, notices = carried.vectors, (carried.notice,)
    else:
        ids = {"trained": manifest.snapshot[:12], "current": snapshot.hash[:12]}
        notice = Notice.of("other_snapshot", name=manifest.name, **ids)
        return _untrained(snapshot, place, notice, progress)
    kernels = _kernels(snapshot, manifest.kernels, place, trained_graph(folder, manifest, snapshot))
    build_used(kernels, manifest.blend, progress)
    info = ModelInfo(name=manifest.name, snapshot=manifest.snapshot, trained=True)
    faded = with_recency(snapshot, manifest.recency)
    return Model(Scorer(faded, kernels, manifest.blend, vectors), info, notices)


def kernels_of(folder: Path, snapshot: Snapshot, kernels_folder: Path) -> tuple[Kernels, Blend]:
    """The kernels and the blend that ``open_model`` would use."""
    manifest = read_manifest(folder)
    if manifest is None or (manifest.snapshot != snapshot.hash and seen_vocabulary(folder, snapshot) is None):
        return _default(snapshot, (kernels_folder, None))
    graph = trained_graph(folder, manifest, snapshot)
    return Kernels(snapshot, manifest.kernels, kernels_folder, graph), manifest.blend


def trained_graph(folder: Path, manifest: ModelManifest, snapshot: Snapshot) -> TrainedGraph | None:
    """What the kernels of a model keep of the graph that it was trained on; ``None`` for a model of earlier versions,
    and while it is made."""
    vocabulary = seen_vocabulary(folder, snapshot) if (folder / GRAPH).is_dir() else None
    return None if vocabulary is None else TrainedGraph(folder / GRAPH, manifest.snapshot, vocabulary)


def narrowed(narrowing: Narrowing) -> tuple[Notice, ...]:
    """What is to be said of relations that metapaths of a wide schema do not combine, by name."""
    told = {"alone": narrowing.alone, "never": narrowing.left_out}
    share = f"{narrowing.share:.2%}"
    return tuple(
        Notice.of(f"walked_{how}", names=", ".join(names), share=share) for how, names in told.items() if names
    )


def build_used(kernels: Kernels, blend: Blend, progress: Progress = no_progress) -> int:
    """Make the kernels that a blend uses and that are not on disk; returns how many were made."""
    return kernels.build([path.tail for path in kernels.scored if blend.uses(path)], progress)


def _kernels(
    snapshot: Snapshot, config: KernelConfig, place: KernelsPlace, graph: TrainedGraph | None = None
) -> Kernels:
    folder, earlier = place
    kernels = Kernels(snapshot, config, folder, graph)
    if earlier is not None:
        kernels.earlier = Kernels(earlier[0], config, earlier[1], graph)
    return kernels


def _default(snapshot: Snapshot, place: KernelsPlace) -> tuple[Kernels, Blend]:
    kernels = _kernels(snapshot, KernelConfig(), place)
    return kernels, default_blend(snapshot.schema, kernels.scored, embedding=False, own=own_part(snapshot))


def _untrained(snapshot: Snapshot, place: KernelsPlace, notice: Notice, progress: Progress) -> Model:
    kernels, blend = _default(snapshot, place)
    build_used(kernels, blend, progress)
    info = ModelInfo(name=UNTRAINED, snapshot=snapshot.hash, trained=False)
    return Model(Scorer(snapshot, kernels, blend, None), info, (notice, *narrowed(kernels.narrowing)))
