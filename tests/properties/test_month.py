"""A month is written, compared and moved in one way."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.month import Month, NotAMonth
from tests.factories.no_months import NO_MONTHS

DAYS = st.dates()
MONTHS = DAYS.map(Month.of)
STEPS = st.integers(-150_000, 150_000)


@given(MONTHS)
@example(Month(1, 1))
@example(Month(9999, 12))
def test_a_month_reads_back_as_it_is_written(month: Month) -> None:
    assert Month.parse(str(month)) == month
    assert len(str(month)) == 7


@pytest.mark.parametrize("text", [*NO_MONTHS, "", " 2026-10", "2026-10 ", "2026-10\n"])
def test_what_is_no_month_is_refused_in_words(text: str) -> None:
    with pytest.raises(NotAMonth, match="YYYY-MM") as refused:
        Month.parse(text)
    assert len(str(refused.value)) < 80


@given(st.one_of(st.text(max_size=12), st.from_regex(r"\d{4}-\d{2}", fullmatch=True)))
def test_any_text_is_a_month_as_it_stands_or_none(text: str) -> None:
    try:
        month = Month.parse(text)
    except NotAMonth:
        return
    assert str(month) == text


@given(st.integers(-20_000, 20_000), st.integers(-30, 30))
def test_a_month_that_no_date_lies_in_cannot_be_made(year: int, number: int) -> None:
    if 1 <= year <= 9999 and 1 <= number <= 12:
        assert Month(year, number).first_day == date(year, number, 1)
    else:
        with pytest.raises(ValueError, match="no month"):
            Month(year, number)


@given(DAYS)
@example(date(2024, 2, 29))
@example(date(9999, 12, 31))
def test_a_date_lies_between_the_first_and_the_last_day_of_its_month(day: date) -> None:
    month = Month.of(day)
    assert month.first_day <= day <= month.last_day
    assert month.days[day.day - 1] == day
    assert (month.days[0], month.days[-1]) == (month.first_day, month.last_day)


@given(MONTHS, STEPS)
def test_a_step_there_and_back_ends_where_it_began(month: Month, by: int) -> None:
    later = month.shift(by)
    if Month(1, 1) < later < Month(9999, 12):
        assert later.shift(-by) == month
        assert (later > month) == (by > 0)


@given(MONTHS)
def test_the_next_month_begins_the_day_after_this_one_ends(month: Month) -> None:
    if month != Month(9999, 12):
        assert month.shift(1).first_day == month.last_day + timedelta(days=1)


@pytest.mark.parametrize("by", [1, 12, 10**6])
def test_no_step_leads_beyond_the_calendar(by: int) -> None:
    assert Month(1, 1).shift(-by) == Month(1, 1)
    assert Month(9999, 12).shift(by) == Month(9999, 12)


@given(MONTHS, MONTHS)
def test_months_sort_as_their_texts_and_their_days_do(month: Month, other: Month) -> None:
    assert (month < other) == (str(month) < str(other)) == (month.first_day < other.first_day)


def test_a_month_is_said_without_zeros() -> None:
    assert Month(2026, 10).words == "2026年10月"
    assert Month(2023, 2).words == "2023年2月"
