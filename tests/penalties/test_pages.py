"""The batch pages as the bureau, finance, a county and a stranger meet them (C12, C13)."""

import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core import clock
from journal.models import Access
from penalties.batches import steps
from penalties.models import Batch, BatchDocument, BatchState, LedgerEntry, Settlement
from tests.factories import points as make
from tests.factories import scans
from tests.factories.city import CITY, IN_EAST, WEST, person

MONTH = "2023-10"
PDF = scans.pdf("approval")


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(answer) -> str:
    return answer.content.decode()


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


@pytest.fixture
def clerk(city) -> Client:
    return client_of(city.clerk)


@pytest.fixture
def batch(city) -> Batch:
    """October: one satellite point in each county, still open."""
    make.final(city)
    make.final(city, at=IN_EAST)
    return steps.batch_build(month=MONTH, actor=city.clerk)


def step(client: Client, batch: Batch, name: str, **data):
    """POST a step as the page would, with the version that the page shows now."""
    version = Batch.objects.get(pk=batch.pk).version
    return client.post(reverse("penalties:step", args=[batch.pk, name]), {"version": version, **data}, follow=True)


def scan(name: str = "批件.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/pdf")


def bring_to(batch: Batch, city, state: str, scan_file) -> Batch:
    """Through the services as far as `state`."""
    acts = {
        "frozen": lambda: steps.batch_freeze(batch_id=batch.pk, actor=city.officer),
        "submitted": lambda: steps.batch_submit(batch_id=batch.pk, actor=city.clerk),
        "approved": lambda: steps.batch_approve(
            batch_id=batch.pk,
            actor=city.officer,
            doc_no="批〔2023〕1号",
            approved_on=clock.today_beijing(),
            file=scan_file,
        ),
        "sent": lambda: steps.batch_send(batch_id=batch.pk, actor=city.clerk),
    }
    for name, act in acts.items():
        act()
        if name == state:
            break
    return Batch.objects.get(pk=batch.pk)


@pytest.mark.embedded
def test_an_empty_deployment_says_what_will_appear_and_offers_to_build(clerk):
    page = body(clerk.get(reverse("penalties:list")))
    assert "还没有批次" in page
    assert "编制批次" in page


def test_building_from_the_page_lists_every_county_zeros_too_and_the_sum_in_capitals(clerk, city):
    make.final(city)
    answer = clerk.post(reverse("penalties:build"), {"month": MONTH}, follow=True)
    page = body(answer)
    assert answer.redirect_chain == [(reverse("penalties:detail", args=[Batch.objects.get().pk]), 302)]
    assert "甲县" in page
    assert "乙县" in page
    assert 'class="r zero">0<' in page
    assert "人民币叁万元整" in page
    assert "1 处 × 3 万元 = 3 万元" in page


def test_building_twice_from_the_page_adds_nothing(clerk, city):
    make.final(city)
    for _ in range(2):
        clerk.post(reverse("penalties:build"), {"month": MONTH})
    assert (Batch.objects.count(), LedgerEntry.objects.count()) == (1, 1)


@pytest.mark.parametrize("month", ["", "2023-13", "2023年10月", "2023-10\n"])
def test_a_malformed_month_is_refused_beside_its_field(clerk, city, month):
    answer = clerk.post(reverse("penalties:build"), {"month": month})
    assert answer.status_code == 400
    assert not Batch.objects.exists()


def test_another_open_batch_is_named_when_a_second_month_is_built(clerk, batch):
    answer = clerk.post(reverse("penalties:build"), {"month": "2023-11"})
    assert answer.status_code == 409
    assert "先冻结它" in body(answer)


@pytest.mark.embedded
def test_a_batch_goes_from_open_to_settled_through_the_pages(clerk, city, batch):
    step(client_of(city.officer), batch, "freeze")
    step(clerk, batch, "submit", submitted_on="2023-11-05")
    step(client_of(city.officer), batch, "approve", doc_no="演示批〔2023〕7号", approved_on="2023-11-12", file=scan())
    step(clerk, batch, "send", sent_on="2023-11-14")
    finance = client_of(city.finance)
    step(finance, batch, "settle", payer=WEST, voucher_no="PZ-1", settled_on="2023-11-17", amount="10,000.00")
    page = body(finance.get(reverse("penalties:detail", args=[batch.pk])))
    assert "部分 1 / 3" in page
    assert "录入扣缴凭证（还差 2）" in page
    step(finance, batch, "settle", payer="*", voucher_no="PZ-2", settled_on="2023-11-18")
    batch.refresh_from_db()
    assert batch.state == BatchState.SETTLED
    assert sum(Settlement.objects.values_list("amount_fen", flat=True)) == 6_000_000
    page = body(clerk.get(reverse("penalties:detail", args=[batch.pk])))
    assert page.count("已扣缴</span>") >= 3
    assert "演示批〔2023〕7号" in page


