"""Differential privacy: numbers of people with noise, each person's contributions capped first, paid from a budget.

A release is (ε, δ)-private: with or without any one person, every outcome is about as likely, by a factor of e^ε and up
to δ. Laplace noise where δ is 0, Gaussian noise otherwise, both of opendp (discrete, from a cryptographic source).
Releases add up: the ledger adds their ε and their δ, which is safe and not tight.
"""

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.document import parsed_json
from kg.errors import LimitError, UsageError, WorkspaceError
from kg.file_lock import FileLock
from kg.workspace.permissions import private_files
from kg.workspace.settings import LEAST_EPSILON, MOST_EPSILON, PrivacySettings

NAME = "privacy-ledger.jsonl"
RISK = 0.05
"""How often any interval of a release may miss."""
MISSING = "differential privacy needs the opendp package: pip install 'whyrec[privacy]'"


@dataclass(frozen=True)
class Release:
    """One private release: what it cost. ``at``: ISO 8601, UTC."""

    at: str
    what: str
    epsilon: float
    delta: float


@dataclass(frozen=True)
class Payment:
    """What a release is paid from, and how much of it."""

    ledger: "PrivacyLedger"
    settings: PrivacySettings
    epsilon: float

    def parts(self, most: Sequence[int | None]) -> list[tuple[PrivacySettings, float]]:
        """Settings and ε of each of several tables that share what is paid: a part each.

        :param most: per table, things that one person can have in it at all; the cap of the settings where ``None``.
        """
        number, cap = len(most), self.settings.contributions
        caps = [cap if one is None else min(one, cap) for one in most]
        delta = self.settings.delta / number
        settings = [self.settings.model_copy(update={"delta": delta, "contributions": one}) for one in caps]
        return [(one, self.epsilon / number) for one in settings]


class PrivacyLedger:
    """What was released from a workspace, and what that cost; a day has a budget.

    :param folder: of the workspace.
    """

    def __init__(self, folder: Path, settings: PrivacySettings) -> None:
        self.path, self.settings = folder / NAME, settings

    def releases(self, day: str | None = None) -> list[Release]:
        """All releases, or those of one day (``2026-01-31``), the oldest first.

        :raises WorkspaceError: where the ledger is damaged: then nobody knows what is left.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
            found = [_checked(Release(**parsed_json(line))) for line in lines]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError):
            raise WorkspaceError(
                f"{self.path}: damaged; restore it from a copy: it says what of the budget is left"
            ) from None
        return [one for one in found if day is None or one.at.startswith(day)]

    def spent(self, day: str | None = None) -> tuple[float, float]:
        """ε and δ that a day, today where absent, has cost so far."""
        found = self.releases(day or _today())
        return math.fsum(one.epsilon for one in found), math.fsum(one.delta for one in found)

    def charge(self, what: str, epsilon: float, delta: float) -> Release:
        """Pay for a release before it is made: whoever is cut off afterwards has paid all the same.

        :raises UsageError: where ε is below 1e-6 or above 1e6.
        :raises LimitError: where the day's budget does not reach, saying what is left and until when.
        """
        if not LEAST_EPSILON <= epsilon <= MOST_EPSILON:
            raise UsageError(f"epsilon {epsilon:g}: expected a number from {LEAST_EPSILON:f} to {MOST_EPSILON:,.0f}")
        lock = FileLock.try_acquire(self.path.with_suffix(".lock"))
        if lock is None:
            raise LimitError("another private release is being paid for at this moment; run the command again")
        try:
            spent, lost = self.spent()
            most, at_risk = self.settings.epsilon_per_day, self.settings.delta_per_day
            if spent + epsilon > most * (1 + 1e-12) or lost + delta > at_risk * (1 + 1e-12):
                raise LimitError(
                    f"the privacy budget of today does not reach: ε {epsilon:g} and δ {delta:g} were asked for, "
                    f"{max(most - spent, 0):g} of {most:g} and {max(at_risk - lost, 0):g} of {at_risk:g} are left; ask "
                    "for less, wait until tomorrow (UTC), or raise epsilon_per_day in [privacy], which protects less"
                )
            release = Release(datetime.now(UTC).isoformat(timespec="seconds"), what, epsilon, delta)
            with private_files(), self.path.open("a", encoding="utf-8") as ledger:
                ledger.write(json.dumps(asdict(release), ensure_ascii=False) + "\n")
                ledger.flush()
                os.fsync(ledger.fileno())  # what was told is paid for, whatever becomes of the machine
        finally:
            lock.release()
        return release


def _checked(release: Release) -> Release:
    """:raises ValueError: for a line that would give budget back, or that sums could not be made of."""
    datetime.fromisoformat(release.at)
    if not (LEAST_EPSILON <= release.epsilon <= MOST_EPSILON and 0 <= release.delta < 1):
        raise ValueError("out of range")
    return release


def capped(people: NDArray[np.integer], most: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which contributions count: of each person at most so many, chosen by lot.

    :param people: who made each contribution, shape (n,).
    :returns: shape (n,), bool.
    """
    order = rng.permutation(len(people))
    by_person = order[np.argsort(people[order], kind="stable")]
    sorted_people = people[by_person]
    starts = np.flatnonzero(np.r_[True, sorted_people[1:] != sorted_people[:-1]]) if len(people) else np.zeros(0, int)
    place = np.arange(len(people)) - np.repeat(starts, np.diff(np.r_[starts, len(people)]))
    keep = np.zeros(len(people), dtype=bool)
    keep[by_person[place < most]] = True
    return keep


