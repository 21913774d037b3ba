"""What counts as it was at the training: hubs and the taste of people; what is new, or has grown by more than half, has
its own degree."""

from pathlib import Path

import numpy as np
import pytest

from kg.errors import ModelError
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.learned.association import Association
from recommender.kernels.learned.latent_map import LatentMap
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.trained_graph import AsTrained, TrainedGraph
from tests.graphs import Triples, snapshot_of

TAIL = ("contains", "~contains")


def _shop(folder: Path, more: Triples) -> Snapshot:
    """Two tastes, A and B, of ten people and four products each; water is in all products, and one of each two has
    also an oil; more triples besides."""
    users = [f"{group}{number}" for group in "AB" for number in range(10)]
    products = [f"p{group}{number}" for group in "AB" for number in range(4)]
    triples: Triples = {
        "purchased": [(u, f"p{u[0]}{item}") for u in users for item in range(4) if item != int(u[1]) % 4],
        "contains": [(p, "water") for p in products] + [(p, "oil") for p in products[::2]],
    }
    for name, pairs in more.items():
        triples[name] = triples[name] + pairs
    heads = sorted({*products, *(head for head, _ in more.get("contains", []))})
    people = sorted({*users, *(head for head, _ in more.get("purchased", []))})
    entities = {"User": people, "Product": heads, "Ingredient": ["oil", "water"]}
    return snapshot_of(folder, entities, triples, k=2)


def _trained(folder: Path) -> tuple[Snapshot, KernelConfig, TrainedGraph]:
    then = _shop(folder / "then", {})
    first = Kernels(then, KernelConfig().with_means(then), folder / "kernels")
    first.build([path.tail for path in first.scored])
    graph = TrainedGraph(folder / "graph", then.hash, then.vocabulary)
    return then, first.frozen(graph.folder), graph


def test_a_degree_stays_until_it_has_grown_by_more_than_half(tmp_path: Path) -> None:
    """Oil is in 4 products, water in 8: two more of oil are half, three more of water are less."""
    _, _, graph = _trained(tmp_path)
    oil = [(f"new{number}", "oil") for number in range(2)]
    now = AsTrained(_shop(tmp_path / "six", {"contains": [*oil, ("new0", "water"), ("new1", "water")]}), graph)
    assert now.links("~contains").tolist() == [4, 8], "as it was"
    assert now.degrees("contains")[:2].tolist() == [2, 2], "what is new has its own degree"
    oil.append(("new2", "oil"))
    now = AsTrained(_shop(tmp_path / "seven", {"contains": oil}), graph)
    assert now.links("~contains").tolist() == [7, 8] and now.degrees("~contains").tolist() == [7, 8]


def test_one_more_product_of_a_hub_changes_no_entry_of_the_others(tmp_path: Path) -> None:
    then, config, graph = _trained(tmp_path)
    now = _shop(tmp_path / "now", {"contains": [("new", "water")]})
    before, after = (Kernels(one, config, tmp_path / "one", graph).kernel(TAIL).toarray() for one in (then, now))
    products = [now.vocabulary.idx("Product", one) for one in then.vocabulary.ids("Product")]
    np.testing.assert_array_equal(after[np.ix_(products, products)], before)
    new = now.vocabulary.idx("Product", "new")
    assert (after[products, new] > 0).all() and (after[new, products] > 0).all()


@pytest.mark.parametrize("kind", [Association, LatentMap])
def test_what_is_new_is_folded_in_and_what_was_learned_stays(
    tmp_path: Path, kind: type[Association] | type[LatentMap]
) -> None:
    """A new product that people of taste A bought goes with the products of A, and not with those of B."""
    then, config, graph = _trained(tmp_path)
    now = _shop(tmp_path / "now", {"purchased": [(f"A{n}", "new") for n in range(9)], "contains": [("new", "oil")]})
    tail = (kind.step("Product", "Product"),)
    before, after = (Kernels(one, config, tmp_path / "one", graph).kernel(tail).toarray() for one in (then, now))
    products = [now.vocabulary.idx("Product", one) for one in then.vocabulary.ids("Product")]
    np.testing.assert_array_equal(after[np.ix_(products, products)], before)
    new = now.vocabulary.idx("Product", "new")
    own, other = after[products, new][:4], after[products, new][4:]
    assert own.min() > 0 and own.min() > 3 * other.max(), "people of A are led to it"
    assert after[new, new] == 0


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    _, _, graph = _trained(tmp_path)
    (graph.folder / "~contains.links.npy").write_bytes(b"nothing")
    now = AsTrained(_shop(tmp_path / "now", {"contains": [("new", "oil")]}), graph)
    with pytest.raises(ModelError, match="whyrec train"):
        now.links("~contains")
