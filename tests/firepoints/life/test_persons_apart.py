"""认定人 is none of those who made the case: who verified, filed its evidence or found the fire does not decide it."""

import pytest

from core.errors import NotAllowed
from firepoints.models import FirePoint
from firepoints.terms.states import State
from grids.models import User
from grids.roles import PostKind
from tests.factories import points as make
from tests.factories.city import CITY, WEST, City, hold, person

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def both(city: City) -> User:
    """A 认定人 who is clerk too."""
    user = person("both", PostKind.BUREAU, CITY)
    hold(user, PostKind.RECOGNISER, CITY)
    return user


def refused(point: FirePoint, by: User, match: str) -> None:
    for action in ("recognise", "exclude"):
        with pytest.raises(NotAllowed, match=match):
            make.take(point, action, by, reason="试")
    assert FirePoint.objects.get(pk=point.pk).state == State.VERIFIED


def test_who_filed_a_photo_or_a_scan_does_not_decide(city: City, both: User) -> None:
    point = make.dispatched(city)
    make.photo(point, both)
    paper = make.scan(point, both)
    evidence = make.uuids(make.photo(point, city.clerk), paper)
    point = make.take(point, "report_on_behalf", city.clerk, conclusion="true", evidence=evidence)
    refused(point, both, "上传佐证的人")
    assert make.take(point, "recognise", city.recogniser, reason="属实").counted is True


def test_who_filed_for_a_point_that_was_merged_into_it_does_not_decide_either(city: City, both: User) -> None:
    point, gone = make.verified(city), make.suspected(source="firms", at=(123.752, 41.252))
    make.photo(gone, both)
    make.take(gone, "merge", city.clerk, into=point.pk, reason="同一处")
    refused(FirePoint.objects.get(pk=point.pk), both, "上传佐证的人")


def test_who_found_the_fire_does_not_decide_and_who_imported_the_list_may(city: City, both: User) -> None:
    make.run_of("patrol", actor=both)
    make.run_of("provincial_list", actor=both)
    refused(make.verified(city, source="patrol"), both, "发现人")
    assert make.take(make.verified(city), "recognise", both, reason="属实").counted is True


def test_who_wrote_the_joint_record_does_not_decide(city: City, both: User) -> None:
    point = make.joint(city)
    point = make.take(
        point, "settle_jointly", both, conclusion="true", county_code=WEST, attendances=make.attendance(),
        evidence=make.uuids(make.photo(point, city.clerk), make.scan(point, city.clerk)),
    )  # fmt: skip
    refused(point, both, "核实人")


def test_two_accounts_of_one_person_are_one_person(city: City, both: User) -> None:
    User.objects.filter(pk__in=[both.pk, city.recogniser.pk]).update(full_name="演示同一人", phone="000-0000-0001")
    point = make.dispatched(city)
    evidence = make.uuids(make.photo(point, both), make.scan(point, both))
    point = make.take(point, "report_on_behalf", both, conclusion="true", evidence=evidence)
    refused(point, User.objects.get(pk=city.recogniser.pk), "核实人")


def test_a_second_person_of_an_exclusion_had_no_part_in_the_case_either(city: City, both: User) -> None:
    point = make.dispatched(city)
    evidence = make.uuids(make.photo(point, both), make.scan(point, city.clerk))
    point = make.take(point, "report_on_behalf", city.clerk, conclusion="true", evidence=evidence)
    proposal = make.proposed(point, "exclude", city.recogniser, reason="不计入")
    with pytest.raises(NotAllowed, match="上传佐证的人"):
        make.accept(proposal, by=both)
    make.accept(proposal)
    assert FirePoint.objects.get(pk=point.pk).counted is False