def test_a_second_click_on_a_step_does_nothing_and_says_so(city, batch):
    stale, officer = {"version": batch.version}, client_of(city.officer)
    url = reverse("penalties:step", args=[batch.pk, "freeze"])
    officer.post(url, stale, follow=True)
    answer = officer.post(url, stale, follow=True)
    assert said(answer) == ["2023年10月批次已是“已冻结”，没有重复办理"]
    assert Batch.objects.get().state == BatchState.FROZEN


def test_a_page_that_is_older_than_the_batch_cannot_freeze_it(clerk, city, batch):
    seen = batch.version
    make.final(city, at=(123.72, 41.35))
    steps.batch_build(month=MONTH, actor=city.clerk)
    answer = client_of(city.officer).post(reverse("penalties:step", args=[batch.pk, "freeze"]), {"version": seen})
    assert answer.status_code == 409
    assert "已有他人先行办理" in body(answer)
    assert Batch.objects.get().state == BatchState.OPEN


def test_a_step_out_of_order_is_refused_in_words(clerk, batch):
    answer = step(clerk, batch, "send", sent_on="2023-11-14")
    assert "顺序是" in " ".join(said(answer))
    assert Batch.objects.get().state == BatchState.OPEN


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"doc_no": "", "approved_on": "today"}, "必填项"),
        ({"doc_no": "批1号", "approved_on": "today", "file": None}, "没有批件扫描件"),
        ({"doc_no": "批1号", "approved_on": "2020-01-01"}, ">批件日期 2020-01-01 早于报送日期"),
        ({"doc_no": "批1号", "approved_on": "today", "file": ("x.pdf", b"<script>")}, "要是 PDF"),
    ],
)
def test_without_a_whole_approval_nothing_is_approved(clerk, city, batch, scan_file, given, complaint):
    bring_to(batch, city, "submitted", scan_file)
    today = str(clock.today_beijing())
    data = {key: today if value == "today" else value for key, value in given.items() if key != "file"}
    if given.get("file", "") is not None:
        data["file"] = scan(*given["file"]) if "file" in given else scan()
    answer = step(client_of(city.officer), batch, "approve", **data)
    assert answer.status_code == 400
    assert complaint in body(answer)
    assert Batch.objects.get().state == BatchState.SUBMITTED


def test_each_step_is_taken_by_its_own_office_only(city, batch, scan_file):
    for user in (city.finance, city.auditor, city.recogniser):
        assert step(client_of(user), batch, "freeze").status_code == 403
    bring_to(batch, city, "sent", scan_file)
    answer = step(client_of(city.auditor), batch, "settle", payer=WEST, voucher_no="1", settled_on="2023-11-17")
    assert answer.status_code == 403
    assert not Settlement.objects.exists()


def test_the_page_says_whose_turn_it_is_to_those_who_may_not_act(city, batch):
    page = body(client_of(city.auditor).get(reverse("penalties:detail", args=[batch.pk])))
    assert "由市局经办办理" in page
    assert "<form" not in page.split('<main id="main"')[1]


@pytest.mark.embedded
def test_a_county_sees_its_own_line_and_neither_the_others_nor_the_papers(city, batch, scan_file):
    west = client_of(city.west)
    detail = reverse("penalties:detail", args=[batch.pk])
    assert west.get(detail).status_code == 404
    bring_to(batch, city, "submitted", scan_file)
    page = body(west.get(detail))
    assert "甲县" in page
    assert "乙县" not in page
    assert "人民币叁万元整" in page
    for row in BatchDocument.objects.all():
        assert west.get(reverse("penalties:document", args=[batch.pk, row.pk])).status_code == 404
    assert west.get(reverse("penalties:draft", args=[batch.pk, "workbook"])).status_code == 404
    assert step(west, batch, "approve").status_code == 403


