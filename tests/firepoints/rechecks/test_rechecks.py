"""Re-checks on record: drawn by a seed that nobody chooses, visited by the bureau, shown beside the county's word."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from core import clock
from core.errors import BadInput, Conflict, Missing, NotAllowed
from firepoints import checks
from firepoints.models import Question, Recheck, RecheckDraw, RecheckVisit, Ruling
from firepoints.rechecks.counties import county_records, named_counties
from firepoints.rechecks.draws import recheck_draw
from firepoints.rechecks.visits import recheck_visit
from journal.models import Entry
from tests.factories import points as make
from tests.factories.city import WEST, City


@pytest.fixture(autouse=True)
def _a_draw_of_all(db) -> None:
    for key in ("recheck_share_false", "recheck_share_true"):
        Ruling.objects.create(key=key, valid_from="2016-01-01", value=1, document_no="演示〔2016〕5号")


def tomorrow():
    return time_machine.travel(clock.now() + timedelta(days=1), tick=False)


def drawn(city: City) -> RecheckDraw:
    """Draw the day after, once the journal has gone on."""
    with tomorrow():
        make.suspected(source="patrol", at=(123.72, 41.22))
        make.dispatched(city, at=(123.71, 41.37))
        return recheck_draw()


def visit(row: Recheck, city: City, finding: str, **given) -> RecheckVisit:
    with tomorrow():
        pieces = make.uuids(make.photo(row.point, city.inspector))
        data = {"note": "现场看过", "evidence": pieces, "actor": city.inspector, **given}
        return recheck_visit(recheck_id=row.pk, finding=finding, **data)


@pytest.mark.embedded
def test_a_draw_is_on_record_and_anybody_can_draw_it_again(city: City) -> None:
    denied, true = make.negative(city), make.verified(city, at=(123.73, 41.23))
    draw = drawn(city)
    assert {row.verification_id for row in draw.rechecks.all()} == {denied.verification_id, true.verification_id}
    entry = Entry.objects.get(act="recheck.drawn")
    assert (entry.after["seed"], entry.after["count"], entry.after["from"]) == (draw.seed, 2, {WEST: [1, 1]})
    assert checks.problems() == []


def test_a_day_is_drawn_once_whoever_asks_and_a_record_is_in_one_draw(city: City) -> None:
    make.negative(city)
    draw = drawn(city)
    with tomorrow():
        assert recheck_draw(actor=city.clerk) is None
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        make.dispatched(city, at=(123.71, 41.37))
        assert recheck_draw().rechecks.count() == 0
    assert Recheck.objects.filter(draw=draw).count() == 1


def test_nothing_is_drawn_before_the_journal_has_gone_on_after_midnight(city: City) -> None:
    make.negative(city)
    with tomorrow():
        assert recheck_draw() is None


def test_a_changed_draw_is_found_at_night(city: City) -> None:
    make.negative(city)
    draw = drawn(city)
    other = make.verified(city, at=(123.73, 41.23)).verification
    Recheck.objects.create(
        draw=draw, verification=other, point=other.point, county_code=other.county_code, conclusion="true"
    )
    assert any("复查抽取" in one for one in checks.problems())


@pytest.mark.embedded
def test_a_contradiction_stops_the_money_and_has_the_countys_other_denials_visited(city: City) -> None:
    Ruling.objects.create(key="recheck_least", valid_from="2016-01-01", value=0, document_no="演示〔2016〕6号")
    point = make.negative(city)
    draw = drawn(city)
    other = make.negative(city, at=(123.73, 41.23))
    done = visit(draw.rechecks.get(), city, "true")
    assert done.is_contradiction
    question = Question.objects.get(point=point)
    assert (question.kind, question.stops_money, question.asked_by) == ("recheck", True, city.inspector)
    assert RecheckDraw.objects.get(kind="after").rechecks.get().verification_id == other.verification_id


def test_a_visit_is_the_bureaus_once_with_its_own_photo(city: City) -> None:
    make.negative(city)
    row = drawn(city).rechecks.get()
    countys = make.uuids(make.photo(row.point, city.west))
    with pytest.raises(NotAllowed):
        visit(row, city, "true", actor=city.west)
    with pytest.raises(Missing, match="市局人员"):
        visit(row, city, "true", evidence=countys)
    with pytest.raises(Missing, match="看到的情况"):
        visit(row, city, "true", note=" ")
    with pytest.raises(BadInput, match="unclear"):
        visit(row, city, "maybe")
    assert not visit(row, city, "false").is_contradiction
    with pytest.raises(Conflict):
        visit(row, city, "true")
    with pytest.raises(IntegrityError), transaction.atomic():
        RecheckVisit.objects.create(
            recheck=row, finding="unclear", is_contradiction=True, note="x", visited_by=city.clerk
        )


def test_the_rate_of_denials_is_by_point_so_that_a_return_does_not_worsen_it(city: City) -> None:
    point = make.negative(city)
    make.verified(city, at=(123.73, 41.23))
    before = county_records(city.recogniser, timedelta(days=90))[0]
    back = make.take(point, "return", city.recogniser, reason="轨迹不清")
    pieces = [*(make.photo(back, city.west) for _ in range(3)), make.track(back, city.west)]
    data = {"conclusion": "false", "cause": "grass", "signed_by": "演示科长", "evidence": make.uuids(*pieces)}
    make.take(back, "report", city.west, **data)
    after = county_records(city.recogniser, timedelta(days=90))[0]
    assert (after.denied, after.points) == (before.denied, before.points) == (1, 2)
    assert after.words == "50%（1/2 处，95% 区间 9%–91%）"


def test_a_county_whose_denials_are_contradicted_beyond_chance_is_named(city: City) -> None:
    for lon in (123.72, 123.74, 123.76):
        make.negative(city, at=(lon, 41.25))
    for row in drawn(city).rechecks.all():
        visit(row, city, "true")
    with tomorrow():
        assert named_counties() == [WEST]
        record = county_records(city.recogniser, timedelta(days=30))[0]
        assert record.is_named
        assert record.recheck_words == "复查 3 处查否，3 处相反，全部 3 处查否里至少 3 处不实"


def test_what_waits_is_the_bureaus_alone_and_the_result_stands_beside_the_countys_word(city: City) -> None:
    point = make.negative(city)
    row = drawn(city).rechecks.get()
    clients = {}
    for name, user in (("west", city.west), ("clerk", city.clerk), ("recogniser", city.recogniser)):
        clients[name] = Client()
        clients[name].force_login(user)
    page, detail = reverse("firepoints:rechecks"), reverse("firepoints:detail", args=[point.pk])
    assert "登记复查" in clients["clerk"].get(page).content.decode()
    assert "还没有去" not in clients["west"].get(page).content.decode()
    assert clients["west"].get(reverse("firepoints:recheck", args=[row.pk])).status_code == 403
    assert clients["west"].get("/api/rechecks/").status_code == 403
    data = {"finding": "true", "note": "田里有灰", "evidence": make.uuids(make.photo(point, city.clerk))}
    assert clients["clerk"].post(reverse("firepoints:recheck", args=[row.pk]), data)["Location"] == page
    for name in clients:
        assert "市局复查<b>属实</b>，与这份结论相反" in clients[name].get(detail).content.decode(), name
    assert "复查 1 处查否，1 处相反" in clients["recogniser"].get(reverse("firepoints:review")).content.decode()
    assert clients["clerk"].get("/api/rechecks/").json()[0]["is_contradiction"] is True
