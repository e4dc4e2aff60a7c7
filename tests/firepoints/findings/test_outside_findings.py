"""Who reports over the border of his county learns nothing of it and changes nothing there until the bureau has looked."""

import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import BadInput, Conflict, Missing, NotAllowed
from firepoints import checks
from firepoints.findings.intake import finding_record
from firepoints.forming.outside_findings import outside_finding_answer
from firepoints.models import Detection, FirePoint, ImportRun, Membership, Question
from firepoints.sightings.importing.withdrawing import import_withdraw
from firepoints.terms.states import State
from grids.models import User
from grids.roles import Level, PostKind
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import IN_EAST, IN_WEST, WEST, City, person
from tests.firepoints.forming.test_grouping_points import HOUR, grouped

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
JUST_WEST = (123.7995, 41.25)
ACROSS = (123.8008, 41.25)
SECRETS = ("HD2023-", "疑似-", "归入")
STATES = ("已派发", "已核实", "已认定", "待认定", "异议", "待核实")


@pytest.fixture
def inspector(city: City) -> User:
    return person("cao", PostKind.INSPECTOR, f"{WEST}001", level=Level.TOWNSHIP)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def found(at: tuple[float, float], **given) -> dict:
    return {
        "uuid": str(uuid.uuid4()), "found_at": "2023-10-07T13:40:00+08:00", "kind": "fire", "lon": at[0], "lat": at[1],
        **given,
    }  # fmt: skip


def by_page(user: User, at: tuple[float, float]) -> ImportRun:
    """Files by the page, which leads to the finding's own or, in one's cell, to the point's."""
    client = client_of(user)
    form = {**found(at), "found_at": "2023-10-07T13:40", "source": "township_found", "datum": "wgs84"}
    answer = client.post(reverse("imports:finding"), form, follow=True)
    assert answer.status_code == 200
    run = ImportRun.objects.latest("pk")
    run.answer = answer.content.decode()
    return run


def learnt(user: User, run: ImportRun, point: FirePoint | None = None) -> list[str]:
    """What the finder can read of a point that is not his, on the answer, on his pages and in the API."""
    client = client_of(user)

    def text(*pages: str) -> str:
        return "".join(client.get(page).content.decode() for page in pages)

    own = text(reverse("imports:findings"), reverse("imports:finding_page", args=[run.uuid])) + run.answer
    own += text(f"/api/imports/{run.uuid}/", f"/api/imports/{run.uuid}/rows/", "/api/sightings/", "/api/fire-points/")
    lists = text("/fire-points/?state=all", "/")  # these name every state among their filters
    link = [f"/fire-points/{point.pk}/"] if point else []
    return [one for one in (*SECRETS, *link) if one in own + lists] + [one for one in STATES if one in own]


def by_api(user: User, at: tuple[float, float]) -> dict:
    sent = {**found(at), "source": "township_found"}
    answer = client_of(user).post("/api/sightings/", json.dumps(sent), content_type="application/json")
    assert answer.status_code == 201
    return answer.json()


@pytest.mark.parametrize("state", ["suspected", "dispatched", "verified", "negative", "recognised", "final"])
def test_at_another_countys_fire_the_finder_reads_received_and_nothing_joins(
    city: City, inspector: User, state: str
) -> None:
    point = getattr(make, state)(city, at=IN_EAST) if state != "suspected" else make.suspected(at=IN_EAST)
    before = point.memberships.count()
    run = by_page(inspector, IN_EAST)
    assert "已收" in run.answer
    assert learnt(inspector, run, point) == []
    answer = by_api(inspector, IN_EAST)
    assert (answer["point"], answer["receipt"]["outcome"]) == (None, "kept")
    assert (FirePoint.objects.count(), point.memberships.count()) == (1, before)
    rows = Question.objects.filter(kind=Question.Kind.OUTSIDE_FINDING)
    assert [(row.point_id, row.asked_by) for row in rows] == [(point.pk, inspector)] * 2
    assert "甲县" in rows[0].words
    assert Entry.objects.filter(act="question.asked").count() == 2


def test_the_same_is_read_where_nothing_burns_and_no_point_is_made_there(city: City, inspector: User) -> None:
    nowhere = by_page(inspector, IN_EAST)
    (row,) = Question.objects.all()
    assert (FirePoint.objects.count(), Membership.objects.count(), row.point) == (0, 0, None)
    assert "附近没有火点" in row.words
    make.dispatched(city, at=IN_EAST)
    at_a_fire = by_page(inspector, IN_EAST)
    for run in (nowhere, at_a_fire):
        assert "已收" in run.answer
        assert learnt(inspector, run) == []


