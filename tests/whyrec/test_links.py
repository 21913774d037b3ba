"""Links in a file: proposed, read, changed, loaded once."""

import csv
import json
import unittest.mock
from pathlib import Path

import pytest

import whyrec
from kg.errors import UsageError
from kg.quality.link_proposals import LinkProposal
from tests.kg.quality.test_link_proposals import encode
from whyrec.engine import Engine
from whyrec.workspace.links import COLUMNS, load_accepted, propose

SCHEMA = """\
name = "links"
[entity.User]
sensitive = true
[entity.Course]
domain = "courses"
[entity.Product]
domain = "cosmetics"
[entity.Concern]
[relation.enrolled]
head = "User"
tail = "Course"
interaction = true
[relation.addresses]
head = "Course"
tail = "Concern"
[relation.treats]
head = "Product"
tail = "Concern"
"""
FILES = {
    "Course": "id,label\nc1,calm mind\nc2,stress mind\nc3,calm stress\nnew,mind calm meditation\n"
    "x1,bread\nx2,kitchen\nx3,web\n",
    "Product": "id,label\np,calm\n",
    "Concern": "id,label\nstress,stress calm\n",
    "addresses": "head,tail\nc1,stress\nc2,stress\nc3,stress\n",
    "treats": "head,tail\np,stress\n",
}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Three of seven courses are linked."""
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    engine = whyrec.create(tmp_path / "shop", schema=str(tmp_path / "schema.toml"))
    paths = []
    for name, text in FILES.items():
        paths.append(tmp_path / f"{name}.csv")
        paths[-1].write_text(text, encoding="utf-8")
    engine.load(paths)
    return engine


def test_links_are_proposed_read_and_loaded(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "links.csv"
    report = propose(engine.snapshot, file, 0.99, encode)
    assert report.proposed == len(report.links) == 1 and report.accepted == 0
    (link,) = report.links
    assert (link.relation, link.head, link.tail, link.tail_label) == ("addresses", "new", "stress", "stress calm")
    with pytest.raises(UsageError, match="no link is accepted"):
        load_accepted(engine, file)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    rows[0]["accept"] = "Yes"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    assert load_accepted(engine, file).triples["addresses"]["created"] == 1
    assert load_accepted(engine, file).triples["addresses"]["created"] == 0
    idx, weight = engine.snapshot.neighbours("addresses", engine.snapshot.vocabulary.idx("Course", "new"))
    assert len(idx) == 1 and weight[0] == pytest.approx(link.confidence, abs=1e-4)
    assert propose(engine.snapshot, file, 0.6, encode).proposed == 0


def test_a_file_that_is_not_one_says_what_is_missing(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="whyrec links"):
        load_accepted(engine, tmp_path / "nothing.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="accept, confidence"):
        load_accepted(engine, tmp_path / "other.csv")
    with pytest.raises(UsageError, match="0 to 1"):
        propose(engine.snapshot, tmp_path / "links.csv", 2.0, encode)


def test_no_label_is_run_by_a_spreadsheet_and_ids_are_loaded_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    engine = whyrec.create(tmp_path / "shop", schema=str(tmp_path / "schema.toml"))
    (tmp_path / "Course.jsonl").write_text(json.dumps({"id": "@new", "label": "=mind()"}) + "\n", encoding="utf-8")
    (tmp_path / "Concern.csv").write_text("id\nstress\n", encoding="utf-8")
    engine.load([tmp_path / "Course.jsonl", tmp_path / "Concern.csv"])
    proposal = LinkProposal(item=0, attribute=0, step="addresses", confidence=1.0, because="=x()")
    with unittest.mock.patch("whyrec.workspace.links.propose_links", return_value=[proposal]):
        propose(engine.snapshot, tmp_path / "links.csv", 0.5, encode)
    with (tmp_path / "links.csv").open(newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert (row["head"], row["head_label"], row["because"]) == ("'@new", "'=mind()", "'=x()")
    report = load_accepted(engine, tmp_path / "links.csv")
    assert (report.rejected, report.triples["addresses"]["created"]) == (0, 1)
    assert report.entities.get("Course", {}).get("created", 0) == 0
