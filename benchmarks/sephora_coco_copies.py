"""Prepared copies for ``sephora_coco``: what a mapping cannot say about the published files.

COCO's ``kg_final`` speaks in numbers that other files name, and a mapping cannot join; Sephora's ingredients are a
list written as Python text, and a third of its products have no name. The copies keep every row, so that the loader
accounts for all of them.
"""

import ast
from pathlib import Path

import polars as pl


def prepare(data: Path, folder: Path) -> list[tuple[str, int, int, int]]:
    """Write the copies; for each: name, rows in, rows out, rows in which a name is missing.

    :param data: the folder of data sets.
    :param folder: where the copies go; made where it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [
        ("coco_triples.tsv", *_coco_triples(data / "coco", folder / "coco_triples.tsv")),
        ("sephora_products.csv", *_sephora_products(data / "sephora", folder / "sephora_products.csv")),
    ]


def shared_ids(data: Path) -> tuple[int, int]:
    """How many ids of people, and of items, are in both data sets; one user type is right only if none is."""
    reviews = pl.read_csv(data / "sephora" / "interactions.csv.gz", infer_schema=False)
    users = set(read_tsv(data / "coco" / "users.txt.gz")["uid"]) & set(reviews["author_id"])
    items = set(read_tsv(data / "coco" / "i2kg_map.txt.gz")["pid"]) & set(reviews["product_id"])
    return len(users), len(items)


def read_tsv(path: Path) -> pl.DataFrame:
    """A file of COCO that has a header, every cell as text."""
    return pl.read_csv(path, separator="\t", infer_schema=False, quote_char=None)


def _coco_triples(coco: Path, target: Path) -> tuple[int, int, int]:
    """``kg_final`` with course ids, relation names and entity names; a number without a name leaves its cell empty."""
    numbers = read_tsv(coco / "kg_final.txt.gz").rename({"relation": "relation_id"})
    courses = read_tsv(coco / "i2kg_map.txt.gz").select(entity_head="eid", course="pid")
    relations = read_tsv(coco / "r_map.txt.gz").select(relation_id="id", relation="kb_relation")
    names = read_tsv(coco / "e_map.txt.gz").select(entity_tail="eid", value="name")
    named = (
        numbers.join(courses, on="entity_head", how="left", validate="m:1")
        .join(relations, on="relation_id", how="left", validate="m:1")
        .join(names, on="entity_tail", how="left", validate="m:1")
        .select("course", "relation", "value")
    )
    named.write_csv(target, separator="\t")
    return numbers.height, named.height, named.filter(pl.any_horizontal(pl.all().is_null())).height


def _sephora_products(sephora: Path, target: Path) -> tuple[int, int, int]:
    """Product, label and ingredients; a product without a name is labelled by brand, category and id."""
    products = pl.read_csv(sephora / "products.csv.gz", infer_schema=False, null_values=["", "<unk>"])
    lists = [", ".join(ast.literal_eval(cell)) if cell else None for cell in products["ingredients"]]
    category = pl.coalesce("tertiary_category", "secondary_category")
    kind = pl.concat_str("brand_name", category, separator=" ", ignore_nulls=True)
    label = pl.coalesce("product_name", pl.format("{} ({})", kind, "product_id"))
    labelled = products.select("product_id", label=label, ingredients=pl.Series(lists, dtype=pl.String))
    labelled.write_csv(target)
    return products.height, labelled.height, labelled["label"].null_count()