def private_counts(
    contributions: tuple[NDArray[np.integer], NDArray[np.integer]], size: int, settings: PrivacySettings, epsilon: float
) -> NDArray[np.int64]:
    """How many people each of a known set of keys has, with noise; may be below 0.

    :param contributions: person and key of each contribution, both of shape (n,); a pair once.
    :param size: number of keys; those that nobody has get noise like all others, so that none is told by its absence.
    :raises UsageError: where opendp is missing, or ε is not above 0.
    """
    if not epsilon > 0 or not math.isfinite(epsilon):
        raise UsageError(f"epsilon {epsilon}: expected a number above 0")
    people, keys = contributions
    keep = capped(people, settings.contributions, np.random.default_rng())
    counts = np.bincount(keys[keep], minlength=size)
    noise = _mechanism(settings.contributions, epsilon, settings.delta)
    return np.array(noise(counts.tolist()), dtype=np.int64)


def noise_scale(settings: PrivacySettings, epsilon: float) -> float:
    """Laplace: the mean size of the noise on each count; Gaussian: its standard deviation."""
    if settings.delta == 0:
        return settings.contributions / epsilon
    return _gaussian_scale(settings.contributions, epsilon, settings.delta)


def noise_bound(settings: PrivacySettings, epsilon: float, size: int) -> float:
    """What the noise of all of some counts together stays under, 19 times of 20 (Bonferroni).

    :param size: number of counts.
    """
    scale = noise_scale(settings, epsilon)
    return scale * (math.log(size / RISK) if settings.delta == 0 else NormalDist().inv_cdf(1 - RISK / 2 / size))


def sum_bound(settings: PrivacySettings, epsilon: float, size: int) -> float:
    """What the noise of the sum of some counts stays under, 19 times of 20; Laplace: Chan, Shi, Song (2011), lemma 2.8.

    :param size: number of counts, 1 or more.
    """
    scale = noise_scale(settings, epsilon)
    if settings.delta == 0:
        return scale * max(math.sqrt(size), math.sqrt(2 * math.log(2 / RISK))) * math.sqrt(8 * math.log(2 / RISK))
    return scale * math.sqrt(size) * NormalDist().inv_cdf(1 - RISK / 2)


@dataclass(frozen=True)
class ToldCounts:
    """Counts as they leave: what noise alone could have made is told as less than that, whatever came out; no further
    cost, and less for whoever looks for one person.

    ``stands``: which stand out from the noise; ``people``: the noisy numbers of these, 0 of others; ``low``, ``high``:
    what the noise leaves open, never below 0 nor above what is possible. All of shape (n,).
    """

    stands: NDArray[np.bool_]
    people: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]

    @classmethod
    def of(cls, noisy: NDArray[np.int64], bound: float, most: float = math.inf) -> "ToldCounts":
        """Counts with noise, as they leave.

        :param bound: what the noise stays under.
        :param most: more than so many there cannot be, by what was told already.
        """
        stands = noisy > bound
        high = np.minimum(np.where(stands, noisy + math.floor(bound), math.ceil(2 * bound)), most).astype(np.int64)
        low = np.where(stands, np.minimum(noisy - math.floor(bound), high), 0)
        return cls(stands, np.where(stands, np.minimum(noisy, high), 0), low, high)

    def shown(self, position: int) -> int | str:
        """One of them as a person reads it: ``"<45"`` where it does not stand out."""
        return int(self.people[position]) if self.stands[position] else f"<{max(int(self.high[position]), 1)}"

    def order(self) -> list[int]:
        """Positions, most people first; those that do not stand out as they are, so that nothing of them is told."""
        return np.lexsort((np.arange(len(self.people)), -self.people)).tolist()  # type: ignore[no-any-return]


def guess_bound(epsilon: float, delta: float) -> float:
    """How often, at most, whoever knows everything else is right about whether a person is counted, where a coin is
    right half of the time: (e^ε + δ) / (e^ε + 1) (Kairouz, Oh, Viswanath 2015); for δ = 0 the area under the curve
    (AUC) of any attack is at most the same."""
    return (1 + delta * math.exp(-epsilon)) / (1 + math.exp(-epsilon))


def _mechanism(contributions: int, epsilon: float, delta: float) -> Callable[[list[int]], list[int]]:
    dp = _opendp()
    domain = dp.vector_domain(dp.atom_domain(T="i64"))
    if delta == 0:
        made = dp.m.make_laplace(domain, dp.l1_distance(T="i64"), scale=contributions / epsilon)
        assert made.map(contributions) <= epsilon * (1 + 1e-9)
    else:
        made = dp.m.make_gaussian(domain, dp.l2_distance(T="f64"), scale=_gaussian_scale(contributions, epsilon, delta))
    return made  # type: ignore[no-any-return]  # the library has no types


def _gaussian_scale(contributions: int, epsilon: float, delta: float) -> float:
    """The standard deviation that (ε, δ) asks for, by zero-concentrated privacy: ρ + 2 √(ρ ln 1/δ) = ε (Bun, Steinke
    2016), ρ = contributions / (2 σ²)."""
    log = math.log(1 / delta)
    rho = (math.sqrt(log + epsilon) - math.sqrt(log)) ** 2
    return math.sqrt(contributions / (2 * rho))


def _opendp() -> Any:
    try:
        import opendp.prelude as dp
    except ModuleNotFoundError:
        raise UsageError(MISSING) from None
    dp.enable_features("contrib")
    return dp


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
