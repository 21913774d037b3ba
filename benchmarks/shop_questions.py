"""Thirty questions on Sephora + COCO in two languages, answered by ``whyrec ask`` and by queries over the raw files.

    WHYREC_DATA=… python benchmarks/shop_questions.py WORKSPACE [QUESTIONS.toml]

WORKSPACE holds both data sets, as ``sephora_coco.py WORK-FOLDER --only load`` leaves them in ``WORK-FOLDER/embedded``.
The raw files are read with polars into SQLite, without any code of whyrec. Every triple that an answer cites is looked
up in the snapshot. QUESTIONS.toml is shop_questions.toml where absent; unseen_questions.toml and
second_unseen_questions.toml hold those of two people who had not seen the grammar.
"""

import ast
import os
import re
import sqlite3
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
from questions import right

import whyrec
from kg.snapshot.snapshot import Snapshot

HERE = Path(__file__).parent


def database(data: Path) -> sqlite3.Connection:
    """The raw files as tables; ``text`` is what of a product a concern may stand in: name, highlights, category."""
    db = sqlite3.connect(":memory:")
    db.create_function("REGEXP", 2, lambda sign, text: bool(text and re.search(sign, text, re.IGNORECASE)))
    db.executescript(
        """CREATE TABLE product (id PRIMARY KEY, name, brand, brand_id, price REAL, highlights, ingredients, text);
        CREATE TABLE category (product, category); CREATE TABLE highlight (product, highlight);
        CREATE TABLE course (id PRIMARY KEY, name); CREATE TABLE fact (course, relation, tail)"""
    )
    products = pl.read_csv(data / "sephora" / "products.csv.gz", infer_schema=False, null_values=["", "<unk>"])
    for row in products.iter_rows(named=True):
        listed = ", ".join(ast.literal_eval(row["ingredients"])) if row["ingredients"] else None
        text = " ; ".join(row[key] or "" for key in ("product_name", "highlights", "tertiary_category"))
        keys = ("product_id", "product_name", "brand_name", "brand_id", "price_usd", "highlights")
        db.execute("INSERT INTO product VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [*(row[key] for key in keys), listed, text])
        for key in ("secondary_category", "tertiary_category"):
            if row[key]:
                db.execute("INSERT INTO category VALUES (?, ?)", (row["product_id"], row[key]))
        for one in (row["highlights"] or "").split("|"):
            db.execute("INSERT INTO highlight VALUES (?, ?)", (row["product_id"], one))

    def table(name: str) -> pl.DataFrame:
        return pl.read_csv(data / "coco" / name, separator="\t", infer_schema=False, quote_char=None)

    courses = table("i2kg_map.txt.gz")
    db.executemany("INSERT INTO course VALUES (?, ?)", courses.select("pid", "name").rows())
    facts = (
        table("kg_final.txt.gz")
        .join(courses.select(entity_head="eid", course="pid"), on="entity_head")
        .join(table("r_map.txt.gz").select(relation="id", told="kb_relation"), on="relation")
        .join(table("e_map.txt.gz").select(entity_tail="eid", tail="name"), on="entity_tail")
    )
    db.executemany("INSERT INTO fact VALUES (?, ?, ?)", facts.select("course", "told", "tail").rows())
    return db


def invented(snapshot: Snapshot, answer: Any) -> list[str]:
    """The cited triples that are not in the graph."""
    vocabulary, wrong = snapshot.vocabulary, []
    for item in (*answer.answers, *(one for related in answer.related for one in related.items)):
        for fact in item.facts:
            ends = zip(snapshot.schema.ends(fact.relation), (fact.head, fact.tail), strict=True)
            head, tail = (vocabulary.get(kind, one) for kind, one in ends)
            if head is None or tail is None or tail not in snapshot.neighbours(fact.relation, head)[0]:
                wrong.append(f"{fact.head} {fact.relation} {fact.tail}")
    return wrong


def main(workspace: Path, data: Path, file: Path) -> None:
    """Ask all of them and say which are right."""
    db, engine = database(data), whyrec.open(workspace)
    engine.ask("Which products are there?", n=1)
    good, slowest, wrong = 0, 0.0, list[str]()
    questions = tomllib.loads(file.read_text(encoding="utf-8"))["question"]
    for asked in questions:
        began = time.perf_counter()
        answer = engine.ask(asked["text"], n=3_000)
        slowest = max(slowest, time.perf_counter() - began)
        wrong += invented(engine.snapshot, answer)
        fine = right(db, asked, answer)
        good += fine
        if not fine:
            print(f"wrong: {asked['text']}\n   {answer.plan} {answer.not_understood}")
            print(f"   {answer.count} {[one.id for one in answer.answers][:8]}")
            for key in ("sql", "count", "first", "some", "yes", "value"):
                if key in asked:
                    found = [row[0] for row in db.execute(asked[key])]
                    print(f"   {key}: {len(found)} {found[:8]}")
    print(f"{good} of {len(questions)} right; {len(wrong)} cited triples are not in the graph; slowest {slowest:.2f} s")


if __name__ == "__main__":
    written = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "shop_questions.toml"
    main(Path(sys.argv[1]), Path(os.environ["WHYREC_DATA"]), written)
