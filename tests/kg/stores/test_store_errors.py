"""What goes wrong with a store, and what a person is told."""

import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from contextlib import closing

import polars as pl
import pytest

from kg.errors import StoreAuthenticationError, StoreError, StoreLockedError, StoreUnavailableError
from kg.schema import parse_schema
from kg.stores.embedded import batch_writing
from kg.stores.embedded.checksum import checksum_path
from kg.stores.embedded.store import EmbeddedStore
from kg.stores.neo4j.store import Neo4jStore
from kg.stores.opening import open_store
from kg.stores.store import MAX_ID_BYTES, TRIPLE_DTYPES

SCHEMA = parse_schema(
    {
        "name": "t",
        "entity": {"User": {}, "Product": {"properties": {"price": "float"}}},
        "relation": {"bought": {"head": "User", "tail": "Product"}},
    }
)
OTHER_PROCESS = """
import os, sys
from pathlib import Path
import polars as pl
from kg.schema import parse_schema
from kg.stores.embedded.store import EmbeddedStore
schema = parse_schema({"name": "t", "entity": {"User": {}}})
store = EmbeddedStore.open(Path(sys.argv[1]), schema)
store.create_entities("User", pl.DataFrame({"id": ["other"], "label": [None]}))
print("holding", flush=True)
sys.stdin.read()
os._exit(9)  # as kill -9 does: nothing is closed
"""

NO_SERVER = """
from kg.errors import StoreError
from kg.schema import parse_schema
from kg.stores.neo4j.store import Neo4jStore
try:
    Neo4jStore.connect("neo4j://127.0.0.1:1", parse_schema({"name": "t", "entity": {"User": {}}}))
except StoreError as problem:
    print(type(problem).__name__)
"""


def users(*ids):
    return pl.DataFrame({"id": ids, "label": [None] * len(ids)}, {"id": pl.String, "label": pl.String})


@pytest.fixture
def path(tmp_path):
    """A store file with 2,000 users, closed."""
    store = EmbeddedStore.open(tmp_path / "graph.lbug", SCHEMA)
    store.create_entities("User", users(*(f"user-{each}" for each in range(2000))))
    store.close()
    return tmp_path / "graph.lbug"


# the embedded store


def empty(path):
    path.write_bytes(b"")


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def noise(path):
    path.write_bytes(os.urandom(16384))


def noise_inside(path):
    content = bytearray(path.read_bytes())
    content[8192:12288] = os.urandom(4096)
    path.write_bytes(content)


def one_byte(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [empty, halve, noise, noise_inside, one_byte])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_damaged_file_is_noticed(path, damage, read_only):
    damage(path)
    content = path.read_bytes()
    with pytest.raises(
        StoreUnavailableError, match=rf"{re.escape(str(path))}: (damaged|the file is empty).*load again"
    ):
        EmbeddedStore.open(path, SCHEMA, read_only=read_only)
    assert path.read_bytes() == content


@pytest.mark.parametrize("damage", [empty, halve, noise])
def test_a_damaged_file_without_checksum_is_noticed(path, damage):
    checksum_path(path).unlink()
    damage(path)
    with pytest.raises(StoreUnavailableError, match="estore a copy"):
        EmbeddedStore.open(path, SCHEMA)


def test_a_file_without_checksum_opens(path):
    moved = path.with_name("moved here.lbug")
    shutil.copyfile(path, moved)
    store = EmbeddedStore.open(moved, SCHEMA, read_only=True)
    assert store.count_entities()["User"] == 2000
    store.close()


def test_an_engine_without_room_never_advises_to_delete_the_store(path):
    program = (
        "import resource, sys; from pathlib import Path\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "from kg.schema import parse_schema; from kg.stores.embedded.store import EmbeddedStore\n"
        "EmbeddedStore.open(Path(sys.argv[1]), parse_schema({'name': 't', 'entity': {'User': {}}}))\n"
    )
    content = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=False)
    message = done.stderr.splitlines()[-1]
    assert "StoreUnavailableError" in message and "the store is as it was" in message and "ulimit -v" in message
    assert "delete" not in message and "move it" not in message
    assert path.read_bytes() == content and checksum_path(path).exists()


