"""What is told of everybody's lists beside the items: the parts of each score, and the first reasons in words."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recommender.explanation.phrasing import Phrasing
from recommender.profiles.profile import profile_of
from recommender.reasons.grouping import no_soft_shares
from recommender.reasons.reasons import Reason, ReasonChoice, Reasons
from recommender.rules.rule_set import RuleSet
from recommender.rules.soft.soft_rules import SoftRules
from recommender.scoring.block_ranking import RankedBlock
from recommender.serving.recommender import Recommender

SHARES = ("paths", "embedding", "popularity")
RULES = "rules"
"""The share of soft rules, a column where there are any."""


def explained_columns(reasons: int, rules: SoftRules) -> list[pa.Field]:
    """The columns that are added where ``reasons`` reasons are told, none for 0."""
    if not reasons:
        return []
    return [
        *(pa.field(name, pa.float64()) for name in (*SHARES, *((RULES,) if rules.adds else ()))),
        *(pa.field(f"reason_{number}", pa.string()) for number in range(1, reasons + 1)),
    ]


class ExplainedLists:
    """Tells the lists of many users as ``recommend`` tells that of one.

    :param reasons: how many of each item: the one that a list gives, then the next largest groups.
    """

    def __init__(self, recommender: Recommender, rules: RuleSet, reasons: int, lang: str) -> None:
        self.recommender, self.rules, self.reasons = recommender, rules, reasons
        self.phrasing = Phrasing(recommender.snapshot, lang)

    def columns(self, user_type: str, users: NDArray[np.int64], block: RankedBlock) -> list[pa.Array]:
        """``explained_columns`` of the lists of users of one type, row by row."""
        adds, texts = self.rules.soft.adds, list[list[str | None]]()
        shares = [np.zeros((0, len(SHARES) + adds))]
        for row, idx in enumerate(users.tolist()):
            part = slice(int(block.indptr[row]), int(block.indptr[row + 1]))
            positions = block.positions[part]
            profile = profile_of(self.recommender.snapshot, user_type, idx)
            scorer = self.recommender.cold_start.of(profile)
            popularity = scorer.popularity[positions]
            soft = partial(self.rules.soft.shares, scorer.score([profile]).total[0]) if adds else no_soft_shares
            ruled = np.array([sum(one.share for one in soft(position)) for position in positions.tolist()])
            left = block.totals[part] - block.paths[part] - popularity - ruled
            left = left if scorer.embeds else np.zeros(len(positions))
            shares.append(np.column_stack([block.paths[part], left, popularity, *([ruled] if adds else [])]))
            reasons = Reasons(scorer, profile, self.phrasing, self.rules.forbidden(profile), soft=soft)
            reasons.expect(positions.tolist())
            texts += self._texts(reasons, positions.tolist())
        whole = np.concatenate(shares)
        told = zip(*texts, strict=True) if texts else [()] * self.reasons
        return [*(pa.array(column) for column in whole.T), *(pa.array(list(one), pa.string()) for one in told)]

    def _texts(self, reasons: Reasons, positions: Sequence[int]) -> list[list[str | None]]:
        """The reasons of each item of one list."""
        choice, said = ReasonChoice(reasons.quality, reasons.recency, "varied"), list[Reason]()
        rows = []
        for position in positions:
            found = reasons.of(position, varied=self.reasons == 1)
            best = choice.best(found, said)
            if best is not None:
                said.append(best)
            others = [one for one in found if one is not best][: self.reasons - 1]
            told: list[str | None] = [reasons.text(best), *(reasons.text(one) for one in others)]
            rows.append([*told, *[None] * (self.reasons - len(told))])
        return rows
