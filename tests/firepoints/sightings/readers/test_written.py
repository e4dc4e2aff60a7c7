"""The grammar of written moments: what one cell states of a time, in every form that issuers use, and nothing beyond it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firepoints.sightings.readers.written import Reading, Written, read
from firepoints.sightings.readers.zones import BEIJING

DAY = date(2024, 11, 3)
AT = 13 * 3600 + 21 * 60
TO = 13 * 3600 + 26 * 60
HOUR = 3600
IN_2024 = Reading(year=2024)


def cell(value: object, *, is_clock: bool = True, reading: Reading = IN_2024) -> Written:
    return read(value, reading, is_clock=is_clock)


@pytest.mark.parametrize(
    "text",
    [
        "2024-11-03 13:21-13:26", "2024-11-03 13:21~13:26", "2024-11-03 13:21～13:26", "2024-11-03 13:21〜13:26",
        "2024-11-03 13:21—13:26", "2024-11-03 13:21——13:26", "2024-11-03 13:21–13:26", "2024-11-03 13:21−13:26",
        "2024-11-03 13:21至13:26", "2024-11-03 13:21到13:26", "2024/11/3 13:21 - 13:26", "2024年11月3日13:21-13:26",
        "2024-11-03 13:21:00-13:26:00", "2024年11月3日13时21分至13时26分", "11月3日13时21分—13时26分", "2024-11-03 1321-1326",
        "2024-11-03T13:21/13:26", "2024-11-03T13:21-13:26", "2024-11-03 下午1:21-1:26", "2024-11-03 13:21至11月3日13:26",
        "2024-11-03 13:21 ~ 2024-11-03 13:26", "2024-11-03 13:21:00至2024-11-03 13:26:00", "202411031321-202411031326",
        "２０２４－１１－０３　１３：２１～１３：２６", "2024-11-03 13:21 至 3日13:26",
        "20241103 13:21-13:26", "20241103132100-20241103132600", "2024-11-03 132100-132600", "2024-11-03 13:21 to 13:26",
        "2024-11-03 13:21至26分", "2024年11月3日13时21分-26分", "2024-11-03 13:21起至13:26止",
        "2024-11-03 13:21..13:26", "2024-11-03 13:21…13:26", "二〇二四年十一月三日十三时二十一分至十三时二十六分",
        "2024-11-03 13:21→13:26", "2024-11-03T13:21:00/2024-11-03T13:26:00",
    ],
)  # fmt: skip
def test_a_range_is_an_interval_of_its_own_day_in_every_form(text):
    assert cell(text) == Written(DAY, AT, TO)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2024-11-03 23:00-01:00", (23, 25)), ("2024-11-03 23:00至次日01:00", (23, 25)), ("2024-11-03 23:00-00:00", (23, 24)),
        ("2024-11-03 23:00-2024-11-04 01:00", (23, 25)), ("11月3日23时至11月4日1时", (23, 25)),
        ("2024-11-03 23:00至4日1:00", (23, 25)), ("2024-11-03 23:00-24:00", (23, 24)), ("2024-11-03 00:00-01:00", (0, 1)),
        ("2024-11-03 17时至次日8时", (17, 32)), ("2024-11-03 13-14时", (13, 14)), ("2024-11-03 上午11时至12时", (11, 12)),
    ],
)  # fmt: skip
def test_a_range_may_run_over_midnight_and_in_whole_hours(text, hours):
    assert cell(text) == Written(DAY, hours[0] * HOUR, hours[1] * HOUR)


def test_a_range_over_the_new_year_ends_in_the_next_year():
    written = cell("2024年12月31日23:00—1月1日1:00")
    assert written == Written(date(2024, 12, 31), 23 * HOUR, 25 * HOUR)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2024-11-03 13:26-13:21", "bad_range"), ("2024-11-01至2024-11-07", "long_span"), ("11月3-4日", "long_span"),
        ("2024-11-01 17:00 至 2024-11-03 17:00", "long_span"), ("2024-11-03 17:00-17:00", "ambiguous_time"),
        ("2024-11-03 13:21-26", "bad_time"), ("2024-11-03 13:21-", "bad_time"), ("2024-11-03 13:21-25:00", "bad_time"),
        ("2024-11-03 01:30:00-02:00", "ambiguous_time"), ("2024-11-03T10:21-10:26", "ambiguous_time"),
        ("2024-11-03 13:21+15:00", "bad_time"), ("UTC 05:21 北京时间 13:21", "two_zones"), ("晚上1点", "bad_time"),
        ("2024-11-03 1:21-下午1:26", "ambiguous_time"), ("2024-11-03T13:21:00+24:00", "bad_time"),
        ("2024-11-03 13:21、13:26", "bad_time"), ("1730611260", "bad_time"),
        ("2024-11-31", "bad_date"), ("2024年11月上旬", "bad_date"), ("3日13时", "part_date"),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_or_in_none_has_a_reason(text, code):
    assert cell(text).code == code


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2024-11-03T13:21:00+08:00", timezone(timedelta(hours=8))), ("2024-11-03T13:21Z", UTC),
        ("2024-11-03T13:21:00.000+0800", timezone(timedelta(hours=8))), ("2024-11-03 13:21:00+08:00", timezone(timedelta(hours=8))),
        ("2024-11-03T13:21:00-05:00", timezone(timedelta(hours=-5))), ("20241103T1321Z", UTC), ("2024-11-03 13:21 UTC", UTC),
        ("2024-11-03 13:21(UTC)", UTC), ("2024-11-03 13:21 世界时", UTC), ("2024-11-03 13:21 GMT", UTC),
        ("2024-11-03 13:21（国际时）", UTC), ("2024-11-03 13:21 (北京时间)", BEIJING), ("北京时 2024-11-03 13:21", BEIJING),
        ("2024-11-03 13:21 UTC+8", BEIJING),
        ("Sun Nov 03 2024 13:21:00 GMT+0800 (中国标准时间)", BEIJING), ("2024-11-03 13:21 GMT+08:00", BEIJING),
    ],
)  # fmt: skip
def test_a_zone_is_what_iso_8601_or_a_word_calls_one(text, zone):
    assert cell(text) == Written(DAY, AT, zone=zone)


@pytest.mark.parametrize(
    "value",
    [
        "202411031321", "20241103132100", "20241103 1321", "2024-11-03 13:21:00.000", "2024.11.3 13:21", "2024年11月3日13时21分",
        "2024-11-3 下午 1:21", "2024-11-03/13:21", "2024-11-03, 13:21", "2024\u202f-11-03 13:21", "\u202a2024-11-03 13:21\u202c",
        "2024-11-03\u3000\u300013:21", "2024 11 3 13 21", "11月3日 13:21", "45599.55625",
        20241103132100.0, 202411031321, 45599.55625, datetime(2024, 11, 3, 13, 20, 59, 999_999), "2024-11-03-13:21",
    ],
)  # fmt: skip
def test_a_stamp_is_read_in_every_form(value):
    assert cell(value) == Written(DAY, AT)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("13时", 13 * HOUR), ("13点", 13 * HOUR), ("13点半", 13 * HOUR + 1800), ("24:00", 24 * HOUR), ("2400", 24 * HOUR), ("7", 420),
        ("1321", AT), ("132100", AT), ("下午1点21分", AT), ("1:21 PM", AT), ("凌晨1:00", HOUR), ("晚上9点", 21 * HOUR),
        ("约13:21", AT), (0.55625, AT), (time(13, 21), AT), (timedelta(hours=24), 24 * HOUR), ("上午12:00", 0),
        (datetime(1899, 12, 31, 13, 21), AT), (1321.0, AT),
    ],
)  # fmt: skip
def test_a_clock_alone_is_no_day(value, seconds):
    assert cell(value) == Written(None, seconds)


@pytest.mark.parametrize(
    "text",
    [
        "—",
        "-",
        "－",
        "--",
        "无",
        "/",
        "／",
        "",
        None,
        "#N/A",
        "夜间",
        "白天",
        "不详",
        "\u200b",
        "暂缺",
        "缺测",
        "无记录",
        "未填",
        "待补",
        "不清楚",
        "无法确定",
        "空白",
    ],
)
def test_signs_for_an_empty_cell_state_nothing(text):
    assert cell(text).is_empty


@pytest.mark.parametrize(
    ("text", "hours"), [("上午", (0, 12)), ("2024-11-03 上午", (0, 12)), ("2024年11月3日下午", (12, 24))]
)
def test_a_half_of_the_day_is_an_interval(text, hours):
    written = cell(text)
    assert (written.clock, written.end_clock) == (hours[0] * HOUR, hours[1] * HOUR)


def test_an_hour_of_zero_that_a_person_wrote_is_a_moment():
    assert cell("2024年11月3日0时") == Written(DAY, 0)


def test_an_interval_of_iso_8601_has_its_zone_on_both_sides():
    assert cell("2024-11-03T13:21:00Z/2024-11-03T13:26:00Z") == Written(DAY, AT, TO, UTC)


def test_midnight_beside_a_date_is_the_date_alone_and_the_24th_hour_is_the_next_midnight():
    assert cell("2024-11-03 00:00:00") == Written(DAY)
    assert cell("2024-11-03 24:00") == Written(DAY, 24 * HOUR)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (44137.0, Written(DAY)),
        (44137.55625, Written(DAY, AT)),
        ("44137", Written(code="serial_1904")),
        (1321.0, Written(clock=AT)),
    ],
)
def test_a_workbook_of_1904_counts_its_own_numbers_from_there_and_asks_about_texts(value, written):
    assert cell(value, reading=Reading(is_1904=True)) == written


days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
minutes = st.integers(0, 1439)
DATES = [
    "{0:%Y-%m-%d}",
    "{0.year}/{0.month}/{0.day}",
    "{0.year}年{0.month}月{0.day}日",
    "{0.year}.{0.month}.{0.day}",
    "{0:%Y%m%d}",
]
CLOCKS = ["{0:02d}:{1:02d}", "{0}:{1:02d}", "{0}时{1}分", "{0:02d}:{1:02d}:00", "{0}点{1:02d}分"]
BETWEEN = ["-", " - ", "~", "～", "—", " — ", "–", "至", " 至 ", "到"]


def printed(pattern: str, minute: int) -> str:
    return pattern.format(minute // 60, minute % 60)


@given(
    day=days,
    minute=minutes.filter(bool),
    dated=st.sampled_from(DATES),
    clock=st.sampled_from(CLOCKS),
    gap=st.sampled_from([" ", "  "]),
)
def test_a_stamp_printed_in_any_form_is_read_back(day, minute, dated, clock, gap):
    assert cell(dated.format(day) + gap + printed(clock, minute)) == Written(day, minute * 60)


@given(
    day=days, begin=minutes, length=st.integers(1, 1080), dated=st.sampled_from(DATES), clock=st.sampled_from(CLOCKS),
    between=st.sampled_from(BETWEEN),
)  # fmt: skip
def test_a_range_printed_in_any_form_is_read_back_or_refused_never_moved(day, begin, length, dated, clock, between):
    end = (begin + length) % 1440
    written = cell(f"{dated.format(day)} {printed(clock, begin)}{between}{printed(clock, end)}")
    if written.code:
        assert written.code == "ambiguous_time"
    else:
        assert written == Written(day, begin * 60, (begin + length) * 60)


@given(day=days, begin=minutes, length=st.integers(1, 1440), dated=st.sampled_from(DATES[:3]), clock=st.sampled_from(CLOCKS),
       between=st.sampled_from(BETWEEN))  # fmt: skip
def test_a_range_with_a_date_on_both_sides_is_read_back(day, begin, length, dated, clock, between):
    last = day + timedelta(days=(begin + length) // 1440)
    end = (begin + length) % 1440
    text = f"{dated.format(day)} {printed(clock, begin)}{between}{dated.format(last)} {printed(clock, end)}"
    assert cell(text) == Written(day, begin * 60, (begin + length) * 60)


@given(st.text("0123456789-:/. ~至时分日月年TZ+—上下午无", max_size=24))
def test_a_cell_of_any_text_is_read_or_has_a_reason_and_an_interval_ends_within_a_day(text):
    written = cell(text)
    if written.end_clock is not None:
        assert written.clock is not None
        assert 0 < written.end_clock - written.clock <= 86_400
    if written.clock is not None:
        assert 0 <= written.clock <= 86_400


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("十三时二十分", (13, 20)), ("十三点", (13, 0)), ("下午一点二十分", (13, 20)), ("下午两点半", (14, 30)), ("零时五分", (0, 5)),
        ("二十时零五分", (20, 5)), ("二十三时五十九分", (23, 59)),
    ],
)  # fmt: skip
def test_a_clock_may_be_written_in_chinese_numerals(text, clock):
    assert cell(text) == Written(clock=clock[0] * HOUR + clock[1] * 60)


@pytest.mark.parametrize("text", ["23:50~00:10(次日)", "23:50-00:10（+1）", "23:50至00:10（翌日）"])
def test_the_next_day_may_be_said_behind_the_end_of_a_range(text):
    assert cell(text) == Written(clock=23 * HOUR + 50 * 60, end_clock=24 * HOUR + 10 * 60)


@pytest.mark.parametrize("text", ["13:21-22", "13:21-70", "13:21至60分"])
def test_a_range_whose_end_may_be_an_hour_or_is_no_minute_is_refused(text):
    assert cell(text).code


@pytest.mark.parametrize("text", ["0521Z", "052100Z"])
def test_digits_with_the_z_of_utc_are_a_clock_of_utc(text):
    assert cell(text) == Written(clock=5 * HOUR + 21 * 60, zone=UTC)
