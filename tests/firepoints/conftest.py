"""A city with people, and a home folder of its own for what is written."""

from pathlib import Path

import pytest

from firepoints.models import ImportRun, RawRow
from firepoints.services.ingest import import_file
from tests.factories.city import City, build_city
from tests.firepoints.small_lists import HEAD, LIST, line


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


@pytest.fixture
def lists(tmp_path, city):
    """Import a provincial list of these lines; returns the run."""

    def go(*lines: str, head=HEAD, name="清单.csv", known=LIST, **given) -> ImportRun:
        path = tmp_path / name
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        done = import_file(path=path, source_code="provincial_list", actor=city.clerk, name=known, **given)
        return done.run

    return go


@pytest.fixture
def quarantined(lists) -> RawRow:
    """A list of two rows; latitude and longitude of the second are exchanged."""
    run = lists(line(1), line(2, (41.27, 123.75)))
    return run.raw_rows.get(outcome="quarantined")
