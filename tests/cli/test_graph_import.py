"""``graph import``, and RDF given to ``load``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
RELATIVE = "@prefix s: <https://schema.org/> .\n<p1> a s:Product ; s:brand <b1> .\n"


def test_a_part_of_the_example_comes_back(whyrec: Whyrec, document: Document, example: Path, tmp_path: Path) -> None:
    near = tmp_path / "near.ttl"
    written = document("-w", example, "graph", "export", near, "--around", "p0042", "--depth", "2")
    assert whyrec("init", tmp_path / "new").exit_code == 0
    imported = document("-w", tmp_path / "new", "graph", "import", near)
    status = document("-w", tmp_path / "new", "status")["store"]
    assert (status["entities"], status["triples"]) == (written["entities"], written["triples"])
    assert imported["files"][0]["rows"] == imported["files"][0]["loaded"] > 1000
    again = document("-w", tmp_path / "new", "load", near)
    assert again["snapshot"] == imported["snapshot"]
    assert not any(one["created"] + one["updated"] for one in (again["entities"] | again["triples"]).values())


def test_relative_iris_need_a_base(whyrec: Whyrec, document: Document, tmp_path: Path) -> None:
    file, workspace = tmp_path / "p.ttl", tmp_path / "w"
    file.write_text(RELATIVE)
    assert whyrec("init", workspace).exit_code == 0
    refused = whyrec("-w", workspace, "load", file)
    assert refused.exit_code == 1 and "relative IRI <p1>; give a base" in refused.stderr
    assert whyrec("-w", workspace, "graph", "import", file, "--base", "shop").exit_code == 2
    imported = document("-w", workspace, "graph", "import", file, "--base", "http://shop.test/")
    assert imported["triples"]["made_by"]["created"] == 1
    shown = document("-w", workspace, "graph", "show", "http://shop.test/p1")
    assert shown["entity"]["id"] == "http://shop.test/p1"


def test_rows_are_no_rdf(whyrec: Whyrec, tmp_path: Path) -> None:
    (tmp_path / "Product.csv").write_text("id\np1\n")
    assert whyrec("init", tmp_path / "w").exit_code == 0
    refused = whyrec("-w", tmp_path / "w", "graph", "import", tmp_path / "Product.csv")
    assert refused.exit_code == 2 and "Product.csv: no RDF; use `whyrec load` for it" in refused.stderr


def test_the_table_of_the_mapping_is_used_for_files_given_by_name(
    document: Document, whyrec: Whyrec, tmp_path: Path
) -> None:
    assert whyrec("init", tmp_path / "w").exit_code == 0
    mapping = '[rdf]\nbase = "http://shop.test/"\n[rdf.class]\n"schema:Product" = "Course"\n'
    (tmp_path / "w" / "mapping.toml").write_text(mapping)
    (tmp_path / "p.ttl").write_text(RELATIVE)
    loaded = document("-w", tmp_path / "w", "load", tmp_path / "p.ttl", "--dry-run")
    assert (loaded["entities"]["Course"]["created"], loaded["files"][0]["filtered"]) == (1, 1)
