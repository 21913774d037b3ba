"""Numbers of people as they may be told: never fewer than k, and no difference of two of them is a person."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import WorkspaceError
from kg.k_anonymity import shown_count, told_count, told_counts
from kg.workspace.creation import create_workspace
from kg.workspace.settings import read_settings


@given(st.integers(0, 10_000), st.integers(2, 50))
def test_counts_are_rounded_down_to_steps_of_k_and_fewer_than_k_are_not_told(people: int, k: int) -> None:
    told = told_count(people, k)
    assert (told is None) == (people < k)
    if told is not None:
        assert told % k == 0 and k <= told <= people < told + (k if people < 10 * k else 2 * k)
    assert shown_count(people, k) == (f"<{k}" if told is None else told)


@given(st.lists(st.integers(0, 10_000)), st.integers(1, 50))
def test_many_counts_are_told_as_each_is(people: list[int], k: int) -> None:
    assert told_counts(np.array(people, dtype=np.int64), k).tolist() == [told_count(one, k) or 0 for one in people]


@given(st.integers(0, 1000))
def test_k_of_one_counts_everybody(people: int) -> None:
    assert told_count(people, 1) == people


def test_k_is_a_setting_that_reaches_the_snapshot(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = create_workspace(tmp_path / "w")
    assert workspace.settings.privacy.k == 5
    monkeypatch.setenv("WHYREC_PRIVACY__K", "7")
    assert create_workspace(tmp_path / "v").settings.privacy.k == 7
    monkeypatch.setenv("WHYREC_PRIVACY__K", "0")
    with pytest.raises(WorkspaceError, match="greater than or equal to 1"):
        read_settings(tmp_path / "w" / "whyrec.toml")
