"""The bundled example: reproducible, whole but for its bad rows, and with tastes that can be found again."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import zstandard

from kg.example.generate import BAD_ROWS, DATA_FILES, FILTERED_ROWS, BadRow, data_files
from kg.mapping.mapping import read_mapping
from kg.schema import Schema, read_schema
from kg.values.ingredient_list import parse_ingredients

EXAMPLE = Path(str(files("kg") / "example"))


def unpacked(name: str, content: bytes) -> object:
    """What a file says, whatever version of a compressor packed it."""
    if name.endswith(".gz"):
        return gzip.decompress(content)
    if name.endswith(".zst"):
        return zstandard.ZstdDecompressor().decompress(content)
    return pq.read_table(io.BytesIO(content)).to_pylist() if name.endswith(".parquet") else content


def shipped(name: str) -> object:
    return unpacked(name, (EXAMPLE / name).read_bytes())


def bad_lines(name: str) -> set[int]:
    return {bad.line for bad in BAD_ROWS if bad.file == name}


@cache
def good_rows(name: str) -> list[dict[str, object]]:
    """The rows of a file without its bad ones."""
    content = shipped(name)
    if isinstance(content, list):
        return [row for i, row in enumerate(content, 1) if i not in bad_lines(name)]
    assert isinstance(content, bytes)
    lines = [line for i, line in enumerate(content.split(b"\n"), 1) if i not in bad_lines(name) and line]
    text = b"\n".join(lines).decode("utf-8-sig")
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.split("\n")]
    if name.endswith(".tsv"):
        return list(csv.DictReader(io.StringIO(text), ["user_id", "brand", "since"], delimiter="\t"))
    rows = list(csv.DictReader(io.StringIO(text), strict=True))
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


def column(name: str, field: str) -> list[str]:
    return [str(row[field]) for row in good_rows(name)]


def parts(cell: object) -> list[str]:
    return [part for part in (cell if isinstance(cell, list) else str(cell).split("|")) if part]


def inci(cell: object) -> list[str]:
    return [name for name, _ in parse_ingredients(", ".join(cell) if isinstance(cell, list) else str(cell)).certain]


@pytest.fixture(scope="module")
def schema() -> Schema:
    return read_schema(EXAMPLE / "schema.toml")


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return data_files()


def test_two_runs_write_the_same_bytes(tmp_path: Path, made: dict[str, bytes]) -> None:
    command = [sys.executable, "-m", "kg.example.generate", str(tmp_path)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "12345"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == made


def test_shipped_files_are_what_the_generator_writes(made: dict[str, bytes]) -> None:
    assert tuple(made) == DATA_FILES
    for name, content in made.items():
        assert shipped(name) == unpacked(name, content), f"{name}: run python -m kg.example.generate kg/example"


def test_files_are_small_and_of_many_kinds() -> None:
    assert sum((EXAMPLE / name).stat().st_size for name in DATA_FILES) < 300_000
    assert (EXAMPLE / "users.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    endings = {"".join(Path(name).suffixes) for name in DATA_FILES}
    assert endings == {".csv", ".csv.gz", ".csv.zst", ".jsonl", ".parquet", ".tsv"}


@pytest.mark.parametrize("bad", BAD_ROWS, ids=lambda bad: f"{bad.kind}-{bad.line}")
def test_bad_row_stands_where_the_table_says(bad: BadRow) -> None:
    content = shipped(bad.file)
    if isinstance(content, list):
        learner = content[bad.line - 1]["learner"]
        assert learner is None if bad.kind == "missing_id" else learner not in column("users.csv", "user_id")
        return
    assert isinstance(content, bytes)
    lines = content.split(b"\n")
    raw = lines[bad.line - 1]
    if bad.kind == "bad_json":
        with pytest.raises(json.JSONDecodeError):
            json.loads(raw)
        return
    if bad.kind == "invalid_utf8":
        with pytest.raises(UnicodeDecodeError):
            raw.decode()
    header = lines[0].decode("utf-8-sig").split(",")
    cells = next(csv.reader([raw.decode("utf-8", "surrogateescape")]))
    if bad.kind == "too_many_cells":
        assert len(cells) > len(header)
        return
    assert len(cells) == len(header)
    assert is_wrong(bad.kind, cells[header.index(bad.field)])


def is_wrong(kind: str, cell: str) -> bool:
    if kind == "bad_number":
        return not cell.replace(".", "").isdigit()
    if kind == "bad_timestamp":
        with pytest.raises(ValueError, match="month"):
            datetime.fromisoformat(cell)
        return True
    products, courses = column("products.csv.gz", "product_id"), column("courses.jsonl", "course_id")
    return {
        "missing_id": cell == "",
        "nul_byte": "\0" in cell,
        "invalid_utf8": any("\udc80" <= character <= "\udcff" for character in cell),
        "unknown_tail": cell not in products and cell not in courses,
        "wrong_type": cell in courses,
    }[kind]


def test_bad_rows_are_of_many_kinds_and_all_there_are() -> None:
    assert 8 <= len(BAD_ROWS) <= 12
    assert len({bad.kind for bad in BAD_ROWS}) == 10
    for name in ("users.csv", "products.csv.gz", "courses.jsonl", "purchases.csv.zst"):
        good_rows(name)  # would raise
    assert all(float(price) > 0 for price in column("products.csv.gz", "price"))
    assert all(datetime.fromisoformat(moment) for moment in column("purchases.csv.zst", "bought_at"))


def test_where_leaves_out_as_many_rows_as_told() -> None:
    free = [row["course_id"] for row in good_rows("courses.jsonl") if row["price"] == 0]
    regretted = [rating for rating in column("purchases.csv.zst", "rating") if int(rating) < 3]
    assert {"courses.jsonl": len(free), "purchases.csv.zst": len(regretted)} == FILTERED_ROWS
    assert not set(free) & set(column("enrolments.parquet", "course"))


@pytest.mark.parametrize(
    ("name", "field", "cut", "target", "target_id"),
    [
        ("users.csv", "skin_type", parts, "skin_types.csv", "id"),
        ("users.csv", "concerns", parts, "concerns.csv", "id"),
        ("users.csv", "avoids", inci, "ingredients.csv", "inci"),
        ("products.csv.gz", "brand", parts, "brands.csv", "id"),
        ("products.csv.gz", "skin_types", parts, "skin_types.csv", "id"),
        ("products.csv.gz", "concerns", parts, "concerns.csv", "id"),
        ("products.csv.gz", "ingredients", inci, "ingredients.csv", "inci"),
        ("courses.jsonl", "topics", parts, "topics.csv", "id"),
        ("courses.jsonl", "concerns", parts, "concerns.csv", "id"),
        ("courses.jsonl", "skin_types", parts, "skin_types.csv", "id"),
        ("courses.jsonl", "ingredients", inci, "ingredients.csv", "inci"),
        ("ingredients.csv", "helps_with", parts, "concerns.csv", "id"),
        ("follows.tsv", "user_id", parts, "users.csv", "user_id"),
        ("follows.tsv", "brand", parts, "brands.csv", "id"),
        ("enrolments.parquet", "learner", parts, "users.csv", "user_id"),
        ("enrolments.parquet", "course", parts, "courses.jsonl", "course_id"),
        ("purchases.csv.zst", "user_id", parts, "users.csv", "user_id"),
        ("purchases.csv.zst", "product_id", parts, "products.csv.gz", "product_id"),
    ],
)
def test_every_id_in_a_good_row_exists(name, field, cut, target, target_id) -> None:
    used = {value for row in good_rows(name) for value in cut(row[field])}
    assert used
    assert used <= set(column(target, target_id))


def test_labels_are_there_in_both_languages_and_tell_apart() -> None:
    labels = {"products.csv.gz": "name", "courses.jsonl": "title", "ingredients.csv": "name", "brands.csv": "label"}
    for name, field in labels.items():
        chinese = column(name, "label_zh" if field == "label" else f"{field}_zh")
        for texts in (column(name, field), chinese):
            assert not [text for text, n in Counter(texts).items() if n > 1 or not text.strip()]
        assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for text in chinese)


def test_schema_and_mapping_fit_the_files(schema: Schema) -> None:
    sources = read_mapping(EXAMPLE / "mapping.toml", schema)
    assert {path.name for source in sources for path in source.files(EXAMPLE)} == set(DATA_FILES)
    loaded = {source.relation for source in sources} | {link.relation for source in sources for link in source.link}
    assert loaded - {None} == set(schema.relation)
    for name, relation in schema.relation.items():
        assert set(relation.phrase) == set(relation.inverse_phrase) == {"en", "zh"}, name


def test_who_learns_and_who_buys() -> None:
    people = set(column("users.csv", "user_id"))
    learners, buyers = set(column("enrolments.parquet", "learner")), set(column("purchases.csv.zst", "user_id"))
    counts = len(people), len(learners - buyers), len(buyers - learners), len(learners & buyers)
    assert counts == (400, 150, 147, 92)
    idle = [row for row in good_rows("users.csv") if row["user_id"] not in learners | buyers]
    assert sum(not (row["skin_type"] or row["concerns"] or row["avoids"]) for row in idle) == 3
    assert sum(float(str(row["price"])) > 0 for row in good_rows("courses.jsonl")) == 62
    assert len(good_rows("products.csv.gz")) == 250


def test_nobody_bought_what_they_avoid() -> None:
    contents = {row["product_id"]: set(inci(row["ingredients"])) for row in good_rows("products.csv.gz")}
    avoids = {row["user_id"]: set(inci(row["avoids"])) for row in good_rows("users.csv")}
    assert sum(map(bool, avoids.values())) > 30
    for row in good_rows("purchases.csv.zst"):
        assert not contents[row["product_id"]] & avoids[row["user_id"]]


def test_planted_tastes_are_found_again_much_better_than_by_popularity() -> None:
    """The last purchase of every buyer, held out: shared concerns and buyers in common against what sells best."""
    products = good_rows("products.csv.gz")
    place = {row["product_id"]: i for i, row in enumerate(products)}
    concerns = sorted(set(column("concerns.csv", "id")))
    targets = np.array([[c in parts(row["concerns"]) for c in concerns] for row in products], dtype=float)
    history: dict[str, list[int]] = {}
    for row in good_rows("purchases.csv.zst"):  # in the order of time
        history.setdefault(str(row["user_id"]), []).append(place[row["product_id"]])
    held_out = np.array([bought[-1] for bought in history.values()])
    known = np.zeros((len(history), len(products)))
    for user, bought in enumerate(history.values()):
        known[user, bought[:-1]] = 1.0
    popularity = known.sum(axis=0)
    damping = 1 / np.sqrt(1 + popularity)
    together = known @ ((known * damping).T @ (known * damping))
    alike = (known @ targets / len(concerns)) @ targets.T
    paths = together / together.mean() + alike / alike.mean()

    def hits(scores: np.ndarray) -> float:
        candidates = np.where(known > 0, -1.0, scores)
        better = (candidates > candidates[np.arange(len(held_out)), held_out][:, None]).sum(axis=1)
        return float((better < 10).mean())

    assert hits(paths) > 2.5 * hits(np.tile(popularity, (len(history), 1)))
