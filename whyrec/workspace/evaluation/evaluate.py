"""Evaluate: hold interactions out, learn from the rest, rank all items, and measure; tuned baselines beside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.vectors import Until, Vectors
from kg.counting import by_number
from kg.errors import UsageError
from kg.progress import Progress
from kg.snapshot.snapshot import Snapshot
from kg.workspace.permissions import private_files
from kg.workspace.scratch import scratch
from kg.workspace.workspace import Workspace
from recommender.audit.explanation_metrics import ExplanationMetrics
from recommender.audit.group_quality import UserQuality
from recommender.catalogue.interactions import ScoreUsers, own_part
from recommender.evaluation.baselines.baselines import baselines
from recommender.evaluation.cross_validation import cross_validated
from recommender.evaluation.crossing import crossings
from recommender.evaluation.duplicates import DuplicateSearch, Handling
from recommender.evaluation.evaluation import (
    Measured,
    measured,
    metrics_of,
    rank_users,
    report_of,
    scorer_of_users,
    task_of,
)
from recommender.evaluation.leakage import check_leaks
from recommender.evaluation.report import Evaluation, RatingErrors
from recommender.evaluation.tuning import Parameters, tune_baselines
from recommender.kernels.path_kernels import KernelConfig
from recommender.kernels.registry import scored_paths
from recommender.learning.fitting import Fitted, TrainVectors, fit_blend
from recommender.learning.model import ModelManifest, read_manifest
from recommender.results.explanation_quality import ExplanationReport
from recommender.results.learning import Crossing
from recommender.rules.rule_set import Rules
from recommender.scoring.blend import default_blend
from recommender.scoring.rating_prediction import held_out_ratings, learn_ratings, low_ratings, rated_relations
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender
from recommender.splitting.file_split import file_split
from recommender.splitting.interaction_splits import Split, fold_split, split_by
from recommender.splitting.told_split import NobodyToTestError, check_people
from recommender.splitting.validation import validation_kind
from whyrec.options import rules_of
from whyrec.workspace.evaluation.evaluating import Evaluating
from whyrec.workspace.evaluation.pair_file import read_pairs

EXPLAINED_USERS = 100
REPEATED = (
    "pairs that are in the graph were taken out whole, with what was done before; a column timestamp in the file "
    "says when each was, and what came before it stays known"
)
"""Users whose lists are explained, drawn at random."""
UNARRANGED = (
    "lists are measured as they are scored, without [objectives]; Trade-offs in the console shows what these cost"
)


@dataclass(frozen=True)
class _Part:
    """What one split gave: the lists, the parameters of the baselines, whom paths reach in another domain, and how far
    predicted ratings are off."""

    measured: Measured
    tuned: dict[str, Parameters]
    crossing: list[Crossing]
    ratings: list[RatingErrors]


class WorkspaceEvaluation:
    """One evaluation of a workspace: everything is built anew from the training part alone."""

    def __init__(self, workspace: Workspace, snapshot: Snapshot, asked: Evaluating, progress: Progress) -> None:
        asked.check(snapshot)
        self.workspace, self.asked, self.progress = workspace, asked, progress
        self._search, self._handling = DuplicateSearch(snapshot), cast("Handling", asked.duplicates)
        self.notices: list[str] = []

    @private_files()
    def run(self) -> Evaluation:
        """Split, learn, rank and measure."""
        found, asked = self._search.report(self._handling), self.asked
        objectives = self.workspace.settings.objectives
        if objectives.floors or objectives.diversity:
            self.notices.append(UNARRANGED)
        if asked.folds is None:
            parts = [self._measure(self._split())]
            result = report_of(parts[0].measured, asked.k, asked.domain)
        else:
            parts = [self._measure(split) for split in self._folds(asked.folds)]
            result = cross_validated([one.measured for one in parts], asked.k, asked.domain)
            self.notices = [*dict.fromkeys(self.notices), "what is tuned is tuned in each fold; the first is shown"]
        first = parts[0]
        update = {"tuned": first.tuned, "crossing": first.crossing, "ratings": first.ratings}
        return result.model_copy(update={**update, "duplicates": found, "notices": self.notices})

    def _folds(self, folds: int) -> Iterator[Split]:
        asked = self.asked
        if asked.test is not None or asked.split != "random":
            raise UsageError("`folds` are of random splits; leave `test` and `split` out")
        whole = self._search.handled(self._handling)
        found = [fold_split(whole, fold, folds, asked.seed) for fold in range(folds)]
        tested = [task_of(split, asked.domain, self._left_out)[1] for split in found]
        if not any(tested):
            raise NobodyToTestError("nobody did two things or more, so that no fold has anybody to test on")
        if not all(tested):
            raise UsageError(f"`folds` {folds}: a fold has nobody to test on; try fewer")
        check_people({user: None for one in tested for user in one}, whole.k)
        return iter(found)

    def _split(self) -> Split:
        asked, whole = self.asked, self._search.handled(self._handling)
        if asked.test is not None:
            return self._told(Path(asked.test), whole)
        chosen = split_by(whole, asked.split, asked.holdout, asked.seed, asked.domain)
        check_people(task_of(chosen, asked.domain, self._left_out)[1], whole.k)
        return chosen

    def _told(self, file: Path, whole: Snapshot) -> Split:
        """The split that a file tells; what of it is not tested is among the notices, or in the error."""
        read = read_pairs(file)
        chosen = file_split(whole, self._search.renamed(read.pairs, self._handling), read.asked)
        notes = list(read.notes)
        if unseen := chosen.description["unseen"]:
            told = by_number(f"{unseen:,} [pair names|pairs name] an id that is not in the graph")
            told += by_number(f", {chosen.description['unseen_people']:,} of them that of a person; not tested")
            notes.append(told)
        if whole.manifest.repeated and not read.asked and chosen.description["taken_out"]:
            notes.append(REPEATED)
        self.notices += notes
        try:
            check_people(task_of(chosen, self.asked.domain, self._left_out)[1], whole.k, told=True)
        except NobodyToTestError as problem:
            raise type(problem)("; ".join([str(problem), *notes])) from None
        return chosen

    @cached_property
    def _left_out(self) -> NDArray[np.bool_] | None:
        """Mask of items nobody ranks, ``None`` where all duplicates are kept."""
        changed = self._search.becomes(self._handling) != np.arange(self._search.catalogue.size)
        return changed if changed.any() else None

    @private_files()
    def by_user(self) -> UserQuality:
        """NDCG of each person's list, without baselines."""
        split = self._split()
        inside, test = task_of(split, self.asked.domain, self._left_out)
        with self._learned(split) as scorer:
            model = scorer_of_users(scorer, domain=self.asked.domain)
            ranked = rank_users(split.train, test, model, (inside, self.asked.k), self.progress)
        found, wanted = metrics_of(ranked, test), np.array([len(one) for one in test.values()], dtype=np.int64)
        return UserQuality(list(test), found.ndcg, split.train, found.recall, wanted)

    @contextmanager
    def _learned(self, split: Split) -> Iterator[Scorer]:
        """A scorer that has seen the training part alone, while its files are there."""
        manifest = read_manifest(self.workspace.model)
        training = manifest.training if manifest is not None and self.asked.embeddings else None
        with scratch(self.workspace.folder, "evaluation") as folder:
            vectors = self._training(training) if training else None
            fitted = self._weights(split, manifest, vectors, folder / "fitting")
            trained = fitted.vectors(vectors, split.train, folder / "vectors")
            scorer = fitted.scorer(split.train, folder / "kernels", trained)
            check_leaks(split, [scorer])
            yield scorer

    def _measure(self, split: Split) -> "_Part":
        asked = self.asked
        with self._learned(split) as scorer:
            tuned = self._tuned(split) if asked.tuning else {}
            mix = rules_of(self.workspace, {}).mix if asked.domain is None else ()
            models: dict[str, ScoreUsers] = {"whyrec": scorer_of_users(scorer, mix, asked.domain)}
            if mix and len(split.train.schema.domains) > 1:  # what places for domains that people did not use cost
                none = [f"{domain}=0" for domain in split.train.schema.domains]
                models["whyrec, used domains only"] = scorer_of_users(scorer, none)
            models |= baselines(split.train, tuned)
            crossing = crossings(scorer, self.workspace.settings.privacy.k)
            found = measured(split, models, (asked.k, asked.domain), self.progress, self._left_out)
            ratings = self._ratings(split, scorer)
        return _Part(found, tuned, crossing, ratings)

    def _ratings(self, split: Split, scorer: Scorer) -> list[RatingErrors]:
        """How far predicted ratings are off, for each interaction that has some of at least k people held out."""
        schema, found = split.train.schema, list[RatingErrors]()
        for name in rated_relations(split.train):
            if self.asked.domain not in (None, schema.entity[schema.relation[name].tail].domain):
                continue
            whole = self._search.handled(self._handling)
            pairs, truth = held_out_ratings(whole, split.train, name)
            people = len(np.unique(pairs[0]))
            if people >= max(self.workspace.settings.privacy.k, 1):
                self.notices += [low] if (low := low_ratings(whole, name)) else []
                predicted = learn_ratings(scorer, name, self.asked.seed).models(pairs)
                off = {model: told - truth for model, told in predicted.items()}
                mae = {model: float(np.abs(one).mean()) for model, one in off.items()}
                rmse = {model: float(np.sqrt((one**2).mean())) for model, one in off.items()}
                found.append(RatingErrors(relation=name, ratings=len(truth), people=people, mae=mae, rmse=rmse))
        return found

    def _tuned(self, split: Split) -> dict[str, Parameters]:
        """Parameters of the baselines, chosen on a validation part of the training part."""
        inside = task_of(split, self.asked.domain, self._left_out)[0]
        return tune_baselines(split, self.asked.k, inside, self.asked.seed, self.progress)

    def _training(self, config: TrainingConfig) -> TrainVectors:
        """Trains vectors like those of the model that have not seen the held-out part."""
        from embeddings.training.train_vectors import train_vectors  # PyKEEN takes seconds to import

        self.notices.append(
            "vectors were trained on the training part alone, which takes time; `embeddings=False` leaves them out"
        )

        def trained(snapshot: Snapshot, folder: Path, *, until: Until) -> Vectors:
            """Vectors of the training part."""
            return train_vectors(snapshot, config, folder, self.progress, until=until)

        return trained

    def _weights(
        self, split: Split, manifest: ModelManifest | None, vectors: TrainVectors | None, folder: Path
    ) -> Fitted:
        """Default weights without a model; the model's where the whole graph is the training part; else learned anew,
        for the model's have seen what is tested on.

        :param folder: to learn in.
        """
        train, whole = split.train, self._left_out is None
        if manifest is None:
            self.notices.append("no model is trained: default weights are evaluated; `whyrec train` learns better ones")
            blend = default_blend(train.schema, scored_paths(train), embedding=False, own=own_part(train))
            return Fitted(KernelConfig(), blend, [])
        kept = split.description.get("taken_out") == 0 and (vectors is not None) == (manifest.training is not None)
        if whole and kept:
            return Fitted(manifest.kernels, manifest.blend, [], manifest.recency, epochs=manifest.epochs)
        self.notices.append("the weights were learned anew on the training part alone")
        seed = manifest.training.seed if manifest.training else 0
        kind = validation_kind(split.description["kind"])
        return fit_blend(train, folder, seed, vectors, self.progress, kind)


def explanation_quality(
    recommender: Recommender, rules: Rules, asked: Evaluating, progress: Progress
) -> ExplanationReport:
    """The explanations of the model as it answers, over the lists of ``EXPLAINED_USERS`` users drawn at random."""
    users, vocabulary = recommender.users(), recommender.snapshot.vocabulary
    count = min(EXPLAINED_USERS, len(users))
    chosen = np.sort(np.random.default_rng(asked.seed).choice(len(users), count, replace=False)).tolist()
    several = len({user_type for user_type, _ in users}) > 1
    names = [f"{users[n][0]}:" if several else "" for n in chosen]
    ids = [f"{name}{vocabulary.id(*users[n])}" for name, n in zip(names, chosen, strict=True)]
    return ExplanationMetrics(recommender, asked.k, rules, asked.seed).measure(ids, progress)
