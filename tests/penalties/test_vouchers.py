"""Finance's own workbook of vouchers, row by row: what settles, what was known, what goes back with its reason (C13)."""

import io
import json
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection

from core import clock
from core.db import triggers
from core.errors import BadInput, Conflict, NotAllowed
from journal.models import Entry
from penalties import checks
from penalties.batches import steps
from penalties.batches.voucher_file import read_vouchers
from penalties.batches.vouchers import vouchers_load
from penalties.models import Batch, BatchState, Settlement, Voucher, VoucherReply
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, WEST
from tests.penalties.test_batches import YUAN_30000
from tests.penalties.test_pages import body, client_of

HEAD = ["序号", "凭证号", "扣缴日期", "县（区）", "金额（元）", "批次"]
PAYERS = {WEST: "甲县", EAST: "乙县"}


def today() -> date:
    return clock.today_beijing()


def workbook(*rows: list, head: list | None = None, above: tuple[list, ...] = (["扣缴凭证回执"],)) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "凭证"
    for row in (*above, head or HEAD, *rows):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def row(number: str, payer: str, amount: object, batch: str = "", day: object = None) -> list:
    return ["", number, day or today(), payer, amount, batch]


def sent(city, scan_file, month: str, *places: tuple[float, float]) -> Batch:
    """A batch of fires of a month that finance has."""
    when = datetime(int(month[:4]), int(month[5:]), 7, 5, 30, tzinfo=UTC)
    for place in places:
        make.final(city, at=place, when=when)
    batch = steps.batch_build(month=month, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    steps.batch_approve(
        batch_id=batch.pk, actor=city.officer, doc_no="演示批〔2023〕1号", approved_on=today(), file=scan_file
    )
    return steps.batch_send(batch_id=batch.pk, actor=city.clerk)


@pytest.fixture
def october(city, scan_file) -> Batch:
    return sent(city, scan_file, "2023-10", (123.75, 41.25), IN_EAST)


@pytest.fixture
def november(city, scan_file, october) -> Batch:
    return sent(city, scan_file, "2023-11", (123.75, 41.35))


def load(city, *rows: list, by=None, **facts) -> VoucherReply:
    reply, _ = vouchers_load(content=workbook(*rows, **facts), filename="回执.xlsx", actor=by or city.finance)
    return reply


def reasons(reply: VoucherReply) -> list[tuple[str, int, str, str]]:
    return [(fault["sheet"], fault["row"], fault["column"], fault["reason"]) for fault in reply.rejected]


@pytest.mark.embedded
def test_the_rows_that_fit_are_registered_and_the_rest_goes_back_with_sheet_row_column_and_reason(city, october):
    reply = load(
        city,
        row("记-1", "甲县", 30000),
        row("记-2", "丙县", 30000),
        row("记-3", "乙县", 99999),
        row("", "乙县", 30000),
        row("记-4", "乙县", "叁万"),
        row("记-5", "乙县", 30000, day="昨天"),
        ["合计", "", "", "", 90000, ""],
    )
    assert [(v.voucher_no, v.payer_code, v.amount_fen) for v in Voucher.objects.all()] == [("记-1", WEST, YUAN_30000)]
    assert reasons(reply) == [
        ("凭证", 4, "县（区）", "没有叫“丙县”的扣缴单位"),
        ("凭证", 5, "金额", "乙县还待扣缴 30,000.00 元，凭证是 99,999.00 元"),
        ("凭证", 6, "凭证号", "没有凭证号"),
        ("凭证", 7, "金额", "“叁万”不是金额"),
        ("凭证", 8, "扣缴日期", "“昨天”不是日期，请写成 2024-03-01"),
    ]
    assert reply.counts == {"rows": 6, "vouchers": 1, "known": 0, "rejected": 5}
    october.refresh_from_db()
    assert october.state == BatchState.SENT


@pytest.mark.embedded
def test_one_voucher_settles_lines_of_several_batches_and_its_parts_add_up_to_it(city, november, october):
    load(city, row("记-1", "甲县人民政府", 60000), row("记-2", EAST, 30000))
    voucher = Voucher.objects.get(voucher_no="记-1")
    parts = [(part.line.batch_id, part.amount_fen) for part in voucher.parts.order_by("line__batch__month")]
    assert parts == [(october.pk, YUAN_30000), (november.pk, YUAN_30000)]
    assert voucher.amount_fen == 2 * YUAN_30000
    assert set(Batch.objects.values_list("state", flat=True)) == {"settled"}
    assert checks.check() == []


def test_a_row_that_names_its_batch_settles_that_one(city, november, october):
    load(city, row("记-1", "甲县", 30000, "2023年11月"))
    assert Settlement.objects.get().line.batch_id == november.pk


def test_a_voucher_of_two_rows_names_its_batches_and_is_one_voucher(city, november, october):
    load(city, row("记-1", "甲县", 30000, "2023-10"), row("记-1", "甲县", 30000, "2023年11月批次"))
    voucher = Voucher.objects.get()
    assert (voucher.amount_fen, voucher.parts.count()) == (2 * YUAN_30000, 2)


def test_of_a_voucher_whose_one_row_is_not_taken_none_is(city, october):
    reply = load(city, row("记-1", "甲县", 10000), row("记-1", "甲县", 10000))
    assert [fault[3] for fault in reasons(reply)] == [
        "同一凭证的第 4 行退回，整张不登记",
        "与第 3 行是同一凭证、同一单位：几批的请在“批次”一列分别写明",
    ]
    assert not Settlement.objects.exists()


def test_a_part_of_a_line_leaves_the_rest_open_and_the_oldest_is_settled_first(city, november, october):
    load(city, row("记-1", "甲县", 40000))
    parts = {part.line.batch_id: part.amount_fen for part in Settlement.objects.all()}
    assert parts == {october.pk: YUAN_30000, november.pk: 1_000_000}


@pytest.mark.embedded
def test_the_same_workbook_again_is_recognised_by_its_digest(city, october):
    content = workbook(row("记-1", "甲县", 30000))
    first, is_new = vouchers_load(content=content, filename="a.xlsx", actor=city.finance)
    again, is_new_again = vouchers_load(content=content, filename="b.xlsx", actor=city.finance)
    assert (is_new, is_new_again, again.pk) == (True, False, first.pk)
    assert (VoucherReply.objects.count(), Settlement.objects.count()) == (1, 1)


def test_a_resent_workbook_with_more_rows_is_recognised_by_its_vouchers(city, october):
    load(city, row("记-1", "甲县", 30000))
    reply = load(city, row("记-1", "甲县", 30000), row("记-2", "乙县", 30000))
    assert reply.counts == {"rows": 2, "vouchers": 1, "known": 1, "rejected": 0}
    assert Settlement.objects.count() == 2
    october.refresh_from_db()
    assert october.state == BatchState.SETTLED


def test_a_known_voucher_with_another_amount_goes_back(city, october):
    load(city, row("记-1", "甲县", 10000))
    reply = load(city, row("记-1", "甲县", 20000))
    assert reasons(reply)[0][2:] == ("金额", "凭证 记-1 已登记 10,000.00 元，这里是 20,000.00 元")


def test_a_voucher_that_was_entered_by_hand_is_known_to_the_workbook(city, october):
    steps.batch_settle(batch_id=october.pk, actor=city.finance, voucher_no="记-1", settled_on=today(), payer_code=WEST)
    assert load(city, row("记-1", "甲县", 30000)).counts["known"] == 1


def test_a_voucher_of_a_workbook_is_not_added_to_by_hand(city, november, october):
    load(city, row("记-1", "甲县", 30000, "2023-10"))
    with pytest.raises(Conflict, match="已随财政回执登记"):
        steps.batch_settle(
            batch_id=november.pk, actor=city.finance, voucher_no="记-1", settled_on=today(), payer_code=WEST
        )


def test_by_hand_one_voucher_number_settles_lines_of_two_batches(city, november, october):
    for batch in (october, november):
        steps.batch_settle(
            batch_id=batch.pk, actor=city.finance, voucher_no="记-1", settled_on=today(), payer_code=WEST
        )
    voucher = Voucher.objects.get(payer_code=WEST)
    assert (voucher.parts.count(), voucher.amount_fen) == (2, None)


def test_what_goes_back_and_what_is_charged_net_in_one_voucher(city, scan_file, october):
    load(city, row("记-1", "甲县", 30000), row("记-2", "乙县", 30000))
    point = october.entries.get(payer_code=WEST).point
    make.take(point, "reopen", city.recogniser, reason="复核不属实")
    november = sent(city, scan_file, "2023-11")
    december = sent(city, scan_file, "2023-12", (123.72, 41.35), (123.73, 41.35))
    load(city, row("记-9", "甲县", 30000))
    parts = {part.line.batch_id: part.amount_fen for part in Voucher.objects.get(voucher_no="记-9").parts.all()}
    assert parts == {november.pk: -YUAN_30000, december.pk: 2 * YUAN_30000}
    assert checks.check() == []


@pytest.mark.parametrize(
    ("days", "words"), [(1, "还没有到"), (-1, "早于送财政日期")], ids=["in the future", "before the sending"]
)
def test_a_voucher_is_dated_between_the_sending_and_today(city, october, days, words):
    reply = load(city, row("记-1", "甲县", 30000, day=today() + timedelta(days=days)))
    assert words in reasons(reply)[0][3]
    assert reasons(reply)[0][2] == "扣缴日期"


def test_the_amounts_may_stand_in_wan_yuan(city, october):
    head = ["序号", "凭证编号", "记账日期", "付款单位", "金额（万元）"]
    load(city, ["1", "记-1", today(), "甲县", 3.0], head=head)
    assert Settlement.objects.get().amount_fen == YUAN_30000


def test_a_workbook_that_does_not_say_its_unit_is_refused_whole(city, october):
    head = ["序号", "凭证号", "扣缴日期", "县区", "金额"]
    with pytest.raises(BadInput, match="没有写明单位") as refused:
        load(city, ["1", "记-1", today(), "甲县", 3], head=head)
    assert refused.value.code == "no_unit"
    load(city, ["1", "记-1", today(), "甲县", 3], head=head, above=(["回执"], ["", "", "", "", "单位：万元"]))
    assert Settlement.objects.get().amount_fen == YUAN_30000


@pytest.mark.parametrize("value", [30000, 30000.0, "30,000.00", "￥30000", "30000元"])
def test_an_amount_is_read_as_people_write_it(value):
    file = read_vouchers([("", [HEAD, row("记-1", "甲县", value, day=date(2023, 11, 1))])], PAYERS)
    assert ([one.amount_fen for one in file.rows], file.faults) == ([YUAN_30000], [])


@pytest.mark.parametrize("value", [0.001, "", 0, "nan"])
def test_an_amount_that_is_none_is_a_fault(value):
    file = read_vouchers([("", [HEAD, row("记-1", "甲县", value, day=date(2023, 11, 1))])], PAYERS)
    assert [fault.column for fault in file.faults] == ["金额"]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", b"MZ", workbook(["甲"], head=["姓名"])])
def test_a_file_that_is_no_reply_is_refused_and_nothing_is_kept(city, october, content):
    with pytest.raises(BadInput):
        vouchers_load(content=content, filename="x", actor=city.finance)
    assert not VoucherReply.objects.exists()


def test_who_made_the_table_loads_no_voucher_and_another_clerk_copies_it_in(city, october):
    reply = load(city, row("记-1", "甲县", 30000), by=city.clerk)
    assert "制表人不能登记本批的凭证" in reasons(reply)[0][3]
    load(city, row("记-1", "甲县", 30000, "2023-10"), by=city.officer)
    assert Entry.objects.filter(act="vouchers.loaded").last().after["on_behalf"] is True
    with pytest.raises(NotAllowed):
        load(city, row("记-1", "甲县", 30000), by=city.west)


def test_the_check_finds_a_voucher_whose_parts_do_not_add_up_and_a_line_settled_beyond_its_amount(city, october):
    load(city, row("记-1", "甲县", 30000))
    part = Settlement.objects.get()
    with triggers.lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE penalty_settlement SET amount_fen = 9000000 WHERE id = %s", [part.pk])
    problems = " ".join(checks.check())
    assert "凭证 记-1 甲县 的各部分合计 90,000.00 元" in problems
    assert "多于 30,000.00 元" in problems


@pytest.mark.embedded
def test_the_command_loads_a_workbook_and_says_what_became_of_its_rows(city, october, tmp_path, capsys):
    path = tmp_path / "回执.xlsx"
    path.write_bytes(workbook(row("记-1", "甲县", 30000), row("记-2", "丙县", 1)))
    call_command("batch", "vouchers", str(path), "--as", "finance", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["vouchers"][0]["parts"], told["rejected"]) == ([[october.pk, YUAN_30000]], 1)
    assert told["rejected_rows"][0] == {
        "sheet": "凭证",
        "row": 4,
        "column": "县（区）",
        "reason": "没有叫“丙县”的扣缴单位",
    }
    call_command("batch", "vouchers", str(path), "--as", "finance")
    assert "没有重复登记" in capsys.readouterr().out


def test_finance_previews_the_workbook_and_then_registers_it(city, october):
    finance = client_of(city.finance)
    upload = SimpleUploadedFile("回执.xlsx", workbook(row("记-1", "甲县", 30000), row("记-2", "丙县", 1)))
    preview = finance.post("/penalties/vouchers/preview/", {"file": upload})
    page = body(preview)
    assert "登记 1 张凭证" in page
    assert "没有叫“丙县”的扣缴单位" in page
    assert not Settlement.objects.exists()
    facts = {"token": preview.context["token"], "filename": "回执.xlsx"}
    page = body(finance.post("/penalties/vouchers/commit/", facts, follow=True))
    assert "登记凭证 1 张，退回 1 行" in page
    assert Settlement.objects.count() == 1
    assert "没有重复登记" in body(finance.post("/penalties/vouchers/commit/", facts, follow=True))
    assert "回执.xlsx" in body(finance.get("/penalties/vouchers/"))


def test_a_county_sees_no_replies_and_an_auditor_only_reads(city, october):
    assert client_of(city.west).get("/penalties/vouchers/").status_code == 404
    auditor = client_of(city.auditor)
    assert "预览" not in body(auditor.get("/penalties/vouchers/"))
    upload = SimpleUploadedFile("回执.xlsx", workbook(row("记-1", "甲县", 30000)))
    assert auditor.post("/penalties/vouchers/preview/", {"file": upload}).status_code == 403
    assert auditor.post("/penalties/vouchers/commit/", {"token": "a" * 64}).status_code == 403
