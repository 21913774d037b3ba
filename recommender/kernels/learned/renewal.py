"""Renewal kernel: what somebody did is what is done again; how likely about now, her anchors say."""

import numpy as np
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from kg.step import AGAIN
from recommender.kernels.kernel import LearnedKernel


class RenewalKernel(LearnedKernel):
    """The identity, from what is behind ``again-relation`` to the same items: its shares are the weights of
    :mod:`recommender.profiles.renewal`. They rest on what she did herself, so no other people are counted."""

    name, symbol, text, from_people = "renewal", "↻", "again", False

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """To the same type."""
        return anchor_type == item_type

    @classmethod
    def start(cls, snapshot: Snapshot, relation: str) -> str | None:
        """From what is done again, where it is told on how many days it was done."""
        repeated = snapshot.schema.relation[relation].repeat and relation in snapshot.manifest.repeated
        return f"{AGAIN}{relation}" if repeated else None

    @property
    def reads(self) -> tuple[str, ...]:
        """Nothing: how many items there are is in the name of every kernel."""
        return ()

    def matrix(self) -> csr_array:
        """The identity."""
        count = self.inputs.snapshot.vocabulary.count(self.item_type)
        places = np.arange(count)
        return csr_array((np.ones(count), places, np.arange(count + 1)), shape=(count, count))
