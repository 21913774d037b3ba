"""Search spaces of a model's settings: lists of values, ranges, and how values are chosen; never on the test part."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any, Literal

from pydantic import Field, ValidationError

from embeddings.vectors.config import TrainingConfig
from kg.document import Document, nearest, reason_of

TUNABLE = ("dim", "epochs", "batch_size", "learning_rate", "negatives", "patience")
WHOLE = frozenset(TUNABLE) - {"learning_rate"}
Values = dict[str, Any]
Measure = Callable[[Values, int], float]


class Search(Document):
    """How the search spaces of an experiment are gone through."""

    method: Literal["grid", "optuna"] = "grid"
    """``grid`` tries every combination of lists; ``optuna`` draws from lists and ranges, the more where it was good."""
    trials: int = Field(default=20, ge=1)
    """How many combinations ``optuna`` tries, for each model and fold."""
    seed: int = Field(default=0, ge=0, lt=2**32)


class Range(Document):
    """All numbers from ``low`` to ``high``; ``log`` draws their logarithm evenly."""

    low: float = Field(gt=0, allow_inf_nan=False)
    high: float = Field(gt=0, allow_inf_nan=False)
    log: bool = False


Space = dict[str, list[Any] | Range]


def checked_space(data: Mapping[str, Any]) -> Space:
    """The search space that a file describes.

    :raises ValueError: for an unknown key, naming the nearest, and for values that the setting cannot have.
    """
    space: Space = {}
    for name, told in data.items():
        if name not in TUNABLE:
            raise ValueError(f"{name}: unknown key; {nearest(name, list(TUNABLE))}")
        space[name] = _range(name, told) if isinstance(told, dict) else _list(name, told)
    return space


def grid(space: Space) -> Iterator[Values]:
    """Every combination of lists, the last setting changing first."""
    lists = [values for values in space.values() if isinstance(values, list)]
    for chosen in product(*lists):
        yield dict(zip(space, chosen, strict=True))


def search_best(space: Space, search: Search, measure: Measure) -> tuple[Values, float]:
    """The values with the highest figure, the first of equals, and the figure.

    The order of the trials follows from the figures and the seed alone: a search that is repeated with the figures of
    an interrupted one goes on where that ended.

    :param measure: gives the validation figure of values, −inf where they do not work; told the number of the trial.
    """
    found = list(_optuna(space, search, measure) if search.method == "optuna" else _grid(space, measure))
    return max(found, key=lambda pair: pair[1])


def size_of(space: Space, search: Search) -> int:
    """How many trials there will be."""
    return search.trials if search.method == "optuna" else sum(1 for _ in grid(space))


def _grid(space: Space, measure: Measure) -> Iterator[tuple[Values, float]]:
    for number, values in enumerate(grid(space), start=1):
        yield values, measure(values, number)


def _optuna(space: Space, search: Search, measure: Measure) -> Iterator[tuple[Values, float]]:
    import optuna  # PyKEEN brings it

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=search.seed))
    for number in range(1, search.trials + 1):
        trial = study.ask()
        values = {name: _suggested(trial, name, told) for name, told in space.items()}
        figure = measure(values, number)
        failed = figure == float("-inf")
        study.tell(trial, None if failed else figure, optuna.trial.TrialState.FAIL if failed else None)
        yield values, figure


def _suggested(trial: Any, name: str, told: list[Any] | Range) -> Any:
    if isinstance(told, list):
        return trial.suggest_categorical(name, told)
    if name in WHOLE:
        return trial.suggest_int(name, int(told.low), int(told.high), log=told.log)
    return trial.suggest_float(name, told.low, told.high, log=told.log)


def _range(name: str, told: Mapping[str, Any]) -> Range:
    for key in told:
        if key not in Range.model_fields:
            raise ValueError(f"{name}.{key}: unknown key; {nearest(key, list(Range.model_fields))}")
    try:
        found = Range(**told)
    except ValidationError as problem:
        first = problem.errors()[0]
        raise ValueError(f"{name}.{first['loc'][0]}: {reason_of(first)} (got {told!r})") from None
    if found.low >= found.high:
        raise ValueError(f"{name}: low {found.low:g} must be less than high {found.high:g}")
    for end in (found.low, found.high):
        _check(name, int(end) if name in WHOLE and end == int(end) else end)
    return found


def _list(name: str, told: Any) -> list[Any]:
    if not isinstance(told, list) or not told:
        raise ValueError(f"{name}: a list of values or {{ low = …, high = …, log = … }} expected (got {told!r})")
    for value in told:
        _check(name, value)
    if len(set(told)) < len(told):
        raise ValueError(f"{name}: a value stands there twice (got {told!r})")
    return told


def _check(name: str, value: Any) -> None:
    try:
        TrainingConfig(**{name: value})
    except ValidationError as problem:
        raise ValueError(f"{name}: {reason_of(problem.errors()[0])} (got {value!r})") from None
