"""What the partition does to points: fixed heat, sightings that change sides, and what is put before a person (policy.md §4)."""

import copy
from datetime import date, timedelta

import pytest
import shapely

from firepoints.forming.plan import group_run, plan_for
from firepoints.forming.standing_apart import neighbours_of
from firepoints.models import Detection, FirePoint, Question
from firepoints.steps import questions
from firepoints.steps.selectors import active_detections
from firepoints.terms.states import State
from grids.geo.datum import from_wgs84
from grids.models import Overlay
from grids.overlays.overlays import Place, overlay_load
from tests.factories import points as make
from tests.factories.city import EAST, IN_WEST, WEST, City

HOUR = timedelta(hours=1)


def east_of(at: tuple[float, float], metres: float) -> tuple[float, float]:
    return (at[0] + metres / 83_900, at[1])


def grouped(city: City, *detections: Detection) -> None:
    """Each sighting imported on its own, in this order; the last run that is grouped sees them all."""
    for one in detections:
        group_run(run=one.run, actor=city.system)


def point_of(one: Detection) -> FirePoint:
    return FirePoint.objects.get(memberships__detection=one, memberships__is_active=True)


def works(city: City, since: date = date(2023, 1, 1)) -> None:
    place = Place("演示钢厂", shapely.box(123.74, 41.24, 123.76, 41.26))
    overlay_load(kind=Overlay.Kind.FIXED_HEAT, places=[place], valid_from=since, actor=city.clerk)


def test_hits_on_accepted_fixed_heat_are_a_group_a_day_and_say_so(city: City) -> None:
    works(city)
    hits = [make.detection(source="firms", when=make.BURNT_AT + 12 * n * HOUR) for n in range(6)]
    grouped(city, hits[0])
    assert FirePoint.objects.count() >= 3
    assert all(one.is_fixed_heat and not one.is_oversize for one in FirePoint.objects.all())


def test_before_it_is_accepted_the_same_hits_are_one_long_group(city: City) -> None:
    works(city, since=date(2023, 12, 1))
    hits = [make.detection(source="firms", when=make.BURNT_AT + 12 * n * HOUR) for n in range(6)]
    grouped(city, hits[0])
    assert FirePoint.objects.get().is_oversize
    assert not FirePoint.objects.get().is_fixed_heat


def test_a_patrol_on_fixed_heat_is_a_finding_like_any_other(city: City) -> None:
    works(city)
    grouped(city, make.detection(source="patrol"))
    assert not FirePoint.objects.get().is_fixed_heat


def test_accepting_fixed_heat_changes_a_suspicion_with_the_next_import_that_reaches_it(city: City) -> None:
    hits = [make.detection(source="firms", when=make.BURNT_AT + 12 * n * HOUR) for n in range(6)]
    grouped(city, hits[0])
    works(city)
    assert FirePoint.objects.get().is_oversize
    newer = make.detection(source="firms", when=make.BURNT_AT + 61 * HOUR)
    grouped(city, newer)
    assert not FirePoint.objects.filter(is_oversize=True).exists()
    assert FirePoint.objects.filter(~questions.is_asked(), is_fixed_heat=True).count() == FirePoint.objects.count() >= 3


def test_asking_what_is_open_changes_nothing_and_says_which_group_keeps_a_torn_point(city: City) -> None:
    hits = [make.detection(source="firms", when=make.BURNT_AT + 12 * n * HOUR) for n in range(6)]
    grouped(city, hits[0])
    works(city)
    newer = make.detection(source="firms", when=make.BURNT_AT + 61 * HOUR)
    plan = plan_for(newer.run, {})
    assert plan is not None
    before = copy.deepcopy((plan.scene.point_of, plan.scene.own, plan.targets, plan.doubtful))
    first = plan.open()
    assert plan.open() == first
    assert (plan.scene.point_of, plan.scene.own, plan.targets, plan.doubtful) == before
    assert set(first.homes) == {point_of(hits[0]).pk}
    assert len(first.groups) >= 3


def test_a_finding_goes_to_the_nearer_pixel_that_comes_later_as_if_both_had_been_there(city: City) -> None:
    early = make.detection(source="firms", when=make.BURNT_AT)
    scar = make.detection(source="patrol", kind="scar", when=make.BURNT_AT + 40 * HOUR)
    grouped(city, early, scar)
    assert point_of(early) == point_of(scar)
    late = make.detection(source="provincial_list", when=make.BURNT_AT + 30 * HOUR)
    again = make.detection(source="provincial_list", when=make.BURNT_AT + HOUR)
    grouped(city, late)
    assert point_of(scar) == point_of(late) != point_of(early) == point_of(again)


