"""缺席 rests on notices that were served, each with its day, addressee and scan; a number that somebody types proves none (C11)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from core import clock
from core.errors import BadInput, Missing
from firepoints import checks
from firepoints.evidence.pieces import evidence_store
from firepoints.models import FirePoint, JointAttendance, Ruling, ServedNotice
from tests.factories import points as make
from tests.factories.city import EAST, ON_THE_BORDER, City


def settle(city: City, point: FirePoint, notices, **party):
    parties = make.attendance(east="absent", notices=notices)
    parties[-1] |= party
    evidence = make.uuids(make.scan(point, city.clerk))
    return make.take(
        point, "settle_jointly", city.clerk,
        conclusion="true", county_code=EAST, attendances=parties, evidence=evidence,
    )  # fmt: skip


@pytest.fixture
def point(city: City) -> FirePoint:
    return make.joint(city, at=ON_THE_BORDER)


@pytest.mark.embedded
def test_an_absence_rests_on_two_served_papers(city: City, point: FirePoint) -> None:
    notices = make.served(point, city.clerk)
    settled = settle(city, point, notices)
    row = JointAttendance.objects.get(verification=settled.verification, county_code=EAST)
    assert (row.outcome, row.notices_sent, row.is_registered_number) == ("absent", 2, False)
    assert [str(one.scan.uuid) for one in row.notices.all()] == [one["scan"] for one in notices]
    assert (row.first_served_on.isoformat(), row.last_served_on.isoformat()) == (
        notices[0]["served_on"], notices[1]["served_on"],
    )  # fmt: skip
    assert checks.problems() == []


@pytest.mark.parametrize("notices", [None, [], "one"])
def test_a_number_that_somebody_types_is_no_notice(city: City, point: FirePoint, notices) -> None:
    papers = make.served(point, city.clerk)[:1] if notices == "one" else notices
    with pytest.raises(Missing, match="east 缺席要先送达 2 次通知") as refused:
        settle(city, point, papers, notices_sent=9)
    assert refused.value.requirements == ["attendances 第 3 项 notices"]


def test_a_notice_says_what_is_wrong_with_it(city: City, point: FirePoint) -> None:
    good = make.served(point, city.clerk)
    tomorrow = (clock.today_beijing() + timedelta(days=1)).isoformat()
    before_the_fire = (point.burn_date - timedelta(days=1)).isoformat()
    photo, blank = make.photo(point, city.clerk), b"%PDF-1.4 x"
    empty = evidence_store(point=point, actor=city.clerk, uuid=uuid4(), file=blank, kind="scan")
    for change, words in (
        ({"served_on": tomorrow}, "晚于今天"),
        ({"served_on": before_the_fire}, "早于起火"),
        ({"served_on": "昨天"}, "YYYY-MM-DD"),
        ({"addressee": " "}, "addressee"),
        ({"scan": str(photo.uuid)}, "扫描件"),
        ({"scan": str(empty.uuid)}, "打不开"),
        ({"scan": str(uuid4())}, "没有到达"),
        ({"scan": good[0]["scan"]}, "同一份"),
        ({"why": "?"}, "why"),
    ):
        with pytest.raises((BadInput, Missing), match=words):
            settle(city, point, [good[0], {**good[1], **change}])
    with pytest.raises(BadInput, match="先后"):
        settle(city, point, good[::-1])


def test_how_many_papers_is_a_ruling(city: City, point: FirePoint) -> None:
    Ruling.objects.create(key="joint_notices", valid_from="2016-01-01", value=3, document_no="演示〔2016〕2号")
    with pytest.raises(Missing, match="送达 3 次"):
        settle(city, point, make.served(point, city.clerk))
    assert settle(city, point, make.served(point, city.clerk, times=3)).state == "verified"


def test_the_table_refuses_an_absence_on_nothing(city: City, point: FirePoint) -> None:
    settled = settle(city, point, make.served(point, city.clerk))
    row = {"verification": settled.verification, "party": "乙县", "county_code": EAST, "outcome": "absent"}
    for facts in ({}, {"notices_sent": 2}, {"notices_sent": 2, "first_served_on": "2023-10-09"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            JointAttendance.objects.create(**row, **facts)


def test_the_nightly_check_counts_the_papers_again(city: City, point: FirePoint) -> None:
    settled = settle(city, point, make.served(point, city.clerk))
    days = {"first_served_on": "2023-10-09", "last_served_on": "2023-10-10"}
    JointAttendance.objects.create(
        verification=settled.verification, party="丙县", county_code="210592", outcome="absent", notices_sent=2, **days
    )
    assert ServedNotice.objects.count() == 2
    assert [one for one in checks.problems() if "送达" in one] == [
        f"{point} 的联合核实：丙县 缺席写 2 次送达，记录里有 0 份。"
    ]
