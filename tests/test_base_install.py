"""``pip install whyrec`` alone, without an extra: what needs no torch works, and what does says how to get it."""

import shutil
import subprocess
import sys
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
SHIPPED = ("whyrec", "cli", "recommender", "embeddings", "kg", "cypher")
HELP = """
import sys, typer
from cli.main import app
def ask(command, words):
    code = typer.main.get_command(app).main([*words, "--help"], "whyrec", standalone_mode=False)
    if code: sys.exit(f"{words}: {code}")
    for name in getattr(command, "commands", {}):
        ask(command.commands[name], [*words, name])
ask(typer.main.get_command(app), [])
"""
TRAIN = "pip install 'whyrec[train]'"
TOUR = (
    ("init demo --example", 0, "is ready"),
    ("-w demo load --quiet", 0, "Loaded"),
    ("-w demo recommend u0001 -n 2", 0, "For u0001"),
    ("-w demo why u0001 p0001 --html why.html", 0, "why.html"),
    ("-w demo why-not u0001 p0001", 0, "u0001"),
    ("-w demo what-if u0001 --with has_concern:acne", 0, "u0001"),
    ("-w demo similar p0001", 0, "Near"),
    ("-w demo evaluate --no-embeddings --no-tuning --holdout 0.05", 0, "popularity"),
    ("-w demo train", 1, TRAIN),
    ("-w demo train --no-embeddings", 0, "Model paths is ready"),
    ("-w demo recommend --all --out all.parquet", 0, "all.parquet"),
    ("-w demo experiment run demo/experiment.toml", 1, TRAIN),
    ("-w demo experiment list", 0, "0/"),
    ("-w demo predict p0001 contains", 1, "whyrec train"),
    ("-w demo graph export shop.ttl --without-people", 0, "shop.ttl"),
    ("-w demo forget u0042", 0, "Forgotten"),
    ("-w demo status", 0, "Next"),
    ("init far --store neo4j://localhost:1", 0, "is ready"),
    ("-w far status", 1, "pip install 'whyrec[neo4j]'"),
)


def needed(required: list[str]) -> dict[str, Distribution]:
    """The distributions that requirements bring, theirs too, by name."""
    found: dict[str, Distribution] = {}
    waiting = [(Requirement(text), "") for text in required]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.name in found or (requirement.marker and not requirement.marker.evaluate({"extra": extra})):
            continue
        found[requirement.name] = one = distribution(requirement.name)
        waiting += [(Requirement(text), extra) for text in one.requires or () for extra in ("", *requirement.extras)]
    return found


def link(one: Distribution, site: Path) -> None:
    """Put what a distribution installs into another environment."""
    for name in {file.parts[0] for file in one.files or ()} - {"..", "__pycache__"}:
        if not (site / name).exists():
            (site / name).symlink_to(one.locate_file(name))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel and its dependencies, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    for name in SHIPPED:
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder / "source")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = ["wheel", str(folder / "source"), "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = next((folder / "env").glob("[bS]*/python*"))
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    (site,) = (folder / "env").rglob("site-packages")
    (metadata,) = site.glob("whyrec-*.dist-info")
    for one in needed(PathDistribution(metadata).requires or []).values():
        link(one, site)
    return python.parent


def call(*program: str | Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)


def test_nothing_of_an_extra_is_in_the_way(bare: Path, tmp_path: Path) -> None:
    for name in ("torch", "pykeen", "safetensors", "neo4j", "pandas", "pytest"):
        assert call(bare / "python", "-c", f"import {name}", folder=tmp_path).returncode == 1


def test_every_command_has_help(bare: Path, tmp_path: Path) -> None:
    asked = call(bare / "python", "-c", HELP, folder=tmp_path)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout.count("Usage: whyrec ") > len(TOUR)


@pytest.mark.slow
@pytest.mark.timeout(900)  # twenty processes, one after the other, beside others
def test_the_tour_needs_no_extra(bare: Path, tmp_path: Path) -> None:
    for arguments, code, said in TOUR:
        done = call(bare / "whyrec", *arguments.split(), folder=tmp_path)
        assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
        assert said in (done.stderr if code else done.stdout), f"{arguments}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
