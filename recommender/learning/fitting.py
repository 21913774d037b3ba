"""Fit the blend of a snapshot: kernels and vectors of its training part, candidates, learned weights."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from embeddings.vectors.vectors import Vectors
from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import scored_paths
from recommender.learning.association_learning import learn_association
from recommender.learning.blend_learning import DomainReport, learn_blend
from recommender.learning.candidate_features import CandidateFeatures, candidate_features
from recommender.learning.crossing_prior import crossing_prior, relation_worths
from recommender.scoring.blend import Audience, Blend, default_blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import validation_split

TrainVectors = Callable[[Snapshot, Path], Vectors]


@dataclass(frozen=True)
class Fitted:
    """What was learned: how kernels are made, what everything weighs, and what that did for each domain."""

    kernels: KernelConfig
    blend: Blend
    reports: list[DomainReport]


def fit_blend(
    snapshot: Snapshot,
    folder: Path,
    seed: int,
    train_vectors: TrainVectors | None,
    progress: Progress = no_progress,
) -> Fitted:
    """Learn the weights on a validation part that neither kernels nor vectors nor popularity have seen.

    :param folder: for kernels and vectors of the training part; may be removed afterwards.
    :param train_vectors: trains the vectors of the training part; ``None`` leaves the embedding out.
    """
    split = validation_split(snapshot, seed)
    metapaths = scored_paths(snapshot)
    learned = any(path.learned for path in metapaths)
    config = KernelConfig(association=learn_association(split, progress)) if learned else KernelConfig()
    kernels = Kernels(split.train, config, folder / "kernels")
    kernels.build([path.tail for path in metapaths], progress)
    vectors = train_vectors(split.train, folder / "vectors") if train_vectors else None
    default = default_blend(snapshot.schema, metapaths, embedding=train_vectors is not None)
    scorer = Scorer(split.train, kernels, default, vectors)
    prior = crossing_prior(snapshot.schema, metapaths, relation_worths(scorer, split, seed))
    blend, reports = learn_blend(_features(scorer, split, progress), metapaths, default, prior)
    return Fitted(config, blend, reports)


def _features(scorer: Scorer, split: Split, progress: Progress) -> Iterator[CandidateFeatures]:
    """Those of each domain, for each audience; large ones, so made in turn."""
    parts = [(domain, audience) for domain in scorer.snapshot.schema.domains for audience in get_args(Audience)]
    for number, (domain, audience) in enumerate(parts, start=1):
        progress("Candidates", number - 1, len(parts), domain)
        yield candidate_features(scorer, split, domain, audience)
        scorer.kernels.close()
