"""After any change of the graph, kernels that are brought up to date have the bits of those that are made anew."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.learned.association import Association
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.trained_graph import TrainedGraph
from recommender.linalg import local_ridge
from recommender.linalg.csr_file import open_csr
from recommender.scoring.blend import Blend
from recommender.scoring.k_anonymous_kernels import KAnonymousKernels
from recommender.scoring.merged_kernel import merged_kernels
from tests.graphs import Entities, Triples, snapshot_of

ENDS = {"purchased": ("User", "Product"), "enrolled": ("User", "Course"), "contains": ("Product", "Ingredient")}
UPDATED = ("association", "union", "latent_map")
ENDS |= {"teaches": ("Course", "Ingredient"), "has_concern": ("User", "Concern")}


def _shop(random: np.random.Generator) -> tuple[Entities, Triples]:
    """Products and courses over ingredients, of which the first is a hub; ids with gaps for those that come later."""
    sizes = {"User": 30, "Product": 24, "Course": 8, "Ingredient": 7, "Concern": 3}
    entities: Entities = {name: [f"{name[0]}{2 * n:03}" for n in range(size)] for name, size in sizes.items()}
    triples: Triples = {}
    for name, (head, tail) in ENDS.items():
        links = {(one, other) for one in entities[head] for other in random.choice(entities[tail], 2).tolist()}
        triples[name] = sorted(links | {(one, "I000") for one in entities[head] if tail == "Ingredient"})
    return entities, triples


def _changed(random: np.random.Generator, shop: tuple[Entities, Triples], changes: int) -> tuple[Entities, Triples]:
    """Links come and go, to what there was and to what is new; sometimes a product is taken out."""
    entities, triples = ({name: list(rows) for name, rows in part.items()} for part in shop)
    for _ in range(changes):
        name = str(random.choice(list(ENDS)))
        head, tail = ENDS[name]
        kind = random.integers(4)
        if kind == 0 and len(triples[name]) > 5:
            triples[name].pop(int(random.integers(len(triples[name]))))
            continue
        one, other = (str(random.choice(entities[end])) for end in (head, tail))
        if kind == 1:  # somebody, or something, that is new
            one = f"{head[0]}{2 * random.integers(40) + 1:03}"
            entities[head] = sorted({*entities[head], one})
        triples[name] = sorted({*triples[name], (one, other)})
    if random.random() < 0.3:  # an item is taken out
        gone = entities["Product"].pop(int(random.integers(24)))
        triples = {name: [pair for pair in pairs if gone not in pair] for name, pairs in triples.items()}
    return entities, triples


def _files(kernels: Kernels, blend: Blend) -> dict[str, tuple[np.ndarray, ...]]:
    """The arrays of all kernels, of those that many people are behind, and of both merged."""
    found = {}
    for one in (kernels, KAnonymousKernels(kernels)):
        for path in (path for path in one.scored if blend.uses(path)):
            one.kernel(path.tail)
            matrix, scale = open_csr(one.folder, one.file(path.tail))
            found[one.file(path.tail)] = matrix.data, matrix.indices, matrix.indptr, np.array([scale])
        for merged in merged_kernels(one, one.scored, blend):
            matrix = merged.matrix
            name = f"{type(one).__name__} {merged.start} {merged.item_type}"
            found[name] = matrix.data, matrix.indices, matrix.indptr
    return found


@settings(max_examples=2, phases=(Phase.explicit, Phase.generate))
@example(seed=354, changes=3)  # an item that a full row kept is taken out
@given(seed=st.integers(0, 10**6), changes=st.integers(1, 4))
def test_any_change_leads_to_the_kernels_made_anew(
    tmp_path_factory: pytest.TempPathFactory, seed: int, changes: int
) -> None:
    random, folder = np.random.default_rng(seed), tmp_path_factory.mktemp("change")
    rows = _shop(random)
    then = snapshot_of(folder / "then", *rows, k=2)
    now = snapshot_of(folder / "now", *_changed(random, rows, changes), k=2)
    config = KernelConfig(top=5).with_means(then)
    config = config.model_copy(update={"association": config.association.model_copy(update={"neighbours": 3})})
    first = Kernels(then, config, folder / "then" / "kernels")
    paths = [path for path in first.scored if path.learned is None or path.learned.kernel in UPDATED]
    blend = Blend(metapaths={str(path): 0.5 + n for n, path in enumerate(paths)})
    first.build([path.tail for path in paths])
    graph = TrainedGraph(folder / "graph", then.hash, then.vocabulary)
    config = first.frozen(graph.folder)
    trained, at_once = (Kernels(then, config, folder / place, graph) for place in ("then/kernels", "at-once"))
    _assert_same(_files(trained, blend), _files(at_once, blend))
    after = Kernels(now, config, folder / "now" / "kernels", graph)
    after.earlier = Kernels(then, config, folder / "then" / "kernels", graph)
    found, anew = (_files(one, blend) for one in (after, Kernels(now, config, folder / "anew", graph)))
    _assert_same(found, anew)


def _assert_same(found: dict[str, tuple[np.ndarray, ...]], anew: dict[str, tuple[np.ndarray, ...]]) -> None:
    assert found.keys() == anew.keys()
    for name, arrays in anew.items():
        for one, other in zip(found[name], arrays, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)


def _with_one_more(folder: Path) -> tuple[Snapshot, Snapshot]:
    entities, triples = _shop(np.random.default_rng(1))
    then = snapshot_of(folder / "then", entities, triples, k=2)
    new = next(pair for one in entities["Product"] if (pair := ("U000", one)) not in triples["purchased"])
    return then, snapshot_of(folder / "now", entities, {**triples, "purchased": [*triples["purchased"], new]}, k=2)


def test_what_a_purchase_does_not_touch_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels over ingredients are links to the files of before; few items are solved again."""
    then, now = _with_one_more(tmp_path)
    config = KernelConfig().with_means(then)
    config = config.model_copy(update={"association": config.association.model_copy(update={"neighbours": 2})})
    before = Kernels(then, config, tmp_path / "a")
    before.build([path.tail for path in before.scored])
    graph = TrainedGraph(tmp_path / "graph", then.hash, then.vocabulary)
    config = before.frozen(graph.folder)
    before = Kernels(then, config, tmp_path / "a", graph)
    solved, whole = list[int](), local_ridge.regressions

    def counted(*asked: object) -> object:
        solved.append(len(asked[3]))  # type: ignore[arg-type]
        return whole(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr("recommender.kernels.learned.association.regressions", counted)
    after = Kernels(now, config, tmp_path / "b", graph)
    after.earlier = before
    tails = [("contains", "~contains"), ("~purchased", "purchased"), (Association.step("Product", "Product"),)]
    assert after.build(tails) == 2, "only what reads purchases is brought up to date"
    shared = after.folder / f"{after.file(tails[0])}.data.npy"
    assert shared.samefile(before.folder / shared.name)
    assert not solved, "what was learned of the items stays"
