"""One small world for all tests that look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.simulation import world
from demo.simulation.land import Land
from demo.simulation.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def land() -> Land:
    return Land.of(ROOT / "packs/benxi/divisions.csv")


@pytest.fixture(scope="session")
def small(land: Land) -> world.World:
    """Forty fires, the density of the middle."""
    return world.build(seed=5, fires=40, density="middle", land=land)


@pytest.fixture(scope="session")
def rich(land: Land) -> world.World:
    """A few fires with every family of format 2 around them."""
    return world.build(seed=5, fires=12, density="middle", land=land, recipe=Recipe.drawn(5, "middle"))
