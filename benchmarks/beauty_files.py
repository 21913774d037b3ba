"""Amazon Beauty (the PGPR split) as files that whyrec loads without a mapping."""

import gzip
from pathlib import Path

import polars as pl

SCHEMA = Path(__file__).parent / "amazon_beauty" / "schema.toml"
RELATED = {"also_bought": "also_bought_p_p", "also_viewed": "also_viewed_p_p", "bought_together": "bought_together_p_p"}


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
