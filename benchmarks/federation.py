"""Two companies that may not pool rows: how much of the pooled model each has from one encrypted file of the other.

    python benchmarks/federation.py FOLDER [--k 5] [--lot 100] [--lots 5]
    WHYREC_DATA=… python benchmarks/federation.py FOLDER --data-set sport-cloth --k 2 --weights even

The people of the example, of Amazon Sport × Cloth or of Amazon Beauty are split 1 : 3 among two companies with one
catalogue; of each of the smaller one's people one item of a domain is held out (seed 0). Everything goes through the
program: load, `federate offer`, `federate accept`, `train`. Ranked is the whole domain for the smaller company's
people: alone, with the partner's sums, and pooled. The example is small, so each quarter is the smaller one in turn;
even so another lot moves federated ÷ pooled by several parts in a hundred, so that one lot tells of no two of them:
`--lots` measures several, one after another, and tells each and all together. Told is each for all held-out items, for
those that at least k of the partner's people used, of which the file may tell, and for the others, of which no file
may, whatever it sums. Intervals resample people, each with all that was measured of her by all models in all lots.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import pyrage
import typer
from federated_shops import Example, Files, Rows, beauty, sport_cloth
from numpy.typing import NDArray
from program import whyrec
from rich.console import Console
from rich.table import Table

from kg.snapshot.partner_sums import PartnerSums
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import User
from recommender.evaluation.evaluation import measured, scorer_of_users
from recommender.kernels.learned.association import Association
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
Key = tuple[str, str]
"""Domain, and which held-out items."""
Figures = dict[Key, dict[str, float]]
"""Person → NDCG."""
Paired = dict[str, list[float]]
"""Person → NDCG alone, federated, pooled."""
Values = NDArray[np.float64]
RESAMPLES = 2000


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and workspaces are made.")],
    data: Annotated[Path | None, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")] = None,
    data_set: Annotated[str, typer.Option(help="example, sport-cloth or beauty.")] = "example",
    k: Annotated[int, typer.Option(min=1, help="Fewest people of a number that is sent.")] = 5,
    weights: Annotated[
        str, typer.Option(help="learned by `train`, default, or even: unions, regressions and partners at 1.")
    ] = LEARNED,
    lot: Annotated[
        int, typer.Option(min=0, help="Who is the smaller company, and what is held out; 0: by number.")
    ] = 0,
    lots: Annotated[int, typer.Option(min=1, help="How many lots, from that one on.")] = 1,
) -> None:
    """Measure and print."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shop = _shop(data_set, data, folder)
    rows = dict[Key, list[Paired]]()
    for one in range(lot, lot + lots):
        found = _lot(shop, folder / f"lot-{one}", (k, one), weights)
        shutil.rmtree(folder / f"lot-{one}")
        _show(found, f"lot {one}, k = {k}")
        for key, values in found.items():
            rows.setdefault(key, []).append(values)
    if lots > 1:
        _show_lots(rows, k)


def _lot(shop: Example | Files, folder: Path, split: tuple[int, int], weights: str) -> dict[Key, Paired]:
    """Of each key people, and their NDCG by each model; of the example each quarter is the smaller company in turn.

    :param split: k, and the lot.
    """
    found = dict[Key, Paired]()
    for quarter in range(QUARTERS if isinstance(shop, Example) else 1):
        figures = _quarter(shop, folder / f"quarter-{quarter}", (quarter, *split), weights)
        for key in figures[MODELS[0]]:
            by_model = [figures[name][key] for name in MODELS]
            people = sorted(set.intersection(*map(set, by_model)))
            found.setdefault(key, {}).update({one: [values[one] for values in by_model] for one in people})
    return {key: some for key, some in found.items() if some}  # at k = 2 there may be nothing that fewer used


