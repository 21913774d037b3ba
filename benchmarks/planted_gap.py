"""Is a planted gap the first that ``gaps`` names? The example anew for each seed, a concern's courses taken out.

    python benchmarks/planted_gap.py [--seeds 20] [--first 0]

For each seed the bundled example is generated and loaded with that seed. Of the concerns that most people say they
have (the upper half), one is drawn, and every course that deals with it is taken out, with its enrolments. Default
weights. Prints for each seed what was planted, its place among the gaps of courses, and whom a new course would reach;
then how often it was first. Exit code 1 where that is less than 19 of 20.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from planted_graphs import graph_of

import whyrec
from kg.example.generate import write
from kg.snapshot.snapshot import Snapshot
from recommender.learning.model import open_model
from recommender.marketing.crowd import Crowd
from recommender.marketing.gaps import gaps
from recommender.results.marketing import Gaps
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender

WANTED = 0.95


def planted(folder: Path, seed: int) -> tuple[str, Gaps]:
    """The concern whose courses were taken out, and the gaps that are found."""
    engine = whyrec.create(folder / "example", example=True)
    write(folder / "example", seed)
    engine.load()
    snapshot = engine.snapshot
    people = np.diff(snapshot.adjacency("~has_concern").indptr)
    upper = np.argsort(-people, kind="stable")[: len(people) // 2]
    concern = int(np.random.default_rng(seed).choice(upper))
    gone = {int(one) for one in snapshot.neighbours("~addresses", concern)[0]}
    changed = without(folder / "planted", snapshot, gone)
    recommender = Recommender(open_model(folder / "model", changed, folder / "kernels"))
    return snapshot.vocabulary.id("Concern", concern), gaps(Crowd(recommender, Rules(domain="courses")), "courses")


def without(folder: Path, snapshot: Snapshot, gone: set[int]) -> Snapshot:
    """The graph without some courses, and without whatever is linked to nothing else."""
    vocabulary = snapshot.vocabulary
    entities = {name: [vocabulary.id(name, one) for one in range(vocabulary.count(name))] for name in vocabulary.types}
    removed = {vocabulary.id("Course", one) for one in gone}
    entities["Course"] = [one for one in entities["Course"] if one not in removed]
    triples = {}
    for name, relation in snapshot.schema.relation.items():
        matrix = snapshot.adjacency(name).tocoo()
        ends = zip(matrix.row.tolist(), matrix.col.tolist(), strict=True)
        pairs = [(vocabulary.id(relation.head, head), vocabulary.id(relation.tail, tail)) for head, tail in ends]
        course = {"Course"} & {relation.head, relation.tail}
        triples[name] = [one for one in pairs if not (course and removed & {*one})]
    return graph_of(folder, entities, triples, snapshot.schema.model_dump(exclude_unset=True))


def main() -> int:
    """Plant, look, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    first = 0
    for seed in range(options.first, options.first + options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            concern, found = planted(Path(folder), seed)
        names = [one.entity.id for one in found.gaps]
        place = names.index(concern) + 1 if concern in names else None
        first += place == 1
        best = found.gaps[0]
        told = f"{best.entity.id} reaches {best.people_reached}, demand {best.demand}, supply {best.supply}"
        print(f"seed {seed}: planted {concern}, place {place}; first {told}", flush=True)
    print(f"first in {first} of {options.seeds}")
    return 0 if first >= WANTED * options.seeds else 1


if __name__ == "__main__":
    sys.exit(main())
