"""``whyrec load --pseudonymise`` on the example: no file but the sources holds the id of a person, and all works."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.privacy.pseudonym import Pseudonyms
from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
KEY = "a key of more than sixteen bytes"


def test_a_pseudonymised_workspace(
    document: Document, whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "w"
    whyrec("init", folder, "--example")
    sources = set(folder.rglob("*"))
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", KEY)
    loaded = document("-w", folder, "load", "--pseudonymise")
    assert loaded["rejected"] == 10 and loaded["entities"]["User"]["created"] == 400
    user = Pseudonyms(KEY.encode()).of("User", "u0001")
    listed = document("-w", folder, "recommend", user)
    assert listed["user"] == {"id": user, "label": user} and listed["items"]
    own = [path for path in folder.rglob("*") if path.is_file() and path not in sources]
    assert {"graph.lbug", "rejects.csv", "pseudonyms.json"} <= {path.name for path in own}
    raw = re.compile(rb"(?<![0-9A-Za-z])u[0-9]{4}(?![0-9])")
    assert [path for path in own if raw.search(path.read_bytes()) or KEY.encode() in path.read_bytes()] == []
    unmarked = whyrec("-w", folder, "load")
    assert unmarked.exit_code == 2 and "say --pseudonymise" in unmarked.stderr
    assert document("-w", folder, "forget", "u0001")["deleted"]["entities"] == 1
    again = document("-w", folder, "load", "--pseudonymise")
    assert again["entities"]["User"] == {"created": 0, "updated": 0, "unchanged": 399, "deleted": 0}
    monkeypatch.delenv("WHYREC_PSEUDONYM_KEY")
    for arguments in (("load", "--pseudonymise"), ("forget", "u0002")):
        refused = whyrec("-w", folder, *arguments)
        assert refused.exit_code in (1, 2) and "WHYREC_PSEUDONYM_KEY" in refused.stderr


def test_keys_rotate(document: Document, whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, new = tmp_path / "w", "another key of more than sixteen bytes"
    whyrec("init", folder, "--example")
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", KEY)
    document("-w", folder, "load", "--pseudonymise")
    before = document("-w", folder, "status")["store"]
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY_OLD", "a key that is not the one of here")
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY", new)
    assert "another key than the one" in whyrec("-w", folder, "rotate-key").stderr
    monkeypatch.setenv("WHYREC_PSEUDONYM_KEY_OLD", KEY)
    assert document("-w", folder, "rotate-key")["people"] == {"User": 400}
    after = document("-w", folder, "status")
    assert after["store"]["entities"] == before["entities"] and after["store"]["triples"] == before["triples"]
    assert after["snapshot"]["current"] and after["model"] is None
    user, gone = (Pseudonyms(key.encode()).of("User", "u0001") for key in (new, KEY))
    assert document("-w", folder, "recommend", user)["items"]
    assert not [path for path in folder.rglob("*") if path.is_file() and gone.encode() in path.read_bytes()]
    again = document("-w", folder, "load", "--pseudonymise")
    assert again["entities"]["User"] == {"created": 0, "updated": 0, "unchanged": 400, "deleted": 0}
    assert all(found["created"] == 0 for found in again["triples"].values())
