"""Release: histograms with noise, paid from the budget of the day before they are made."""

import math
from collections.abc import Sequence

from kg.document import nearest
from kg.errors import UsageError
from kg.privacy.differential_privacy import (
    Payment,
    ToldCounts,
    guess_bound,
    noise_bound,
    noise_scale,
)
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
from recommender.marketing.private.noisy import Lift, Noisy
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
    noisy = [Noisy.of(one, *part) for one, part in zip(histograms, parts, strict=True)]
    tables = _tables(crowd, noisy, lang)
    return PrivateAnswer(
        question=question,
        about=about,
        domain=domain,
        tables=tables,
        private=told.model_copy(update={"noise": 0.0}),
        left_out=texts[f"left_out_{question}"],
        text=texts["text"].format(
            **{"epsilon": f"{told.epsilon:g}", "delta": f"{told.delta:g}", "tables": len(tables)},
            **{"spent": f"{told.spent_today:g}", "per_day": f"{told.per_day:g}", "guess": f"{100 * told.guess:.0f}"},
            whose=texts["whose_shared" if told.shared else "whose_own"],
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
        guess=guess_bound(epsilon, settings.delta),
        spent_today=payment.ledger.spent()[0],
        per_day=settings.epsilon_per_day,
        shared=bool(payment.ledger.shared),
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


def _tables(crowd: Crowd, noisy: Sequence[Noisy], lang: str) -> list[PrivateTable]:
    """The tables as they leave; the intervals of all of them hold together.

    What a table is of, its size or the domains that people use, is told first: nothing of it has more people.
    """
    most, tables = math.inf, list[PrivateTable]()
    for one in noisy:
        bound = noise_bound(one.settings, one.epsilon, len(one.counts) * len(noisy))
        bounded = one.histogram.group is not None or one.histogram.name == "items"
        told = ToldCounts.of(one.inside, bound, most if bounded else math.inf)
        if one.histogram.name in ("uses", "domains"):
            most = float(told.high.sum())
        tables.append(_table(crowd, one, told, one.lifts(told, bound), lang))
    return tables


def _table(crowd: Crowd, noisy: Noisy, told: ToldCounts, lifts: Sequence[Lift], lang: str) -> PrivateTable:
    words, histogram = language(lang), noisy.histogram
    counts = []
    for position in told.order():
        step, about = histogram.keys[position]
        lift, low, high = lifts[position] or (None, None, None)
        counts.append(
            PrivateCount(
                **about.model_dump(),
                how=step and words.bare(crowd.snapshot.schema.phrase(step, lang)),
                people=told.shown(position),
                low=int(told.low[position]),
                high=int(told.high[position]),
                lift=lift,
                lift_low=low,
                lift_high=high,
                supply=int(histogram.supply[position]) if histogram.supply else None,
            )
        )
    return PrivateTable(
        name=histogram.name,
        title=words.section("private")[histogram.name],
        epsilon=noisy.epsilon,
        contributions=noisy.settings.contributions,
        noise=noise_scale(noisy.settings, noisy.epsilon),
        counts=counts,
    )
