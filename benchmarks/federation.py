"""Two companies that may not pool rows: how much of the pooled model each has from one encrypted file of the other.

    python benchmarks/federation.py FOLDER [--k 5] [--lot 100]
    WHYREC_DATA=… python benchmarks/federation.py FOLDER --data-set sport-cloth --k 2 --weights even

The people of the example, of Amazon Sport × Cloth or of Amazon Beauty are split 1 : 3 among two companies with one
catalogue; of each of the smaller one's people one item of a domain is held out (seed 0). Everything goes through the
program: load, `federate offer`, `federate accept`, `train`. Ranked is the whole domain for the smaller company's
people: alone, with the partner's sums, and pooled. The example is small, so each quarter is the smaller one in turn;
even so another lot moves federated ÷ pooled by several parts in a hundred, so that one lot tells of no two of them.
Told is each for all held-out items, for those that at least k of the partner's people used, of which the file may tell,
and for the others, of which no file may, whatever it sums.
"""

import os
import shutil
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import pyrage
import typer
from federated_shops import Example, Files, Rows, beauty, sport_cloth
from program import whyrec
from rich.console import Console
from rich.table import Table

from kg.snapshot.partner_sums import PartnerSums
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import User
from recommender.evaluation.evaluation import evaluate, scorer_of_users
from recommender.kernels.learned.union import Union
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import open_model
from recommender.scoring.blend import PARTNERS, Blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split

QUARTERS, DRAWN = 4, 2000
KEY = "WHYREC_FEDERATE_KEY"
LEARNED, EVEN, TIES = "learned", "even", 0.02
MODELS = ("alone", "federated", "pooled")
EVERY = ("all", "k or more", "fewer")
"""Which held-out items count: all, those that k of the partner's people used, the others."""
Figures = dict[tuple[str, str], tuple[float, int]]
"""Domain and which held-out items → NDCG and people."""


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and workspaces are made.")],
    data: Annotated[Path | None, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")] = None,
    data_set: Annotated[str, typer.Option(help="example, sport-cloth or beauty.")] = "example",
    k: Annotated[int, typer.Option(min=1, help="Fewest people of a number that is sent.")] = 5,
    weights: Annotated[
        str, typer.Option(help="learned by `train`, default, or even: unions and partners at 1.")
    ] = LEARNED,
    lot: Annotated[
        int, typer.Option(min=0, help="Who is the smaller company, and what is held out; 0: by number.")
    ] = 0,
) -> None:
    """Measure and print."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shop = _shop(data_set, data, folder)
    found: dict[tuple[str, str, str], list[tuple[float, int]]] = {}
    for quarter in range(QUARTERS if data_set == "example" else 1):
        for name, figures in _quarter(shop, folder / f"quarter-{quarter}", (quarter, k, lot), weights).items():
            for one, figure in figures.items():
                if figure[1]:  # at k = 2 there may be nothing that fewer used
                    found.setdefault((*one, name), []).append(figure)
    mean = {one: 100 * np.average([v for v, _ in some], weights=[n for _, n in some]) for one, some in found.items()}
    people = {one: sum(n for _, n in some) for one, some in found.items()}
    _show(mean, people, k)


def _show(mean: dict[tuple[str, str, str], float], people: dict[tuple[str, str, str], int], k: int) -> None:
    table = Table(title=f"NDCG@10 × 100 of the smaller company's people, k = {k}", title_justify="left")
    for column in ("domain", "used at the partner by", "people", *MODELS, "federated ÷ pooled", "of the gain"):
        table.add_column(column, justify="right")
    for domain, which in dict.fromkeys((domain, which) for domain, which, _ in mean):
        alone, federated, pooled = (float(mean[domain, which, name]) for name in MODELS)
        gain = f"{(federated - alone) / (pooled - alone):.0%}" if pooled > alone else "–"
        row = (f"{one:.2f}" for one in (alone, federated, pooled))
        number = people[domain, which, "alone"]
        table.add_row(domain, which, f"{number:,}", *row, f"{federated / pooled:.3f}" if pooled else "–", gain)
    Console(width=140).print(table)


def _shop(data_set: str, data: Path | None, folder: Path) -> Example | Files:
    if data_set == "example":
        return Example(folder)
    if data is None:
        raise typer.BadParameter("WHYREC_DATA names no folder of data sets")
    if data_set == "beauty":
        return beauty(data / "amazon_beauty", folder / "files")
    return sport_cloth(data / "disencdr_sport_cloth", folder / "files")


def _quarter(shop: Example | Files, folder: Path, split: tuple[int, int, int], weights: str) -> dict[str, Figures]:
    """NDCG and people by domain and held-out items, for each of the models.

    :param split: which quarter is the smaller company, k, and the lot.
    """
    quarter, k, lot = split
    places = np.random.default_rng(lot).permutation(DRAWN) if lot else np.arange(DRAWN)
    drawn = pl.Series(places % QUARTERS == quarter)
    mine, theirs, held = Rows(), Rows(), dict[str, pl.DataFrame]()
    for name, rows in shop.rows.items():
        number = rows[:, 0].cast(pl.String).str.slice(1).cast(pl.Int64, strict=False)
        own = drawn.gather(number % DRAWN).fill_null(False)
        theirs[name] = rows.filter(~own)
        mine[name], held[name] = _held_out(rows.filter(own), lot)
    pooled = {name: pl.concat([mine[name], theirs[name]]) for name in mine}
    for name, whose in (("alone", mine), ("federated", mine), ("partner", theirs), ("pooled", pooled)):
        shop.make(folder / name, whose, k)
    told = _exchanged(folder)
    found = dict[str, Figures]()
    for name in MODELS:
        if weights == LEARNED:
            whyrec(folder / name, "train", "--no-embeddings")
        found[name] = _measured(folder / name, held, told, even=weights == EVEN)
    return found


def _exchanged(folder: Path) -> frozenset[str]:
    """One company's sums in the other's workspace; of which ids they tell."""
    secret = pyrage.x25519.Identity.generate()
    os.environ[KEY] = str(secret)
    offer = folder / "offer.age"
    made = whyrec(folder / "partner", "federate", "offer", "--to", str(secret.to_public()), "--out", str(offer))
    Console().print(f"{made['pairs_of_items']:,} pairs of items, {made['pairs_with_attributes']:,} with attributes")
    whyrec(folder / "federated", "federate", "accept", str(offer))
    return frozenset(PartnerSums.from_bytes(pyrage.decrypt(offer.read_bytes(), [secret]), "offer").ids)


def _held_out(rows: pl.DataFrame, lot: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows without one of each person who has three or more, and those."""
    person = rows.columns[0]
    numbered = rows.with_row_index("number").sample(fraction=1.0, shuffle=True, seed=lot)
    chosen = numbered.filter((pl.len().over(person) >= 3) & (pl.int_range(pl.len()).over(person) == 0))
    pairs = chosen.select(rows.columns[:2])
    return rows.join(pairs, on=rows.columns[:2], how="anti"), pairs


