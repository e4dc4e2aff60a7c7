"""跨界和争议 (C11): one 处, nobody's until the joint record; staying away gives no veto."""

import pytest

from core.errors import BadInput, Missing, NotAllowed
from firepoints.models import Attribution, JointAttendance
from firepoints.terms.states import State
from tests.factories import points as make
from tests.factories.city import EAST, ON_THE_BORDER, WEST, City

IN_THE_WEST_OF_IT = {"lon": 123.7990, "lat": 41.2502}


def settle(city: City, point, **changes):
    told = {
        "conclusion": "true",
        "sites": [IN_THE_WEST_OF_IT],
        "attendances": make.attendance(),
        "evidence": make.uuids(make.scan(point, city.clerk)),
        **changes,
    }
    return make.take(point, "settle_jointly", city.clerk, **told)


@pytest.mark.embedded
def test_a_point_on_the_county_border_is_charged_to_nobody_until_the_joint_record(city: City) -> None:
    point = make.suspected(at=ON_THE_BORDER)

    assert (point.is_cross, point.county_code) == (True, "")
    assert set(point.counties.values_list("county_code", flat=True)) == {WEST, EAST}
    for action, data in (("dispatch", {}), ("verify_own", {"conclusion": "true", "evidence": []})):
        with pytest.raises(Missing, match="联合核实"):
            make.take(point, action, city.clerk, **data)
    marked = make.take(point, "mark_cross", city.clerk, reason="像元跨两县")
    assert (marked.state, marked.number) == (State.JOINT, "HD2023-0001")


@pytest.mark.embedded
def test_the_joint_record_finds_one_county_and_one_payer(city: City) -> None:
    point = settle(city, make.joint(city, at=ON_THE_BORDER))

    assert (point.state, point.county_code) == (State.VERIFIED, WEST)
    assert point.attribution.method == Attribution.Method.JOINT
    assert point.attribution.township_code == f"{WEST}001"
    done = make.take(point, "recognise", city.recogniser, reason="联合核实属实")
    assert (done.recognition.payer_code, done.recognition.payer_name) == (WEST, "甲县")


def test_an_absent_county_has_no_veto_after_two_notices(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    notices = make.served(point, city.clerk)
    with pytest.raises(Missing, match="先送达 2 次"):
        settle(city, point, attendances=make.attendance(notices[:1], east="absent"))
    assert settle(city, point, attendances=make.attendance(notices, east="absent")).state == State.VERIFIED


def test_a_refusal_to_sign_and_a_dissent_stay_on_record(city: City) -> None:
    told = make.attendance(east="refused")
    told[-1]["dissent"] = "认为火点在甲县"
    settle(city, make.joint(city, at=ON_THE_BORDER), attendances=told)
    row = JointAttendance.objects.get(county_code=EAST)
    assert (row.outcome, row.dissent) == ("refused", "认为火点在甲县")


def test_nothing_is_settled_without_an_officer_of_the_bureau(city: City) -> None:
    told = make.attendance()
    with pytest.raises(Missing, match="至少一名市生态环境局执法人员"):
        settle(city, make.joint(city, at=ON_THE_BORDER), attendances=told[1:])
    point = make.joint(city, at=ON_THE_BORDER)
    told[0] |= {"outcome": "absent", "notices": make.served(point, city.clerk)}
    with pytest.raises(Missing, match="至少一名市生态环境局执法人员"):
        settle(city, point, attendances=told)


def test_every_candidate_county_must_be_listed_and_the_present_must_sign(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    with pytest.raises(Missing, match=f"县（区）{EAST} 的到场情况"):
        settle(city, point, attendances=make.attendance()[:2])
    unsigned = make.attendance()
    unsigned[1]["signer"] = " "
    with pytest.raises(Missing, match="签字人"):
        settle(city, point, attendances=unsigned)


def test_the_joint_record_needs_evidence_and_a_county_of_the_edition(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    with pytest.raises(Missing, match="联合核实记录"):
        settle(city, point, evidence=[])
    elsewhere = [*make.attendance(), {"party": "外地", "county_code": "999999", "outcome": "refused"}]
    with pytest.raises(BadInput, match="没有县（区）999999"):
        settle(city, point, sites=[], county_code="999999", attendances=elsewhere)
    with pytest.raises(BadInput, match="attendances 第 1 项"):
        settle(city, point, attendances=[{"who": "?"}])


def test_a_county_does_not_settle(city: City) -> None:
    point = make.joint(city, at=ON_THE_BORDER)
    told = {"attendances": make.attendance(), "evidence": make.uuids(make.scan(point, city.clerk))}
    with pytest.raises(NotAllowed):
        make.take(point, "settle_jointly", city.west, conclusion="true", **told)


@pytest.mark.parametrize("going_back", ["return", "reopen"])
def test_a_jointly_settled_point_goes_back_to_the_joint_table_and_not_to_one_county(city: City, going_back) -> None:
    point = settle(city, make.joint(city, at=ON_THE_BORDER))
    if going_back == "reopen":
        point = make.take(point, "recognise", city.recogniser, reason="证据充分")
    point = make.take(point, going_back, city.recogniser, reason="补照片")
    assert (point.state, point.county_code) == ("joint", "")
    assert settle(city, point).state == "verified"
