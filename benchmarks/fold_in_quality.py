"""How good folded-in vectors are beside those of full retraining, on COCO's graph.

    WHYREC_DATA=… python benchmarks/fold_in_quality.py [--models TransE,…] [--new 0.1]

A tenth of the courses is new: four fifths of their triples are known, one fifth is ranked, among the relation's type.
Full retraining knows the same triples. Ranked apart: the new course as what is missing, what is missing of it, and
old courses that as many people took, which the new ones must not crowd out: their ratio is to the old vectors' figure
where no new course is ranked at all, for without retraining there is no more to be had.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from triple_graphs import COURSES, Rows, coco

from embeddings.link_prediction.held_out import HeldOut
from embeddings.link_prediction.ranking import rank_triples
from embeddings.training.epochs import Epochs
from embeddings.training.train_vectors import reproducible
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.fold_in import fitted
from embeddings.vectors.models import PRODUCTS
from embeddings.vectors.scoring import VectorScorer
from embeddings.vectors.triples import TripleSet

Tables = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
CONSOLE = Console(width=150)
CPU = torch.device("cpu")


def main(
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")],
    models: Annotated[str, typer.Option(help="Which models.")] = ",".join(PRODUCTS),
    new: Annotated[float, typer.Option(help="Part of the courses that is new.")] = 0.1,
) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    graph, draw = coco(data), np.random.default_rng(0)
    fresh = np.sort(draw.permutation(COURSES)[: int(new * COURSES)])
    is_new = np.isin(np.arange(graph.entities), fresh)
    ends = is_new[graph.rows[:, [0, 2]]]
    old, mine = graph.rows[~ends.any(axis=1)], graph.rows[ends.any(axis=1)]
    mine = mine[draw.permutation(len(mine))]
    test, known = mine[: len(mine) // 5], mine[len(mine) // 5 :]
    side = is_new[test[:, 2]].astype(int)  # where the course stands: 0 head, 1 tail
    old = old[draw.permutation(len(old))]
    taken = np.flatnonzero(old[:, 2] < COURSES)[: len(test)]
    others, old = old[taken], np.delete(old, taken, axis=0)
    table = Table(title=f"{len(fresh)} new courses, {len(known):,} known and {len(test):,} ranked triples: MRR")
    old_course = "old: full, alone, folded, ratio"
    for heading in ("model", *(f"{what}: full, folded, ratio" for what in ("course", "rest")), old_course, "CPU s"):
        table.add_column(heading, justify="right")
    for model in models.split(","):
        config = TrainingConfig(model=model)
        start, relation = trained(graph.with_rows(old), config)
        full = trained(graph.with_rows(np.concatenate([old, known])), config)
        start[fresh] = start[:COURSES][~is_new[:COURSES]].mean(axis=0)
        began = time.process_time()
        folded = fitted(config, start, relation, fresh, graph.with_rows(np.concatenate([old, known])))
        seconds, cells = time.process_time() - began, []
        assert np.array_equal(folded[~is_new], start[~is_new])
        for missing in (side, 1 - side):
            pair = [mrr(model, tables, test, missing, graph) for tables in (full, (folded, relation))]
            cells.append(f"{pair[0]:.4f} {pair[1]:.4f} {pair[1] / pair[0]:.2f}")
        tails = np.ones(len(others), dtype=int)
        every = [mrr(model, tables, others, tails, graph) for tables in (full, (folded, relation))]
        hidden = np.repeat(others, len(fresh), axis=0)  # as if they were known, new courses are not ranked
        hidden[:, 2] = np.tile(fresh, len(others))
        alone = mrr(model, (start, relation), others, tails, graph.with_rows(np.concatenate([graph.rows, hidden])))
        cells.append(f"{every[0]:.4f} {alone:.4f} {every[1]:.4f} {every[1] / alone:.2f}")
        CONSOLE.print(model, *cells)
        table.add_row(model, *cells, f"{seconds:.1f}")
    CONSOLE.print(table)


def trained(graph: TripleSet, config: TrainingConfig) -> Tables:
    """Vectors of entities and relations, stopped early."""
    with reproducible(CPU), tempfile.TemporaryDirectory() as folder:
        epochs = Epochs(HeldOut.of(graph, config), config, CPU, Path(folder))
        while not epochs.finished and epochs.run_one():
            epochs.validate()
        epochs.take_best()
        entity, relation = epochs.tables()
        return entity.copy(), relation.copy()


def mrr(model: str, tables: Tables, rows: Rows, missing: Rows, graph: TripleSet) -> float:
    """Mean of 1 / rank of one missing side of each triple."""
    rank = rank_triples(VectorScorer(model, *tables), rows, graph, graph.rows, "type").rank
    return float((1 / rank[np.arange(len(rows)), missing]).mean())


if __name__ == "__main__":
    if os.environ.get("OMP_NUM_THREADS") != "1":  # is read when the libraries are loaded, so begin anew
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"OMP_NUM_THREADS": "1"})
    typer.run(main)
