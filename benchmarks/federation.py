"""Two companies that may not pool rows: how much of the pooled model each has from one encrypted file of the other.

    python benchmarks/federation.py FOLDER [--k 5]
    WHYREC_DATA=… python benchmarks/federation.py FOLDER --pair --k 2 --weights even

The people of the example, or of Amazon Sport × Cloth (``--pair``), are split 1 : 3 among two companies with one
catalogue; of each of the smaller one's people one item of a domain is held out (seed 0). Everything goes through the
program: load, `federate offer`, `federate accept`, `train`. Ranked is the whole domain for the smaller company's
people: alone, with the partner's sums, and pooled. The example is small, so each quarter is the smaller one in turn.
"""

import gzip
import os
import shutil
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import pyrage
import typer
from program import whyrec
from rich.console import Console
from rich.table import Table

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

SCHEMA = Path(__file__).parent / "sport_cloth" / "schema.toml"
QUARTERS = 4
KEY = "WHYREC_FEDERATE_KEY"
LEARNED, EVEN, TIES = "learned", "even", 0.02
Rows = dict[str, pl.DataFrame]
"""Interaction → its rows: person, item and the rest."""


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and workspaces are made.")],
    data: Annotated[Path | None, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")] = None,
    pair: Annotated[bool, typer.Option("--pair", help="Amazon Sport × Cloth in place of the example.")] = False,
    k: Annotated[int, typer.Option(min=1, help="Fewest people of a number that is sent.")] = 5,
    weights: Annotated[
        str, typer.Option(help="learned by `train`, default, or even: unions and partners at 1.")
    ] = LEARNED,
) -> None:
    """Measure and print."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shop = Pair(data / "disencdr_sport_cloth", folder) if pair and data else Example(folder)
    found: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for quarter in range(1 if pair else QUARTERS):
        for name, figures in _quarter(shop, folder / f"quarter-{quarter}", (quarter, k), weights).items():
            for domain, figure in figures.items():
                found.setdefault((domain, name), []).append(figure)
    mean = {one: np.average([v for v, _ in some], weights=[n for _, n in some]) for one, some in found.items()}
    table = Table(title=f"NDCG@10 × 100 of the smaller company's people, k = {k}", title_justify="left")
    for column in ("domain", "people", "alone", "federated", "pooled", "federated ÷ pooled"):
        table.add_column(column, justify="right")
    for domain in dict.fromkeys(domain for domain, _ in found):
        alone, federated, pooled = (100 * float(mean[domain, name]) for name in ("alone", "federated", "pooled"))
        people = sum(n for _, n in found[domain, "alone"])
        row = (f"{alone:.2f}", f"{federated:.2f}", f"{pooled:.2f}", f"{federated / pooled:.3f}")
        table.add_row(domain, f"{people:,}", *row)
    Console(width=120).print(table)


class Example:
    """The bundled example, its people apart."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        whyrec(None, "init", str(self.source), "--example")
        purchases = pl.read_csv(self.source / "purchases.csv.zst", infer_schema=False)
        enrolments = pl.read_parquet(self.source / "enrolments.parquet")
        self.rows = {"purchased": purchases, "enrolled_in": enrolments}
        self.people = ["user_id", "learner"]

    def make(self, workspace: Path, rows: Rows, k: int) -> None:
        """A workspace of some rows, loaded."""
        whyrec(None, "init", str(workspace), "--example")
        rows["purchased"].write_csv(workspace / "purchases.csv")
        rows["enrolled_in"].write_parquet(workspace / "enrolments.parquet")
        mapping = workspace / "mapping.toml"
        text = mapping.read_text(encoding="utf-8").replace("purchases.csv.zst", "purchases.csv")
        mapping.write_text(text, encoding="utf-8")
        users = pl.concat([one[:, 0].cast(pl.String).alias("user_id") for one in rows.values()]).unique()
        path = workspace / "users.csv"
        pl.read_csv(path, infer_schema=False).join(users.to_frame(), on="user_id", how="semi").write_csv(path)
        _set_k(workspace, k)
        whyrec(workspace, "load")


