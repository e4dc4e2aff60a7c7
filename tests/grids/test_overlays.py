"""Places that are hints: loaded whole or not at all, in force between two dates, proposals without effect (C1, C15)."""

import json
import sqlite3
import uuid
from contextlib import closing
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.errors import BadInput, Conflict, Missing
from grids.models import Overlay
from grids.overlays.files import read_places
from grids.overlays.overlays import Place, overlay_decide, overlay_end, overlay_load, overlay_propose
from grids.selectors.overlays import overlays_touching, within
from journal.models import Access, Entry
from tests.factories.city import City, build_city

pytestmark = pytest.mark.django_db
SINCE, DAY, END = date(2023, 1, 1), date(2023, 10, 7), date(2023, 12, 1)
WORKS = Place("演示钢厂", shapely.box(123.74, 41.24, 123.76, 41.26))
INSIDE, OUTSIDE = (123.75, 41.25), (123.77, 41.25)


@pytest.fixture
def city() -> City:
    return build_city()


def load(city: City, **given) -> int:
    facts = {"kind": "fixed_heat", "places": [WORKS], "valid_from": SINCE, "actor": city.clerk}
    return overlay_load(**facts | given)


def is_hot(at: tuple[float, float], on: date = DAY) -> bool:
    return bool(within([at[0]], [at[1]], on=on, kind="fixed_heat")[0])


@pytest.mark.embedded
def test_a_place_counts_from_its_first_day_to_the_day_before_its_last(city: City):
    load(city, valid_to=END)
    assert [is_hot(INSIDE), is_hot(OUTSIDE)] == [True, False]
    assert [is_hot(INSIDE, SINCE), is_hot(INSIDE, date(2022, 12, 31)), is_hot(INSIDE, END)] == [True, False, False]
    assert is_hot((123.74, 41.25)), "its border belongs to it"


def test_a_proposal_has_no_effect_until_it_is_accepted_and_none_when_rejected(city: City):
    for is_accepted in (True, False):
        overlay_propose(kind="fixed_heat", places=[WORKS], valid_from=SINCE, actor=city.system)
        row = Overlay.objects.get(state="proposed")
        assert not is_hot(INSIDE)
        with pytest.raises(Missing):
            overlay_decide(overlay_id=row.pk, is_accepted=is_accepted, actor=city.clerk, reason="")
        overlay_decide(overlay_id=row.pk, is_accepted=is_accepted, actor=city.clerk, reason="看过现场")
        assert is_hot(INSIDE) == is_accepted
        with pytest.raises(Conflict):
            overlay_decide(overlay_id=row.pk, is_accepted=True, actor=city.clerk, reason="再来")
        Overlay.objects.all().delete()


def test_an_end_is_a_date_with_a_reason_and_comes_once(city: City):
    load(city)
    row = Overlay.objects.get()
    overlay_end(overlay_id=row.pk, valid_to=END, actor=city.clerk, reason="已停产")
    with pytest.raises(Conflict):
        overlay_end(overlay_id=row.pk, valid_to=END, actor=city.clerk, reason="已停产")
    assert [entry.act for entry in Entry.objects.filter(act__startswith="overlay").order_by("id")] == [
        "overlay.loaded", "overlay.ended",
    ]  # fmt: skip


def test_the_same_load_twice_is_one(city: City):
    known = uuid.uuid4()
    assert [load(city, load=known), load(city, load=known)] == [1, 0]
    assert Overlay.objects.count() == 1


@pytest.mark.parametrize("given", [{"kind": "volcano"}, {"places": []}, {"valid_to": SINCE}])
def test_what_is_no_overlay_is_refused(city: City, given: dict):
    with pytest.raises(BadInput):
        load(city, **given)


def geojson(tmp_path: Path, *shapes, **columns) -> Path:
    features = [
        {"type": "Feature", "properties": {name: values[at] for name, values in columns.items()},
         "geometry": shapely.geometry.mapping(shape)}
        for at, shape in enumerate(shapes)
    ]  # fmt: skip
    path = tmp_path / "places.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_a_road_becomes_the_area_beside_it_in_metres(tmp_path: Path):
    road = shapely.LineString([(123.70, 41.3), (123.80, 41.3)])
    path = geojson(tmp_path, road, name=["演示路"])
    with pytest.raises(BadInput, match="米"):
        read_places([path], datum="wgs84")
    place = read_places([path], datum="wgs84", buffer_m=500)[0]
    south, north = shapely.bounds(place.shape)[[1, 3]]
    assert place.name == "演示路"
    assert np.isclose((north - south) * 111_320, 1000, rtol=0.01)


def test_a_shape_that_crosses_itself_is_told_with_its_number_and_nothing_is_loaded(tmp_path: Path):
    bow = shapely.Polygon([(123.7, 41.2), (123.8, 41.3), (123.8, 41.2), (123.7, 41.3)])
    with pytest.raises(BadInput, match="第 2 个要素"):
        read_places([geojson(tmp_path, WORKS.shape, bow)], datum="wgs84")


def test_gcj02_is_undone(tmp_path: Path):
    given = read_places([geojson(tmp_path, WORKS.shape)], datum="gcj02")[0].shape
    assert 300 < shapely.distance(given.centroid, WORKS.shape.centroid) * 111_320 < 700


