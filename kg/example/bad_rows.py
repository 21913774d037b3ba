"""The bad rows of the example: a dozen mistakes that files from the world make, and where they stand."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BadRow:
    """One row that must not be loaded."""

    file: str
    line: int
    """Physical line, the first is 1 and a header counts; in a Parquet file the row, the first is 1."""
    field: str
    """Column that is wrong; empty where the whole line cannot be read."""
    kind: str
    cells: tuple[bytes | None, ...]
    """The cells as they are written; a single one where the line is no row of cells."""


def _row(file: str, line: int, field: str, kind: str, *cells: str | bytes | None) -> BadRow:
    return BadRow(file, line, field, kind, tuple(c.encode() if isinstance(c, str) else c for c in cells))


USERS, PRODUCTS, COURSES = "users.csv", "products.csv.gz", "courses.jsonl"
PURCHASES, ENROLMENTS = "purchases.csv.zst", "enrolments.parquet"

BAD_ROWS = (
    _row(USERS, 58, "skin_type", "nul_byte", "u0401", "oily\0", "acne", ""),
    _row(
        PRODUCTS, 23, "product_id", "missing_id",
        "", "Bisabolol Comfort Hand Cream", "红没药醇舒敏护手霜", "tidegrass", "11.90", "true", "sensitive",
        "sensitivity", "Aqua, Glycerin, Bisabolol, Cetearyl Alcohol, Phenoxyethanol",
    ),
    _row(
        PRODUCTS, 87, "price", "bad_number",
        "p0251", "Squalane Nourishing Lip Balm", "角鲨烷滋润润唇膏", "norrvik", "twelve", "true", "dry", "dryness",
        "SQUALANE, CERA ALBA, RICINUS COMMUNIS SEED OIL",
    ),
    _row(
        PRODUCTS, 140, "", "too_many_cells",
        "p0252", "Charcoal & Mint Cleansing Foam", "竹炭薄荷洁面乳", "sunhollow", "14.50", "true", "oily", "excess-oil",
        "Aqua", " Charcoal Powder", " Mentha Piperita Oil", " Glycerin",
    ),
    _row(
        PRODUCTS, 201, "name_zh", "invalid_utf8",
        "p0253", "Green Tea Calming Toner Refill", b"\xc2\xcc\xb2\xe8\xcb\xac\xb7\xf4\xcb\xae", "mizuhana-lab", "16.00",
        "true", "sensitive", "redness", "Aqua, Glycerin, Camellia Sinensis Leaf Extract, Phenoxyethanol",
    ),
    _row(
        COURSES, 31, "", "bad_json",
        '{"course_id": "c090", "title": "Lip Colour Workshop", "title_zh": "唇妆工作坊", "topics": ["make-up"',
    ),
    _row(ENROLMENTS, 100, "learner", "missing_id", None, "c002", "1730419200000"),
    _row(ENROLMENTS, 555, "learner", "unknown_head", "u0999", "c013", "1741046400000"),
    _row(PURCHASES, 77, "product_id", "unknown_tail", "u0001", "p0999", "5", "2024-08-15T09:30:00Z"),
    _row(PURCHASES, 412, "product_id", "wrong_type", "u0001", "c012", "4", "2025-01-20T18:05:00Z"),
    _row(PURCHASES, 903, "bought_at", "bad_timestamp", "u0001", "p0010", "5", "2024-13-45"),
)  # fmt: skip
"""File by file, then by line. No good row mentions the people, courses and products that they would bring."""
