"""Every transition: taken by the right person from the right state, refused otherwise."""

import inspect
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from core import clock
from core.errors import BadInput, Conflict, Missing, NotAllowed, NotThere, StaleVersion
from firepoints.api import present
from firepoints.life.act import act
from firepoints.models import FirePoint, Ruling, Step
from firepoints.pages.acts import forms  # noqa: F401  the forms attach themselves on import
from firepoints.pages.points.filters import Wanted
from firepoints.steps import selectors
from firepoints.steps.workflow import BY_ACTION, LIFE, TRANSITIONS
from firepoints.terms.states import State
from grids.roles import Role
from tests.factories import points as make
from tests.factories.city import EAST, ON_THE_BORDER, WEST, City, person


def test_every_row_of_the_table_has_a_service_and_if_people_do_it_a_form_for_all_that_it_must_be_given() -> None:
    assert set(LIFE.services) == {transition.action for transition in TRANSITIONS}
    needs_more = {
        transition.action
        for transition in TRANSITIONS
        if Role.SYSTEM not in transition.roles and set(transition.fields) - {"reason"}
    }
    assert set(LIFE.forms) == needs_more


@pytest.mark.parametrize("action", LIFE.services)
def test_a_service_opens_the_act_to_which_it_is_attached(action: str) -> None:
    service = LIFE.services[action]
    source = inspect.getsource(inspect.unwrap(getattr(service, "func", service)))
    assert re.findall(r"open_act\((\S+),", source) in ([f'"{action}"'], ["action"])


def test_a_joint_record_is_said_to_need_its_evidence(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    settle = next(one for one in present.detail(point, city.clerk)["actions"] if one["action"] == "settle_jointly")
    assert settle["fields"] == {
        "conclusion": True, "attendances": True, "evidence": True, "county_code": False, "sites": False, "cause": False,
        "note": False,
    }  # fmt: skip


@pytest.mark.embedded
def test_a_point_walks_from_a_list_row_to_final(city: City) -> None:
    point = make.final(city)

    assert (point.state, point.final_by, point.counted) == (State.FINAL, "waived", True)
    assert list(point.steps.order_by("seq").values_list("action", flat=True)) == [
        "dispatch", "report", "recognise", "notify", "waive",
    ]  # fmt: skip
    assert point.version == 6


def test_dispatch_gives_a_number_of_the_burning_year_and_a_deadline(city: City) -> None:
    first, second = make.dispatched(city), make.dispatched(city)

    assert [first.number, second.number] == ["HD2023-0001", "HD2023-0002"]
    assert timedelta(hours=23) < first.due_at - clock.now() <= timedelta(hours=24)


def test_a_county_cannot_dispatch(city: City) -> None:
    point = make.suspected()
    with pytest.raises(NotAllowed, match="不由您的岗位办理"):
        make.take(point, "dispatch", city.west)
    assert FirePoint.objects.get().version == 1


def test_a_point_is_not_dispatched_twice(city: City) -> None:
    point = make.dispatched(city)
    with pytest.raises(Conflict) as refused:
        make.take(point, "dispatch", city.clerk)
    assert refused.value.code == "wrong_state"


def test_an_oversize_group_waits_for_a_person(city: City) -> None:
    point = make.suspected()
    FirePoint.objects.update(is_oversize=True)
    with pytest.raises(Missing, match="先由人划分"):
        make.take(point, "dispatch", city.clerk)


def test_a_stale_version_is_told_so(city: City) -> None:
    point = make.suspected()
    with pytest.raises(StaleVersion):
        act(point_id=point.pk, action="dispatch", actor=city.clerk, data={}, expected_version=point.version + 1)
    done = act(point_id=point.pk, action="dispatch", actor=city.clerk, expected_version=point.version)
    assert done.version == point.version + 1


def test_only_the_designated_department_of_that_county_reports(city: City) -> None:
    point = make.dispatched(city)
    told = {"conclusion": "true", "evidence": make.uuids(make.photo(point, city.west))}

    with pytest.raises(NotThere):
        make.take(point, "report", city.east, **told)
    undesignated = person("west2", "county", WEST)
    with pytest.raises(NotAllowed, match="只有县（区）指定部门"):
        make.take(point, "report", undesignated, **told)

    done = make.take(point, "report", city.west, **told)
    assert done.verification.post.designations.get().county_code == WEST


def test_a_report_without_a_photo_is_refused(city: City) -> None:
    point = make.dispatched(city)
    with pytest.raises(Missing, match="至少一张现场照片"):
        make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(make.scan(point, city.west)))


