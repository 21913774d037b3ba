"""Factors of learned kernels: made once, read by every other process, taken over where a change leaves them alone."""

from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.kernel import LearnedKernel
from recommender.kernels.path_kernels import KernelConfig, Kernels
from tests.graphs import SCHEMA, snapshot_of

MADE_BY = {"head": "Product", "tail": "Brand", "phrase": {"en": "is by", "zh": "来自"}}
KINDS = ("bridge", "far_bridge", "propagation")
MADE = (
    "bridge.inferred_blocks",
    "bridge.likely_attributes",
    "bridge.linked_attributes",
    "far_bridge.linked_attributes",
    "propagation.likely_attributes",
    "propagation.linked_attributes",
)


def _shop(folder: Path, concerns: int = 0) -> Snapshot:
    """Of four pairs of courses that a dozen or more took together, one teaches something; nearly all products of two
    brands contain one of these."""
    taken = [(f"u{pair}-{n}", f"c{pair}{part}") for pair in range(4) for n in range(12 + 3 * pair) for part in "ab"]
    taken += [(f"v{n}", course) for n in range(150) for course in ("x", "y")]
    products = [f"p{n:02}" for n in range(16)]
    triples = {
        "enrolled": taken,
        "teaches": [(f"c{pair}b", f"t{pair}") for pair in range(4)],
        "contains": [(one, f"t{n // 8}") for n, one in enumerate(products) if n % 8 < 7],
        "made_by": [(one, f"b{n // 8}") for n, one in enumerate(products)],
        "has_concern": [("u0-0", f"k{n}") for n in range(concerns)],
    }
    entities = {
        "User": sorted({user for user, _ in taken}),
        "Course": sorted({course for _, course in taken}),
        "Product": products,
        "Ingredient": [f"t{n}" for n in range(4)],
        "Brand": ["b0", "b1"],
        "Concern": ["k0"],
    }
    entity = {**SCHEMA["entity"], "Brand": {}}
    relation = {**SCHEMA["relation"], "made_by": MADE_BY}
    return snapshot_of(folder, entities, triples, {**SCHEMA, "entity": entity, "relation": relation})


def _learned(kernels: Kernels) -> list[LearnedKernel]:
    found = [kernels.learned(path.tail) for path in kernels.scored]
    return [one for one in found if one is not None and one.name in KINDS]


def _told(kernels: Kernels) -> dict[str, list[object]]:
    """Who is behind each entry of each kernel, and over what it runs."""
    told = dict[str, list[object]]()
    for kernel in _learned(kernels):
        rows = told.setdefault(kernel.name, [])
        for row, item in np.argwhere(kernel.matrix().toarray()).tolist():
            people = kernel.people(np.array([row]), item)
            rows.append((row, item, people is not None and people.tolist(), kernel.about(row, item)))
    return told


def test_another_process_reads_what_one_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = _shop(tmp_path / "shop")
    first = Kernels(snapshot, KernelConfig(), tmp_path / "kernels")
    first.build([path.tail for path in first.scored])
    told = _told(first)
    assert all(told[kind] for kind in KINDS), "a kind without an entry shows nothing"

    def anew(*_: object) -> None:
        raise AssertionError("made again")

    for name in MADE:
        monkeypatch.setattr(f"recommender.kernels.learned.{name}", anew)
    assert _told(Kernels(snapshot, KernelConfig(), tmp_path / "kernels")) == told


def test_damaged_ones_are_made_again(tmp_path: Path) -> None:
    snapshot = _shop(tmp_path / "shop")
    told = _told(Kernels(snapshot, KernelConfig(), tmp_path / "kernels"))
    stored = [one for one in (tmp_path / "kernels").rglob("inferred*.data.npy") if one.stat().st_size > 128]
    assert stored
    for one in stored:
        one.write_bytes(one.read_bytes()[:-8])
    assert _told(Kernels(snapshot, KernelConfig(), tmp_path / "kernels")) == told


def test_a_change_that_does_not_concern_them_leaves_their_files(tmp_path: Path) -> None:
    """They are there right after it, while the graph before it still is."""
    before = Kernels(_shop(tmp_path / "then"), KernelConfig(), tmp_path / "a")
    before.build([path.tail for path in before.scored])
    after = Kernels(_shop(tmp_path / "now", concerns=1), KernelConfig(), tmp_path / "b")
    after.earlier = before
    after.build([path.tail for path in after.scored])
    stored = [one for kind in ("inferred", "linked", "about", "onward") for one in before.folder.glob(f"{kind}*.npy")]
    assert stored and all((after.folder / one.name).samefile(one) for one in stored)


def test_the_files_of_kernels_have_names_that_any_file_system_takes(tmp_path: Path) -> None:
    """Long names of relations, and no sign that a locale of ASCII, Latin-1 or GBK cannot write."""
    long = "is_one_of_the_things_that_are_" * 4
    relation = {**SCHEMA["relation"], f"{long}contained": SCHEMA["relation"]["contains"], "made_by": MADE_BY}
    schema = {**SCHEMA, "entity": {**SCHEMA["entity"], "Brand": {}}, "relation": relation}
    entities = {"User": ["u"], "Product": ["p", "q"], "Course": ["c"], "Ingredient": ["i"], "Brand": ["b"]}
    triples = {f"{long}contained": [("p", "i"), ("q", "i")], "purchased": [("u", "p")], "enrolled": [("u", "c")]}
    kernels = Kernels(snapshot_of(tmp_path, entities, triples, schema), KernelConfig(), tmp_path / "kernels")
    kernels.build([path.tail for path in kernels.scored])
    names = [kernels.file(path.tail) for path in kernels.scored]
    assert len({path.tail for path in kernels.scored}) == len(set(names)) and any(long in name for name in names)
    assert all(file.name.isascii() for file in (tmp_path / "kernels").rglob("*"))
