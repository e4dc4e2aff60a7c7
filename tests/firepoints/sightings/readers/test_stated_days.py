"""The days of the rows beside those of the title, the period and the name of the file: what differs is asked about."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from firepoints.sightings.readers import lists
from firepoints.sightings.readers.base import DAYS, ParseOptions
from firepoints.sightings.readers.stated_days import span_in
from tests.factories.workbooks import book
from tests.firepoints.sightings.readers.test_row_moments import workbook


def parse(*moments: Any, titles: tuple[str, ...] = (), filename: str = "", period: str = ""):
    rows: list[list[Any]] = [[title] for title in titles]
    rows.append(["序号", "县", "经度", "纬度", "监测时间"])
    rows += [[i, "甲县", 124.07411 + i / 100, 41.12412, moment] for i, moment in enumerate(moments, start=1)]
    return lists.parse(workbook(rows), options=ParseOptions(filename=filename, period=period))


def asked(**how: Any) -> list[str]:
    moments = how.pop("moments", ("2024-11-03 13:21", "2024-11-03 01:30"))
    return [doubt.words for doubt in parse(*moments, **how).doubts if doubt.kind == DAYS]


@pytest.mark.parametrize(
    "how",
    [
        {}, {"titles": ("全省秸秆焚烧火点清单",)}, {"titles": ("2024年11月3日卫星监测火点",)}, {"titles": ("2024年第276期",)},
        {"titles": ("监测时段：11月2日17时至11月3日17时",)}, {"titles": ("2024年10月28日-11月3日秸秆火点",)}, {"titles": ("11月3日火点",)},
        {"filename": "火点清单20241103.xlsx"}, {"filename": "2024年11月火点.xlsx"}, {"filename": "省级疑似火点清单-2024年第276期.xlsx"},
        {"period": "2024-11-03"}, {"period": "2024-11"}, {"period": "2024年"}, {"period": "第45周"}, {"filename": "list_276.xlsx"},
        {"titles": ("根据辽政办发〔2018〕48号通知",)}, {"titles": ("制表日期：2024年12月1日",)}, {"titles": ("2024年11月1日至7日",)},
        {"moments": ("2024-11-02 22:10", "2024-11-03 01:30"), "titles": ("2024年11月3日火点",)},
        {"moments": ("2024-10-31 22:10", "2024-11-03"), "period": "2024-11"},
        {"moments": ("2024-11-02 13:21", "2024-11-03 01:30"), "titles": ("2024年11月3日火点",)},
        {"moments": ("2024-11-02 22:10", "2024-11-02 17:05"), "titles": ("2024年11月3日火点",)},
        {"filename": "ministry-2024-10-28.xlsx", "period": "2024-10-28/2024-11-03"},
        {"filename": "周报20241028.xlsx", "titles": ("2024年10月28日-11月3日秸秆火点",)},
        {"filename": "2024年第45周_10.28-11.3.xlsx"}, {"filename": "火点_11月.xlsx"}, {"filename": "v11.2-1.xlsx"},
    ],
)  # fmt: skip
def test_days_that_agree_with_what_the_file_says_ask_nothing(how):
    assert asked(**how) == []


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"titles": ("2024年10月3日卫星监测火点",)}, "标题写的是 2024-10-03"),
        ({"titles": ("监测时段：10月2日17时至10月3日17时",)}, "标题写的是"),
        ({"titles": ("2024年11月4日至10日火点",)}, "标题写的是 2024-11-04 至 2024-11-10"),
        ({"filename": "火点清单20241013.xlsx"}, "文件名写的是 2024-10-13"),
        ({"filename": "2024年10月火点.xlsx"}, "文件名写的是 2024年10月"),
        ({"filename": "省级疑似火点清单-2023年第276期.xlsx"}, "文件名写的是 2023年"),
        ({"filename": "10月3日火点.xlsx"}, "文件名写的是 2024-10-03"),
        ({"period": "2024-10"}, "期次写的是 2024年10月"),
        ({"filename": "周报20241028.xlsx", "period": "2024-10-28/2024-11-02"}, "期次写的是"),
        ({"filename": "火点20241013.xlsx", "period": "2024-11-01/2024-11-07"}, "文件名写的是 2024-10-13"),
        ({"filename": "火点20241028.xlsx", "period": "2024-11"}, "文件名写的是 2024-10-28"),
        ({"period": "2024-11-05"}, "期次写的是 2024-11-05"),
        ({"titles": ("2024年11月4日火点",), "moments": ("2024-11-03 13:21",)}, "标题写的是 2024-11-04"),
        ({"titles": ("2024年11月4日火点",), "moments": ("2024-11-03 13:21-13:26",)}, "标题写的是 2024-11-04"),
        (
            {"filename": "2024年第45周_11.4-11.10.xlsx", "moments": ("2024-11-03 13:21",)},
            "文件名写的是 2024-11-04 至 2024-11-10",
        ),
        ({"filename": "火点_10月.xlsx"}, "文件名写的是 2024年10月"),
        ({"filename": "10月份火点.xlsx"}, "文件名写的是 2024年10月"),
        ({"moments": ("2024-11-02",), "titles": ("2024年11月3日火点",)}, "标题写的是 2024-11-03"),
        ({"moments": ("2024-11-03 13:21", "2025-11-03 13:21"), "titles": ("2024年11月3日火点",)}, "其中 1 行不在内"),
    ],
)
def test_days_that_differ_are_asked_about_with_both_named(how, words):
    (sentence,) = asked(**how)
    assert words in sentence


def test_the_spread_of_the_rows_over_the_days_is_said():
    days = parse("2024-11-03 13:21", "2024-11-03", "2024-11-05 01:30").meta["days"]
    assert days == {
        "first": "2024-11-03",
        "last": "2024-11-05",
        "days": 2,
        "counts": [["2024-11-03", 2], ["2024-11-05", 1]],
    }
    assert parse("？").meta["days"] == {}


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-11-03 17:00 至 2024-11-04 17:00", (2024, 11, 3), (2024, 11, 4)), ("2024年12月28日-1月3日", (2024, 12, 28), (2025, 1, 3)),
        ("2024年2月", (2024, 2, 1), (2024, 2, 29)), ("〔2024〕5号", (2024, 1, 1), (2024, 12, 31)), ("11.3", None, None),
    ],
)  # fmt: skip
def test_a_text_states_days_a_month_or_a_year(text, first, last):
    span = span_in(text, 2024)
    assert (span and (span.first, span.last)) == (first and (date(*first), date(*last)))


HEAD = ["序号", "县", "经度", "纬度", "监测时间"]


def rows_of(day: str, count: int = 2) -> list[list[object]]:
    return [[seq, "甲县", 124.07411 + seq / 100, 41.12412, f"{day} 13:21"] for seq in range(1, count + 1)]


def days_asked(content: bytes) -> list[str]:
    return [doubt.words for doubt in lists.parse(content, options=ParseOptions()).doubts if doubt.kind == DAYS]


def test_the_title_and_the_name_of_a_sheet_speak_of_its_own_rows_alone():
    third, fourth = ([[f"2024年11月{day}日火点"], HEAD, *rows_of(f"2024-11-0{day}")] for day in (3, 4))
    assert days_asked(book(third, name="11月3日", further={"11月4日": fourth})) == []
    asked_about = days_asked(book(third, name="11月3日", further={"11月4日": third}))
    assert asked_about == ["工作表名写的是 2024-11-04，读到的日期是 2024-11-03，其中 2 行不在内"]


def test_titles_of_tables_under_each_other_speak_of_their_own_rows_alone():
    third, fourth = ([[f"2024年11月{day}日火点"], HEAD, *rows_of(f"2024-11-0{day}")] for day in (3, 4))
    assert days_asked(book([*third, *fourth])) == []
    assert len(days_asked(book([*third, ["2024年11月9日火点"], HEAD, *rows_of("2024-11-04")]))) == 1


def test_a_line_below_the_rows_that_says_when_was_observed_is_compared():
    assert days_asked(book([HEAD, *rows_of("2024-11-03"), ["监测时段：2024年11月3日0时至24时"]])) == []
    assert len(days_asked(book([HEAD, *rows_of("2024-11-03"), ["监测时段：2024年11月8日0时至24时"]]))) == 1
    assert days_asked(book([HEAD, *rows_of("2024-11-03"), ["2024年11月8日"]])) == []
