"""Crossing prior: what a path is worth that no validation ranking can judge, from its ends' worth within their domains.

Nobody may be in both domains, and then nothing learned says whether what a course covers is what a product is about.
Each half can be judged alone: whether learners go from course to course by what these cover, and buyers from product
to product by what these are about.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.schema import Schema, inverse_of
from recommender.catalogue.attributes import attribute_steps
from recommender.catalogue.interactions import User
from recommender.kernels.learned.bridge import BridgeKernel
from recommender.kernels.learned.far_bridge import FarBridge
from recommender.kernels.learned.propagation import Propagation
from recommender.kernels.metapaths import Metapath
from recommender.learning.base_scores import BaseScores
from recommender.learning.candidate_features import CELLS, Task, allowed_items, validation_tasks
from recommender.learning.coordinate_ascent import gain_of
from recommender.profiles.profile import Profile, anchors_of, profile_of
from recommender.results.learning import Audience
from recommender.scoring.cold_start import audience_mask
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import evenly

SHRINK = 30
"""Held-out items that a relation needs to be believed as much as the mean of its domain."""
MOST_TASKS = 2_000
DRAWN = 50
"""Items drawn by popularity that a held-out item is compared with."""
UNKNOWN = 0.1
"""Worth of a relation in a domain where none can be judged."""
BRIDGED = {BridgeKernel.name: 0.5, FarBridge.name: 0.25, Propagation.name: 0.25}
"""What a bridge weighs beside the best path from the same anchors to the same items."""
SHORT, LONGER = 3, 0.25
"""Steps up to which a path loses nothing, and its factor for each step more."""
LOUD = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0)
"""What popularity may weigh, at 1 as loud as paths are for the best item of a person, in the mean of those reached."""
UNCROSSED = 0.05
"""Part of the people reached for whom something may stand before the first items of their paths that none leads to."""
LED = 10
"""Places that items have before what nothing leads to, where paths lead to as many."""
MOST_PEOPLE = 500


@dataclass(frozen=True)
class RelationWorth:
    """``auc``: of held-out items against others drawn by popularity, by what a relation shares with what its user
    used; ``items``: how many held-out items of people whom it reaches; ``worth``: in [0, 1], shrunk to the mean of the
    domain."""

    auc: float
    items: int
    worth: float


Worths = Mapping[tuple[str, str], RelationWorth]
"""(domain, step from an item of it) → what it is worth."""


def relation_worths(scorer: Scorer, split: Split, seed: int = 0) -> dict[tuple[str, str], RelationWorth]:
    """What each step from items to their attributes is worth within its domain::

        ĝ = max(0, 2 · AUC − 1),   g = (n · ĝ + 30 · mean of the domain) / (n + 30)

    AUC: of ``interaction > r > ~r`` on the held-out items of people who used the domain and whom it reaches, against
    items drawn by popularity; n: how many such items. Where two are equal, half of it counts.

    :param scorer: of the training part of the split.
    """
    found: dict[tuple[str, str], RelationWorth] = {}
    schema = scorer.snapshot.schema
    for domain in schema.domains:
        tasks = evenly(validation_tasks(scorer, split, domain, "warm"), MOST_TASKS)
        types = [one for one in schema.item_types if schema.entity[one].domain == domain]
        steps = [step for one in types for step in attribute_steps(schema, one)]
        judged = {step: _auc(scorer, domain, step, tasks, seed) for step in steps}
        values = {step: max(0.0, 2 * auc - 1) for step, (auc, items) in judged.items() if items >= SHRINK}
        mean = float(np.mean(list(values.values()))) if values else UNKNOWN
        for step, (auc, items) in judged.items():
            worth = (items * max(0.0, 2 * auc - 1) + SHRINK * mean) / (items + SHRINK)
            found[domain, step] = RelationWorth(auc, items, worth)
    return found


def crossing_prior(schema: Schema, metapaths: Sequence[Metapath], worths: Worths) -> dict[str, float]:
    """Metapath → what it weighs without evidence, the largest 1; paths through people, and learned kernels but for
    bridges, are left out: without people in both domains they say nothing::

        w = √(g(first attribute step) · g(last, read from the item)) · ¼^(steps − 3)

    A path that has one attribute step only, from what somebody said of herself to items, counts by that.
    """
    found = {}
    for path in metapaths:
        if path.learned is None and (ends := _ends(schema, path)):
            known = [worths[end].worth for end in ends if end in worths]
            if len(known) == len(ends):
                weight = float(np.prod(known)) ** (1 / len(known)) * LONGER ** max(0, len(path.steps) - SHORT)
                found[str(path)] = weight
    for path in metapaths:
        if path.learned is not None and path.learned.kernel in BRIDGED:
            direct = [
                found[str(one)]
                for one in metapaths
                if one.learned is None and str(one) in found and _alike(schema, one, path)
            ]
            found |= {str(path): BRIDGED[path.learned.kernel] * max(direct)} if direct else {}
    most = max(found.values(), default=0.0)
    return {name: weight / most for name, weight in found.items() if weight > 0}


def popularity_beside(
    scorer: Scorer, split: Split, prior: Mapping[str, float], worths: Worths
) -> dict[tuple[str, Audience], float]:
    """(domain, audience) → what popularity weighs beside paths that weigh their prior: as loud as it pays best beside
    ``interaction > r > ~r``, weighed by the worth of r, for people who know the domain; but no louder than leaves the
    first ten items to those that paths lead to, for nearly everybody whom they reach.

    :param scorer: of the training part of the split.
    """
    found: dict[tuple[str, Audience], float] = {}
    for domain in scorer.snapshot.schema.domains:
        tasks = evenly(validation_tasks(scorer, split, domain, "warm"), MOST_TASKS // 2)
        own = _within(scorer, domain, worths)
        if len(tasks) < SHRINK or not own:
            continue
        loud = _paying(scorer, domain, tasks, own)
        audiences: tuple[Audience, ...] = ("crossing", "told")
        for audience in audiences:
            best, most = _reached(scorer, domain, _people(scorer, domain, audience), prior)
            if len(best) >= SHRINK:
                bound = float(np.quantile(most, UNCROSSED, method="lower"))
                found[domain, audience] = min(loud * float(best.mean()), bound)
    return found


def _within(scorer: Scorer, domain: str, worths: Worths) -> dict[str, float]:
    """Metapath from used items over one attribute back to items of the domain → its worth, the largest 1."""
    interactions = scorer.snapshot.schema.interactions_with(domain)
    tails = {(step, inverse_of(step)): one.worth for (name, step), one in worths.items() if name == domain}
    found = {
        str(path): tails[path.tail] for path in scorer.metapaths if path.start in interactions and path.tail in tails
    }
    most = max(found.values(), default=0.0)
    return {name: worth / most for name, worth in found.items() if worth > 0}


def _paying(scorer: Scorer, domain: str, tasks: Sequence[Task], weights: Mapping[str, float]) -> float:
    """How loud popularity is to be beside paths so that NDCG@10 of held-out items is best."""
    inside, gains = scorer.catalogue.of_domain(domain), np.zeros(len(LOUD))
    users = [user for user, _ in tasks]
    best, _ = _reached(scorer, domain, users, weights)
    for (_, held), (profile, paths) in zip(tasks, _each(scorer, users, weights), strict=True):
        if paths.any():
            allowed = np.flatnonzero(allowed_items(scorer, profile, inside, held))
            scores = paths[allowed] + best.mean() * np.outer(LOUD, scorer.catalogue.popularity[allowed])
            right = int(np.searchsorted(allowed, held[0]))
            gains += gain_of((scores >= scores[:, [right]]).sum(axis=1))
    return LOUD[int(np.argmax(gains))]


def _reached(
    scorer: Scorer, domain: str, people: Sequence[User], weights: Mapping[str, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of the people whom paths reach: what these give the best item of each, and the most that popularity may weigh so
    that no item that none leads to is before the first of theirs: two arrays of shape (people reached,)."""
    inside = np.flatnonzero(scorer.catalogue.of_domain(domain))
    popular, best, most = scorer.catalogue.popularity[inside], list[float](), list[float]()
    for _, found in _each(scorer, people, weights):
        paths = found[inside]
        carried = paths > 0
        if carried.any():
            above = popular[~carried].max(initial=0.0) - popular[carried]
            held = np.where(above > 0, paths[carried] / np.where(above > 0, above, 1.0), np.inf)
            best.append(float(paths.max()))
            most.append(float(np.sort(held)[-min(LED, len(held))]))
    return np.array(best), np.array(most)