def test_a_full_disk_loses_nothing_that_was_reported(path):
    """A process may write files of so many bytes only: as on a full disk, writing fails in the middle of a batch."""
    program = (
        "import resource, signal, sys; from pathlib import Path; import polars as pl\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from kg.errors import StoreError; from kg.schema import parse_schema\n"
        "from kg.stores.embedded.store import EmbeddedStore\n"
        "schema = parse_schema({'name': 't', 'entity': {'User': {}}})\n"
        "store = EmbeddedStore.open(Path(sys.argv[1]), schema)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5 << 20, 5 << 20))\n"
        "try:\n"
        "    for n in range(100):\n"
        "        ids = [f'{n}-{i}-' + 'x' * 50 for i in range(2000)]\n"
        "        store.create_entities('User', pl.DataFrame({'id': ids, 'label': ids}))\n"
        "        print(n, flush=True)\n"
        "except StoreError as problem:\n"
        "    print(problem, file=sys.stderr)\n"
        "    raise SystemExit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=False)
    reported = len(done.stdout.splitlines())
    assert done.returncode == 7 and 0 < reported < 100, done.stderr
    assert "the disk is full, or files may not be so large. Make room; what is in it stays" in done.stderr
    with closing(EmbeddedStore.open(path, SCHEMA)) as store:
        found = store.count_entities()["User"] - 2000
        assert found in (reported * 2000, (reported + 1) * 2000)


@pytest.mark.parametrize(
    ("then", "rows"),
    [
        ("", 0),
        ("later.__exit__(None, None, None)", 2),
        ("store.set_revision('done')", 2),
        ("store.add_marks({'a': 'b'})", 2),
        ("store.update_entities('User', users('old').with_columns(label=pl.lit('new')))", 2),
        ("store.delete_entities('User', users('old'))", 1),
        ("store.create_entities('Product', users('p'))", 0),
    ],
)
def test_nothing_outlasts_a_kill_without_the_rows_that_were_created_before_it(tmp_path, then, rows):
    """A COPY goes past the log: what is in the log must not be there without it."""
    path = tmp_path / "graph.lbug"
    program = (
        "import os, signal, sys; from pathlib import Path; import polars as pl\n"
        "from kg.schema import parse_schema; from kg.stores.embedded.store import EmbeddedStore\n"
        "from kg.stores.embedded import batch_writing; batch_writing.FEW = 0\n"
        "schema = parse_schema({'name': 't', 'entity': {'User': {}, 'Product': {}}})\n"
        "def users(*ids): return pl.DataFrame({'id': ids, 'label': ids})\n"
        "store = EmbeddedStore.open(Path(sys.argv[1]), schema)\n"
        "later = store.deferring(); later.__enter__()\n"
        "store.create_entities('User', users('old', 'new'))\n"
        "assert store.unsettled == 2 and store.count_entities()['User'] == 2\n"
        f"{then}\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    with closing(EmbeddedStore.open(path, SCHEMA)) as store:
        assert (store.unsettled, store.count_entities()["User"]) == (0, rows)


def test_a_few_rows_that_cannot_be_written_leave_those_before_them_and_the_store(path):
    store = EmbeddedStore.open(path, SCHEMA)
    with pytest.raises(StoreError, match="in the store already"), store.deferring():
        store.create_entities("User", users("before"))
        store.create_entities("User", users("new", "before"))
    bought = pl.DataFrame([("before", "nobody", 1.0, None)], schema=TRIPLE_DTYPES, orient="row")
    with pytest.raises(StoreError, match="an entity that is not in the store"):
        store.create_triples("bought", bought)
    assert store.count_entities()["User"] == 2001 and store.count_triples()["bought"] == 0
    store.close()


def test_a_copy_that_fails_gives_up_what_is_unsettled_and_leaves_the_rest_whole(path, monkeypatch):
    """The engine would forget where the others of the same type are, too."""
    monkeypatch.setattr(batch_writing, "FEW", 0)
    store = EmbeddedStore.open(path, SCHEMA)
    with pytest.raises(StoreError, match="in the store already"), store.deferring():
        store.create_entities("User", users("settled"))
        store.set_revision("so far")
        store.create_entities("User", users("given up"))
        store.create_entities("Product", pl.DataFrame({"id": ["p"], "label": [None], "price": [1.0]}))
        store.create_entities("User", users("new", "settled"))
    assert store.unsettled
    with pytest.raises(StoreError, match="the store is closed"):
        store.revision()
    store.close()
    with closing(EmbeddedStore.open(path, SCHEMA)) as store:
        assert (store.revision(), store.count_entities()) == ("so far", {"User": 2001, "Product": 0})
        store.create_entities("User", users("given up", "new"))
        assert {"settled", "given up", "new"} <= set(store.read_entities("User")["id"])


def test_a_missing_file_is_not_made_by_a_reader(tmp_path):
    with pytest.raises(StoreUnavailableError, match=r"graph\.lbug: no such store file; `whyrec load` makes it"):
        EmbeddedStore.open(tmp_path / "graph.lbug", SCHEMA, read_only=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".wal", ".shadow"])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_stray_log_is_named(tmp_path, suffix, read_only):
    stray = tmp_path / f"graph.lbug{suffix}"
    stray.write_bytes(os.urandom(100))
    with pytest.raises(StoreUnavailableError, match=rf"{re.escape(str(stray))}: belongs to .*graph\.lbug"):
        EmbeddedStore.open(tmp_path / "graph.lbug", SCHEMA, read_only=read_only)
    assert list(tmp_path.iterdir()) == [stray]


def test_no_folder_and_a_folder(tmp_path):
    with pytest.raises(StoreUnavailableError, match="does not exist; make it first"):
        EmbeddedStore.open(tmp_path / "nowhere" / "graph.lbug", SCHEMA)
    with pytest.raises(StoreUnavailableError, match="this is a folder"):
        EmbeddedStore.open(tmp_path, SCHEMA)


def test_another_process_holds_the_store_and_is_killed(path):
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "holding\n"
        with pytest.raises(StoreLockedError, match=rf"another whyrec process \(PID {other.pid}\)"):
            EmbeddedStore.open(path, SCHEMA)
        reader = EmbeddedStore.open(path, SCHEMA, read_only=True)
        assert reader.count_entities()["User"] == 2001
        reader.close()
        other.stdin.close()
        assert other.wait(30) == 9
    store = EmbeddedStore.open(path, SCHEMA)
    assert store.count_entities()["User"] == 2001  # what was committed is there
    with pytest.raises(StoreLockedError, match="this process has the store open for writing already"):
        EmbeddedStore.open(path, SCHEMA)
    store.close()
    EmbeddedStore.open(path, SCHEMA).close()


def test_a_log_cut_off_by_a_kill_is_read_up_to_there(tmp_path):
    (tmp_path / "killed").mkdir()
    path, killed = tmp_path / "graph.lbug", tmp_path / "killed" / "graph.lbug"
    before = users(*(f"u{number}" for number in range(300)))
    with closing(EmbeddedStore.open(path, SCHEMA)) as store:
        store.create_entities("User", before)
    with closing(EmbeddedStore.open(path, SCHEMA)) as store:
        store.set_revision("loading")
        store.update_entities("User", before.with_columns(label=pl.col("id") + " new"))
        store.set_revision("done")
        content, log = path.read_bytes(), path.with_name("graph.lbug.wal").read_bytes()
    found = set()
    for length in (*range(0, len(log), 128), len(log)):  # the operating system writes whole blocks
        killed.write_bytes(content)
        killed.with_name("graph.lbug.wal").write_bytes(log[:length])
        with closing(EmbeddedStore.open(killed, SCHEMA)) as store:
            labels = store.read_entities("User")["label"]
            assert labels.null_count() in (0, 300)
            found.add((labels.null_count() == 0, store.revision()))
        checksum_path(killed).unlink(missing_ok=True)
    assert found == {(False, None), (False, "loading"), (True, "loading"), (True, "done")}


def test_a_reader_ends_the_checkpoint_that_a_killed_writer_began(path, tmp_path):
    (tmp_path / "killed").mkdir()
    killed = tmp_path / "killed" / "graph.lbug"
    with closing(EmbeddedStore.open(path, SCHEMA)) as store:
        store.set_revision("done")
        killed.write_bytes(path.read_bytes())
        killed.with_name("graph.lbug.wal.checkpoint").write_bytes(path.with_name("graph.lbug.wal").read_bytes())
        killed.with_name("graph.lbug.shadow").touch()
    with closing(EmbeddedStore.open(killed, SCHEMA, read_only=True)) as store:
        assert (store.revision(), store.count_entities()["User"]) == ("done", 2000)


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"Price": "float"}, "Product.Price is spelt price in the store"),
        ({"price": "str"}, "Product.price is str in the schema, but float in the store"),
    ],
)
def test_a_file_that_contradicts_the_schema(path, properties, told):
    changed = parse_schema(
        {
            "name": "t",
            "entity": {"user": {}, "Product": {"properties": properties}},
            "relation": {"bought": {"head": "Product", "tail": "user"}},
        }
    )
    for read_only in (True, False):
        with pytest.raises(StoreError, match="load into a new store file") as caught:
            EmbeddedStore.open(path, changed, read_only=read_only)
        lines = str(caught.value).splitlines()
        assert [line.removeprefix(f"{path}: ").partition(";")[0] for line in lines] == [
            "user is an entity type in the schema, but User is an entity type in the store",
            told,
            "bought: Product → user in the schema, but User → Product in the store",
        ]


