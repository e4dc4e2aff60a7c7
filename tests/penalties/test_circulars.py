"""通报 (C14): wider than the deduction, frozen when it is made, and its public edition (C21)."""

import io
from datetime import date, timedelta

import docx
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from core import clock
from core.db import triggers
from core.errors import BadInput, Conflict, Missing, NotAllowed
from firepoints.models import Detection
from journal.models import Access, Entry
from journal.record import digests
from journal.record.verify import verify
from penalties.circulars import making, paper
from penalties.circulars.content import circular_report
from penalties.circulars.report import (
    NOBODY,
    CircularReport,
    CircularRow,
    Tally,
    check,
    period_words,
    places_of,
    tally_of,
    townships_of,
)
from penalties.documents.report import ReportMismatch, Titles
from penalties.models import Circular, CircularDocument, LedgerEntry
from tests.factories import points as make
from tests.factories.city import IN_EAST, ON_THE_BORDER
from tests.factories.rulings import ruled

OCTOBER = {"starts_on": date(2023, 10, 1), "ends_on": date(2023, 10, 31)}


def texts_of(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_a_circular_frozen_in_an_earlier_year_keeps_its_digest():
    row = CircularRow(
        "火2025-0001", "210502", "甲县", "210502001", "某乡", "某村", date(2025, 10, 7), "13:30", "国家卫星", "satellite",
        "counted", "属实", 123.71, 41.35, point_id=7,
    )  # fmt: skip
    report = CircularReport(
        titles=Titles("某市", "某市生态环境局", "某市人民政府", "某市财政局"),
        starts_on=date(2025, 10, 1),
        ends_on=date(2025, 10, 31),
        issued_on=date(2025, 11, 5),
        counties=places_of([row], [("210502", "甲县"), ("210503", "乙县")]),
        townships=townships_of([row]),
        points=(row,),
        journal_head="9:abc",
        is_demo=True,
        notes=("注",),
    )
    digest = digests.sha256(making.content_of(report))
    assert digest == "e78c001d9cbe07595c9183cd9502f9a1c63a20f371ab86d085b81c6713406a8d"


@pytest.fixture
def october(city):
    """One point of each stage, found by satellite, patrol and scar; and a lead that nobody of C14 found."""
    return {
        "counted": make.final(city),
        "excluded": make.take(make.negative(city), "exclude", city.recogniser, reason="荒草"),
        "verified": make.verified(city, source="patrol", at=IN_EAST),
        "scar": make.suspected(source="supervision", at=IN_EAST, kind=Detection.Kind.SCAR),
        "cross": make.suspected(at=ON_THE_BORDER),
        "lead": make.suspected(source="firms"),
        "own": make.suspected(source="self_found"),
    }


@pytest.fixture
def made(city, october) -> Circular:
    return making.circular_make(**OCTOBER, actor=city.clerk)


@pytest.mark.embedded
def test_what_is_excluded_and_what_is_open_stand_in_it_and_leads_do_not(city, october):
    report = circular_report(**OCTOBER)
    check(report)
    stages = {row.point_id: row.stage for row in report.points}
    assert stages == {
        october["counted"].pk: "counted",
        october["excluded"].pk: "excluded",
        october["verified"].pk: "verified",
        october["scar"].pk: "open",
        october["cross"].pk: "open",
    }
    assert report.total == Tally(satellite=3, inspection=1, scar=1, counted=1, excluded=1, verified=1, open=2)
    assert [(row.name, row.tally.count) for row in report.counties] == [("甲县", 2), ("乙县", 2), (NOBODY, 1)]
    found = {row.point_id: row.finding for row in report.points}
    assert (found[october["excluded"].pk], found[october["scar"].pk]) == ("不属实（荒草）", "")


def test_a_counted_point_stands_in_it_whatever_its_source_and_a_fire_of_another_month_does_not(city, october):
    ruled(city, "charge.county.self_found", True, date(2022, 10, 1))
    own = make.recognised(city, source="self_found")
    assert own.pk in {row.point_id for row in circular_report(**OCTOBER).points}
    later = circular_report(starts_on=date(2023, 11, 1), ends_on=date(2023, 11, 30))
    assert (later.total.count, [row.name for row in later.counties]) == (0, ["甲县", "乙县"])
    assert "期间没有发现火点" in texts_of(paper.render(later))


def test_the_paper_says_what_the_table_says_and_is_copied_to_the_government(made):
    full = made.documents.get(kind=CircularDocument.Kind.FULL)
    text = texts_of(making.paper_of(made, "full", made.made_by)[1])
    assert full.filename == "2023年10月火点情况通报.docx"
    for words in ("关于2023年10月", "期间共发现5处", "认定计入1处，认定不计入1处，已核实、待认定1处，未核实2处", "特此通报。",
                  "不属实（荒草）", "抄送：", "其中1处跨界"):  # fmt: skip
        assert words in text
    assert made.journal_head in text


def test_the_public_edition_names_no_village_no_position_no_number_and_nobody_under_suspicion(made, october):
    public = texts_of(making.paper_of(made, "public", made.made_by)[1])
    full = texts_of(making.paper_of(made, "full", made.made_by)[1])
    point = october["counted"]
    for secret in ("南村", f"{point.lon:.5f}", point.number, october["verified"].number):
        assert secret in full
        assert secret not in public
    assert "甲县南乡" in public


def test_a_circular_stays_as_it_was_made_and_a_later_one_says_what_has_changed(city, october, made):
    again = making.circular_make(**OCTOBER, actor=city.clerk)
    assert again == made
    before = made.documents.get(kind="full").sha256
    make.take(october["verified"], "recognise", city.recogniser, reason="证据充分")
    later = making.circular_make(**OCTOBER, actor=city.clerk)
    assert later != made
    assert (later.content["counties"][1]["tally"]["counted"], made.content["counties"][1]["tally"]["counted"]) == (1, 0)
    assert made.documents.get(kind="full").sha256 == before
    assert Entry.objects.filter(act="circular.made").count() == 2
    assert not LedgerEntry.objects.exists(), "a 通报 posts nothing"
    assert verify().ok


def test_content_that_was_changed_behind_it_is_found(made):
    with triggers.lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE penalty_circular SET content_hash = 'x'")
    assert making.problems() == [f"{made.title}：内容与摘要不符"]


def test_figures_that_disagree_make_no_paper(city, october):
    from dataclasses import replace

    report = circular_report(**OCTOBER)
    with pytest.raises(ReportMismatch, match="明细"):
        check(replace(report, points=report.points[1:]))
    with pytest.raises(ReportMismatch, match="出现两次"):
        check(replace(report, points=(*report.points, report.points[0])))
    with pytest.raises(KeyError):
        tally_of([replace(report.points[0], stage="maybe")])


def test_only_the_bureau_makes_one_of_days_that_are_over(city):
    with pytest.raises(NotAllowed):
        making.circular_make(**OCTOBER, actor=city.recogniser)
    today = clock.today_beijing()
    for starts, ends in (
        (date(2023, 10, 2), date(2023, 10, 1)),
        (date(2021, 1, 1), date(2023, 1, 1)),
        (today, today + timedelta(days=1)),
    ):
        with pytest.raises(BadInput):
            making.circular_make(starts_on=starts, ends_on=ends, actor=city.clerk)
    assert not Circular.objects.exists()


def test_a_number_is_recorded_once_and_never_before_the_paper(city, made):
    today = clock.today_beijing()
    days = {"issued_on": today, "reported_on": today}
    with pytest.raises(Missing):
        making.circular_issue(circular=made, doc_no=" ", actor=city.clerk, **days)
    with pytest.raises(BadInput):
        making.circular_issue(
            circular=made, doc_no="演示1号", actor=city.clerk, issued_on=date(2023, 11, 1), reported_on=today
        )
    making.circular_issue(circular=made, doc_no="本环〔2023〕1号", actor=city.clerk, **days)
    with pytest.raises(Conflict):
        making.circular_issue(circular=made, doc_no="本环〔2023〕2号", actor=city.clerk, **days)


def test_a_county_reads_what_went_out_and_an_inspector_nothing(city, made):
    assert list(making.circulars_for(city.finance)) == [made]
    assert not making.circulars_for(city.west)
    today = clock.today_beijing()
    making.circular_issue(circular=made, doc_no="演示1号", issued_on=today, reported_on=today, actor=city.clerk)
    assert list(making.circulars_for(city.west)) == [made]
    assert not making.circulars_for(city.inspector)


def test_from_the_dates_to_the_number_on_the_page(city, october):
    client = Client()
    client.force_login(city.clerk)
    address = reverse("penalties:circulars")
    answer = client.get(address, {"starts_on": "2023-10-01", "ends_on": "2023-10-31"}).content.decode()
    assert "共发现 <b>5</b> 处" in answer
    assert not Circular.objects.exists(), "looking makes nothing"
    ahead = clock.today_beijing() + timedelta(days=1)
    refused = client.get(address, {"starts_on": ahead.isoformat(), "ends_on": ahead.isoformat()})
    assert "结束日期还没有到" in refused.content.decode()
    data = {"starts_on": "2023-10-01", "ends_on": "2023-10-31"}
    page = client.post(reverse("penalties:circular_make"), data, follow=True).content.decode()
    assert "通报已生成并入档" in page
    made = Circular.objects.get()
    taken = client.get(reverse("penalties:circular_paper", args=[made.pk, "public"]))
    assert taken["Content-Disposition"].startswith("attachment")
    assert Access.objects.filter(kind="export", subject_type="penalties.circulardocument").count() == 1
    today = clock.today_beijing().isoformat()
    where = reverse("penalties:circular_issue", args=[made.pk])
    assert client.post(where, {"doc_no": "", "issued_on": today, "reported_on": today}).status_code == 400
    page = client.post(where, {"doc_no": "本环〔2023〕1号", "issued_on": today, "reported_on": today}, follow=True)
    assert "本环〔2023〕1号" in page.content.decode()


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        (date(2023, 10, 1), date(2023, 10, 31), "2023年10月"),
        (date(2023, 10, 1), date(2023, 11, 30), "2023年10月1日至11月30日"),
        (date(2022, 12, 1), date(2023, 1, 31), "2022年12月1日至2023年1月31日"),
        (date(2023, 10, 7), date(2023, 10, 7), "2023年10月7日"),
    ],
)
def test_a_period_is_said_as_short_as_it_can_be(starts, ends, words):
    assert period_words(starts, ends) == words