def test_a_report_waits_until_all_that_it_lists_has_arrived(city: City) -> None:
    point = make.dispatched(city)
    listed = [*make.uuids(make.photo(point, city.west)), "00000000-0000-4000-8000-000000000001"]
    with pytest.raises(Missing) as refused:
        make.take(point, "report", city.west, conclusion="true", evidence=listed)
    assert refused.value.code == "evidence_missing"


def test_evidence_of_another_point_proves_nothing_here(city: City) -> None:
    point, other = make.dispatched(city), make.dispatched(city)
    with pytest.raises(Missing):
        make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(make.photo(other, city.west)))


def test_a_paper_return_needs_its_scan_and_its_clerk_cannot_recognise(city: City) -> None:
    point = make.dispatched(city)
    with pytest.raises(Missing, match="扫描件"):
        make.take(point, "report_on_behalf", city.clerk, conclusion="true", evidence=[])
    done = make.take(
        point, "report_on_behalf", city.clerk, conclusion="true", evidence=make.uuids(make.scan(point, city.clerk))
    )
    assert done.verification.kind == "on_behalf"
    assert done.verification.verified_by == city.clerk


def test_the_bureau_verifies_alone_only_with_its_own_photo(city: City) -> None:
    point = make.dispatched(city, source="patrol")
    countys = make.photo(point, city.west)
    with pytest.raises(Missing, match="市局人员自己拍摄"):
        make.take(point, "verify_own", city.clerk, conclusion="true", evidence=make.uuids(countys))

    fresh = make.suspected(source="patrol")
    own = make.photo(fresh, city.inspector)
    done = make.take(fresh, "verify_own", city.clerk, conclusion="true", evidence=make.uuids(own))
    assert done.state == State.VERIFIED
    assert done.number


def test_a_returned_point_is_with_its_county_again_and_keeps_the_record(city: City) -> None:
    point = make.take(make.verified(city), "return", city.recogniser, reason="照片不清")
    assert (point.state, point.verification) == (State.DISPATCHED, None)
    assert point.verifications.count() == 1


@pytest.mark.embedded
@pytest.mark.parametrize("action", ["return", "reopen"])
def test_a_point_that_goes_back_to_its_county_has_a_new_deadline_and_can_be_overdue_again(
    city: City, action: str
) -> None:
    Ruling.objects.create(key="county_deadline_h", valid_from="2016-01-01", value=36, document_no="演示〔2016〕3号")
    point = make.verified(city) if action == "return" else make.recognised(city)
    sent_back = clock.now()
    back = make.take(point, action, city.recogniser, reason="照片不清")
    assert back.state == State.DISPATCHED
    assert timedelta(hours=35, minutes=59) < back.due_at - sent_back <= timedelta(hours=36, seconds=30)
    overdue = Wanted(state="overdue")
    assert not overdue.narrow(FirePoint.objects.all()).exists()
    with time_machine.travel(back.due_at + timedelta(minutes=1), tick=False):
        assert list(overdue.narrow(FirePoint.objects.all())) == [back]


