"""What a partner can make of the sums that `federate offer` sends: who is in them, and what somebody used.

    python benchmarks/federation_attack.py FOLDER [--workspace SHOP]

Half of the people, by lot (seed 0), are in the sums; the other half is not, and is what chance looks like. Attackers:

- *who is in*: knows everything somebody used, and asks how many pairs of it the file tells: members against others.
- *what she used*: knows all somebody used but one item, and ranks all by what the file tells of pairs with the rest:
  how often the right one beats one drawn at random, of members and of others; the difference is what the file tells of
  her and not of people like her.
- *all but one*: knows everything of everybody else, and compares the file with what it would be without her: for which
  part of the people any number differs, and how many at most. k bounds groups, not somebody who knows a whole company
  but one person: noise would (ε), and pairs of items do not survive it.

- *adding first*: would it do to add both companies' sums, masked, and to open what is at least k jointly? A quarter of
  the people is the reader's. She takes her own part from each sum: told is for how many pairs she then has an exact
  number of the other's people between 1 and k − 1, and, were sums opened in steps of k, for how many she knows that
  somebody, and fewer than k, used both. Of what `federate offer` sends, none.

- *differences*: knows which items have which attribute, and takes what is told of pairs, or follows from their not
  being told, from sums over attributes: the cheapest parts that cover a sum but for one that is not told, found
  greedily. Where they are of fewer people than the sum, somebody used that one, and fewer than k did. Told is how many
  sums give such a thing away, of some items by lot: were they told as they are, and as `federate offer` lowers them.

- *files of several k*: puts what each file rounds to steps of its own together. Told is how many of the pairs of items
  that the first file tells are then known exactly, and among how many numbers each is left: of files in any steps, and
  of those that `federate offer` makes after the first.

Without k (k = 1) the same attacks show what the bound is worth. The example is made where no workspace is named.
"""

import shutil
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from difference_search import Differences
from numpy.typing import NDArray
from program import whyrec
from rich.console import Console
from rich.table import Table
from scipy.sparse import csr_array

from kg.k_anonymity import step_end
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import Interactions
from recommender.catalogue.shared_use.counting import SharedUse, capped, shared_use
from recommender.splitting.interaction_splits import hold_out

BOUNDS = (1, 2, 5, 10)
SEVERAL = ((5,), (5, 6), (5, 6, 7, 8, 9), (5, 10, 20))
"""Files that one partner has together; only the last of them are made one after another."""
LOOKED_AT = 40
"""People who are taken out one by one."""
ITEMS = 60
"""Items whose sums are subtracted."""


