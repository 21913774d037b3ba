"""Whether the statistics of live traffic keep what they promise, on simulated traffic whose truth is known.

    python benchmarks/online_evaluation.py

Experiments without an effect that somebody looks at every hour; logs of a randomised slot whose other policy's true
value is known; drifts of each kind that are injected, and windows without any.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
import typer
from rich.console import Console

from whyrec.online_evaluation.always_valid import Arm, compare
from whyrec.online_evaluation.drift import Window, drift
from whyrec.online_evaluation.off_policy import Records, estimates

CONSOLE = Console(width=120)
HOURS, PER_HOUR = 336, 60


def main(experiments: int = 200, logs: int = 200, drifts: int = 20, seed: int = 0) -> None:
    """Simulate and print."""
    random = np.random.default_rng(seed)
    for rate in (0.02, 0.1):
        alarms = sum(_peeked(random, rate, rate) for _ in range(experiments))
        found = sum(_peeked(random, rate, rate * 1.3) for _ in range(experiments))
        CONSOLE.print(
            f"A/B, rate {rate}: {alarms} false alarms of {experiments} (hourly, {HOURS} looks); "
            f"30 % more is found in {found}"
        )
    covered: Counter[str] = Counter()
    widths: dict[str, list[float]] = {}
    for _ in range(logs):
        truth, found_ = _log(random)
        for name, one in found_.items():
            covered[name] += one.low <= truth <= one.high
            widths.setdefault(name, []).append(one.high - one.low)
    for name, count in covered.items():
        CONSOLE.print(f"{name}: the interval holds the truth in {count} of {logs}, width {np.mean(widths[name]):.3f}")
    hits = 0
    for number in range(drifts):
        figure, change = list(CHANGES.items())[number % len(CHANGES)]
        seen = drift(_window(random), _window(random, change))
        hits += any(one.alarm and one.figure == figure for one in seen)
    false = sum(any(one.alarm for one in drift(_window(random), _window(random))) for _ in range(200))
    CONSOLE.print(f"drift: {hits} of {drifts} injected are found; {false} alarms in 200 windows without any")


def _peeked(random: np.random.Generator, first: float, second: float) -> bool:
    """Whether somebody who looks every hour ever sees a difference."""
    people = random.binomial(PER_HOUR, 0.5, HOURS)
    others = PER_HOUR - people
    ours, theirs = random.binomial(people, first).cumsum(), random.binomial(others, second).cumsum()
    looks = zip(people.cumsum().tolist(), ours.tolist(), others.cumsum().tolist(), theirs.tolist(), strict=True)
    return any(compare(Arm(n, s), Arm(m, t)).p <= 0.05 for n, s, m, t in looks)


def _log(random: np.random.Generator, n: int = 20_000, epsilon: float = 0.2, pool: int = 10):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """A log of one slot: with 1 − ε the usual item, else one of a pool; the other policy takes its best by taste."""
    taste = random.beta(2, 20, size=(n, pool + 1))  # outcome rate of each item; 0 is the usual one
    noise = taste + random.normal(0, 0.03, taste.shape)
    other = noise.argmax(axis=1)
    explores = random.random(n) < epsilon
    shown = np.where(explores, random.integers(1, pool + 1, n), 0)
    propensities = np.where(shown == 0, 1 - epsilon, epsilon / pool)
    rewards = (random.random(n) < taste[np.arange(n), shown]).astype(float)
    q = np.full(n, 2 / 22)
    truth = float(taste[np.arange(n), other].mean())
    return truth, estimates(Records(rewards, propensities, shown == other, q, q))


def _window(random: np.random.Generator, change: Callable[[Window, np.random.Generator], None] | None = None) -> Window:
    people, items = 600, 300
    weights = 1 / np.arange(1, items + 1) ** 0.7
    window = Window(
        personal=(random.random(people) < 0.9).tolist(),
        scores=random.normal(2, 0.5, people).tolist(),
        items=[
            tuple(map(str, random.choice(items, 10, replace=False, p=weights / weights.sum()))) for _ in range(people)
        ],
        events=Counter(dict(zip("vcp", random.multinomial(people, [0.7, 0.25, 0.05]).tolist(), strict=True))),
    )
    if change is not None:
        change(window, random)
    return window


def _impersonal(window: Window, random: np.random.Generator) -> None:
    window.personal = (random.random(len(window.personal)) < 0.75).tolist()


def _narrow(window: Window, random: np.random.Generator) -> None:
    window.items = [tuple(map(str, random.choice(200, 10, replace=False))) for _ in window.items]


def _shifted(window: Window, random: np.random.Generator) -> None:
    window.scores = [one + 0.25 for one in window.scores]


def _other_events(window: Window, random: np.random.Generator) -> None:
    told = random.multinomial(len(window.items), [0.5, 0.4, 0.1]).tolist()
    window.events = Counter(dict(zip("vcp", told, strict=True)))


CHANGES = {"impersonal": _impersonal, "coverage": _narrow, "scores": _shifted, "events": _other_events}

if __name__ == "__main__":
    typer.run(main)