def test_what_was_deleted_is_gone_from_the_file_after_compacting(path):
    secret = f"secret-{uuid.uuid4()}"
    store = EmbeddedStore.open(path, SCHEMA)
    store.create_entities("User", users(secret))
    store.create_entities("Product", pl.DataFrame({"id": ["p"], "label": [None], "price": [2.0]}))
    store.create_triples(
        "bought", pl.DataFrame({"head": [secret], "tail": ["p"], "weight": [1.0], "timestamp": [None]})
    )
    store.delete_entities("User", users(secret))
    store.close()
    for suffix in ("", ".wal", ".wal.checkpoint", ".shadow"):  # of a process that was killed while it compacted
        path.with_name(f"{path.name}.compact{suffix}").write_text(secret)
    smaller = parse_schema({"name": "t", "entity": {"User": {}}})
    store = EmbeddedStore.open(path, smaller)
    store.compact()
    store.close()
    for file in path.parent.iterdir():
        assert secret.encode() not in file.read_bytes(), file
    assert sorted(file.name for file in path.parent.iterdir()) == ["graph.lbug", "graph.lbug.crc32"]
    store = EmbeddedStore.open(path, SCHEMA, read_only=True)  # what the smaller schema does not name is kept
    assert store.count_entities() == {"User": 2000, "Product": 1}
    store.close()


