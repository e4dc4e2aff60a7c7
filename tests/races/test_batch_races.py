"""Two people and one month's money: nothing is charged, frozen or paid twice, and what slips in comes back."""

from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError, connection

from core import clock
from core.errors import BadInput, Conflict, Refused, StaleVersion
from grids import locating
from penalties import checks
from penalties.batches import advancing, building, held, returning, steps, vouchers
from penalties.ledger import posting
from penalties.models import Batch, BatchLine, LedgerEntry, Settlement, VoucherReply
from tests.factories import points as make
from tests.factories import scans
from tests.factories.city import WEST, City, build_city
from tests.penalties.conftest import add_rule
from tests.races.meeting import at_once, in_between, lost, meet_across, meet_after, without_unique, won

pytestmark = pytest.mark.django_db(transaction=True)
MONTH = "2023-10"
YUAN_30000 = 3_000_000


@pytest.fixture
def city(db: None) -> City:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    locating.forget()
    add_rule()
    return build_city()


def build(city: City) -> Batch:
    return steps.batch_build(month=MONTH, actor=city.clerk)


def test_two_builds_at_once_make_one_batch_and_charge_once(city, monkeypatch):
    make.final(city)
    meet_after(monkeypatch, posting, "drafts_for")
    outcomes = at_once(*[lambda: build(city)] * 2)
    assert (len(won(outcomes)), len(lost(outcomes, Conflict))) == (1, 1), outcomes
    assert Batch.objects.count() == 1
    assert LedgerEntry.objects.get().amount_fen == YUAN_30000


def test_a_build_that_another_one_overtakes_is_told_so_and_posts_nothing(city, monkeypatch):
    make.final(city)
    drafts_for = posting.drafts_for

    def overtaken(**period):
        drafts = drafts_for(**period)
        monkeypatch.setattr(posting, "drafts_for", drafts_for)
        build(city)
        return drafts

    monkeypatch.setattr(posting, "drafts_for", overtaken)
    with pytest.raises(Conflict) as refused:
        build(city)
    assert refused.value.code == "another_batch_open"


def test_two_builds_of_a_batch_that_is_open_follow_each_other(city):
    build(city)
    make.final(city)
    outcomes = at_once(*[lambda: build(city)] * 4)
    assert len(won(outcomes)) == 4, outcomes
    assert LedgerEntry.objects.get().amount_fen == YUAN_30000
    assert checks.check() == []


def test_negative_control_without_the_uniques_two_builds_charge_twice(city, monkeypatch):
    make.final(city)
    meet_after(monkeypatch, posting, "drafts_for")
    guards = [("penalty_batch", ["state"]), ("penalty_batch", ["month", "seq"]), ("penalty_entry", ["point_id", "seq"])]
    with without_unique(*guards, empty=["penalty_entry", "penalty_batch"]):
        outcomes = at_once(*[lambda: build(city)] * 2)
        charged = sum(LedgerEntry.objects.values_list("amount_fen", flat=True))
        seen = checks.check()
    assert (len(won(outcomes)), charged) == (2, 2 * YUAN_30000), outcomes
    assert seen, "the check of the ledger sees it"


def test_of_two_who_freeze_at_once_one_does(city, monkeypatch):
    make.final(city)
    batch = build(city)
    meet_after(monkeypatch, steps, "require")
    outcomes = at_once(*[lambda: steps.batch_freeze(batch_id=batch.pk, actor=city.officer)] * 2)
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, 1), outcomes
    assert BatchLine.objects.filter(batch=batch).count() == 2
    assert checks.check() == []


def test_negative_control_without_the_swap_only_the_unique_line_is_left_to_refuse(city, monkeypatch):
    make.final(city)
    batch = build(city)
    meet_after(monkeypatch, steps, "require")
    monkeypatch.setattr(steps, "advance", unguarded)
    outcomes = at_once(*[lambda: steps.batch_freeze(batch_id=batch.pk, actor=city.officer)] * 2)
    assert (len(won(outcomes)), len(lost(outcomes, IntegrityError))) == (1, 1), outcomes