def _show(found: dict[Key, Paired], title: str) -> None:
    table = Table(title=f"NDCG@10 × 100 of the smaller company's people, {title}", title_justify="left")
    for column in ("domain", "used at the partner by", "people", *MODELS, "federated ÷ pooled", "95 %", "of the gain"):
        table.add_column(column, justify="right")
    for (domain, which), values in found.items():
        sums, low, high = _ratio([values])
        alone, federated, pooled = (100 * sums / len(values)).tolist()
        gain = f"{(federated - alone) / (pooled - alone):.0%}" if pooled > alone else "–"
        shown = (f"{one:.2f}" for one in (alone, federated, pooled))
        ratio = f"{federated / pooled:.3f}" if pooled else "–"
        table.add_row(domain, which, f"{len(values):,}", *shown, ratio, f"{low:.3f}–{high:.3f}", gain)
    Console(width=160).print(table)


def _show_lots(rows: dict[Key, list[Paired]], k: int) -> None:
    """All lots together: of each its ratio, and that of the sums over all of them."""
    table = Table(title=f"federated ÷ pooled (and alone ÷ pooled), lot by lot, k = {k}", title_justify="left")
    for column in ("domain", "used at the partner by", "each lot", "all", "95 %", "alone ÷ pooled", "95 %"):
        table.add_column(column, justify="right")
    for (domain, which), lots in rows.items():
        each = [_sums(one) for one in lots]
        listed = " ".join(f"{one[1] / one[2]:.3f}" for one in each if one[2])
        (federated, alone), row = (_ratio(lots), _ratio(lots, 0)), list[str]()
        for place, (sums, low, high) in ((1, federated), (0, alone)):
            row += [f"{sums[place] / sums[2]:.3f}" if sums[2] else "–", f"{low:.3f}–{high:.3f}"]
        table.add_row(domain, which, listed, *row)
    Console(width=160).print(table)


def _sums(values: Paired) -> Values:
    return np.asarray(np.array(list(values.values())).sum(axis=0))


def _ratio(lots: Sequence[Paired], model: int = 1) -> tuple[Values, float, float]:
    """Sums by model over all lots, and the interval of one of them ÷ that of the last: people are resampled, each with
    all of hers, so that what makes a person easy or hard is in all three."""
    people = sorted({one for values in lots for one in values})
    rows = np.array([sum((np.array(values[one]) for values in lots if one in values), np.zeros(3)) for one in people])
    drawn = np.random.default_rng(0).multinomial(len(people), np.full(len(people), 1 / len(people)), RESAMPLES)
    sums = drawn @ rows
    ratios = sums[:, model] / np.maximum(sums[:, -1], 1e-12)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return rows.sum(axis=0), float(low), float(high)


def _shop(data_set: str, data: Path | None, folder: Path) -> Example | Files:
    if data_set == "example":
        return Example(folder)
    if data is None:
        raise typer.BadParameter("WHYREC_DATA names no folder of data sets")
    if data_set == "beauty":
        return beauty(data / "amazon_beauty", folder / "files")
    return sport_cloth(data / "disencdr_sport_cloth", folder / "files")


def _quarter(shop: Example | Files, folder: Path, split: tuple[int, int, int], weights: str) -> dict[str, Figures]:
    """NDCG of each person by domain and held-out items, for each of the models.

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
            result = measured(split, {"whyrec": scorer_of_users(scorer)}, (10, domain))
            ids = [snapshot.vocabulary.id(*user) for user in result.users]
            values = result.lists["whyrec"].metrics.ndcg.tolist()
            found[domain, which] = dict(zip(ids, values, strict=True))
    return found


def _even(snapshot: Snapshot, folder: Path) -> Scorer:
    """Unions and regressions at 1, each over all people whose sums there are, and popularity breaks ties: what kernels
    are worth before any training."""
    kernels = Kernels(snapshot, KernelConfig(), folder)
    names = (Union.name, *(PARTNERS if snapshot.manifest.partners else [Association.name]))
    chosen = [path for path in kernels.scored if path.learned and path.learned.kernel in names]
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