def test_long_ids_are_fine_in_the_embedded_store(path):
    store = EmbeddedStore.open(path, SCHEMA)
    store.create_entities("User", users("é" * 9000, "é" * 9001))
    found = store.read_entities("User")["id"]
    assert set(found.str.len_chars().top_k(2)) == {9000, 9001}
    store.close()


def test_a_closed_store_and_a_strange_setting(path, monkeypatch):
    store = EmbeddedStore.open(path, SCHEMA)
    store.close()
    with pytest.raises(StoreError, match="the store is closed"):
        store.read_entities("User")
    monkeypatch.setenv("WHYREC_BUFFER_POOL_MB", "lots")
    with pytest.raises(StoreError, match="WHYREC_BUFFER_POOL_MB='lots'"):
        EmbeddedStore.open(path, SCHEMA)


# Neo4j


def test_a_wrong_password_is_refused_at_once_and_not_repeated(neo4j_url, monkeypatch):
    monkeypatch.setenv("NEO4J_PASSWORD", "wrong-password")
    began = time.monotonic()
    with pytest.raises(StoreAuthenticationError, match=r"refused user 'neo4j'.*NEO4J_PASSWORD") as caught:
        Neo4jStore.connect(neo4j_url, SCHEMA)
    assert time.monotonic() - began < 3
    assert "wrong-password" not in str(caught.value)


