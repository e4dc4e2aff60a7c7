"""What stands around a fire is said on its page and exempts nothing; what glows every night is proposed (C1, C15, C16)."""

import csv
from datetime import date, timedelta
from pathlib import Path

import shapely
from django.urls import reverse

from firepoints.models import SpecialPeriod
from firepoints.pages.points.hints import hints_of
from firepoints.sightings.fixed_heat import fixed_heat_propose, hot_cells
from firepoints.sightings.footprints import site
from firepoints.steps.selectors import active_detections
from grids.models import Overlay
from grids.overlays.overlays import Place, overlay_decide, overlay_load
from tests.factories.city import City
from tests.factories.points import BURNT_AT, detection, recognised, suspected

SINCE = date(2023, 1, 1)
AROUND = shapely.box(123.74, 41.24, 123.76, 41.26)


def add(city: City, kind: str, shape: shapely.Geometry = AROUND) -> None:
    overlay_load(kind=kind, places=[Place(f"演示{kind}", shape)], valid_from=SINCE, actor=city.clerk)


def test_every_kind_of_place_that_the_site_touches_is_a_hint_with_whom_it_concerns(city: City):
    for kind in Overlay.Kind.values:
        add(city, kind)
    add(city, "forest", shapely.box(120, 40, 120.1, 40.1))
    point = suspected()
    found = hints_of(point, site(active_detections(point)))
    assert sorted(one.kind for one in found) == sorted(Overlay.Kind.values)
    assert "林草" in next(one.route for one in found if one.kind == "forest")


def test_a_special_period_is_told_on_its_days_alone_and_changes_no_amount(city: City):
    period = {"kind": "event", "name": "演示活动", "document_no": "演示〔2023〕1号", "recorded_by": city.clerk}
    SpecialPeriod.objects.create(starts=date(2023, 10, 7), ends=date(2023, 10, 8), **period)
    SpecialPeriod.objects.create(starts=date(2023, 10, 8), ends=date(2023, 10, 9), **period)
    point = recognised(city)
    found = hints_of(point, site(active_detections(point)))
    assert [(one.kind, one.name) for one in found] == [("period", "演示活动")]
    assert point.recognition.amount_fen == recognised(city, when=BURNT_AT + timedelta(days=9)).recognition.amount_fen


def test_the_bureau_keeps_the_calendar_of_special_periods_and_what_was_wrong_stays_on_record(city: City, client):
    given = {
        "kind": "pollution",
        "name": "演示橙色预警",
        "starts": "2023-10-07",
        "ends": "2023-10-09",
        "document_no": "演示1号",
    }
    client.force_login(city.west)
    assert client.post(reverse("firepoints:period_add"), given).status_code == 403
    client.force_login(city.clerk)
    assert client.post(reverse("firepoints:period_add"), given | {"ends": "2023-10-07"}).status_code == 400
    assert client.post(reverse("firepoints:period_add"), given).status_code == 302
    row = SpecialPeriod.objects.get()
    assert SpecialPeriod.on(date(2023, 10, 8)) == [row]
    client.post(reverse("firepoints:period_void", args=[row.pk]), {"reason": ""})
    assert SpecialPeriod.on(date(2023, 10, 8)) == [row]
    client.post(reverse("firepoints:period_void", args=[row.pk]), {"reason": "文号写错"})
    assert SpecialPeriod.on(date(2023, 10, 8)) == []
    assert "文号写错" in client.get(reverse("firepoints:periods")).content.decode()


def test_the_page_of_a_point_shows_its_hints(city: City, client):
    add(city, "built_up")
    point = suspected()
    client.force_login(city.clerk)
    text = client.get(reverse("firepoints:detail", args=[point.pk])).content.decode()
    assert "建成区" in text
    assert "移交不免计入" in text


def glow(days: int, at: tuple[float, float] = (123.745, 41.245)) -> None:
    for back in range(days):
        when = BURNT_AT - timedelta(days=2 * back)
        detection(source="firms", at=at, when=when)


def test_a_cell_hit_on_five_days_is_proposed_once_and_four_days_are_not_enough(city: City):
    glow(4, at=(123.845, 41.245))
    glow(5)
    until = BURNT_AT.date()
    assert fixed_heat_propose(until=until) == 1
    assert fixed_heat_propose(until=until) == 0
    row = Overlay.objects.get()
    assert (row.kind, row.state) == ("fixed_heat", "proposed")
    assert shapely.covers(shapely.from_wkb(bytes(row.geometry)), shapely.Point(123.745, 41.245))


def test_what_was_rejected_is_not_proposed_again(city: City):
    glow(5)
    fixed_heat_propose(until=BURNT_AT.date())
    overlay_decide(overlay_id=Overlay.objects.get().pk, is_accepted=False, actor=city.clerk, reason="是稻田")
    assert fixed_heat_propose(until=BURNT_AT.date()) == 0


def test_many_hits_of_one_day_are_one_day():
    assert hot_cells([123.745] * 50, [41.245] * 50, [1] * 50, least_days=2) == []


def test_the_steel_works_of_the_real_october_are_found(data_dir: Path):
    with (data_dir / "firms_viirs_noaa20_liaoning_2023-10.csv").open(encoding="utf-8-sig") as file:
        rows = [(float(row["longitude"]), float(row["latitude"]), row["acq_date"]) for row in csv.DictReader(file)]
    days = [date.fromisoformat(row[2].replace("/", "-")).toordinal() for row in rows]
    cells = hot_cells([row[0] for row in rows], [row[1] for row in rows], days, least_days=5)
    found = {(cell.x, cell.y) for cell in cells}
    with (data_dir / "fixed_heat_sources_benxi_area_derived.csv").open(encoding="utf-8-sig") as file:
        known = [(float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)]
    near = {
        (round(lon * 100) + dx, round(lat * 100) + dy)
        for lon, lat in known
        for dx in (-2, -1, 0, 1)
        for dy in (-2, -1, 0, 1)
    }
    assert len(found & near) >= 10
    assert any(abs(cell.lon - 123.74) < 0.02 and abs(cell.lat - 41.28) < 0.02 for cell in cells), "本溪 steel works"
