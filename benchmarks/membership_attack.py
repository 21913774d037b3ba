"""Was somebody's data used? A membership attack with shadow worlds, on what leaves and on what stays.

    python benchmarks/membership_attack.py WORKSPACE [--worlds 60] [--targets 40]

Each world holds a random half of the people. The attacker knows a target's whole history and the released numbers of
many worlds with and without her, and guesses: the area under the curve of her best number, mean over targets; .5 is a
coin. Released: exact counts of items, counts as they are told (k, in steps), private counts as they leave (what noise
alone could have made is told as less than that), numbers of people in reasons (``why``), the items of ``overview
--private`` as the product answers it, scores of lists for anchors that are only told. Not released, and attacked to say
what they would give away: the noisy numbers themselves, and model files. Beside the private ones stands what no attack
on any data can be above, by ε alone; the noise of Laplace or Gauss that keeps ε is attacked with less.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kg.k_anonymity import told_count
from kg.privacy.budget.ledger import PrivacyLedger
from kg.privacy.differential_privacy import Payment, ToldCounts, guess_bound, noise_bound, private_counts
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.triple_subset import TripleSubset
from kg.workspace.settings import PrivacySettings
from kg.workspace.workspace import Workspace
from recommender.catalogue.interactions import Interactions
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import open_model
from recommender.marketing.crowd import Crowd
from recommender.marketing.private.release import private_answer
from recommender.rules.rule_set import Rules
from recommender.scoring.k_anonymous_kernels import KAnonymousKernels
from recommender.serving.recommender import Recommender

Values = NDArray[np.float64]
PRIVATE = ((0.5, 0.0, 5), (1.0, 0.0, 5), (2.0, 0.0, 5), (0.5, 1e-6, 5), (1.0, 1e-6, 5), (2.0, 1e-6, 5), (2.0, 1e-6, 1))
"""ε, δ and the most that one person counts for."""


def half(snapshot: Snapshot, user_type: str, members: NDArray[np.bool_]) -> TripleSubset:
    """The snapshot without what people did who are no members."""
    held_out = {}
    for name in snapshot.schema.interactions:
        if snapshot.schema.relation[name].head == user_type:
            rows = np.repeat(np.arange(len(members)), np.diff(snapshot.adjacency(name).indptr))
            held_out[name] = ~members[rows]
    return TripleSubset(snapshot, held_out)


def released(world: Snapshot, relation: str, folder: Path) -> dict[str, Values]:
    """Name of what is released, or kept → its numbers: by item, or by pair of items of one type."""
    interactions = Interactions(world)
    part = interactions.catalogue.slices[world.schema.ends(relation)[1]]
    used = interactions.matrix[:, part]
    counts = np.asarray(used.sum(axis=0)).ravel()
    both = np.asarray((used.T @ used).todense())
    np.fill_diagonal(both, 0)
    told_as = np.array([told_count(n, 5) or 0 for n in range(int(counts.max(initial=0)) + 1)], dtype=np.float64)
    rounded = [told_as[numbers.astype(np.int64)] for numbers in (counts, both)]
    found = {"exact counts": counts, "counts as told": rounded[0], "people in reasons": rounded[1]}
    people, items = used.tocoo().coords
    for epsilon, delta, cap in PRIVATE:
        settings = PrivacySettings(delta=delta, contributions=cap)
        noisy = private_counts((people, items), used.shape[1], settings, epsilon)
        told = ToldCounts.of(noisy, noise_bound(settings, epsilon, used.shape[1]))
        bound = f"ε {epsilon:g}, δ {delta:g}, cap {cap} (at most {guess_bound(epsilon, delta):.3f})"
        found[f"private as it leaves, {bound}"] = told.people.astype(np.float64)
        found[f"noisy (not released), {bound}"] = noisy.astype(np.float64)
    for settings in (PrivacySettings(epsilon_per_day=9.0), PrivacySettings(delta=1e-6, contributions=1)):
        name = f"overview --private --epsilon 2, δ {settings.delta:g}, cap {settings.contributions}"
        found[name] = overview(world, relation, settings, folder)
    kernels, tail = Kernels(world, KernelConfig(), folder), (f"~{relation}", relation)
    found["scores for told anchors"] = KAnonymousKernels(kernels).kernel(tail).toarray()
    found["model files (not released)"] = kernels.kernel(tail).toarray()
    return found


def overview(world: Snapshot, relation: str, settings: PrivacySettings, folder: Path) -> Values:
    """Number of people by item of a relation, as ``overview --private`` tells it at ε = 2."""
    crowd = Crowd(Recommender(open_model(folder / "model", world, folder / "kernels")), Rules())
    payment = Payment(PrivacyLedger(Path(tempfile.mkdtemp(dir=folder)), settings), settings, 2.0)
    [items] = [one for one in private_answer(crowd, ("overview", None, None), payment).tables if one.name == "items"]
    told = {(one.type, one.id): one.people if isinstance(one.people, int) else 0 for one in items.counts}
    tail = world.schema.ends(relation)[1]
    ids = world.vocabulary.ids(tail)
    return np.array([told[tail, ids[idx]] for idx in range(world.vocabulary.count(tail))], dtype=np.float64)


def knows_everybody_else(epsilon: float, cap: int, things: int, draws: int = 20_000) -> float:
    """Area under the curve of whoever knows the data of everybody but her, by the likelihood of the Laplace noise of so
    many counts of hers that stand out: what ε alone holds back."""
    rng, scale = np.random.default_rng(0), cap / epsilon

    def likelihood(noisy: Values) -> Values:
        """How much likelier with her than without, as a logarithm."""
        return np.asarray((np.abs(noisy) - np.abs(noisy - 1)).sum(axis=1) / scale)

    noise = rng.laplace(0, scale, (2, draws, things))
    inside, outside = likelihood(noise[0] + 1), np.sort(likelihood(noise[1]))
    below = [np.searchsorted(outside, inside, side=side).mean() for side in ("left", "right")]
    return float(np.mean(below) / draws)


def area(inside: Values, outside: Values) -> float:
    """Area under the curve of one number."""
    above = (inside[:, None] > outside[None, :]).mean() + 0.5 * (inside[:, None] == outside[None, :]).mean()
    return float(above)


def main() -> None:
    """Attack and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--targets", type=int, default=40)
    told = parser.parse_args()
    snapshot, rng = Workspace(told.workspace).snapshot(), np.random.default_rng(0)
    relation = max(snapshot.schema.interactions, key=lambda name: snapshot.adjacency(name).nnz)
    user_type = snapshot.schema.ends(relation)[0]
    history = snapshot.adjacency(relation)
    known = np.flatnonzero(np.diff(history.indptr) >= 3)
    targets = rng.choice(known, min(told.targets, len(known)), replace=False).tolist()
    members, numbers = list[NDArray[np.bool_]](), dict[str, list[list[float]]]()
    for _ in range(told.worlds):
        inside = rng.random(history.shape[0]) < 0.5
        members.append(inside)
        with tempfile.TemporaryDirectory() as folder:
            answers = released(half(snapshot, user_type, inside), relation, Path(folder))
        for name, values in answers.items():
            row = numbers.setdefault(name, [])
            row.append([_evidence(values, history.indices[slice(*history.indptr[u : u + 2])]) for u in targets])
    member = np.array(members)
    for epsilon in (0.5, 1.0, 2.0):
        strict = knows_everybody_else(epsilon, 5, 5)
        print(f"who knows everybody else, ε {epsilon:g}, five things that stand out{'':<19} AUC {strict:.3f}")
    print(f"{len(targets)} targets, {told.worlds} worlds, {relation}")
    for name, rows in numbers.items():
        table = np.array(rows)
        areas = [area(table[member[:, u], t], table[~member[:, u], t]) for t, u in enumerate(targets)]
        print(f"{name:<66} AUC {np.mean(areas):.3f} ± {1.96 * np.std(areas) / np.sqrt(len(areas)):.3f}")


def _evidence(values: Values, used: NDArray[np.integer]) -> float:
    """What speaks for a history: the sum over its items, or over its pairs."""
    return float(values[used].sum() if values.ndim == 1 else values[np.ix_(used, used)].sum())


if __name__ == "__main__":
    main()
