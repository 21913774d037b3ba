"""Fit the blend of a snapshot: kernels and vectors of its training part, candidates, learned weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, get_args

from embeddings.vectors.vectors import Until, Vectors
from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import own_part
from recommender.evaluation.leakage import telling_of_training
from recommender.kernels.metapaths import Metapath
from recommender.kernels.narrowing import Narrowing, narrowing_of
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import scored_paths
from recommender.learning.association_learning import learn_association
from recommender.learning.blend_learning import learn_blend
from recommender.learning.candidate_features import CandidateFeatures, candidate_features
from recommender.learning.kernel_learning import kernel_trials, learn_kernels
from recommender.learning.model import narrowed
from recommender.learning.path_trial import worth_a_kernel
from recommender.learning.pilot.closeness_ndcg import closeness_ndcg
from recommender.learning.pilot.embedding_pilot import try_embedding
from recommender.learning.priors.crossing_prior import crossing_prior, popularity_beside, relation_worths
from recommender.learning.recency_learning import declared_recency, learn_recency
from recommender.profiles.weights import Recency, with_recency
from recommender.results.learning import Audience, DomainReport
from recommender.scoring.blend import Blend, default_blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split
from recommender.splitting.people_sample import people_sample, sample_notes
from recommender.splitting.validation import Kind, validation_notes, validation_split, validation_splits
from recommender.texts.languages import language


class TrainVectors(Protocol):
    """Trains vectors of a snapshot into a folder."""

    def __call__(self, snapshot: Snapshot, folder: Path, *, until: Until) -> Vectors:
        """Until a judge says that they get no better, or so many epochs."""


@dataclass(frozen=True)
class Fitted:
    """What was learned: how kernels are made, what everything weighs, and what that did for each domain."""

    kernels: KernelConfig
    blend: Blend
    reports: list[DomainReport]
    recency: dict[str, Recency] = field(default_factory=dict)
    """Interaction → how its anchors fade, where the schema's way is surely worse."""
    notes: tuple[str, ...] = ()
    """What is to be said of the validation part."""
    left_out: tuple[str, ...] = ()
    """What kernels do without, because it would have taken too long."""
    epochs: int | None = None
    """After how many epochs the vectors of the training part were best; ``None`` where none were trained."""
    without_embedding: Blend | None = None
    """The blend before the pilot, which is that of a training without vectors; ``None`` where there was no pilot."""

    def vectors(self, train: TrainVectors | None, snapshot: Snapshot, folder: Path) -> Vectors | None:
        """The vectors of a whole snapshot, ``None`` where the pilot gave them no say."""
        return train(snapshot, folder, until=self.epochs) if train is not None and self.blend.embeds else None

    def scorer(self, snapshot: Snapshot, folder: Path, vectors: Vectors | None) -> Scorer:
        """The scorer of a snapshot by what was learned; kernels are made in the folder."""
        kernels = Kernels(snapshot, self.kernels, folder)
        return Scorer(with_recency(snapshot, self.recency), kernels, self.blend, vectors)


