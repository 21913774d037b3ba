"""The sequence kernel is directed, by hand, exact to the people it counts, and nothing without timestamps."""

from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.learned.sequence import SequenceKernel
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import learned_paths
from recommender.learning.model import Model
from recommender.results.document import ModelInfo
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import snapshot_of

OWN, ACROSS = ("→Product-Product",), ("→Course-Product",)
DAY = 86_400_000


def _snapshot(folder: Path, histories: list[str], *, timed: bool = True) -> Snapshot:
    """Histories such as ``abC d``: products a, b and d, course C; a space is a day, what stands together one moment."""
    triples: dict[str, list[tuple[object, ...]]] = {"purchased": [], "enrolled": []}
    for number, history in enumerate(histories):
        for day, used in enumerate(history.split()):
            for item in used:
                name = "enrolled" if item.isupper() else "purchased"
                triples[name].append((f"u{number:02}", item, 1.0, DAY * (day + 1) if timed else None))
    used = sorted({item for history in histories for item in history if item != " "})
    entities = {
        "User": [f"u{number:02}" for number in range(len(histories))],
        "Product": [item for item in used if item.islower()],
        "Course": [item for item in used if item.isupper()] or ["Z"],
    }
    return snapshot_of(folder, entities, triples)


def _matrix(snapshot: Snapshot, tail: tuple[str, ...], folder: Path, **config: float) -> np.ndarray:
    chosen = {"start": 0, "end": 0, "window": 8, "reverse": 0, **config}
    return Kernels(snapshot, KernelConfig(learned={"sequence": chosen}), folder / "k").of(tail).matrix().toarray()


def test_what_comes_after_counts_by_its_distance(tmp_path: Path) -> None:
    """a b c, twice, and b a: b is 1 step after a, c 2 steps; a is 1 step after b once."""
    snapshot = _snapshot(tmp_path, ["a b c", "a b c", "b a"])
    np.testing.assert_allclose(_matrix(snapshot, OWN, tmp_path), [[0, 2, 1], [1, 0, 2], [0, 0, 0]])
    np.testing.assert_allclose(_matrix(snapshot, OWN, tmp_path, window=1), [[0, 2, 0], [1, 0, 2], [0, 0, 0]])
    back = [[0, 2.5, 1], [2, 0, 2], [0.5, 1, 0]]
    np.testing.assert_allclose(_matrix(snapshot, OWN, tmp_path, reverse=0.5), back)
    damped = np.array([[0, 2, 1], [1, 0, 2], [0, 0, 0]]) * 3**-0.5 * np.array([3**-0.2, 3**-0.2, 2**-0.2])
    np.testing.assert_allclose(_matrix(snapshot, OWN, tmp_path, start=0.5, end=0.2), damped)


def test_one_moment_has_no_order_and_is_one_step(tmp_path: Path) -> None:
    snapshot = _snapshot(tmp_path, ["ab c"])
    np.testing.assert_allclose(_matrix(snapshot, OWN, tmp_path), [[0, 0, 1], [0, 0, 1], [0, 0, 0]])


def test_it_crosses_domains_over_the_moments_of_both(tmp_path: Path) -> None:
    """From the course C the product a is 1 step, b 2 steps away; what came before it leads nowhere."""
    snapshot = _snapshot(tmp_path, ["c C a b"])
    np.testing.assert_allclose(_matrix(snapshot, ACROSS, tmp_path), [[1, 0.5, 0]])


def test_without_timestamps_there_is_none(tmp_path: Path) -> None:
    """The order of rows is no time."""
    assert learned_paths(_snapshot(tmp_path / "a", ["a b C", "a b"]), SequenceKernel)
    assert not learned_paths(_snapshot(tmp_path / "b", ["a b C", "a b"], timed=False), SequenceKernel)


@pytest.mark.parametrize("people", [4, 5])
def test_it_is_told_by_the_number_of_people_and_only_of_enough(tmp_path: Path, people: int) -> None:
    """Others bought b before a, or both at once: they are no people who bought b soon after a."""
    snapshot = _snapshot(tmp_path, ["a", *["a b"] * people, "b a", "ab", "a c d b"])
    blend = Blend(metapaths={"purchased > →Product-Product": 1.0})
    config = KernelConfig(learned={"sequence": {"window": 2}})
    scorer = Scorer(snapshot, Kernels(snapshot, config, tmp_path / "kernels"), blend, None)
    recommender = Recommender(Model(scorer, ModelInfo(name="order", snapshot=snapshot.hash, trained=True)))
    account = recommender.why(Request("u00"), "b")
    (part,) = account.parts
    assert part.share == pytest.approx(account.score)
    if people == 5:
        assert part.kind == "association" and part.kernel == "sequence"
        assert part.text == "At least 5 people who bought “a” used this soon after."
        assert [one.share for one in part.nearest or []] == pytest.approx([account.score]) and not part.other_paths
    else:
        assert not part.nearest and not part.kernel and "“a”" not in part.text and "4" not in part.text
