"""Write the data files of the bundled example: ``python -m kg.example.generate OUT_DIR``.

The same seed writes the same bytes. Files, formats and time stamps are mixed on purpose, as in the data of the world:
a byte order mark, gzip, Zstandard, no header, JSON lists, ISO 8601, epoch seconds, epoch milliseconds. ``BAD_ROWS``
says which rows are wrong on purpose and how, ``FILTERED_ROWS`` how many the mapping leaves out by ``where``.
"""

import argparse
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from kg.document import read_toml
from kg.example.bad_rows import BAD_ROWS, COURSES, ENROLMENTS, PRODUCTS, PURCHASES, USERS, BadRow
from kg.example.courses import Course, read_courses
from kg.example.ingredients import CATALOGUE, Ingredient, read_ingredients, titled
from kg.example.people import Person, make_people
from kg.example.products import Product, ProductCatalogue
from kg.example.sampling import Sampler

__all__ = ["BAD_ROWS", "DATA_FILES", "FILTERED_ROWS", "SEED", "BadRow", "data_files", "write"]

SEED = 7
FILTERED_ROWS = {COURSES: 3, PURCHASES: 3}
"""Free courses, and purchases rated below 3."""
DATA_FILES = (
    "brands.csv", "concerns.csv", COURSES, ENROLMENTS, "follows.tsv", "ingredients.csv", PRODUCTS, PURCHASES,
    "skin_types.csv", "topics.csv", USERS,
)  # fmt: skip
"""Names of all data files, sorted."""
START, YEAR = 1_704_067_200, 365 * 86_400
"""2024-01-01 in epoch seconds, and a year; the histories span two."""
UTF8_MARK = b"\xef\xbb\xbf"


