"""Which months a batch may cover, and how its papers say them (C13)."""

import io
from datetime import UTC, datetime

import docx
import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from core import clock
from core.errors import BadInput, Conflict
from core.month import Month, span_words
from penalties import checks
from penalties.batches import held, reports, steps
from penalties.models import Batch, BatchState, LedgerEntry
from tests.factories import points as make
from tests.factories.city import IN_EAST
from tests.penalties.test_batches import YUAN_30000
from tests.penalties.test_pages import body, client_of


def burnt(city, year: int, month: int, **facts):
    return make.final(city, when=datetime(year, month, 7, 5, 30, tzinfo=UTC), **facts)


def build(city, month: str, first_month: str = "") -> Batch:
    return steps.batch_build(month=month, first_month=first_month, actor=city.clerk)


def text_of(paper: bytes) -> str:
    document = docx.Document(io.BytesIO(paper))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-09", "2026-09", "2026年9月"),
        ("2026-09", "2026-12", "2026年9—12月"),
        ("2026-11", "2027-02", "2026年11月—2027年2月"),
    ],
)
def test_a_span_of_months_is_written_as_papers_write_it(first, last, words):
    assert span_words(Month.parse(first), Month.parse(last)) == words


@pytest.mark.embedded
def test_no_batch_of_a_month_that_has_not_begun(city):
    make.final(city)
    following = str(Month.of(clock.today_beijing()).shift(1))
    for month in (following, "2093-01"):
        with pytest.raises(BadInput, match="还没有开始") as refused:
            build(city, month)
        assert refused.value.code == "month_not_begun"
    assert not Batch.objects.exists()


@pytest.mark.parametrize(("month", "first_month"), [("1999-01", ""), ("2022-08", ""), ("2023-10", "1999-01")])
@pytest.mark.embedded
def test_no_batch_of_a_month_before_the_first_rule(city, month, first_month):
    with pytest.raises(BadInput, match="最早的规则自 2022-09-30 起") as refused:
        build(city, month, first_month)
    assert refused.value.code == "before_first_rule"
    assert build(city, "2022-09").month == "2022-09"


def test_a_span_that_ends_before_it_begins_is_refused(city):
    with pytest.raises(BadInput, match="晚于"):
        build(city, "2023-09", "2023-12")


@pytest.mark.embedded
def test_a_year_end_settlement_holds_the_fires_of_its_months_and_its_papers_say_which(city):
    for month in (9, 10, 11):
        burnt(city, 2023, month, at=(123.71 + month / 1000, 41.25))
    batch = build(city, "2023-12", "2023-01")
    assert (str(batch), batch.entries.count()) == ("2023年1—12月批次", 3)
    report = reports.batch_report(batch)
    assert report.period == "2023年9—11月"
    papers = {paper.kind: paper.content for paper in reports.papers(report)}
    assert "关于扣缴2023年9—11月" in text_of(papers["request"])


def test_a_batch_of_one_month_that_holds_late_fires_says_their_span(city):
    burnt(city, 2023, 9)
    burnt(city, 2023, 11, at=IN_EAST)
    report = reports.batch_report(build(city, "2023-12"))
    assert report.period == "2023年9—11月"


def test_a_batch_of_a_span_leaves_earlier_fires_out_and_names_them(city):
    late = burnt(city, 2023, 8)
    burnt(city, 2023, 10, at=IN_EAST)
    batch = build(city, "2023-12", "2023-09")
    assert batch.entries.count() == 1
    ((number, why),) = [(row.number, row.why) for row in held.left_out(batch)]
    assert (number, why) == (late.number, "起火月早于 2023-09，不在本批的月份里")
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    assert build(city, "2023-12").entries.get().point_id == late.pk
    assert checks.check() == []


def test_building_the_same_span_again_goes_on_with_it_and_another_is_refused(city):
    make.final(city)
    batch = build(city, "2023-12", "2023-09")
    assert build(city, "2023-12", "2023-09").pk == batch.pk
    with pytest.raises(Conflict, match="2023年9—12月批次还在编制"):
        build(city, "2023-12")


def test_a_batch_without_fires_is_named_by_its_own_months(city):
    assert reports.batch_report(build(city, "2023-12", "2023-09")).period == "2023年9—12月"


@pytest.mark.embedded
def test_a_month_that_is_not_over_is_said_on_table_papers_and_page(city):
    make.final(city)
    today = clock.today_beijing()
    batch = build(city, str(Month.of(today)))
    words = f"{Month.of(today).words}还没有结束，数字截至{today.month}月{today.day}日"
    report = reports.batch_report(batch)
    assert report.unfinished == words
    papers = {paper.kind: paper.content for paper in reports.papers(report)}
    assert text_of(papers["request"]).count(words) == 2, "in the text and above the table"
    cells = [str(cell) for row in load_workbook(io.BytesIO(papers["workbook"]))["汇总"].values for cell in row if cell]
    assert any(words in cell for cell in cells)
    assert words in body(client_of(city.clerk).get(f"/penalties/{batch.pk}/"))


def test_a_month_that_is_over_says_nothing_of_it(city):
    make.final(city)
    assert reports.batch_report(build(city, "2023-10")).unfinished == ""


def test_the_command_builds_a_span(city, capsys):
    burnt(city, 2023, 9)
    burnt(city, 2023, 12, at=IN_EAST)
    call_command("batch", "build", "--from", "2023-09", "--to", "2023-12", "--as", "clerk")
    batch = Batch.objects.get()
    assert (batch.first_month, batch.last_month, batch.with_earlier) == ("2023-09", "2023-12", False)
    assert "2023年9—12月" in capsys.readouterr().out
    assert sum(LedgerEntry.objects.values_list("amount_fen", flat=True)) == 2 * YUAN_30000


def test_the_page_builds_a_span_and_rebuilds_it(city):
    client = client_of(city.clerk)
    burnt(city, 2023, 9)
    page = body(client.post("/penalties/build/", {"month": "2023-12", "first_month": "2023-09"}, follow=True))
    assert "2023年9—12月批次" in page
    assert '<input type="hidden" name="first_month" value="2023-09">' in page
    assert Batch.objects.get().state == BatchState.OPEN
