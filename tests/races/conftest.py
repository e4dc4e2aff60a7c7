"""PostgreSQL only: SQLite lets one writer in at a time, so there two people cannot meet."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def _index_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _own_home(settings: Any, _index_home: Path) -> None:
    """Compiled borders are named by content and edition, so the tests of this folder share one home."""
    settings.JINSHAO_HOME = _index_home
