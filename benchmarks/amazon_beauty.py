"""Amazon Beauty (the PGPR split): the accuracy of the product, beside the baselines, over all users and products.

    WHYREC_DATA=… python benchmarks/amazon_beauty.py WORK-FOLDER [--without-related]

Drives the program: ``init``, ``load``, ``train --no-embeddings``, ``evaluate --test``. The full ranking leaves out what
a user has in train; top 10, mean over all users of the test file, × 100. Products that are their own related product
get a self-entry, so that "also bought" reaches them directly. Amazon's also_* relations come from its whole purchase
log and may carry knowledge of the test period; ``--without-related`` leaves them out.
"""

import gzip
import shutil
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from program import ranking_table, whyrec
from rich.console import Console

SCHEMA = Path(__file__).parent / "amazon_beauty" / "schema.toml"
RELATED = {"also_bought": "also_bought_p_p", "also_viewed": "also_viewed_p_p", "bought_together": "bought_together_p_p"}
CONSOLE = Console(width=120)


def main(
    folder: Annotated[Path, typer.Argument(help="Where files and workspace are made.")],
    data: Annotated[Path, typer.Option(envvar="WHYREC_DATA", help="The folder of data sets.")],
    without_related: Annotated[bool, typer.Option(help="Leave out also_bought, also_viewed, bought_together.")] = False,
) -> None:
    """Measure and print."""
    files = prepare(data / "amazon_beauty", folder / "files", without_related)
    workspace = folder / "workspace"
    shutil.rmtree(workspace, ignore_errors=True)
    whyrec(workspace, "init", "--schema", str(SCHEMA))
    loaded = whyrec(workspace, "load", *(str(path) for path in files))
    assert all(one["rows"] == one["loaded"] for one in loaded["files"])
    trained = whyrec(workspace, "train", "--no-embeddings")
    result = whyrec(
        workspace, "evaluate", "--test", str(folder / "files" / "test.csv"), "--no-embeddings", "--no-tuning"
    )
    _show(trained, result)


def prepare(source: Path, folder: Path, without_related: bool) -> list[Path]:
    """Write the published line-number files as CSV files that whyrec loads without a mapping."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {name: _lines(source, name) for name in ("product", "users", "brand", "category", "related_product")}
    brands, categories = ([f"{name}-{n}" for n in range(len(names[name]))] for name in ("brand", "category"))
    frames = {
        "Product": pl.DataFrame({"id": names["product"]}),
        "User": pl.DataFrame({"id": names["users"]}),
        "Brand": pl.DataFrame({"id": brands, "label": names["brand"]}),
        "Category": pl.DataFrame({"id": categories, "label": names["category"]}),
        "Related": pl.DataFrame({"id": names["related_product"]}).unique(maintain_order=True),
        "made_by": _triples(source, "brand_p_b", names["product"], brands),
        "in_category": _triples(source, "category_p_c", names["product"], categories),
        "purchased": _purchases(source, "train", names),
    }
    related = set(names["related_product"])
    own = pl.DataFrame({"head": [one for one in names["product"] if one in related]}).with_columns(tail="head")
    for relation, file in {} if without_related else RELATED.items():
        found = _triples(source, file, names["product"], names["related_product"])
        frames[relation] = pl.concat([found, own]).unique(maintain_order=True)
    for name, frame in frames.items():
        frame.write_csv(folder / f"{name}.csv")
    _purchases(source, "test", names).rename({"head": "user_id", "tail": "item_id"}).write_csv(folder / "test.csv")
    return [folder / f"{name}.csv" for name in frames]


def _lines(source: Path, name: str) -> list[str]:
    with gzip.open(source / f"{name}.txt.gz", "rt", encoding="utf-8") as file:
        return file.read().removesuffix("\n").split("\n")


def _triples(source: Path, name: str, heads: list[str], tails: list[str]) -> pl.DataFrame:
    rows = [(heads[n], tails[int(t)]) for n, line in enumerate(_lines(source, name)) for t in line.split()]
    return pl.DataFrame(rows, schema=["head", "tail"], orient="row").unique(maintain_order=True)


def _purchases(source: Path, part: str, names: dict[str, list[str]]) -> pl.DataFrame:
    split = [line.split() for line in _lines(source, f"cafe_{part}_labels")]
    rows = [(names["users"][int(user)], names["product"][int(item)]) for user, *items in split for item in items]
    return pl.DataFrame(rows, schema=["head", "tail"], orient="row")


def _show(trained: dict, result: dict) -> None:
    (learning,) = trained["learning"]
    title = f"{result['users']:,} users"
    CONSOLE.print(ranking_table(title, result, ("recall", "hit_rate", "precision")))
    CONSOLE.print(f"validation NDCG, default → learned: {learning['before']:.4f} → {learning['after']:.4f}")
    CONSOLE.print({name: round(added, 4) for name, added in learning["adds"].items()})


if __name__ == "__main__":
    typer.run(main)