def test_a_finding_in_ones_own_county_that_touches_a_point_of_another_waits_too(city: City, inspector: User) -> None:
    point = make.suspected(at=ACROSS)
    FirePoint.objects.filter(pk=point.pk).update(county_code="210591", is_cross=False)  # as a joint record leaves it
    assert learnt(inspector, by_page(inspector, JUST_WEST), point) == []
    assert (FirePoint.objects.count(), Membership.objects.count()) == (1, 1)
    assert Question.objects.get(kind=Question.Kind.OUTSIDE_FINDING).point == point


def test_within_ones_county_a_finding_attaches_and_outside_ones_cells_that_is_all_one_reads(
    city: City, inspector: User
) -> None:
    north = (123.75, 41.35)
    point = make.dispatched(city, at=north)
    run = by_page(inspector, north)
    assert "已收" in run.answer
    assert learnt(inspector, run, point) == []
    assert (point.memberships.count(), Question.objects.count()) == (2, 0)
    assert "归入" in by_page(inspector, IN_WEST).answer, "his own cell he may see"


def test_the_bureau_sees_the_whole_and_its_own_findings_wait_for_nobody(city: City, inspector: User) -> None:
    point = make.dispatched(city, at=IN_EAST)
    by_page(inspector, IN_EAST)
    clerk = client_of(city.clerk)
    run = ImportRun.objects.latest("pk")
    page = clerk.get(reverse("imports:outside_findings")).content.decode()
    assert point.number in page
    assert "1 件等待归处的行" in clerk.get("/").content.decode()
    assert clerk.get(f"/fire-points/{point.pk}/").content.decode().count("甲县人员上报的") >= 2
    assert client_of(city.west).get(reverse("imports:outside_findings")).status_code == 403
    assert clerk.get(reverse("imports:finding_page", args=[run.uuid])).status_code == 200
    finding_record(data=found(IN_EAST), actor=city.clerk, source_code="patrol")
    assert point.memberships.count() == 2


def asked(inspector: User) -> Question:
    finding_record(data=found(IN_EAST), actor=inspector, source_code="township_found")
    return Question.objects.unanswered().get(kind=Question.Kind.OUTSIDE_FINDING)


@pytest.mark.parametrize("later", [1, 2])
def test_no_later_import_takes_in_what_waits_or_came_to_nothing(city: City, inspector: User, later: int) -> None:
    point = make.suspected(at=IN_EAST)
    row = asked(inspector)
    if later == 2:
        outside_finding_answer(question_id=row.pk, actor=city.clerk, answer="nothing", reason="炊烟")
    grouped(city, make.detection(at=IN_EAST, when=make.BURNT_AT + HOUR))
    assert point.memberships.filter(is_active=True).count() == 2
    assert not Membership.objects.filter(detection=row.detection).exists()


def test_the_bureau_lets_it_join(city: City, inspector: User) -> None:
    point = make.dispatched(city, at=IN_EAST)
    row = asked(inspector)
    for wrong in (inspector, city.east, city.recogniser):
        with pytest.raises(NotAllowed):
            outside_finding_answer(question_id=row.pk, actor=wrong, answer="attached", reason="同一处")
    with pytest.raises(BadInput):
        outside_finding_answer(question_id=row.pk, actor=city.clerk, answer="kept", reason="同一处")
    with pytest.raises(Missing):
        outside_finding_answer(question_id=row.pk, actor=city.clerk, answer="attached", reason=" ")
    answer = client_of(city.clerk).post(
        reverse("imports:outside_finding", args=[row.pk]), {"answer": "attached", "reason": "同一处"}
    )
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.answer, row.answered_by, row.reason) == ("attached", city.clerk, "同一处")
    assert Membership.objects.get(detection=row.detection, is_active=True).point == point
    with pytest.raises(Conflict):
        outside_finding_answer(question_id=row.pk, actor=city.clerk, answer="nothing", reason="再答")
    late = client_of(city.clerk).post(
        reverse("imports:outside_finding", args=[row.pk]), {"answer": "nothing", "reason": "再答"}
    )
    assert late.status_code == 409
    assert "已经答复" in late.content.decode()
    run = row.detection.run
    run.answer = ""
    assert learnt(inspector, run, point) == [], "nor later"


def test_the_bureau_makes_it_a_point_of_its_own_that_stays_apart(city: City, inspector: User) -> None:
    point = make.suspected(at=IN_EAST)
    row = asked(inspector)
    outside_finding_answer(question_id=row.pk, actor=city.clerk, answer="own_point", reason="另一块地")
    own = Membership.objects.get(detection=row.detection, is_active=True).point
    assert (own.state, own.county_code) == (State.SUSPECTED, "210591")
    grouped(city, make.detection(at=IN_EAST, when=make.BURNT_AT + HOUR))
    states = set(FirePoint.objects.filter(pk__in=[own.pk, point.pk]).values_list("state", flat=True))
    assert states == {State.SUSPECTED}, "the two are not joined by what comes later"


