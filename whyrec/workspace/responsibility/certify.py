"""Certified lists: which items to filter so that few of a list are unwanted, tested on ratings that are held out."""

from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.errors import UsageError
from kg.k_anonymity import shown_count, told_count, told_step, told_sum
from kg.progress import Progress
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.triple_subset import TripleSubset
from kg.workspace.generations import KERNELS, NAMES, SNAPSHOT, link_files
from kg.workspace.permissions import private_files
from kg.workspace.scratch import scratch
from kg.workspace.workspace import Workspace
from recommender.evaluation.risk_control import loosest, lowest_alpha
from recommender.kernels.path_kernels import Kernels
from recommender.learning.certificate import Certificate, rules_hash, save_certificate
from recommender.marketing.crowd import BLOCK, FIRST, Crowd
from recommender.results.document import Result
from recommender.rules.rule_set import Rules
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender
from recommender.texts.languages import language
from whyrec.workspace.responsibility.certify_text import Told, Wanted, certify_text

HELD_OUT = 0.5
DEEP = 50
PRIOR = 5.0
"""Ratings that an item counts as having beside its own, as good as the average."""
FILTERS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 1.0)
"""Parts of the rated items that a filter keeps, those that fewest reject; the strictest first."""


class CertifyReport(Result):
    """The answer of ``certify``."""

    certified: bool
    alpha: float
    delta: float
    below: float
    people: int | str
    risk_without: float
    risk: float | None
    step: float
    """Both risks are told to the nearest multiple of this."""
    lowest_alpha: float
    """The lowest alpha, of steps of .01, that would be certified on the same lists."""
    filtered: int
    written: bool
    text: str


@dataclass(frozen=True)
class Trial:
    """``losses``: shape (people, filters), share of each person's list that is unwanted; ``rejected``: shape
    (catalogue.size,), how often an item is, as far as the learning half says; ``bounds``: of each filter."""

    losses: NDArray[np.float64]
    rejected: NDArray[np.float64]
    bounds: NDArray[np.float64]


def certify(
    workspace: Workspace,
    recommender: Recommender,
    rules: Rules,
    wanted: Wanted,
    progress: Progress,
    *,
    keep: bool = True,
    lang: str = "en",
) -> CertifyReport:
    """Test the filters on people of whom half of what they rated was held out, and use the loosest that holds.

    :param keep: let lists follow from now on, in a generation of their own; where nothing holds, without any
        certificate, unless there is one that promises less than what was asked for: that stays.
    :raises UsageError: for numbers out of their range, or where fewer than k people rejected anything.
    """
    if not (0 < wanted.alpha < 1 and 0 < wanted.delta < 1):
        raise UsageError(f"`alpha` {wanted.alpha}, `delta` {wanted.delta}: expected numbers between 0 and 1")
    if not isfinite(wanted.below):
        raise UsageError(f"`below` {wanted.below}: expected a number")
    progress("Certifying", 0, None, "")
    with private_files(), scratch(workspace.folder, "certifying") as folder:
        tried = trial(recommender, rules, wanted.below, folder)
    chosen, told = loosest(tried.losses, wanted.alpha, wanted.delta), report(recommender, tried, wanted, lang)
    earlier, texts = recommender.model.certificate, language(lang).section("certify")
    if keep and chosen is None and earlier is not None:
        stays = not _refuted(earlier, wanted)
        ending = texts["stays" if stays else "withdrawn"].format(
            alpha=f"{earlier.alpha:.2%}", below=f"{earlier.below:g}"
        )
        of_now = earlier.told_as(recommender.snapshot.hash, rules) == "certified"
        others = [texts["other_lists"]] if stays and not of_now else []
        told = told.model_copy(update={"text": language(lang).sentences([told.text, ending, *others])})
        keep = not stays
    if keep:
        filtered = () if chosen is None else _filtered(recommender, tried.rejected, tried.bounds[chosen])
        tested = recommender.snapshot.hash, rules_hash(rules)
        _keep(workspace, None if chosen is None else _certificate(wanted, told, filtered, tested))
    return told.model_copy(update={"written": keep})


def _refuted(earlier: Certificate, wanted: Wanted) -> bool:
    """Whether a certificate promises what was tried in vain just now, or more."""
    return earlier.alpha <= wanted.alpha and earlier.below >= wanted.below and earlier.delta <= wanted.delta


