"""Rows of a person in files that whyrec wrote: hers go, those that only look like hers stay."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from kg.privacy.erasure.redaction import Outcome, Person, Redactor
from kg.schema import EntityType, Schema
from recommender.serving.list_file import list_format

SCHEMA = Schema(name="s", entity={"User": EntityType(sensitive=True)})


@pytest.mark.parametrize("name", ["rejects.csv", "left_out.csv", "contradictions.csv"])
def test_the_number_of_a_line_in_a_report_is_nobody(tmp_path: Path, name: str) -> None:
    report = tmp_path / "rejects" / "a" / name
    report.parent.mkdir(parents=True)
    report.write_text("file,line,field,value,reason,hint\nproducts.csv,20,price,twelve,no number,x\n")
    before = report.read_bytes()
    assert Redactor(Person("20", ["User"], SCHEMA, unmistakable=False)).redact(report) is Outcome.WITHOUT
    assert report.read_bytes() == before


@pytest.mark.parametrize("unmistakable", [True, False])
@pytest.mark.parametrize("user", ["@ann", "=2", "-x", "+1 2"])
def test_an_id_that_a_spreadsheet_would_run_is_taken_out_of_a_list(
    tmp_path: Path, user: str, unmistakable: bool
) -> None:
    table = pa.table({"user_id": [user, "bob"], "rank": [1, 1], "item_id": ["i", "i"], "score": [0.5, 0.5]})
    path = tmp_path / "all.csv"
    with list_format(path)(path, table.schema) as out:
        out.write(table)
    assert Redactor(Person(user, ["User"], SCHEMA, unmistakable)).redact(path) is Outcome.REWRITTEN
    assert pl.read_csv(path)["user_id"].to_list() == ["bob"]
