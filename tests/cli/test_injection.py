"""What a terminal or another program is shown of hostile data: escaped, in its place, in its folder."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
LABEL = "Soap :id: \u202e\x1b]0;owned\x07\x1b[2J [red]x[/red] <script>alert(1)</script> `}) DETACH DELETE n //"


def control_characters(text: str) -> set[str]:
    return {ch for ch in text if unicodedata.category(ch) in ("Cc", "Cf") and ch not in "\n\t"}


def test_labels_from_files_are_escaped_on_the_screen(
    document: Document, whyrec: Whyrec, store_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "w"
    (tmp_path / "schema.toml").write_text(
        'name = "s"\n[entity.User]\nsensitive = true\n[entity.Product]\ndomain = "shop"\n[entity.Brand]\n'
        '[relation.bought]\nhead = "User"\ntail = "Product"\ninteraction = true\n'
        '[relation.made_by]\nhead = "Product"\ntail = "Brand"\n'
    )
    whyrec("init", folder, "--schema", tmp_path / "schema.toml", "--store", store_url)
    (folder / "Product.csv").write_text(f"id,label\np1,{LABEL}\np2,{LABEL} 2\n")
    (folder / "User.csv").write_text("id\nu1\nu2\n")
    (folder / "Brand.csv").write_text("id,label\nb1,Acme\n")
    (folder / "bought.csv").write_text("head,tail,weight\nu1,p1,1\nu2,p1,1\nu2,p2,1\nu1,p9,\x1b[31mred\n")
    (folder / "made_by.csv").write_text("head,tail\np1,b1\np2,b1\n")
    files = [folder / f"{name}.csv" for name in ("Product", "User", "Brand", "bought", "made_by")]
    shown = [whyrec("-w", folder, "load", *files)]
    for arguments in (
        ("recommend", "u1"),
        ("why", "u1", "p2"),
        ("graph", "show", "p1"),
        ("graph", "show", LABEL),
        ("forget", LABEL),
        ("recommend", LABEL),
    ):
        shown.append(whyrec("-w", folder, *arguments))
    assert [result.exit_code for result in shown] == [0, 0, 0, 0, 1, 1, 1], [r.output for r in shown]
    for result in shown:
        assert "Traceback" not in result.output and not control_characters(result.stdout + result.stderr)
    assert all(text in shown[1].stdout for text in ("[red]x[/red]", ":id:", r"\u202e"))
    (item,) = document("-w", folder, "recommend", "u1")["items"]
    assert item["label"] == f"{LABEL} 2"
    page = whyrec("-w", folder, "graph", "export", folder / "g.graphml")
    assert page.exit_code == 0 and "<script>" not in (folder / "g.graphml").read_text()
    status = document("-w", folder, "status")["store"]
    assert status["entities"] == {"User": "<5", "Product": 2, "Brand": 1} and status["triples"]["bought"] == "<5"
