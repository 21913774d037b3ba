"""A load that was cut off: nothing is made of half a graph, and whoever asks meanwhile is told what he gets."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
SCRIPT = Path(__file__).parents[1] / "kg" / "loading" / "killed_load.py"
SCHEMA = """
name = "shop"
[entity.User]
sensitive = true
[entity.Product]
domain = "cosmetics"
[entity.Brand]
[relation.made_by]
head = "Product"
tail = "Brand"
[relation.bought]
head = "User"
tail = "Product"
interaction = true
"""
FILES = {
    "Product.csv": 'entity = "Product"\nid = "id"\n[[source.link]]\nrelation = "made_by"\ntail = "brand"\n',
    "User.csv": 'entity = "User"\nid = "id"\n',
    "bought.csv": 'relation = "bought"\nhead = "u"\ntail = "p"\n',
}


@pytest.fixture
def folder(tmp_path: Path, whyrec: Whyrec) -> Path:
    """A workspace whose load was killed after its fourth batch."""
    (tmp_path / "s.toml").write_text(SCHEMA)
    assert whyrec("init", tmp_path / "w", "--schema", tmp_path / "s.toml").exit_code == 0
    home = tmp_path / "w"
    (home / "mapping.toml").write_text("".join(f'[[source]]\nfile = "{name}"\n{text}' for name, text in FILES.items()))
    (home / "Product.csv").write_text("id,brand\n" + "".join(f"p{n},b{n % 2}\n" for n in range(8)))
    (home / "User.csv").write_text("id\n" + "".join(f"u{n}\n" for n in range(8)))
    (home / "bought.csv").write_text("u,p\n" + "".join(f"u{n},p{(n + k) % 8}\n" for n in range(8) for k in range(3)))
    return home


def cut_off(home: Path) -> None:
    process = subprocess.run([sys.executable, SCRIPT, home, "graph.lbug", "4"], stderr=subprocess.PIPE)
    assert process.returncode == -signal.SIGKILL, process.stderr


def test_half_a_first_graph_is_refused(folder: Path, whyrec: Whyrec, document: Document) -> None:
    cut_off(folder)
    for command in (("recommend", "u1"), ("train", "--no-embeddings")):
        refused = whyrec("-w", folder, *command)
        assert refused.exit_code == 1 and "the graph is between two states" in refused.stderr, refused.output
    assert "load --resume" in document("-w", folder, "status")["next"]
    assert whyrec("-w", folder, "load", "--resume").exit_code == 0
    assert len(document("-w", folder, "recommend", "u1")["items"]) == 5


def test_a_load_without_a_mapping_is_resumed_with_its_files(folder: Path, whyrec: Whyrec, document: Document) -> None:
    """Nothing but the user tells which files they were, so the next step asks for them."""
    cut_off(folder)
    (folder / "mapping.toml").rename(folder / "other.toml")
    assert document("-w", folder, "status")["next"].endswith("load --resume FILE…")
    refused = whyrec("-w", folder, "load", "--resume")
    assert refused.exit_code and "name the files of the load that was cut off" in refused.stderr
    assert whyrec("-w", folder, "load", "--resume", "--mapping", folder / "other.toml").exit_code == 0


def test_readers_see_the_last_whole_graph_and_are_told(folder: Path, whyrec: Whyrec, document: Document) -> None:
    def asked() -> tuple[Any, bool]:
        told = whyrec("-w", folder, "recommend", "u1")
        return told.stdout, "a load was cut off; this answers from the graph before it" in told.stderr

    document("-w", folder, "load")
    before, is_told = asked()
    assert not is_told
    (folder / "Product.csv").write_text((folder / "Product.csv").read_text() + "".join(f"q{n},b9\n" for n in range(99)))
    cut_off(folder)
    assert asked() == (before, True)
    assert whyrec("-w", folder, "train", "--no-embeddings").exit_code == 1
    document("-w", folder, "load")
    assert not asked()[1]


def test_answers_of_a_store_that_is_gone_say_so(folder: Path, whyrec: Whyrec, document: Document) -> None:
    document("-w", folder, "load")
    before = whyrec("-w", folder, "recommend", "u1")
    assert "not there any more" not in before.stderr
    (folder / "graph.lbug").rename(folder / "elsewhere.lbug")
    told = whyrec("-w", folder, "recommend", "u1")
    assert told.stdout == before.stdout and told.exit_code == 0
    assert "graph.lbug: the store is not there any more; this answers from what was last read" in told.stderr