def test_no_user_at_all(neo4j_url, monkeypatch):
    monkeypatch.delenv("NEO4J_USERNAME")
    with pytest.raises(StoreAuthenticationError, match="without NEO4J_USERNAME"):
        Neo4jStore.connect(neo4j_url, SCHEMA)


def test_an_unknown_database_is_named(neo4j_url, monkeypatch):
    monkeypatch.setenv("NEO4J_DATABASE", "nowhere")
    with pytest.raises(StoreAuthenticationError, match="no database 'nowhere' there; set NEO4J_DATABASE"):
        Neo4jStore.connect(neo4j_url, SCHEMA, read_only=True)


@pytest.mark.parametrize("url", ["bolt://127.0.0.1:1", "neo4j://127.0.0.1:1", "bolt://no-such-host.invalid:7687"])
def test_a_server_that_is_not_there(url):
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError, match=rf"{re.escape(url)}: no answer: .*Check that the server runs"):
        Neo4jStore.connect(url, SCHEMA)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("scheme", "tried"),
    [
        ("bolt", ["bolt+s://", "bolt+ssc://"]),
        ("neo4j", ["bolt://", "neo4j+s://", "neo4j+ssc://"]),
        ("bolt+s", ["bolt://"]),
        ("neo4j+ssc", ["bolt+ssc://", "neo4j://"]),
    ],
)
def test_a_fault_of_the_connection_names_the_schemes_to_try(scheme, tried):
    with pytest.raises(StoreUnavailableError) as caught:
        Neo4jStore.connect(f"{scheme}://127.0.0.1:1", SCHEMA)
    assert all(f" {other}127.0.0.1:1 (" in str(caught.value) for other in tried)
    assert str(caught.value).count("://127.0.0.1:1 (") == len(tried)


def test_the_driver_itself_stays_silent():
    done = subprocess.run([sys.executable, "-c", NO_SERVER], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "StoreUnavailableError\n", "")


def test_credentials_in_a_url_are_refused_and_not_repeated():
    for url in ("neo4j://me:hunter2@localhost:7687", "bolt://me:hunter2@", "bolt://me:hunt@er2@localhost/x"):
        with pytest.raises(StoreError, match="NEO4J_PASSWORD") as caught:
            Neo4jStore.connect(url, SCHEMA)
        assert "hunt" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("bolt://", "expected scheme://host"),
        ("bolt://localhost:99999", "expected scheme://host"),
        ("bolt://localhost/graph", "the database comes from NEO4J_DATABASE"),
        ("bolt://localhost?policy=x", "not supported"),
    ],
)
def test_a_url_that_is_no_address(url, message):
    with pytest.raises(StoreError, match=message):
        Neo4jStore.connect(url, SCHEMA)


def test_the_driver_is_an_extra(monkeypatch, tmp_path):
    for name in ("kg.stores.neo4j.store", "kg.stores.neo4j.connection"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "neo4j", None)
    with pytest.raises(StoreError, match=r"pip install 'whyrec\[neo4j\]'"):
        open_store("neo4j://localhost", SCHEMA, folder=tmp_path)