def main(
    folder: Annotated[Path, typer.Argument(help="Where the example is made.")],
    workspace: Annotated[Path | None, typer.Option(help="A loaded workspace in place of the example.")] = None,
) -> None:
    """Attack and print."""
    if workspace is None:
        shutil.rmtree(folder, ignore_errors=True)
        workspace = folder / "shop"
        whyrec(None, "init", str(workspace), "--example")
        whyrec(workspace, "load")
    snapshot = Workspace(workspace).held().snapshot()
    everybody = Interactions(snapshot)
    lot = np.random.default_rng(0).permutation(everybody.matrix.shape[0])
    inside = np.zeros(len(lot), dtype=bool)
    inside[lot[: len(lot) // 2]] = True
    inside &= np.diff(everybody.matrix.indptr) > 1
    outside = ~inside & (np.diff(everybody.matrix.indptr) > 1)
    sent = _without(snapshot, np.flatnonzero(~inside))
    table = Table(title=f"{inside.sum():,} people in the sums, {outside.sum():,} not", title_justify="left")
    columns = ("k", "pairs of items", "smallest number", "who is in: AUC", "item: AUC in", "item: AUC others")
    for column in (*columns, "all but one: differs for", "numbers at most"):
        table.add_column(column, justify="right")
    for k in BOUNDS:
        found = shared_use(sent, k)
        told = _told(found, Catalogue(snapshot), everybody.matrix.shape[1])
        marks = _pairs_told(everybody.matrix, told)
        guesses = [_guessed(csr_array(everybody.matrix[who]), told) for who in (inside, outside)]
        differs = _all_but_one(sent, found, np.flatnonzero(inside)[:LOOKED_AT], k)
        table.add_row(
            str(k),
            f"{found.of_items:,}",
            f"{min(found.used.min(initial=k), found.pairs[2].min(initial=k))}",
            f"{_auc(marks[inside], marks[outside]):.3f}",
            *(f"{one:.3f}" for one in guesses),
            f"{np.mean(differs > 0):.0%}",
            f"{differs.max():,} of {len(found.used) + found.pairs.shape[1]:,}",
        )
    Console(width=160).print(table)
    _show_differences(sent)
    _show_adding(everybody.matrix, lot < len(lot) // 4)
    _show_several(snapshot)


def _show_differences(sent: Snapshot) -> None:
    """What subtracting sums from each other tells."""
    catalogue, matrix = Catalogue(sent), capped(Interactions(sent).matrix)
    table = Table(title="Differences of sums over attributes, items and pairs", title_justify="left")
    for column in ("k", "items", "sums as they are", "tell of 1 … k − 1", "sums sent", "tell of 1 … k − 1"):
        table.add_column(column, justify="right")
    lot = np.random.default_rng(0).permutation(catalogue.size)[:ITEMS]
    for k in BOUNDS[1:]:
        differences = Differences.of(sent, matrix, k)
        whole, told = differences.whole, differences.sent(shared_use(sent, k), catalogue)
        asked = np.append(lot, catalogue.size)
        row = [n for some in (whole, told) for n in (some[:, asked].nnz, differences.given_away(some, asked))]
        table.add_row(*(f"{one:,}" for one in (k, len(lot), *row)))
    Console(width=160).print(table)


def _show_adding(matrix: csr_array, mine: NDArray[np.bool_]) -> None:
    """What opening joint sums would tell the reader of the other company's people."""
    both = [_shared(csr_array(matrix[who])) for who in (mine, ~mine)]
    table = Table(title="Joint sums opened from k on", title_justify="left")
    for column in ("k", "pairs opened", "pairs that the other would send", "tell exactly 1 … k − 1", "in steps of k"):
        table.add_column(column, justify="right")
    for k in BOUNDS[1:]:
        own, other = both
        opened = own + other >= k
        few = opened & (other > 0) & (other < k)
        at_least_one = few & ((own + other) // k * k > own)
        row = (opened.sum(), (other >= k).sum(), few.sum(), at_least_one.sum())
        table.add_row(str(k), *(f"{int(one) // 2:,}" for one in row))
    Console(width=160).print(table)


def _show_several(snapshot: Snapshot) -> None:
    """What files of several k tell together."""
    table = Table(title="Files of several k together: pairs of items", title_justify="left")
    for column in ("k", "told", "exact", "left open, on average"):
        table.add_column(column, justify="right")
    for bounds in SEVERAL:
        first, *files = [_pairs_of(shared_use(snapshot, k)) for k in bounds]
        low, high = np.array(list(first.values())), np.array([step_end(n, bounds[0]) for n in first.values()])
        for k, file in zip(bounds[1:], files, strict=True):
            told = np.array([file.get(two, 0) for two in first])
            low = np.maximum(low, told)
            high = np.minimum(high, [step_end(n, k) if n else k - 1 for n in told.tolist()])
        table.add_row(*map(str, (bounds, len(first), int((low == high).sum()), f"{(high - low + 1).mean():.2f}")))
    Console(width=160).print(table)


def _pairs_of(found: SharedUse) -> dict[tuple[tuple[str, int], ...], int]:
    """Two items → how many people used both, as told."""
    pairs = found.pairs[:, : found.of_items].T.tolist()
    return {(found.things[a], found.things[b]): n for a, b, n in pairs}


def _shared(matrix: csr_array) -> NDArray[np.int64]:
    """How many people used two items both: shape (items, items), nobody on the diagonal."""
    found = np.asarray((matrix.T @ matrix).todense(), dtype=np.int64)
    np.fill_diagonal(found, 0)
    return found


def _without(snapshot: Snapshot, rows: NDArray[np.int64]) -> Snapshot:
    """A snapshot without what some people used."""
    gone, starts, masks = set(rows.tolist()), Interactions(snapshot), dict[str, NDArray[np.bool_]]()
    for name in snapshot.schema.interactions:
        start = starts.start(snapshot.schema.relation[name].head)
        counts = np.diff(snapshot.adjacency(name).indptr)
        masks[name] = np.repeat([start + idx in gone for idx in range(len(counts))], counts).astype(bool)
    return hold_out(snapshot, masks, {}).train


def _told(found: SharedUse, catalogue: Catalogue, size: int) -> csr_array:
    """What the file tells of pairs of items, on the axis of the catalogue, both ways."""
    at = np.array([catalogue.position(*one) for one in found.things[: found.items]], dtype=np.int64)
    first, second, people = found.pairs[:, : found.of_items]
    one_way = csr_array((people.astype(np.float64), (at[first], at[second])), shape=(size, size))
    return csr_array(one_way + one_way.T)


def _pairs_told(matrix: csr_array, told: csr_array) -> NDArray[np.float64]:
    """For each person the part of the pairs of what she used that the file tells of."""
    lengths = np.diff(matrix.indptr).astype(np.float64)
    pairs = np.asarray((csr_array(matrix @ told.sign())).multiply(matrix).sum(axis=1)).ravel()
    return pairs / np.maximum(lengths * (lengths - 1), 1.0)


def _guessed(matrix: csr_array, told: csr_array) -> float:
    """How often the hidden item is ranked above one that was drawn at random, ties half."""
    generator, right = np.random.default_rng(1), list[float]()
    for row in range(matrix.shape[0]):
        used = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        hidden = generator.choice(used)
        scores = np.asarray(told[used[used != hidden]].sum(axis=0)).ravel()
        others = np.setdiff1d(np.arange(matrix.shape[1]), used)
        right.append(float(np.mean(scores[hidden] > scores[others]) + np.mean(scores[hidden] == scores[others]) / 2))
    return float(np.mean(right))


def _auc(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    above = inside[:, None] > outside[None]
    return float(above.mean() + (inside[:, None] == outside[None]).mean() / 2)


def _all_but_one(sent: Snapshot, found: SharedUse, people: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """For each of some people in how many numbers the file without her differs."""
    whole = _numbers(found)
    return np.array([len(whole ^ _numbers(shared_use(_without(sent, np.array([one])), k))) for one in people.tolist()])


def _numbers(found: SharedUse) -> set[tuple[object, ...]]:
    things = found.things
    pairs = {(things[a], things[b], n) for a, b, n in found.pairs.T.tolist()}
    return pairs | set(zip(things, found.used.tolist(), strict=True))


if __name__ == "__main__":
    typer.run(main)
