"""``evaluate --explanations`` on the example: paths are real and needed, and choices of reasons do as they say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whyrec.workspace.evaluation import evaluate


def test_explanations_are_measured(
    document: Callable[..., Any], example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "EXPLAINED_USERS", 40)
    result = document("-w", example, "evaluate", "--split", "last", "--no-tuning", "--explanations")
    report = result["explanations"]
    assert report["users"] == 40 and report["items"] == 400
    assert report["existing"] == 1.0 and report["with_path"] > 0.8
    assert report["necessity"]["1"]["ratio"] >= 2 and report["necessity"]["3"]["ratio"] >= 2
    quality = report["quality"]
    assert quality["recent"]["lir"] == max(one["lir"] for one in quality.values()) >= 0.95
    assert quality["popular"]["sep"] == max(one["sep"] for one in quality.values())
    assert quality["balanced"]["etd"] == max(one["etd"] for one in quality.values()) >= 0.5
