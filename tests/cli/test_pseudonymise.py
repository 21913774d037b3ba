"""``whyrec load --pseudonymise`` on the example: no file but the sources holds the id of a person, and all works."""

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from kg.privacy.pseudonym import Pseudonyms
from tests.cli.conftest import Whyrec
from whyrec.decisions.log import DecisionLog
from whyrec.service.app import create_app

Document = Callable[..., Any]
KEY = "a key of more than sixteen bytes"


def _lengthen_ids(folder: Path) -> None:
    """People's ids as ``customer-0001``: ``u0001`` may stand by chance in megabytes of hashes."""
    for name in ("users.csv", "follows.tsv", "purchases.csv.zst"):
        codec = "zstd" if name.endswith(".zst") else None
        with pa.input_stream(folder / name, compression=codec) as file:
            text = file.read()
        with pa.output_stream(folder / name, compression=codec) as file:
            file.write(re.sub(rb"\bu(?=[0-9]{4}\b)", b"customer-", text))
    table = pq.read_table(folder / "enrolments.parquet")
    ids = pc.replace_substring(table["learner"], "u", "customer-")
    pq.write_table(table.set_column(0, "learner", ids), folder / "enrolments.parquet")


def test_a_pseudonymised_workspace(
    document: Document, whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "w"
    whyrec("init", folder, "--example")
    _lengthen_ids(folder)
    sources = set(folder.rglob("*"))
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", KEY)
    loaded = document("-w", folder, "load", "--pseudonymise")
    assert loaded["rejected"] == 10 and loaded["entities"]["User"]["created"] == 400
    user = Pseudonyms(KEY.encode()).of("User", "customer-0001")
    listed = document("-w", folder, "recommend", user)
    assert listed["user"] == {"id": user, "label": user} and listed["items"]
    own = [path for path in folder.rglob("*") if path.is_file() and path not in sources]
    assert {"graph.lbug", "rejects.csv", "pseudonyms.json"} <= {path.name for path in own}
    secret = re.compile(rb"customer-[0-9]{4}|" + re.escape(KEY.encode()))
    assert [path for path in own if secret.search(path.read_bytes())] == []
    unmarked = whyrec("-w", folder, "load")
    assert unmarked.exit_code == 2 and "say --pseudonymise" in unmarked.stderr
    assert document("-w", folder, "forget", "customer-0001")["deleted"]["entities"] == 1
    again = document("-w", folder, "load", "--pseudonymise")
    assert again["entities"]["User"] == {"created": 0, "updated": 0, "unchanged": 399, "deleted": 0}
    monkeypatch.delenv("WHYREC_PSEUDONYM_KEY")
    for arguments in (("load", "--pseudonymise"), ("forget", "customer-0002")):
        refused = whyrec("-w", folder, *arguments)
        assert refused.exit_code in (1, 2) and "WHYREC_PSEUDONYM_KEY" in refused.stderr


def test_keys_rotate(document: Document, whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, new = tmp_path / "w", "another key of more than sixteen bytes"
    whyrec("init", folder, "--example")
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", KEY)
    document("-w", folder, "load", "--pseudonymise")
    before = document("-w", folder, "status")["store"]
    user, gone = (Pseudonyms(key.encode()).of("User", "u0001") for key in (new, KEY))
    DecisionLog(folder).publish({"avoid": [f"User:{gone}", "contains:PARFUM"]}, "ann")  # as an earlier version let
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY_OLD", "a key that is not the one of here")
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", new)
    assert "another key than the one" in whyrec("-w", folder, "rotate-key").stderr
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY_OLD", KEY)
    assert document("-w", folder, "rotate-key")["people"] == {"User": 400}
    after = document("-w", folder, "status")
    assert after["store"]["entities"] == before["entities"] and after["store"]["triples"] == before["triples"]
    assert after["snapshot"]["current"] and after["model"] is None
    assert document("-w", folder, "recommend", user)["items"]
    assert DecisionLog(folder).rules["avoid"] == [f"User:{user}", "contains:PARFUM"]
    assert not [path for path in folder.rglob("*") if path.is_file() and gone.encode() in path.read_bytes()]
    again = document("-w", folder, "load", "--pseudonymise")
    assert again["entities"]["User"] == {"created": 0, "updated": 0, "unchanged": 400, "deleted": 0}
    assert all(found["created"] == 0 for found in again["triples"].values())
    whyrec("-w", folder, "forget", "u0001")
    asked = document("-w", folder, "export-person", "u0001")["held"]  # by her own id, as the files have it
    assert asked["id"] == user and asked["forgotten"] and "users.csv" in asked["files"]


def test_keys_rotate_without_a_mapping_by_the_files_that_were_loaded(
    document: Document, whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, (people, bought) = tmp_path / "w", (tmp_path / name for name in ("User.csv", "purchased.csv"))
    people.write_text("id\n" + "\n".join(f"customer-{n}" for n in range(5)))
    (tmp_path / "Product.csv").write_text("id\np1\n")
    bought.write_text("head,tail\n" + "\n".join(f"customer-{n},p1" for n in range(5)))
    whyrec("init", folder)
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", KEY)
    loads = ("-w", folder, "load", tmp_path / "Product.csv", people, bought, "--pseudonymise")
    document(*loads)
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY_OLD", KEY)
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", "another key of more than sixteen bytes")
    refused = whyrec("-w", folder, "rotate-key")
    assert refused.exit_code == 2 and "name the files that were loaded: `whyrec rotate-key FILE …`" in refused.stderr
    (tmp_path / "some").mkdir()
    few = tmp_path / "some" / "User.csv"
    few.write_text("id\ncustomer-1\n")
    assert "<5 User are in no source file" in whyrec("-w", folder, "rotate-key", few).stderr
    assert document("-w", folder, "rotate-key", people)["people"] == {"User": 5}
    assert document(*loads)["entities"]["User"] == {"created": 0, "updated": 0, "unchanged": 5, "deleted": 0}


def test_no_raw_id_is_written_by_the_service_and_its_events_are_taken_over(
    document: Document, whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "w"
    whyrec("init", folder, "--example")
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", KEY)
    document("-w", folder, "load", "--pseudonymise")
    user, new = (Pseudonyms(KEY.encode()).of("User", one) for one in ("u0001", "somebody-new"))
    told, numbers = {"relation": "purchase", "item": "p0003"}, count()

    def sent(*users: str) -> list[str]:
        """What is said of events of some people."""
        with TestClient(create_app([folder])) as client:
            token = {"Authorization": f"Bearer {(folder / 'serve.token').read_text().strip()}"}
            events = [{"id": f"{next(numbers)}", "user": one, **told} for one in users]
            return [
                one["reason"]
                for one in client.post("/api/v1/events", json={"events": events}, headers=token).json()["rejected"]
            ]

    assert sent("u0001", user, "somebody-new") == []
    monkeypatch.delenv("WHYREC_PSEUDONYM_KEY")
    assert sent(user) == []
    (refused,) = sent("u0002", user)
    assert "people have pseudonyms here" in refused and "WHYREC_PSEUDONYM_KEY" in refused
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", "another key of more than sixteen bytes")
    assert len(sent("u0003")) == 1
    logged = b"".join(path.read_bytes() for path in (folder / "service").iterdir())
    assert user.encode() in logged and new.encode() in logged and not re.search(rb"u000\d|somebody", logged)
    loaded = document("-w", folder, "load", "--events")
    assert loaded["triples"]["purchased"]["created"] == 2 and loaded["entities"]["User"]["created"] == 1
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY_OLD", KEY)
    assert "are in no source file" in whyrec("-w", folder, "rotate-key").stderr  # who came since: the files lack her
