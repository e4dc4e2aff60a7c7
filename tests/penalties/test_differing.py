"""What the ledger must post is found by the database, whatever lies behind it (C12)."""

from datetime import date

import pytest
from django.db import connection

from core import clock
from core.db import triggers
from firepoints.models import FirePoint, Recognition
from penalties import checks
from penalties.batches import steps
from penalties.ledger import posting
from penalties.ledger.difference import diff
from penalties.ledger.differing import differing
from penalties.models import LedgerEntry
from tests.factories import points as make
from tests.factories.city import IN_EAST
from tests.penalties.conftest import RULE, add_rule

MONTH = "2023-10"


def found() -> frozenset[int]:
    return differing(burned=(date.min, date(2023, 10, 31)), final_by=clock.now())


def whole_difference() -> list[tuple[int, int]]:
    """(point, fen) of the difference over every point and every entry, as it was once taken."""
    every = set(FirePoint.objects.values_list("pk", flat=True))
    return [
        (draft.point_id, draft.amount_fen) for draft in diff(posting.charges_of(every), posting.last_entries(every))
    ]


def drafts() -> list[tuple[int, int]]:
    return [(draft.point_id, draft.amount_fen) for draft in posting.drafts_for(month=MONTH, cut_off=clock.now())]


def freeze(city) -> None:
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)


@pytest.mark.embedded
def test_what_stands_as_it_is_posted_is_not_read_again(city):
    charged = make.final(city)
    make.notified(city)
    assert found() == {charged.pk}
    freeze(city)
    assert found() == frozenset()
    fresh = make.final(city, at=IN_EAST)
    make.take(charged, "reopen", city.recogniser, reason="新的佐证")
    assert found() == {charged.pk, fresh.pk}
    assert drafts() == whole_difference()
    freeze(city)
    assert found() == frozenset()
    assert checks.check() == []


@pytest.mark.embedded
def test_a_point_that_was_given_back_and_is_final_again_differs(city):
    point = make.final(city)
    freeze(city)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    freeze(city)
    assert FirePoint.objects.get(pk=point.pk).posted_recognition is None
    by = city.west
    make.take(point, "report", by, conclusion="true", evidence=make.uuids(make.photo(point, by)))
    make.take(point, "recognise", city.recogniser, reason="证据充分")
    make.take(point, "notify", city.clerk)
    make.take(point, "waive", by, document_no="演示函〔2023〕2号")
    assert found() == {point.pk}


def test_a_point_decided_before_any_rule_is_priced_by_the_rule_that_came_and_by_a_later_one(city):
    point = make.final(city)
    with triggers.lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE fire_recognition SET rule_ref = '', amount_fen = 0")
    freeze(city)
    assert LedgerEntry.objects.get().amount_fen == 3_000_000
    add_rule({**RULE, "version": 2, "valid_from": "2023-01-01", "base": {"kind": "fixed", "amount_fen": 5_000_000}})
    assert drafts() == [(point.pk, -3_000_000), (point.pk, 5_000_000)] == whole_difference()


def test_under_a_rule_that_counts_a_point_that_goes_moves_the_amount_of_those_after_it(db):
    from tests.factories.city import build_city

    city = build_city()
    doubling = {"base": {"kind": "doubling", "first_fen": 1_000_000}, "count": {"scope": "payer", "reset": "year"}}
    add_rule({**RULE, **doubling})
    first, second, third = make.final(city), make.final(city), make.final(city)
    freeze(city)
    assert [entry.amount_fen for entry in LedgerEntry.objects.order_by("point_id")] == [1_000_000, 2_000_000, 4_000_000]
    make.take(first, "reopen", city.recogniser, reason="新的佐证")
    assert dict(drafts()) == {first.pk: -1_000_000, second.pk: 1_000_000, third.pk: 2_000_000}
    assert drafts() == whole_difference()


def test_a_final_point_with_a_question_before_its_money_waits_and_its_charge_stays(city):
    charged = make.final(city)
    freeze(city)
    waiting = make.final(city, at=IN_EAST)
    make.ask(waiting, "更正的清单里已没有这一行，请复核")
    make.ask(charged, "更正的清单里已没有这一行，请复核")
    assert found() == frozenset()


def test_a_point_that_was_reopened_gives_its_money_back_whatever_is_asked_of_it(city):
    charged = make.final(city)
    freeze(city)
    make.ask(charged, "更正的清单里已没有这一行，请复核")
    make.take(charged, "reopen", city.recogniser, reason="已撤回")
    assert found() == {charged.pk}


def test_a_point_that_its_rule_prices_at_nothing_is_not_read_again(city):
    charged = make.final(city)
    add_rule({**RULE, "version": 2, "valid_from": "2022-10-01", "sources": ["national:satellite"]})
    exempt = make.final(city, at=IN_EAST)
    assert Recognition.objects.get(point=exempt).amount_fen == 0
    assert found() == {charged.pk}


@pytest.mark.parametrize("wrong", ["NULL", "recognition"])
def test_a_note_on_a_point_that_the_ledger_does_not_bear_out_is_an_alarm_and_not_mended(city, wrong):
    charged, other = make.final(city), make.final(city, at=IN_EAST)
    freeze(city)
    other_recognition = Recognition.objects.get(point=other)
    note = None if wrong == "NULL" else other_recognition
    FirePoint.objects.filter(pk=charged.pk).update(posted_recognition=note)
    assert any(charged.number in problem for problem in checks.check())
    assert FirePoint.objects.get(pk=charged.pk).posted_recognition == note
