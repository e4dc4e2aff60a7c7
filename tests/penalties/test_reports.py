"""The month's papers say what the ledger says, to the fen (C13)."""

import io
from datetime import UTC, datetime

import docx
import pytest
from python_calamine import CalamineWorkbook

from papers import filing
from penalties.batches import reports, steps
from penalties.models import BatchDocument, LedgerEntry
from penalties.money import daxie
from tests.factories import points as make
from tests.factories.city import IN_EAST

MONTH = "2023-10"


def texts_of(content: bytes) -> str:
    """All words of a .docx, tables too."""
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_ledger_page_workbook_and_request_give_the_same_total(city):
    for _ in range(3):
        make.final(city)
    make.final(city, at=IN_EAST)
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    batch = steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    steps.batch_submit(batch_id=batch.pk, actor=city.clerk)
    total = sum(LedgerEntry.objects.values_list("amount_fen", flat=True))
    assert total == 4 * 3_000_000
    assert reports.batch_report(batch).total.amount_fen == total
    papers = {paper.kind: paper.content for paper in reports.papers(reports.batch_report(batch))}
    book = CalamineWorkbook.from_filelike(io.BytesIO(papers[BatchDocument.Kind.WORKBOOK]))
    cells = [cell for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row]
    assert 12 in cells or "12" in cells or 12.0 in cells
    assert any(daxie(total) in str(cell) for cell in cells)
    assert daxie(total) in texts_of(papers[BatchDocument.Kind.REQUEST])
    assert BatchDocument.objects.filter(batch=batch).count() == 2


def test_a_month_without_a_batch_still_has_its_report_as_a_draft(city):
    make.final(city)
    report = reports.month_report(month=MONTH)
    assert report.is_draft
    assert (report.total.count, report.total.amount_fen) == (1, 3_000_000)
    assert not LedgerEntry.objects.exists()


@pytest.mark.embedded
def test_a_point_taken_back_later_is_a_correction_that_names_its_original_batch(city):
    charged, survivor = make.final(city), make.final(city)
    october = steps.batch_build(month=MONTH, actor=city.clerk)
    steps.batch_freeze(batch_id=october.pk, actor=city.officer)
    make.take(charged, "merge_decided", city.recogniser, into=survivor.pk, reason="同一处")
    november = steps.batch_build(month="2023-11", actor=city.clerk)
    report = reports.batch_report(november)
    reports.papers(report)
    (correction,) = report.corrections
    assert (correction.number, correction.amount_fen) == (charged.number, -3_000_000)
    assert correction.original_batch == str(october)
    assert report.total.amount_fen == -3_000_000


def test_a_charge_that_was_taken_back_before_freezing_does_not_show(city):
    point = make.final(city)
    steps.batch_build(month=MONTH, actor=city.clerk)
    make.take(point, "reopen", city.recogniser, reason="新的佐证")
    batch = steps.batch_build(month=MONTH, actor=city.clerk)
    report = reports.batch_report(batch)
    assert (report.points, report.corrections, report.total.amount_fen) == ((), (), 0)


def test_sending_to_finance_files_the_letter_that_cites_the_approval(city, scan_file):
    from tests.penalties.test_batches import approved

    make.final(city)
    batch = approved(city, scan_file)
    steps.batch_send(batch_id=batch.pk, actor=city.clerk)
    letter = BatchDocument.objects.get(batch=batch, kind=BatchDocument.Kind.LETTER)
    words = texts_of(filing.open_stored(letter.stored_as).read_bytes())
    assert "演示批〔2023〕1号" in words
    assert daxie(3_000_000) in words


def test_a_late_point_under_an_older_rule_keeps_the_papers_right(city):
    from tests.penalties.conftest import RULE, add_rule

    make.final(city)
    add_rule({**RULE, "version": 2, "valid_from": "2023-11-01", "base": {"kind": "fixed", "amount_fen": 5_000_000}})
    make.final(city, when=datetime(2023, 11, 7, 5, 30, tzinfo=UTC))
    batch = steps.batch_build(month="2023-11", actor=city.clerk)
    report = reports.batch_report(batch)
    reports.papers(report)
    assert report.total.amount_fen == 8_000_000
