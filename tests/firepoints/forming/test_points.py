"""From detections to a located point, and what pins a decision."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import BadInput, Conflict, Missing, NotAllowed
from firepoints.forming.doubts import Kind
from firepoints.forming.points import NewPoint, attach_detections, create_points, release_detections
from firepoints.models import Attribution, Detection, FirePoint, Membership, Ruling
from firepoints.policy import pins, rulings
from firepoints.sightings.in_force import Departure
from firepoints.steps import selectors
from grids.editions.activating import edition_activate, edition_store
from grids.models import Edition, Payer, PayerArea, Term
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import CITY, EAST, IN_EAST, ON_THE_BORDER, WEST, City, cells, person


@pytest.mark.embedded
def test_a_point_gets_five_codes_and_the_people_of_its_date(city: City) -> None:
    former = person("former", "head", WEST, since=date(2020, 1, 1))
    Term.objects.filter(holder=former).update(ends=date(2023, 10, 8))
    found = make.suspected().attribution

    assert (found.city_code, found.county_code, found.township_code) == (CITY, WEST, f"{WEST}001")
    assert (found.county_name, found.village_name) == ("甲县", "南村")
    assert 4_000 < found.border_m < 4_500
    assert former in {row.holder for row in found.people.all()}
    later = make.suspected(when=make.BURNT_AT + timedelta(days=1)).attribution
    assert former not in {row.holder for row in later.people.all()}


@pytest.mark.embedded
def test_a_fire_after_midnight_in_beijing_belongs_to_that_day(city: City) -> None:
    point = make.suspected(when=datetime(2023, 10, 6, 17, 30, tzinfo=UTC))
    assert point.burn_date == date(2023, 10, 7)


def test_each_point_is_located_in_the_edition_of_its_date(city: City) -> None:
    moved = [cell for cell in cells() if cell.level in ("city", "county")]
    moved[1], moved[2] = (
        type(moved[1])(**{**_fields(moved[1]), "geometry": moved[2].geometry}),
        type(moved[2])(**{**_fields(moved[2]), "geometry": moved[1].geometry}),
    )
    edition_store(name="新版", cells=moved, datum="wgs84", actor=city.system)
    edition_activate(name="新版", valid_from=date(2023, 10, 8), actor=city.system)

    assert make.suspected().county_code == WEST
    assert make.suspected(when=make.BURNT_AT + timedelta(days=1)).county_code == "210591"
    early = make.suspected(when=datetime(2015, 10, 7, tzinfo=UTC))
    assert (early.county_code, early.attribution.is_before_first_edition) == (WEST, True)


def _fields(cell) -> dict:
    return {name: getattr(cell, name) for name in cell.__dataclass_fields__}


def test_without_an_edition_a_point_waits_for_a_person(city: City) -> None:
    Edition.objects.update(state="loaded")
    point = make.suspected()
    assert (point.attribution, "边界版本" in make.asked(point)) == (None, True)
    with pytest.raises(Missing, match="属地"):
        make.take(point, "dispatch", city.clerk)


def test_hundreds_of_points_cost_as_many_queries_as_one(city: City, django_assert_max_num_queries) -> None:
    groups = [NewPoint([make.detection(at=(123.71 + at / 2000, 41.25))], "一条") for at in range(60)]
    with django_assert_max_num_queries(30):
        points = create_points(groups, actor=city.system)
    assert len({point.pk for point in points}) == 60
    entry = Entry.objects.get(act="fire_point.created")
    assert entry.after["count"] == 60


def test_a_finding_on_site_says_where_and_settles_the_county(city: City) -> None:
    pixel = make.detection(at=(123.8001, 41.25))
    point = make.create_point(detections=[pixel], actor=city.system)
    assert point.is_cross
    patrol = make.detection(source="patrol", at=(123.797, 41.25), when=make.BURNT_AT + timedelta(hours=1))
    point = attach_detections(point=point, detections=[patrol], actor=city.clerk, why="像元内")
    assert (point.lon, point.is_cross, point.county_code) == (123.797, False, WEST)
    assert point.attributions.count() == 2


def test_the_outline_does_not_depend_on_the_order_of_arrival(city: City) -> None:
    some = [make.detection(at=(123.75 + at / 1000, 41.25), when=make.BURNT_AT - timedelta(hours=at)) for at in range(4)]
    first = make.create_point(detections=some, actor=city.system)
    Membership.objects.all().delete()
    second = make.create_point(detections=some[::-1], actor=city.system)
    same = ("lon", "lat", "starts_at", "ends_at", "burn_date", "precision", "county_code")
    assert [getattr(first, name) for name in same] == [getattr(second, name) for name in same]


def test_a_decided_point_takes_in_nothing_silently(city: City) -> None:
    point = make.recognised(city)
    with pytest.raises(Conflict) as refused:
        attach_detections(point=point, detections=[make.detection()], actor=city.system)
    assert refused.value.code == "frozen_point"


def test_releasing_sightings_empties_an_undecided_point_and_marks_a_decided_one(city: City) -> None:
    open_point, decided = make.suspected(), make.recognised(city)
    gone = Departure(Kind.WITHDRAWN, "撤回")
    touched = release_detections(detections=Detection.objects.all(), actor=city.system, departure=gone)
    assert {point.pk for point in touched} == {open_point.pk, decided.pk}
    assert selectors.active_detections(open_point) == []
    decided.refresh_from_db()
    assert (len(selectors.active_detections(decided)), make.asked(decided)) == (1, "撤回，请复核")


@pytest.mark.embedded
def test_the_decision_pins_what_the_money_rests_on(city: City) -> None:
    point = make.verified(city)
    with pins.PRICING.overridden(lambda facts: pins.Pin(f"demo@1/{facts.source}", 3_000_000)):
        decision = make.take(point, "recognise", city.recogniser, reason="属实").recognition

    assert (decision.payer_code, decision.payer_name, decision.burn_date) == (WEST, "甲县", date(2023, 10, 7))
    assert (decision.basis, decision.rule_ref, decision.amount_fen) == (
        "satellite", "demo@1/province:satellite", 3_000_000,
    )  # fmt: skip
    assert decision.rulings["objection_days"] == ["", "", 5]
    assert decision.attribution == Attribution.objects.get(point=point)


def test_the_payer_map_is_apart_from_the_borders(city: City) -> None:
    zone = Payer.objects.create(code="210598", name="高新区")
    PayerArea.objects.create(
        cell_code=f"{WEST}001", payer=zone, valid_from=date(2020, 1, 1), document_no="演示〔2020〕1号"
    )
    assert make.recognised(city).recognition.payer_name == "高新区"


def test_the_ground_of_the_charge_follows_a_fixed_order_unless_given(city: City) -> None:
    def point_of_three() -> FirePoint:
        some = [
            make.detection(source="firms"),
            make.detection(source="patrol", kind="scar", when=make.BURNT_AT + timedelta(hours=2)),
            make.detection(source="patrol", when=make.BURNT_AT + timedelta(hours=1)),
            make.detection(source="national_list", when=make.BURNT_AT + timedelta(hours=3)),
        ]
        point = make.take(make.create_point(detections=some, actor=city.system), "dispatch", city.clerk)
        photo = make.uuids(make.photo(point, city.west))
        return make.take(point, "report", city.west, conclusion="true", evidence=photo)

    point = point_of_three()
    lead = Detection.objects.filter(source__code="firms").get()
    with pytest.raises(BadInput, match="没有这样的可扣缴来源"):
        make.take(point, "recognise", city.recogniser, reason="属实", charged_detection=lead.pk)
    assert make.take(point, "recognise", city.recogniser, reason="属实").recognition.basis == "satellite"
    given = make.take(point_of_three(), "recognise", city.recogniser, reason="属实", basis="scar").recognition
    assert (given.basis, given.charged_detection.kind) == ("scar", "scar")


def test_self_found_fires_count_only_by_a_ruling_of_the_burning_date(city: City) -> None:
    Ruling.objects.create(key="self_found_counts", valid_from="2023-10-07", value=True, document_no="演示〔2023〕9号")
    before = make.verified(city, source="self_found", when=make.BURNT_AT - timedelta(days=1))
    with pytest.raises(Missing, match="只有线索"):
        make.take(before, "recognise", city.recogniser, reason="试")
    counted = make.recognised(city, source="self_found")
    assert counted.recognition.basis == "inspection"
    assert counted.recognition.rulings["self_found_counts"] == ["2023-10-07", "演示〔2023〕9号", True]


def test_city_enforcement_can_be_ruled_out(city: City) -> None:
    assert make.recognised(city, source="enforcement").counted
    Ruling.objects.create(key="city_enforcement_counts", valid_from="2023-01-01", value=False)
    with pytest.raises(Missing, match="只有线索"):
        make.take(make.verified(city, source="enforcement"), "recognise", city.recogniser, reason="试")


def test_an_unknown_ruling_is_a_defect() -> None:
    with pytest.raises(KeyError):
        rulings.ruling("no_such_key", date(2023, 10, 7))


def test_a_number_prefix_is_a_ruling_of_the_city(city: City) -> None:
    Ruling.objects.create(key="number_prefix", valid_from="2023-01-01", value="BX")
    assert make.dispatched(city).number == "BX2023-0001"


def test_borders_are_not_back_dated_behind_a_decision(city: City) -> None:
    make.recognised(city)
    edition_store(name="更正版", cells=cells()[:3], datum="wgs84", actor=city.system)
    with pytest.raises(NotAllowed, match="已有 1 处认定"):
        edition_activate(name="更正版", valid_from=date(2023, 10, 1), actor=city.system)
    edition_activate(name="更正版", valid_from=date(2023, 10, 8), actor=city.system)


def share_in_the_east(point: FirePoint) -> float:
    return next((row["share"] for row in point.attribution.candidates if row["code"] == EAST), 0.0)


@pytest.mark.embedded
@pytest.mark.parametrize(("lon", "share", "is_cross"), [
    (123.79640, 0.05, False), (123.79670, 0.08, False), (123.79705, 0.125, True), (123.7990, 0.37, True),
])  # fmt: skip
def test_a_tenth_of_the_area_in_another_county_makes_a_crossing_and_a_touch_does_not(
    city: City, lon: float, share: float, is_cross: bool
) -> None:
    """The area is the pixel and the error of its position around it: below a tenth the fire lies there once in 10,000."""
    point = make.suspected(at=(lon, 41.25))
    assert share_in_the_east(point) == pytest.approx(share, abs=0.02)
    assert (point.is_cross, point.county_code) == (is_cross, "" if is_cross else WEST)
    assert EAST in point.counties.values_list("county_code", flat=True)
    assert (make.actions(point, city.clerk)["dispatch"] == []) is not is_cross


def test_any_touch_may_be_ruled_a_crossing(city: City) -> None:
    Ruling.objects.create(key="cross_min_share", valid_from="2023-01-01", value=0.0)
    assert make.suspected(at=(123.79660, 41.25)).is_cross
    assert make.suspected(at=IN_EAST).county_code == EAST


@pytest.mark.embedded
def test_leads_over_the_border_are_judged_when_a_row_joins_that_can_be_charged(city: City) -> None:
    lead = make.detection(source="firms", at=ON_THE_BORDER)
    point = make.create_point(detections=[lead], actor=city.system)
    assert (point.is_cross, point.county_code) == (False, EAST)
    row = make.detection(at=ON_THE_BORDER)
    assert attach_detections(point=point, detections=[row], actor=city.system).is_cross
    release_detections(detections=[row], actor=city.system, departure=Departure("withdrawn", "来源已撤回"))
    assert not FirePoint.objects.get(pk=point.pk).is_cross


@pytest.mark.embedded
def test_a_dispatched_lead_over_the_border_is_asked_about_once_a_row_can_be_charged(city: City) -> None:
    """The county that verified the lead is not the payer of what comes to lie over two: a person marks it 跨界 first."""
    lead = make.detection(source="firms", at=ON_THE_BORDER)
    point = make.take(make.create_point(detections=[lead], actor=city.system), "dispatch", city.clerk)
    attach_detections(point=point, detections=[make.detection(source="himawari", at=ON_THE_BORDER)], actor=city.system)
    assert make.asked(point) == ""
    attach_detections(point=point, detections=[make.detection(at=ON_THE_BORDER)], actor=city.system)
    assert "甲县" in make.asked(point)
    make.take(FirePoint.objects.get(pk=point.pk), "mark_cross", city.clerk, reason="跨两县")
    assert make.asked(point) == ""


def test_a_division_after_dispatch_asks_leads_over_the_border_for_no_joint_record(city: City) -> None:
    leads = [make.detection(source="firms", at=at) for at in (ON_THE_BORDER, (123.81, 41.25))]
    point = make.take(make.create_point(detections=leads, actor=city.system), "dispatch", city.clerk)
    make.take(point, "split", city.clerk, groups=[[leads[0].pk], [leads[1].pk]], reason="两处")
    assert FirePoint.objects.get(pk=point.pk).county_code == EAST
