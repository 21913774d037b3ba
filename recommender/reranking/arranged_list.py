"""An arranged list: which of the ranked items a person gets, in which order, why, and what is said of it."""

from dataclasses import dataclass

from recommender.catalogue.attributes import item_attributes
from recommender.explanation.explainer import Explainer
from recommender.explanation.path_quality import PathQuality
from recommender.explanation.reasons import CHOICES, WIDE, ReasonChoice, reasons_of
from recommender.reranking.mmr import Arrangement, Caps, Pool, arrange
from recommender.results.recommendation import ArrangementReport
from recommender.scoring.block_ranking import RankedBlock
from recommender.texts.language import Language


@dataclass(frozen=True)
class ArrangedList:
    """``places`` in the ranked block; ``texts``: the reason chosen for each, ``None`` for the usual one."""

    places: list[int]
    texts: list[str | None]
    report: ArrangementReport | None


def arranged_list(explainer: Explainer, ranked: RankedBlock, n: int, arrangement: Arrangement) -> ArrangedList:
    """Arrange the list of one user, ranked as far as ``arrangement.pool(n)``.

    :raises UsageError: for an arrangement that does not fit.
    """
    arrangement.checked()
    chosen = arrangement.reasons != CHOICES[0]
    if not arrangement.moves and not chosen:
        places = list(range(len(ranked.positions)))
        return ArrangedList(places, [None] * len(places), None)
    scorer, positions = explainer.scorer, ranked.positions
    caps = Caps(scorer.snapshot, scorer.catalogue, arrangement.max_per)
    choice = reason_choice(explainer, arrangement.reasons)
    wide = Explainer(scorer, explainer.profile, explainer.phrasing, explainer.forbidden, WIDE)
    pool = Pool(
        ranked.totals,
        item_attributes(scorer.snapshot, scorer.catalogue)[positions],
        [caps.groups(position) for position in positions.tolist()],
        [reasons_of(wide, position) if chosen else [] for position in positions.tolist()],
    )
    found = arrange(pool, n, arrangement, caps, choice)
    texts = [None if one is None else one.text for one in found.reasons]
    return ArrangedList(found.places, texts, _report(pool, found.places, n, arrangement, explainer.phrasing.language))


def reason_choice(explainer: Explainer, choice: str) -> ReasonChoice:
    """How the reasons for one person are chosen."""
    quality = PathQuality(explainer.snapshot)
    return ReasonChoice(quality, quality.recency(explainer.profile), choice)


def _report(pool: Pool, places: list[int], n: int, arrangement: Arrangement, language: Language) -> ArrangementReport:
    texts = language.section("reranking")
    moved = sum(place != rank for rank, place in enumerate(places))
    before, after = pool.mean_alike(range(min(n, len(pool.scores)))), pool.mean_alike(places)
    text = texts["moved"].format(moved=moved, n=len(places)) if arrangement.moves else ""
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
