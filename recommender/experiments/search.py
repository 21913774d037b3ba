"""The search for a model's settings on a validation part; finished trials are kept and not repeated."""

from dataclasses import dataclass
from typing import Any

from embeddings.splitting.triple_split import TripleSplit
from kg.errors import TrainingError
from kg.progress import Progress
from recommender.runs.environment import Measured, machine
from recommender.runs.file import Model
from recommender.runs.plan import fingerprint
from recommender.runs.record import Cost, RunFolder, RunRecord
from recommender.runs.search_space import Search, Values, search_best, size_of

FAILED = float("-inf")


@dataclass(frozen=True)
class Found:
    """What a search chose, and all it tried."""

    values: Values
    trials: list[dict[str, Any]]


@dataclass(frozen=True)
class Trials:
    """Where trials are kept, and what they have in common.

    :param settings: what decides the split; part of each trial's fingerprint.
    :param data: hash of the data.
    """

    folder: RunFolder
    settings: dict[str, Any]
    data: str
    seed: int
    exclude: tuple[str, ...] = ()

    def search(self, split: TripleSplit, model: Model, search: Search, progress: Progress) -> Found:
        """The best settings of a model by its highest validation MRR; the test part is not looked at.

        :raises TrainingError: where no trial ends with finite numbers.
        """
        if not model.search:
            return Found({}, [])
        total, trials = size_of(model.space, search), []

        def measure(values: Values, number: int) -> float:
            """The validation MRR of one trial."""
            told = ", ".join(f"{key} {value:g}" for key, value in values.items())
            figure = self._measured(split, model, values, _Trial(progress, f"trial {number}/{total} ({told})"))
            trials.append({**values, "validation_mrr": None if figure == FAILED else figure})
            return figure

        values, figure = search_best(model.space, search, measure)
        if figure == FAILED:
            raise TrainingError(f"{model.row}: no trial of the search ended with finite numbers; search other values")
        return Found(values, trials)

    def _measured(self, split: TripleSplit, model: Model, values: Values, progress: Progress) -> float:
        from embeddings.training.link_prediction_run import validation_mrr  # PyKEEN takes seconds to import

        config = model.training(self.seed, self.exclude, **values)
        settings = {**self.settings, "config": config.model_dump(mode="json")}
        mark = fingerprint("trial", settings, self.data)
        record = self.folder.find(mark)
        if record is None:
            shown, metrics, notes, curve, seconds, speed = dict(settings["config"]), {}, [], [], 0.0, None
            with Measured() as spent:
                try:
                    found = validation_mrr(split, config, progress)
                    curve, seconds, speed = found.validation, found.seconds, found.triples_per_second
                    metrics["validation_mrr"] = max(curve)
                except TrainingError as problem:
                    notes.append(str(problem))
            cost = Cost(seconds=seconds, triples_per_second=speed, peak_memory=spent.bytes, peak_of_run=spent.of_run)
            record = RunRecord(
                fingerprint=mark,
                row=model.row,
                seed=self.seed,
                config=shown,
                metrics=metrics,
                curve=curve,
                notes=notes,
                cost=cost,
                machine=machine(),
            )
            self.folder.save(record)
        return record.metrics.get("validation_mrr", FAILED)


@dataclass(frozen=True)
class _Trial:
    """The stages of one trial."""

    progress: Progress
    title: str

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:
        self.progress(f"{self.title}: {stage}", done, total, note)
