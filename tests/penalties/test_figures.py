"""The figures: a month's own, what the fires of a year come to, and that every door says the same (C13, policy.md §7)."""

from datetime import UTC, date, datetime

import pytest

from grids.people.successions import succession_set
from penalties.api.batches import full
from penalties.batches import reports, steps, table
from penalties.documents.report import check
from penalties.models import Batch
from tests.factories import points as make
from tests.factories.city import EAST, IN_EAST, IN_WEST, WEST, City
from tests.penalties.test_batches import YUAN_30000

Figures = dict[str, tuple[int, int, int, int]]


def fire(city: City, month: str, *, at: tuple[float, float] = IN_WEST):
    """A final fire of the 7th of a month."""
    return make.final(city, at=at, when=datetime(int(month[:4]), int(month[5:]), 7, 5, 30, tzinfo=UTC))


def told(rows) -> Figures:
    """{payer: 处, 处 of 3 万元, 累计处, 累计 of 3 万元}, without the zeros."""
    figures = {row.code: row.figures for row in rows}
    said = {
        code: (f.count, f.amount_fen // YUAN_30000, f.cumulative_count, f.cumulative_fen // YUAN_30000)
        for code, f in figures.items()
    }
    return {code: numbers for code, numbers in said.items() if any(numbers)}


def report(month: str) -> Figures:
    value = reports.month_report(month=month)
    check(value)
    return told(value.rows)


def build(city: City, month: str, *, freeze: bool = True) -> Batch:
    batch = steps.batch_build(month=month, actor=city.clerk)
    return steps.batch_freeze(batch_id=batch.pk, actor=city.officer) if freeze else batch


def filed(city: City, month: str) -> Batch:
    return steps.batch_submit(batch_id=build(city, month).pk, actor=city.clerk)


def contents(month: str) -> list[bytes]:
    return [paper.content for paper in reports.papers(reports.month_report(month=month))]


@pytest.mark.embedded
def test_without_a_batch_each_report_is_its_own_months_and_the_years_until_then(city):
    for month in ("2023-10", "2023-10", "2023-11", "2023-12"):
        fire(city, month)
    assert report("2023-10") == {WEST: (2, 2, 2, 2)}
    assert report("2023-11") == {WEST: (1, 1, 3, 3)}
    assert report("2023-12") == {WEST: (1, 1, 4, 4)}
    assert report("2024-01") == {}


def test_one_batch_for_three_months_leaves_each_months_report_as_it_was(city):
    for month in ("2023-10", "2023-10", "2023-11", "2023-12"):
        fire(city, month)
    batch = build(city, "2023-12")
    assert told(table.batch_rows(batch)) == {WEST: (4, 4, 4, 4)}
    assert report("2023-10") == {WEST: (2, 2, 2, 2)}
    assert report("2023-11") == {WEST: (1, 1, 3, 3)}
    assert report("2023-12") == {WEST: (1, 1, 4, 4)}


@pytest.mark.embedded
def test_a_late_point_and_a_refund_change_the_year_and_no_settled_months_report(city):
    fire(city, "2023-10")
    fire(city, "2023-10")
    november = fire(city, "2023-11")
    fire(city, "2023-12", at=IN_EAST)
    for month in ("2023-10", "2023-11", "2023-12"):
        filed(city, month)
    before = {month: (report(month), contents(month)) for month in ("2023-11", "2023-12")}
    fire(city, "2023-10", at=IN_EAST)
    make.take(november, "reopen", city.recogniser, reason="申诉")
    late = build(city, "2023-10")
    assert told(table.batch_rows(late)) == {WEST: (-1, -1, 2, 2), EAST: (1, 1, 2, 2)}
    assert {month: (report(month), contents(month)) for month in before} == before
    assert before["2023-12"][0] == {WEST: (0, 0, 3, 3), EAST: (1, 1, 1, 1)}
    again = reports.month_report(month="2023-10")
    assert told(again.rows) == {WEST: (1, 1, 2, 2), EAST: (1, 1, 2, 2)}
    assert (len(again.points), len(again.corrections)) == (3, 1)


def test_a_settled_months_report_is_told_again_to_the_byte_on_another_day(city, monkeypatch):
    point = fire(city, "2023-10")
    filed(city, "2023-10")
    before = contents("2023-10")
    monkeypatch.setattr("core.clock.today_beijing", lambda: date(2031, 1, 1))
    make.take(point, "reopen", city.recogniser, reason="申诉")
    point.refresh_from_db()
    assert contents("2023-10") == before


@pytest.mark.embedded
def test_a_charge_of_last_year_that_goes_back_changes_last_year_and_never_makes_this_one_negative(city):
    point = fire(city, "2023-12")
    fire(city, "2023-12")
    build(city, "2023-12")
    make.take(point, "reopen", city.recogniser, reason="申诉")
    batch = build(city, "2024-02")
    assert told(table.batch_rows(batch)) == {WEST: (-1, -1, 0, 0)}
    assert "2023年累计1处、3万元" in reports.batch_report(batch).notes[0]
    assert report("2023-12") == {WEST: (2, 2, 2, 2)}


def test_what_is_late_for_a_month_that_is_told_comes_in_the_month_after_the_last_batch_alone(city):
    fire(city, "2023-10")
    build(city, "2023-10")
    fire(city, "2023-10", at=IN_EAST)
    assert report("2023-10") == {WEST: (1, 1, 1, 1)}
    assert report("2023-11") == {WEST: (0, 0, 1, 1), EAST: (1, 1, 1, 1)}
    assert report("2023-12") == {WEST: (0, 0, 1, 1), EAST: (0, 0, 1, 1)}
    build(city, "2023-11")
    assert report("2023-11") == {WEST: (0, 0, 1, 1), EAST: (1, 1, 1, 1)}


def test_page_api_command_and_report_read_the_same_table(city):
    fire(city, "2023-10")
    fire(city, "2023-10", at=IN_EAST)
    batch = build(city, "2023-10", freeze=False)
    rows = told(table.batch_rows(batch))
    api = full(batch, city.clerk)
    assert rows == report("2023-10") == told(reports.batch_report(batch).rows)
    assert (api["points"], api["amount_fen"]) == (2, 2 * YUAN_30000)
    assert {line["payer_code"]: line["cumulative_fen"] for line in api["lines"]} == {WEST: YUAN_30000, EAST: YUAN_30000}


def test_both_codes_of_one_government_are_one_line_from_the_day_on(city):
    new = "210599"
    early = fire(city, "2023-03")
    fire(city, "2023-03")
    march = build(city, "2023-03")
    succession_set(
        old_code=WEST,
        new_code=new,
        name="甲市",
        valid_from=date(2023, 7, 1),
        document_no="国函〔2023〕1号",
        actor=city.clerk,
    )
    fire(city, "2023-10")
    make.take(early, "reopen", city.recogniser, reason="申诉")
    october = build(city, "2023-10")
    assert told(table.batch_rows(march)) == {WEST: (2, 2, 2, 2)}
    assert told(table.batch_rows(october)) == {new: (0, 0, 2, 2)}
    assert [row.code for row in table.batch_rows(october)].count(WEST) == 0
    value = reports.batch_report(october)
    check(value)
    assert {(row.payer_code, row.payer_name) for row in (*value.points, *value.corrections)} == {(new, "甲市")}


def test_a_year_end_settlement_leaves_each_month_its_report_and_freezes_it(city):
    for month in ("2023-10", "2023-10", "2023-11", "2023-12"):
        fire(city, month)
    batch = steps.batch_build(month="2023-12", first_month="2023-10", actor=city.clerk)
    steps.batch_freeze(batch_id=batch.pk, actor=city.officer)
    fire(city, "2023-10", at=IN_EAST)
    assert report("2023-10") == {WEST: (2, 2, 2, 2)}
    assert report("2023-11") == {WEST: (1, 1, 3, 3)}
    assert report("2023-12") == {WEST: (1, 1, 4, 4)}
    assert report("2024-01") == {EAST: (1, 1, 0, 0)}


def test_what_was_in_a_batch_that_was_returned_is_counted_once_when_it_comes_again(city):
    fire(city, "2023-10")
    batch = build(city, "2023-10")
    steps.batch_recall(batch_id=batch.pk, actor=city.clerk, reason="退回")
    assert report("2023-10") == {WEST: (1, 1, 1, 1)}
    again = build(city, "2023-10")
    assert told(table.batch_rows(again)) == report("2023-10") == {WEST: (1, 1, 1, 1)}
    assert report("2023-11") == {WEST: (0, 0, 1, 1)}
