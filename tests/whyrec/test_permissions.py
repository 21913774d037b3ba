"""A workspace is for its owner alone, whatever the mask of the process and whichever library writes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import whyrec
from kg.workspace.permissions import OTHERS, open_to_others, private_files
from tests.whyrec.conftest import LENIENT, Shown


@pytest.fixture(autouse=True)
def _lenient() -> Iterator[None]:
    """The mask of most computers."""
    before = os.umask(LENIENT)
    yield
    os.umask(before)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_all_that_is_made_is_for_the_owner_alone(toured: tuple[Path, Shown]) -> None:
    folder = toured[0] / "demo"
    engine = whyrec.open(folder)
    engine.write_lists(folder / "all.parquet", ["u0001"])
    engine.find("retinol")
    made = [folder, *folder.rglob("*")]
    assert {"snapshot", "kernels", "model", "rejects", "names"} < {path.name for path in made}
    assert [path for path in made if path.stat().st_mode & OTHERS] == []
    assert open_to_others(folder) == [] and engine.status().notices == []
    assert _mask() == LENIENT
    engine.export(toured[0] / "shop.ttl", people=False)
    assert (toured[0] / "shop.ttl").stat().st_mode & 0o777 == 0o644  # what is handed out is as other files are


def test_a_folder_that_was_there_stays_as_it_was_and_status_says_who_gets_in(tmp_path: Path) -> None:
    engine = whyrec.create(tmp_path, example=True)
    (tmp_path / "notes.txt").write_text("mine")
    tmp_path.chmod(0o755)
    assert {path.name for path in open_to_others(tmp_path)} == {tmp_path.name, "notes.txt"}
    told = engine.status().notices[0]
    assert "2 files and folders" in told and f"chmod -R go-rwx {tmp_path}" in told
    tmp_path.chmod(0o700)
    assert engine.status().notices == []


def test_the_mask_is_as_before_when_the_last_of_several_has_ended() -> None:
    first, second = private_files(), private_files()
    with first:
        second.__enter__()
    assert _mask() == OTHERS  # the second one goes on
    second.__exit__(None, None, None)
    assert _mask() == LENIENT