def _each(
    scorer: Scorer, people: Sequence[User], weights: Mapping[str, float]
) -> Iterator[tuple[Profile, NDArray[np.float64]]]:
    """Each person's profile, and what paths give everything for her: shape (catalogue.size,)."""
    size = max(16, CELLS // max(scorer.catalogue.size, 1))
    for start in range(0, len(people), size):
        profiles = [profile_of(scorer.snapshot, *user) for user in people[start : start + size]]
        yield from zip(profiles, _weighed(scorer, profiles, weights), strict=True)


def _weighed(scorer: Scorer, profiles: Sequence[Profile], weights: Mapping[str, float]) -> NDArray[np.float64]:
    """What paths give profiles, weighed: shape (profiles, catalogue.size)."""
    base, found = BaseScores(scorer, profiles), np.zeros((len(profiles), scorer.catalogue.size))
    for path in scorer.metapaths:
        if str(path) in weights:
            base.add(found, path, weights[str(path)])
    return found


def _people(scorer: Scorer, domain: str, audience: Audience) -> Sequence[User]:
    """Some of an audience of a domain, evenly spread."""
    found = [
        (name, idx)
        for name in scorer.snapshot.schema.user_types
        for idx in np.flatnonzero(audience_mask(scorer.snapshot, name, domain, audience)).tolist()
    ]
    return evenly(found, MOST_PEOPLE)


def _alike(schema: Schema, path: Metapath, other: Metapath) -> bool:
    """Whether two start at the same anchors and end at the same items."""
    return path.start == other.start and path.item_type(schema) == other.item_type(schema)


def _ends(schema: Schema, path: Metapath) -> list[tuple[str, str]]:
    """The first and the last attribute step of a path, read from the item, each with its domain; none where it leads
    through people, or from what was used of a domain to the same."""
    if any(schema.ends(step)[1] in schema.user_types for step in path.steps):
        return []
    if schema.entity[schema.ends(path.start)[1]].domain == schema.entity[path.item_type(schema)].domain:
        return []
    found = []
    for step in path.steps[1:]:
        one = step if schema.ends(step)[0] in schema.item_types else inverse_of(step)
        found.append((schema.entity[schema.ends(one)[0]].domain or "", one))
    judged = [one for one in found if one[0]]
    return [judged[0], judged[-1]] if judged else []


def _auc(scorer: Scorer, domain: str, step: str, tasks: Sequence[Task], seed: int) -> tuple[float, int]:
    """AUC of held-out items against some drawn by popularity, by a shared attribute, and how many items."""
    schema, item_type = scorer.snapshot.schema, scorer.snapshot.schema.ends(step)[0]
    part = scorer.catalogue.slices[item_type]
    inside = [(user, held[0] - part.start) for user, held in tasks if part.start <= held[0] < part.stop]
    tail = (step, inverse_of(step))
    there, back = (scorer.kernels.transitions.matrix(tail, position) for position in range(2))
    random, wins, total = np.random.default_rng([seed, 22, *step.encode()]), 0.0, 0
    counts = np.zeros(part.stop - part.start)
    for name in schema.interactions_with(domain):
        if schema.relation[name].tail == item_type:
            counts += np.diff(scorer.snapshot.adjacency(f"~{name}").indptr)
    if not counts.sum():
        return 0.5, 0
    items = csr_array(back.T)
    for user_type in schema.user_types:
        mine = [(idx, held) for (name, idx), held in inside if name == user_type]
        if not mine:
            continue
        users = np.array([idx for idx, _ in mine], dtype=np.int64)
        used, tastes = _tastes(scorer, user_type, item_type, users, there)
        reached = np.flatnonzero(np.diff(tastes.indptr) > 0)
        drawn = random.choice(len(counts), (len(mine), DRAWN), p=counts / counts.sum())
        for row in reached.tolist():
            held = mine[row][1]
            others = drawn[row][~np.isin(drawn[row], [held, *used.indices[used.indptr[row] : used.indptr[row + 1]]])]
            if len(others):
                scores = items[np.concatenate([[held], others])] @ tastes[[row]].toarray()[0]
                wins += float((scores[1:] < scores[0]).mean() + 0.5 * (scores[1:] == scores[0]).mean())
                total += 1
    return (wins / total if total else 0.5), total


def _tastes(
    scorer: Scorer, user_type: str, item_type: str, users: NDArray[np.int64], there: csr_array
) -> tuple[csr_array, csr_array]:
    """What users used of an item type, and its attributes, both with the weights of paths."""
    schema = scorer.snapshot.schema
    names = [
        n for n in schema.interactions if (schema.relation[n].head, schema.relation[n].tail) == (user_type, item_type)
    ]
    used = csr_array((len(users), there.shape[0]))
    for name in names:
        used = csr_array(used + anchors_of(scorer.snapshot, name, users))
    tastes = csr_array(used @ there)
    tastes.eliminate_zeros()
    return used, tastes
