"""Objectives: floors for what everybody's lists together show, solved after scoring and kept beside the model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.errors import UsageError, WhyrecError
from kg.k_anonymity import told_step, told_sum
from kg.progress import Progress
from kg.workspace.generations import PARTS, link_files
from kg.workspace.permissions import private_files
from kg.workspace.workspace import CONFIGURATION, Workspace
from recommender.audit.exposure import shares_in_steps
from recommender.catalogue.flagged_accounts import left_out
from recommender.learning.certificate import Certificate, read_certificate, save_certificate
from recommender.learning.objectives_file import read_objectives, save_objectives
from recommender.marketing.best_items import best_items
from recommender.marketing.crowd import FIRST, Crowd
from recommender.reranking.exposure_prices import Pool, Prices, gap, solve
from recommender.results.responsibility.objectives import CurvePoint, DomainObjectives, FloorReport, Objectives
from recommender.rules.rule_set import Rules
from recommender.rules.soft.floors import Floor, read_floors
from recommender.rules.soft.spoken import spoken_about
from recommender.serving.recommender import Recommender
from recommender.texts.languages import language
from whyrec.workspace.responsibility.certify_text import withdrawn_text
from whyrec.workspace.responsibility.objectives_text import objectives_text

DIGITS = 3
MOST_SOLVED = 30_000
"""People for whose lists floors are solved; of more, so many drawn by lot."""


def solve_objectives(
    workspace: Workspace,
    recommender: Recommender,
    rules: Rules,
    progress: Progress,
    *,
    keep: bool = True,
    lang: str = "en",
) -> Objectives:
    """Solve the floors of ``[objectives]`` for everybody's lists, or a sample's, domain by domain.

    :param rules: those that hold for everybody.
    :param keep: let lists follow from now on, in a generation of their own; else only say what it would take.
    :raises UsageError: where ``whyrec.toml`` asks for no floors, or for what is none.
    """
    asked = workspace.settings.objectives
    if not asked.floors:
        raise UsageError(
            f"{workspace.folder / CONFIGURATION}: [objectives] names no floors; add for instance "
            'floors = ["80% made_by", "15% new"]'
        )
    plain = Recommender(replace(recommender.model, objectives=()))
    found, raised, people = list[DomainObjectives](), list[str](), plain.snapshot.vocabulary
    for number, domain in enumerate(plain.snapshot.schema.domains):
        progress("Objectives", number, len(plain.snapshot.schema.domains), domain)
        crowd = Crowd(plain, rules.model_copy(update={"domain": domain}), most=MOST_SOLVED)
        told = _solved(crowd, domain, (asked.floors, asked.most_loss), lang)
        if told is not None:
            found.append(told)
            raised += [f"{one.percent:.2f}% {one.about}" for one in told.floors if one.percent > 0]
    withdrawn = _keep(workspace, list(dict.fromkeys(raised))) if keep else None
    empty = _without_items(plain, rules, asked.floors)
    text = objectives_text(found, empty, plain.snapshot.schema, keep, lang)
    if withdrawn is not None:
        text = language(lang).sentences([text, withdrawn_text(withdrawn, lang)])
    count = sum(people.count(name) - len(left_out(plain.snapshot, name)) for name in plain.snapshot.schema.user_types)
    return Objectives(
        people=Crowd(plain, rules, most=1).shown(count), domains=found, without_items=empty, written=keep, text=text
    )


def _without_items(recommender: Recommender, rules: Rules, texts: Sequence[str]) -> list[str]:
    """The floors of what no item is, as when a price is mistyped."""
    ground = recommender.rule_set(rules).ground
    return [text for text in texts if not any(one.items.any() for one in read_floors(ground, [text]))]


def _solved(crowd: Crowd, domain: str, asked: tuple[Sequence[str], float], lang: str) -> DomainObjectives | None:
    """:param asked: the floors, and the most that lists may give up for them."""
    catalogue, (texts, most_loss) = crowd.recommender.catalogue, asked
    inside = catalogue.of_domain(domain)
    floors = [one for one in read_floors(crowd.rules.ground, texts) if (one.items & inside).any()]
    kept, targets = _targets(crowd, floors, inside)
    if not kept:
        return None
    groups = csr_array(np.column_stack([(one.items & inside).astype(np.float64) for one in kept]))
    pool = Pool(*best_items(crowd), FIRST, groups)
    found = solve(pool, targets, most_loss)
    step = told_step(1 / max(len(crowd.sample), 1), crowd.k) if crowd.k > 1 else 0.0
    spoken = [spoken_about(crowd.snapshot, one.about, lang) for one in kept]
    shares = _Shares(
        merit=_of_use(crowd, kept, inside),
        before=_of_lists(pool, np.zeros(len(kept)), crowd.k),
        after=_of_lists(pool, found.prices, crowd.k),
    )
    return _report(domain, (kept, spoken, len(floors) - len(kept)), shares, (targets, found, step))


@dataclass(frozen=True)
class _Shares:
    """Of each floor's items, as may be told: the share of what people use, and of what lists show before and after;
    arrays of shape (floors,)."""

    merit: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def _of_use(crowd: Crowd, floors: Sequence[Floor], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    parts = [np.asarray(crowd.used[:, one.items & inside].sum(axis=1)).ravel() for one in floors]
    return shares_in_steps(np.column_stack(parts), np.asarray(crowd.used[:, inside].sum(axis=1)).ravel(), crowd.k)[0]


def _of_lists(pool: Pool, prices: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    positions = pool.lists(prices)[0]
    person, rank = np.nonzero(positions >= 0)
    places = person, positions[person, rank]
    shown = csr_array((1 / np.log2(rank + 2), places), shape=(len(positions), pool.groups.shape[0]))
    parts = csr_array(shown @ pool.groups).toarray()
    return shares_in_steps(parts, np.asarray(shown.sum(axis=1)).ravel(), k)[0]


def _targets(crowd: Crowd, floors: Sequence[Floor], inside: np.ndarray) -> tuple[list[Floor], np.ndarray]:
    """The floors that may be told, and the share of exposure that each asks for."""
    uses, kept, targets = crowd.used, list[Floor](), list[float]()
    whole = max(float(uses[:, inside].sum()), 1e-12)
    for one in floors:
        own = uses[:, one.items & inside]
        enough = int((np.diff(csr_array(own).indptr) > 0).sum()) >= crowd.k
        if one.of_merit and enough:
            kept.append(one)
            targets.append(one.part * float(own.sum()) / whole)
        elif not one.of_merit:
            kept.append(one)
            targets.append(one.part)
    return kept, np.array(targets)


def _report(
    domain: str,
    told: tuple[Sequence[Floor], Sequence[str], int],
    shares: _Shares,
    solved: tuple[np.ndarray, Prices, float],
) -> DomainObjectives:
    """
    :param told: the floors, what they are about in words, and how many there were of too few people.
    :param solved: the targets, what came of them, and the step in which sums over all floors are told.
    """
    (floors, spoken, pooled), (targets, found, step) = told, solved
    return DomainObjectives(
        domain=domain,
        floors=[
            FloorReport(
                about=one.about,
                text=text,
                target=round(one.part * float(merit), 12) if one.of_merit else one.part,
                before=float(before),
                after=float(after),
                percent=round(100 * float(price), 2),
            )
            for one, text, merit, before, after, price in zip(
                floors, spoken, shares.merit, shares.before, shares.after, found.prices, strict=True
            )
        ],
        pooled=pooled,
        strength=round(found.strength, DIGITS),
        loss=told_sum(found.loss, step),
        gap_before=told_sum(gap(found.before, targets), step),
        gap_after=told_sum(gap(found.after, targets), step),
        step=step,
        curve=[
            CurvePoint(strength=one.strength, loss=told_sum(one.loss, step), gap=told_sum(one.gap, step))
            for one in found.curve
        ],
    )


@private_files()
def _keep(workspace: Workspace, raised: Sequence[str]) -> Certificate | None:
    """Let the next generation have them; whoever answers from the last one is not disturbed. The certificate that does
    not hold any more, where lists are others now."""
    withdrawn = None
    with workspace.generations.building(PARTS[:2] + PARTS[3:]) as generation:
        draft = workspace.at(generation)
        if workspace.model.is_dir():
            link_files(workspace.model, draft.model)
        if read_objectives(draft.model) != tuple(raised):
            withdrawn = read_certificate(draft.model)
            save_certificate(draft.model, None)
        save_objectives(draft.model, raised)
    return withdrawn


def objectives_after_training(workspace: Workspace, recommender: Recommender, rules: Rules, progress: Progress) -> str:
    """Solve what ``whyrec.toml`` asks for after a training; what was done, or why nothing was, in words."""
    try:
        return solve_objectives(workspace, recommender, rules, progress).text
    except WhyrecError as problem:
        return f"objectives were not solved: {problem}"
