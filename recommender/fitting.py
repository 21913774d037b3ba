"""Fit the blend of a snapshot: kernels and vectors of its training part, candidates, learned weights."""

from collections.abc import Callable
from pathlib import Path

from embeddings.vectors import Vectors
from kg.snapshot import Snapshot
from recommender.blend import Blend, default_blend
from recommender.candidate_features import candidate_features
from recommender.kernels import KernelConfig, Kernels
from recommender.learning import DomainReport, learn_blend, validation_split
from recommender.scored_paths import scored_paths
from recommender.scorer import Scorer

TrainVectors = Callable[[Snapshot, Path], Vectors]
Progress = Callable[[str, int, int], None]


def fit_blend(
    snapshot: Snapshot,
    folder: Path,
    seed: int,
    train_vectors: TrainVectors | None,
    progress: Progress | None = None,
) -> tuple[Blend, list[DomainReport]]:
    """Learn the weights on a validation part that neither kernels nor vectors nor popularity have seen.

    :param folder: for kernels and vectors of the training part; may be removed afterwards.
    :param train_vectors: trains the vectors of the training part; ``None`` leaves the embedding out.
    :param progress: called with what is done, its number and the number of things.
    """
    split = validation_split(snapshot, seed)
    metapaths = scored_paths(snapshot)
    default = default_blend(snapshot.schema, metapaths, embedding=train_vectors is not None)
    kernels = Kernels(split.train, KernelConfig(), folder / "kernels")
    kernels.build([path.tail for path in metapaths], progress)
    vectors = train_vectors(split.train, folder / "vectors") if train_vectors else None
    scorer = Scorer(split.train, kernels, default, vectors)
    domains = snapshot.schema.domains
    features = []
    for number, domain in enumerate(domains, start=1):
        if progress:
            progress(f"candidates of {domain}", number, len(domains))
        features.append(candidate_features(scorer, split, domain))
    return learn_blend(features, metapaths, default)
