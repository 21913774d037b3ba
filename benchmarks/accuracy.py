"""COCO and Sephora: the accuracy of the product beside the baselines.

    WHYREC_DATA=… python benchmarks/accuracy.py WORK-FOLDER [--only coco,sephora]

Drives the program: ``init``, ``load``, ``train --no-embeddings``, ``evaluate``. COCO: trained on ``valid``, tested on
the later ``test``. Sephora: ratings of 4 or more, people with five or more of them, a fifth of each person's held out
(seed 0), and products of one audience, sizes and variants of one article, merged. Baselines with default parameters;
top 10, × 100.
"""

import shutil
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from program import ranking_table, whyrec
from rich.console import Console
from sephora_coco_copies import prepare, read_tsv

HERE = Path(__file__).parent / "accuracy"
FEWEST = 5
CONSOLE = Console(width=120)


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and workspaces are made.")],
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")],
    only: Annotated[str, typer.Option(help="Which data sets.")] = "coco,sephora",
) -> None:
    """Measure and print."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "data").exists():
        (folder / "data").symlink_to(data.resolve(), target_is_directory=True)
    prepare(data, folder / "prepared")
    for name in only.split(","):
        arguments = _coco(data / "coco", folder) if name == "coco" else _sephora(data / "sephora", folder)
        shutil.copy(HERE / f"{name}.mapping.toml", folder)
        workspace = folder / name
        shutil.rmtree(workspace, ignore_errors=True)
        whyrec(workspace, "init", "--schema", str(HERE / f"{name}.schema.toml"))
        whyrec(workspace, "load", "--allow-outside", "--mapping", str(folder / f"{name}.mapping.toml"))
        trained = whyrec(workspace, "train", "--no-embeddings")
        result = whyrec(workspace, "evaluate", "--no-embeddings", "--no-tuning", *arguments)
        _show(name, result, trained["blend"])


def _coco(source: Path, folder: Path) -> list[str]:
    known = {name: read_tsv(source / file)[column] for name, file, column in _IDS}
    columns = {"new_columns": ["user_id", "item_id", "one", "time"]}
    test = pl.read_csv(source / "test.txt.gz", separator="\t", has_header=False, infer_schema=False, **columns)
    inside = pl.col("user_id").is_in(known["user"].implode()) & pl.col("item_id").is_in(known["item"].implode())
    test.filter(inside).select("user_id", "item_id").write_csv(folder / "coco-test.csv")
    return ["--test", str(folder / "coco-test.csv")]


_IDS = (("user", "users.txt.gz", "uid"), ("item", "i2kg_map.txt.gz", "pid"))


def _sephora(source: Path, folder: Path) -> list[str]:
    rated = pl.read_csv(source / "interactions.csv.gz", infer_schema=False)
    liked = rated.filter(pl.col("review_rating").cast(pl.Float64) >= 4).select("author_id", "product_id").unique()
    liked = liked.filter(pl.len().over("author_id") >= FEWEST).sort("author_id", "product_id")
    liked.write_csv(folder / "prepared" / "purchased.csv")
    liked.select(id="author_id").unique().sort("id").write_csv(folder / "prepared" / "users.csv")
    return ["--split", "random", "--duplicates", "merge"]


def _show(name: str, result: dict, blend: dict) -> None:
    duplicates = result.get("duplicates") or {}
    CONSOLE.print(f"{name}: {duplicates.get('items', 0):,} probable duplicates: {duplicates.get('handling')}")
    title = f"{name}: {result['users']:,} users"
    CONSOLE.print(ranking_table(title, result, ("recall", "hit_rate")))
    weights = {path: round(weight, 2) for path, weight in blend["metapaths"].items() if weight}
    CONSOLE.print("of the model on everything:", weights, blend["popularity"])


if __name__ == "__main__":
    typer.run(main)
