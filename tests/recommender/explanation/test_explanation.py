"""Explanations add up, name only paths that exist, and nobody else."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from kg.errors import ModelError
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.metapaths import enumerate_metapaths
from recommender.kernels.path_instances import paths_between
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import open_model
from recommender.linalg.csr_file import save_csr
from recommender.profiles.profile import Anchors, profile_of
from recommender.results.account import Account
from recommender.serving.recommender import Recommender, Request
from tests.graphs import snapshot_of

COUNTS = {"User": 7, "Product": 4, "Course": 3, "Ingredient": 3, "Concern": 2}
ENDS = {
    "purchased": ("User", "Product"),
    "enrolled": ("User", "Course"),
    "has_concern": ("User", "Concern"),
    "contains": ("Product", "Ingredient"),
    "teaches": ("Course", "Ingredient"),
}


def _name(entity_type: str, number: int) -> str:
    return f"{entity_type.lower()}-{number}"


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[tuple[str, str, float]]]:
    """Random triples with random weights over a few entities of each type."""
    triples = {}
    for relation, (head, tail) in ENDS.items():
        pairs = st.tuples(st.integers(0, COUNTS[head] - 1), st.integers(0, COUNTS[tail] - 1))
        chosen = draw(st.sets(pairs, max_size=14))
        triples[relation] = [
            (_name(head, h), _name(tail, t), draw(st.sampled_from([0.5, 1.0, 5.0]))) for h, t in sorted(chosen)
        ]
    return triples


def _snapshot(folder: Path, triples: dict[str, list[tuple[str, str, float]]]) -> Snapshot:
    entities = {name: [_name(name, number) for number in range(count)] for name, count in COUNTS.items()}
    return snapshot_of(folder, entities, triples)


exponents = st.sampled_from([0.0, 0.3, 0.5, 1.0])
configs = st.builds(
    KernelConfig,
    start=exponents,
    middle=exponents,
    end=exponents,
    crossing=st.sampled_from([-1.0, -0.4, 0.0, 1.0]),
    degree=st.sampled_from(["sum", "length"]),
    top=st.sampled_from([1, 300]),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(triples=graphs(), config=configs)
def test_path_instances_sum_to_the_kernel_and_exist(
    tmp_path_factory: pytest.TempPathFactory, triples: dict[str, list[tuple[str, str, float]]], config: KernelConfig
) -> None:
    folder = tmp_path_factory.mktemp("graph")
    snapshot = _snapshot(folder, triples)
    kernels = Kernels(snapshot, config, folder / "kernels")
    for user in range(COUNTS["User"]):
        profile = profile_of(snapshot, "User", user)
        for path in enumerate_metapaths(snapshot.schema):
            if path.start in profile.anchors:
                _check_instances(snapshot, kernels, path.tail, profile.anchors[path.start])


def _check_instances(snapshot: Snapshot, kernels: Kernels, tail: tuple[str, ...], anchors: Anchors) -> None:
    kernel = kernels.kernel(tail).toarray()
    for item in range(kernel.shape[1]):
        kept = kernel[anchors.idx, item] != 0
        found = paths_between(kernels, tail, Anchors(anchors.idx[kept], anchors.weight[kept]), item)
        expected = float(anchors.weight @ kernel[anchors.idx, item])
        assert found.product.sum() == pytest.approx(expected, abs=1e-12)
        for nodes in found.nodes:
            assert len({(step, a, b) for step, a, b in zip(tail, nodes, nodes[1:], strict=False)}) == len(tail)
            for place, step in enumerate(tail):
                assert nodes[place + 1] in snapshot.neighbours(step, int(nodes[place]))[0]
                turning = place > 0 and step == inverse_of(tail[place - 1])
                assert not (turning and nodes[place + 1] == nodes[place - 1])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(triples=graphs())
def test_shares_add_up_and_no_other_person_is_named(
    tmp_path_factory: pytest.TempPathFactory, triples: dict[str, list[tuple[str, str, float]]]
) -> None:
    folder = tmp_path_factory.mktemp("graph")
    snapshot = _snapshot(folder, triples)
    recommender = Recommender(open_model(folder / "model", snapshot, folder / "kernels"))
    for user in range(COUNTS["User"]):
        for item in (_name("Product", 0), _name("Product", 1), _name("Course", 0)):
            account = recommender.why(Request(_name("User", user)), item)
            assert account.score == pytest.approx(sum(part.share for part in account.parts), abs=1e-9)
            _check_parts(account, _name("User", user))


def test_paths_that_miss_their_share_are_an_error(tmp_path: Path) -> None:
    """A kernel on disk that is not the sum of its paths: the rest is no longer what is left over."""
    triples = {"purchased": [("user-0", "product-0")], "contains": [("product-0", "i"), ("product-1", "i")]}
    entities = {"User": ["user-0"], "Product": ["product-0", "product-1"], "Ingredient": ["i"]}
    snapshot = snapshot_of(tmp_path, entities, triples)
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    assert recommender.why(Request("user-0"), "product-1").parts[0].kind == "path"
    kernels, tail = recommender.scorer.kernels, ("contains", "~contains")
    wrong = csr_array(kernels.kernel(tail) * 1.01)
    save_csr(wrong, kernels.folder, kernels.file(tail), kernels.scale(tail))
    again = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    with pytest.raises(ModelError, match="paths sum to"):
        again.why(Request("user-0"), "product-1")


def _check_parts(account: Account, user_id: str) -> None:
    for part in account.parts:
        if part.kind == "path":
            assert part.paths is not None
            assert part.other_paths is not None
            total = sum(path.share for path in part.paths) + part.other_paths.share
            assert part.share == pytest.approx(total, abs=1e-9)
            for path in part.paths:
                assert path.people is None or path.people >= 5
                assert [node.id for node in path.nodes[1:] if node.type == "User" and node.id] == []
    others = [_name("User", number) for number in range(COUNTS["User"]) if _name("User", number) != user_id]
    assert not any(other in account.model_dump_json() for other in others)