def upload(**given) -> dict:
    content = json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": "演示林"}, "geometry": shapely.geometry.mapping(WORKS.shape)}]})  # fmt: skip
    return {
        "kind": "forest", "file": SimpleUploadedFile("林区.geojson", content.encode()), "datum": "wgs84",
        "valid_from": "2023-01-01", "load": str(uuid.uuid4()),
    } | given  # fmt: skip


def test_the_bureau_loads_accepts_and_sees_it_on_page_and_map(city: City, client, django_assert_max_num_queries):
    client.force_login(city.clerk)
    assert client.post(reverse("grid-overlays-load"), upload()).status_code == 302
    overlay_propose(kind="fixed_heat", places=[WORKS], valid_from=SINCE, actor=city.system)
    with django_assert_max_num_queries(22):
        text = client.get(reverse("grid-overlays")).content.decode()
    assert "演示林" in text
    assert "演示钢厂" in text
    row = Overlay.objects.get(state="proposed")
    client.post(reverse("grid-overlays-decide"), {"overlay": row.pk, "choice": "accept", "reason": "钢厂"})
    drawn = client.get(reverse("grid-overlays-geojson")).json()["features"]
    assert {(one["properties"]["kind"], one["properties"]["state"]) for one in drawn} == {
        ("forest", "accepted"), ("fixed_heat", "accepted"),
    }  # fmt: skip


def test_nobody_else_changes_a_layer_and_a_bad_file_is_an_answer(city: City, client):
    client.force_login(city.west)
    assert client.get(reverse("grid-overlays")).status_code == 200
    assert client.post(reverse("grid-overlays-load"), upload()).status_code == 403
    client.force_login(city.clerk)
    broken = upload(file=SimpleUploadedFile("x.geojson", b"\x00broken"))
    assert client.post(reverse("grid-overlays-load"), broken).status_code == 400
    assert not Overlay.objects.exists()


def test_only_what_lies_near_is_fetched(city: City):
    far = Place("远处", shapely.box(123.0, 40.0, 123.1, 40.1))
    load(city, places=[WORKS, far])
    assert [one.name for one in overlays_touching((123.7, 41.2, 123.8, 41.3), DAY)] == ["演示钢厂"]


def exported(client, what: str, **query) -> bytes:
    response = client.get(reverse("grid-overlays-export", args=[what]), query)
    assert response.status_code == 200
    assert "attachment" in response["Content-Disposition"]
    return response.content


def test_what_the_page_lists_leaves_as_a_workbook_in_which_nothing_calculates(city: City, client):
    load(city, places=[Place("=1+1", WORKS.shape)], document_no="@SUM(A1)")
    overlay_propose(
        kind="fixed_heat", places=[Place("待看处", WORKS.shape, "12 天有监测记录")], valid_from=SINCE, actor=city.system
    )
    overlay_propose(kind="fixed_heat", places=[Place("不要的", WORKS.shape)], valid_from=SINCE, actor=city.system)
    overlay_decide(overlay_id=Overlay.objects.latest("pk").pk, is_accepted=False, actor=city.clerk, reason="不是")
    load(city, kind="forest", places=[Place("演示林", WORKS.shape)])
    client.force_login(city.west)
    (sheet,) = openpyxl.load_workbook(BytesIO(exported(client, "overlays.xlsx")))
    cells = [cell for row in sheet.iter_rows() for cell in row]
    said = {cell.value for cell in cells}
    assert {"=1+1", "@SUM(A1)", "待看处", "演示林", "待确认", "已确认"} <= said
    assert "不要的" not in said
    assert "f" not in {cell.data_type for cell in cells}
    (of_kind,) = openpyxl.load_workbook(BytesIO(exported(client, "overlays.xlsx", kind="forest")))
    assert "待看处" not in {cell.value for row in of_kind.iter_rows() for cell in row}
    assert Access.objects.filter(kind="export", actor_id=city.west.pk).count() == 2


def test_layers_leave_with_their_whole_ground_one_for_each_kind(city: City, client, tmp_path: Path):
    parts = shapely.MultiPolygon([WORKS.shape, shapely.box(123.9, 41.3, 123.91, 41.31)])
    load(city, places=[WORKS, Place("两块", parts)])
    load(city, kind="forest", places=[Place("演示林", WORKS.shape)])
    client.force_login(city.clerk)
    path = tmp_path / "overlays.gpkg"
    path.write_bytes(exported(client, "overlays.gpkg"))
    assert dict(pyogrio.list_layers(path).tolist()) == {"fixed_heat": "MultiPolygon", "forest": "Polygon"}
    _, _, wkb, fields = pyogrio.raw.read(path, layer="fixed_heat", columns=["name"])
    shapes = dict(zip(fields[0], shapely.from_wkb(wkb), strict=True))
    assert shapely.equals(shapes["两块"], parts)
    info = pyogrio.read_info(path, layer="fixed_heat")
    assert {name: kind for name, kind in zip(info["fields"], info["dtypes"], strict=True) if name in ("id", "lon", "name")} == {
        "id": "int64", "lon": "float64", "name": "object",
    }, "QGIS sorts and shades by numbers, not by their text"  # fmt: skip
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (10200,), "an older QGIS opens it without a warning"
    assert len(json.loads(exported(client, "overlays.geojson"))["features"]) == 3
    assert client.get(reverse("grid-overlays-export", args=["overlays.gpkg"]), {"kind": "cropland"}).status_code == 404
    assert client.get(reverse("grid-overlays-export", args=["overlays.exe"])).status_code == 404