def unguarded(batch: Batch, *, to: str, **facts: object) -> Batch:
    Batch.objects.filter(pk=batch.pk).update(state=to, **facts)
    batch.refresh_from_db()
    return batch


def test_a_build_and_a_freeze_at_once_leave_lines_that_tell_all_that_was_posted(city, monkeypatch):
    batch = build(city)
    make.final(city)
    meet_across(monkeypatch, (advancing, "roles_of"), (building, "roles_of"))
    at_once(lambda: build(city), lambda: steps.batch_freeze(batch_id=batch.pk, actor=city.officer))
    for one in Batch.objects.exclude(state="open"):
        posted = sum(one.entries.values_list("amount_fen", flat=True))
        assert posted == sum(one.lines.values_list("amount_fen", flat=True))
    assert checks.check() == []


def test_a_point_reopened_while_the_batch_is_built_gives_its_money_back(city, monkeypatch):
    point = make.final(city)
    in_between(
        monkeypatch, posting, "drafts_for", lambda: make.take(point, "reopen", city.recogniser, reason="新的佐证")
    )
    build(city)
    point.refresh_from_db()
    assert (point.state, LedgerEntry.objects.get().amount_fen) == ("dispatched", YUAN_30000), "it slipped in"
    build(city)
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == 0
    assert checks.check() == []


def test_negative_control_without_the_union_of_wanted_and_posted_the_money_of_a_reopened_point_stays(city, monkeypatch):
    point, real = make.final(city), posting.diff
    in_between(
        monkeypatch, posting, "drafts_for", lambda: make.take(point, "reopen", city.recogniser, reason="新的佐证")
    )
    build(city)

    def only_wanted(wanted, posted):
        return real(wanted, {one: stands for one, stands in posted.items() if one in wanted})

    monkeypatch.setattr(posting, "diff", only_wanted)
    build(city)
    point.refresh_from_db()
    assert (point.state, sum(LedgerEntry.objects.values_list("amount_fen", flat=True))) == ("dispatched", YUAN_30000)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "批件.pdf"
    path.write_bytes(scans.pdf())
    return path


@pytest.fixture
def sent(city: City, scan: Path) -> Batch:
    """A batch of one charged line that waits for its vouchers."""
    make.final(city)
    batch = build(city)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    steps.batch_approve(
        batch_id=batch.pk, actor=city.officer, doc_no="演示批〔2023〕1号", approved_on=clock.today_beijing(), file=scan
    )
    return steps.batch_send(batch_id=batch.pk, actor=city.clerk)


def frozen(city: City) -> Batch:
    make.final(city)
    return steps.batch_freeze(batch_id=build(city).pk, actor=city.officer)


def recall(city: City, batch: Batch) -> Batch:
    return steps.batch_recall(batch_id=batch.pk, actor=city.clerk, reason="漏了一处")


def approve(city: City, batch: Batch, scan: Path) -> Batch:
    return steps.batch_approve(
        batch_id=batch.pk, actor=city.officer, doc_no="演示批〔2023〕1号", approved_on=clock.today_beijing(), file=scan
    )


def send_back(city: City, batch: Batch) -> Batch:
    return steps.batch_return(batch_id=batch.pk, actor=city.clerk, returned_on=clock.today_beijing(), reason="不同意")


def stands(batch: Batch) -> bool:
    """Whether the state and the money of a batch say the same: what went back adds up to nothing, what stands to its lines."""
    batch.refresh_from_db()
    posted = sum(batch.entries.values_list("amount_fen", flat=True))
    is_live = batch.state != "returned"
    assert posted == (sum(batch.lines.values_list("amount_fen", flat=True)) if is_live else 0)
    assert checks.check() == []
    return is_live


def test_of_a_recall_and_a_submission_at_once_one_wins_and_the_money_follows_it(city, monkeypatch):
    batch = frozen(city)
    meet_across(monkeypatch, (steps, "advance"), (returning, "advance"))
    outcomes = at_once(lambda: recall(city, batch), lambda: steps.batch_submit(batch_id=batch.pk, actor=city.clerk))
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, 1), outcomes
    assert stands(batch) == (won(outcomes)[0].state == "submitted")