def test_inspectors_and_holders_of_other_posts_see_no_batch(city, batch, scan_file):
    bring_to(batch, city, "submitted", scan_file)
    for user in (city.inspector, city.people["head"], person("member", "member", f"{WEST}001")):
        client = client_of(user)
        assert "2023年10月批次" not in body(client.get(reverse("penalties:list")))
        assert client.get(reverse("penalties:detail", args=[batch.pk])).status_code == 404


def test_a_finance_post_of_a_county_is_not_the_citys_finance(city, batch):
    assert client_of(person("cf", "finance", WEST)).get(reverse("penalties:detail", args=[batch.pk])).status_code == 404
    city_wide = person("cf2", "finance", CITY)
    assert client_of(city_wide).get(reverse("penalties:detail", args=[batch.pk])).status_code == 200


@pytest.mark.parametrize("name", ["list", "detail"])
def test_a_stranger_is_sent_to_sign_in(city, batch, name):
    args = [batch.pk] if name == "detail" else []
    assert Client().get(reverse(f"penalties:{name}", args=args)).status_code == 302


def test_a_filed_paper_comes_back_byte_for_byte_under_its_chinese_name_and_is_noted(city, batch, scan_file):
    bring_to(batch, city, "approved", scan_file)
    auditor = client_of(city.auditor)
    kinds = set()
    for row in BatchDocument.objects.all():
        answer = auditor.get(reverse("penalties:document", args=[batch.pk, row.pk]))
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
        assert answer["X-Content-Type-Options"] == "nosniff"
        kinds.add(answer["Content-Type"].split(".")[-1])
    assert kinds == {"sheet", "document", "application/pdf"}
    assert Access.objects.filter(actor_id=city.auditor.pk, kind="export").count() == 3


def test_a_paper_that_changed_on_disk_is_not_handed_out(city, batch, scan_file, settings):
    bring_to(batch, city, "submitted", scan_file)
    row = BatchDocument.objects.first()
    (settings.JINSHAO_HOME / row.stored_as).write_bytes(b"forged")
    answer = client_of(city.clerk).get(reverse("penalties:document", args=[batch.pk, row.pk]), follow=True)
    assert "与入档时的摘要不一致" in " ".join(said(answer))
    (settings.JINSHAO_HOME / row.stored_as).unlink()


def test_a_paper_of_another_batch_is_not_found_under_this_one(city, batch, scan_file):
    bring_to(batch, city, "submitted", scan_file)
    other = steps.batch_build(month="2023-11", actor=city.clerk)
    row = BatchDocument.objects.first()
    assert client_of(city.clerk).get(reverse("penalties:document", args=[other.pk, row.pk])).status_code == 404


def test_an_open_batch_gives_drafts_that_say_so(clerk, city, batch):
    answer = clerk.get(reverse("penalties:draft", args=[batch.pk, "workbook"]))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    text = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any("草稿" in one for one in text)
    assert any("陆万元整" in one for one in text)
    assert clerk.get(reverse("penalties:draft", args=[batch.pk, "request"])).content[:2] == b"PK"
    assert clerk.get(reverse("penalties:draft", args=[batch.pk, "letter"])).status_code == 404
    assert Access.objects.filter(actor_id=city.clerk.pk, kind="export").count() == 2


def test_a_correction_names_the_batch_that_charged_it(clerk, city, batch):
    charged, survivor = make.final(city, at=(123.72, 41.35)), make.final(city, at=(123.72, 41.36))
    steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    make.take(charged, "merge_decided", city.recogniser, into=survivor.pk, reason="同一处")
    november = steps.batch_build(month="2023-11", actor=city.clerk)
    page = body(clerk.get(reverse("penalties:detail", args=[november.pk])))
    assert "原批次 2023年10月批次" in page
    assert "退 3 万元" in page
    assert list(charged.ledger.order_by("seq").values_list("amount_fen", flat=True)) == [3_000_000, -3_000_000]


