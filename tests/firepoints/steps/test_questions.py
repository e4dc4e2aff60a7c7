"""Open questions are rows: each keeps its words whole, is answered once, moves with its sightings, and comes only once."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core.db import triggers
from core.errors import AppendOnly, BadInput, Conflict, Missing, StaleVersion
from firepoints import checks
from firepoints.feedback.sending import final_word_record
from firepoints.forming.doubts import Kind
from firepoints.forming.points import attach_detections, release_detections
from firepoints.life.act import act
from firepoints.models import Detection, FirePoint, ImportRun, Question, RawRow
from firepoints.pages.points.filters import Wanted
from firepoints.sightings.in_force import Departure
from firepoints.sightings.lists.correcting import release_rows
from firepoints.steps import describe, questions
from firepoints.steps.asking import Asking
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import State
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import IN_EAST, IN_WEST, WEST, City
from tests.firepoints.forming.test_grouping_points import HOUR, east_of, grouped, point_of

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
Answer = Question.Answer
SIX = ("several_sites", "stated_county", "datum", "earlier_finding", "new_county", "issuer_disagrees")
LONG = "与疑似火点的范围相接，" * 30


def answers(point: FirePoint) -> list[tuple[str, str]]:
    return [(row.kind, row.answer) for row in Question.objects.filter(point=point).order_by("pk")]


def test_six_questions_are_kept_whole_and_the_guard_names_each(city: City) -> None:
    point = make.verified(city)
    asking = Asking()
    asking.ask([(point, Doubt(kind, f"{kind}：{LONG}")) for kind in SIX])
    assert [row.words for row in Question.objects.filter(point=point)] == [f"{kind}：{LONG}" for kind in SIX]
    with pytest.raises(Missing) as refused:
        make.take(point, "recognise", city.recogniser, reason="证据充分")
    assert all(f"{kind}：{LONG}" in refused.value.message for kind in SIX)


def list_row(sighting: Detection) -> RawRow:
    return RawRow.objects.create(
        run=sighting.run, row_no=sighting.row_no, outcome=RawRow.Outcome.KEPT, detection=sighting, raw="{}"
    )


def say_no(point: FirePoint, actor, document: str) -> None:
    sighting = point.memberships.get().detection
    row = sighting.raw_rows.first() or list_row(sighting)
    final_word_record(
        row=row, actor=actor, accepted=False, document_no=document, document_date=date(2023, 11, 1), note=""
    )


def test_an_issuers_word_wipes_no_other_question_and_its_second_word_is_asked_after_an_answer(city: City) -> None:
    point = make.negative(city)
    make.ask(point, "疑为几处：相距 300 米", Kind.SEVERAL_SITES)
    say_no(point, city.clerk, "省环函〔2023〕9号")
    assert answers(point) == [("several_sites", ""), ("issuer_disagrees", "")]
    asked = Question.objects.get(kind=Kind.ISSUER_DISAGREES)
    assert (asked.asked_by, asked.detection_id) == (city.clerk, point.memberships.get().detection_id)
    point.refresh_from_db()
    make.take(point, "review", city.clerk, reason="看过", questions=[asked.pk])
    say_no(point, city.clerk, "省环函〔2023〕10号")
    say_no(point, city.clerk, "省环函〔2023〕11号")
    words = [(row.answer, "11号" in row.words) for row in Question.objects.filter(kind=Kind.ISSUER_DISAGREES)]
    assert words == [("kept", False), ("replaced", False), ("", True)]


def test_a_review_answers_the_questions_that_are_named_and_no_other(city: City) -> None:
    point = make.verified(city)
    first, second = (make.ask(point, kind, kind) for kind in ("datum", "new_county"))
    make.take(point, "review", city.clerk, reason="坐标系没有错", questions=[first.pk])
    assert answers(point) == [("datum", "kept"), ("new_county", "")]
    first.refresh_from_db()
    assert (first.answered_by, first.reason) == (city.clerk, "坐标系没有错")
    with pytest.raises(Missing):
        make.take(point, "recognise", city.recogniser, reason="证据充分")
    with pytest.raises(Conflict) as twice:
        make.take(point, "review", city.clerk, reason="再答一次", questions=[first.pk])
    assert twice.value.code == "answered_already"
    elsewhere = make.ask(make.suspected(at=IN_EAST), "别处的问题")
    for wrong in ([elsewhere.pk], ["x"], [0], [10**30]):
        with pytest.raises(BadInput):
            make.take(point, "review", city.clerk, reason="看过", questions=wrong)
    make.take(point, "review", city.clerk, reason="看过", questions=[second.pk])
    assert make.take(point, "recognise", city.recogniser, reason="证据充分").state == State.RECOGNISED


def test_more_touched_points_than_fit_a_line_are_all_held_apart_by_the_answer(city: City) -> None:
    """A cut sentence once lost “的范围相接”, and with it what 核对完毕 says of the two."""
    others = [make.dispatched(city, at=east_of(IN_WEST, 500 * at)) for at in range(1, 6)]
    point = make.suspected()
    asking = Asking()
    asking.ask([(point, Doubt(Kind.DATUM, LONG))])
    asking.ask([(point, Doubt(Kind.TOUCHES, f"与 {one} 的范围相接", other=one.pk)) for one in others])
    make.take(point, "review", city.clerk, reason="另是一处")
    step = point.steps.get(action="review")
    assert step.data["points"] == [point.pk, *(one.pk for one in others)]
    assert [len(part) for part in step.data["apart"]] == [1] * 6
    assert dict(answers(point)) == {"datum": "kept", "touches": "apart"}


def test_what_a_person_answered_is_asked_again_by_no_recompute(city: City) -> None:
    point = make.suspected()
    doubt = Doubt(Kind.STATED_COUNTY, "表列县不符", detection=point.memberships.get().detection_id)
    for _ in range(2):
        Asking().ask([(point, doubt)])
    make.take(point, "review", city.clerk, reason="清单写错")
    Asking().ask([(point, doubt)])
    assert answers(point) == [("stated_county", "kept")]
    into = make.suspected(at=east_of(IN_WEST, 4000))
    make.take(point, "merge", city.clerk, into=into.pk, reason="同一处")
    Asking().ask([(into, doubt)])
    assert answers(into) == [], "what was answered before the merge stays answered"


def test_a_merge_carries_what_is_open_and_answers_what_was_asked_about_the_two(city: City) -> None:
    survivor, gone, third = (make.suspected(at=east_of(IN_WEST, 2000 * at)) for at in range(3))
    own = make.ask(gone, "表列县不符", Kind.STATED_COUNTY, detection=gone.memberships.get().detection)
    make.ask(gone, "与另一处相接", Kind.TOUCHES, other=survivor)
    make.ask(gone, "没有边界", Kind.NO_EDITION)
    elsewhere = make.ask(third, "与被并入的相接", Kind.TOUCHES, other=gone)
    make.take(gone, "merge", city.clerk, into=survivor.pk, reason="同一处")
    assert answers(gone) == [("stated_county", "carried"), ("touches", "same"), ("no_edition", "moot")]
    copy = Question.objects.get(point=survivor)
    assert (copy.kind, copy.words, copy.detection_id, copy.came_from) == (own.kind, own.words, own.detection_id, own)
    assert [(row.answer, row.other_id) for row in Question.objects.filter(point=third)] == [
        ("carried", gone.pk),
        ("", survivor.pk),
    ]
    entry = Entry.objects.filter(act="fire_point.merged").latest("pk").after
    assert (entry["asked"]["count"], entry["answered"]["count"]) == (2, 4)
    assert checks.problems() == []

    gone.refresh_from_db()
    make.take(gone, "unmerge", city.clerk, reason="是两处")
    assert make.asked(gone) == "表列县不符"
    assert make.asked(survivor) == ""
    elsewhere = Question.objects.unanswered().get(point=third)
    assert elsewhere.other_id == gone.pk
    assert checks.problems() == []


def test_a_division_answers_how_many_sites_and_sends_the_rest_where_the_sighting_is(city: City) -> None:
    point = make.suspected()
    other = make.detection(at=east_of(IN_WEST, 3000), when=make.BURNT_AT + HOUR)
    attach_detections(point=point, detections=[other], actor=city.system)
    touched = make.dispatched(city, at=east_of(IN_WEST, -3000))
    first = Detection.objects.exclude(pk=other.pk).filter(memberships__point=point).get()
    make.ask(point, "疑为几处", Kind.SEVERAL_SITES)
    make.ask(point, "第一条的", Kind.ISSUER_DISAGREES, detection=first)
    make.ask(point, "第二条的", Kind.ISSUER_DISAGREES, detection=other)
    make.ask(point, "相接", Kind.TOUCHES, other=touched)
    point.refresh_from_db()
    make.take(point, "split", city.clerk, groups=[[first.pk], [other.pk]], reason="两处烧痕")
    part = point_of(other)
    assert answers(point) == [
        ("several_sites", "divided"),
        ("issuer_disagrees", ""),
        ("issuer_disagrees", "carried"),
        ("touches", ""),
    ]
    assert sorted(row.words for row in questions.open_by_point([part])[part.pk]) == ["相接", "第二条的"]


@pytest.mark.parametrize("state", ["dispatched", "recognised"])
def test_a_sighting_out_of_force_closes_its_own_questions_and_no_other(city: City, state: str) -> None:
    point = getattr(make, state)(city)
    sighting = point.memberships.get().detection
    make.ask(point, "表列县不符", Kind.STATED_COUNTY, detection=sighting)
    make.ask(point, "触及另一县", Kind.NEW_COUNTY)
    release_rows([sighting.pk], actor=city.clerk)
    assert answers(point) == [("stated_county", "moot"), ("new_county", ""), ("corrected", "")]
    moot = Question.objects.get(answer=Answer.MOOT)
    assert (moot.answered_by, moot.reason) == (None, "清单更正，由新的一行替代")
    gone = Departure(Kind.GONE, "更正的清单里已没有这一行")
    point.refresh_from_db()
    if state == "recognised":
        release_detections(detections=[sighting], actor=city.clerk, departure=gone)
        assert answers(point)[-2:] == [("corrected", ""), ("gone", "")]


def test_what_names_no_sighting_is_asked_of_every_part_of_a_division(city: City) -> None:
    """A question from before they were rows, or about a whole list, may be about any of the sightings."""
    point, other = make.suspected(), make.suspected(at=east_of(IN_WEST, 300))
    make.take(other, "merge", city.clerk, into=point.pk, reason="同一处")
    first, second = sorted(point.memberships.filter(is_active=True).values_list("detection_id", flat=True))
    make.ask(point, "局长说再看看", Kind.OTHER)
    make.ask(point, "没有边界", Kind.NO_EDITION)
    point.refresh_from_db()
    make.take(point, "split", city.clerk, groups=[[first], [second]], reason="两处")
    part = point_of(Detection.objects.get(pk=second))
    assert answers(part) == [("other", "")]
    assert ("other", "") in answers(point)


def test_a_suspicion_that_is_closed_leaves_nothing_open(city: City) -> None:
    point = make.suspected(source="firms")
    make.ask(point, "与另一处相接", Kind.TOUCHES, other=make.suspected(at=IN_EAST))
    make.take(point, "close", city.clerk, reason="不是火")
    assert answers(point) == [("touches", "moot")]
    make.ask(point, "写在关闭以后", Kind.DATUM)
    assert len(checks.problems()) == 1


def test_a_withdrawn_list_is_one_question_however_many_of_its_rows_stand(city: City) -> None:
    point = make.suspected()
    more = [make.detection(at=east_of(IN_WEST, at)) for at in (60, 120)]
    attach_detections(point=point, detections=more, actor=city.system)
    point.refresh_from_db()
    make.take(point, "dispatch", city.clerk)
    rows = list(Detection.objects.filter(memberships__point=point))
    release_detections(detections=rows, actor=city.clerk, departure=Departure(Kind.WITHDRAWN, "来源已撤回：错"))
    (row,) = Question.objects.unanswered().filter(point=point, kind=Kind.WITHDRAWN)
    assert (row.run, row.words) == (ImportRun.objects.get(pk=rows[0].run_id), "来源已撤回：错，请复核")


def test_rows_of_one_pass_are_asked_once_and_the_list_s_next_row_is_a_new_question(city: City) -> None:
    first, second = make.detection(), make.detection(at=east_of(IN_WEST, 100))
    grouped(city, first, second)
    point = point_of(first)
    asked = Question.objects.get(point=point)
    assert (asked.kind, asked.run_id, asked.speaks_for) == (
        "several_sites",
        first.run_id,
        f"同一清单同一次过境列有 2 行（第 {first.row_no}、{second.row_no} 行）",
    )
    make.take(point, "review", city.clerk, reason="一处")
    grouped(city, make.detection(at=east_of(IN_WEST, 150), when=make.BURNT_AT + HOUR))
    assert make.asked(point) == ""
    third = make.detection(at=east_of(IN_WEST, 200))
    grouped(city, third)
    (again,) = Question.objects.unanswered().filter(point=point)
    assert (again.kind, again.detection_id) == ("several_sites", third.pk)


def test_one_question_is_open_for_a_point_a_kind_and_what_it_is_about(city: City) -> None:
    point, other = make.suspected(), make.suspected(at=IN_EAST)
    sighting = point.memberships.get().detection
    for about in ({}, {"detection": sighting}, {"run": sighting.run}, {"other": other}):
        make.ask(point, "问", Kind.DATUM, **about)
        with pytest.raises(IntegrityError), transaction.atomic():
            make.ask(point, "再问", Kind.DATUM, **about)
    make.ask(point, "别的", Kind.OTHER)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.ask(point, "两件事", Kind.DATUM, detection=sighting, other=other)
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.create(kind=Kind.DATUM, words="没有火点")
    with pytest.raises(IntegrityError), transaction.atomic():
        make.ask(point, "", Kind.GONE)
    for half in ({"answer": "kept"}, {"reason": "看过"}, {"answered_by": city.clerk}, {"answered_at": point.starts_at}):
        with pytest.raises(IntegrityError), transaction.atomic():
            make.ask(point, "半个答复", Kind.GONE, **half)


def sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_question_is_never_changed_but_by_its_one_answer_by_orm_or_by_sql(city: City) -> None:
    row = make.ask(make.suspected(), "问")
    every = Question.objects.all()
    for attempt in (
        row.save,
        row.delete,
        every.delete,
        lambda: every.update(words="改"),
        lambda: every.update(reason="改"),
    ):
        with pytest.raises(AppendOnly):
            attempt()
    answer = "answered_at = CURRENT_TIMESTAMP, answer = 'kept', reason = '看过'"
    for statement in (
        "DELETE FROM fire_question",
        "UPDATE fire_question SET words = '改'",
        f"UPDATE fire_question SET {answer}, words = '改'",
        f"UPDATE fire_question SET {answer}, kind = 'gone'",
        "UPDATE fire_question SET words = words",
    ):
        with pytest.raises(IntegrityError, match="append-only"):
            sql(statement)
    sql(f"UPDATE fire_question SET {answer}")
    for statement in (
        f"UPDATE fire_question SET {answer}",
        "UPDATE fire_question SET answered_at = NULL, answer = '', reason = ''",
    ):
        with pytest.raises(IntegrityError, match="append-only"):
            sql(statement)
    assert triggers.missing() == []
    with pytest.raises(StaleVersion):
        Asking(city.clerk).answer([row], Answer.KEPT, "晚了")


def test_a_trigger_that_lets_more_than_the_answer_pass_is_missed(city: City) -> None:
    kind = "ao_once" if connection.vendor == "postgresql" else "ao_upd"
    name = f"fire_question_{kind}"
    on_table = " ON fire_question" if connection.vendor == "postgresql" else ""
    sql(f"DROP TRIGGER {name}{on_table}")
    assert triggers.missing() == [f"fire_question.{name}"]
    if connection.vendor == "postgresql":
        more = "'answered_at', 'answered_by_id', 'answer', 'reason', 'words'"
        sql(
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON fire_question"
            f" FOR EACH ROW EXECUTE FUNCTION {triggers.ONCE_FUNCTION}({more})"
        )
    else:
        sql(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON fire_question WHEN 0 BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
    assert triggers.missing() == [f"fire_question.{name}"]
    assert triggers.ensure() == 1
    assert triggers.missing() == []


def test_questions_stand_on_the_page_in_the_answer_of_the_api_and_in_the_numbers(city: City) -> None:
    point = make.suspected(county_code=WEST)
    other = make.suspected(at=IN_EAST)
    row = make.ask(point, f"与 {other} 的范围相接：{LONG}", Kind.TOUCHES, other=other, speaks_for="相隔 2 小时")
    make.ask(point, "看过的", Kind.DATUM)
    make.take(point, "review", city.clerk, reason="坐标没有错", questions=[Question.objects.get(kind="datum").pk])
    told = describe.full(FirePoint.objects.get(pk=point.pk), city.clerk)
    assert [(one["kind"], one["answer"], one["answered_by"]) for one in told["questions"]] == [
        ("touches", "", None),
        ("datum", "kept", city.clerk.pk),
    ]
    assert (told["needs_person"], told["questions"][0]["about_id"]) == (row.words, other.pk)
    waiting = Wanted(month="2023-10", state="person").narrow(FirePoint.objects.visible_to(city.clerk))
    assert [point.pk for point in waiting] == [point.pk]
    client = Client()
    client.force_login(city.clerk)
    page = client.get(f"/fire-points/{point.pk}/").content.decode()
    assert all(
        words in page for words in (row.words, "相隔 2 小时", "坐标没有错", "照原样成立", f"/fire-points/{other.pk}/")
    )
    listed = client.get("/fire-points/?state=person").content.decode()
    assert f"/fire-points/{point.pk}/" in listed
    assert f"/fire-points/{other.pk}/" not in listed
    api = client.get("/api/fire-points/?needs_person=true").json()["results"]
    assert [one["id"] for one in api] == [point.pk]
    form = client.get(f"/fire-points/{point.pk}/act/review/").content.decode()
    assert f'value="{row.pk}" ' in form
    given = {
        "reason": "另是一处",
        "expected_version": FirePoint.objects.get(pk=point.pk).version,
        "questions": [row.pk],
    }
    assert client.post(f"/fire-points/{point.pk}/act/review/", given).status_code == 302
    assert make.asked(point) == ""


def test_a_county_that_has_lost_the_point_reads_no_question_of_it(city: City) -> None:
    point = make.joint(city, at=IN_WEST)
    make.ask(point, "与另一处相接")
    FirePoint.objects.filter(pk=point.pk).update(county_code="210591", state=State.DISPATCHED, number="BX-9")
    assert describe.full(FirePoint.objects.get(pk=point.pk), city.west)["questions"] == []


def test_a_decision_taken_past_an_open_question_is_noticed(city: City) -> None:
    point = make.recognised(city)
    assert checks.problems() == []
    at = point.recognition.at - timedelta(seconds=1)
    Question.objects.create(point=point, kind=Kind.DATUM, words="问", asked_at=at)
    assert len(checks.problems()) == 1


def test_acts_that_take_a_list_of_questions_refuse_another_shape(city: City) -> None:
    point = make.verified(city)
    make.ask(point, "问")
    with pytest.raises(BadInput):
        act(point_id=point.pk, action="review", actor=city.clerk, data={"reason": "看过", "questions": "全部"})


@pytest.mark.parametrize("strange", [float("inf"), 1.9, True, "²", " 1", None, [[1]], "1" * 5000])
def test_what_is_no_whole_number_names_no_question_and_no_sighting(city: City, strange: object) -> None:
    point = make.suspected()
    make.ask(point, "问")
    point.refresh_from_db()
    with pytest.raises(BadInput):
        act(point_id=point.pk, action="review", actor=city.clerk, data={"reason": "看过", "questions": [strange]})
    for groups in ([[strange]], [strange], ["1"]):
        with pytest.raises(BadInput):
            act(point_id=point.pk, action="split", actor=city.clerk, data={"reason": "几处", "groups": groups})
    assert make.asked(point) == "问"


def test_what_stops_no_money_is_shown_beside_and_may_be_answered_after_the_decision(city: City) -> None:
    point = make.verified(city)
    Asking().ask([(point, Doubt(Kind.SEVERAL_SITES, "自查写有两块地", stops_money=False))])
    before_money = FirePoint.objects.filter(questions.stops_money())
    assert (questions.open_by_point([point])[point.pk][0].stops_money, before_money.count()) == (False, 0)
    make.take(point, "recognise", city.recogniser, reason="证据充分")
    make.take(point, "stand", city.recogniser, reason="看过，是一块地")
    assert answers(point) == [("several_sites", "kept")]


def test_a_chargeable_row_makes_an_open_question_stop_money_that_did_not(city: City) -> None:
    point = make.verified(city)
    for stops in (False, True, False, True):
        Asking().ask([(point, Doubt(Kind.SEVERAL_SITES, f"疑为几处（{stops}）", stops_money=stops))])
    assert answers(point) == [("several_sites", "replaced"), ("several_sites", "")]
    assert list(FirePoint.objects.filter(questions.stops_money())) == [point]
    with pytest.raises(Missing, match="疑为几处（True）"):
        make.take(point, "recognise", city.recogniser, reason="证据充分")


def test_a_lead_raises_what_is_shown_beside_and_an_official_row_what_stops_money(city: City) -> None:
    point = make.final(city)
    lead = make.detection(source="firms", at=east_of(IN_WEST, 200), when=make.BURNT_AT + HOUR)
    grouped(city, lead)
    own = point_of(lead)
    assert [(row.kind, row.stops_money) for row in questions.questions_of(own)] == [(Kind.TOUCHES, False)]
    row = make.detection(at=east_of(IN_WEST, 220), when=make.BURNT_AT + 2 * HOUR)
    grouped(city, row)
    assert point_of(row) == own
    open_ = questions.open_by_point([own])[own.pk]
    assert [(question.kind, question.other, question.stops_money) for question in open_] == [
        (Kind.TOUCHES, point, True)
    ]


@pytest.mark.parametrize(("source", "stops"), [("self_found", False), ("patrol", True), ("provincial_list", True)])
def test_another_county_stated_by_the_payer_itself_stops_nothing(city: City, source: str, stops: bool) -> None:
    kind = {} if source == "provincial_list" else {"kind": "fire"}
    grouped(city, make.detection(source=source, stated_county="乙县", county_code=WEST, **kind))
    assert [row.stops_money for row in Question.objects.filter(kind=Kind.STATED_COUNTY)] == [stops]
