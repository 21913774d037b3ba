"""The whole way on a real Neo4j server: the same snapshot as from the embedded store, and clear messages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Whyrec

Document = Callable[..., Any]


def test_neo4j_and_the_embedded_store_give_the_same_answers(
    document: Document, whyrec: Whyrec, example: Path, empty_neo4j_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "w"
    assert whyrec("init", folder, "--example", "--store", empty_neo4j_url).exit_code == 0
    first, second = (document("-w", folder, "load") for _ in range(2))
    embedded = document("-w", example, "status")
    assert first["snapshot"] == second["snapshot"] == embedded["snapshot"]["hash"]
    changes = [*second["entities"].values(), *second["triples"].values()]
    assert all(change["created"] == change["updated"] == 0 for change in changes)
    status = document("-w", folder, "status")
    assert status["store"]["entities"] == embedded["store"]["entities"]
    assert status["store"]["triples"] == embedded["store"]["triples"]
    for command in (("recommend", "u0001"), ("why", "u0001", "p0001")):
        assert document("-w", folder, *command) == document("-w", example, *command)


@pytest.mark.parametrize("command", [("load",), ("status",)])
def test_a_wrong_password_gets_one_message_without_it(
    whyrec: Whyrec, neo4j_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    whyrec("init", tmp_path / "w", "--example", "--store", neo4j_url)
    monkeypatch.setenv("NEO4J_PASSWORD", "S3cret")
    result = whyrec("-w", tmp_path / "w", *command)
    assert result.exit_code == 1
    assert "NEO4J_PASSWORD" in result.stderr and "Traceback" not in result.output
    assert "S3cret" not in result.output


def test_an_unreachable_server_is_named(whyrec: Whyrec, tmp_path: Path) -> None:
    whyrec("init", tmp_path / "w", "--example", "--store", "bolt://localhost:1")
    result = whyrec("-w", tmp_path / "w", "load")
    assert result.exit_code == 1
    assert "bolt://localhost:1" in result.stderr and "Traceback" not in result.output


def test_a_password_in_the_url_is_refused_and_not_repeated(whyrec: Whyrec, tmp_path: Path) -> None:
    result = whyrec("init", tmp_path / "w", "--store", "bolt://neo4j:S3cret@localhost:1")
    if result.exit_code == 0:
        result = whyrec("-w", tmp_path / "w", "load", "--debug")
    assert result.exit_code == 1
    assert "S3cret" not in result.output + str(result.exception)
    assert not (tmp_path / "w" / "whyrec.toml").exists()
