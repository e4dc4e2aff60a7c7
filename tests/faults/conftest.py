"""A city, a rule, and one home for all: compiled borders are named by content and edition."""

from pathlib import Path
from typing import Any

import pytest

from grids import locating
from tests.factories.city import City, build_city
from tests.penalties.conftest import add_rule


@pytest.fixture(scope="session")
def _index_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_home(settings: Any, _index_home: Path) -> None:
    settings.JINSHAO_HOME = _index_home


@pytest.fixture
def city(db: None) -> City:
    locating.forget()
    add_rule()
    return build_city()
