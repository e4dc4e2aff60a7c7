"""A batch goes through two persons' hands: who made the table neither checks it, nor records the consent, nor the voucher."""

import io
from datetime import date

import docx
import pytest
from openpyxl import load_workbook

from core import clock
from core.errors import Missing, NotAllowed
from firepoints.life.proposing import act_or_propose
from firepoints.models import Ruling
from journal.models import Entry
from penalties.batches import reports, steps
from penalties.batches.life import LIFE
from penalties.models import Batch, BatchDocument, BatchState
from tests.factories import points as make
from tests.factories.city import CITY, hold
from tests.penalties.test_batches import MONTH, approved
from tests.penalties.test_pages import body, client_of
from tests.penalties.test_returning import sent, submitted


def loosen(key: str) -> None:
    Ruling.objects.create(key=key, valid_from=date(2023, 1, 1), value=False, document_no="演示裁〔2023〕3号")


def ended(city, point):
    """A dispatched point, found true, recognised and past its window."""
    by = make.department(city, point)
    make.take(point, "report", by, conclusion="true", evidence=make.uuids(make.photo(point, by)))
    make.take(point, "recognise", city.recogniser, reason="证据充分")
    make.take(point, "notify", city.clerk)
    return make.take(point, "waive", by, document_no="演示函〔2023〕1号")


def voucher(city, batch: Batch, by, **facts) -> Batch:
    data = {"voucher_no": "凭1", "settled_on": clock.today_beijing(), **facts}
    return steps.batch_settle(batch_id=batch.pk, actor=by, **data)


@pytest.mark.embedded
def test_one_clerk_alone_brings_no_batch_to_finance(city, scan_file):
    make.final(city)
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    with pytest.raises(NotAllowed, match="制表人不能自己审核冻结"):
        steps.batch_freeze(batch_id=batch.pk, actor=city.clerk)
    batch = steps.batch_submit(batch_id=steps.batch_freeze(batch_id=batch.pk, actor=city.officer).pk, actor=city.clerk)
    paper = {"doc_no": "演示批〔2023〕1号", "approved_on": clock.today_beijing(), "file": scan_file}
    with pytest.raises(NotAllowed, match="制表人不能登记自己这一批的批件"):
        steps.batch_approve(batch_id=batch.pk, actor=city.clerk, **paper)
    assert steps.batch_approve(batch_id=batch.pk, actor=city.officer, **paper).approved_by == city.officer


@pytest.mark.embedded
def test_two_clerks_and_finance_suffice_for_the_whole_walk(city, scan_file):
    make.final(city)
    batch = voucher(city, sent(city, scan_file), city.finance)
    assert batch.state == BatchState.SETTLED
    by = {batch.prepared_by, batch.checked_by, batch.approved_by}
    assert by == {city.clerk, city.officer}


def test_the_bureau_copies_a_voucher_in_only_with_its_scan_and_by_another_person(city, scan_file):
    make.final(city)
    batch = sent(city, scan_file)
    with pytest.raises(NotAllowed, match="制表人不能登记本批的凭证"):
        voucher(city, batch, city.clerk, file=scan_file)
    with pytest.raises(Missing, match="凭证扫描件"):
        voucher(city, batch, city.officer)
    assert voucher(city, batch, city.officer, file=scan_file).state == BatchState.SETTLED
    paper = BatchDocument.objects.get(batch=batch, kind=BatchDocument.Kind.VOUCHER)
    entry = Entry.objects.get(act="batch.settled")
    assert (entry.after["on_behalf"], entry.after["sha256"]) == (True, paper.sha256)


def test_who_made_the_table_enters_no_voucher_under_a_post_of_finance_either(city, scan_file):
    make.final(city)
    batch = sent(city, scan_file)
    hold(city.clerk, "finance", CITY)
    with pytest.raises(NotAllowed):
        voucher(city, batch, city.clerk, file=scan_file)


def test_a_voucher_of_finance_needs_no_scan(city, scan_file):
    make.final(city)
    voucher(city, sent(city, scan_file), city.finance)
    assert "on_behalf" not in Entry.objects.get(act="batch.settled").after


@pytest.mark.embedded
def test_a_ruling_loosens_it_from_its_day_and_the_papers_say_so(city, scan_file):
    make.final(city)
    loosen("freeze_by_another")
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    batch = steps.batch_freeze(batch_id=batch.pk, actor=city.clerk)
    words = "制表与审核为同一人（演示裁〔2023〕3号，自2023-01-01起）"
    report = reports.batch_report(batch)
    assert report.same_person == words
    papers = {paper.kind: paper.content for paper in reports.papers(report)}
    assert words in "".join(p.text for p in docx.Document(io.BytesIO(papers["request"])).paragraphs)
    cells = [str(cell) for row in load_workbook(io.BytesIO(papers["workbook"]))["汇总"].values for cell in row if cell]
    assert any(words in cell for cell in cells)
    assert words in body(client_of(city.clerk).get(f"/penalties/{batch.pk}/"))


def test_the_letter_says_that_who_made_the_table_recorded_the_consent(city, scan_file):
    make.final(city)
    loosen("approve_by_another")
    batch = steps.batch_approve(
        batch_id=submitted(city).pk, actor=city.clerk, doc_no="演示批〔2023〕1号", approved_on=clock.today_beijing(),
        file=scan_file,
    )  # fmt: skip
    assert reports.batch_report(batch).same_person.startswith("制表与登记批件为同一人")


def test_the_papers_name_the_points_with_which_one_person_did_what_takes_two(city, scan_file):
    loosen("two_persons.merge_official")
    survivor, gone = make.dispatched(city), make.suspected(at=(123.752, 41.252))
    outcome = act_or_propose(
        point_id=gone.pk, action="merge", actor=city.clerk, data={"into": survivor.pk, "reason": "同一处"}
    )
    assert outcome.proposal is None
    point = ended(city, survivor)
    report = reports.batch_report(submitted(city))
    assert report.same_person == f"{point}的并入由一人办理（演示裁〔2023〕3号，自2023-01-01起）"
    papers = {paper.kind: paper.content for paper in reports.papers(report)}
    assert report.same_person in "".join(p.text for p in docx.Document(io.BytesIO(papers["request"])).paragraphs)


def test_where_two_persons_did_it_the_papers_say_nothing(city, scan_file):
    make.final(city)
    assert reports.batch_report(approved(city, scan_file)).same_person == ""


def test_the_page_says_to_who_made_the_table_why_there_is_no_button(city):
    make.final(city)
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    page = body(client_of(city.clerk).get(f"/penalties/{batch.pk}/"))
    assert "请换一位经办人" in page
    assert "请换一位经办人" not in body(client_of(city.officer).get(f"/penalties/{batch.pk}/"))


def test_every_step_that_asks_or_takes_money_names_who_may_not_take_it() -> None:
    assert {row.action for row in LIFE.transitions if row.requires} == {"freeze", "approve", "settle"}
