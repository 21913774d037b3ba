"""Link prediction experiments: leakage first, then every planned run that is not finished yet."""

from typing import TYPE_CHECKING, Any

from embeddings.link_prediction.metrics import LinkPrediction, RankMetrics
from embeddings.splitting.relation_leakage import Leakage, find_leakage
from embeddings.splitting.triple_data import TripleData
from embeddings.splitting.triple_split import TripleSplit, split_triples
from embeddings.vectors.config import TrainingConfig
from kg.progress import Progress
from recommender.experiments.people_tested import PeopleTested
from recommender.experiments.search import Found, Trials
from recommender.runs.environment import Measured, machine
from recommender.runs.file import ExperimentFile
from recommender.runs.plan import PlannedRun, split_settings
from recommender.runs.record import Cost, RunFolder, RunRecord

if TYPE_CHECKING:  # PyKEEN takes seconds to import
    from embeddings.training.link_prediction_run import LinkRun


class LinkPredictionExperiment:
    """The link prediction runs of one experiment file.

    :param folder: where finished runs are kept.
    :param people: who of the entities is a person; ``None`` where the data are files, of which nobody knows.
    """

    def __init__(
        self, file: ExperimentFile, data: TripleData, folder: RunFolder, people: PeopleTested | None = None
    ) -> None:
        self.file, self.data, self.folder, self._people = file, data, folder, people
        self._splits: dict[int | None, tuple[TripleSplit, Leakage]] = {}

    def split(self, fold: int | None) -> tuple[TripleSplit, Leakage]:
        """The split of a fold, and what was found about relations that give its test part away.

        :raises UsageError: where a part would be empty.
        """
        if fold not in self._splits:
            found = split_triples(self.data, self.file.split, fold)
            leakage, telling = find_leakage(found, self.data.relations)
            if self.file.split.leaks == "remove" and telling.any():
                found = found.without(telling)
                leakage = leakage.model_copy(update={"removed": int(telling.sum())})
            self._splits = {fold: (found, leakage)}  # one at a time: folds come one after the other
        return self._splits[fold]

    def run(self, planned: PlannedRun, progress: Progress) -> RunRecord:
        """Search, train, rank, and keep the run.

        :raises TrainingError: where numbers are not finite.
        :raises UsageError: where all that is tested is of fewer than k people.
        """
        from embeddings.training.link_prediction_run import run_link_prediction  # PyKEEN takes seconds to import

        assert planned.model is not None
        mark, file = planned.fingerprint, self.file
        split, leakage = self.split(planned.fold)
        few = self._people.few(split, self.data.relations) if self._people else frozenset()
        settings = {**split_settings(file), "fold": planned.fold}
        trials = Trials(self.folder, settings, mark.data, file.seeds[0])
        chosen = trials.search(split, planned.model, file.search, progress)
        config = planned.model.training(planned.seed, **chosen.values)
        with Measured() as spent:
            found = run_link_prediction(
                split,
                config,
                self.data.relations,
                file.candidates,
                self.data.types,
                progress,
            )
        record = _record(planned, config, found, chosen, spent)
        notes = [*leakage.sentences(), *record.notes]
        test = f"{mark.data[:16]}-{split.digest}-{file.candidates}"
        if few:
            notes.append(f"relations of too few people are not told apart: {', '.join(sorted(few))}")
        update: dict[str, Any] = {"notes": notes, "split": split.description, "test": test}
        if self._people:
            update["split"] = self._people.told(split.description, few, self.data)
            update["relations"] = {name: one for name, one in record.relations.items() if name not in few}
        record = record.model_copy(update=update)
        self.folder.save(record, found.ranks.rank)
        return record


def _record(planned: PlannedRun, config: TrainingConfig, found: "LinkRun", chosen: Found, spent: Measured) -> RunRecord:
    """What a run gave, but for what its split says."""
    curve = found.curve
    cost = Cost(
        seconds=curve.seconds,
        triples_per_second=curve.triples_per_second,
        peak_memory=spent.bytes,
        peak_of_run=spent.of_run,
    )
    return RunRecord(
        fingerprint=planned.fingerprint,
        row=planned.row,
        seed=planned.seed,
        fold=planned.fold,
        config=config.model_dump(mode="json"),
        metrics=_figures(found.metrics.both),
        relations=_by_part(found.metrics),
        curve=curve.validation,
        losses=curve.losses,
        best_epoch=curve.best_epoch,
        notes=[f"{planned.row} gives every candidate the same score"] if found.tied else [],
        trials=chosen.trials,
        cost=cost,
        machine={**machine(), **found.machine},
    )


def _figures(one: RankMetrics) -> dict[str, float]:
    figures = {"mrr": one.mrr, **{f"hits@{k}": part for k, part in one.hits.items()}, "mean_rank": one.mean_rank}
    return figures if one.amri is None else {**figures, "amri": one.amri}


def _by_part(metrics: LinkPrediction) -> dict[str, dict[str, float]]:
    parts = {"(head)": metrics.head, "(tail)": metrics.tail, **metrics.relations}
    return {name: {**_figures(one), "ranks": one.ranks} for name, one in parts.items()}
