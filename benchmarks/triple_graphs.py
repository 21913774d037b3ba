"""The graphs of the embedding benchmarks as triples: COCO, Amazon Beauty, and PyKEEN's bundled UMLS and Kinships."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.vectors.triples import TripleSet

COURSES = 8196
"""Entities of COCO that are courses, the first ones."""
Rows = NDArray[np.int64]
Typed = list[tuple[str, str, str, Rows]]
"""Relation, head type, tail type, pairs of indices within the types."""
BEAUTY = {
    "also_bought_p_p": ("product", "related"),
    "also_viewed_p_p": ("product", "related"),
    "bought_together_p_p": ("product", "related"),
    "brand_p_b": ("product", "brand"),
    "category_p_c": ("product", "category"),
}


def coco(data: Path) -> TripleSet:
    """Enrolments of the earlier part and the knowledge graph: 197 k triples, users, courses and five more types."""
    folder = data / "coco"
    course = {pid: int(eid) for eid, pid, *_ in fields(folder / "i2kg_map.txt.gz", header=True)}
    graph = np.array([[int(cell) for cell in line] for line in fields(folder / "kg_final.txt.gz", header=True)])
    links: Typed = []
    for relation in np.unique(graph[:, 1]).tolist():
        pairs = graph[graph[:, 1] == relation][:, [0, 2]]
        pairs[:, 1] = np.unique(pairs[:, 1], return_inverse=True)[1]
        links.append((f"r{relation}", "course", f"t{relation}", pairs))
    users: dict[str, int] = {}
    events = [
        (users.setdefault(line[0], len(users)), course[line[1]])
        for line in fields(folder / "valid.txt.gz")
        if line[1] in course
    ]
    return typed([*links, ("enrolled", "user", "course", np.array(events))])


def beauty(data: Path) -> TripleSet:
    """Purchases of the training part and the knowledge graph: 1.27 M triples, 201 k entities, of which 165 k are
    related products, most of them outside the catalogue."""
    folder = data / "amazon_beauty"
    links: Typed = [
        (name, head, tail, np.array(list(adjacency(folder / f"{name}.txt.gz"))))
        for name, (head, tail) in BEAUTY.items()
    ]
    bought = [
        (int(line[0]), int(item)) for line in fields(folder / "cafe_train_labels.txt.gz") for item in line[1:] if item
    ]
    return typed([*links, ("purchased", "user", "product", np.array(bought))])


def bundled(name: str) -> tuple[TripleSet, Rows, Rows]:
    """UMLS or Kinships as PyKEEN splits it: training triples, validation rows, test rows."""
    from pykeen.datasets import get_dataset

    dataset = get_dataset(dataset=name)
    train, valid, test = (
        part.mapped_triples.numpy() for part in (dataset.training, dataset.validation, dataset.testing)
    )
    return TripleSet.untyped(train, dataset.num_entities, dataset.num_relations), valid, test


def typed(links: Typed) -> TripleSet:
    """Number the entities type by type."""
    counts: dict[str, int] = {}
    for _, head, tail, pairs in links:
        for name, column in ((head, 0), (tail, 1)):
            counts[name] = max(counts.get(name, 0), int(pairs[:, column].max()) + 1)
    names = sorted(counts)
    starts = dict(zip(names, np.cumsum([0, *(counts[name] for name in names)]).tolist(), strict=False))
    rows, ranges = [], []
    for position, (_, head, tail, pairs) in enumerate(links):
        unique = np.unique(pairs, axis=0)
        column = np.full(len(unique), position)
        rows.append(np.stack([unique[:, 0] + starts[head], column, unique[:, 1] + starts[tail]], axis=1))
        ranges.append([[starts[end], starts[end] + counts[end]] for end in (head, tail)])
    return TripleSet(np.concatenate(rows), sum(counts.values()), len(links), np.array(ranges))


def fields(path: Path, header: bool = False) -> Iterator[list[str]]:
    """The cells of a gzipped table."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        if header:
            next(file)
        for line in file:
            yield line.rstrip("\n").split("\t")


def adjacency(path: Path) -> Iterator[tuple[int, int]]:
    """Line number and each index on the line."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            for cell in line.split():
                yield number, int(cell)