def report(recommender: Recommender, tried: Trial, wanted: Wanted, lang: str = "en") -> CertifyReport:
    """What a trial comes to; nothing is written."""
    chosen = loosest(tried.losses, wanted.alpha, wanted.delta)
    snapshot, people = recommender.snapshot, shown_count(len(tried.losses), recommender.snapshot.k)
    step = told_step(max(float(tried.losses.max()), 1 / FIRST) / len(tried.losses), snapshot.k)
    means = [told_sum(float(one), step) for one in tried.losses.mean(axis=0)]
    filtered = () if chosen is None else _filtered(recommender, tried.rejected, tried.bounds[chosen])
    counted = told_count(len(tried.losses), snapshot.k) or snapshot.k
    lowest = lowest_alpha(min(means[0] + step / 2, 1.0), counted, wanted.delta)  # of what is told, so it tells no more
    return CertifyReport(
        certified=chosen is not None,
        alpha=wanted.alpha,
        delta=wanted.delta,
        below=wanted.below,
        people=people,
        risk_without=means[-1],
        risk=None if chosen is None else means[chosen],
        step=step,
        lowest_alpha=lowest,
        filtered=len(filtered),
        written=False,
        text=certify_text(wanted, Told(means, step, chosen, lowest), len(filtered), people, lang),
    )


def _certificate(
    wanted: Wanted, told: CertifyReport, filtered: tuple[str, ...], tested: tuple[str, str]
) -> Certificate:
    """What lists follow from now on, and on what word.

    :param tested: the hashes of the graph and of the rules that it was tested on.
    """
    return Certificate(
        alpha=wanted.alpha,
        delta=wanted.delta,
        below=wanted.below,
        n=FIRST,
        people=told.people,
        risk=told.risk or 0.0,
        risk_without=told.risk_without,
        snapshot=tested[0],
        rules=tested[1],
        filtered=filtered,
    )


def trial(recommender: Recommender, rules: Rules, below: float, folder: Path, seed: int = 0) -> Trial:
    """Rank for everybody with half of what each person rated held out, and count what of the lists is unwanted.

    The weights of the blend are those of the model, which have seen all ratings; kernels and rejections have not.
    """
    whole, random = recommender.snapshot, np.random.default_rng(seed)
    told = (*whole.schema.interactions, *whole.schema.negatives)
    masks = {name: random.random(whole.adjacency(name).nnz) < HELD_OUT for name in told}
    half = TripleSubset(whole, masks)
    old = recommender.scorer
    scorer = Scorer(half, Kernels(half, old.kernels.config, folder), old.blend, None)
    tested = Recommender(replace(recommender.model, scorer=scorer, certificate=None))
    crowd = Crowd(tested, rules)
    domains = {whole.schema.entity[whole.schema.relation[one.name].tail].domain for one in _ratings(whole, crowd)}
    if rules.domain is None and len(domains) == 1:  # others are not rated, and would thin the lists out
        crowd = Crowd(tested, rules.model_copy(update={"domain": domains.pop()}))
    bad = _held(whole, crowd, masks, below)
    rejected, bounds = _rejected(half, crowd, below)
    people = np.flatnonzero(np.diff(_held(whole, crowd, masks).indptr) > 0)
    _check_enough(whole, crowd, bad, below)
    losses = np.zeros((len(crowd.sample), len(bounds)))
    for start in range(0, len(crowd.sample), BLOCK):
        users = crowd.sample[start : start + BLOCK]
        ranked = crowd.recommender.rank_block(crowd.user_type, users, crowd.rules, DEEP)
        for row in range(len(users)):
            listed = ranked.positions[ranked.indptr[row] : ranked.indptr[row + 1]]
            mine = bad.indices[bad.indptr[start + row] : bad.indptr[start + row + 1]]
            for number, bound in enumerate(bounds.tolist()):
                shown = listed[rejected[listed] <= bound][:FIRST]
                losses[start + row, number] = np.isin(shown, mine).sum() / FIRST
    return Trial(losses[people], rejected, bounds)


