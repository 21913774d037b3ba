"""What a model would answer had it not seen what each person used last."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError
from recommender.catalogue.interactions import User
from recommender.kernels.path_kernels import Kernels
from recommender.learning.model import Model
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender
from recommender.splitting.interaction_splits import last_split, random_split

NOTHING = np.empty(0, dtype=np.int64)
LOT = 0.2
"""Part of each person's interactions that is held out where they have no times."""


def without_the_last(model: Model, folder: Path) -> tuple[Recommender, Mapping[User, NDArray[np.int64]]]:
    """A recommender whose kernels have not seen the last interaction of each person, and what these were; with the
    weights of the model, which have, and without vectors.

    :param folder: for the kernels, which must stay as long as anything is asked.
    """
    whole, old = model.scorer.snapshot, model.scorer
    try:
        split = last_split(whole)
    except UsageError:  # interactions without times: some by lot
        split = random_split(whole, LOT, seed=0)
    scorer = Scorer(split.train, Kernels(split.train, old.kernels.config, folder), old.blend, None)
    return Recommender(replace(model, scorer=scorer, certificate=None)), split.test
