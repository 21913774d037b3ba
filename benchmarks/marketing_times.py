"""How long the shop's questions take: audience, bridge, gaps, item, overview.

    OMP_NUM_THREADS=1 python benchmarks/marketing_times.py WORKSPACE…           # loaded, trained or not
    OMP_NUM_THREADS=1 python benchmarks/marketing_times.py --generated WORK-FOLDER [--scale 0.1]

The second asks a generated shop (``large_shop.py``; scale 1 is 1,000,000 people and 200,000 items) by default weights.
Each question is asked of a process that has answered nothing yet but opened its model, so that it ranks for everybody,
or a sample, itself; seconds on the clock, and of the processor. What it is asked about is what most items have.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from large_shop import make_snapshot

import whyrec
from recommender.learning.model import open_model
from recommender.marketing.audience import audience, subject_of
from recommender.marketing.bridges.bridges import bridges
from recommender.marketing.crowd import Crowd
from recommender.marketing.gaps import gaps
from recommender.marketing.items.report import item_report
from recommender.marketing.overview.overview import overview
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender

Entity = tuple[str, int]


def questions(recommender: Recommender) -> dict[str, Callable[[], object]]:
    """The five questions, each with crowds of its own."""
    snapshot, catalogue = recommender.snapshot, recommender.catalogue
    domains = list(dict.fromkeys(snapshot.schema.entity[name].domain or "" for name in catalogue.types))
    entity = _commonest(recommender)
    item = int(np.argmax(catalogue.used))
    domain = snapshot.schema.entity[catalogue.item(item)[0]].domain

    def crowd(domain: str | None) -> Crowd:
        return Crowd(recommender, Rules(domain=domain))

    def portrait() -> object:
        everybody = crowd(None)
        return audience(everybody, subject_of(everybody, entity))

    return {
        "audience": portrait,
        "bridge": lambda: bridges(crowd(None), entity),
        "gaps": lambda: gaps(crowd(domains[0]), domains[0]),
        "item": lambda: item_report(crowd(domain), item),
        "overview": lambda: overview({one: crowd(one) for one in domains}, 90, []),
    }


def _commonest(recommender: Recommender) -> Entity:
    """The attribute, of the type of which there are fewest, that most items have."""
    snapshot = recommender.snapshot
    steps = [
        name
        for name, one in snapshot.schema.relation.items()
        if one.head in recommender.catalogue.types and one.tail not in recommender.catalogue.types
    ]
    step = min(steps, key=lambda name: snapshot.vocabulary.count(snapshot.schema.ends(name)[1]))
    return snapshot.schema.ends(step)[1], int(np.argmax(np.diff(snapshot.adjacency(f"~{step}").indptr)))


def measure(name: str, recommender: Recommender) -> None:
    """Ask, and print what each took."""
    crowd = Crowd(recommender, Rules())
    print(f"{name}: {crowd.size:,} people, {recommender.catalogue.size:,} items, lists of {len(crowd.sample):,}")
    for question, ask in questions(recommender).items():
        start, used = time.perf_counter(), time.process_time()
        ask()
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        print(f"  {question}: {seconds:.1f} s, {processor:.1f} s of processor time", flush=True)


def main() -> None:
    """Measure every workspace named, and a generated shop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspaces", nargs="*", type=Path)
    parser.add_argument("--generated", type=Path)
    parser.add_argument("--scale", type=float, default=0.1)
    options = parser.parse_args()
    for folder in options.workspaces:
        measure(str(folder), whyrec.open(folder).recommender)
    if options.generated is not None:
        snapshot = make_snapshot(options.generated, options.scale)
        model = open_model(options.generated / "model", snapshot, options.generated / "kernels")
        measure(f"generated, scale {options.scale:g}", Recommender(model))


if __name__ == "__main__":
    sys.exit(main())