def write(folder: Path, seed: int = SEED) -> None:
    """Write all data files into ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in data_files(seed).items():
        (folder / name).write_bytes(content)


def data_files(seed: int = SEED) -> dict[str, bytes]:
    """File name → content of all data files."""
    sampler = Sampler(seed)
    ingredients, courses = read_ingredients(), read_courses()
    attributes = read_toml(CATALOGUE / "attributes.toml")
    products = ProductCatalogue(sampler, ingredients).products()
    people = make_people(sampler, courses, products, list(attributes["brand"]))
    made = {
        "ingredients.csv": _ingredients(ingredients),
        "brands.csv": _labels({key: (b["en"], b["zh"]) for key, b in attributes["brand"].items()}),
        "concerns.csv": _labels(attributes["concern"]),
        "skin_types.csv": _labels(attributes["skin_type"]),
        "topics.csv": _labels(attributes["topic"]),
        COURSES: _courses(courses),
        PRODUCTS: _products(products),
        USERS: _users(people),
        PURCHASES: _purchases(people, sampler),
        ENROLMENTS: _enrolments(people, sampler),
        "follows.tsv": _follows(people, sampler),
    }
    return {name: made[name] for name in DATA_FILES}


def _labels(entries: dict[str, Sequence[str]]) -> bytes:
    return _csv([("id", "label", "label_zh"), *((key, *labels) for key, labels in entries.items())])


def _ingredients(ingredients: dict[str, Ingredient]) -> bytes:
    rows = [(i.id, i.label, i.label_zh, "|".join(i.helps_with)) for i in ingredients.values()]
    return _csv([("inci", "name", "name_zh", "helps_with"), *rows])


def _courses(courses: Iterable[Course]) -> bytes:
    lines = []
    for course in courses:
        record = {
            "course_id": course.id,
            "title": course.title,
            "title_zh": course.title_zh,
            "price": course.price,
            "language": course.language,
            "level": course.level,
            "hours": course.hours,
            "topics": course.topics,
            "concerns": course.concerns,
            "skin_types": course.skin_types,
            "ingredients": [titled(inci) for inci in course.ingredients],
        }
        lines.append(json.dumps(record, ensure_ascii=False).encode())
    return _lines(_with_bad_rows(COURSES, lines, header=0))


def _products(products: Iterable[Product]) -> bytes:
    header = (
        "product_id", "name", "name_zh", "brand", "price", "in_stock", "skin_types", "concerns", "ingredients",
    )  # fmt: skip
    rows = [
        (
            p.id, p.name, p.name_zh, p.brand, f"{p.price:.2f}", "true" if p.in_stock else "false",
            "|".join(p.skin_types), "|".join(p.concerns), p.inci,
        )
        for p in products
    ]  # fmt: skip
    return gzip.compress(_csv([header, *rows], PRODUCTS), mtime=0)


def _users(people: Iterable[Person]) -> bytes:
    rows = [(p.id, p.skin_type, "|".join(p.concerns), ", ".join(map(titled, p.avoids))) for p in people]
    return UTF8_MARK + _csv([("user_id", "skin_type", "concerns", "avoids"), *rows], USERS)


def _purchases(people: Iterable[Person], sampler: Sampler) -> bytes:
    """Ratings follow taste. A few people buy something again; three purchases were regretted."""
    bought: list[tuple[int, Person, Product, int]] = []
    for person in people:
        products = person.purchased
        again = products[:1] if sampler.chance(0.06) else []
        for product in [*products, *again]:
            liked = bool(set(product.concerns) & person.interests.keys()) or sampler.chance(0.4)
            rating = sampler.pick([5, 5, 5, 4, 4] if liked else [5, 4, 3])
            bought.append((_moment(sampler, 0.25, 2.0), person, product, rating))
    bought.sort(key=lambda row: row[0])
    regretted = set(sampler.sample([i for i, row in enumerate(bought) if row[3] == 3], FILTERED_ROWS[PURCHASES]))
    rows = [
        (person.id, product.id, str(1 + i % 2 if i in regretted else rating), _iso(moment))
        for i, (moment, person, product, rating) in enumerate(bought)
    ]
    content = _csv([("user_id", "product_id", "rating", "bought_at"), *rows], PURCHASES)
    return zstandard.ZstdCompressor(level=19).compress(content)


def _enrolments(people: Iterable[Person], sampler: Sampler) -> bytes:
    taken = [(_moment(sampler, 0.0, 1.6) * 1000, p.id, course.id) for p in people for course in p.enrolled]
    rows: list[tuple[str | None, str | None, int]] = [(learner, course, at) for at, learner, course in sorted(taken)]
    for bad in _bad_rows(ENROLMENTS):
        learner_id, course_id, moment = (None if cell is None else cell.decode() for cell in bad.cells)
        rows.insert(bad.line - 1, (learner_id, course_id, int(moment or 0)))
    learners, courses, moments = zip(*rows, strict=True)
    table = pa.table(
        {
            "learner": pa.array(learners, pa.string()),
            "course": pa.array(courses, pa.string()),
            "enrolled_at": pa.array(moments, pa.int64()),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _follows(people: Iterable[Person], sampler: Sampler) -> bytes:
    rows = [(p.id, brand, str(_moment(sampler, 0.0, 2.0))) for p in people for brand in p.follows]
    return _lines("\t".join(row).encode() for row in rows)


def _moment(sampler: Sampler, first_year: float, last_year: float) -> int:
    """Epoch seconds between two points of time, told in years after ``START``."""
    return START + int(sampler.uniform(first_year, last_year) * YEAR)


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _csv(rows: Iterable[Sequence[str]], file: str | None = None) -> bytes:
    """Rows as CSV, with the bad rows of ``file`` put in their places."""
    lines = [_csv_line([cell.encode() for cell in row]) for row in rows]
    return _lines(lines if file is None else [lines[0], *_with_bad_rows(file, lines[1:], header=1)])


def _csv_line(cells: Iterable[bytes]) -> bytes:
    return b",".join(b'"' + cell.replace(b'"', b'""') + b'"' if b"," in cell else cell for cell in cells)


def _with_bad_rows(file: str, lines: Sequence[bytes], header: int) -> list[bytes]:
    mixed = list(lines)
    for bad in _bad_rows(file):
        cells = [cell or b"" for cell in bad.cells]
        # Commas in cells that nobody quoted are how a row gets too many of them, and JSON has no cells at all.
        plain = bad.kind in ("too_many_cells", "bad_json")
        mixed.insert(bad.line - 1 - header, b",".join(cells) if plain else _csv_line(cells))
    return mixed


def _bad_rows(file: str) -> list[BadRow]:
    """The bad rows of a file by line; each is put in after those before it, so that lines come out as told."""
    return sorted((bad for bad in BAD_ROWS if bad.file == file), key=lambda bad: bad.line)


def _lines(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def main() -> None:
    """Entry point of ``python -m kg.example.generate``."""
    parser = argparse.ArgumentParser(description="Write the data files of the bundled example.")
    parser.add_argument("folder", type=Path, metavar="OUT_DIR", help="where to write them")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed, another population")
    options = parser.parse_args()
    write(options.folder, options.seed)


if __name__ == "__main__":
    main()
