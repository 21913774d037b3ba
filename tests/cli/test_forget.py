"""``whyrec forget``: nothing of the person is left but in the files that somebody else owns, and no load undoes it."""

import gzip
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from kg.mapping.source import Source
from kg.privacy.erasure.erasure import forget
from kg.workspace.outputs import parts_of, remember_output
from kg.workspace.scratch import NAME as SCRATCH
from kg.workspace.scratch import scratch
from kg.workspace.workspace import Workspace
from tests.cli.conftest import Whyrec
from tests.kg.readers.test_readers import read
from whyrec.service.forgotten_people import ForgottenPeople

Document = Callable[..., Any]
PERSON = "u0042"
SOURCES = {"users.csv", "purchases.csv.zst", "more/purchased.csv"}


def make_shop(folder: Path, whyrec: Whyrec, store: str) -> Path:
    """A workspace with rejects, a model, kernels and a list for all users, in all of which the person is."""
    more = folder / "more"
    assert whyrec("init", folder, "--example", "--store", store).exit_code == 0
    assert whyrec("-w", folder, "load").exit_code == 0
    more.mkdir()
    rows = f'head,tail,weight\n{PERSON},p0001,many\n{PERSON},p9999,1\nu0001,p0001,some\n{PERSON},"x,1\nu0001,p0002,1\n'
    (more / "purchased.csv").write_text(rows)
    assert whyrec("-w", folder, "load", more / "purchased.csv").exit_code == 0
    trained = whyrec("-w", folder, "train", "--no-embeddings")
    assert trained.exit_code == 0, trained.output
    assert whyrec("-w", folder, "recommend", "--all", "-n", "3", "--out", folder / "all.parquet").exit_code == 0
    assert any(PERSON.encode() in path.read_bytes() for path in (folder / "rejects").rglob("*.csv"))
    return folder


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, whyrec: Whyrec) -> Path:
    """Such a workspace with its store in it, to be copied."""
    return make_shop(tmp_path_factory.mktemp("shop") / "w", whyrec, "graph.lbug")


@pytest.fixture
def copied(prepared: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(prepared, tmp_path / "copy"))