def test_a_scheme_that_is_no_store(tmp_path):
    with pytest.raises(StoreError, match="unknown scheme; use a file name, or one of neo4j"):
        open_store("mysql://localhost", SCHEMA, folder=tmp_path)


def test_an_id_that_is_too_long_for_neo4j(empty_neo4j_url):
    with closing(Neo4jStore.connect(empty_neo4j_url, SCHEMA)) as store:
        store.create_entities("User", users("é" * (MAX_ID_BYTES // 2)))
        with pytest.raises(StoreError, match="too long for a Neo4j index; the limit is 4,000 bytes"):
            store.create_entities("User", users("short", "x" * 9000))
        assert store.count_entities()["User"] == 1


def test_what_somebody_adds_between_two_batches_is_not_added_again(empty_neo4j_url, neo4j_driver):
    """Nothing is looked for as long as nobody else writes."""
    with closing(Neo4jStore.connect(empty_neo4j_url, SCHEMA)) as store:
        store.create_entities("User", users("a", "b", "c"))
        product = pl.DataFrame({"id": ["p"], "label": [None], "price": [None]})
        store.create_entities("Product", product)

        def bought(*people):
            rows = [(person, "p", 1.0, None) for person in people]
            store.create_triples("bought", pl.DataFrame(rows, TRIPLE_DTYPES, orient="row"))

        bought("a")
        neo4j_driver.execute_query("MATCH (u:User {id: 'b'}), (p:Product) CREATE (u)-[:bought {weight: 3.0}]->(p)")
        bought("b", "c")
        assert sorted(store.read_triples("bought").select("head", "weight").rows()) == [(one, 1.0) for one in "abc"]


def test_data_that_was_there_before(empty_neo4j_url, neo4j_driver):
    neo4j_driver.execute_query("CREATE (:User {id: 'a'})-[:bought {weight: 2}]->(:Product {id: 'p'}), (:Thing {id: 1})")
    with closing(Neo4jStore.connect(empty_neo4j_url, SCHEMA)) as store:
        assert store.read_triples("bought").rows() == [("a", "p", 2.0, None)]
        for value, found in [("2", 2.0), ("2.5", 2.5), ("null", None)]:
            neo4j_driver.execute_query(f"MATCH (p:Product) SET p.price = {value}")
            assert store.read_entities("Product").rows() == [("p", None, found)]
        for value in ("'2'", "true", "[1.0]", "date()"):
            neo4j_driver.execute_query(f"MATCH (p:Product) SET p.price = {value}")
            with pytest.raises(StoreError, match=r"Product\.price: the store holds a value that is no Float64"):
                store.read_entities("Product")
        neo4j_driver.execute_query("CREATE (:User {name: 'b'})")
        with pytest.raises(StoreError, match=r"User\.id: entities in the store have no id"):
            store.read_entities("User")


def test_ids_that_are_not_unique_are_told_without_quoting_them(empty_neo4j_url, neo4j_driver):
    neo4j_driver.execute_query("UNWIND [1, 2] AS x CREATE (:User {id: 'jane@example.org'})")
    with pytest.raises(StoreError, match="entities of one type share an id there") as caught:
        Neo4jStore.connect(empty_neo4j_url, SCHEMA)
    assert "jane" not in str(caught.value)


def test_a_store_that_was_cut_off_on_a_full_disk_asks_for_room(path, monkeypatch):
    """Not for a command that would fail for the same reason."""
    text = f"IO exception: Cannot write to file. path: {path} numBytesWritten: -1. Error: No space left on device."

    def full(*_, **__):
        raise RuntimeError(text)

    path.with_name(f"{path.name}.shadow").touch()
    monkeypatch.setattr("kg.stores.embedded.opening.ladybug.Database", full)
    with pytest.raises(StoreUnavailableError, match=r"a writer was cut off, and the disk is full.* Make room") as told:
        EmbeddedStore.open(path, SCHEMA, read_only=True)
    assert "whyrec status" not in str(told.value)