def test_of_a_return_and_a_consent_at_once_one_wins_and_the_money_follows_it(city, scan, monkeypatch):
    batch = steps.batch_submit(batch_id=frozen(city).pk, actor=city.clerk)
    meet_across(monkeypatch, (steps, "advance"), (returning, "advance"))
    outcomes = at_once(lambda: send_back(city, batch), lambda: approve(city, batch, scan))
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, 1), outcomes
    assert stands(batch) == (won(outcomes)[0].state == "approved")


def test_of_a_return_and_a_sending_at_once_one_wins_and_finance_settles_only_what_stands(city, scan, monkeypatch):
    batch = approve(city, steps.batch_submit(batch_id=frozen(city).pk, actor=city.clerk), scan)
    meet_across(monkeypatch, (steps, "advance"), (returning, "advance"))
    outcomes = at_once(lambda: send_back(city, batch), lambda: steps.batch_send(batch_id=batch.pk, actor=city.clerk))
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, 1), outcomes
    if stands(batch):
        assert voucher(city, batch, "凭证1").state == "sent"
    else:
        with pytest.raises(Refused, match="不能登记凭证"):
            voucher(city, batch, "凭证1")


def test_a_return_that_reads_before_finance_settles_is_refused(city, sent, monkeypatch):
    monkeypatch.setattr(returning, "require", lambda *_: None)
    in_between(monkeypatch, returning, "require_day", lambda: voucher(city, sent, "凭证1"))
    with pytest.raises(StaleVersion):
        send_back(city, sent)
    assert stands(sent)


def test_negative_control_without_the_swap_a_batch_is_submitted_and_recalled(city, monkeypatch):
    batch = frozen(city)
    monkeypatch.setattr(steps, "advance", unguarded)
    monkeypatch.setattr(returning, "advance", unguarded)
    meet_across(monkeypatch, (steps, "advance"), (returning, "advance"))
    outcomes = at_once(lambda: recall(city, batch), lambda: steps.batch_submit(batch_id=batch.pk, actor=city.clerk))
    assert len(won(outcomes)) == 2, outcomes
    assert batch.documents.exists(), "papers of a batch that stands for nothing went to the city government"
    assert sum(batch.entries.values_list("amount_fen", flat=True)) == 0


