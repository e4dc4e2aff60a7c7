"""How much cropland, forest, built-up area lies in each cell: by an equal-area projection, each ground once (C1)."""

from __future__ import annotations

import io
import json
import math
from datetime import date
from pathlib import Path

import geopandas
import numpy as np
import openpyxl
import pyproj
import pytest
import shapely
from django.core.management import CommandError, call_command

from core.errors import Refused
from grids.editions.vector_files import FORMATS
from grids.geo.areas import HECTARE_M2, MU_M2, area_m2
from grids.models import Cell, Edition, Overlay
from grids.overlays.area_exports import areas_described
from grids.overlays.overlays import Place, overlay_load, overlay_propose
from grids.selectors.overlay_areas import OverlayAreas, overlay_areas
from journal.models import Access
from tests.factories.city import EAST, WEST, City, build_city

pytestmark = pytest.mark.django_db
SINCE, DAY, END = date(2023, 1, 1), date(2023, 10, 7), date(2023, 12, 1)
A, F = 6_378_137.0, 1 / 298.257_223_563
GEOD = pyproj.Geod(a=A, f=F)
BOW = shapely.Polygon([(123.72, 41.22), (123.74, 41.24), (123.74, 41.22), (123.72, 41.24)])


@pytest.fixture
def city() -> City:
    return build_city()


def load(city: City, *shapes: shapely.Geometry, kind: str = "cropland", **facts: object) -> None:
    places = [Place(f"第 {at} 块", shape) for at, shape in enumerate(shapes, start=1)]
    overlay_load(**{"kind": kind, "places": places, "valid_from": SINCE, "actor": city.clerk} | facts)


def areas(level: str = "county", kind: str = "", on: date = DAY) -> OverlayAreas:
    return overlay_areas(on=on, level=level, kind=kind)


def square_metres(level: str = "county", kind: str = "cropland") -> dict[str, float]:
    """Those of one kind, by code."""
    cells = areas(level, kind).cells
    return dict(zip(cells["code"], cells[kind], strict=True))


def spherical_m2(west: float, south: float, east: float, north: float) -> float:
    """A rectangle of degrees on the sphere that fits the ellipsoid best at its middle (Gauss: the radius is √(M·N))."""
    sine = math.sin(math.radians((south + north) / 2))
    e2 = F * (2 - F)
    radius_2 = A**2 * (1 - e2) / (1 - e2 * sine**2) ** 2
    height = math.sin(math.radians(north)) - math.sin(math.radians(south))
    return radius_2 * math.radians(east - west) * height


def geodesic_m2(shape: shapely.Geometry) -> float:
    """By Karney's geodesics, between vertices so close that a line in degrees and a geodesic are one."""
    return abs(GEOD.geometry_area_perimeter(shapely.segmentize(shape, 0.001))[0])


@pytest.mark.embedded
def test_a_field_across_the_border_is_divided_between_its_counties(city: City) -> None:
    load(city, shapely.box(123.79, 41.25, 123.83, 41.27))
    measured = square_metres()
    assert measured[WEST] == pytest.approx(spherical_m2(123.79, 41.25, 123.80, 41.27), rel=1e-3)
    assert measured[EAST] == pytest.approx(spherical_m2(123.80, 41.25, 123.83, 41.27), rel=1e-3)


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(123.70, 41.20, 123.80, 41.40),
        shapely.Point(123.75, 41.30).buffer(0.03),
        shapely.Polygon([(123.7, 41.2), (123.8, 41.23), (123.79, 41.4), (123.74, 41.31), (123.71, 41.38)]),
        shapely.box(123.72, 41.22, 123.78, 41.28).difference(shapely.box(123.74, 41.24, 123.76, 41.26)),
        shapely.MultiPolygon([shapely.box(123.71, 41.21, 123.7105, 41.2105), shapely.box(123.75, 41.35, 123.7501, 41.39)]),
    ],
    ids=["the whole county", "round", "corners", "with a hole", "small and narrow"],
)  # fmt: skip
def test_the_area_is_that_of_the_ellipsoid_well_within_a_thousandth(city: City, shape: shapely.Geometry) -> None:
    load(city, shape)
    measured = square_metres()[WEST]
    assert measured == pytest.approx(geodesic_m2(shape), rel=2e-4)
    assert measured == pytest.approx(area_m2([shape])[0], rel=1e-6), "as the areas of cells are taken"


def test_the_areas_of_villages_add_up_to_their_township_and_that_to_its_county(city: City) -> None:
    rng = np.random.default_rng(7)
    at = rng.uniform([123.69, 41.19], [123.91, 41.41], (300, 2))
    load(city, *(shapely.Point(x, y).buffer(0.004, quad_segs=3) for x, y in at))
    by_level = [sum(square_metres(level).values()) for level in ("city", "county", "township", "village")]
    assert by_level == pytest.approx([by_level[0]] * 4, rel=1e-9)
    assert 0 < by_level[0] < 300 * math.pi * 445 * 335


