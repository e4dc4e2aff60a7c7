"""Questions for people: the list that the home page counts, two sites with what each answer costs, one reason for many."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from core import clock
from firepoints.life.answers import question_answer
from firepoints.models import FirePoint, Question
from firepoints.steps.asking import Asking
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import State
from grids.models import User
from journal.models import Entry, Proposal
from tests.factories import points as make
from tests.factories.city import IN_EAST, City
from tests.firepoints.small_lists import near

LIST = "/questions/"


def asked(point: FirePoint, kind: str = "touches", words: str = "与另一处的范围相接", **about) -> Question:
    """A question as the product asks it, with its due date."""
    asking = Asking()
    asking.ask([(point, Doubt(kind, words, **about))])
    return asking.asked[0]


def page(user: User, url: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def post(user: User, url: str, **sent):
    client = Client()
    client.force_login(user)
    return client.post(url, sent)


def url_of(question: Question) -> str:
    return reverse("firepoints:question", args=[question.pk])


@pytest.fixture
def pair(city: City) -> tuple[FirePoint, FirePoint]:
    return make.suspected(at=near(700)), make.dispatched(city)


@pytest.mark.embedded
def test_a_question_is_due_three_days_after_it_was_asked(city: City) -> None:
    row = asked(make.suspected(), "other", "请核对")
    assert abs(row.due_at - clock.now() - timedelta(hours=72)) < timedelta(minutes=1)
    assert "由市局经办答复 · 还剩" in page(city.clerk, url_of(row)).replace("  ", " ")


@pytest.mark.embedded
def test_the_page_draws_both_sites_and_says_what_each_answer_costs(city: City, pair) -> None:
    own, other = pair
    row = asked(own, other=other.pk, speaks_for="同一清单", speaks_against="时间不同")
    text = page(city.clerk, url_of(row))
    for words in (str(own), str(other), "省卫星", "像同一处", "像两处", "同一清单", "时间不同", "中心相距 700 米", "同一处", "另是一处",
                  "同一地方又烧了一次", "合为 1 处", "合计最多", f"{own} 并入 {other}", "各按自己的起火日"):  # fmt: skip
        assert words in text, words
    client = Client()
    client.force_login(city.clerk)
    svg = client.get(url_of(row)).content.decode()
    assert svg.count("<polygon") == 2


@pytest.mark.embedded
def test_each_answer_is_the_act_that_it_names(city: City) -> None:
    other = make.dispatched(city)
    same, apart, again = (make.suspected(at=near(metres)) for metres in (300, 600, 900))
    for point, answer in ((same, "same"), (apart, "apart"), (again, "again")):
        row = asked(point, other=other.pk)
        assert post(city.clerk, url_of(row), answer=answer, reason="看过现场").status_code == 302
        for proposal in Proposal.objects.filter(
            answered_at__isnull=True
        ):  # an official row goes away by two persons only
            assert Question.objects.get(pk=row.pk).answered_at is None
            make.accept(proposal)
        row.refresh_from_db()
        assert row.answer == ("same" if answer == "same" else "apart")
    assert FirePoint.objects.get(pk=same.pk).merged_into == other
    assert apart.steps.get(action="review").reason == "看过现场"
    assert again.steps.get(action="review").reason == "同一地方又烧了一次：看过现场"


def test_a_question_about_counties_goes_to_the_joint_record_and_one_about_a_decision_to_the_recogniser(
    city: City,
) -> None:
    county, decided = (
        asked(make.dispatched(city), "new_county", "触及乙县"),
        asked(make.final(city), "gone", "清单已没有这一行"),
    )
    assert "转联合核实" in page(city.clerk, url_of(county))
    post(city.clerk, url_of(county), answer="joint", reason="跨两县")
    county.refresh_from_db()
    assert (county.answer, county.point.state) == ("joint", State.JOINT)

    assert "由认定人答复" in page(city.clerk, url_of(decided))
    assert post(city.clerk, url_of(decided), answer="kept", reason="另有佐证").status_code == 403
    assert "最多 0 万元" in page(city.recogniser, url_of(decided))
    assert post(city.recogniser, url_of(decided), answer="kept", reason="另有佐证").status_code == 302
    assert FirePoint.objects.get(pk=decided.point_id).state == State.FINAL


def test_nothing_is_answered_as_the_same_fire_as_one_that_is_not_counted(city: City) -> None:
    excluded = make.take(make.negative(city), "exclude", city.recogniser, reason="确系荒草")
    row = asked(make.suspected(at=near(300)), other=excluded.pk)
    assert "认定不计入：先“重新核实”那一处" in page(city.recogniser, url_of(row))
    assert post(city.recogniser, url_of(row), answer="same", reason="同一处").status_code == 409


@pytest.mark.embedded
def test_many_alike_are_answered_with_one_reason_each_by_its_own_act(city: City) -> None:
    points = [make.suspected(at=near(800 * at)) for at in range(3)]
    rows = [asked(point, "several_sites", "疑为几处") for point in points]
    question_answer(question_id=rows[2].pk, actor=city.clerk, answer="kept", reason="先答了")
    answer = post(
        city.clerk, reverse("firepoints:questions_stand"), question=[row.pk for row in rows], reason="一块地的两条垄"
    )
    assert answer.status_code == 409  # one of them was answered by somebody else meanwhile
    assert "1 个没有办成" in answer.content.decode()
    reasons = [Question.objects.get(pk=row.pk).reason for row in rows]
    assert reasons == ["一块地的两条垄", "一块地的两条垄", "先答了"]
    assert Entry.objects.filter(act="fire_point.reviewed", reason="一块地的两条垄").count() == 2


def test_answering_many_wants_a_tick_and_a_reason(city: City) -> None:
    row = asked(make.suspected(), "several_sites", "疑为几处")
    for sent in ({"question": [row.pk], "reason": " "}, {"reason": "一块地"}):
        assert post(city.clerk, reverse("firepoints:questions_stand"), **sent).status_code == 400
    assert Question.objects.unanswered().count() == 1


@pytest.mark.embedded
def test_the_oldest_questions_head_the_home_page_and_the_number_opens_its_list(city: City) -> None:
    late = asked(make.suspected(), "several_sites", "疑为几处")
    with time_machine.travel(clock.now() + timedelta(days=4), tick=False):
        for at in range(1, 4):
            asked(make.suspected(at=near(900 * at)), "several_sites", "疑为几处")
        asked(make.final(city, at=IN_EAST), "gone", "清单已没有这一行")  # the 认定人's
        client = Client()
        client.force_login(city.clerk)
        queue = client.get("/").context["queue"]
        assert queue[0]["url"] == url_of(late)
        assert (queue[0]["late"], queue[0]["due"]) == (True, "超时 1 天") or queue[0]["due"].startswith("超时")
        (count,) = [item for item in queue if item["url"] == LIST]
        assert count["title"] == "答复疑问共 4 个"
        listed = client.get(LIST).context
        assert (listed["count"], len(listed["lines"])) == (4, 4)
        client.force_login(city.recogniser)
        assert client.get(LIST).context["count"] == 1
        assert client.get(LIST, {"who": "all"}).context["count"] == 5


def test_a_row_that_is_part_of_no_point_is_shown_and_answered_where_it_waits(city: City) -> None:
    row = make.detection(source="patrol", at=IN_EAST)
    question = Question.objects.create(kind="outside_finding", words="在乙县的发现", detection=row)
    text = page(city.clerk, url_of(question))
    assert "等答复，没有成处" in text
    assert "自成一处" in text
    assert "没有成处" in page(city.clerk, LIST)


def test_counties_have_no_questions_to_answer(city: City) -> None:
    row = asked(make.dispatched(city), "other", "请核对")
    client = Client()
    client.force_login(city.west)
    assert [client.get(url).status_code for url in (LIST, url_of(row))] == [403, 403]
    client.force_login(city.auditor)
    assert client.get(url_of(row)).status_code == 200
    assert "答复勾选的" not in client.get(LIST).content.decode()
