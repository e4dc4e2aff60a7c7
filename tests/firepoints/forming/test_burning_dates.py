"""The burning date is the day of the sighting on which the charge rests, and all that follows it (policy.md §2f)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import Conflict
from firepoints.forming.points import attach_detections, release_detections
from firepoints.models import FirePoint, FormerNumber
from firepoints.sightings.in_force import Departure
from firepoints.steps import selectors
from grids.editions.activating import edition_activate, edition_store
from grids.models import Term
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import IN_WEST, WEST, City, cells, person

EVE = datetime(2022, 12, 31, 15, 50, tzinfo=UTC)  # 23:50 in Beijing
MORNING = datetime(2023, 1, 1, 5, 5, tzinfo=UTC)
NEW_YEAR = date(2023, 1, 1)


def fire(city: City, *detections) -> FirePoint:
    return make.create_point(detections=detections, actor=city.system)


@pytest.mark.embedded
def test_a_lead_of_the_evening_before_leaves_the_day_to_the_official_row(city: City) -> None:
    lead, row = make.detection(source="firms", when=EVE), make.detection(when=MORNING)
    point = fire(city, lead, row)
    assert point.burn_date == NEW_YEAR
    assert point.starts_at == EVE
    assert make.take(point, "dispatch", city.clerk).number == "HD2023-0001"


@pytest.mark.parametrize("source", ["firms", "hotline", "self_found"])
def test_what_cannot_be_charged_says_the_day_only_where_nothing_else_does(city: City, source: str) -> None:
    early = make.detection(source=source, when=EVE)
    point = fire(city, early)
    assert point.burn_date == date(2022, 12, 31)
    row = make.detection(when=MORNING)
    assert attach_detections(point=point, detections=[row], actor=city.system).burn_date == NEW_YEAR


def test_a_scar_beside_leads_gives_its_day_of_discovery(city: City) -> None:
    pixel = make.detection(source="firms", when=EVE)
    scar = make.detection(source="patrol", when=MORNING + timedelta(days=2), kind="scar")
    assert fire(city, pixel, scar).burn_date == date(2023, 1, 3)


@pytest.mark.embedded
def test_a_scar_found_later_leaves_the_day_to_the_fire(city: City) -> None:
    row = make.detection(when=MORNING)
    scar = make.detection(source="patrol", when=MORNING + timedelta(days=2), kind="scar")
    earlier = make.detection(source="patrol", when=EVE, kind="scar")
    assert fire(city, scar, row, earlier).burn_date == NEW_YEAR


def test_a_row_that_states_its_day_keeps_it_against_the_start_of_its_window(city: City) -> None:
    window = {"precision": "window", "ends_at": datetime(2023, 1, 1, 9, tzinfo=UTC), "beijing_date": NEW_YEAR}
    row = make.detection(when=datetime(2022, 12, 31, 9, tzinfo=UTC), **window)
    late = make.detection(when=MORNING + timedelta(days=1))
    assert fire(city, row, late).burn_date == NEW_YEAR


@pytest.mark.embedded
def test_an_official_row_that_joins_a_dispatched_lead_moves_its_day_its_people_and_its_number(city: City) -> None:
    former = person("former", "head", WEST, since=date(2020, 1, 1))
    Term.objects.filter(holder=former).update(ends=date(2023, 1, 1))  # exclusive
    point = make.take(fire(city, make.detection(source="firms", when=EVE)), "dispatch", city.clerk)
    assert (point.number, point.burn_date) == ("HD2022-0001", date(2022, 12, 31))
    assert former in {row.holder for row in point.attribution.people.all()}

    attach_detections(point=point, detections=[make.detection(when=MORNING)], actor=city.system)
    point = selectors.fire_point_for(city.clerk, point.pk)
    assert (point.number, point.burn_date) == ("HD2023-0001", NEW_YEAR)
    assert former not in {row.holder for row in point.attribution.people.all()}
    assert (point.county_code, point.attribution.county_code) == (WEST, WEST)
    entry = Entry.objects.get(act="fire_point.day_moved")
    assert (entry.before["number"], entry.after["number"]) == ("HD2022-0001", "HD2023-0001")
    assert (entry.before["burn_date"], entry.after["burn_date"]) == ("2022-12-31", "2023-01-01")


def test_a_number_that_was_given_up_still_leads_to_its_point_and_is_given_to_no_other(city: City) -> None:
    point = make.take(fire(city, make.detection(source="firms", when=EVE)), "dispatch", city.clerk)
    row = make.detection(when=MORNING)
    attach_detections(point=point, detections=[row], actor=city.system)
    assert selectors.fire_point_for(city.clerk, "HD2022-0001").pk == point.pk
    other = make.suspected(source="firms", when=EVE, at=(123.71, 41.25))
    assert make.take(other, "dispatch", city.clerk).number == "HD2022-0002"

    release_detections(detections=[row], actor=city.system, departure=Departure("withdrawn", "来源已撤回"))
    point = FirePoint.objects.get(pk=point.pk)
    assert (point.number, point.burn_date) == ("HD2022-0001", date(2022, 12, 31))  # its own again, no third one
    assert set(FormerNumber.objects.values_list("number", flat=True)) == {"HD2022-0001", "HD2023-0001"}
    assert selectors.fire_point_for(city.clerk, "HD2023-0001").pk == point.pk


@pytest.mark.embedded
def test_a_merge_into_a_dispatched_lead_takes_the_day_of_the_official_row(city: City) -> None:
    lead = make.take(fire(city, make.detection(source="firms", when=EVE)), "dispatch", city.clerk)
    official = make.suspected(when=MORNING)
    make.take(official, "merge", city.clerk, into=lead.pk, reason="同一处")
    lead.refresh_from_db()
    assert (lead.burn_date, lead.number) == (NEW_YEAR, "HD2023-0001")


def test_a_point_over_the_border_follows_its_official_row_while_it_waits_for_the_joint_record(city: City) -> None:
    point = make.joint(city, source="firms", when=EVE)
    attach_detections(point=point, detections=[make.detection(when=MORNING)], actor=city.system)
    point = FirePoint.objects.get(pk=point.pk)
    assert (point.burn_date, point.number, point.county_code, point.state) == (NEW_YEAR, "HD2023-0001", "", "joint")
    assert point.attribution.people.exists()


def test_a_decided_point_keeps_its_day_whatever_is_merged_into_it(city: City) -> None:
    decided = make.recognised(city, when=MORNING)
    earlier = make.suspected(when=EVE)
    make.take(earlier, "merge", city.recogniser, into=decided.pk, reason="同一处")
    decided.refresh_from_db()
    assert (decided.burn_date, decided.recognition.burn_date) == (NEW_YEAR, NEW_YEAR)


def test_borders_follow_the_day_too(city: City) -> None:
    renamed = [cell for cell in cells() if cell.level != "village"]
    edition_store(name="新年版", cells=renamed, datum="wgs84", actor=city.system)
    edition_activate(name="新年版", valid_from=NEW_YEAR, actor=city.system)
    point = make.take(fire(city, make.detection(source="firms", when=EVE)), "dispatch", city.clerk)
    assert point.village_code
    attach_detections(point=point, detections=[make.detection(when=MORNING)], actor=city.system)
    point = selectors.fire_point_for(city.clerk, point.pk)
    assert (point.attribution.edition.name, point.village_code, point.county_code) == ("新年版", "", WEST)


def test_borders_of_the_new_day_that_give_the_place_to_another_county_are_asked_about(city: City) -> None:
    _swap_counties(city)
    point = make.take(fire(city, make.detection(source="firms", when=EVE)), "dispatch", city.clerk)
    attach_detections(point=point, detections=[make.detection(when=MORNING)], actor=city.system)
    point = selectors.fire_point_for(city.clerk, point.pk)
    assert (point.burn_date, point.county_code, point.attribution.county_code) == (NEW_YEAR, WEST, WEST)
    assert "2023-01-01，按那天的边界在 乙县" in make.asked(point)


def _swap_counties(city: City) -> None:
    swapped = {"210590": "210591", "210591": "210590"}
    moved = []
    for cell in cells():
        fields = {name: getattr(cell, name) for name in cell.__dataclass_fields__}
        fields["code"] = swapped.get(cell.code[:6], cell.code[:6]) + cell.code[6:] if len(cell.code) > 4 else cell.code
        fields["name"] = {"甲县": "乙县", "乙县": "甲县"}.get(cell.name, cell.name)
        moved.append(type(cell)(**fields))
    edition_store(name="换县版", cells=moved, datum="wgs84", actor=city.system)
    edition_activate(name="换县版", valid_from=NEW_YEAR, actor=city.system)


@pytest.mark.embedded
def test_a_charge_that_is_chosen_to_rest_on_another_row_takes_its_day(city: City) -> None:
    """The clerk's patrol of the evening before, beside the satellite row: each ground has its own month and year."""
    patrol = make.detection(source="patrol", when=EVE)
    point = make.take(fire(city, patrol, make.detection(when=MORNING)), "dispatch", city.clerk)
    photo = make.photo(point, city.west)
    point = make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(photo))
    done = make.take(point, "recognise", city.recogniser, reason="巡查见明火", basis="inspection")
    assert (done.recognition.burn_date, done.burn_date, done.number) == (date(2022, 12, 31),) * 2 + ("HD2022-0001",)
    assert done.recognition.attribution == done.attribution


def test_no_ground_is_chosen_whose_day_gives_the_place_to_another_county(city: City) -> None:
    _swap_counties(city)
    patrol = make.detection(source="patrol", when=EVE)
    point = make.take(fire(city, patrol, make.detection(when=MORNING)), "dispatch", city.clerk)
    assert point.county_code == "210591"
    photo = make.photo(point, city.east)
    point = make.take(point, "report", city.east, conclusion="true", evidence=make.uuids(photo))
    with pytest.raises(Conflict, match="甲县"):
        make.take(point, "recognise", city.recogniser, reason="巡查见明火", basis="inspection")
    assert (point.lon, point.lat) == IN_WEST
