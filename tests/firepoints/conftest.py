"""A city with people, and a home folder of its own for what is written."""

from pathlib import Path

import pytest

from tests.factories.city import City, build_city


@pytest.fixture(scope="session")
def _index_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_home(settings, _index_home: Path) -> None:
    """Photos and compiled editions go to a folder of the run: both are named by content, so tests may share it."""
    settings.JINSHAO_HOME = _index_home


@pytest.fixture
def city(db) -> City:
    return build_city()