def test_a_point_that_goes_back_to_the_joint_table_has_no_deadline_of_one_county(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    parties = [
        {"party": "市局", "outcome": "present", "signer": "演示官员"},
        {"party": "西县", "outcome": "present", "county_code": WEST, "signer": "甲"},
        {"party": "东县", "outcome": "present", "county_code": EAST, "signer": "乙"},
    ]
    pieces = make.uuids(make.scan(point, city.clerk))
    settled = make.take(
        point, "settle_jointly", city.clerk, conclusion="true", county_code=EAST, attendances=parties, evidence=pieces
    )
    back = make.take(settled, "return", city.recogniser, reason="记录没有签名")
    assert (back.state, back.due_at) == (State.JOINT, None)


@pytest.mark.embedded
def test_a_negative_finding_can_be_excluded_but_never_counted(city: City) -> None:
    point = make.negative(city)
    with pytest.raises(Missing, match="不能计入"):
        make.take(point, "recognise", city.recogniser, reason="试")
    done = make.take(point, "exclude", city.recogniser, reason="确是荒草")
    assert (done.state, done.counted, done.recognition.amount_fen) == (State.RECOGNISED, False, 0)
    with pytest.raises(Missing, match="只有计入的火点才通报"):
        make.take(done, "notify", city.clerk)


def test_a_lead_alone_is_never_counted(city: City) -> None:
    with pytest.raises(Missing, match="只有线索"):
        make.take(make.verified(city, source="firms"), "recognise", city.recogniser, reason="试")


def test_a_lead_may_be_closed_and_an_official_row_or_an_inspection_may_not(city: City) -> None:
    closed = make.take(make.suspected(source="firms"), "close", city.clerk, reason="钢厂")
    assert (closed.state, closed.closed_reason) == (State.CLOSED, "钢厂")
    for source in ("provincial_list", "national_list", "patrol"):
        with pytest.raises(Missing, match="要有核实和认定"):
            make.take(make.suspected(source=source), "close", city.clerk, reason="试")


def test_only_a_withdrawn_source_withdraws_a_point(city: City) -> None:
    point = make.suspected()
    with pytest.raises(Missing, match="还有没撤回"):
        make.take(point, "withdraw", city.system, reason="坐标系填错")
    make.run_of("provincial_list").__class__.objects.update(
        state="withdrawn", withdrawn_at=clock.now(), withdrawn_reason="坐标系填错"
    )
    assert make.take(point, "withdraw", city.system, reason="坐标系填错").state == State.CLOSED


@pytest.mark.embedded
def test_reopening_takes_the_decision_back_and_keeps_it_on_file(city: City) -> None:
    point = make.final(city)
    done = make.take(point, "reopen", city.recogniser, reason="发现新证据")

    assert (done.state, done.counted, done.recognition, done.final_at) == (State.DISPATCHED, None, None, None)
    assert done.recognitions.count() == 1
    assert Step.objects.get(action="reopen").data["taken_back"] == point.recognition_id


def test_a_clerk_cannot_reopen(city: City) -> None:
    with pytest.raises(NotAllowed):
        make.take(make.final(city), "reopen", city.clerk, reason="试")


def test_a_reason_is_more_than_blanks(city: City) -> None:
    with pytest.raises(Missing, match="认定的理由"):
        make.take(make.verified(city), "recognise", city.recogniser, reason="  ")


def test_unknown_actions_and_data_are_named(city: City) -> None:
    point = make.suspected()
    with pytest.raises(BadInput, match="没有“fly”"):
        make.take(point, "fly", city.clerk)
    with pytest.raises(BadInput, match="state"):
        make.take(point, "dispatch", city.clerk, state="final")
    with pytest.raises(Missing, match="reason"):
        make.take(point, "mark_cross", city.clerk)
    with pytest.raises(BadInput, match="应为列表"):
        make.take(point, "verify_own", city.clerk, conclusion="true", evidence="x")
    fields = {"reason": True, "basis": False, "charged_detection": False, "zero_amount_confirmed": False}
    assert BY_ACTION["recognise"].fields == fields


def test_every_act_of_the_register_is_recorded_somewhere() -> None:
    root = Path(__file__).resolve().parents[3]
    files = [
        path
        for app in ("core", "journal", "grids", "firepoints", "penalties", "demo")
        for path in (root / app).rglob("*.py")
    ]
    texts = {path: path.read_text() for path in files if "migrations" not in path.parts}
    register = "".join(text for path, text in texts.items() if path.name == "acts.py")
    elsewhere = "".join(text for path, text in texts.items() if path.name != "acts.py")
    registered = re.findall(r'^acts\.register\("([^"]+)"', register, re.MULTILINE)
    assert len(registered) > 50
    assert [name for name in registered if f'"{name}"' not in elsewhere] == []


def test_what_is_offered_is_what_the_guard_allows(city: City) -> None:
    points = [make.suspected(), make.dispatched(city), make.verified(city), make.notified(city), make.final(city)]
    people = [city.clerk, city.recogniser, city.west, city.finance, city.auditor, city.system]
    offered = {
        (point.state, person.username): {one.transition.action for one in selectors.actions_for(point, person)}
        for point in points
        for person in people
    }
    assert offered["suspected", "clerk"] == {
        "dispatch",
        "split",
        "relocate",
        "close",
        "review",
        "verify_own",
        "mark_cross",
        "merge",
        "withdraw",
    }
    assert offered["dispatched", "west"] == {"report", "dispute", "assign_group"}
    assert offered["verified", "recogniser"] == {"return", "recognise", "exclude", "merge"}
    assert offered["objection", "west"] == {"object", "waive"}
    assert offered["final", "recogniser"] == {"reopen", "stand", "merge_decided"}
    assert not any(offered[point.state, name] for point in points for name in ("finance", "auditor"))


def test_facts_cost_the_same_few_queries_however_many_sightings(city: City, django_assert_max_num_queries) -> None:
    point = make.dispatched(city)
    fresh = selectors.fire_point_for(city.west, point.pk)
    with django_assert_max_num_queries(9):  # one of them for county codes that have changed
        selectors.facts_for(fresh, city.west)


def test_a_dispute_makes_the_point_nobodys(city: City) -> None:
    point = make.take(make.dispatched(city), "dispute", city.west, reason="不在我县")
    assert (point.state, point.county_code) == (State.JOINT, "")
    with pytest.raises(NotThere):
        make.take(make.dispatched(city), "dispute", city.east, reason="与我无关的火点看不到")
    assert EAST not in point.counties.values_list("county_code", flat=True)
