"""Cells: the same bits for one item as for several that are named together."""

from collections.abc import Iterable
from pathlib import Path

from recommender.reasons.cells import Sources, Strand
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Request
from tests.recommender.rules.worlds import COUNTS, id_of, world_of


def test_an_item_has_the_same_cells_alone_as_among_others(tmp_path: Path) -> None:
    recommender, several = world_of(tmp_path, 1).recommender, 0
    for user in range(COUNTS["User"]):
        profile = recommender.profile(Request(id_of("User", user), rules=Rules(unknown="keep")))
        alone, together = (Sources(recommender.cold_start.of(profile), profile) for _ in range(2))
        together.expect(range(recommender.catalogue.size))
        for position in range(recommender.catalogue.size):
            found, expected = (_told(one.cells(position).values()) for one in (alone, together))
            assert found == expected
            several += len(found) > 1
    assert several


def _told(strands: Iterable[Strand]) -> list[tuple[int, list[tuple[int, float]], float]]:
    return [(one.source.own, list(one.anchors.items()), one.share) for one in strands]