def _check_enough(snapshot: Snapshot, crowd: Crowd, bad: csr_array, below: float) -> None:
    """Refuse a bound that would rest on what fewer than k people said, and say which people are missing."""
    tested, k = int(np.count_nonzero(np.diff(bad.indptr))), crowd.k
    if crowd.told_count(tested):
        return
    lowest = np.full(crowd.size, np.inf)
    for one in _ratings(snapshot, crowd):
        np.minimum.at(lowest, np.repeat(np.arange(crowd.size), np.diff(one.matrix.indptr)), one.values)
    low, said = int((lowest <= below).sum()), np.sort(lowest[np.isfinite(lowest)])
    few = f"fewer than {k} people" if k > 1 else "nobody"
    if crowd.told_count(low):
        raise UsageError(
            f"`below` {below:g}: {crowd.shown(low):,} people rated something so low, but of what is held out for "
            f"the test {few} did, too few to say anything of; a higher `below`, or more ratings, would do"
        )
    other = f"; {k} people rated something {said[k - 1]:g} or less" if len(said) >= k else ""
    raise UsageError(
        f"`below` {below:g}: {few} rated anything so low, or rejected it, so nothing may be said of what is "
        f"unwanted{other}"
    )


@dataclass(frozen=True)
class _Rated:
    """What the crowd said of items by one relation: ``values``, −inf of a relation that says no; ``start``: where its
    items start on the catalogue."""

    name: str
    matrix: csr_array
    values: NDArray[np.float64]
    start: int


def _ratings(snapshot: Snapshot, crowd: Crowd) -> list[_Rated]:
    """Relations that say what people think: those that say no, and interactions whose weights are not all the same."""
    schema, slices, found = snapshot.schema, crowd.recommender.catalogue.slices, list[_Rated]()
    for name in (*schema.interactions, *schema.negatives):
        ends, matrix = schema.relation[name], snapshot.adjacency(name)
        if ends.head != crowd.user_type or ends.tail not in slices or not matrix.nnz:
            continue
        no = name in schema.negatives
        if no or matrix.data.min() < matrix.data.max():
            values = np.full(matrix.nnz, -np.inf) if no else matrix.data
            found.append(_Rated(name, matrix, values, int(slices[ends.tail].start)))
    if not found:
        raise UsageError("no relation says what people think: ratings as weights, or a relation with negative = true")
    return found


def _held(snapshot: Snapshot, crowd: Crowd, masks: dict[str, NDArray[np.bool_]], below: float = np.inf) -> csr_array:
    """What was held out and weighted at most so much: sample × catalogue, 1 where so."""
    rows, columns = list[NDArray[np.int64]](), list[NDArray[np.int64]]()
    for one in _ratings(snapshot, crowd):
        found = masks[one.name] & (one.values <= below)
        rows.append(np.repeat(np.arange(one.matrix.shape[0]), np.diff(one.matrix.indptr))[found])
        columns.append(one.matrix.indices[found].astype(np.int64) + one.start)
    row, column = np.concatenate(rows), np.concatenate(columns)
    shape = (crowd.size, crowd.recommender.catalogue.size)
    return csr_array(csr_array((np.ones(len(row)), (row, column)), shape=shape)[crowd.sample])


def _rejected(half: Snapshot, crowd: Crowd, below: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How often each item is rejected, in [0, 1], the average where fewer than k rated it; and the filters' bounds."""
    size = crowd.recommender.catalogue.size
    count, low = np.zeros(size), np.zeros(size)
    for one in _ratings(half, crowd):
        items = one.matrix.indices.astype(np.int64) + one.start
        count += np.bincount(items, minlength=size)
        low += np.bincount(items, weights=(one.values <= below).astype(np.float64), minlength=size)
    average = float(low.sum() / max(count.sum(), 1.0))
    known = count >= crowd.k
    rejected = np.where(known, (low + PRIOR * average) / (count + PRIOR), average)
    rated = np.sort(rejected[known]) if known.any() else np.array([average])
    bounds = np.array([max(float(np.quantile(rated, part)), average) for part in FILTERS[:-1]] + [np.inf])
    return rejected, bounds


def _filtered(recommender: Recommender, rejected: NDArray[np.float64], bound: float) -> tuple[str, ...]:
    found = []
    for position in np.flatnonzero(rejected > bound).tolist():
        entity_type, idx = recommender.catalogue.item(position)
        found.append(f"{entity_type}:{recommender.snapshot.vocabulary.id(entity_type, idx)}")
    return tuple(found)


@private_files()
def _keep(workspace: Workspace, certificate: Certificate | None) -> None:
    with workspace.generations.building([SNAPSHOT, KERNELS, NAMES]) as generation:
        draft = workspace.at(generation)
        if workspace.model.is_dir():
            link_files(workspace.model, draft.model)
        save_certificate(draft.model, certificate)