def fit_blend(
    snapshot: Snapshot,
    folder: Path,
    seed: int,
    train_vectors: TrainVectors | None,
    progress: Progress = no_progress,
    kind: Kind = "last",
) -> Fitted:
    """Learn the weights on a validation part that neither kernels nor vectors nor popularity have seen.

    How learned kernels are made and how anchors fade is learned first, each kernel alone; then the weights of all; and
    with vectors, whether closeness gets a say beside them: see :mod:`recommender.learning.pilot.embedding_pilot`.

    :param folder: for kernels and vectors of the training part; may be removed afterwards.
    Where there are very many interactions, all this is learned on a sample of the people; not with vectors, which are
    those of everybody.

    :param train_vectors: trains the vectors of the training part; ``None`` leaves the embedding out.
    :param kind: which interactions are held out; those that what is tested would hold out.
    """
    sample = snapshot if train_vectors else people_sample(snapshot, seed)
    split = validation_split(sample, seed, kind)
    narrowing = narrowing_of(snapshot)
    paths = narrowing.enumerate(snapshot.schema)
    narrowing = narrowing.model_copy(update={"metapaths": worth_a_kernel(split, paths, KernelConfig(), progress)})
    metapaths = scored_paths(snapshot, narrowing)
    splits = validation_splits(sample, split, seed, kind)
    kernels, recency = _kernels(splits, metapaths, narrowing, folder / "kernels", progress)
    train = with_recency(split.train, recency)
    default = default_blend(snapshot.schema, metapaths, embedding=False, own=own_part(snapshot))
    scorer = Scorer(train, kernels, default, None)
    worths = relation_worths(scorer, split, seed)
    prior = crossing_prior(snapshot.schema, metapaths, worths)
    beside = popularity_beside(scorer, split, prior, worths)
    blend, reports = learn_blend(_features(scorer, split, progress), metapaths, default, prior, beside)
    notes = [language("en").notice(one) for one in narrowed(narrowing)] + sample_notes(snapshot, sample)
    left_out = tuple(language("en").notice(one) for one in kernels.left_out)
    notes += validation_notes(snapshot) if kind in ("last", "temporal") else []
    notes += telling_of_training(split)
    fitted = Fitted(kernels.config, blend, reports, recency, tuple(notes), left_out)
    return fitted if train_vectors is None else _piloted(fitted, scorer, split, train_vectors, folder, progress)


def _piloted(
    fitted: Fitted, scorer: Scorer, split: Split, train_vectors: TrainVectors, folder: Path, progress: Progress
) -> Fitted:
    """The same with the embedding where it is surely better; vectors are trained on the training part of the split."""
    vectors = train_vectors(split.train, folder / "vectors", until=closeness_ndcg(scorer, split))
    epochs = vectors.manifest.best_epoch or len(vectors.manifest.losses)
    found = _features(Scorer(scorer.snapshot, scorer.kernels, fitted.blend, vectors), split, progress)
    blend, reports = try_embedding(found, scorer.metapaths, fitted.blend, fitted.reports)
    return replace(fitted, blend=blend, reports=reports, epochs=epochs, without_embedding=fitted.blend)


def _kernels(
    splits: Sequence[Split], metapaths: Sequence[Metapath], narrowing: Narrowing, folder: Path, progress: Progress
) -> tuple[Kernels, dict[str, Recency]]:
    """The kernels of the training part, made as was learned, and how anchors fade: each is learned with the other.

    :param splits: the association is learned on all, everything else on the first.
    """
    split = splits[0]
    learned, tails = any(path.learned for path in metapaths), [path.tail for path in metapaths]
    config = KernelConfig(narrowing=narrowing)
    if learned:
        config = config.model_copy(update={"association": learn_association(splits, progress)})
    trials = kernel_trials(split)
    config = config.model_copy(update={"learned": learn_kernels(trials, split.train, {}, config.top, progress)})
    kernels = Kernels(split.train, config, folder)
    kernels.build(tails, progress)
    recency = learn_recency(trials, kernels, progress)
    if any(one.anchors() != declared_recency(split.train, name).anchors() for name, one in recency.items()):
        train = with_recency(split.train, recency)
        again = learn_kernels(trials, train, config.learned, config.top, progress)
        before, kernels = kernels, Kernels(split.train, config.model_copy(update={"learned": again}), folder)
        kernels.left_out.update(before.left_out)
        kernels.build(tails, progress)
    return kernels, recency


def _features(scorer: Scorer, split: Split, progress: Progress) -> Iterator[CandidateFeatures]:
    """Those of each domain, for each audience; large ones, so made in turn."""
    parts = [(domain, audience) for domain in scorer.snapshot.schema.domains for audience in get_args(Audience)]
    for number, (domain, audience) in enumerate(parts, start=1):
        progress("Candidates", number - 1, len(parts), domain)
        blend = scorer.blend.for_audience(domain, audience)
        asked = scorer if blend == scorer.blend else Scorer(scorer.snapshot, scorer.kernels, blend, scorer.vectors)
        yield candidate_features(asked, split, domain, audience)
        scorer.kernels.close()
