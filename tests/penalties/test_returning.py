"""A batch that is emptied, recalled or returned stands for nothing, and its points come again in the next (C13)."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from core import clock
from core.errors import BadInput, Conflict, Missing, NotAllowed, Refused
from journal.models import Entry
from penalties import checks, selectors
from penalties.batches import reports, steps, table
from penalties.models import Batch, BatchDocument, BatchState, LedgerEntry, ReturnKind, Rule
from tests.factories import points as make
from tests.factories.city import IN_EAST, WEST
from tests.penalties.test_batches import MONTH, YUAN_30000, approved

NOVEMBER = "2023-11"


def frozen(city, month: str = MONTH) -> Batch:
    batch = steps.batch_build(month=month, actor=city.clerk)
    return steps.batch_freeze(batch_id=batch.pk, actor=city.officer)


def submitted(city, month: str = MONTH) -> Batch:
    return steps.batch_submit(batch_id=frozen(city, month).pk, actor=city.clerk)


def sent(city, scan_file) -> Batch:
    return steps.batch_send(batch_id=approved(city, scan_file).pk, actor=city.clerk)


def recall(city, batch: Batch) -> Batch:
    return steps.batch_recall(batch_id=batch.pk, actor=city.clerk, reason="漏了一处")


def send_back(city, batch: Batch, **facts) -> Batch:
    data = {"returned_on": clock.today_beijing(), "reason": "不同意，先核实", **facts}
    return steps.batch_return(batch_id=batch.pk, actor=city.clerk, **data)


def sum_of(batch: Batch) -> int:
    return sum(batch.entries.values_list("amount_fen", flat=True))


def balance() -> int:
    return sum(LedgerEntry.objects.values_list("amount_fen", flat=True))


@pytest.mark.embedded
def test_a_recalled_batch_adds_up_to_nothing_keeps_its_lines_and_the_next_build_posts_its_points_again(city):
    make.final(city)
    make.final(city, at=IN_EAST)
    batch = frozen(city)
    hashed = batch.content_hash
    batch = recall(city, batch)
    assert (batch.state, batch.return_kind, batch.return_reason) == ("returned", ReturnKind.RECALLED, "漏了一处")
    assert (sum_of(batch), balance(), batch.content_hash) == (0, 0, hashed)
    assert sum(line.amount_fen for line in batch.lines.all()) == 2 * YUAN_30000
    assert checks.check() == []
    again = steps.batch_build(month=MONTH, actor=city.clerk)
    assert (again.seq, sum_of(again)) == (2, 2 * YUAN_30000)
    assert checks.check() == []


@pytest.mark.embedded
def test_the_city_government_sends_a_batch_back_with_its_paper_and_nothing_of_it_stands(city, scan_file):
    make.final(city)
    batch = send_back(city, submitted(city), doc_no="演示退〔2023〕1号", file=scan_file)
    assert (batch.state, batch.return_kind, sum_of(batch)) == ("returned", ReturnKind.REFUSED, 0)
    paper = BatchDocument.objects.get(batch=batch, kind=BatchDocument.Kind.RETURN)
    assert (paper.sha256, paper.title) == (batch.return_sha256, "市政府退件 演示退〔2023〕1号")
    entry = Entry.objects.get(act="batch.returned")
    assert (entry.reason, entry.after["doc_no"], entry.after["sha256"]) == (
        "不同意，先核实",
        paper.title[6:],
        paper.sha256,
    )
    assert checks.check() == []


def test_a_batch_goes_back_after_the_consent_too_but_not_once_finance_has_it(city, scan_file):
    make.final(city)
    batch = send_back(city, approved(city, scan_file))
    assert batch.state == BatchState.RETURNED
    late = sent(city, scan_file)
    with pytest.raises(Refused, match="不能登记退回") as refused:
        send_back(city, late)
    assert refused.value.code == "out_of_order"


def test_a_batch_that_holds_corrections_goes_back_and_the_money_stands_where_it_stood(city, scan_file):
    given_back, moved = make.final(city), make.final(city, at=IN_EAST)
    sent(city, scan_file)
    make.take(given_back, "reopen", city.recogniser, reason="新的佐证")
    make.final(city)
    november = submitted(city, NOVEMBER)
    assert sum_of(november) == 0, "one given back, one charged"
    send_back(city, november)
    last = LedgerEntry.objects.filter(point=given_back).order_by("-seq").first()
    assert (last.amount_fen, last.balance_fen, last.reverses_id, last.batch_id) == (
        YUAN_30000,
        YUAN_30000,
        None,
        november.pk,
    )
    assert (sum_of(november), balance()) == (0, 2 * YUAN_30000)
    assert checks.check() == []
    again = steps.batch_build(month=NOVEMBER, actor=city.clerk)
    assert again.entries.get(point=given_back).amount_fen == -YUAN_30000
    assert not again.entries.filter(point=moved).exists()
    assert checks.check() == []


def test_the_open_batch_gives_up_what_it_holds_of_a_batch_that_goes_back(city):
    point = make.final(city)
    october = submitted(city)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    november = steps.batch_build(month=NOVEMBER, actor=city.clerk)
    assert sum_of(november) == -YUAN_30000
    send_back(city, october)
    assert (sum_of(october), sum_of(november), balance()) == (0, 0, 0)
    november.refresh_from_db()
    assert november.version == 2, "whoever looks at it sees that it has changed"
    assert checks.check() == []


def test_a_batch_does_not_go_back_from_under_a_later_one_that_is_frozen(city):
    point = make.final(city)
    october = submitted(city)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    november = frozen(city, NOVEMBER)
    with pytest.raises(Conflict, match="2023年11月批次（已冻结）") as refused:
        send_back(city, october)
    assert refused.value.code == "later_batch"
    october.refresh_from_db()
    assert october.state == BatchState.SUBMITTED
    recall(city, november)
    send_back(city, october)
    assert balance() == 0
    assert checks.check() == []


@pytest.mark.embedded
def test_an_open_batch_of_the_wrong_month_is_emptied_and_the_right_one_is_built(city):
    make.final(city)
    wrong = steps.batch_build(month=NOVEMBER, actor=city.clerk)
    wrong = steps.batch_empty(batch_id=wrong.pk, actor=city.clerk, reason="月份选错了")
    assert (wrong.state_words, sum_of(wrong), wrong.content_hash) == ("已清空", 0, "")
    right = steps.batch_build(month=MONTH, actor=city.clerk)
    assert sum_of(right) == YUAN_30000
    assert checks.check() == []


def test_a_returned_batch_leaves_the_cumulative_figures_and_the_months_report(city):
    make.final(city)
    batch = submitted(city)
    send_back(city, batch)
    make.final(city, at=IN_EAST)
    november = steps.batch_build(month=NOVEMBER, actor=city.clerk)
    assert {row.code: row.figures.cumulative_count for row in table.batch_rows(november)} == {WEST: 1, "210591": 1}
    assert reports.month_report(month=MONTH).batch == ""


def test_the_report_of_a_returned_batch_is_what_was_frozen(city, scan_file):
    make.final(city)
    before = reports.batch_report(submitted(city))
    batch = send_back(city, Batch.objects.get())
    after = reports.batch_report(batch)
    assert (after.rows, after.points, after.corrections) == (before.rows, before.points, ())


@pytest.mark.parametrize("reason", ["", "  "])
def test_no_way_back_without_a_reason(city, reason):
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    with pytest.raises(Missing, match="理由"):
        steps.batch_empty(batch_id=batch.pk, actor=city.clerk, reason=reason)


def test_a_return_is_dated_between_the_step_before_and_today(city):
    batch, today = submitted(city), clock.today_beijing()
    for day, words in ((today + timedelta(days=1), "还没有到"), (today - timedelta(days=1), "早于报送日期")):
        with pytest.raises(BadInput, match=words):
            send_back(city, batch, returned_on=day)
    with pytest.raises(Missing, match="退回日期"):
        send_back(city, batch, returned_on=None)


@pytest.mark.parametrize("who", ["west", "finance", "recogniser", "auditor"])
def test_only_the_bureau_takes_a_batch_back(city, who):
    batch = frozen(city)
    with pytest.raises(NotAllowed):
        steps.batch_recall(batch_id=batch.pk, actor=getattr(city, who), reason="漏了一处")


def test_sql_by_hand_cannot_return_a_batch_without_its_ground(city):
    batch = submitted(city)
    with (
        pytest.raises(IntegrityError, match="returned_with_ground"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE penalty_batch SET state = 'returned' WHERE id = %s", [batch.pk])


def test_two_batches_of_a_month_may_both_have_gone_back(city):
    make.final(city)
    recall(city, frozen(city))
    recall(city, frozen(city))
    assert sorted(Batch.objects.values_list("seq", "state")) == [(1, "returned"), (2, "returned")]
    assert checks.check() == []


def test_a_charge_under_an_older_version_of_the_rule_comes_back_with_its_own_pins(city, scan_file):
    point = make.final(city)
    sent(city, scan_file)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    november = frozen(city, NOVEMBER)
    first = LedgerEntry.objects.get(point=point, seq=1)
    recall(city, november)
    last = LedgerEntry.objects.get(point=point, seq=3)
    pins = ("recognition_id", "pinned_fen", "payer_code", "payer_name", "month", "basis", "rule_id")
    assert [getattr(last, name) for name in pins] == [getattr(first, name) for name in pins]
    assert Rule.objects.count() == 1


def test_the_commands_take_a_batch_back(city, commands_decide, scan_file, capsys):
    make.final(city)
    batch = frozen(city)
    call_command("batch", "recall", str(batch.pk), "--as", "clerk", "--reason", "漏了一处")
    batch = submitted(city)
    call_command(
        "batch", "return", str(batch.pk), "--as", "clerk", "--reason", "不同意", "--date", str(clock.today_beijing()),
        "--doc-no", "演示退〔2023〕1号", "--file", str(scan_file),
    )  # fmt: skip
    assert "不同意" in capsys.readouterr().out
    wrong = steps.batch_build(month=NOVEMBER, actor=city.clerk)
    call_command("batch", "empty", str(wrong.pk), "--as", "clerk", "--reason", "月份选错了")
    assert [row.state_words for row in Batch.objects.order_by("pk")] == ["已撤回", "已退回", "已清空"]
    assert selectors.batch_by_id(batch.pk).return_doc_no == "演示退〔2023〕1号"


def test_a_point_whose_batch_went_back_waits_for_the_next_one(city):
    from penalties.pages.panels import LedgerPanel

    point = make.final(city)
    recall(city, frozen(city))
    point.refresh_from_db()
    assert LedgerPanel().point(point, city.clerk).batch.lines == ("还没有编入批次",)
