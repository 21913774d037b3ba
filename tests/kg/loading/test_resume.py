"""A load that is cut off, however often and wherever, is finished by the same load."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kg.formats.by_file_name import sources_for_paths
from kg.loading.writing import WRITING
from kg.mapping.mapping import read_mapping
from kg.schema import read_schema
from kg.snapshot.building import take_snapshot
from kg.staging.tables import Staging
from kg.stores.revision import is_between_states
from tests.kg.files import STORE, load_sources, store_of

SCRIPT = Path(__file__).with_name("killed_load.py")
SCHEMA = """
name = "shop"
[entity.User]
sensitive = true
[entity.Product]
properties = { price = "float" }
[entity.Brand]
[relation.made_by]
head = "Product"
tail = "Brand"
[relation.bought]
head = "User"
tail = "Product"
"""
MAPPING = """
[[source]]
file = "users.csv"
mode = "replace"
entity = "User"
id = "id"
[[source]]
file = "products.csv"
mode = "replace"
entity = "Product"
id = "id"
label = "name"
properties = { price = "price" }
[[source.link]]
relation = "made_by"
tail = "brand"
[[source]]
file = "bought.csv"
relation = "bought"
head = "user"
tail = "product"
weight = "rating"
"""


def write_files(folder: Path, first: int) -> None:
    """Ten users and products, from number ``first`` on; what overlaps with another ``first`` changes."""
    folder.mkdir(exist_ok=True)
    numbers = range(first, first + 10)
    texts = {
        "schema.toml": SCHEMA,
        "mapping.toml": MAPPING,
        "users.csv": "id\n" + "".join(f"u{n}\n" for n in numbers),
        "products.csv": "id,name,price,brand\n"
        + "".join(f"p{n},P{n},{n + first},b{(n + first) % 4}\n" for n in numbers),
        "bought.csv": "user,product,rating\n" + "".join(f"u{n},p{n},{1 + first}\n" for n in numbers),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def load_here(folder: Path, url: str) -> dict[str, tuple[int, int, int, int]]:
    """Load in this process; entity type or relation → created, updated, unchanged, deleted."""
    schema = read_schema(folder / "schema.toml")
    report = load_sources(folder, schema, read_mapping(folder / "mapping.toml", schema), folder, url=url)
    return {name: tuple(counts.values()) for name, counts in (report.entities | report.triples).items()}


def mark_of(folder: Path, url: str) -> str:
    store = store_of(folder, read_schema(folder / "schema.toml"), read_only=True, url=url)
    try:
        return store.revision() or ""
    finally:
        store.close()


def mark_and_hash(folder: Path, url: str) -> tuple[str, str]:
    schema = read_schema(folder / "schema.toml")
    store = store_of(folder, schema, read_only=True, url=url)
    try:
        return store.revision() or "", take_snapshot(store, schema, folder / "snapshot").hash
    finally:
        store.close()


@pytest.fixture(scope="module")
def clean_hash(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The hash after the two loads when nothing comes between."""
    folder = tmp_path_factory.mktemp("clean")
    for first in (0, 5):
        write_files(folder, first)
        load_here(folder, STORE)
    return mark_and_hash(folder, STORE)[1]


def test_killed_again_and_again_it_ends_in_the_same_snapshot(store_url: str, tmp_path: Path, clean_hash: str) -> None:
    folder = tmp_path / "w"
    write_files(folder, 0)
    load_here(folder, store_url)
    marks = [mark_and_hash(folder, store_url)[0]]
    write_files(folder, 5)
    for moment in ("start", "2", "9", "finish"):
        process = subprocess.run([sys.executable, SCRIPT, folder, store_url, moment], stderr=subprocess.PIPE)
        assert process.returncode == -signal.SIGKILL, process.stderr
        marks.append(mark_and_hash(folder, store_url)[0])
    assert marks[1] == marks[0]
    assert [mark.startswith("loading-") for mark in marks] == [False, False, True, True, True]
    assert len(list((folder / "staging").iterdir())) == 2  # of the last one; each cleared up after the one before
    nothing = load_here(folder, store_url)
    assert {name: (*counts[:2], counts[3]) for name, counts in nothing.items()} == dict.fromkeys(nothing, (0, 0, 0))
    assert not list((folder / "staging").iterdir())
    mark, found = mark_and_hash(folder, store_url)
    assert not mark.startswith("loading-") and mark != marks[0]
    assert found == clean_hash
    load_here(folder, store_url)
    assert mark_and_hash(folder, store_url)[0] == mark


def test_another_load_does_not_pass_off_half_a_graph_as_whole(tmp_path: Path) -> None:
    write_files(tmp_path, 0)
    (tmp_path / "User.csv").write_text("id\nextra\n")
    process = subprocess.run([sys.executable, SCRIPT, tmp_path, STORE, "9"], stderr=subprocess.PIPE)
    assert process.returncode == -signal.SIGKILL, process.stderr
    schema = read_schema(tmp_path / "schema.toml")
    other = sources_for_paths([tmp_path / "User.csv"], schema)
    for _ in range(2):  # the second time nothing is left to write
        report = load_sources(tmp_path, schema, other, tmp_path)
        assert report.unfinished and "an earlier load of other files was cut off" in report.notices[-1]
        assert is_between_states(mark_of(tmp_path, STORE))
    load_here(tmp_path, STORE)
    assert not is_between_states(mark_of(tmp_path, STORE))


def test_a_load_may_be_told_to_finish_another(tmp_path: Path) -> None:
    write_files(tmp_path, 0)
    (tmp_path / "User.csv").write_text("id\nextra\n")
    subprocess.run([sys.executable, SCRIPT, tmp_path, STORE, "9"], stderr=subprocess.PIPE)
    schema = read_schema(tmp_path / "schema.toml")
    load_sources(tmp_path, schema, sources_for_paths([tmp_path / "User.csv"], schema), tmp_path, resume=True)
    assert not is_between_states(mark_of(tmp_path, STORE))


def test_staging_of_a_living_load_is_left_alone(tmp_path: Path) -> None:
    with Staging(tmp_path):
        first = set(tmp_path.iterdir())
        (tmp_path / "load-dead").mkdir()
        (tmp_path / "load-gone.lock").touch()
        with Staging(tmp_path):
            assert len(first) == 2 and first < set(tmp_path.iterdir())
            assert len(set(tmp_path.iterdir())) == 4
    assert not list(tmp_path.iterdir())


def test_progress_tells_every_row_that_is_written(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []

    def listen(stage: str, done: int, total: int | None, note: str = "") -> None:
        if stage == WRITING:
            assert total == 44
            told.append((note.partition(":")[0], done))

    write_files(tmp_path, 0)
    schema = read_schema(tmp_path / "schema.toml")
    sources = read_mapping(tmp_path / "mapping.toml", schema)
    load_sources(tmp_path, schema, sources, tmp_path, progress=listen)
    assert told == [("", 0), ("User", 10), ("Product", 20), ("Brand", 24), ("made_by", 34), ("bought", 44)]
