"""What crossings of Sephora and COCO rest on, read by hand: a hundred links drawn at random, right or wrong.

    python benchmarks/crossing_links.py WORKSPACE [--seed 13] [--out FILE.csv]

Draws from all pairs of an item and a topic or concern over which anything leads into the other domain: ``link``,
mapped; ``kind``, what most of its kind have; ``bridge``, what its people surely also chose. In
``sephora_coco/links_read.csv`` stand those that were read, with what was thought of each; what of a new draw stands in
it is counted, the rest is written down to be read.
"""

import csv
import random
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.catalogue.inferred_attributes import inferred
from recommender.catalogue.likely_attributes import likely_attributes, linked_attributes, shared_steps

READ = Path(__file__).parent / "sephora_coco" / "links_read.csv"
DRAWN = 100
COLUMNS = ("right", "kind", "item", "attribute", "because")
TYPES = (("Course", "Product"), ("Product", "Course"))
Link = tuple[str, str, str]
CONSOLE = Console(width=140)


def main(
    workspace: Annotated[Path, typer.Argument(help="The workspace of sephora_coco.py or crossing.py.")],
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 13,
    out: Annotated[Path | None, typer.Option(help="Where what was not read yet is written.")] = None,
) -> None:
    """Draw, and count what was read."""
    links = sorted(_links(Workspace(workspace).snapshot()))
    drawn = random.Random(seed).sample(links, min(DRAWN, len(links)))
    with READ.open(encoding="utf-8", newline="") as file:
        read = {(row["kind"], row["item"], row["attribute"]): row["right"] == "yes" for row in csv.DictReader(file)}
    known = [one for one in drawn if one in read]
    right = Counter(kind for kind, *rest in known if read[kind, rest[0], rest[1]])
    every = Counter(kind for kind, *_ in known)
    CONSOLE.print(
        f"{len(links)} links: " + ", ".join(f"{n} {kind}" for kind, n in Counter(k for k, *_ in links).items())
    )
    CONSOLE.print(f"{len(drawn)} drawn, {len(known)} of them read, {right.total()} right")
    CONSOLE.print(", ".join(f"{kind}: {right[kind]} of {n}" for kind, n in sorted(every.items())))
    if out is not None:
        with out.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *(("", *one, "") for one in sorted(drawn) if one not in read)])


def _links(snapshot: Snapshot) -> set[Link]:
    """(kind, label of the item, label of the attribute), where items of the other domain have the attribute."""
    found = set[Link]()
    for item_type, other in TYPES:
        for there, back in shared_steps(snapshot.schema, item_type, other):
            attribute = snapshot.schema.ends(there)[1]
            known = linked_attributes(snapshot, back).toarray().any(axis=0)
            kinds = {
                "link": linked_attributes(snapshot, there),
                "kind": likely_attributes(snapshot, there, other),
                "bridge": inferred(snapshot, there).strength,
            }
            for kind, matrix in kinds.items():
                pairs = matrix.tocoo()
                for item, idx in zip(pairs.coords[0].tolist(), pairs.coords[1].tolist(), strict=True):
                    if known[idx]:
                        found.add((kind, snapshot.label(item_type, item), snapshot.label(attribute, idx)))
    return found


if __name__ == "__main__":
    typer.run(main)