def test_ground_under_two_overlays_of_a_kind_counts_once_and_under_two_kinds_for_each(city: City) -> None:
    field, wood = shapely.box(123.72, 41.22, 123.74, 41.24), shapely.box(123.73, 41.22, 123.75, 41.24)
    load(city, field, field, wood)
    load(city, wood, kind="forest")
    cells = areas().cells.set_index("code")
    assert cells.loc[WEST, "cropland"] == pytest.approx(area_m2([field | wood])[0], rel=1e-6)
    assert cells.loc[WEST, "forest"] == pytest.approx(area_m2([wood])[0], rel=1e-6)
    assert cells.loc[EAST, ["cropland", "forest"]].tolist() == [0, 0]
    assert areas(kind="forest").kinds == ["forest"]


def test_what_only_touches_a_cell_or_lies_beyond_all_of_them_gives_nothing(city: City) -> None:
    load(city, shapely.box(123.79, 41.25, 123.80, 41.27))
    load(city, shapely.box(120.0, 40.0, 120.1, 40.1), kind="forest")
    cells = areas().cells.set_index("code")
    assert cells.loc[EAST, "cropland"] == 0
    assert cells["forest"].tolist() == [0, 0]
    assert areas(kind="forest").cells["forest"].tolist() == [0, 0]


def test_only_what_is_in_force_on_the_day_counts(city: City) -> None:
    load(city, shapely.box(123.72, 41.22, 123.74, 41.24), valid_to=END)
    proposal = Place("待确认", shapely.box(123.75, 41.22, 123.77, 41.24))
    overlay_propose(kind="fixed_heat", places=[proposal], valid_from=SINCE, actor=city.system)
    assert areas(on=date(2023, 11, 30)).kinds == ["cropland"]
    for on, kind in ((END, ""), (END, "cropland"), (date(2022, 12, 31), ""), (DAY, "fixed_heat")):
        with pytest.raises(Refused) as refused:
            areas(on=on, kind=kind)
        assert refused.value.code == "no_overlay", "nothing loaded is not none there"


def test_a_shape_that_crosses_itself_is_mended_and_named(city: City) -> None:
    load(city, BOW, shapely.box(123.76, 41.22, 123.77, 41.23))
    cell = Cell.objects.get(edition=city.edition, code=f"{EAST}001")
    cell_shape = shapely.Polygon([(123.8, 41.2), (123.9, 41.3), (123.9, 41.2), (123.8, 41.3)])
    Cell.objects.filter(pk=cell.pk).update(geometry=shapely.to_wkb(cell_shape))
    load(city, shapely.box(123.8, 41.2, 123.9, 41.3), kind="forest")
    result = areas("township")
    wrong = Overlay.objects.get(kind="cropland", name="第 1 块")
    assert [(shape.subject, shape.key, shape.name) for shape in result.mended] == [
        ("cell", cell.code, cell.name), ("overlay", str(wrong.pk), "第 1 块"),
    ]  # fmt: skip
    assert all("Self-intersection" in shape.reason for shape in result.mended)
    cells = result.cells.set_index("code")
    halves = area_m2([shapely.make_valid(BOW), shapely.make_valid(cell_shape)])
    rest = area_m2([shapely.box(123.76, 41.22, 123.77, 41.23)])[0]
    assert cells.loc[f"{WEST}001", "cropland"] == pytest.approx(halves[0] + rest, rel=1e-6)
    assert cells.loc[cell.code, "forest"] == pytest.approx(halves[1], rel=1e-6)
    assert any("修补" in note and "第 1 块" in note for note in areas_described(result)["notes"])


def test_what_is_left_of_a_shape_without_any_ground_is_nothing(city: City) -> None:
    load(city, shapely.Polygon([(123.72, 41.22), (123.74, 41.24), (123.72, 41.22)]), kind="forest")
    result = areas()
    assert [shape.subject for shape in result.mended] == ["overlay"]
    assert result.cells["forest"].tolist() == [0, 0]


def test_a_cell_without_a_parent_has_an_empty_one_in_every_form(city: City, tmp_path: Path) -> None:
    load(city, shapely.box(123.72, 41.22, 123.74, 41.24))
    Cell.objects.filter(edition=city.edition, code=EAST).update(parent=None)
    code, result = run("--on", "2023-10-07", "--out", str(tmp_path / "areas.xlsx"))
    assert code == 0
    assert [cell["parent"] for cell in result["cells"]] == ["2105", ""]


def test_cells_that_nobody_drew_are_named_and_a_level_without_any_is_refused(city: City) -> None:
    load(city, shapely.box(123.72, 41.22, 123.74, 41.24))
    Cell.objects.filter(edition=city.edition, code=f"{WEST}001").update(geometry=None)
    result = areas("township")
    assert result.without_polygon == [f"{WEST}001"]
    assert f"{WEST}001" not in set(result.cells["code"])
    with pytest.raises(Refused) as refused:
        areas("group")
    assert refused.value.code == "no_polygon"