class Pair:
    """Amazon Sport × Cloth."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.files, self.rows = folder / "files", Rows()
        self.files.mkdir()
        for domain in ("sport", "cloth"):
            lines = [line for part in ("train", "test") for line in _lines(source / f"{domain}_{part}.txt.gz")]
            pairs = sorted({(f"u{user}", f"{domain}{item}") for user, item, _ in map(str.split, lines)})
            self.rows[f"bought_{domain}"] = pl.DataFrame(pairs, schema=["head", "tail"], orient="row")
            items = self.rows[f"bought_{domain}"]["tail"].unique().sort()
            items.alias("id").to_frame().write_csv(self.files / f"{domain.title()}.csv")

    def make(self, workspace: Path, rows: Rows, k: int) -> None:
        """A workspace of some rows, loaded."""
        whyrec(None, "init", str(workspace), "--schema", str(SCHEMA))
        _set_k(workspace, k)
        people = pl.concat([one["head"] for one in rows.values()]).unique().sort()
        people.alias("id").to_frame().write_csv(workspace / "User.csv")
        for name, some in rows.items():
            some.write_csv(workspace / f"{name}.csv")
        files = [workspace / f"{name}.csv" for name in ("User", *rows)]
        whyrec(workspace, "load", *map(str, (*self.files.glob("*.csv"), *files)))


def _quarter(
    shop: Example | Pair, folder: Path, split: tuple[int, int], weights: str
) -> dict[str, dict[str, tuple[float, int]]]:
    """NDCG and people by domain, for each of the three models.

    :param split: which quarter is the smaller company, and k.
    """
    quarter, k = split
    mine, theirs, held = Rows(), Rows(), dict[str, pl.DataFrame]()
    for name, rows in shop.rows.items():
        number = rows[:, 0].cast(pl.String).str.slice(1).cast(pl.Int64, strict=False)
        own = (number % QUARTERS == quarter).fill_null(False)
        theirs[name] = rows.filter(~own)
        mine[name], held[name] = _held_out(rows.filter(own))
    pooled = {name: pl.concat([mine[name], theirs[name]]) for name in mine}
    for name, rows in (("alone", mine), ("federated", mine), ("partner", theirs), ("pooled", pooled)):
        shop.make(folder / name, rows, k)
    secret = pyrage.x25519.Identity.generate()
    os.environ[KEY] = str(secret)
    offer = folder / "offer.age"
    made = whyrec(folder / "partner", "federate", "offer", "--to", str(secret.to_public()), "--out", str(offer))
    Console().print(f"{made['pairs_of_items']:,} pairs of items, {made['bytes']:,} bytes")
    whyrec(folder / "federated", "federate", "accept", str(offer))
    found = {}
    for name in ("alone", "federated", "pooled"):
        if weights == LEARNED:
            whyrec(folder / name, "train", "--no-embeddings")
        found[name] = _measured(folder / name, held, even=weights == EVEN)
    return found


def _held_out(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows without one of each person who has three or more, and those."""
    person = rows.columns[0]
    numbered = rows.with_row_index("number").sample(fraction=1.0, shuffle=True, seed=0)
    chosen = numbered.filter((pl.len().over(person) >= 3) & (pl.int_range(pl.len()).over(person) == 0))
    pairs = chosen.select(rows.columns[:2])
    return rows.join(pairs, on=rows.columns[:2], how="anti"), pairs


def _measured(folder: Path, held: dict[str, pl.DataFrame], *, even: bool) -> dict[str, tuple[float, int]]:
    workspace = Workspace(folder).held()
    snapshot = workspace.snapshot()
    if even:
        scorer = _even(snapshot, folder / "even")
    else:
        scorer = open_model(workspace.model, snapshot, workspace.kernels).scorer
    found = {}
    for name, pairs in held.items():
        domain = snapshot.schema.entity[snapshot.schema.relation[name].tail].domain or ""
        split = Split(snapshot, _test(snapshot, name, pairs), {"kind": "held out before loading"})
        result = evaluate(split, {"whyrec": scorer_of_users(scorer)}, 10, domain).model_dump()
        found[domain] = (result["models"]["whyrec"]["ndcg"]["mean"], result["users"])
    return found


def _even(snapshot: Snapshot, folder: Path) -> Scorer:
    """Unions and partners at 1, popularity breaks ties: what the kernels are worth before anything is learned."""
    kernels = Kernels(snapshot, KernelConfig(), folder)
    chosen = [path for path in kernels.scored if path.learned and path.learned.kernel in (Union.name, *PARTNERS)]
    popularity = dict.fromkeys(snapshot.schema.domains, TIES)
    return Scorer(snapshot, kernels, Blend(metapaths={str(path): 1.0 for path in chosen}, popularity=popularity), None)


def _test(snapshot: Snapshot, name: str, pairs: pl.DataFrame) -> dict[User, np.ndarray]:
    relation, catalogue = snapshot.schema.relation[name], Catalogue(snapshot)
    found = dict[User, np.ndarray]()
    for person, item in pairs.cast(pl.String).iter_rows():
        user, idx = snapshot.vocabulary.get(relation.head, person), snapshot.vocabulary.get(relation.tail, item)
        if user is not None and idx is not None:
            found[relation.head, user] = np.array([catalogue.position(relation.tail, idx)])
    return dict(sorted(found.items()))


def _set_k(workspace: Path, k: int) -> None:
    path = workspace / "whyrec.toml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(f"k = {k}\n" if line.startswith("k = ") else line for line in lines), encoding="utf-8")


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


if __name__ == "__main__":
    typer.run(main)
