"""The file of all lists: one content in every format, its suffix decides, and no format can be run by a spreadsheet."""

import json
import zipfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from kg.errors import UsageError
from recommender.serving.list_file import FORMATS, is_list_file, list_format

SCHEMA = pa.schema([("user_id", pa.string()), ("rank", pa.int32()), ("item_id", pa.string()), ("score", pa.float64())])
ROWS = [{"user_id": "=1+1", "rank": 1, "item_id": "p,1\n水", "score": 0.1 + 0.2}, dict.fromkeys(SCHEMA.names)]
ROWS[1] |= {"user_id": "u2", "rank": 2, "item_id": "-p2", "score": -1.5}


def written(folder: Path, suffix: str) -> Path:
    path = folder / f"lists{suffix}"
    with list_format(path)(path, SCHEMA) as file:
        for row in ROWS:
            file.write(pa.Table.from_pylist([row], schema=SCHEMA))
    return path


def test_every_format_holds_the_same_rows(tmp_path: Path) -> None:
    assert pl.read_parquet(written(tmp_path, ".parquet")).to_dicts() == ROWS
    assert [json.loads(line) for line in written(tmp_path, ".jsonl").read_text().splitlines()] == ROWS
    table = pl.read_csv(written(tmp_path, ".csv")).to_dicts()
    assert [row["user_id"] for row in table] == ["'=1+1", "u2"] and table[1]["item_id"] == "'-p2"
    assert [(row["rank"], row["score"]) for row in table] == [(row["rank"], row["score"]) for row in ROWS]
    with zipfile.ZipFile(written(tmp_path, ".XLSX")) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "=1+1" in sheet and "<v>0.3" in sheet


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_list_is_known_again_and_nothing_else_is_taken_for_one(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path, suffix)
    assert is_list_file(path)
    path.write_bytes(b"id,label\np1,Rose\n")
    assert not is_list_file(path)


def test_another_suffix_is_refused() -> None:
    with pytest.raises(UsageError, match=r"suffix '\.toml' is no format of lists; write one of \.parquet, \.csv"):
        list_format(Path("whyrec.toml"))
