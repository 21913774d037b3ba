"""Differential privacy: numbers of people with noise, each person's contributions capped first, paid from a budget.

A release is (ε, δ)-private: with or without any one person, every outcome is about as likely, by a factor of e^ε and up
to δ. Laplace noise where δ is 0, Gaussian noise otherwise, both of opendp (discrete, from a cryptographic source).
Releases add up: the ledger (:mod:`kg.privacy.budget.ledger`) adds their ε and their δ, which is safe and not tight.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError
from kg.privacy.budget.ledger import PrivacyLedger
from kg.workspace.settings import PrivacySettings

RISK = 0.05
"""How often any interval of a release may miss."""
MISSING = "differential privacy needs the opendp package: pip install 'whyrec[privacy]'"


@dataclass(frozen=True)
class Payment:
    """What a release is paid from, and how much of it."""

    ledger: PrivacyLedger
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
