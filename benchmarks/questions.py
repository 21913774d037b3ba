"""Sixty questions in two languages, answered by ``whyrec ask`` and by queries over the raw files of the example.

    python benchmarks/questions.py [WORKSPACE]

The raw files are read here with Python's standard library and polars into SQLite, without any code of whyrec.
"""

import csv
import gzip
import io
import json
import re
import sqlite3
import sys
import tempfile
import time
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

import whyrec

HERE = Path(__file__).parent
RAW = files("kg") / "example"


def rows(name: str) -> list[dict[str, str]]:
    """Rows of a CSV file of the example, plain or gzipped."""
    data = (RAW / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8-sig", errors="replace")
    return [
        row for row in csv.DictReader(io.StringIO(text)) if all(v is None or "\ufffd" not in v for v in row.values())
    ]


def database() -> sqlite3.Connection:
    """The raw files as tables; rows that hold no sense (no id, no price, unreadable) are left out."""
    db = sqlite3.connect(":memory:")
    db.executescript(
        """CREATE TABLE product (id PRIMARY KEY, name, name_zh, brand, price REAL, in_stock INT);
        CREATE TABLE contains (product, ingredient); CREATE TABLE suits (product, skin_type);
        CREATE TABLE treats (product, concern); CREATE TABLE helps_with (inci, concern);
        CREATE TABLE course (id PRIMARY KEY, title, title_zh, price REAL, language, level, hours INT);
        CREATE TABLE about (course, topic); CREATE TABLE addresses (course, concern);
        CREATE TABLE teaches (course, ingredient); CREATE TABLE purchase (product)"""
    )
    known = {}
    for row in rows("ingredients.csv"):
        known |= {row["inci"].upper(): row["inci"], row["name"].upper(): row["inci"]}
        _many(db, "helps_with", row["inci"], row["helps_with"], "|")
    for row in rows("products.csv.gz"):
        price = re.fullmatch(r"\d+(\.\d+)?", row["price"] or "")
        if row["product_id"] and price and row["in_stock"] in ("true", "false"):
            values = (
                row["product_id"],
                row["name"],
                row["name_zh"],
                row["brand"],
                float(price[0]),
                row["in_stock"] == "true",
            )
            if db.execute("INSERT OR IGNORE INTO product VALUES (?, ?, ?, ?, ?, ?)", values).rowcount:
                _many(db, "suits", row["product_id"], row["skin_types"], "|")
                _many(db, "treats", row["product_id"], row["concerns"], "|")
                for one in _ingredients(row["ingredients"], known):
                    db.execute("INSERT INTO contains VALUES (?, ?)", (row["product_id"], one))
    for line in (RAW / "courses.jsonl").read_text(encoding="utf-8").splitlines():
        _course(db, line, known)
    bought = pl.read_csv(io.BytesIO((RAW / "purchases.csv.zst").read_bytes()), infer_schema=False)
    pairs = bought.filter(pl.col("rating").cast(pl.Float64, strict=False) >= 3).select("user_id", "product_id").unique()
    db.executemany("INSERT INTO purchase VALUES (?)", [(one,) for one in pairs.get_column("product_id")])
    return db


def _many(db: sqlite3.Connection, table: str, head: str, cell: str, sign: str) -> None:
    for one in dict.fromkeys(part.strip() for part in (cell or "").split(sign) if part.strip()):
        db.execute(f"INSERT INTO {table} VALUES (?, ?)", (head, one))


def _ingredients(cell: str, known: dict[str, str]) -> list[str]:
    """The ingredients of a list: names or INCI names, percentages and stars aside."""
    text = re.sub(r"\((?:[\d.,]+ ?%|\d+)\)|\*", "", cell or "").replace("1,2-", "1;2-")
    parts = [re.sub(r"\s+", " ", one).strip().upper().replace(";", ",") for one in text.split(",")]
    return list(dict.fromkeys(known[one] for one in parts if one in known))


def _course(db: sqlite3.Connection, line: str, known: dict[str, str]) -> None:
    try:
        one: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return
    if not isinstance(one.get("price"), float | int) or one["price"] <= 0:
        return
    keys = ("course_id", "title", "title_zh", "price", "language", "level", "hours")
    db.execute("INSERT INTO course VALUES (?, ?, ?, ?, ?, ?, ?)", [one.get(key) for key in keys])
    for table, key in (("about", "topics"), ("addresses", "concerns")):
        db.executemany(f"INSERT INTO {table} VALUES (?, ?)", [(one["course_id"], v) for v in one.get(key, [])])
    taught = [(one["course_id"], known[v.upper()]) for v in one.get("ingredients", [])]
    db.executemany("INSERT INTO teaches VALUES (?, ?)", taught)


def right(db: sqlite3.Connection, asked: dict[str, Any], answer: Any) -> bool:
    """Whether an answer is what the raw files say."""
    ids = [one.id for one in answer.answers]

    def told(key: str) -> list[Any]:
        return [row[0] for row in db.execute(asked[key])]

    if asked.get("refused"):
        return not ids
    good = True
    if "sql" in asked:
        good &= set(ids) == set(told("sql"))
    if "either" in asked:
        good &= any(set(ids) == {row[0] for row in db.execute(sql)} for sql in asked["either"])
    if "told" in asked:
        good &= all(str(db.execute(sql).fetchone()[0]) in answer.text for sql in asked["told"])
    if "missing" in asked:
        good &= asked["missing"] in " ".join(answer.not_understood)
    if "count" in asked:
        good &= answer.count == told("count")[0]
    if "first" in asked:
        good &= ids[:1] == told("first")
    if "some" in asked:
        good &= bool(ids) and set(ids[:5]) <= set(told("some"))
    if "tails" in asked:
        tails = {fact.tail for one in answer.answers for fact in one.facts if fact.relation == "contains"}
        good &= tails == set(told("tails"))
    if "yes" in asked:
        good &= bool(ids) and bool(answer.answers[0].facts) == bool(told("yes"))
    if "value" in asked:
        good &= bool(ids) and told("value")[0] in (answer.answers[0].values or {}).values()
    return good


def main(workspace: Path | None) -> None:
    """Ask all of them and say which are right."""
    folder = workspace or Path(tempfile.mkdtemp()) / "demo"
    if workspace is None:
        whyrec.create(folder, example=True).load()
    db, engine = database(), whyrec.open(folder)
    counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("product", "course", "contains")]
    print(f"raw files: {counts[0]} products, {counts[1]} courses, {counts[2]} product–ingredient pairs")
    questions = tomllib.loads((HERE / "questions.toml").read_text(encoding="utf-8"))["question"]
    good, slowest = 0, 0.0
    for asked in questions:
        began = time.perf_counter()
        answer = engine.ask(asked["text"], n=1_000)
        slowest = max(slowest, time.perf_counter() - began)
        fine = right(db, asked, answer)
        good += fine
        if not fine:
            print(
                f"wrong: {asked['text']}\n   {answer.plan}\n   {answer.count} {[one.id for one in answer.answers][:12]}"
            )
            for key in ("sql", "count", "first", "some", "yes", "value"):
                if key in asked:
                    print(f"   {key}: {[row[0] for row in db.execute(asked[key])][:12]}")
    print(f"{good} of {len(questions)} right; the slowest took {slowest:.2f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
