"""Learn how much later interactions count more than earlier ones: by place, by age, by both, or not at all; as anchors
of a person, and for what is popular."""

from collections.abc import Callable, Sequence

from kg.instant import DAY, NO_TIME
from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.path_kernels import Kernels
from recommender.learning.kernel_learning import Gains, KernelTrial, surely_gained
from recommender.profiles.weights import Recency, with_recency

PLACES = (0.0, 0.5, 1.0, 2.0)
DAYS = (7.0, 30.0, 90.0, 365.0)
"""Half-lives that are tried, where the interactions span more."""
KERNELS = 3
"""Kernels by which recencies are compared: those that rank best with the recency that the schema tells, or none."""


def learn_recency(
    trials: Sequence[KernelTrial], kernels: Kernels, progress: Progress = no_progress
) -> dict[str, Recency]:
    """The recency of each interaction for which one is surely better than that of the schema; what the schema tells
    stays as it is told.

    Compared is the best NDCG@10 of any of the best kernels from the interaction to its own items, each alone: which
    weights these get is learned afterwards.

    :param trials: of the snapshot of ``kernels``, the training part.
    """
    found = {}
    for number, trial in enumerate(trials):
        progress("Recency", number, len(trials), trial.relation)
        told = declared_recency(kernels.snapshot, trial.relation)
        best = _best(trial, kernels) or told
        best = best.model_copy(update={"trend_days": _trend(trial, kernels.snapshot, told.trend_days)})
        if best != told:
            found[trial.relation] = best
    return found


def declared_recency(snapshot: Snapshot, relation: str) -> Recency:
    """What the schema tells."""
    told = snapshot.schema.relation[relation]
    return Recency(
        half_life_days=told.half_life_days, place_exponent=told.place_exponent or 0.0, trend_days=told.trend_days
    )


def _trend(trial: KernelTrial, snapshot: Snapshot, told: float | None) -> float | None:
    """After how many days an interaction counts half for what is popular: what ranks surely better than all alike."""
    if told is not None or not (days := _days(snapshot, trial.relation)):
        return told
    anchors = trial.anchors(snapshot)

    def gains(one: float | None) -> Gains:
        """NDCG@10 of popularity alone, user by user."""
        fading = with_recency(snapshot, {trial.relation: Recency(trend_days=one)})
        catalogue = Catalogue(fading)
        return trial.gains_of(catalogue.popularity[catalogue.slices[trial.item_type]], anchors)

    plain = gains(None)
    best = max(((gains(one), one) for one in days), key=lambda pair: float(pair[0].mean()))
    return best[1] if surely_gained(best[0] - plain) else None


def _days(snapshot: Snapshot, relation: str) -> list[float]:
    """The half-lives to try; none where nothing has a time."""
    times = snapshot.timestamps(relation)
    times = times[times != NO_TIME]
    span = float(times.max() - times.min()) / DAY if len(times) else 0.0
    return [one for one in DAYS if one < span]


def _best(trial: KernelTrial, kernels: Kernels) -> Recency | None:
    snapshot, relation = kernels.snapshot, kernels.snapshot.schema.relation[trial.relation]
    if not bool((snapshot.timestamps(trial.relation) != NO_TIME).any()):
        return None
    matrices = [
        kernels.kernel(path.tail)
        for path in kernels.scored
        if path.start == trial.relation and path.item_type(snapshot.schema) == trial.item_type
    ]
    told = declared_recency(snapshot, trial.relation)
    plain = trial.anchors(snapshot)
    ranked = sorted(((trial.gains(plain, one), one) for one in matrices), key=lambda pair: -float(pair[0].mean()))
    chosen = [one for _, one in ranked[:KERNELS]]

    def gains(recency: Recency) -> Gains:
        """NDCG@10 of the best of the kernels, user by user."""
        rows = trial.anchors(with_recency(snapshot, {trial.relation: recency}))
        return max((trial.gains(rows, one) for one in chosen), key=lambda one: float(one.mean()))

    known = {told: ranked[0][0]}
    best = told
    days = [None, *_days(snapshot, trial.relation)] if relation.half_life_days is None else [told.half_life_days]
    places = PLACES if relation.place_exponent is None else [told.place_exponent]
    for _ in range(2):
        around = [best.model_copy(update={"place_exponent": one}) for one in places]
        best = _highest(known, around, gains)
        around = [best.model_copy(update={"half_life_days": one}) for one in days]
        best = _highest(known, around, gains)
    return best if best != told and surely_gained(known[best] - known[told]) else None


def _highest(known: dict[Recency, Gains], around: Sequence[Recency], gains: Callable[[Recency], Gains]) -> Recency:
    """The best of some recencies, the first of equals."""
    for one in around:
        if one not in known:
            known[one] = gains(one)
    return max(around, key=lambda one: float(known[one].mean()))
