"""How long one answer takes: ``recommend`` for a user, then ``why`` for the first item, by the library, one thread."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.serving.recommender import Recommender, Request

WARM_UP = 50


@dataclass(frozen=True)
class AnswerTimes:
    """Milliseconds per user, shape (users,), and the same of the processor."""

    wall: NDArray[np.float64]
    processor: NDArray[np.float64]

    def __str__(self) -> str:
        p50, p99 = np.percentile(self.wall, [50, 99])
        cpu50, cpu99 = np.percentile(self.processor, [50, 99])
        return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms (processor {cpu50:.2f} and {cpu99:.2f} ms)"


def answer_times(recommender: Recommender, users: int, seed: int = 0) -> AnswerTimes:
    """Ask for users drawn at random, after some to warm up, each once; lists of 10 with reasons, then the account."""
    everybody = recommender.users()
    drawn = np.random.default_rng(seed).choice(len(everybody), min(users + WARM_UP, len(everybody)), replace=False)
    times = []
    for number in drawn.tolist():
        user_id = recommender.snapshot.vocabulary.id(*everybody[number])
        start = time.perf_counter(), time.process_time()
        listed = recommender.recommend(Request(user_id, n=10))
        recommender.why(Request(user_id), listed.items[0].id)
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    measured = 1000 * np.array(times[WARM_UP:])
    return AnswerTimes(measured[:, 0], measured[:, 1])
