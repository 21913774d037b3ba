"""Fixtures for tests of rules."""

import pytest

from tests.recommender.rules.worlds import WORLDS, World, world_of


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> list[World]:
    return [world_of(tmp_path_factory.mktemp("world"), seed) for seed in range(WORLDS)]
