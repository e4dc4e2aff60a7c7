"""A row that comes again to a point past suspicion, corrected or after a withdrawal, is no second fire until a person says so."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import Conflict, Missing, NotAllowed
from firepoints import checks
from firepoints.feedback.answers import answers_of
from firepoints.feedback.fates import fates_of
from firepoints.forming import plan
from firepoints.life.came_again import came_again_answer
from firepoints.models import FirePoint, ImportRun, Membership, Question
from firepoints.sightings.importing.reading import ListName
from firepoints.steps import questions
from firepoints.terms.states import State
from tests.factories import points as make
from tests.factories.city import City
from tests.firepoints.small_lists import line, near

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
Lists = Callable[..., ImportRun]
Kind = Question.Kind


def first_point(lists: Lists, *lines: str) -> tuple[ImportRun, FirePoint]:
    run = lists(*(lines or (line(1),)))
    return run, FirePoint.objects.order_by("pk").get(memberships__detection__run=run, memberships__is_active=True)


def brought_to(city: City, point: FirePoint, state: str) -> FirePoint:
    """The point after the acts that lead to a state."""
    steps = {
        "dispatched": ["dispatch"],
        "joint": ["dispatch", "dispute"],
        "verified": ["dispatch", "report"],
        "recognised": ["dispatch", "report", "recognise"],
        "final": ["dispatch", "report", "recognise", "notify", "waive"],
        "excluded": ["dispatch", "deny", "exclude"],
    }
    for action in steps[state]:
        point = ACTS[action](city, point)
    return point


def _report(city: City, point: FirePoint) -> FirePoint:
    return make.take(point, "report", city.west, conclusion="true", evidence=make.uuids(make.photo(point, city.west)))


def _deny(city: City, point: FirePoint) -> FirePoint:
    pieces = [*(make.photo(point, city.west) for _ in range(3)), make.track(point, city.west, rows=7)]
    given = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", "evidence": make.uuids(*pieces)}
    return make.take(point, "report", city.west, **given)


ACTS: dict[str, Callable[[City, FirePoint], FirePoint]] = {
    "dispatch": lambda city, point: make.take(point, "dispatch", city.clerk),
    "dispute": lambda city, point: make.take(point, "dispute", city.west, reason="不在本县"),
    "report": _report,
    "deny": _deny,
    "recognise": lambda city, point: make.take(point, "recognise", city.recogniser, reason="证据充分"),
    "exclude": lambda city, point: make.take(point, "exclude", city.recogniser, reason="确系荒草"),
    "notify": lambda city, point: make.take(point, "notify", city.clerk),
    "waive": lambda city, point: make.take(point, "waive", city.west, document_no="演示函〔2023〕1号"),
}
STATES = ("dispatched", "joint", "verified", "recognised", "final", "excluded")
CORRECTIONS = {
    "a minute later": line(1, time="13:06"),
    "100 m off": line(1, near(100)),
    "300 m off": line(1, near(300)),
}


def waiting(point: FirePoint) -> Question:
    return Question.objects.unanswered().get(point=point, kind=Kind.CAME_AGAIN)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("corrected", CORRECTIONS.values(), ids=CORRECTIONS)
def test_a_corrected_row_of_a_point_past_suspicion_waits_there_and_opens_none(
    city: City, lists: Lists, state: str, corrected: str
) -> None:
    run, point = first_point(lists)
    point = brought_to(city, point, state)
    lists(corrected, name="更正.csv", supersedes=str(run.uuid))
    assert list(FirePoint.objects.all()) == [point]
    row = waiting(point)
    assert row.stops_money
    assert not Membership.objects.filter(detection=row.detection).exists()
    assert point.memberships.filter(is_active=True).exists(), "it is not left empty while its fire gets a second number"
    assert FirePoint.objects.filter(questions.stops_money(), pk=point.pk).exists()


@pytest.mark.parametrize("state", STATES)
def test_a_number_given_to_a_far_place_opens_a_point_that_asks_about_the_one_that_had_it(
    city: City, lists: Lists, state: str
) -> None:
    run, point = first_point(lists)
    point = brought_to(city, point, state)
    corrected = lists(line(1, near(5000)), name="更正.csv", supersedes=str(run.uuid))
    own = FirePoint.objects.get(memberships__detection__run=corrected)
    row = Question.objects.unanswered().get(point=own, kind=Kind.NEAR)
    assert (row.other, row.stops_money) == (point, True)
    assert "相距 5.0 公里" in row.words
    assert set(FirePoint.objects.filter(questions.stops_money())) == {own, point}
    untouched = lists(line(1, near(9000)), name="再更正.csv", supersedes=str(corrected.uuid))
    assert not Question.objects.filter(kind=Kind.NEAR, detection__run=untouched).exists()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_a_withdrawn_file_that_is_imported_again_waits_at_its_points(
    city: City, lists: Lists, state: str, datum: str
) -> None:
    run, point = first_point(lists)
    point = brought_to(city, point, state)
    make.withdraw(run, city.clerk, "坐标系填错")
    again = lists(line(1), datum=datum)
    assert list(FirePoint.objects.all()) == [point]
    assert waiting(point).detection.run == again


def test_another_file_with_the_withdrawn_row_waits_too(city: City, lists: Lists) -> None:
    run, point = first_point(lists)
    point = brought_to(city, point, "final")
    make.withdraw(run, city.clerk, "期号填错")
    lists(line(7, near(300), time="13:09"), name="另一份.csv", known=ListName("省厅", "", "29"))
    assert list(FirePoint.objects.all()) == [point]
    assert waiting(point).words


def test_a_suspicion_that_nobody_acted_on_follows_its_corrected_row_as_ever(lists: Lists) -> None:
    run, _ = first_point(lists)
    lists(line(1, near(300)), name="更正.csv", supersedes=str(run.uuid))
    assert not Question.objects.filter(kind=Kind.CAME_AGAIN).exists()
    assert FirePoint.objects.exclude(state=State.CLOSED).count() == 1


def corrected_of(
    city: City, lists: Lists, state: str, *, corrected: str = line(1, near(300))
) -> tuple[FirePoint, Question]:
    run, point = first_point(lists)
    point = brought_to(city, point, state)
    lists(corrected, name="更正.csv", supersedes=str(run.uuid))
    return FirePoint.objects.get(pk=point.pk), waiting(point)


@pytest.mark.parametrize("state", STATES)
def test_the_same_fire_joins_its_point_and_answers_what_its_going_had_raised(
    city: City, lists: Lists, state: str
) -> None:
    point, row = corrected_of(city, lists, state)
    before = (point.recognition_id, point.counted, point.number)
    came_again_answer(question_id=row.pk, actor=city.recogniser, answer="same", reason="只改了坐标")
    point.refresh_from_db()
    assert (point.recognition_id, point.counted, point.number) == before
    assert make.asked(point) == ""
    assert Membership.objects.get(detection=row.detection, is_active=True).point == point
    assert list(FirePoint.objects.all()) == [point]
    assert checks.problems() == []


@pytest.mark.parametrize("state", ["dispatched", "final"])
def test_a_row_that_joins_is_compared_with_what_came_while_it_waited(city: City, lists: Lists, state: str) -> None:
    point, row = corrected_of(city, lists, state, corrected=line(1, near(1900)))
    run = lists(line(9, near(4200), time="15:00"), name="又一份.csv", known=ListName("省厅", "", "29"))
    other = FirePoint.objects.get(memberships__detection__run=run)
    assert not Question.objects.filter(kind=Kind.NEAR).exists()
    came_again_answer(question_id=row.pk, actor=city.recogniser, answer="same", reason="只改了坐标")
    question = Question.objects.unanswered().get(kind=Kind.NEAR)
    assert (question.point, question.other) == (point, other)
    assert FirePoint.objects.filter(questions.stops_money(), pk=point.pk).exists()


def test_what_joins_an_undecided_point_takes_the_place_of_the_row_that_is_gone(city: City, lists: Lists) -> None:
    point, row = corrected_of(city, lists, "verified")
    came_again_answer(question_id=row.pk, actor=city.recogniser, answer="same", reason="只改了坐标")
    members = point.memberships.filter(is_active=True)
    assert [member.detection for member in members] == [row.detection]
    recognised = make.take(point, "recognise", city.recogniser, reason="证据充分")
    assert recognised.recognition.charged_detection == row.detection


@pytest.mark.parametrize("state", STATES)
def test_another_fire_gets_a_suspicion_of_its_own_that_nobody_asks_about_again(
    city: City, lists: Lists, state: str
) -> None:
    point, row = corrected_of(city, lists, state)
    came_again_answer(question_id=row.pk, actor=city.recogniser, answer="apart", reason="另一块地")
    own = FirePoint.objects.exclude(pk=point.pk).get()
    assert (own.state, make.asked(own)) == (State.SUSPECTED, "")
    assert "更正" in make.asked(point), "its own row is still gone"
    lists(line(9, near(9000)), name="另一份.csv", known=ListName("省厅", "", "30"))
    assert make.asked(FirePoint.objects.get(pk=own.pk)) == ""


def test_money_waits_for_the_answer_and_the_second_fire_alone_adds_to_it(city: City, lists: Lists) -> None:
    point, row = corrected_of(city, lists, "final")
    assert FirePoint.objects.filter(questions.stops_money()).get() == point
    came_again_answer(question_id=row.pk, actor=city.recogniser, answer="same", reason="只改了坐标")
    assert not FirePoint.objects.filter(questions.stops_money()).exists()
    assert FirePoint.objects.filter(counted=True).count() == 1


def test_a_row_out_of_force_carries_no_charge(city: City, lists: Lists) -> None:
    point, _ = corrected_of(city, lists, "verified")
    for row in Question.objects.unanswered().filter(point=point).exclude(kind=Kind.CAME_AGAIN):
        make.take(point, "review", city.clerk, reason="看过", questions=[row.pk])
    Question.objects.unanswered().filter(kind=Kind.CAME_AGAIN).update(
        answered_at=make.BURNT_AT, answered_by=None, answer="moot", reason="又来的一行已撤回"
    )
    with pytest.raises(Missing):
        make.take(point, "recognise", city.recogniser, reason="证据充分")


def test_who_may_say_what_it_is(city: City, lists: Lists) -> None:
    _, row = corrected_of(city, lists, "final")
    for actor in (city.west, city.inspector, city.finance, city.auditor, city.clerk):
        with pytest.raises(NotAllowed):
            came_again_answer(question_id=row.pk, actor=actor, answer="same", reason="只改了坐标")
    with pytest.raises(Conflict, match="不能不采用"):
        came_again_answer(question_id=row.pk, actor=city.recogniser, answer="nothing", reason="不用")
    with pytest.raises(Missing):
        came_again_answer(question_id=row.pk, actor=city.recogniser, answer="same", reason=" ")
    came_again_answer(question_id=row.pk, actor=city.recogniser, answer="same", reason="只改了坐标")
    with pytest.raises(Conflict) as again:
        came_again_answer(question_id=row.pk, actor=city.recogniser, answer="apart", reason="改口")
    assert again.value.code == "answered_already"


def test_a_clerk_alone_does_not_make_a_far_row_part_of_a_point(city: City, lists: Lists) -> None:
    _, row = corrected_of(city, lists, "dispatched")
    far = make.dispatched(city, at=near(9000))
    with pytest.raises(NotAllowed):
        came_again_answer(question_id=row.pk, actor=city.clerk, answer="same", reason="同一处", into=far.pk)
    came_again_answer(question_id=row.pk, actor=city.clerk, answer="apart", reason="另一处")


def test_a_review_does_not_answer_for_the_row(city: City, lists: Lists) -> None:
    point, row = corrected_of(city, lists, "final")
    with pytest.raises(Conflict):
        make.take(point, "stand", city.recogniser, reason="维持", questions=[row.pk])
    make.take(point, "stand", city.recogniser, reason="维持")
    row.refresh_from_db()
    assert row.answered_at is None


def test_the_row_is_seen_where_it_waits_and_never_lost(city: City, lists: Lists) -> None:
    point, row = corrected_of(city, lists, "final")
    run = row.detection.run
    raw = run.raw_rows.get(detection=row.detection)
    (fate,) = [fate for fate in fates_of(run, [raw])[(raw.row_no, raw.sheet)] if fate.is_open]
    assert str(point) in fate.text
    assert [(answer.answer.verdict, answer.answer.is_final) for answer in answers_of(run)] == [("核实中", False)]
    client = Client()
    client.force_login(city.recogniser)
    assert row.words in client.get(reverse("firepoints:detail", args=[point.pk])).content.decode()
    assert "1 件等待归处的行" in client.get("/").content.decode()
    page = client.get(reverse("imports:outside_findings")).content.decode()
    assert row.words in page
    assert "另是一处" in page
    assert "自成一处\n" not in page
    answer = {"answer": "same", "reason": "只改了坐标"}
    assert client.post(reverse("imports:outside_finding", args=[row.pk]), answer).status_code == 302
    row.refresh_from_db()
    assert (row.answer, row.answered_by) == ("same", city.recogniser)


def test_where_its_point_ends_the_row_still_waits(city: City, lists: Lists) -> None:
    point, row = corrected_of(city, lists, "dispatched")
    other = make.dispatched(city, at=near(3000))
    make.take(point, "merge", city.clerk, into=other.pk, reason="同一处")
    carried = waiting(other)
    assert carried.detection == row.detection


def test_grouping_the_run_again_asks_nothing_twice(city: City, lists: Lists) -> None:
    _, row = corrected_of(city, lists, "final")
    plan.group_run(run=row.detection.run, actor=city.system)
    assert Question.objects.filter(kind=Kind.CAME_AGAIN).count() == 1
    assert FirePoint.objects.count() == 1


def test_a_withdrawn_correction_takes_its_question_along(city: City, lists: Lists) -> None:
    point, row = corrected_of(city, lists, "final")
    make.withdraw(row.detection.run, city.clerk, "更正发错了")
    row.refresh_from_db()
    assert row.answer == "moot"
    assert "来过的一行" not in make.asked(point)
