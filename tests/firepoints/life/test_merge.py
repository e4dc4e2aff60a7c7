"""并入: two points turn out to be one 处; what was decided is frozen for all but the 认定人."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core.errors import BadInput, Conflict, NotAllowed, StaleVersion
from firepoints.life.proof import evidence_named
from firepoints.models import FirePoint, Membership
from firepoints.steps import selectors
from firepoints.steps.selectors import survivor_of
from firepoints.terms.states import State
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, ON_THE_BORDER, WEST, City

NEARBY = (123.752, 41.252)


@pytest.mark.embedded
def test_the_survivor_takes_the_sightings_and_keeps_its_state(city: City) -> None:
    survivor, gone = make.dispatched(city), make.suspected(at=NEARBY, source="patrol")
    done = make.take(gone, "merge", city.clerk, into=survivor.number, reason="同一处")

    survivor.refresh_from_db()
    assert (done.state, done.merged_into) == (State.MERGED, survivor)
    assert (survivor.state, survivor.memberships.filter(is_active=True).count()) == (State.DISPATCHED, 2)
    assert not Membership.objects.filter(point=gone, is_active=True).exists()
    assert survivor_of(done) == survivor


def test_a_chain_of_merges_leads_to_the_last_survivor(city: City) -> None:
    first, second, third = make.suspected(), make.suspected(), make.suspected()
    make.take(first, "merge", city.clerk, into=second.pk, reason="同一处")
    make.take(second, "merge", city.clerk, into=third.pk, reason="同一处")
    assert survivor_of(FirePoint.objects.get(pk=first.pk)) == third
    assert third.memberships.filter(is_active=True).count() == 3


def test_two_suspicions_over_the_border_become_one_cross_point(city: City) -> None:
    west, east = make.suspected(), make.suspected(at=IN_EAST)
    make.take(east, "merge", city.clerk, into=west.pk, reason="同一处")
    west.refresh_from_db()
    assert (west.is_cross, west.county_code) == (True, "")
    assert set(west.counties.values_list("county_code", flat=True)) == {WEST, EAST}


def test_a_dispatched_point_does_not_swallow_another_countys(city: City) -> None:
    west, east = make.dispatched(city), make.dispatched(city, at=IN_EAST)
    with pytest.raises(Conflict, match="标记跨界"):
        make.take(east, "merge", city.clerk, into=west.pk, reason="试")


def test_a_clerk_merges_nothing_into_a_decided_point(city: City) -> None:
    decided, fresh = make.recognised(city), make.suspected(at=NEARBY)
    with pytest.raises(NotAllowed, match="要由认定人办理"):
        make.take(fresh, "merge", city.clerk, into=decided.pk, reason="试")


def test_a_recogniser_says_that_a_new_row_is_a_fire_already_decided(city: City) -> None:
    decided, fresh = make.recognised(city), make.suspected(at=NEARBY)
    done = make.take(fresh, "merge", city.recogniser, into=decided.pk, reason="同一处，同一次焚烧")
    decided.refresh_from_db()
    assert (done.state, decided.state, decided.counted) == (State.MERGED, State.RECOGNISED, True)
    assert decided.memberships.filter(is_active=True).count() == 2


@pytest.mark.parametrize("kind", ["several_sites", "stated_county", "oversize"])
def test_a_merge_does_not_answer_what_else_was_asked_about_the_sightings(city: City, kind: str) -> None:
    survivor, gone = make.dispatched(city), make.suspected(at=NEARBY)
    make.ask(gone, "疑为几处：巡查或黑斑相距 300 米", kind)
    make.ask(gone, f"与 {survivor} 的范围相接：同一处请并入", "touches", other=survivor)
    make.take(gone, "merge", city.clerk, into=survivor.pk, reason="同一处")
    survivor.refresh_from_db()
    assert make.asked(survivor) == "疑为几处：巡查或黑斑相距 300 米"


@pytest.mark.embedded
def test_a_recogniser_merges_a_decided_point_away(city: City) -> None:
    survivor, gone = make.final(city), make.final(city, at=NEARBY)
    with pytest.raises(NotAllowed):
        make.take(gone, "merge_decided", city.clerk, into=survivor.pk, reason="试")
    done = make.take(gone, "merge_decided", city.recogniser, into=survivor.pk, reason="同一处，重复认定")

    survivor.refresh_from_db()
    assert (done.state, survivor.state) == (State.MERGED, State.FINAL)
    assert survivor.recognition.charged_detection.memberships.get(is_active=True).point == survivor
    assert (survivor.lon, survivor.burn_date) == (123.75, gone.burn_date)


def test_a_decided_point_is_not_merged_into_one_that_another_county_pays(city: City) -> None:
    west, east = make.final(city), make.final(city, at=IN_EAST)
    with pytest.raises(Conflict, match="不同县"):
        make.take(west, "merge_decided", city.recogniser, into=east.pk, reason="试")
    dispatched = make.dispatched(city, at=IN_EAST)
    with pytest.raises(Conflict, match="不同县"):
        make.take(west, "merge_decided", city.recogniser, into=dispatched.pk, reason="试")
    west.refresh_from_db()
    assert west.state == State.FINAL


def test_a_point_is_not_merged_into_itself_or_into_what_is_gone(city: City) -> None:
    point, gone = make.suspected(), make.suspected(source="firms")
    make.take(gone, "close", city.clerk, reason="钢厂")
    for into in (point.pk, gone.pk):
        with pytest.raises(BadInput):
            make.take(point, "merge", city.clerk, into=into, reason="试")


def test_the_survivor_is_claimed_too(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    survivor, gone = make.suspected(), make.suspected()
    from firepoints.life import merge

    real = merge.open_act

    def overtaken(*args, **kwargs):
        FirePoint.objects.filter(pk=survivor.pk).update(version=survivor.version + 1)
        return real(*args, **kwargs)

    monkeypatch.setattr(merge, "open_act", overtaken)
    with pytest.raises(StaleVersion):
        make.take(gone, "merge", city.clerk, into=survivor.pk, reason="试")
    assert FirePoint.objects.get(pk=gone.pk).state == State.SUSPECTED


def test_a_border_point_merged_into_a_dispatched_one_is_left_to_a_person(city: City) -> None:
    survivor, gone = make.dispatched(city), make.suspected(at=ON_THE_BORDER)
    make.take(gone, "merge", city.clerk, into=survivor.pk, reason="同一处")
    survivor.refresh_from_db()
    assert "标记跨界" in make.asked(survivor)


def test_what_was_filed_for_a_point_is_seen_at_the_end_of_a_chain_of_merges(city: City) -> None:
    first, second, third = (make.suspected() for _ in range(3))
    piece = make.photo(first, city.clerk)
    make.take(first, "merge", city.clerk, into=second.pk, reason="同一处")
    make.take(second, "merge", city.clerk, into=third.pk, reason="同一处")
    third.refresh_from_db()
    assert piece in selectors.evidence_for(third, city.clerk)
    assert evidence_named(third, [piece.uuid]) == [piece]


@pytest.mark.embedded
def test_nothing_is_merged_into_a_point_that_is_not_counted(city: City) -> None:
    """One word must not let a charge vanish in what was found untrue: that point is verified anew first."""
    excluded = make.take(make.negative(city), "exclude", city.recogniser, reason="确系荒草")
    fresh, charged = make.suspected(at=NEARBY), make.final(city, at=NEARBY)
    for point, action in ((fresh, "merge"), (charged, "merge_decided")):
        with pytest.raises(Conflict, match=r"不计入.*重新核实") as refused:
            make.take(point, action, city.recogniser, into=excluded.pk, reason="同一处")
        assert refused.value.code == "into_excluded"


@pytest.mark.embedded
def test_the_page_of_a_merge_says_how_far_apart_the_two_are_and_what_becomes_of_them(city: City, client) -> None:
    into, gone = make.dispatched(city), make.suspected(at=NEARBY, when=make.BURNT_AT + timedelta(hours=30))
    client.force_login(city.clerk)
    page = client.get(reverse("firepoints:act", args=[gone.pk, "merge"]), {"into": into.number}).content.decode()
    for words in (
        "中心相距",
        "相隔 30 时",
        into.number,
        "甲县",
        "2023-10-07，责任人按这天",
        "2023-10-08，责任人按这天",
        "合为 1 处",
    ):
        assert words in page, words
    assert f'value="{into.number}"' in page
    unknown = client.get(reverse("firepoints:act", args=[gone.pk, "merge"]), {"into": "HD2023-9999"})
    assert "没有火点“HD2023-9999”" in unknown.content.decode()