def test_the_edition_is_that_of_the_day_and_a_day_before_all_of_them_is_said(city: City) -> None:
    load(city, shapely.box(123.72, 41.22, 123.74, 41.24), valid_from=date(2010, 1, 1))
    assert areas().edition == city.edition
    assert not areas().is_before_first
    early = areas(on=date(2011, 1, 1))
    assert (early.edition, early.is_before_first) == (city.edition, True)
    assert any("早于" in note for note in areas_described(early)["notes"])
    Edition.objects.update(state="loaded", valid_from=None)
    with pytest.raises(Refused) as refused:
        areas()
    assert refused.value.code == "no_edition"


def test_a_thousand_fields_take_three_queries(city: City, django_assert_num_queries) -> None:
    corners = [(123.7 + x * 0.004, 41.2 + y * 0.008) for x in range(50) for y in range(20)]
    load(city, *(shapely.box(x, y, x + 0.003, y + 0.006) for x, y in corners))
    with django_assert_num_queries(3):
        assert len(areas("village").cells) == 4


def run(*words: str) -> tuple[int, dict]:
    """Exit code and the JSON object of `overlay areas`."""
    out = io.StringIO()
    try:
        call_command("overlay", "areas", *words, "--json", stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue() or "null")
    return 0, json.loads(out.getvalue())


def test_the_command_answers_mu_and_hectares_by_cell_and_in_total(city: City) -> None:
    field = shapely.box(123.72, 41.22, 123.74, 41.24)
    load(city, field)
    code, result = run("--kind", "cropland", "--on", "2023-10-07")
    assert code == 0
    m2 = area_m2([field])[0]
    size = {"mu": round(m2 / MU_M2, 2), "hectares": round(m2 / HECTARE_M2, 4)}
    west, east = result["cells"]
    assert (west["code"], west["name"], west["parent"]) == (WEST, "甲县", "2105")
    assert west["overlays"]["cropland"]["mu"] == pytest.approx(size["mu"], abs=0.02)
    assert west["overlays"]["cropland"]["hectares"] == pytest.approx(size["hectares"], abs=0.0002)
    assert west["overlays"]["cropland"]["share"] == pytest.approx(0.02, rel=0.01)
    assert east["overlays"]["cropland"] == {"mu": 0, "hectares": 0, "share": 0}
    assert result["totals"]["cropland"]["mu"] == west["overlays"]["cropland"]["mu"]
    assert (result["edition"], result["level"], result["projection"]) == (city.edition.name, "county", "EPSG:6933")
    assert west["mu"] == pytest.approx(west["hectares"] * 15, abs=0.01)
    assert run("--kind", "forest")[1]["error"] == "no_overlay"


def test_people_read_a_table_with_its_sum(city: City) -> None:
    load(city, shapely.box(123.72, 41.22, 123.74, 41.24))
    out = io.StringIO()
    call_command("overlay", "areas", "--on", "2023-10-07", stdout=out)
    head, west, east, total, *notes = out.getvalue().splitlines()
    assert head.split("\t") == ["代码", "名称", "耕地（亩）", "耕地（公顷）"]
    assert west.split("\t")[:2] == [WEST, "甲县"]
    assert east.split("\t") == [EAST, "乙县", "0.00", "0.0000"]
    assert total.split("\t")[1:] == ["合计", *west.split("\t")[2:]]
    assert "等积投影" in notes[0]


def test_areas_leave_as_a_workbook_and_as_a_layer_and_it_is_noted_who_took_them(city: City, tmp_path: Path) -> None:
    load(city, shapely.box(123.72, 41.22, 123.74, 41.24))
    mu = run("--on", "2023-10-07")[1]["totals"]["cropland"]["mu"]
    book = tmp_path / "areas.xlsx"
    assert run("--on", "2023-10-07", "--out", str(book), "--as", "clerk")[1]["file"] == str(book)
    (sheet,) = openpyxl.load_workbook(book)
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    at = rows.index(next(row for row in rows if row[0] == "代码"))
    assert rows[at][5:] == ["耕地（亩）", "耕地（公顷）", "耕地占比（%）"]
    assert rows[at + 1][:2] + rows[at + 1][5:6] == [WEST, "甲县", mu]
    assert rows[-1][1] == "合计"
    for suffix in FORMATS:
        out = tmp_path / f"areas{suffix}"
        assert run("--on", "2023-10-07", "--out", str(out), "--as", "clerk")[0] == 0
        frame = geopandas.read_parquet(out) if suffix == ".parquet" else geopandas.read_file(out)
        assert dict(zip(frame["code"], frame["cropland_mu"], strict=True)) == {WEST: mu, EAST: 0}
        assert set(frame["name"]) == {"甲县", "乙县"}
    assert Access.objects.filter(kind="export", actor_id=city.clerk.pk).count() == 1 + len(FORMATS)


@pytest.mark.parametrize("name", ["areas.shp", "nowhere/areas.xlsx", "nowhere/areas.gpkg"])
def test_a_target_that_cannot_be_written_is_refused_and_leaves_nothing(city: City, tmp_path: Path, name: str) -> None:
    load(city, shapely.box(123.72, 41.22, 123.74, 41.24))
    code, result = run("--on", "2023-10-07", "--out", str(tmp_path / name))
    assert code == 1
    assert ".xlsx" in result["message"] or "没有文件夹" in result["message"]
    assert list(tmp_path.iterdir()) == []
