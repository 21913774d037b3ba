"""Train: store → snapshot → kernels → vectors → fitted blend; what is up to date is skipped."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypedDict, cast, get_args

from embeddings.vectors.config import CHECKPOINT, TrainingConfig
from embeddings.vectors.vectors import NETWORK, Until, Vectors, unit_rows
from embeddings.vectors.vectors import read_manifest as read_vectors_manifest
from kg.errors import ModelError, TrainingError, UsageError, WhyrecError
from kg.progress import Progress
from kg.snapshot.snapshot import Snapshot
from kg.workspace.forgotten_digests import shows_forgotten
from kg.workspace.generations import KERNELS, NAMES, SNAPSHOT, link_files
from kg.workspace.permissions import private_files
from kg.workspace.scratch import scratch
from kg.workspace.training_mark import training_mark
from kg.workspace.workspace import Workspace
from recommender.evaluation.crossing import crossings
from recommender.learning.carry_over import VOCABULARY, keep_vocabulary
from recommender.learning.certificate import read_certificate
from recommender.learning.fitting import Fitted, fit_blend
from recommender.learning.model import (
    GRAPH,
    PILOT,
    VECTORS,
    ModelManifest,
    build_used,
    kernels_of,
    open_model,
    read_manifest,
    save_manifest,
)
from recommender.results.document import ModelInfo
from recommender.results.learning import ToldDomain
from recommender.splitting.validation import Kind
from recommender.texts.languages import language
from whyrec.answering.opening import build_kernels, refreshed
from whyrec.reports import TrainReport
from whyrec.workspace.responsibility.certify_text import withdrawn_text

PATHS_ONLY = "paths"
MANY_TRIPLES, FEWER_EPOCHS = 100_000, 10
FORGOTTEN = "somebody was forgotten during the training, which is thrown away; run it again"
RESUMABLE = "`resume=True` goes on from the last checkpoint; without it, training starts anew"


class VectorOptions(TypedDict, total=False):
    """How vectors are trained; see :class:`embeddings.vectors.config.TrainingConfig`."""

    model: str
    dim: int
    epochs: int | None
    seed: int
    validation: float | None
    candidates: str | None
    minutes: float | None


class Training:
    """One training of a workspace.

    :param wanted: how vectors are trained; ``None``: paths and popularity alone.
    :param resume: go on where an interrupted training stopped.
    :param hold_out: which interactions weights are learned on.
    """

    def __init__(
        self,
        workspace: Workspace,
        wanted: TrainingConfig | None,
        resume: bool,
        progress: Progress,
        hold_out: Kind = "last",
    ) -> None:
        self.workspace, self.wanted, self.resume, self.progress = workspace, wanted, resume, progress
        self.hold_out = hold_out
        self.notices: list[str] = []

    @private_files()
    def run(self) -> TrainReport:
        """Bring snapshot, vectors, blend and kernels up to date with the store.

        :raises TrainingError: where a person was forgotten meanwhile, of whom the model would know.
        """
        with training_mark(self.workspace.training) as mark:
            try:
                return self._run(mark)
            except WhyrecError:
                if mark.exists():
                    raise
                raise TrainingError(FORGOTTEN) from None  # what failed is that files are gone

    def _run(self, mark: Path) -> TrainReport:
        snapshot, taken = refreshed(self.workspace, self.progress)
        manifest = self._earlier()
        asked = (snapshot.hash, self.wanted, self.hold_out)
        done = manifest is not None and (manifest.snapshot, manifest.training, manifest.hold_out) == asked
        if manifest is None or not done:
            manifest, made = self._published(self._train(snapshot), snapshot, mark)
        else:
            made = build_kernels(self.workspace, snapshot, self.progress)
        return TrainReport(
            model=ModelInfo(name=manifest.name, snapshot=manifest.snapshot, trained=True),
            up_to_date=done,
            snapshot_taken=taken,
            kernels_made=made,
            vectors_trained=not done and self.wanted is not None,
            entities=snapshot.vocabulary.size,
            relations=len(snapshot.manifest.triples),
            triples=sum(snapshot.manifest.triples.values()),
            blend=manifest.blend,
            recency=manifest.recency,
            learning=[ToldDomain.of(one, snapshot.k) for one in manifest.learning],
            crossing=manifest.crossing,
            notices=self.notices,
        )

    def _earlier(self) -> ModelManifest | None:
        try:
            return read_manifest(self.workspace.model)
        except ModelError as problem:
            self.notices.append(f"{problem} – doing so")
            return None

    def _train(self, snapshot: Snapshot) -> ModelManifest:
        """Learn the blend on a validation part, with a pilot of the vectors, then train those of all triples where they
        have a say, all in a folder of their own."""
        name, folder, wanted = PATHS_ONLY, self.workspace.training, self.wanted
        keep_vocabulary(folder, snapshot)
        fitted = self._fit(snapshot)
        self.notices += [*fitted.notes, *fitted.left_out]
        if wanted is not None:
            name = f"{wanted.model}-{wanted.dim}"
            self._train_all(snapshot, fitted)
        return ModelManifest(
            name=name,
            snapshot=snapshot.hash,
            blend=fitted.blend,
            kernels=fitted.kernels,
            recency=fitted.recency,
            hold_out=self.hold_out,
            learning=fitted.reports,
            left_out=list(fitted.left_out),
            training=wanted,
            epochs=fitted.epochs,
        )

    def _published(self, manifest: ModelManifest, seen: Snapshot, mark: Path) -> tuple[ModelManifest, int]:
        """Make the model, with the kernels that it needs, part of the next generation; how many kernels were made.

        :param seen: what the model was trained on; ``mark``: gone where a person was forgotten meanwhile.
        :raises TrainingError: where one was of whom the model knows.
        """
        workspace, folder = self.workspace, self.workspace.training
        parts = [VOCABULARY, VECTORS] if self.wanted else [VOCABULARY]
        with workspace.generations.building([SNAPSHOT, KERNELS, NAMES]) as generation:
            if not mark.exists() or shows_forgotten(workspace.folder, seen):
                raise TrainingError(FORGOTTEN)
            draft = workspace.at(generation)
            for part in parts:
                link_files(folder / part, draft.model / part)
            self.notices += _withdrawn(workspace)
            snapshot = draft.snapshot()
            manifest = manifest.model_copy(update={"kernels": manifest.kernels.with_means(snapshot)})
            save_manifest(draft.model, manifest)
            kernels, blend = kernels_of(draft.model, snapshot, draft.kernels)
            made = build_used(kernels, blend, self.progress)
            more = [language("en").notice(one) for one in kernels.left_out]
            self.notices += [one for one in more if one not in manifest.left_out]
            left_out = list(dict.fromkeys([*manifest.left_out, *more]))
            manifest = manifest.model_copy(
                update={"kernels": kernels.frozen(draft.model / GRAPH), "left_out": left_out}
            )
            save_manifest(draft.model, manifest)
            build_kernels(draft, snapshot, self.progress)
            scorer = open_model(draft.model, snapshot, draft.kernels).scorer
            manifest = manifest.model_copy(update={"crossing": crossings(scorer, workspace.settings.privacy.k)})
            save_manifest(draft.model, manifest)
        for part in (*parts, PILOT):
            shutil.rmtree(folder / part, ignore_errors=True)
        return manifest, made

    def _train_all(self, snapshot: Snapshot, fitted: Fitted) -> None:
        """The vectors of all triples; where they have no say, those of the pilot, which ``predict`` asks, do."""
        folder = self.workspace.training
        if fitted.blend.embeds:
            self._train_vectors(snapshot, folder / VECTORS, "all triples", until=fitted.epochs)
            return
        manifest = read_vectors_manifest(folder / PILOT)
        pilot = Vectors.open(folder / PILOT, manifest.snapshot)
        manifest = manifest.model_copy(update={"snapshot": snapshot.hash, "trained_on": pilot.manifest.snapshot})
        Vectors(manifest, pilot.entity, pilot.relation, unit_rows(pilot.entity)).save(folder / VECTORS)
        if (folder / PILOT / NETWORK).exists():
            shutil.copy(folder / PILOT / NETWORK, folder / VECTORS / NETWORK)
        self.notices.append(
            "closeness in the embedding is surely better for nobody, and weighs nothing: vectors of all triples were "
            "not trained; predict and similar go by those of the pilot, which has not seen the validation part"
        )

    def _train_vectors(self, snapshot: Snapshot, folder: Path, what: str, until: Until) -> Vectors:
        from embeddings.training.train_vectors import train_vectors  # PyKEEN takes seconds to import

        config = self.wanted
        assert config is not None
        if self.resume and (done := _finished(folder, snapshot, config)):
            return done
        half = None if config.minutes is None else config.minutes / 2
        config = config.model_copy(update={"minutes": half})
        resume = self.resume and ((folder / CHECKPOINT).exists() or what != "all triples")
        with _resumable(folder):
            vectors = train_vectors(snapshot, config, folder, self.progress, resume, self.notices.append, until)
        manifest = vectors.manifest
        text = f"{config.model} on {what}: {manifest.triples_per_second:,.0f} triples/s"
        if manifest.curve:
            path = " ".join(f"{value:.3f}" for value in manifest.curve)
            text += f"; validation {manifest.measure} by epoch {path}; epoch {manifest.best_epoch} is kept"
        self.notices.append(text)
        return vectors

    def _fit(self, snapshot: Snapshot) -> Fitted:
        """Learn the blend, on kernels and vectors that have not seen the validation part."""
        wanted = self.wanted

        def vectors(snapshot: Snapshot, folder: Path, *, until: Until) -> Vectors:
            """Vectors of the blend's training part, which can be gone on with."""
            del folder
            place = self.workspace.training / PILOT
            return self._train_vectors(snapshot, place, "the blend's training part", until=until)

        with scratch(self.workspace.folder, "fitting") as folder:
            seed = wanted.seed if wanted else 0
            return fit_blend(snapshot, folder, seed, vectors if wanted else None, self.progress, self.hold_out)


