"""What an evaluation is asked to measure, and how."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from kg.errors import UsageError
from kg.snapshot.snapshot import Snapshot
from recommender.splitting.interaction_splits import check_domain
from recommender.splitting.told_split import NobodyToTestError
from whyrec.options import whole_number

HANDLINGS = ("keep", "drop", "merge")
MOST_FOLDS = 100


class HowToEvaluate(TypedDict, total=False):
    """How to evaluate; the fields of :class:`Evaluating` by name."""

    test: Path | str | None
    k: int
    holdout: float
    split: str
    domain: str | None
    folds: int | None
    seed: int
    duplicates: str
    embeddings: bool
    tuning: bool
    explanations: bool


@dataclass(frozen=True)
class Evaluating:
    """What is measured, and how."""

    test: Path | str | None = None
    """Test on these pairs: CSV with the columns user_id and item_id."""
    k: int = 10
    """Length of the lists."""
    holdout: float = 0.2
    """Fraction to hold out, in [0, 1]."""
    split: str = "random"
    """One of :data:`recommender.splitting.interaction_splits.SPLITS`."""
    domain: str | None = None
    """Rank, and test on, items of this domain only."""
    folds: int | None = None
    """Cross-validation: random splits, in all of which together every interaction is tested on once; 2 to 100."""
    seed: int = 0
    """Seed of the split."""
    duplicates: str = "keep"
    """What becomes of probable duplicates: ``keep``, ``drop`` (leave out) or ``merge``."""
    embeddings: bool = True
    """Train vectors on the training part too, where the model has any."""
    tuning: bool = True
    """Choose the baselines' parameters on a validation part."""
    explanations: bool = False
    """Measure the explanations of the model too: real, needed, varied."""

    def check(self, snapshot: Snapshot) -> None:
        """Refuse what cannot be measured, before anything is.

        :raises NobodyToTestError: where nobody did anything.
        :raises UsageError: naming the field and what may stand there.
        """
        if self.duplicates not in HANDLINGS:
            raise UsageError(f"`duplicates` {self.duplicates!r}: expected keep, drop or merge")
        whole_number("k", self.k)
        whole_number("seed", self.seed, 0)
        if self.folds is not None:
            whole_number("folds", self.folds, 2, MOST_FOLDS)
        if not 0 <= self.holdout <= 1:
            raise UsageError(f"`holdout` {self.holdout}: expected a fraction from 0 to 1")
        if self.domain is not None:
            check_domain(snapshot, self.domain)
        if not any(snapshot.manifest.triples[name] for name in snapshot.schema.interactions):
            what = ", ".join(snapshot.schema.interactions) or "no relation of the schema has interaction = true"
            raise NobodyToTestError(f"the graph holds nothing that anybody did ({what}): load it first")