def test_two_findings_far_apart_in_one_pixel_are_a_question_and_near_ones_are_not(city: City) -> None:
    wide = {"scan_km": 0.8, "track_km": 0.8}
    near, far = east_of(IN_WEST, 120), east_of(IN_WEST, -260)
    pixel = make.detection(**wide)
    grouped(city, pixel, make.detection(source="patrol", at=near, when=make.BURNT_AT + HOUR))
    assert make.asked(point_of(pixel)) == ""
    grouped(city, make.detection(source="patrol", at=far, when=make.BURNT_AT + 2 * HOUR))
    assert "疑为几处" in make.asked(point_of(pixel))
    reviewed = make.take(point_of(pixel), "review", city.clerk, reason="一块地的两头")
    grouped(city, make.detection(when=make.BURNT_AT + 3 * HOUR))
    assert make.asked(FirePoint.objects.get(pk=reviewed.pk)) == ""


def in_gcj02(at: tuple[float, float]) -> tuple[float, float]:
    lon, lat = from_wgs84(*at, "gcj02")
    return float(lon), float(lat)


@pytest.mark.parametrize("order", [("provincial_list", "patrol"), ("patrol", "provincial_list")])
def test_what_comes_second_is_a_question_where_a_wrong_datum_may_keep_a_finding_from_its_fire(
    city: City, order: tuple[str, str]
) -> None:
    made = []
    for source in order:
        is_patrol = source == "patrol"
        at = in_gcj02(IN_WEST) if is_patrol else IN_WEST
        made.append(make.detection(source=source, at=at, when=make.BURNT_AT + is_patrol * HOUR))
        grouped(city, made[-1])
    first, second = (point_of(one) for one in made)
    assert first != second
    assert (make.asked(first), "坐标系" in make.asked(second)) == ("", True)


@pytest.mark.parametrize(
    ("at", "hours", "others"),
    [(IN_WEST, 1, 1), (east_of(in_gcj02(IN_WEST), 3000), 1, 2), (in_gcj02(IN_WEST), 15, 2)],
    ids=["it lies in the pixel", "no pixel there either", "the next day"],
)
def test_no_datum_is_doubted_without_a_pixel_of_that_day_to_gain(
    city: City, at: tuple[float, float], hours: int, others: int
) -> None:
    grouped(city, make.detection())
    grouped(city, make.detection(source="patrol", at=at, when=make.BURNT_AT + hours * HOUR))
    assert FirePoint.objects.count() == others
    assert not Question.objects.filter(kind=Question.Kind.DATUM).exists()


def test_two_rows_of_one_pass_in_one_list_are_a_question_and_two_passes_are_not(city: City) -> None:
    first = make.detection()
    grouped(city, first)
    grouped(city, make.detection(when=make.BURNT_AT + HOUR))
    assert make.asked(point_of(first)) == ""
    grouped(city, make.detection(at=east_of(IN_WEST, 300)))
    assert "同一次过境" in make.asked(point_of(first))


@pytest.mark.parametrize(("stated", "asked"), [("甲县", False), ("高新区", False), ("", False), ("乙县", True)])
def test_a_stated_county_that_is_not_the_computed_one_is_asked_about(city: City, stated: str, asked: bool) -> None:
    one = make.detection(stated_county=stated, county_code=WEST)
    grouped(city, one)
    county = Question.objects.filter(point=point_of(one), kind=Question.Kind.STATED_COUNTY)
    assert county.exists() is asked
    if asked:
        assert make.asked(make.take(point_of(one), "review", city.clerk, reason="清单写错")) == ""


def test_a_row_whose_own_centre_lies_over_the_border_of_a_settled_site_is_asked_about(city: City) -> None:
    edge = (123.7995, 41.25)
    pixel = make.detection(at=east_of(edge, 130), county_code=EAST)
    found = make.detection(source="patrol", at=edge, when=make.BURNT_AT + HOUR, county_code=WEST)
    grouped(city, pixel, found)
    point = point_of(found)
    assert point_of(pixel) == point
    assert point.is_cross or "表列县不符" in make.asked(point)


@pytest.mark.parametrize("state", ["negative", "closed", "excluded", "notified"])
def test_a_new_sighting_on_a_point_that_is_settled_opens_an_item_that_names_it(city: City, state: str) -> None:
    if state == "closed":
        old = make.take(make.suspected(source="firms"), "close", city.clerk, reason="工业热源")
    elif state == "excluded":
        old = make.take(make.verified(city), "exclude", city.recogniser, reason="不是秸秆")
    else:
        old = getattr(make, state)(city)
    new = make.detection(source="provincial_list", when=make.BURNT_AT + HOUR)
    grouped(city, new)
    made = point_of(new)
    assert made.pk != old.pk
    assert made.state == State.SUSPECTED
    assert str(old) in make.asked(made)
    words = {"negative": "报不属实", "closed": "关闭", "excluded": "不计入", "notified": "异议"}
    assert words[state] in make.asked(made)