def _withdrawn(workspace: Workspace) -> list[str]:
    """What is to be said where the model of now has a certificate, which is not that of another one."""
    with suppress(ModelError):  # a damaged one certifies nothing
        certificate = read_certificate(workspace.model)
        return [] if certificate is None else [withdrawn_text(certificate, "en")]
    return []


def hold_out_of(text: str) -> Kind:
    """What weights are learned on, by its name.

    :raises UsageError: for an unknown one.
    """
    for known in get_args(Kind):
        if text == known:
            return cast("Kind", known)
    raise UsageError(f"`hold_out` {text!r}: expected {', '.join(get_args(Kind))}")


def training_config(workspace: Workspace, progress: Progress, options: dict[str, Any]) -> TrainingConfig:
    """How vectors are to be trained; a slow model gets fewer epochs on a large graph unless their number is told.

    :raises UsageError: for an unknown model or option, or a number out of its range.
    """
    options = {**options, "minutes": options.get("minutes") or workspace.settings.train.minutes}
    wanted = TrainingConfig.from_options(**options)
    if options.get("epochs") is not None or wanted.loop == "products":
        return wanted
    triples = sum(refreshed(workspace, progress)[0].manifest.triples.values())
    return wanted if triples <= MANY_TRIPLES else TrainingConfig.from_options(**{**options, "epochs": FEWER_EPOCHS})


def _finished(folder: Path, snapshot: Snapshot, config: TrainingConfig) -> Vectors | None:
    """Vectors that an interrupted training had finished, where they are those that are wanted."""
    try:
        found = Vectors.open(folder, snapshot.hash)
    except ModelError:
        return None
    told, asked = (one.model_dump(exclude={"minutes"}) for one in (found.manifest.config, config))
    return found if told == asked else None


@contextmanager
def _resumable(folder: Path) -> Iterator[None]:
    """Notes how to go on where training is interrupted and has left a checkpoint."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        if (folder / CHECKPOINT).exists():
            stopped.add_note(RESUMABLE)
        raise