def _measured(folder: Path, held: dict[str, pl.DataFrame], told: frozenset[str], *, even: bool) -> Figures:
    workspace = Workspace(folder).held()
    snapshot = workspace.snapshot()
    if even:
        scorer = _even(snapshot, folder / "even")
    else:
        scorer = open_model(workspace.model, snapshot, workspace.kernels).scorer
    found = Figures()
    for name, pairs in held.items():
        tail = snapshot.schema.relation[name].tail
        domain, known = snapshot.schema.entity[tail].domain or "", pl.Series(sorted(told))
        inside = (pl.lit(f"{tail}:") + pairs[:, 1].cast(pl.String)).is_in(known.implode())
        for which, some in zip(EVERY, (pairs, pairs.filter(inside), pairs.filter(~inside)), strict=True):
            split = Split(snapshot, _test(snapshot, name, some), {"kind": "held out before loading"})
            result = evaluate(split, {"whyrec": scorer_of_users(scorer)}, 10, domain).model_dump()
            found[domain, which] = (result["models"]["whyrec"]["ndcg"]["mean"], result["users"])
    return found


def _even(snapshot: Snapshot, folder: Path) -> Scorer:
    """Unions and partners at 1, popularity breaks ties: what the kernels are worth before anything is learned."""
    kernels = Kernels(snapshot, KernelConfig(), folder)
    chosen = [path for path in kernels.scored if path.learned and path.learned.kernel in (Union.name, *PARTNERS)]
    weights = {str(path): 1.0 for path in chosen}
    popularity = dict.fromkeys(snapshot.schema.domains, TIES)
    return Scorer(snapshot, kernels, Blend(metapaths=weights, popularity=popularity), None)


def _test(snapshot: Snapshot, name: str, pairs: pl.DataFrame) -> dict[User, np.ndarray]:
    relation, catalogue = snapshot.schema.relation[name], Catalogue(snapshot)
    found = dict[User, np.ndarray]()
    for person, item in pairs.cast(pl.String).iter_rows():
        user, idx = snapshot.vocabulary.get(relation.head, person), snapshot.vocabulary.get(relation.tail, item)
        if user is not None and idx is not None:
            found[relation.head, user] = np.array([catalogue.position(relation.tail, idx)])
    return dict(sorted(found.items()))


if __name__ == "__main__":
    typer.run(main)
