"""Asking reaches farther than joining: what may be one fire and was not joined is put before a person, once (policy.md §4)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from firepoints.forming.plan import plan_for
from firepoints.models import Detection, FirePoint, Question, Ruling
from firepoints.steps import questions
from grids.geo.datum import from_wgs84
from grids.geo.footprint import distance_m
from tests.factories import points as make
from tests.factories.city import IN_WEST, City
from tests.firepoints.forming.test_grouping_points import HOUR, east_of, grouped, point_of

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
Kind = Question.Kind
DAY = 24 * HOUR
NOMINAL = {"scan_km": None, "track_km": None, "satellite": ""}
DATE_ALONE = {"precision": "day", "ends_at": make.BURNT_AT + DAY, **NOMINAL}


def pixel(metres: float, hours: float = 1, **given) -> Detection:
    return make.detection(at=east_of(IN_WEST, metres), when=make.BURNT_AT + hours * HOUR, **given)


def near_of(sighting: Detection) -> list[Question]:
    return list(Question.objects.filter(point=point_of(sighting), kind=Kind.NEAR))


def asked_about(first: Detection, second: Detection) -> bool:
    """Whether the later of two was asked about the point of the earlier; never the earlier one about it, and once."""
    grouped_points = point_of(first), point_of(second)
    assert grouped_points[0] != grouped_points[1]
    assert near_of(first) == []
    rows = near_of(second)
    assert [row.other for row in rows] in ([], [grouped_points[0]])
    return bool(rows)


def after_each_other(city: City, first: Detection, second_of) -> Detection:
    grouped(city, first)
    second: Detection = second_of()
    grouped(city, second)
    return second


def after_each_other_of(city: City, first_of, second_of) -> tuple[Detection, Detection]:
    first: Detection = first_of()
    return first, after_each_other(city, first, second_of)


@pytest.mark.parametrize(("metres", "hours", "is_asked"), [(1200, 1, True), (2300, 60, True), (2300, 80, False),
                                                          (4500, 1, False)])  # fmt: skip
@pytest.mark.parametrize("state", ["suspected", "final"])
def test_a_chargeable_row_near_a_point_that_the_rule_did_not_join_asks(
    city: City, metres: float, hours: float, is_asked: bool, state: str
) -> None:
    point = make.suspected(**NOMINAL) if state == "suspected" else make.final(city, **NOMINAL)
    second = pixel(metres, hours, source="national_list", **NOMINAL)
    grouped(city, second)
    assert asked_about(point.memberships.get().detection, second) == is_asked
    if is_asked:
        (row,) = near_of(second)
        assert row.stops_money
        assert str(point) in row.words
        assert "范围边缘相距" in row.speaks_for
        assert FirePoint.objects.filter(questions.stops_money()).get() == point_of(second)


def test_modis_at_the_edge_of_its_scan_asks_about_the_pixel_inside_it(city: City) -> None:
    modis = make.detection(satellite="A", scan_km=4.2, track_km=1.9)
    second = after_each_other(city, modis, lambda: pixel(1300, 0.7))
    assert asked_about(modis, second)


def test_a_sensor_named_without_a_size_may_have_its_largest_pixel(city: City) -> None:
    modis = make.detection(**{**NOMINAL, "satellite": "AQUA"})
    second = after_each_other(city, modis, lambda: pixel(4300, 50, source="national_list", **NOMINAL))
    assert asked_about(modis, second)
    assert "没有写像元大小" in near_of(second)[0].speaks_for


@pytest.mark.parametrize(("given", "is_asked"), [(("123.75", "41.25"), True), (("123.7500", "41.2500"), False),
                                                 (("123°45'00\"", "41°15'00\""), False)])  # fmt: skip
def test_a_rounded_position_reaches_as_far_as_its_decimals_say(
    city: City, given: tuple[str, str], is_asked: bool
) -> None:
    rounded = make.detection(**NOMINAL, given_lon=given[0], given_lat=given[1])
    second = after_each_other(city, rounded, lambda: pixel(3000, 50, source="national_list", **NOMINAL))
    assert asked_about(rounded, second) == is_asked
    assert all("只到 0.01°" in row.speaks_for for row in near_of(second))


def test_zeros_that_a_table_drops_make_no_list_coarse(city: City) -> None:
    make.detection(at=east_of(IN_WEST, 9000), **NOMINAL)
    rounded = make.detection(**NOMINAL, given_lon="123.75", given_lat="41.25")
    grouped(city, rounded)
    second = pixel(3000, 50, **NOMINAL)
    grouped(city, second)
    assert not asked_about(rounded, second)


def test_two_lists_in_one_pass_ask_as_far_as_smoke_drifts_and_one_list_does_not(city: City) -> None:
    first = make.detection()
    other_list = after_each_other(city, first, lambda: pixel(3000, 0, source="national_list"))
    assert asked_about(first, other_list)
    same_list = pixel(-3000, 0)
    grouped(city, same_list)
    assert near_of(same_list) == []


@pytest.mark.parametrize(("days", "metres", "is_asked"), [(8, 0, True), (30, 150, True), (85, 0, True), (95, 0, False),
                                                         (30, 1500, True), (30, 2200, False)])  # fmt: skip
@pytest.mark.parametrize("state", ["suspected", "final"])
def test_a_scar_asks_for_months_about_what_burnt_there(
    city: City, days: int, metres: float, is_asked: bool, state: str
) -> None:
    given = {"scan_km": 0.4, "track_km": 0.4}
    point = make.suspected(**given) if state == "suspected" else make.final(city, **given)
    scar = pixel(metres, days * 24, source="patrol", kind="scar", accuracy_m=10.0)
    grouped(city, scar)
    assert asked_about(point.memberships.get().detection, scar) == is_asked


@pytest.mark.parametrize(("days", "metres", "is_asked"), [(8, 34, True), (30, 210, True), (30, 400, False)])
def test_a_patch_that_another_patrol_meets_again_is_asked_about(
    city: City, days: int, metres: float, is_asked: bool
) -> None:
    first = make.detection(source="patrol", kind="scar", accuracy_m=10.0)
    second = after_each_other(
        city, first, lambda: pixel(metres, days * 24, source="supervision", kind="scar", accuracy_m=10.0)
    )
    assert asked_about(first, second) == is_asked


@pytest.mark.parametrize("far_first", [True, False])
def test_a_row_given_to_a_township_asks_as_far_as_the_township_reaches(city: City, far_first: bool) -> None:
    def vague() -> Detection:
        return make.detection(accuracy_m=13_000.0, when=make.BURNT_AT + 0.5 * HOUR, source="national_list", **NOMINAL)

    def far(metres: float = 12_000) -> Detection:
        return pixel(metres, **NOMINAL)

    first, second = after_each_other_of(city, *((far, vague) if far_first else (vague, far)))
    assert asked_about(first, second)
    beyond = far(17_000)
    grouped(city, beyond)
    assert near_of(beyond) == []


@pytest.mark.parametrize(("north_m", "is_asked"), [(0, True), (700, False)])
@pytest.mark.parametrize("days", [1, 30])
def test_two_findings_that_a_datum_may_keep_apart_are_asked_about(
    city: City, north_m: float, is_asked: bool, days: int
) -> None:
    first = make.detection(source="patrol", kind="fire", accuracy_m=8.0)
    lon, lat = (float(value) for value in from_wgs84(*IN_WEST, "gcj02"))
    assert 400 < float(distance_m(*IN_WEST, lon, lat)) < 700
    second = after_each_other(
        city,
        first,
        lambda: make.detection(
            at=(lon, lat + north_m / 111_100), when=make.BURNT_AT + days * DAY, source="supervision", kind="scar",
            accuracy_m=8.0,
        ),
    )  # fmt: skip
    assert asked_about(first, second) == is_asked
    assert all("GCJ-02" in row.words for row in near_of(second))


def test_a_row_that_comes_late_asks_about_the_scar_found_before_it_came(city: City) -> None:
    scar = pixel(0, 20 * 24, source="patrol", kind="scar", accuracy_m=10.0)
    grouped(city, scar)
    late = pixel(0, 0)
    grouped(city, late)
    assert asked_about(scar, late)


def test_flames_on_an_old_scar_are_a_new_fire(city: City) -> None:
    scar = make.detection(source="patrol", kind="scar", accuracy_m=10.0)
    flames = after_each_other(city, scar, lambda: pixel(0, 20 * 24, source="patrol", kind="fire", accuracy_m=10.0))
    assert not asked_about(scar, flames)


@pytest.mark.parametrize(("first", "second"), [("firms", "provincial_list"), ("provincial_list", "firms"),
                                               ("provincial_list", "self_found")])  # fmt: skip
def test_leads_and_what_the_payer_finds_ask_nothing_and_are_not_asked_about(
    city: City, first: str, second: str
) -> None:
    kind = {"kind": "fire"} if second == "self_found" else {}
    earlier = make.detection(source=first)
    later = after_each_other(city, earlier, lambda: pixel(1500, 2, source=second, **kind))
    assert not asked_about(earlier, later)


def test_one_point_is_asked_once_about_each_of_the_nearest(city: City) -> None:
    places = [(0, -1200), (1400, -1400), (0, 1300), (-1800, 0), (1600, 0)]
    others = [make.suspected(at=(IN_WEST[0] + x / 83_900, IN_WEST[1] + y / 111_100)) for x, y in places]
    middle = pixel(0, 2, source="national_list")
    grouped(city, middle)
    rows = near_of(middle)
    assert [row.other for row in rows] == [others[0], others[2], others[4]]
    grouped(city, pixel(30, 3, source="national_list"))
    assert near_of(middle) == rows


def test_what_is_answered_or_asked_otherwise_is_not_asked_again(city: City) -> None:
    first = make.final(city)
    second = pixel(1500, 2)
    grouped(city, second)
    make.take(point_of(second), "review", city.clerk, reason="另一块地")
    grouped(city, pixel(1520, 3))
    assert make.asked(point_of(second)) == ""
    touching = make.detection(at=east_of(IN_WEST, 200), when=make.BURNT_AT + HOUR)
    grouped(city, touching)
    kinds = Question.objects.filter(point=point_of(touching), other=first).values_list("kind", flat=True)
    assert list(kinds) == [Kind.TOUCHES]


def test_two_rows_of_one_run_are_asked_about_once(city: City) -> None:
    first, second = pixel(0), pixel(1500, 20)
    grouped(city, second)
    rows = Question.objects.filter(kind=Kind.NEAR)
    assert {frozenset((row.point_id, row.other_id)) for row in rows} == {
        frozenset((point_of(first).pk, point_of(second).pk))
    }
    assert len(rows) == 1


def test_the_reach_is_a_dated_ruling(city: City) -> None:
    Ruling.objects.create(key="ask_km", value=0.2, valid_from=date(2020, 1, 1), document_no="演示〔2020〕1号")
    first = make.detection()
    second = after_each_other(city, first, lambda: pixel(1500, 2, source="national_list"))
    assert not asked_about(first, second)


def test_grouping_with_many_neighbours_takes_as_many_queries_as_with_few(city: City) -> None:
    counts = []
    for many in (3, 40):
        for n in range(many):
            make.suspected(
                at=east_of((123.71, 41.25), 40 * n), when=make.BURNT_AT + timedelta(hours=n), source="patrol"
            )
        late = make.detection(at=(123.72, 41.262), when=make.BURNT_AT + 50 * HOUR, source="national_list")
        with CaptureQueriesContext(connection) as captured:
            plan_for(late.run, {})
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 25
