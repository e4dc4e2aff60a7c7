"""A workbook of people: what offices really send, and what becomes of every line."""

import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from core.errors import BadInput
from grids.people.roster_file import COLUMNS, read_roster, template
from grids.roles import Level, PostKind
from papers.reading import Small, read_sheets

PLACES = {"210590": ("甲县", Level.COUNTY), "210590001": ("甲南乡", Level.TOWNSHIP)}
HEAD = ["区划代码", "网格名称", "岗位类别", "岗位名称", "单位", "姓名", "电话", "账号", "任职日期", "离任日期", "代理"]


def line(**given) -> list:
    row = dict.fromkeys(HEAD, "") | {"区划代码": "210590", "岗位类别": "主要负责人", "姓名": "演示甲"} | given
    return [row[name] for name in HEAD]


def read(*lines: list, head: list | None = None):
    return read_roster([("名册", [head or HEAD, *lines])], PLACES)


def test_numbers_and_dates_are_read_as_excel_gives_them_back():
    found = read(line(区划代码=210590001.0, 电话=19900000001.0, 任职日期=datetime(2024, 3, 1), 离任日期=45352))
    row = found.rows[0]
    assert (row.cell_code, row.phone, row.starts, row.ends) == (
        "210590001", "19900000001", date(2024, 3, 1), date(2024, 3, 1),
    )  # fmt: skip
    assert row.level == Level.TOWNSHIP
    assert row.kind == PostKind.HEAD
    assert row.line == 2


@pytest.mark.parametrize("text", ["2024年3月1日", "2024/3/1", "2024.03.01", "20240301"])
def test_a_date_in_any_usual_spelling_is_a_date(text: str):
    assert read(line(任职日期=text)).rows[0].starts == date(2024, 3, 1)


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({"区划代码": "999999"}, "区划代码"),
        ({"网格名称": "乙县"}, "网格名称"),
        ({"岗位类别": "大王"}, "岗位类别"),
        ({"任职日期": "去年"}, "任职日期"),
        ({"任职日期": "2024-02-30"}, "任职日期"),
        ({"代理": "也许"}, "代理"),
        ({"单位": "长" * 81}, "单位"),
    ],
)
def test_a_line_that_cannot_be_read_says_row_and_column_and_the_others_stand(given: dict, column: str):
    found = read(line(**given), line())
    assert [(one["row"], one["column"]) for one in found.faults] == [(2, column)]
    assert len(found.rows) == 1


@pytest.mark.parametrize("name", ["张　三", "张 三", "张  三", " 张三 ", "张\u200b三"])
def test_a_padded_name_is_the_name(name: str):
    assert read(line(姓名=name)).rows[0].full_name == "张三"


def test_a_name_of_other_letters_keeps_its_words():
    assert read(line(姓名="Ann  Lee")).rows[0].full_name == "Ann Lee"


@pytest.mark.parametrize(
    ("phone", "kept", "words"),
    [
        ("1380013800", "", "有 10 位"), ("无", "", ""), ("13800138000/0414-1234567", "13800138000", "另一个号码"),
        ("13800138000（微信同号）", "13800138000", "微信同号"),
    ],
)  # fmt: skip
def test_a_row_that_lacks_only_a_number_keeps_its_person_and_says_so(phone: str, kept: str, words: str):
    roster = read(line(电话=phone), line())
    assert [row.phone for row in roster.rows] == [kept, ""]
    assert roster.faults == []
    assert [(note["row"], note["column"]) for note in roster.notes] == ([(2, "电话")] if words else [])
    assert all(words in note["reason"] and "0414" not in note["reason"] for note in roster.notes)


@pytest.mark.parametrize(
    ("starts", "ends", "term"),
    [
        ("2022年3月1日至2024年5月1日", "", (date(2022, 3, 1), date(2024, 5, 1))),
        ("2022.3.1～2024.5.1", "", (date(2022, 3, 1), date(2024, 5, 1))),
        ("2024.3", "", (date(2024, 3, 1), None)),
        ("2024年3月", "", (date(2024, 3, 1), None)),
        ("2024.3至今", "", (date(2024, 3, 1), None)),
        ("45352", "", (date(2024, 3, 1), None)),
        ("2024-03-01", "至今", (date(2024, 3, 1), None)),
    ],
)
def test_a_term_keeps_both_ends_and_every_usual_day(starts: str, ends: str, term: tuple):
    roster = read(line(任职日期=starts, 离任日期=ends))
    assert [(row.starts, row.ends) for row in roster.rows] == [term]
    assert [note["column"] for note in roster.notes] == (
        ["任职日期"] if starts in ("2024.3", "2024年3月", "2024.3至今") else []
    )


def test_a_term_that_ends_twice_is_a_fault():
    assert [fault["column"] for fault in read(line(任职日期="2022.3.1至2024.5.1", 离任日期="2024-05-01")).faults] == [
        "离任日期"
    ]


def test_a_hidden_row_is_taken_and_said():
    roster = read_roster([("名册", [HEAD, line(), line(姓名="演示乙")])], PLACES, {"名册": frozenset({2})})
    assert [row.full_name for row in roster.rows] == ["演示甲", "演示乙"]
    assert [(note["row"], note["reason"][:5]) for note in roster.notes] == [(3, "这一行在表")]


def test_an_unfilled_line_of_the_template_is_nothing():
    found = read(line(姓名=""), [""] * 11, line())
    assert (found.blank, len(found.faults), len(found.rows)) == (1, 0, 1)


def test_titles_above_and_other_names_of_columns_are_understood():
    head = [
        "行政区划代码",
        "网格名",
        "类别",
        "职务",
        "工作单位",
        "责任人姓名",
        "手机号码",
        "账号",
        "任职时间",
        "离任时间",
        "是否代理",
    ]
    found = read_roster([("名册", [["甲县责任人名册"], [], head, line(姓名="演示\n甲")])], PLACES)
    assert found.rows[0].full_name == "演示甲"
    assert found.rows[0].line == 4


def test_a_workbook_without_the_headings_is_refused_with_what_to_do():
    with pytest.raises(BadInput, match="模板"):
        read_roster([("名册", [["甲", "乙"], ["1", "2"]])], PLACES)


def test_the_template_is_read_back_by_the_reader_that_it_is_made_for():
    row = [
        "210590",
        "甲县",
        "分管负责人",
        "副县长",
        "=1+1",
        "演示乙",
        "",
        "",
        date(2024, 3, 1),
        None,
        "是",
        "〔2024〕1号",
        "市局:0012",
    ]
    sheets = read_sheets(template([row], title="名册"), Small())
    found = read_roster([(sheet.name, sheet.rows) for sheet in sheets], PLACES)
    back = found.rows[0]
    assert not found.faults
    assert len(COLUMNS) == len(row)
    assert (back.kind, back.title, back.unit, back.is_acting) == (PostKind.DEPUTY, "副县长", "=1+1", True)
    assert (back.starts, back.document_no) == (date(2024, 3, 1), "〔2024〕1号")


def test_reading_a_roster_needs_no_database_nor_any_settings():
    code = "import sys, grids.people.roster_file; sys.exit('grids.models' in sys.modules or 'django.db' in sys.modules)"
    bare = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run([sys.executable, "-c", code], check=True, env=bare, cwd=Path(__file__).parents[2])