def test_without_a_point_it_is_said_which_and_a_decided_one_takes_nothing_in(city: City, inspector: User) -> None:
    row = asked(inspector)
    with pytest.raises(Missing):
        outside_finding_answer(question_id=row.pk, actor=city.clerk, answer="attached", reason="同一处")
    decided = make.recognised(city, at=IN_EAST)
    with pytest.raises(Conflict):
        outside_finding_answer(
            question_id=row.pk, actor=city.clerk, answer="attached", reason="同一处", into=decided.number
        )
    row.refresh_from_db()
    assert row.answered_at is None
    near = make.dispatched(city, at=IN_EAST)
    outside_finding_answer(question_id=row.pk, actor=city.clerk, answer="attached", reason="同一处", into=near.number)
    assert Membership.objects.get(detection=row.detection).point == near


def test_the_form_speaks_of_this_point_only_where_there_is_one(city: City, inspector: User) -> None:
    by_page(inspector, IN_EAST)
    page = reverse("imports:outside_findings")
    without = client_of(city.clerk).get(page).content.decode()
    assert "归入时必填" in without
    assert "归入提出问题的这一处" not in without
    assert "归入这一处" not in without.split('<form class="frm"')[1]
    make.dispatched(city, at=IN_EAST)
    by_page(inspector, IN_EAST)
    assert "归入提出问题的这一处" in client_of(city.clerk).get(page).content.decode()


def test_a_countys_own_finding_stops_no_decision_and_a_review_does_not_answer_it(city: City, inspector: User) -> None:
    point = make.verified(city, at=IN_EAST)
    row = asked(inspector)
    point.refresh_from_db()
    assert not row.stops_money
    with pytest.raises(Missing):
        make.take(point, "review", city.clerk, reason="看过")
    make.ask(point, "另一个问题")
    with pytest.raises(Conflict):
        make.take(point, "review", city.clerk, reason="看过", questions=[row.pk])
    make.take(point, "review", city.clerk, reason="看过")
    make.take(point, "recognise", city.recogniser, reason="证据充分")
    row.refresh_from_db()
    assert row.answered_at is None


def test_a_point_that_closes_or_merges_leaves_the_finding_waiting(city: City, inspector: User) -> None:
    point = make.suspected(at=IN_EAST, source="firms")
    row = asked(inspector)
    point.refresh_from_db()
    make.take(point, "close", city.clerk, reason="不是火")
    left = Question.objects.unanswered().get()
    assert (left.point, left.detection_id, left.came_from) == (None, row.detection_id, row)
    assert checks.problems() == []


def test_a_withdrawn_finding_waits_no_more(city: City, inspector: User) -> None:
    make.suspected(at=IN_EAST)
    row = asked(inspector)
    import_withdraw(run=str(row.detection.run.uuid), actor=city.clerk, reason="报错了")
    row.refresh_from_db()
    assert (row.answer, row.answered_by) == ("moot", None)
    assert Entry.objects.filter(act="question.closed").count() == 1
    assert Detection.objects.count() == 2


def test_the_api_lists_what_waits_and_takes_the_answer(city: City, inspector: User) -> None:
    point = make.dispatched(city, at=IN_EAST)
    row = asked(inspector)
    clerk, url = client_of(city.clerk), f"/api/outside-findings/{row.pk}/"
    (listed,) = clerk.get("/api/outside-findings/").json()
    assert (listed["id"], listed["point"], listed["sighting"]) == (row.pk, point.pk, row.detection_id)
    given = json.dumps({"answer": "attached", "reason": "同一处"})
    assert client_of(city.recogniser).get("/api/outside-findings/").json() == [], (
        "he answers rows that came again alone"
    )
    for user in (inspector, city.east, city.recogniser):
        assert user == city.recogniser or client_of(user).get("/api/outside-findings/").status_code == 403
        assert client_of(user).post(url, given, content_type="application/json").status_code == 403
    assert clerk.post(url, given, content_type="application/json").json()["answer"] == "attached"
    again = clerk.post(url, given, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "answered_already")
    assert clerk.post(f"/api/outside-findings/{10**20}/", given, content_type="application/json").status_code == 404
    told = clerk.get(f"/api/fire-points/{point.pk}/").json()["questions"]
    assert [(one["kind"], one["answer"], one["answered_by"]) for one in told] == [
        ("outside_finding", "attached", city.clerk.pk)
    ]
