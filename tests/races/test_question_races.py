"""Two people and one question: it is answered once, whoever comes second is told, on either database."""

import pytest
from django.db import IntegrityError, models

from core.db.immutable import AnsweredOnceQuerySet
from core.errors import Refused, StaleVersion
from firepoints.forming.outside_findings import outside_finding_answer
from firepoints.life import review
from firepoints.models import FirePoint, Question
from firepoints.steps import advancing
from grids import locating
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import IN_EAST, City, build_city
from tests.races.meeting import at_once, lost, meet_after, won

pytestmark = pytest.mark.django_db(transaction=True)
Kind = Question.Kind


@pytest.fixture
def city(db: None) -> City:
    locating.forget()  # a flush gives the next edition the same number
    return build_city()


def say(city: City, point: FirePoint, reason: str) -> FirePoint:
    return make.take(point, "review", city.clerk, reason=reason)


@pytest.mark.embedded
def test_two_who_answer_the_same_question_at_once_leave_one_answer(city: City) -> None:
    point = make.verified(city)
    make.ask(point, "与另一处相接", Kind.TOUCHES, other=make.suspected(at=IN_EAST))
    outcomes = at_once(lambda: say(city, point, "甲看过"), lambda: say(city, point, "乙看过"))
    assert (len(won(outcomes)), len(lost(outcomes, Refused))) == (1, 1), outcomes
    row = Question.objects.get()
    assert (row.answer, row.answered_by) == ("apart", city.clerk)
    assert Entry.objects.filter(act="fire_point.reviewed").count() == 1


@pytest.mark.embedded
def test_two_who_say_otherwise_of_a_finding_that_no_point_holds_leave_one_answer(city: City) -> None:
    row = Question.objects.create(kind=Kind.OUTSIDE_FINDING, words="问", detection=make.detection(at=IN_EAST))

    def answer(how: str) -> Question:
        return outside_finding_answer(question_id=row.pk, actor=city.clerk, answer=how, reason="看过")

    outcomes = at_once(lambda: answer("own_point"), lambda: answer("nothing"))
    assert (len(won(outcomes)), len(lost(outcomes, Refused))) == (1, 1), outcomes
    row.refresh_from_db()
    assert FirePoint.objects.count() == (1 if row.answer == "own_point" else 0)


@pytest.fixture
def met(city: City, monkeypatch: pytest.MonkeyPatch) -> FirePoint:
    """Both have read the open question, and the claim of the point's version is off."""
    point = make.verified(city)
    make.ask(point, "问")
    monkeypatch.setattr(advancing, "claim", lambda point: None)
    meet_after(monkeypatch, review, "_chosen")
    return point


def test_the_answer_itself_lets_one_through_where_the_claim_does_not(city: City, met: FirePoint) -> None:
    outcomes = at_once(lambda: say(city, met, "甲看过"), lambda: say(city, met, "乙看过"))
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, 1), outcomes


def test_and_the_database_where_the_code_does_not_look_either(
    city: City, met: FirePoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AnsweredOnceQuerySet, "update", models.QuerySet.update)
    outcomes = at_once(lambda: say(city, met, "甲看过"), lambda: say(city, met, "乙看过"))
    assert (len(won(outcomes)), len(lost(outcomes, IntegrityError))) == (1, 1), outcomes
