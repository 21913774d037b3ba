"""What is to be written waits on disk and comes back whole, in order, so many rows at a time."""

from pathlib import Path

import polars as pl
import pytest

from kg.loading.changes import Change
from kg.loading.difference import Difference
from kg.staging.tables import Staging

NOTHING = pl.DataFrame(schema={"id": pl.String})


def _rows(first: int, last: int) -> pl.DataFrame:
    return pl.DataFrame({"id": [f"{n}" for n in range(first, last)]})


@pytest.mark.parametrize("in_memory", [0, 1 << 20])
@pytest.mark.parametrize("at_once", [1, 4, 5, 9, 100])
def test_rows_set_aside_come_back_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int, at_once: int
) -> None:
    monkeypatch.setattr("kg.staging.tables.IN_MEMORY", in_memory)
    with Staging(tmp_path) as staging:
        change = Change(staging, "User")
        for start, end in ((0, 3), (3, 3), (3, 8), (8, 9)):
            change.add(Difference(_rows(start, end), NOTHING, 2, NOTHING, ("label",) if start else ()))
        frames = list(change.created.frames(at_once))
        assert pl.concat(frames).equals(_rows(0, 9))
        assert [frame.height for frame in frames[:-1]] == [at_once] * (len(frames) - 1)
        assert change.changed == ("label",) and not list(change.updated.frames(at_once))
        assert change.counts == {"created": 9, "updated": 0, "unchanged": 8, "deleted": 0}


def test_a_dry_run_counts_and_keeps_nothing(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        change = Change(staging, "User", count_only=True)
        change.add(Difference(_rows(0, 3), _rows(3, 5), 2, NOTHING, ()))
        assert change.counts == {"created": 3, "updated": 2, "unchanged": 2, "deleted": 0}
        assert not list(change.created.frames(9)) and change.created.height == 0
