"""An arranged list: which of the ranked items a person gets, in which order, why, and what is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recommender.catalogue.attributes import item_attributes
from recommender.reasons.reasons import CHOICES, Reason, ReasonChoice, Reasons
from recommender.reranking.mmr import Arrangement, Caps, Pool, arrange
from recommender.results.recommendation import ArrangementReport
from recommender.scoring.block_ranking import RankedBlock
from recommender.texts.language import Language


@dataclass(frozen=True)
class ArrangedList:
    """``order``: ranks by score in the ranked block; ``texts``: the reason of each."""

    order: list[int]
    texts: list[str]
    report: ArrangementReport | None
    reasons: list[Reason | None]


class _OnceAsked(Sequence[Sequence[Reason]]):
    """The reasons of some items, made where they are asked for: few of a pool are."""

    def __init__(self, reasons: Reasons, positions: Sequence[int], *, varied: bool) -> None:
        self._reasons, self._positions, self._varied = reasons, positions, varied
        self._known: dict[int, list[Reason]] = {}

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, position: Any) -> Any:
        if position not in self._known:
            self._known[position] = self._reasons.of(self._positions[position], varied=self._varied)
        return self._known[position]


def arranged_list(
    reasons: Reasons, ranked: RankedBlock, n: int, arrangement: Arrangement, *, told: bool = True
) -> ArrangedList:
    """Arrange the list of one user, ranked as far as ``arrangement.pool(n)``, and choose the reasons.

    :param told: whether the reasons are put into words; without, the texts are empty.

    :raises UsageError: for an arrangement that does not fit.
    """
    arrangement.checked()
    scorer, positions = reasons.scorer, ranked.positions
    if not told and not arrangement.moves:
        return ArrangedList(list(range(len(positions))), [""] * len(positions), None, [])
    reasons.expect(positions.tolist())
    varied = arrangement.reasons == CHOICES[0] and not arrangement.moves
    choice, asked = reason_choice(reasons, arrangement.reasons), _OnceAsked(reasons, positions.tolist(), varied=varied)
    if not arrangement.moves:
        said, before = list[Reason | None](), list[Reason]()
        for reasons_of_one in asked:
            best = choice.best(reasons_of_one, before)
            said.append(best)
            before += [] if best is None else [best]
        texts = [reasons.text(one) for one in said]
        return ArrangedList(list(range(len(positions))), texts, None, said)
    caps = Caps(scorer.snapshot, scorer.catalogue, arrangement.max_per)
    pool = Pool(
        ranked.totals,
        item_attributes(scorer.snapshot, scorer.catalogue)[positions],
        [caps.groups(position) for position in positions.tolist()],
        asked,
    )
    found = arrange(pool, n, arrangement, caps, choice)
    texts = [reasons.text(one) if told else "" for one in found.reasons]
    report = _report(pool, found.order, n, arrangement, reasons.phrasing.language)
    return ArrangedList(found.order, texts, report, found.reasons)


def reason_choice(reasons: Reasons, choice: str) -> ReasonChoice:
    """How the reasons for one person are chosen."""
    return ReasonChoice(reasons.quality, reasons.recency, choice)


def _report(pool: Pool, order: list[int], n: int, arrangement: Arrangement, language: Language) -> ArrangementReport:
    texts = language.section("reranking")
    moved = sum(position != rank for rank, position in enumerate(order))
    before, after = pool.mean_alike(range(min(n, len(pool.scores)))), pool.mean_alike(order)
    text = texts["moved"].format(moved=moved, n=len(order)) if arrangement.moves else ""
    if arrangement.diversity > 0:
        text += language.gap + texts["alike"].format(before=before, after=after)
    if arrangement.max_per:
        pairs = (one.rpartition(":") for one in arrangement.max_per)
        caps = language.listed([texts["cap"].format(relation=step, number=number) for step, _, number in pairs])
        text += language.gap + texts["caps"].format(caps=caps)
    if arrangement.reasons != CHOICES[0]:
        text += language.gap + texts[arrangement.reasons]
    return ArrangementReport(
        diversity=arrangement.diversity,
        max_per=list(arrangement.max_per),
        reasons=arrangement.reasons,
        path_quality=arrangement.path_quality,
        moved=moved,
        alike_before=before,
        alike_after=after,
        text=text.strip(),
    )