def holding(folder: Path, needle: bytes) -> set[str]:
    """The files of a folder that hold some bytes, by a search that shares nothing with the program's."""
    found = set()
    for path in (path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.suffix == ".zst":
            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        if path.suffix == ".parquet":
            data += "\n".join(map(str, pl.read_parquet(path).rows())).encode()
        if needle in data:
            found.add(str(path.relative_to(folder)))
    return found


def triples_of(workspace: Workspace, user: str) -> int:
    """How many triples a user has in the store."""
    store = workspace.open_store(read_only=True)
    try:
        names = [name for name, one in workspace.schema.relation.items() if one.head == "User"]
        return sum(store.read_triples(name).filter(pl.col("head") == user).height for name in names)
    finally:
        store.close()


@pytest.mark.slow
def test_a_person_is_gone_everywhere_and_stays_away(
    document: Document, whyrec: Whyrec, tmp_path: Path, store_url: str
) -> None:
    shop = make_shop(tmp_path / "w", whyrec, store_url)
    triples = triples_of(Workspace(shop), PERSON)
    before = document("-w", shop, "status")
    erased = document("-w", shop, "forget", PERSON)
    assert erased["user"] == PERSON and erased["found"] == []
    assert erased["deleted"]["entities"] == 1 and sum(erased["deleted"]["triples"].values()) == triples > 0
    assert set(erased["source_files"]) == SOURCES
    assert "all.parquet" in erased["files_rewritten"] and len(erased["files_rewritten"]) == 3
    lock = 1  # of this very command
    assert erased["searched_files"] == sum(p.is_file() for p in shop.rglob("*")) + _outside(store_url) + lock
    assert holding(shop, PERSON.encode()) == SOURCES
    assert not any(PERSON.encode() in path.read_bytes() for path in shop.parent.glob("graph.lbug*"))
    assert any("whyrec train" in notice for notice in erased["notices"])
    assert any("transaction logs" in notice for notice in erased["notices"]) == ("://" in store_url)
    after = document("-w", shop, "status")
    assert after["model"] is None and after["snapshot"]["current"] and after["next"].endswith("train")
    assert after["store"]["entities"]["User"] == before["store"]["entities"]["User"] - 1
    others = pl.read_parquet(shop / "all.parquet").get_column("user_id")
    assert others.n_unique() == before["store"]["entities"]["User"] - 1
    again = document("-w", shop, "forget", PERSON)
    assert again["deleted"] == {"entities": 0, "triples": {}} and again["found"] == []
    for arguments in ((), (shop / "more" / "purchased.csv",)):
        loaded = document("-w", shop, "load", *arguments)
        assert all(f["rows"] == f["loaded"] + f["rejected"] + f["filtered"] for f in loaded["files"])
        changes = [*loaded["entities"].values(), *loaded["triples"].values()]
        assert all(change["created"] == change["updated"] == 0 for change in changes)
    assert [(f["rows"], f["rejected"], f["filtered"]) for f in loaded["files"]] == [(5, 1, 3)]
    assert holding(shop, PERSON.encode()) == SOURCES
    assert triples_of(Workspace(shop), PERSON) == 0


def _outside(store_url: str) -> int:
    """Files of an embedded store, which lies beside the workspace here."""
    return 0 if "://" in store_url else len(list(Path(store_url).parent.glob("graph.lbug*")))


@pytest.mark.parametrize("step", ["Store", "Snapshot", "Files", "Searching all files"])
def test_interrupted_anywhere_the_same_command_goes_on(document: Document, copied: Path, step: str) -> None:
    def interrupt(stage: str, done: int, total: int | None, note: str = "") -> None:
        if note == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forget(Workspace(copied), PERSON, interrupt)
    erased = document("-w", copied, "forget", PERSON)
    assert erased["found"] == [] and holding(copied, PERSON.encode()) == SOURCES
    assert document("-w", copied, "status")["snapshot"]["current"]


def test_an_unknown_id_changes_nothing(whyrec: Whyrec, copied: Path) -> None:
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    for user in ("u004", "p0001", "", "u\n1"):
        result = whyrec("-w", copied, "forget", user)
        assert result.exit_code in (1, 2) and "Traceback" not in result.output
    assert "'p0001' is a Product, no User" in whyrec("-w", copied, "forget", "p0001").stderr
    assert "ids of people are not suggested" in whyrec("-w", copied, "forget", "u004").stderr
    assert {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("person", ["李\u3000雷42", "Ann\u00a0Lee", "ann\nlee42", "ann\u200blee", "\ue000ann42"])
def test_whoever_is_loaded_can_be_forgotten(whyrec: Whyrec, document: Document, tmp_path: Path, person: str) -> None:
    """Names with the spaces of Chinese and of the web, and with what nobody sees."""
    assert whyrec("init", tmp_path / "w").exit_code == 0
    file = tmp_path / "purchased.csv"
    file.write_text(f'head,tail,weight\n"{person}",p1,1\nu2,p1,1\n"{person}",p2,many\n', encoding="utf-8")
    assert whyrec("-w", tmp_path / "w", "load", file).exit_code == 0
    found = document("-w", tmp_path / "w", "forget", person)
    assert found["found"] == [] and not holding(tmp_path / "w", person.encode())


def test_an_id_with_a_type_before_it_is_read_in_one_way_or_refused(
    whyrec: Whyrec, document: Document, tmp_path: Path
) -> None:
    file = tmp_path / "purchased.csv"
    file.write_text("head,tail\n" + "".join(f"{one},p1\n" for one in ("alone", "User:alone", "User:other")))
    assert whyrec("init", tmp_path / "w").exit_code == whyrec("-w", tmp_path / "w", "load", file).exit_code == 0
    refused = whyrec("-w", tmp_path / "w", "forget", "User:alone")
    assert refused.exit_code == 2 and "say 'alone' or 'User:User:alone'" in refused.output
    for asked, left in (("User:other", {"alone", "User:alone"}), ("User:User:alone", {"alone"}), ("User:alone", set())):
        assert document("-w", tmp_path / "w", "forget", asked)["found"] == []
        store = Workspace(tmp_path / "w").open_store(read_only=True)
        assert set(store.read_entities("User").get_column("id")) == left
        store.close()


def test_what_a_killed_load_left_is_forgotten_too(whyrec: Whyrec, copied: Path) -> None:
    left = copied / "staging" / "load-killed"
    left.mkdir(parents=True)
    pl.DataFrame({"id": ["u9999", PERSON]}).write_parquet(left / "0.parquet")
    assert whyrec("-w", copied, "forget", "u9999").exit_code == 1 and not left.exists()


def test_what_still_holds_the_id_is_found_and_fails(whyrec: Whyrec, document: Document, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    whyrec("init", folder, "--example")
    (folder / "User.csv").write_text("id\nu0042\nu00421\n")
    (folder / "Product.csv").write_text("id,label\np1,a gift for u0042\n")
    document("-w", folder, "load", folder / "User.csv", folder / "Product.csv")
    found = document("-w", folder, "forget", "u0042", exit_code=1)["found"]
    assert any(place.startswith("generations") for place in found)
    (folder / "Product.csv").write_text("id,label\np1,a gift for u00421\n")
    document("-w", folder, "load", folder / "Product.csv")
    assert document("-w", folder, "forget", "u0042")["found"] == []


MAPPING = """
[[source]]
file = "users.csv"
entity = "User"
id = "id"
[[source]]
file = "products.csv"
entity = "Product"
id = "id"
label = "name"
[[source]]
file = "bought.csv"
relation = "purchased"
head = "user"
tail = "item"
weight = "stars"
"""


@pytest.fixture
def numbered(tmp_path: Path, whyrec: Whyrec, document: Document) -> Path:
    """A workspace in which people and products are numbered alike, with rejects, lists and a page."""
    folder = tmp_path / "w"
    assert whyrec("init", folder).exit_code == 0
    (folder / "mapping.toml").write_text(MAPPING)
    (folder / "users.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(1, 41)))
    (folder / "products.csv").write_text("id,name\n" + "".join(f"{n},Set of {n}\n" for n in range(1, 41)))
    rows = [f"{n},{n % 40 + 1},{n % 5 + 1}\n" for n in range(1, 41)] + ["1,2,many\n", "2,1,many\n", "3,4,1\n"]
    (folder / "bought.csv").write_text("user,item,stars\n" + "".join(rows))
    document("-w", folder, "load")
    assert whyrec("-w", folder, "recommend", "--all", "--out", folder / "all.parquet").exit_code == 0
    for user in ("1", "2"):
        assert whyrec("-w", folder, "why", user, "Product:9", "--html", folder / f"{user}.html").exit_code == 0
    return folder


def test_the_number_of_a_person_is_no_number_of_anything_else(document: Document, numbered: Path) -> None:
    lists = pl.read_parquet(numbered / "all.parquet")
    erased = document("-w", numbered, "forget", "User:1")
    assert (erased["found"], erased["undecided"], erased["source_files"]) == ([], [], ["bought.csv", "users.csv"])
    assert pl.read_parquet(numbered / "all.parquet").equals(lists.filter(pl.col("user_id") != "1"))
    (rows,) = (numbered / "rejects").rglob("bought.csv")
    (report,) = (numbered / "rejects").rglob("rejects.csv")
    assert rows.read_text() == "user,item,stars\n2,1,many\n" and report.read_text().count("many") == 2
    assert erased["files_removed"] == ["1.html"] and (numbered / "2.html").exists()
    store = Workspace(numbered).open_store(read_only=True)
    try:
        assert store.count_entities()["User"] == 39 and store.count_entities()["Product"] == 40
        assert store.read_triples("purchased").filter(pl.col("tail") == "1").height == 1
    finally:
        store.close()


def test_rows_that_are_no_lines_are_taken_out_too(document: Document, whyrec: Whyrec, numbered: Path) -> None:
    rows = pl.DataFrame({"head": ["1", "2", "3"], "tail": ["99", "1000", "4"]})
    made = numbered / "made"
    made.mkdir()
    rows.write_excel(made / "purchased.xlsx")
    rows.write_ipc(made / "purchased.arrow")
    rows.write_json(made / "purchased.json")
    items = "".join(f"<item><head>{head}</head><tail>{tail}</tail></item>\n" for head, tail in rows.iter_rows())
    (made / "purchased.xml").write_text(f"<rows>\n{items}</rows>\n")
    for path in sorted(made.iterdir()):
        assert document("-w", numbered, "load", path)["rejected"] == 2
    assert whyrec("-w", numbered, "recommend", "--all", "--out", numbered / "all.xlsx").exit_code == 0
    (numbered / "copy.csv.gz").write_bytes(gzip.compress(b"who\n1\n"))
    (numbered / "copy.tsv").write_text("who\n1\n")
    erased = document("-w", numbered, "forget", "User:1")
    assert (erased["found"], erased["undecided"]) == ([], [])
    (unclear,) = (notice for notice in erased["notices"] if "hold '1', of this person or of something else" in notice)
    assert {"copy.csv.gz", "copy.tsv", "made/purchased.json"} <= set(re.findall(r"[\w./]+", unclear))
    assert "products.csv" not in unclear and "forgotten.json" not in unclear
    listed = Source(file="all.xlsx", relation="purchased", head="user_id", tail="item_id")
    assert "1" not in {cells[0] for _, _, cells in read(numbered / "all.xlsx", listed)[0]}
    for path in made.iterdir():
        (kept,) = (numbered / "rejects").rglob(path.name)
        source = Source(file=path.name, relation="purchased", head="head", tail="tail")
        assert [cells for _, _, cells in read(kept, source)[0]] == [("2", "1000")]


def test_rejects_of_a_query_are_known_by_their_columns(document: Document, numbered: Path) -> None:
    """They are kept as CSV, under a name that the query has not."""
    with closing(sqlite3.connect(numbered / "shop.db")) as database:
        database.execute("CREATE TABLE orders (who, what, stars)")
        database.executemany("INSERT INTO orders VALUES (?, ?, ?)", [(1, 2, "many"), (2, 1, "many"), (5, 6, "4")])
        database.commit()
    query = '[[source]]\nsql = "SELECT * FROM orders"\nconnection = "shop.db"\n'
    told = 'relation = "purchased"\nhead = "who"\ntail = "what"\nweight = "stars"\n'
    (numbered / "mapping.toml").write_text(query + told)
    document("-w", numbered, "load", "--max-rejects", "2")
    erased = document("-w", numbered, "forget", "User:1")
    (rows,) = (numbered / "rejects").rglob("query*.csv")
    assert erased["undecided"] == [] and rows.read_text() == "who,what,stars\n2,1,many\n"


def test_what_killed_commands_left_goes_too(document: Document, copied: Path, tmp_path: Path) -> None:
    out, kernel = tmp_path / "all.parquet", copied / SCRATCH / "evaluation-1" / "kernel.npy"
    part = parts_of(out) / "0.arrow"  # of lists that were cut off, outside of the workspace
    remember_output(copied, out)
    for path in (part, kernel):
        path.parent.mkdir(parents=True)
        path.write_bytes(PERSON.encode())
    with scratch(copied, "fitting"):
        erased = document("-w", copied, "forget", PERSON)
    assert erased["files_removed"] == [str(part.parent)] and not part.exists() and not kernel.exists()
    assert any("another command works in this workspace (fitting)" in told for told in erased["notices"])


def test_links_pages_exports_and_archives(document: Document, whyrec: Whyrec, copied: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("generations", "rejects", "graph.lbug", "all.parquet"):
        (copied / name).rename(elsewhere / name)
        (copied / name).symlink_to(elsewhere / name)
    (copied / "graph.lbug.crc32").rename(elsewhere / "graph.lbug.crc32")
    page, graph = elsewhere / "page.html", elsewhere / "graph.json"
    assert whyrec("-w", copied, "why", PERSON, "p0001", "--html", page).exit_code == 0
    assert whyrec("-w", copied, "graph", "export", graph).exit_code == 0
    shutil.make_archive(str(copied / "backup"), "zip", copied, "users.csv")
    erased = document("-w", copied, "forget", PERSON)
    assert erased["found"] == [] and set(erased["source_files"]) == {*SOURCES, "backup.zip"}
    assert set(erased["files_removed"]) == {str(page), str(graph)} and not page.exists() and not graph.exists()
    assert holding(elsewhere, PERSON.encode()) == set()
    assert document("-w", copied, "status")["snapshot"]["current"]


@pytest.mark.parametrize("command", ["refresh", "load"])
def test_who_comes_back_with_an_old_copy_of_the_store_is_erased_again(
    document: Document, copied: Path, command: str, tmp_path: Path
) -> None:
    others = Path(shutil.copytree(copied, tmp_path / "other"))  # a workspace of the same store
    for name in ("graph.lbug", "graph.lbug.crc32"):
        (others / name).unlink()
        (others / name).symlink_to(copied / name)
        shutil.copyfile(copied / name, tmp_path / name)
    document("-w", copied, "forget", PERSON)
    for name in ("graph.lbug", "graph.lbug.crc32"):
        shutil.copyfile(tmp_path / name, copied / name)
    assert triples_of(Workspace(copied), PERSON) > 0
    assert any("were erased again" in told for told in document("-w", copied, command)["notices"])
    assert triples_of(Workspace(copied), PERSON) == 0 and PERSON.encode() not in (copied / "graph.lbug").read_bytes()
    assert not any("were erased again" in told for told in document("-w", copied, command)["notices"])
    assert document("-w", others, "refresh")["changed"]
    assert ForgottenPeople(others).has("User", PERSON)


def test_no_workspace_of_a_shared_store_makes_the_person_anew(
    document: Document, whyrec: Whyrec, tmp_path: Path, store_url: str
) -> None:
    for name in ("one", "two"):
        assert whyrec("init", tmp_path / name, "--example", "--store", store_url).exit_code == 0
        assert whyrec("-w", tmp_path / name, "load").exit_code == 0
    assert whyrec("-w", tmp_path / "two", "train", "--no-embeddings").exit_code == 0
    assert document("-w", tmp_path / "one", "forget", PERSON)["found"] == []
    loaded = document("-w", tmp_path / "two", "load")
    assert [one for one in loaded["notices"] if "forgotten in another workspace" in one]
    assert holding(tmp_path / "two", PERSON.encode()) <= {*map(str, SOURCES)}
    assert loaded["entities"]["User"]["created"] == 0 and triples_of(Workspace(tmp_path / "two"), PERSON) == 0
    known = ForgottenPeople(tmp_path / "two")  # as its service asks for each event
    assert known.has("User", PERSON) and not known.has("User", "u0003")
    store = Workspace(tmp_path / "two").open_store()
    try:  # a program that knows of no list
        store.create_entities("User", pl.DataFrame({"id": [PERSON], "label": [None]}, schema_overrides={"label": str}))
        purchase = {"head": [PERSON], "tail": ["p0001"], "weight": [1.0], "timestamp": [None]}
        store.create_triples("purchased", pl.DataFrame(purchase, schema_overrides={"timestamp": pl.Int64}))
        store.set_revision("another")
        snapshot, _ = Workspace(tmp_path / "one").refresh(store)
    finally:
        store.close()
    assert snapshot.vocabulary.get("User", PERSON) is None and snapshot.vocabulary.count("User") == 399
