"""The proof looks at every node that is told: one that is forbidden stops the account."""

import numpy as np
import pytest

from kg.errors import ModelError
from recommender.explanation.path_proof import path_proof
from recommender.results.account import Node, Part, Path
from recommender.rules.avoidance import Forbidden
from recommender.texts.languages import language
from tests.recommender.rules.conftest import worlds  # noqa: F401  # as a fixture
from tests.recommender.rules.worlds import World


def test_a_forbidden_node_stops_the_account(worlds: list[World]) -> None:  # noqa: F811
    snapshot = worlds[0].recommender.snapshot
    vocabulary, items = snapshot.vocabulary, snapshot.schema.item_types[0]
    types = ["User", items, "Ingredient", items]
    nodes = [Node(id=vocabulary.id(name, n), type=name, label="") for name, n in zip(types, (0, 0, 1, 2), strict=True)]
    part = Part(kind="path", share=1.0, text="", paths=[Path(share=1.0, nodes=nodes, relations=[], text="")])

    def mask(entity_type: str, idx: int) -> dict[str, np.ndarray]:
        return {entity_type: np.arange(vocabulary.count(entity_type)) == idx}

    proof = path_proof([part], snapshot, Forbidden(mask("Ingredient", 0), mask(items, 0)), language("en"))
    assert (proof.paths, proof.nodes, proof.forbidden) == (1, 2, 2)  # her own anchor may be named
    for forbidden in (Forbidden(mask("Ingredient", 1)), Forbidden(mask(items, 0))):
        with pytest.raises(ModelError, match="is forbidden"):
            path_proof([part], snapshot, forbidden, language("en"))