def test_a_suspicion_that_comes_to_touch_a_dispatched_point_says_so(city: City) -> None:
    sent = make.dispatched(city)
    beside = make.detection(source="firms", at=east_of(IN_WEST, 1100))
    grouped(city, beside)
    assert make.asked(point_of(beside)) == ""
    grouped(city, make.detection(source="firms", at=east_of(IN_WEST, 560)))
    assert sent.number in make.asked(point_of(beside))


def answered_as_another(city: City) -> tuple[FirePoint, FirePoint]:
    """A decided point, and a suspicion that touches it of which a person said: another site."""
    old = make.notified(city)
    beside = make.detection(at=east_of(IN_WEST, 300), when=make.BURNT_AT + HOUR)
    grouped(city, beside)
    assert str(old) in make.asked(point_of(beside))
    return old, make.take(point_of(beside), "review", city.clerk, reason="另是一处，隔着一条河")


def test_what_a_person_called_another_site_is_not_asked_about_again(city: City) -> None:
    old, other = answered_as_another(city)
    later = make.detection(at=east_of(IN_WEST, 350), when=make.BURNT_AT + 2 * HOUR)
    grouped(city, later)
    assert point_of(later) == other
    assert make.asked(point_of(later)) == ""
    (neighbour,) = neighbours_of(other, active_detections(other), city.clerk)
    assert (neighbour.point, neighbour.reason) == (old, "核对过：另是一处")


def test_without_that_word_it_would_be_asked_again(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    old, _ = answered_as_another(city)
    monkeypatch.setattr("firepoints.steps.divisions.said_on_review", lambda points: [])
    monkeypatch.setattr("firepoints.steps.asking.BY_THE_MACHINE", list(Question.Answer))  # no answer settles any
    later = make.detection(at=east_of(IN_WEST, 350), when=make.BURNT_AT + 2 * HOUR)
    grouped(city, later)
    assert str(old) in make.asked(point_of(later))


def test_a_sighting_nearer_to_the_decided_point_is_still_put_before_a_person(city: City) -> None:
    old, other = answered_as_another(city)
    later = make.detection(at=east_of(IN_WEST, -50), when=make.BURNT_AT + 2 * HOUR)
    grouped(city, later)
    assert point_of(later) not in (old, other)
    assert str(old) in make.asked(point_of(later))


def test_a_merge_by_a_person_is_stronger_than_an_earlier_word(city: City) -> None:
    sent = make.dispatched(city)
    beside = make.detection(source="firms", at=east_of(IN_WEST, 1100))
    grouped(city, beside)
    grouped(city, make.detection(source="firms", at=east_of(IN_WEST, 560)))
    other = make.take(point_of(beside), "review", city.clerk, reason="另是一处")
    make.take(other, "merge", city.clerk, into=sent.pk, reason="现场看是同一块地")
    later = make.detection(at=east_of(IN_WEST, 1050), when=make.BURNT_AT + 2 * HOUR)
    grouped(city, later)
    assert point_of(later).pk == sent.pk


def test_a_site_whose_error_reaches_over_the_border_is_nobodys(city: City) -> None:
    for at in (east_of((123.8, 41.25), -200), east_of((123.8, 41.27), -330)):
        grouped(city, make.detection(at=at))
    near, sliver = FirePoint.objects.order_by("-lon")
    assert (near.is_cross, near.county_code) == (True, "")
    assert (sliver.is_cross, sliver.county_code) == (False, WEST)
    assert sliver.counties.count() == 2  # less than a tenth of its area: the other county sees it all the same


def test_a_finding_reaches_over_the_border_by_the_accuracy_that_it_states(city: City) -> None:
    """25 m from the border: 50 m where nothing is stated, 20 m for a good phone, a kilometre for a poor one."""
    border = 123.8
    stated = {None: 41.25, 8.0: 41.26, 500.0: 41.27}
    for accuracy, lat in stated.items():
        at = east_of((border, lat), -25)
        grouped(city, make.detection(source="patrol", at=at, accuracy_m=accuracy, county_code=WEST))
    crossing = {round(one.lat, 2): one.is_cross for one in FirePoint.objects.all()}
    assert crossing == {41.25: True, 41.26: False, 41.27: True}


def test_a_vague_finding_is_no_sign_of_a_second_site(city: City) -> None:
    pixel = make.detection(scan_km=0.8, track_km=0.8)
    grouped(city, pixel, make.detection(source="patrol", at=east_of(IN_WEST, 150), when=make.BURNT_AT + HOUR))
    vague = make.detection(source="patrol", at=east_of(IN_WEST, -200), when=make.BURNT_AT + 2 * HOUR, accuracy_m=400)
    grouped(city, vague)
    assert point_of(vague) == point_of(pixel)
    assert make.asked(point_of(pixel)) == ""
