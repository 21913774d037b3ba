"""Release: histograms with noise, paid from the budget of the day before they are made."""

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from kg.privacy.differential_privacy import Payment, noise_bound, noise_scale, private_counts
from kg.workspace.settings import PrivacySettings
from recommender.marketing.audience import Subject
from recommender.marketing.crowd import Crowd
from recommender.marketing.private.histograms import (
    Histogram,
    of_audience,
    of_bridge,
    of_gaps,
    of_item,
    of_overview,
)
from recommender.results.responsibility.private import PrivateAnswer, PrivateCount, PrivateRelease, PrivateTable
from recommender.texts.languages import language

QUESTIONS = ("audience", "bridge", "gaps", "item", "overview")
PAIRS = "pairs"


def private_answer(
    crowd: Crowd, asked: tuple[str, Subject | None, str | None], payment: Payment, lang: str = "en"
) -> PrivateAnswer:
    """One of the shop's questions in numbers with noise.

    :param asked: the question, what it is about, and a domain.
    :raises UsageError: for an unknown question or domain, or one that is about nothing.
    :raises LimitError: where the budget of the day does not reach.
    """
    question, subject, domain = asked
    histograms = [one for one in _histograms(crowd, asked, lang) if one.keys]
    about, texts = subject.about if subject else None, language(lang).section("private")
    told = paid(payment, " ".join([question, *([about.id] if about else []), *([domain] if domain else [])]))
    parts = payment.parts([one.most for one in histograms])
    tables = [_table(crowd, one, part, lang) for one, part in zip(histograms, parts, strict=True)]
    return PrivateAnswer(
        question=question,
        about=about,
        domain=domain,
        tables=tables,
        private=told.model_copy(update={"noise": 0.0}),
        left_out=texts[f"left_out_{question}"],
        text=texts["text"].format(
            **{"epsilon": f"{told.epsilon:g}", "delta": f"{told.delta:g}", "tables": len(tables)},
            **{"spent": f"{told.spent_today:g}", "per_day": f"{told.per_day:g}"},
        ),
    )


def paid(payment: Payment, what: str) -> PrivateRelease:
    """Pay for a release, and say what it cost.

    :raises LimitError: where the budget of the day does not reach.
    """
    settings, epsilon = payment.settings, payment.epsilon
    payment.ledger.charge(what, epsilon, settings.delta)
    return PrivateRelease(
        epsilon=epsilon,
        delta=settings.delta,
        contributions=settings.contributions,
        noise=noise_scale(settings, epsilon),
        spent_today=payment.ledger.spent()[0],
        per_day=settings.epsilon_per_day,
    )


def pairs_refused(k: int) -> UsageError:
    """Why nobody gets numbers of people for pairs of items."""
    return UsageError(
        "pairs of items are not told: a person has hundreds of them, so capped at a few each and with noise almost "
        f"none is left (of 137,668 pairs of Amazon Beauty 14 at ε = 8, none at ε = 1), and without noise a pair of {k} "
        "people says what each of them uses; bridge tells for one thing at a time what its people use besides"
    )


def _histograms(crowd: Crowd, asked: tuple[str, Subject | None, str | None], lang: str) -> list[Histogram]:
    question, subject, domain = asked
    if question == "overview":
        return of_overview(crowd, lang)
    if question == "gaps":
        return of_gaps(crowd, domain or crowd.snapshot.schema.domains[0], lang)
    if question not in QUESTIONS:
        raise UsageError(f"question {question!r}: {nearest(question, list(QUESTIONS))}")
    if subject is None:
        raise UsageError(f"{question}: name what it is about")
    if question == "bridge":
        return of_bridge(crowd, subject, domain, lang)
    return (of_item if question == "item" else of_audience)(crowd, subject, lang)


def _table(crowd: Crowd, histogram: Histogram, paid_with: tuple[PrivacySettings, float], lang: str) -> PrivateTable:
    """One histogram with noise; where it is of a group, those outside are counted too, and each person in one of both,
    so that everybody costs nothing more."""
    (settings, epsilon), size = paid_with, len(histogram.keys)
    found = histogram.matrix.tocoo()
    people, keys = found.coords[0].astype(np.int64), found.coords[1].astype(np.int64)
    group = histogram.group
    if group is not None:
        keys = keys + size * ~group[people]
    noisy = private_counts((people, keys), size if group is None else 2 * size, settings, epsilon)
    bound, inside = noise_bound(settings, epsilon, len(noisy)), noisy[:size]
    lifts = [None] * size if group is None else _lifts(inside, inside + noisy[size:], bound)
    words = language(lang)
    counts = []
    for position in np.lexsort((np.arange(size), -inside)).tolist():
        (step, about), number = histogram.keys[position], int(inside[position])
        counts.append(
            PrivateCount(
                **about.model_dump(),
                how=step and words.bare(crowd.snapshot.schema.phrase(step, lang)),
                people=max(number, 0),
                low=max(int(np.ceil(number - bound)), 0),
                high=max(int(number + bound), 0),
                lift=lifts[position],
                supply=int(histogram.supply[position]) if histogram.supply else None,
            )
        )
    return PrivateTable(
        name=histogram.name,
        title=words.section("private")[histogram.name],
        epsilon=epsilon,
        contributions=settings.contributions,
        noise=noise_scale(settings, epsilon),
        counts=counts,
    )


def _lifts(inside: NDArray[np.int64], everybody: NDArray[np.int64], bound: float) -> list[float | None]:
    """How much larger a part of what counts in a group each key is than of what counts for everybody, from numbers
    with noise alone: no further cost."""
    sums = max(int(np.maximum(inside, 0).sum()), 1), max(int(np.maximum(everybody, 0).sum()), 1)
    told = (inside > bound) & (everybody > 2 * bound)
    ratios = (np.maximum(inside, 0) / sums[0]) / np.maximum(everybody / sums[1], 1e-12)
    return [float(round(ratio, 2)) if one else None for ratio, one in zip(ratios, told, strict=True)]
