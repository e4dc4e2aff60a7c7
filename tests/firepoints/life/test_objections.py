"""The objection window: its end is an act, recorded by the system account and only when it is over."""

from datetime import timedelta

import pytest
import time_machine

from core import clock
from core.errors import Conflict, Missing, NotAllowed
from firepoints import tasks
from firepoints.life.objections import lapse_due
from firepoints.models import FirePoint, Ruling, Step
from firepoints.steps.selectors import actions_for
from firepoints.terms.states import State
from grids.roles import PostKind
from journal.jobs import jobs
from tests.factories import points as make
from tests.factories.city import CITY, IN_EAST, City, person

pytestmark = pytest.mark.embedded


@pytest.fixture
def point(city: City) -> FirePoint:
    return make.notified(city)


def test_the_window_is_five_days_by_default(city: City, point: FirePoint) -> None:
    assert abs(point.objection_until - clock.now() - timedelta(days=5)) < timedelta(minutes=1)


def test_a_ruling_changes_the_window_from_its_date(city: City) -> None:
    Ruling.objects.create(key="objection_days", valid_from="2023-01-01", value=15, document_no="演示〔2023〕3号")
    point = make.notified(city)
    assert point.objection_until - clock.now() > timedelta(days=14)


def test_nothing_lapses_before_the_end_of_the_window(city: City, point: FirePoint) -> None:
    with time_machine.travel(point.objection_until - timedelta(seconds=1), tick=False):
        assert lapse_due() == 0
        with pytest.raises(Missing, match="异议期还没有满"):
            make.take(point, "lapse", city.system)
    with time_machine.travel(point.objection_until, tick=False):
        assert lapse_due() == 1
        assert lapse_due() == 0
    done = FirePoint.objects.get()
    assert (done.state, done.final_by) == (State.FINAL, "lapsed")
    assert Step.objects.get(action="lapse").actor == city.system


def test_the_job_records_it_and_no_person_can(city: City, point: FirePoint) -> None:
    with time_machine.travel(point.objection_until + timedelta(hours=1), tick=False):
        for actor in (city.clerk, city.recogniser, city.west):
            with pytest.raises(NotAllowed):
                make.take(point, "lapse", actor)
        tasks.lapse({})
    assert FirePoint.objects.get().state == State.FINAL
    assert tasks.LAPSE in jobs.PERIODS


def test_the_paying_county_objects_within_the_window_only(city: City, point: FirePoint) -> None:
    with time_machine.travel(point.objection_until, tick=False), pytest.raises(Conflict, match="异议期已满"):
        make.take(point, "object", city.west, reason="不是秸秆")
    contested = make.take(point, "object", city.west, reason="不是秸秆")
    assert contested.state == State.CONTESTED
    with time_machine.travel(point.objection_until + timedelta(days=9), tick=False):
        assert lapse_due() == 0
    done = make.take(contested, "uphold", person("second", "recogniser", CITY), reason="复核属实")
    assert (done.state, done.final_by) == (State.FINAL, "upheld")


def test_nobody_upholds_the_recognition_that_is_their_own(city: City, point: FirePoint) -> None:
    contested = make.take(point, "object", city.west, reason="不是秸秆")
    with pytest.raises(NotAllowed, match="原认定人"):
        make.take(contested, "uphold", city.recogniser, reason="复核属实")
    (uphold,) = [one for one in actions_for(contested, city.recogniser) if one.transition.action == "uphold"]
    assert uphold.missing
    assert make.take(contested, "reopen", city.recogniser, reason="异议成立").state == State.DISPATCHED


def test_a_ruling_of_today_lets_them_whatever_the_date_of_the_fire(city: City, point: FirePoint) -> None:
    contested = make.take(point, "object", city.west, reason="不是秸秆")
    Ruling.objects.create(
        key="uphold_by_another", valid_from=clock.today_beijing(), value=False, document_no="演示〔2024〕9号"
    )
    assert make.take(contested, "uphold", city.recogniser, reason="复核属实").final_by == "upheld"


def test_a_neighbour_can_neither_object_nor_waive(city: City) -> None:
    point = make.joint(city, at=(123.8001, 41.25))
    record = make.uuids(make.scan(point, city.clerk))
    told = {"conclusion": "true", "county_code": "210591", "attendances": make.attendance(), "evidence": record}
    point = make.take(point, "settle_jointly", city.clerk, **told)
    point = make.take(make.take(point, "recognise", city.recogniser, reason="属实"), "notify", city.clerk)
    for action, data in (("waive", {"document_no": "演示函1号"}), ("object", {"reason": "试"})):
        with pytest.raises(NotAllowed, match="只有属地县（区）"):
            make.take(point, action, city.west, **data)
    assert make.take(point, "waive", city.east, document_no="演示函1号").final_by == "waived"


def test_a_waiver_names_its_document(city: City, point: FirePoint) -> None:
    with pytest.raises(Missing, match="文号"):
        make.take(point, "waive", city.west, document_no=" ")


@pytest.mark.embedded
def test_the_end_of_the_window_waits_for_a_question_that_stops_money(city: City) -> None:
    point = make.notified(city)
    row = make.ask(point, "更正的清单里已没有这一行，请复核", kind="gone")
    with time_machine.travel(clock.now() + timedelta(days=6), tick=False):
        assert lapse_due() == 0
        with pytest.raises(Missing, match="更正的清单里已没有这一行"):
            make.take(point, "lapse", city.system)
        make.take(FirePoint.objects.get(pk=point.pk), "stand", city.recogniser, reason="另有佐证", questions=[row.pk])
        assert lapse_due() == 1
    assert FirePoint.objects.get(pk=point.pk).state == State.FINAL


@pytest.mark.embedded
@pytest.mark.parametrize(("made", "action", "data"), [
    (make.notified, "waive", {"document_no": "演示函〔2023〕1号"}), (make.recognised, "notify", {}),
])  # fmt: skip
def test_no_step_towards_money_passes_an_open_question(city: City, made, action: str, data: dict[str, str]) -> None:
    point = made(city)
    make.ask(point, "来源已撤回，请复核", kind="withdrawn")
    by = city.west if action == "waive" else city.clerk
    with pytest.raises(Missing, match="来源已撤回"):
        make.take(point, action, by, **data)
    assert FirePoint.objects.get(pk=point.pk).state == point.state


def test_an_objection_is_not_turned_down_past_an_open_question(city: City) -> None:
    point = make.take(make.notified(city), "object", city.west, reason="不是秸秆")
    make.ask(point, "来源已撤回，请复核", kind="withdrawn")
    other = person("second", PostKind.RECOGNISER, CITY)
    with pytest.raises(Missing, match="来源已撤回"):
        make.take(point, "uphold", other, reason="维持")


def test_what_the_county_files_holds_nothing_up(city: City) -> None:
    point = make.notified(city)
    make.ask(point, "上报为另一处的黑斑", kind="scar_of", stops_money=False)
    assert make.take(point, "waive", city.west, document_no="演示函〔2023〕1号").state == State.FINAL


def test_the_county_reads_the_kind_of_a_question_and_nothing_of_another_countys_point(city: City) -> None:
    point, other = make.notified(city), make.suspected(at=IN_EAST)
    make.ask(point, f"与 {other} 的范围相接", kind="touches", other=other)
    (missing,) = make.actions(point, city.west)["waive"]
    assert "与另一处相接" in missing
    assert str(other) not in missing
