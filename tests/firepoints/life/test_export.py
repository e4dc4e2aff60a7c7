"""What leaves for QGIS is what the office sees, and it is noted who took it."""

import pytest
from pyogrio import list_layers, read_dataframe

from core.errors import BadInput
from firepoints.life.export import export_points
from firepoints.models import FirePoint
from grids.editions.vector_files import export_cells
from journal.models import Access
from tests.factories import points as make
from tests.factories.city import IN_EAST


def test_points_and_footprints_open_as_layers_and_the_export_is_noted(city, tmp_path):
    point = make.final(city)
    make.suspected(at=IN_EAST)
    out = tmp_path / "points.gpkg"
    done = export_points(points=FirePoint.objects.visible_to(city.clerk), out=out, actor=city.clerk)
    assert done == {"points": 2, "footprints": 2}
    assert {name for name, _ in list_layers(out)} == {"points", "footprints"}
    rows = read_dataframe(out, layer="points").set_index("id")
    assert rows.loc[point.pk, "number"] == point.number
    assert rows.loc[point.pk, "counted"] == "计入"
    assert rows.crs.to_epsg() == 4326
    assert Access.objects.filter(kind="export", actor_id=city.clerk.pk).count() == 1


def test_a_county_exports_its_own_points_only(city, tmp_path):
    make.suspected()
    make.suspected(at=IN_EAST)
    done = export_points(points=FirePoint.objects.visible_to(city.west), out=tmp_path / "p.geojson", actor=city.west)
    assert done == {"points": 1}


def test_an_edition_exports_a_layer_for_each_level(city, tmp_path):
    out = tmp_path / "grid.gpkg"
    assert export_cells(edition=city.edition, out=out) == {"city": 1, "county": 2, "township": 4, "village": 4}
    assert set(read_dataframe(out, layer="county")["code"]) == {"210590", "210591"}


@pytest.mark.parametrize("name", ["points.shp", "nowhere/points.gpkg"])
def test_a_target_that_cannot_be_written_is_refused_and_leaves_nothing(city, tmp_path, name):
    make.suspected()
    with pytest.raises(BadInput):
        export_points(points=FirePoint.objects.all(), out=tmp_path / name, actor=city.clerk)
    assert list(tmp_path.iterdir()) == []
