"""A deduction batch as finance, county and auditor rely on it (C12, C13)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from core import clock
from core.errors import BadInput, Conflict, Missing, NotAllowed, NotThere, Refused
from core.month import Month
from journal.models import Entry
from penalties import checks
from penalties.batches import frozen, steps, table
from penalties.documents.report import Figures, PayerRow
from penalties.ledger.figures import PayerSum
from penalties.models import Batch, BatchLine, BatchState, LedgerEntry, Settlement
from penalties.rules.stored import NoRule
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, WEST, build_city

MONTH = "2023-10"
YUAN_30000 = 3_000_000


def approved(city, scan_file, month: str = MONTH) -> Batch:
    batch = steps.batch_build(month=month, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    return steps.batch_approve(
        batch_id=batch.pk,
        actor=city.officer,
        doc_no="演示批〔2023〕1号",
        approved_on=clock.today_beijing(),
        file=scan_file,
    )


@pytest.mark.embedded
def test_a_final_point_costs_its_county_thirty_thousand_yuan_and_the_other_county_stands_at_zero(city):
    make.final(city)
    rows = table.batch_rows(steps.batch_build(month=MONTH, actor=city.clerk))
    figures = {row.code: row.figures for row in rows}
    assert (figures[WEST].count, figures[WEST].amount_fen, figures[WEST].satellite) == (1, YUAN_30000, 1)
    assert (figures[EAST].count, figures[EAST].amount_fen) == (0, 0)


def test_a_batch_frozen_in_an_earlier_year_keeps_its_digest():
    rows = [
        PayerRow("210502", "甲县", "县", Figures(2, 1, 0, 1, 6_000_000, 4, 12_000_000)),
        PayerRow("210590", "高新区", "", Figures(-1, 0, -1, 0, -3_000_000, 0, 0)),
    ]
    entries = [
        LedgerEntry(pk=7, point_id=10, seq=1, amount_fen=3_000_000, payer_code="210502", basis="satellite"),
        LedgerEntry(pk=8, point_id=9, seq=1, amount_fen=3_000_000, payer_code="210502", basis="scar"),
        LedgerEntry(pk=9, point_id=3, seq=2, amount_fen=-3_000_000, payer_code="210590", basis="inspection"),
    ]
    digest = frozen.digest_of(Batch(month="2023-10", seq=1), rows, entries)
    assert digest == "ad45b1384381c000bc074f9f3eeeec793167d6ae9eae43abb885915474e47a5e"


def test_a_payer_that_the_table_does_not_list_comes_after_those_it_lists(city):
    back = {"999": PayerSum("外县", {"scar": -1}, -YUAN_30000)}
    rows = table.rows_of(back, {"999": PayerSum("外县", {"scar": 0}, 0)}, on=Month.parse(MONTH).last_day)
    assert [row.code for row in rows] == [WEST, EAST, "999"]
    assert rows[-1] == PayerRow("999", "外县", "", Figures(-1, 0, 0, -1, -YUAN_30000, 0, 0))


@pytest.mark.parametrize("act", [steps.batch_freeze, steps.batch_submit, steps.batch_send])
def test_an_act_on_a_batch_that_is_not_there_is_refused_as_not_found(city, act):
    with pytest.raises(NotThere, match="没有第 999 号批次") as refused:
        act(batch_id=999, actor=city.clerk)
    assert refused.value.http_status == 404


def test_building_twice_posts_nothing_twice(city):
    make.final(city)
    first = steps.batch_build(month=MONTH, actor=city.clerk)
    again = steps.batch_build(month=MONTH, actor=city.clerk)
    assert again.pk == first.pk
    assert LedgerEntry.objects.count() == 1


def test_a_point_that_is_recognised_but_not_final_is_not_charged(city):
    make.notified(city)
    steps.batch_build(month=MONTH, actor=city.clerk)
    assert not LedgerEntry.objects.exists()


def test_a_late_point_of_an_earlier_month_goes_into_the_next_batch(city):
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    make.final(city)
    november = steps.batch_build(month="2023-11", actor=city.clerk)
    entry = LedgerEntry.objects.get()
    assert (entry.batch_id, entry.month) == (november.pk, MONTH)


def test_a_batch_leaves_out_points_of_later_months(city):
    make.final(city)
    steps.batch_build(month="2023-09", actor=city.clerk)
    assert not LedgerEntry.objects.exists()


@pytest.mark.embedded
def test_a_point_merged_away_after_it_was_charged_gives_its_money_back_in_the_next_batch(city):
    charged, survivor = make.final(city), make.final(city)
    october = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=october.pk, actor=city.officer)
    make.take(charged, "merge_decided", city.recogniser, into=survivor.pk, reason="同一处")
    november = steps.batch_build(month="2023-11", actor=city.clerk)
    back = LedgerEntry.objects.get(batch=november)
    assert (back.point_id, back.amount_fen, back.balance_fen) == (charged.pk, -YUAN_30000, 0)
    assert back.reverses.batch_id == october.pk
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == YUAN_30000
    assert checks.check() == []


def test_a_reopened_point_gives_its_money_back_and_is_charged_again_when_final_again(city):
    point = make.final(city)
    steps.batch_build(month=MONTH, actor=city.clerk)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    steps.batch_build(month=MONTH, actor=city.clerk)
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == 0
    by = city.west
    make.take(point, "report", by, conclusion="true", evidence=make.uuids(make.photo(point, by)))
    make.take(point, "recognise", city.recogniser, reason="证据充分")
    make.take(point, "notify", city.clerk)
    make.take(point, "waive", by, document_no="演示函〔2023〕2号")
    steps.batch_build(month=MONTH, actor=city.clerk)
    assert [e.amount_fen for e in LedgerEntry.objects.order_by("seq")] == [YUAN_30000, -YUAN_30000, YUAN_30000]


def test_a_fire_before_the_rule_is_recorded_and_charged_nothing(city):
    from datetime import UTC, datetime

    make.final(city, when=datetime(2016, 10, 7, 5, 30, tzinfo=UTC))
    steps.batch_build(month=MONTH, actor=city.clerk)
    assert not LedgerEntry.objects.exists()


def test_without_any_rule_a_counted_point_stops_the_batch_and_says_why(db):
    city = build_city()
    make.final(city)
    with pytest.raises(NoRule, match="没有扣缴规则"):
        steps.batch_build(month=MONTH, actor=city.clerk)


def test_only_one_batch_is_open_at_a_time(city):
    make.final(city)
    steps.batch_build(month=MONTH, actor=city.clerk)
    with pytest.raises(Conflict, match="先冻结"):
        steps.batch_build(month="2023-11", actor=city.clerk)


def test_freezing_writes_a_line_for_every_payer_zeros_too_and_a_hash_that_verify_checks(city):
    make.final(city)
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    batch = steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    assert {line.payer_code: line.amount_fen for line in batch.lines.all()} == {WEST: YUAN_30000, EAST: 0}
    assert len(batch.content_hash) == 64
    assert frozen.problems() == []


def test_a_frozen_batch_whose_hash_does_not_fit_is_found(city):
    make.final(city)
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    Batch.objects.filter(pk=batch.pk).update(content_hash="0" * 64)
    assert any("摘要不一致" in problem for problem in frozen.problems())


@pytest.mark.parametrize(
    ("state", "why"),
    [("sent", "sent_after_approval"), ("approved", "approved_with_document"), ("settled", "settled_after_sending")],
)
def test_sql_by_hand_cannot_skip_a_step(city, state, why):
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE penalty_batch SET state = %s WHERE id = %s", [state, batch.pk])
    assert why in {constraint.name for constraint in Batch._meta.constraints}


def test_sql_by_hand_cannot_change_or_remove_a_ledger_entry(city):
    make.final(city)
    steps.batch_build(month=MONTH, actor=city.clerk)
    for statement in ("UPDATE penalty_entry SET amount_fen = 1", "DELETE FROM penalty_entry"):
        with pytest.raises(Exception, match=r"(?i)append"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert LedgerEntry.objects.get().amount_fen == YUAN_30000


def test_approval_needs_its_document_number_date_and_scan(city):
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    with pytest.raises(Missing) as refused:
        steps.batch_approve(batch_id=batch.pk, actor=city.officer, doc_no=" ", approved_on=None, file=None)
    assert "批件扫描件" in str(refused.value)


def test_a_text_file_is_no_scan(city, tmp_path):
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    fake = tmp_path / "批件.pdf"
    fake.write_text("<script>")
    with pytest.raises(BadInput, match="PDF"):
        steps.batch_approve(
            batch_id=batch.pk, actor=city.officer, doc_no="1号", approved_on=clock.today_beijing(), file=fake
        )


def test_steps_out_of_order_are_refused_with_the_order(city):
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    with pytest.raises(Refused, match="报送 → 市政府同意 → 送财政"):
        steps.batch_send(batch_id=batch.pk, actor=city.clerk)


def test_a_county_cannot_freeze_its_own_bill(city):
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    with pytest.raises(NotAllowed):
        steps.batch_freeze(batch_id=batch.pk, actor=city.west)


def test_the_batch_is_settled_when_every_line_has_its_vouchers(city, scan_file):
    make.final(city)
    make.final(city, at=IN_EAST)
    batch = approved(city, scan_file)
    steps.batch_send(batch_id=batch.pk, actor=city.clerk)
    on = clock.today_beijing()
    given = {"batch_id": batch.pk, "actor": city.finance, "settled_on": on}
    part = steps.batch_settle(**given, voucher_no="凭1", payer_code=WEST, amount_fen=1_000_000)
    assert part.state == BatchState.SENT
    with pytest.raises(BadInput, match=r"20,000\.00"):
        steps.batch_settle(**given, voucher_no="凭2", payer_code=WEST, amount_fen=2_500_000)
    steps.batch_settle(**given, voucher_no="凭2", payer_code=WEST)
    done = steps.batch_settle(**given, voucher_no="凭3")
    assert done.state == BatchState.SETTLED
    assert sum(Settlement.objects.values_list("amount_fen", flat=True)) == 2 * YUAN_30000


def test_the_same_voucher_is_not_recorded_twice(city, scan_file):
    make.final(city)
    batch = approved(city, scan_file)
    steps.batch_send(batch_id=batch.pk, actor=city.clerk)
    given = {"batch_id": batch.pk, "actor": city.finance, "settled_on": clock.today_beijing(), "payer_code": WEST}
    steps.batch_settle(**given, voucher_no="凭1", amount_fen=1_000_000)
    with pytest.raises(Conflict, match="已经登记"):
        steps.batch_settle(**given, voucher_no="凭1", amount_fen=1_000_000)
    assert Settlement.objects.count() == 1
    assert BatchLine.objects.get(payer_code=WEST).amount_fen == YUAN_30000


def test_the_journal_names_every_voucher_with_its_payer_and_amount(city, scan_file):
    make.final(city)
    make.final(city, at=IN_EAST)
    batch = approved(city, scan_file)
    steps.batch_send(batch_id=batch.pk, actor=city.clerk)
    steps.batch_settle(
        batch_id=batch.pk, actor=city.finance, voucher_no="凭1", settled_on=clock.today_beijing()
    )  # fmt: skip
    told = Entry.objects.get(act="batch.settled").after
    assert told["vouchers"] == [[WEST, YUAN_30000], [EAST, YUAN_30000]]


@pytest.mark.embedded
def test_a_batch_with_a_point_that_was_taken_back_is_built_again_before_it_is_frozen(city):
    kept, taken_back = make.final(city), make.final(city, at=IN_EAST)
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    make.take(taken_back, "reopen", city.recogniser, reason="新的佐证")
    with pytest.raises(Conflict, match=taken_back.number):
        steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    assert {line.payer_code: line.amount_fen for line in BatchLine.objects.all()} == {WEST: YUAN_30000, EAST: 0}
    assert kept.number


def test_what_became_final_after_the_cut_off_does_not_hold_the_freeze_up(city):
    make.final(city)
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    make.final(city, at=IN_EAST)
    assert steps.batch_freeze(batch_id=batch.pk, actor=city.officer).state == BatchState.FROZEN


def test_no_step_is_dated_in_the_future_or_before_the_one_that_it_follows(city, scan_file):
    make.final(city)
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    today, given = clock.today_beijing(), {"batch_id": batch.pk, "actor": city.officer}
    before, after = today - timedelta(days=1), today + timedelta(days=1)
    paper = {"doc_no": "演示批〔2023〕1号", "file": scan_file}
    with pytest.raises(BadInput, match="还没有到"):
        steps.batch_submit(**given, submitted_on=after)
    steps.batch_submit(**given, submitted_on=before)
    for day, said in ((after, "还没有到"), (before - timedelta(days=1), "早于报送日期")):
        with pytest.raises(BadInput, match=said):
            steps.batch_approve(**given, **paper, approved_on=day)
    steps.batch_approve(**given, **paper, approved_on=today)
    with pytest.raises(BadInput, match="早于批件日期"):
        steps.batch_send(**given, sent_on=before)
    steps.batch_send(**given)
    with pytest.raises(BadInput, match="早于送财政日期"):
        steps.batch_settle(**{**given, "actor": city.finance}, voucher_no="凭1", settled_on=before)
