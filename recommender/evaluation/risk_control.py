"""Risk control: the loosest filter of lists under which few of their items are unwanted, with high confidence.

Learn then test (Angelopoulos et al., 2021): filters are tested from the strictest to the loosest, each with the p-value
of Hoeffding and Bentkus for the mean of losses in [0, 1] (Bates et al., 2021), until one fails. Then, whatever the
losses are distributed like, a person from where the tested ones came has an expected loss of at most alpha under the
filter that was chosen, but in a part delta of all such choices.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom


def p_value(mean: float, people: int, alpha: float) -> float:
    """Of the hypothesis that the expected loss is above alpha, from the mean of losses in [0, 1] of some people."""
    if mean >= alpha:
        return 1.0
    low = 0.0 if mean <= 0 else mean * np.log(mean / alpha)
    hoeffding = np.exp(-people * (low + (1 - mean) * np.log((1 - mean) / (1 - alpha))))
    bentkus = np.e * binom.cdf(np.ceil(people * mean), people, alpha)
    return float(min(hoeffding, bentkus, 1.0))


def loosest(losses: NDArray[np.float64], alpha: float, delta: float) -> int | None:
    """Which filter to use: the last one before the first that fails; ``None`` where the strictest fails.

    :param losses: of each person under each filter, the strictest first: shape (people, filters), in [0, 1].
    :param alpha: highest expected loss, in (0, 1).
    :param delta: how often the choice may be wrong, in (0, 1).
    """
    chosen = None
    for number, mean in enumerate(losses.mean(axis=0).tolist()):
        if p_value(mean, len(losses), alpha) > delta:
            break
        chosen = number
    return chosen


def lowest_alpha(mean: float, people: int, delta: float) -> float:
    """The lowest alpha, of the multiples of .01 below 1, under which a filter passes; 1 where none does.

    :param mean: of the losses of some people under it, in [0, 1].
    """
    found = (step / 100 for step in range(1, 100) if p_value(mean, people, step / 100) <= delta)
    return next(found, 1.0)
