"""A/B: two models side by side, each person in one arm by a stable hash; tests that may be looked at any time.

Of each person it counts whether she did, within a day of the first list that she was given in her arm, what the
experiment is for, with an item of any of her lists. She counts from the end of that day on, so that what is known of a
person never changes.
"""

import hashlib
from dataclasses import dataclass

from kg.instant import DAY
from kg.k_anonymity import shown_count, told_count
from recommender.results.document import Result
from whyrec.online_evaluation.always_valid import ALPHA, Arm, compare
from whyrec.online_evaluation.traffic import Traffic

CONTROL, CANDIDATE = "control", "candidate"
ARMS = (CONTROL, CANDIDATE)


class ArmReport(Result):
    """An arm: people who have been in it for a day, and those of them with the outcome."""

    arm: str
    people: int | str
    successes: int | str
    rate: float | None


class ExperimentReport(Result):
    """What an experiment says; the interval and ``p`` hold however often it is looked at.

    ``verdict``: ``better``, ``worse`` or ``open``: of the candidate. ``stopped``: nobody gets the candidate any more.
    """

    name: str
    goal: str
    arms: list[ArmReport]
    difference: float | None
    low: float | None
    high: float | None
    p: float
    verdict: str
    stopped: bool


@dataclass(frozen=True)
class Experiment:
    """Its name decides who is in which arm; ``goal``: a relation; ``share``: of people in the candidate."""

    name: str
    goal: str
    share: float = 0.5

    def arm(self, user: str) -> str:
        """The arm that somebody is in, the same for as long as the experiment has its name."""
        digest = hashlib.blake2b(f"{self.name}\0{user}".encode(), digest_size=8).digest()
        return CANDIDATE if int.from_bytes(digest, "big") < self.share * 2**64 else CONTROL


def report(experiment: Experiment, found: Traffic, now: int, k: int, stopped: bool = False) -> ExperimentReport:
    """What is known by now.

    :param now: milliseconds since 1970.
    """
    first, reached = dict[str, tuple[int, str]](), set[str]()
    for one in found.lists:
        if one.arm in ARMS:
            first.setdefault(one.user, (one.at, one.arm))
            begun, _ = first[one.user]
            if one.at < begun + DAY and any(experiment.goal in did for did in one.did.values()):
                reached.add(one.user)
    counted = {user: arm for user, (at, arm) in first.items() if at + DAY <= now}
    people = {name: [user for user, arm in counted.items() if arm == name] for name in ARMS}
    arms = {name: Arm(len(some), len(reached.intersection(some))) for name, some in people.items()}
    told = compare(arms[CONTROL], arms[CANDIDATE])
    open_ = told.p > ALPHA
    few = min(arms[name].people for name in ARMS) < k
    return ExperimentReport(
        name=experiment.name,
        goal=experiment.goal,
        arms=[_arm(name, one, k) for name, one in arms.items()],
        difference=None if few else round(told.difference, 3),
        low=None if few else round(told.low, 3),
        high=None if few else round(told.high, 3),
        p=round(told.p, 4),
        verdict="open" if open_ else "better" if told.difference > 0 else "worse",
        stopped=stopped,
    )


def _arm(name: str, arm: Arm, k: int) -> ArmReport:
    people, successes = told_count(arm.people, k), told_count(arm.successes, k)
    rate = None if not people or successes is None else round(successes / people, 3)
    return ArmReport(arm=name, people=shown_count(arm.people, k), successes=shown_count(arm.successes, k), rate=rate)
