"""Loads and trainings by the command line while a service of two workers answers: nobody notices but by the answer."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path
from threading import Event

import httpx
import pytest

import whyrec
from tests.whyrec.service.real_server import Served, serving

LOADS = 3
"""More than generations are kept."""
PAUSE_SECONDS = 0.02


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("swap") / "shop"
    whyrec.create(place, example=True).load()
    return place


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving(folder, workers=2) as one:
        yield one


def _command(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "cli", "-w", str(folder), *arguments, "--quiet"], check=True, timeout=240)


def _asked(served: Served, folder: Path, ended: Event, first: int) -> dict[int, int]:
    """Lists and accounts of one person after the other, each some over a connection of its own: status → how often."""
    found, numbers = dict[int, int](), count(first)
    while not ended.is_set():
        with served.client(folder) as client:
            for number in islice(numbers, 5):
                user = f"u{number % 140 + 1:04d}"
                path = f"why?user={user}&item=p0013" if number % 3 == 0 else f"recommend?user={user}&n=5"
                status = client.get(f"/api/v1/{path}").status_code
                found[status] = found.get(status, 0) + 1
                ended.wait(PAUSE_SECONDS)
    return found


def test_no_request_fails_while_others_load_and_train(served: Served, folder: Path, tmp_path: Path) -> None:
    with served.client(folder) as client:
        before = client.get("/api/v1/recommend?user=u0002&n=5")
        ended = Event()
        with ThreadPoolExecutor(2) as threads:
            asking = [threads.submit(_asked, served, folder, ended, start) for start in (0, 70)]
            try:
                for number in range(LOADS):
                    rows = tmp_path / "purchased.csv"
                    rows.write_text(f"head,tail,timestamp\nu0002,p00{number + 30},2026-05-01\n", encoding="utf-8")
                    _command(folder, "load", str(rows))
                _command(folder, "train", "--no-embeddings")
            finally:
                ended.set()
        counts = [one.result() for one in asking]
        assert all(set(one) == {200} for one in counts) and sum(one[200] for one in counts) > 100
        assert _models(client)[0] == whyrec.open(folder).snapshot.hash
        assert client.get(f"/api/v1/answers/{before.headers['x-answer-id']}").text == before.text
    kept = [one for one in (folder / "generations").iterdir() if one.is_dir()]
    assert len(kept) == 2


def _models(client: httpx.Client) -> list[str]:
    return [one["snapshot"] for one in client.get("/api/v1/models").json()]
