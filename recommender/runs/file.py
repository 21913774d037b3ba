"""Experiment files: which data, split, models, seeds, search and recommendation figures a TOML file asks for."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from embeddings.splitting.config import TripleSource, TripleSplitConfig
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.models import PRODUCTS
from kg.document import Document, nearest, parse, read_toml
from kg.errors import UsageError
from recommender.runs.search_space import Range, Search, Space, checked_space
from recommender.splitting.interaction_splits import SPLITS

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
SHARED = {"seed": "[[model]] has no seed; write seeds = [0, 1, 2] above the tables"}
SHARED |= {"validation": "[[model]] has no validation part; write it in [split]"}
SHARED |= {"exclude": "[[model]] excludes no relations; write exclude in [data]"}
OTHER_ROWS = ("paths", "popularity", "gp-topfreq", "item-knn", "rp3beta", "ease", "als", "markov", "v-sknn")
"""Names of what stands beside the models on the leaderboard."""
Seed = Annotated[int, Field(ge=0, lt=2**63)]


def _tables(told: Any) -> Any:
    if isinstance(told, dict):
        raise ValueError("[[model]] in two pairs of brackets expected, for there may be several")
    return told


def _listed(told: Any) -> Any:
    if not isinstance(told, (list, tuple)):
        raise ValueError(f"a list such as [0, 1, 2] expected (got {told!r})")
    return told


class Model(TrainingConfig):
    """One model: settings of a training, a name for the leaderboard, and settings to search for."""

    name: str = Field(default="", pattern=rf"{NAME}|^$")
    """By default model and dimension, such as ``TransE-64``."""
    search: dict[str, Any] = Field(default_factory=dict)

    @field_validator("search")
    @classmethod
    def _checked(cls, value: dict[str, Any]) -> dict[str, Any]:
        return checked_space(value)

    @model_validator(mode="after")
    def _own_settings(self) -> Self:
        for key, text in SHARED.items():
            if key in self.model_fields_set:
                raise ValueError(text)
        for key in self.search:
            if key in self.model_fields_set:
                raise ValueError(f"{key} is set and searched for; keep one of the two")
        return self

    @property
    def row(self) -> str:
        """The name on the leaderboard."""
        return self.name or (self.model if "dim" in self.search else f"{self.model}-{self.dim}")

    @property
    def space(self) -> Space:
        """The checked search space."""
        return self.search

    def training(self, seed: int, exclude: tuple[str, ...] = (), **values: Any) -> TrainingConfig:
        """The settings of one training.

        :param values: what the search chose.
        """
        own = self.model_dump(exclude={"name", "search", "seed", "exclude"})
        return TrainingConfig(**{**own, "seed": seed, "exclude": exclude, **values})


class Recommendation(Document):
    """Recommendation figures beside those of link prediction: each model in the blend, paths alone, and baselines."""

    split: str = "random"
    holdout: float = Field(default=0.2, gt=0, lt=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Of the split."""
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_listed)] = ()
    """With which models are trained and blends fitted; by default those of the experiment."""
    k: int = Field(default=10, ge=1)
    domain: str | None = None
    duplicates: Literal["keep", "drop", "merge"] = "keep"
    tuning: bool = True
    """Whether parameters of the baselines are chosen on a validation part."""

    @field_validator("split")
    @classmethod
    def _known_split(cls, value: str) -> str:
        if value not in SPLITS:
            raise ValueError(f"unknown split {value!r}; {nearest(value, list(SPLITS))}")
        return value

    @model_validator(mode="after")
    def _domain_is_told(self) -> Self:
        if self.split == "cold-domain" and self.domain is None:
            raise ValueError("split = 'cold-domain' hides one domain; name it with domain")
        return self


class ExperimentFile(Document):
    """All that one file asks for."""

    name: str = Field(pattern=NAME)
    """By default the name of the file."""
    data: TripleSource = TripleSource()
    split: TripleSplitConfig = TripleSplitConfig()
    candidates: Literal["all", "type"] = "all"
    """What the true entity of a tested triple is ranked among: all entities, or those of the relation's type."""
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_listed)] = (0, 1, 2)
    """Every model is trained once with each."""
    model: Annotated[list[Model], BeforeValidator(_tables)]
    search: Search = Search()
    recommendation: Recommendation | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        rows = [one.row for one in self.model]
        if not rows or not self.seeds:
            raise ValueError("at least one [[model]] and one seed are needed")
        for row in rows:
            if row in OTHER_ROWS or rows.count(row) > 1:
                raise ValueError(f"model: the name {row!r} is taken; give each [[model]] a name of its own")
        for seeds in (self.seeds, self.recommendation.seeds if self.recommendation else ()):
            if len(set(seeds)) < len(seeds):
                raise ValueError(f"seeds: different numbers expected (got {list(seeds)})")
        if self.recommendation and self.data.triples:
            raise ValueError("recommendation: triple files have no users and items; name a workspace in [data]")
        if self.data.test and self.split.model_fields_set - {"leaks"}:
            raise ValueError("split: the data come split already; only leaks may be told")
        ranged = [one.row for one in self.model if any(isinstance(told, Range) for told in one.search.values())]
        if ranged and self.search.method == "grid":
            raise ValueError(f"model {ranged[0]!r}: a grid needs lists; write method = 'optuna' in [search] for ranges")
        if self.split.kind == "inductive":
            self._check_fold_in()
        return self

    def _check_fold_in(self) -> None:
        for one in self.model:
            if one.model not in PRODUCTS:
                raise ValueError(f"split: {one.model} cannot fold in unseen entities; {', '.join(PRODUCTS)} can")


def read_experiment(path: Path) -> ExperimentFile:
    """Read an experiment file; its name is that of the file where it has none.

    :raises UsageError: one line per problem: file, place, what came, what is allowed.
    """
    return parse(ExperimentFile, {"name": path.stem, **read_toml(path, UsageError)}, str(path), UsageError)