def reopening(city: City, batch: Batch, outcomes: list[str]) -> None:
    """Reopen the charged point of a batch, or give up where somebody holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
    try:
        make.take(batch.entries.get().point, "reopen", city.recogniser, reason="复核不属实")
        outcomes.append("reopened")
    except OperationalError:
        outcomes.append("waits")


def test_a_point_is_not_reopened_between_the_look_and_the_submission(city, monkeypatch):
    batch, outcomes = frozen(city), []
    in_between(monkeypatch, held, "require_answered", lambda: reopening(city, batch, outcomes))
    assert steps.batch_submit(batch_id=batch.pk, actor=city.clerk).state == "submitted"
    assert outcomes == ["waits"]


def test_a_question_is_not_asked_between_the_look_and_the_submission(city, monkeypatch):
    batch, outcomes = frozen(city), []
    point = batch.entries.get().point

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        try:
            make.ask(point, "来源已撤回，请复核")
        except OperationalError:
            outcomes.append("waits")

    in_between(monkeypatch, held, "require_answered", ask)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    assert outcomes == ["waits"]


def test_negative_control_without_the_lock_a_batch_is_submitted_with_a_point_that_was_reopened(city, monkeypatch):
    batch, outcomes = frozen(city), []
    monkeypatch.setattr(held, "_locked", lambda points: points)
    in_between(monkeypatch, held, "require_answered", lambda: reopening(city, batch, outcomes))
    assert steps.batch_submit(batch_id=batch.pk, actor=city.clerk).state == "submitted"
    assert (outcomes, batch.entries.get().point.state) == (["reopened"], "dispatched")


def test_of_two_who_recall_at_once_one_does_and_the_entries_are_undone_once(city, monkeypatch):
    batch = frozen(city)
    meet_after(monkeypatch, returning, "require")
    outcomes = at_once(*[lambda: recall(city, batch)] * 2)
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, 1), outcomes
    assert not stands(batch)


def test_a_build_that_posts_on_a_batch_while_it_is_recalled_leaves_both_sound(city, monkeypatch):
    point = make.final(city)
    batch = steps.batch_freeze(batch_id=build(city).pk, actor=city.officer)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    meet_across(monkeypatch, (building, "post"), (returning, "post"))
    outcomes = at_once(lambda: recall(city, batch), lambda: steps.batch_build(month="2023-11", actor=city.clerk))
    assert (len(won(outcomes)), len(lost(outcomes, Conflict))) == (1, 1), outcomes
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == 0
    stands(batch)


def voucher(city: City, batch: Batch, number: str) -> Batch:
    """Two thirds of the line: two such vouchers are too much."""
    return steps.batch_settle(
        batch_id=batch.pk, actor=city.finance, voucher_no=number, settled_on=clock.today_beijing(), payer_code=WEST,
        amount_fen=YUAN_30000 * 2 // 3,
    )  # fmt: skip


def test_two_vouchers_at_once_never_settle_more_than_the_line(city, sent, monkeypatch):
    meet_after(monkeypatch, vouchers, "require")
    outcomes = at_once(lambda: voucher(city, sent, "凭证1"), lambda: voucher(city, sent, "凭证2"))
    assert (len(won(outcomes)), len(lost(outcomes, StaleVersion))) == (1, 1), outcomes
    assert Settlement.objects.get().amount_fen == YUAN_30000 * 2 // 3
    with pytest.raises(BadInput, match="还待扣缴"):
        voucher(city, sent, "凭证3")


def test_negative_control_without_the_claim_of_the_batch_a_line_is_settled_beyond_its_amount(city, sent, monkeypatch):
    monkeypatch.setattr(vouchers, "advance", lambda batch, **_: batch)
    meet_after(monkeypatch, vouchers, "open_lines")
    outcomes = at_once(lambda: voucher(city, sent, "凭证1"), lambda: voucher(city, sent, "凭证2"))
    assert len(won(outcomes)) == 2, outcomes
    assert sum(Settlement.objects.values_list("amount_fen", flat=True)) > YUAN_30000


def reply(number: str, extra: str = "") -> bytes:
    """Finance's workbook of one voucher over the whole line of 甲县."""
    head = "凭证号,扣缴日期,县（区）,金额（元）"
    return f"{head}\n{number},{clock.today_beijing()},甲县,30000\n{extra}".encode()


def load(city: City, content: bytes) -> tuple[VoucherReply, bool]:
    return vouchers.vouchers_load(content=content, filename="回执.csv", actor=city.finance)


def test_two_replies_at_once_never_settle_more_than_the_line(city, sent, monkeypatch):
    meet_after(monkeypatch, vouchers, "read_reply")
    outcomes = at_once(lambda: load(city, reply("凭证1")), lambda: load(city, reply("凭证2")))
    assert len(won(outcomes)) == 2, outcomes
    assert Settlement.objects.get().amount_fen == YUAN_30000
    assert sorted(row.counts["rejected"] for row in VoucherReply.objects.all()) == [0, 1]
    assert checks.check() == []


def test_the_same_reply_at_once_is_one(city, sent, monkeypatch):
    meet_after(monkeypatch, vouchers, "read_reply")
    outcomes = at_once(*[lambda: load(city, reply("凭证1"))] * 2)
    assert sorted(is_new for _, is_new in won(outcomes)) == [False, True], outcomes
    assert (VoucherReply.objects.count(), Settlement.objects.count()) == (1, 1)


def test_negative_control_without_the_lock_on_the_batches_two_replies_settle_too_much(city, sent, monkeypatch):
    monkeypatch.setattr(vouchers, "_claim", lambda: None)
    monkeypatch.setattr(vouchers, "advance", lambda batch, **_: batch)
    meet_after(monkeypatch, vouchers, "voucher_plan")
    outcomes = at_once(lambda: load(city, reply("凭证1")), lambda: load(city, reply("凭证2")))
    assert len(won(outcomes)) == 2, outcomes
    assert sum(Settlement.objects.values_list("amount_fen", flat=True)) > YUAN_30000
    assert checks.check(), "verify sees it"