def test_the_pages_cost_the_same_whatever_the_number_of_points(
    clerk, city, batch, django_assert_max_num_queries, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    detail = reverse("penalties:detail", args=[batch.pk])
    clerk.get(detail)  # the sign of the background work is some seconds old
    with CaptureQueriesContext(connection) as queries:
        clerk.get(detail)
    few = len(queries)
    for i in range(6):
        make.final(city, at=(123.71 + i / 100, 41.35))
    steps.batch_build(month=MONTH, actor=city.clerk)
    clerk.get(detail)
    with django_assert_num_queries(few):
        clerk.get(detail)
    assert few <= 27
    with django_assert_max_num_queries(20):
        clerk.get(reverse("penalties:list"))


def test_the_list_pages_back_by_key(clerk, city, monkeypatch):
    monkeypatch.setattr("penalties.pages.batches.PAGE", 2)
    for month in ("2023-08", "2023-09", "2023-10"):
        made = steps.batch_build(month=month, actor=city.clerk)
        steps.batch_freeze(batch_id=made.pk, actor=city.officer)
    first = body(clerk.get(reverse("penalties:list")))
    assert "2023年8月批次" not in first
    assert "?before=2023-09.1" in first
    second = body(clerk.get(reverse("penalties:list") + "?before=2023-09.1"))
    assert "2023年8月批次" in second
    assert "2023年10月批次" not in second


@pytest.mark.parametrize("key", ["x", "2023-09", "2023-09.²", "2023-09.99999999999", "' or 1=1"])
def test_a_page_key_that_cannot_be_read_shows_the_first_page(clerk, batch, key):
    assert "2023年10月批次" in body(clerk.get(reverse("penalties:list"), {"before": key}))


def test_a_get_on_a_step_changes_nothing(clerk, batch):
    assert clerk.get(reverse("penalties:step", args=[batch.pk, "freeze"])).status_code == 405
    assert clerk.post(reverse("penalties:step", args=[batch.pk, "burn"])).status_code == 404


def test_a_batch_that_is_sent_back_is_recorded_with_its_paper_and_its_page_says_so(clerk, city, batch, scan_file):
    bring_to(batch, city, "submitted", scan_file)
    assert "登记退回" in body(clerk.get(reverse("penalties:detail", args=[batch.pk])))
    facts = {"returned_on": clock.today_beijing(), "reason": "不同意，先核实", "doc_no": "退〔2023〕1号"}
    page = body(step(clerk, batch, "return", **facts, file=scan("退件.pdf")))
    assert "这一批不再成立" in page
    assert "不同意，先核实" in page
    assert "市政府退件 退〔2023〕1号" in page
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == 0
    assert "没有重复办理" in body(step(clerk, batch, "approve", doc_no="批〔2023〕1号"))


def test_a_way_back_without_a_reason_is_refused_beside_its_field(clerk, city, batch, scan_file):
    bring_to(batch, city, "frozen", scan_file)
    answer = step(clerk, batch, "recall", reason=" ")
    assert answer.status_code == 400
    assert re.search(r'<details class="panel"\s+id="recall" open>', body(answer))
    assert Batch.objects.get().state == "frozen"


def test_the_list_and_the_next_act_leave_a_recalled_batch_behind(clerk, city, batch, scan_file):
    bring_to(batch, city, "frozen", scan_file)
    page = body(step(clerk, batch, "recall", reason="漏了一处"))
    assert "已撤回" in page
    assert 'id="next"' not in page
    assert "已撤回" in body(clerk.get(reverse("penalties:list")))


def test_the_page_of_a_mixed_batch_tells_what_is_due_from_what_goes_back(clerk, city, batch, scan_file):
    bring_to(batch, city, "sent", scan_file)
    point = batch.entries.get(payer_code=WEST).point
    make.take(point, "reopen", city.recogniser, reason="复核不属实")
    make.final(city, at=(123.86, 41.35))
    november = steps.batch_build(month="2023-11", actor=city.clerk)
    page = body(clerk.get(reverse("penalties:detail", args=[november.pk])))
    assert "应扣 <b>3</b> 万元 <span>人民币叁万元整</span>，应退 <b>3</b> 万元 <span>人民币叁万元整</span>" in page
    assert "重新核实：复核不属实" in page
    assert "演示recogniser" in page
    assert ">-" not in page


def test_the_list_says_that_a_batch_only_gives_back(clerk, city, batch, scan_file):
    bring_to(batch, city, "sent", scan_file)
    point = batch.entries.get(payer_code=WEST).point
    make.take(point, "reopen", city.recogniser, reason="复核不属实")
    steps.batch_build(month="2023-11", actor=city.clerk)
    page = body(clerk.get(reverse("penalties:list")))
    assert "<b>退 3</b>" in page
    assert ">-" not in page
