"""A workspace with the bundled example, loaded once through the public API."""

from pathlib import Path

import pytest

import whyrec
from whyrec import Engine


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the bundled example loaded; tests do not write to it."""
    folder = tmp_path_factory.mktemp("whyrec") / "demo"
    report = whyrec.create(folder, example=True).load()
    assert report.snapshot is not None and report.rejected > 0
    return folder


@pytest.fixture(scope="session")
def engine(demo: Path) -> Engine:
    """It, opened."""
    return whyrec.open(demo)
