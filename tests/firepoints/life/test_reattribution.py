"""更正版边界: it may reach back over decided fires, proposes point by point what it would change, and changes no 认定."""

from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pyogrio
import pytest
import shapely
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.errors import Conflict, Missing, NotAllowed
from firepoints.models import FirePoint, Reattribution
from firepoints.terms.states import State
from grids.editions.activating import edition_activate, edition_store
from grids.editions.files import RawCell
from journal.jobs import jobs
from tests.factories import points as make
from tests.factories.city import EAST, SINCE, WEST, City, cells

NEAR = (123.795, 41.25)
SHIFT = 0.01


def moved_west(cell: RawCell) -> RawCell:
    """The border between the counties 0.01° further west: what lay beside it is the other county's."""
    shape = shapely.transform(cell.geometry, lambda at: at - [SHIFT, 0] * (abs(at[:, :1] - 123.8) < 1e-9))
    return RawCell(cell.level, cell.feature, cell.code, cell.name, cell.claims, shape)


def correct(
    city: City, *, since: date = SINCE, reason: str = "县界更正，演示〔2024〕1号", name: str = "更正版"
) -> None:
    edition_store(name=name, cells=[moved_west(cell) for cell in cells()], datum="wgs84", actor=city.system)
    edition_activate(name=name, valid_from=since, actor=city.clerk, reason=reason, is_correction=True)
    while jobs.run_due():
        pass


@pytest.mark.embedded
def test_a_correction_reaches_back_over_a_decision_and_changes_none(city: City) -> None:
    point = make.recognised(city, at=NEAR)
    pinned = point.recognition.attribution_id
    correct(city)
    point.refresh_from_db()
    row = Reattribution.objects.get(point=point)
    assert (point.county_code, point.recognition.attribution_id, point.attribution_id) == (WEST, pinned, pinned)
    assert (row.chain["county"], row.is_other_county, row.state) == (EAST, True, "open")


def test_without_saying_that_it_corrects_an_edition_does_not_reach_back(city: City) -> None:
    make.recognised(city, at=NEAR)
    edition_store(name="更正版", cells=cells(), datum="wgs84", actor=city.system)
    with pytest.raises((Conflict, NotAllowed)):
        edition_activate(name="更正版", valid_from=SINCE, actor=city.clerk)
    with pytest.raises(Missing):
        edition_activate(name="更正版", valid_from=SINCE, actor=city.clerk, is_correction=True)


def test_a_suspicion_follows_the_new_border_at_once_and_what_lies_far_from_it_stays(city: City) -> None:
    near, far = make.suspected(at=NEAR), make.dispatched(city)
    correct(city)
    near.refresh_from_db()
    assert near.county_code == EAST
    assert not Reattribution.objects.filter(point=far).exists()


def test_taken_up_another_county_is_for_the_joint_record(city: City) -> None:
    point = make.dispatched(city, at=NEAR)
    correct(city)
    row = Reattribution.objects.get(point=point)
    done = make.take(point, "reattribute", city.clerk, proposal=str(row.pk), reason="按更正后的县界")
    row.refresh_from_db()
    assert (done.state, done.county_code, row.state) == (State.JOINT, "", "accepted")
    assert done.attribution.edition.name == "更正版"
    assert set(done.counties.values_list("county_code", flat=True)) >= {WEST, EAST}


def test_a_decided_point_is_reopened_before_a_proposal_is_taken_up(city: City) -> None:
    point = make.recognised(city, at=NEAR)
    correct(city)
    row = Reattribution.objects.get(point=point)
    with pytest.raises(Conflict):
        make.take(point, "reattribute", city.clerk, proposal=str(row.pk), reason="按更正后的县界")


def test_it_is_looked_at_once_however_often_the_work_is_done_again(city: City) -> None:
    make.dispatched(city, at=NEAR)
    correct(city)
    jobs_done = Reattribution.objects.count()
    from firepoints.life.reattribute import look_at_fires

    edition = Reattribution.objects.get().edition_id
    look_at_fires({"edition": edition, "since": SINCE.isoformat(), "until": "", "after": 0})
    assert Reattribution.objects.count() == jobs_done == 1


def test_the_bureau_decides_on_the_page_and_a_county_only_looks(city: City, client) -> None:
    point = make.dispatched(city, at=NEAR)
    correct(city)
    row = Reattribution.objects.get()
    url = reverse("firepoints:reattribution_decide", args=[row.pk])
    client.force_login(city.west)
    assert str(point) in client.get(reverse("firepoints:reattributions")).content.decode()
    assert client.post(url, {"choice": "reject", "reason": "试"}).status_code == 403
    client.force_login(city.clerk)
    client.post(url, {"choice": "reject", "reason": ""})
    assert Reattribution.objects.get().state == "open"
    client.post(url, {"choice": "reject", "reason": "原县界正确"})
    assert Reattribution.objects.get().state == "rejected"
    assert FirePoint.objects.get(pk=point.pk).county_code == WEST
    assert "原县界正确" in client.get(reverse("firepoints:reattributions"), {"done": "1"}).content.decode()


def test_the_rows_leave_as_a_workbook_and_the_moved_points_as_a_layer(city: City, client, tmp_path: Path) -> None:
    points = [make.dispatched(city, at=at) for at in (NEAR, (NEAR[0], 41.26))]
    edition_name = "=更正版"
    correct(city, name=edition_name)
    names = {"xlsx": "reattributions.xlsx", "gpkg": "moved.gpkg", "geojson": "moved.geojson"}
    urls = {kind: reverse("firepoints:reattributions_export", args=[name]) for kind, name in names.items()}
    client.force_login(city.clerk)
    (sheet,) = openpyxl.load_workbook(BytesIO(client.get(urls["xlsx"]).content))
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {str(one) for one in points} | {edition_name, "是", f"{EAST}001001"} <= {cell.value for cell in cells}
    assert "f" not in {cell.data_type for cell in cells}
    path = tmp_path / "moved.gpkg"
    path.write_bytes(client.get(urls["gpkg"]).content)
    assert pyogrio.list_layers(path).tolist() == [["moved_points", "Point"]]
    _, _, wkb, _ = pyogrio.raw.read(path)
    assert {(one.x, one.y) for one in shapely.from_wkb(wkb)} == {(one.lon, one.lat) for one in points}
    assert len(client.get(urls["geojson"]).json()["features"]) == 2
    assert client.get(urls["xlsx"], {"done": "1"}).status_code == 404
    client.force_login(city.east)
    assert client.get(urls["gpkg"]).status_code == 404, "another county's points are none of its own"


def test_the_list_asks_as_often_for_many_rows_as_for_few(city: City, client) -> None:
    for at in range(3):
        make.dispatched(city, at=(NEAR[0], NEAR[1] + at * 0.01))
    correct(city)
    client.force_login(city.clerk)
    url = reverse("firepoints:reattributions_export", args=["reattributions.xlsx"])
    few = _queries(client, url)
    first = Reattribution.objects.order_by("pk")[:2]
    Reattribution.objects.exclude(pk__in=[one.pk for one in first]).delete()
    assert _queries(client, url) == few


def _queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)
