"""The tokens of a workspace: none that can be guessed, and a file that is damaged is told so."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kg.errors import UsageError, WorkspaceError
from whyrec.service.access import ADMIN_VARIABLE, Role, Tokens


@pytest.mark.parametrize("token", ["a", "fifteen letters", " " * 40, "绿茶" * 10, "sixteen\x00 letters"])
def test_a_token_that_is_guessed_or_that_no_header_carries_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    if token.strip():
        (tmp_path / "serve.token").write_text(token, encoding="utf-8")
        with pytest.raises(UsageError, match=r"serve\.token: expected a token of 16 ASCII characters or more"):
            Tokens(tmp_path)
    if "\x00" not in token:
        monkeypatch.setenv(ADMIN_VARIABLE, token)
        with pytest.raises(UsageError, match=f"{ADMIN_VARIABLE}: expected a token of 16"):
            Tokens(tmp_path)


def test_a_token_that_was_not_written_whole_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "serve.token").write_text("\n", encoding="ascii")
    made = Tokens(tmp_path)
    assert len(made._admin) > 40 and made.caller(made._admin) is not None and made.caller("") is None
    assert Tokens(tmp_path).caller(made._admin) is not None
    assert (tmp_path / "serve.token").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["{bad", "7", '[{"name": "x", "role": "king", "hash": "a"}]', '[{"role": "admin"}]'])
def test_a_damaged_file_of_tokens_opens_nothing_and_is_told(tmp_path: Path, text: str) -> None:
    tokens = Tokens(tmp_path)
    token = tokens.make("till", Role.SERVICE)
    assert tokens.caller(token) is not None and token not in json.dumps(tokens.digests())
    path = tmp_path / "service" / "tokens.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"tokens\.json: damaged"):
        tokens.caller(token)
    assert tokens.caller(tokens._admin) is not None


def test_of_tokens_that_are_made_at_once_none_is_lost(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: Tokens(tmp_path).make(f"till {n}", Role.SERVICE), range(40)))
        assert all(threads.map(lambda n: Tokens(tmp_path).revoke(f"till {n}"), range(0, 40, 2)))
    known = Tokens(tmp_path)
    assert [known.caller(token) is not None for token in made] == [bool(n % 2) for n in range(40)]
    assert {path.name for path in (tmp_path / "service").iterdir()} == {"tokens.json"}
