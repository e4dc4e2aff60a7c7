"""Each point in the borders of its own date."""

from datetime import date

import numpy as np
import pytest
from django.conf import settings

from core.errors import Refused
from grids import locating
from grids.editions.activating import edition_activate, edition_import
from grids.selectors import system_user
from tests.factories.city import EAST, IN_EAST, IN_WEST, WEST, build_city
from tests.grids.files import box, feature, write

pytestmark = pytest.mark.django_db
ON = date(2023, 10, 7)


@pytest.fixture(autouse=True)
def _own_indexes(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "JINSHAO_HOME", tmp_path)
    locating.forget()
    yield
    locating.forget()


@pytest.mark.embedded
def test_a_point_gets_the_codes_and_names_of_its_chain():
    build_city()
    found = locating.locate([IN_WEST[0]], [IN_WEST[1]], ON)
    assert found.chain(0) == {
        "city": "2105",
        "county": WEST,
        "township": f"{WEST}001",
        "village": f"{WEST}001001",
    }
    assert [found.names[level][0] for level in ("city", "county", "township", "group")] == [
        "演示市",
        "甲县",
        "甲县南乡",
        "",
    ]
    assert found.editions[found.edition[0]].name == "演示版"


def test_without_an_active_edition_locating_is_refused():
    with pytest.raises(Refused) as refused:
        locating.locate([1.0], [2.0], ON)
    assert refused.value.code == "no_edition"


def test_each_point_is_located_in_the_edition_of_its_own_date(tmp_path):
    build_city()
    swapped = write(
        tmp_path / "c.geojson",
        feature(box(123.7, 41.2, 123.8, 41.4), code=EAST, name="乙县"),
        feature(box(123.8, 41.2, 123.9, 41.4), code=WEST, name="甲县"),
    )
    edition_import(name="新", levels={"county": swapped}, actor=system_user())
    edition_activate(name="新", valid_from=ON, actor=system_user())
    dates = [date(2010, 1, 1), date(2023, 10, 6), ON]
    found = locating.locate([IN_WEST[0]] * 3, [IN_WEST[1]] * 3, dates)
    assert found.codes["county"].tolist() == [WEST, WEST, EAST]
    assert found.is_before_first.tolist() == [True, False, False]
    assert [found.editions[at].name for at in found.edition] == ["演示版", "演示版", "新"]


def test_what_is_no_position_gets_no_cell_and_no_edition_and_keeps_its_place():
    build_city()
    found = locating.locate([np.nan, IN_WEST[0], 4000.0, IN_EAST[0], 1.0], [41.25, 41.25, 41.25, 41.25, 2.0], ON)
    assert found.codes["county"].tolist() == ["", WEST, "", EAST, ""]
    assert found.edition.tolist() == [-1, 0, -1, 0, 0]


def test_lists_of_different_length_are_a_defect_of_the_caller():
    with pytest.raises(ValueError):
        locating.locate([1.0, 2.0], [1.0], ON)
    with pytest.raises(ValueError):
        locating.locate([1.0], [1.0], [ON, ON])


def test_no_points_are_no_answers():
    build_city()
    assert locating.locate([], [], ON).codes["county"].tolist() == []


def test_the_index_is_stored_under_the_home_by_edition_and_content_and_read_again(tmp_path, monkeypatch):
    edition = build_city().edition
    locating.index_for(edition)
    (folder,) = (tmp_path / "indexes").iterdir()
    assert folder.name == f"{edition.pk}-{edition.content_hash[:16]}"
    locating.forget()
    monkeypatch.setattr(locating, "load_layers", lambda edition: pytest.fail("built again"))
    assert locating.locate([IN_WEST[0]], [IN_WEST[1]], ON).codes["county"].tolist() == [WEST]


def test_a_damaged_index_file_is_made_again(tmp_path):
    edition = build_city().edition
    locating.index_for(edition)
    for file in (tmp_path / "indexes").rglob("*.idx"):
        file.write_bytes(file.read_bytes()[:40])
    locating.forget()
    assert locating.locate([IN_WEST[0]], [IN_WEST[1]], ON).codes["county"].tolist() == [WEST]


def test_real_county_borders_agree_with_an_exact_test_of_every_polygon(data_dir):
    import shapely

    levels = {"county": data_dir / "benxi_counties.geojson"}
    edition, _ = edition_import(name="本溪", levels=levels, actor=system_user())
    edition_activate(name="本溪", valid_from=date(2016, 1, 1), actor=system_user())
    rng = np.random.default_rng(20221)
    x, y = rng.uniform(123.5, 125.8, 5000), rng.uniform(40.7, 41.6, 5000)
    expected = np.full(5000, "", dtype=object)
    for code, wkb in edition.cells.order_by("-code").values_list("code", "geometry"):
        expected[shapely.intersects_xy(shapely.from_wkb(bytes(wkb)), x, y)] = code
    assert locating.locate(x, y, ON).codes["county"].tolist() == expected.tolist()
