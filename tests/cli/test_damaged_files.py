"""Damage to what whyrec keeps: one message, or the file is made anew; never a crash, never another answer."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kg.workspace.workspace import Workspace
from tests.cli.conftest import Whyrec

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "flipped": lambda content: content[:-1] + bytes([content[-1] ^ 0x55]),
    "noise": lambda content: content[: len(content) // 2] + b"\xff" * (len(content) - len(content) // 2),
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "nested": lambda content: b"[" * 100_000,
}


NOTES = {
    "nested": b'{"a":' * 5000,
    "list": b"[1]",
    "text": b'"x"',
    "wrong": b'{"files": 5, "digests": 5, "p.csv": 5, "key": 5, "format": 1}',
    "zeros": bytes(20),
}


@pytest.mark.parametrize("damage", list(NOTES))
def test_damaged_notes_are_no_defect(example: Path, whyrec: Whyrec, tmp_path: Path, damage: str) -> None:
    home = Path(shutil.copytree(example, tmp_path / "w"))
    names = ("columns.json", "forgotten.json", "outputs.json", "generations/current")
    for name in names:
        (home / name).write_bytes(NOTES[damage])
    for command in (("recommend", "u0001"), ("load", "--dry-run"), ("forget", "u0001")):
        answer = whyrec("-w", home, *command)
        assert answer.exit_code in (0, 1) and "defect" not in answer.output, answer.output
    (home / "forgotten.json").unlink()
    answer = whyrec("-w", home, "load", "--dry-run")
    assert answer.exit_code == 0, answer.output


@pytest.fixture(scope="module")
def trained(example: Path, whyrec: Whyrec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with a model and vectors, and every kernel made."""
    home = Path(shutil.copytree(example, tmp_path_factory.mktemp("damaged") / "w"))
    assert whyrec("-w", home, "train", "--epochs", "2", "--dim", "4").exit_code == 0
    assert whyrec("-w", home, "recommend", "u0001").exit_code == 0
    return home


def test_every_kept_file_is_checked_when_it_is_opened(trained: Path, whyrec: Whyrec) -> None:
    command = ("-w", trained, "recommend", "u0001", "-n", "3")
    before = whyrec(*command)
    folders = [Workspace(trained).generation / name for name in ("snapshot", "kernels", "model")]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    kinds = {
        (path.relative_to(folders[0].parent).parts[0], ".".join(path.name.split(".")[-2:])): path for path in files
    }
    answers: dict[int, int] = {}
    for number, path in enumerate(sorted(kinds.values())):
        name = list(DAMAGES)[number % len(DAMAGES)]
        content = path.read_bytes()
        path.write_bytes(DAMAGES[name](content))
        result = whyrec(*command)
        where = f"{name}: {path}\n{result.output}"
        answers[result.exit_code] = answers.get(result.exit_code, 0) + 1
        assert result.exit_code in (0, 1) and "Traceback" not in result.output, where
        if result.exit_code:
            assert "damaged" in result.stderr or "cannot be read" in result.stderr, where
            assert len(result.stderr.strip().splitlines()) <= 2, where
        else:
            assert result.stdout == before.stdout, where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert answers[0] >= 3 and answers[1] >= 10
    assert whyrec(*command).stdout == before.stdout


def test_files_of_settings_nested_without_end_are_one_message(example: Path, tmp_path: Path, whyrec: Whyrec) -> None:
    deep = {"arrays": "name = " + "[" * 5000 + "]" * 5000, "tables": "[" + ".".join(["a"] * 5000) + "]\nb = 1"}
    for name, text in deep.items():
        home = Path(shutil.copytree(example, tmp_path / name))
        for file in ("whyrec.toml", "schema.toml", "mapping.toml"):
            kept = (home / file).read_bytes()
            (home / file).write_text(text)
            result = whyrec("-w", home, "load")
            assert result.exit_code == 1 and f"{file}: nested too deeply" in result.stderr, result.output
            (home / file).write_bytes(kept)
