"""A city with people, and a home folder of its own for what is written."""

from pathlib import Path

import pytest

from firepoints.models import ImportRun, RawRow
from tests.factories import points as make
from tests.factories.city import City, build_city
from tests.factories.imports import import_file
from tests.firepoints.small_lists import HEAD, LIST, excluded, line, near, recognised, workbook


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


@pytest.fixture
def answered(city, tmp_path):
    """A list of six rows: decided true, decided false, at work, over the border, outside, unreadable."""
    day, places = "2023-10-07", [near(-300), near(3000), near(6000), (123.8001, 41.25), (120.5, 38.5), ("x", "y")]
    rows = [
        (at, "甲县", lon, lat, day, None, "省厅备注" if at == 1 else None) for at, (lon, lat) in enumerate(places, 1)
    ]
    path = tmp_path / "第28期.xlsx"
    path.write_bytes(workbook(*rows))
    run = import_file(path=path, source_code="provincial_list", actor=city.clerk, name=LIST).run
    point = {one.row_no: one.detection.memberships.get().point for one in run.raw_rows.filter(outcome="kept")}
    recognised(city, point[3])
    excluded(city, point[4])
    make.take(point[5], "dispatch", city.clerk)
    make.take(point[6], "mark_cross", city.clerk, reason="像元跨两县")
    return run
