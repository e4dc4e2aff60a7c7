"""The separator of a delimited text is the sign into which most of its lines fall, whatever a title above them says."""

from __future__ import annotations

import pytest

from firepoints.sightings.readers import lists
from firepoints.sightings.readers.base import ParseOptions
from papers.separators import blanks_of, separator_of

HEADING = ["序号", "县", "经度", "纬度", "监测时间", "备注"]
ROWS = [
    ["1", "本溪满族自治县", "124.07411", "41.12412", "2024-11-03 13:21", ""],
    ["2", "本溪满族自治县", "124.22583", "41.11015", "2024-11-03 13:21", "地头，已扑灭"],
    ["3", "本溪满族自治县", "124.82325", "40.95944", "2024-11-03 13:21", "一，二，三，四，五，六"],
]
TITLES = [
    "",
    "辽宁省秸秆焚烧火点，2024年11月3日\n",
    "火点清单;2024;第3期;;;\n",
    "全省，清单，一，二，三，四，五，六\n\n",
    "标题\t一\t二\n注，意|\n",
]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("sign", list(",\t;，；|"))
def test_a_title_never_decides_the_separator(title, sign):
    rows = [HEADING, *([cell.replace("，", "、") for cell in row] if sign == "，" else row for row in ROWS)]
    text = title + "\r\n".join(sign.join(row) for row in rows)
    assert separator_of(text) == sign
    for encoding in ("gb18030", "utf-8-sig"):
        result = lists.parse(text.encode(encoding), options=ParseOptions())
        assert [row.lon for row in result.sightings] == [124.07411, 124.22583, 124.82325]
        assert not result.rejected


def test_decimal_commas_do_not_make_a_comma_the_separator():
    assert separator_of("a;b;c\n1,5;2,5;3,5\n1,5;2,5;3,5\n") == ";"


def test_a_table_of_bars_copied_from_a_text_is_read():
    lines = ["| 序号 | 经度 | 纬度 | 监测日期 |", "|---|:--:|---|---|", "| 1 | 124.1 | 41.2 | 2024-11-03 |"]
    result = lists.parse("\n".join(lines).encode(), options=ParseOptions())
    assert ([row.lon for row in result.sightings], len(result.rejected)) == ([124.1], 0)
    assert result.sightings[0].row_no == 3


@pytest.mark.parametrize("text", ["", "标题", "一\n二\n三", '"没有收尾,一\n二,三'])
def test_a_text_without_columns_has_a_separator_all_the_same(text):
    assert separator_of(text) in ",\t;，；|"


@pytest.mark.parametrize("title", ["", "全市火点清单\n\n", "2024年11月3日，全市火点\n"])
@pytest.mark.parametrize("blanks", [" ", "   ", "　", "  　 "])
def test_columns_parted_by_blanks_are_read(title, blanks):
    rows = [["序号", "县", "经度", "纬度", "日期", "时间"], *([*row[:4], *row[4].split()] for row in ROWS)]
    result = lists.parse((title + "\n".join(blanks.join(row) for row in rows)).encode(), options=ParseOptions())
    assert [(row.lon, row.starts_at.hour) for row in result.sightings] == [(float(row[2]), 5) for row in ROWS]
    assert not result.rejected


def test_one_blank_inside_a_cell_parts_nothing():
    wide = "\n".join("   ".join(row[:5]) for row in [HEADING, *ROWS])
    assert [row.starts_at.minute for row in lists.parse(wide.encode(), options=ParseOptions()).sightings] == [21] * 3
    assert blanks_of("\n".join(" ".join(row[:5]) for row in [HEADING, *ROWS])) is None, "the rows have a column more"


@pytest.mark.parametrize(
    "text", ["one sentence of some words\nand another line with more words in it\n", "a,b,c\n1 2,3 4,5 6\n", ""]
)
def test_blanks_part_no_sentences_and_no_file_that_a_sign_parts(text):
    assert blanks_of(text) is None
