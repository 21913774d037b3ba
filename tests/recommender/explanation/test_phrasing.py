"""The paragraph that sums an account up: the four largest parts in words, for or against, the others as one sum."""

import pytest

from recommender.explanation.k_anonymity import PathGroup
from recommender.explanation.phrasing import Phrasing
from recommender.kernels.metapaths import Metapath
from tests.graphs import snapshot_of

PARTS = [(0.1, "One"), (-0.4, "Two"), (0.9, "Three"), (0.3, "Four leads to “x”"), (0.05, "Five"), (0.05, "Six")]


@pytest.fixture(scope="module")
def phrasing(tmp_path_factory: pytest.TempPathFactory) -> Phrasing:
    return Phrasing(
        snapshot_of(tmp_path_factory.mktemp("g"), {"User": ["u"], "Product": ["x", "y"], "Ingredient": ["i"]}, {})
    )


@pytest.mark.parametrize(
    ("parts", "score", "text"),
    [
        (
            PARTS,
            1.0,
            "“x” scores 1.0000. The largest part first: three (0.9000, 90.0%); two (-0.4000, -40.0%); four leads to "
            "this product (0.3000, 30.0%); one (0.1000, 10.0%); 2 smaller parts (0.1000, 10.0%).",
        ),
        (PARTS[:4], 0.9, "2 smaller"),
        (PARTS[2:3], 0.9, "“x” scores 0.9000: three (0.9000, 100.0%)."),
        (PARTS[1:2], -0.4, "“x” scores -0.4000: two (-0.4000)."),
        (
            [(0.5, "One"), (-0.5, "Two")],
            0.0,
            "“x” scores 0.0000. The largest part first: one (0.5000); two (-0.5000).",
        ),
        ([], 0.0, "“x” scores 0.0000: Nothing in your history leads here."),
    ],
)
def test_the_largest_parts_are_told_and_the_others_summed(
    phrasing: Phrasing, parts: list[tuple[float, str]], score: float, text: str
) -> None:
    found = phrasing.summary("x", "Product", score, parts)
    assert ("smaller" not in found) if text == "2 smaller" else (found == text)


@pytest.mark.parametrize(
    ("steps", "nodes", "text"),
    [
        (
            "purchased contains ~contains",
            (0, 0, 1),
            "You bought “x”, which contains “i”, which is contained in “y”",
        ),
        (
            "purchased ~purchased purchased",
            (0, -1, 1),
            "You bought “x”, and at least 10 others who bought it also bought “y”",
        ),
        (
            "purchased contains ~contains ~purchased purchased",
            (0, 0, 1, -1, 0),
            "You bought “x”, which contains “i”, which is contained in “y”, and at least 10 others who bought it also "
            "bought “x”",
        ),
    ],
)
def test_a_path_is_one_sentence_in_which_people_are_a_number(
    phrasing: Phrasing, steps: str, nodes: tuple[int, ...], text: str
) -> None:
    people = 10 if -1 in nodes else None
    assert phrasing.path(Metapath(tuple(steps.split())), PathGroup(nodes, 1.0, people)) == text
