"""A world's papers as the bytes that an office receives. The same rows, the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import xlsxwriter

from demo.simulation.reports import Paper

VIIRS_HEAD = ("latitude", "longitude", "bright_ti4", "scan", "track", "acq_date", "acq_time", "satellite",
              "instrument", "confidence", "version", "bright_ti5", "frp", "daynight")  # fmt: skip
MODIS_HEAD = ("latitude", "longitude", "brightness", "scan", "track", "acq_date", "acq_time", "satellite",
              "instrument", "confidence", "version", "bright_t31", "frp", "daynight")  # fmt: skip
LIST_HEAD = ("序号", "监测日期", "过境时间", "卫星", "县（区）", "乡镇", "经度", "纬度", "像元数", "可信度", "备注")
PATROL_HEAD = ("编号", "发现时间", "经度", "纬度", "类型", "级别", "巡查人", "定位精度（米）", "县（区）", "备注")
HEADS = {"firms": VIIRS_HEAD, "modis": MODIS_HEAD, "patrol": PATROL_HEAD}
TITLE_ROWS = 2


def first_line(paper: Paper) -> int:
    """The number of the first data row in the file, counted from 1, as people and the importers count."""
    return TITLE_ROWS + 2 if paper.name.endswith(".xlsx") else 2


def content(paper: Paper) -> bytes:
    """The bytes of a paper's file."""
    if paper.name.endswith(".xlsx"):
        return _workbook(paper)
    return _csv(HEADS[paper.style], [row.cells for row in paper.rows])


def _csv(head: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode("ascii" if head[0].isascii() else "utf-8-sig")


def _workbook(paper: Paper) -> bytes:
    """The workbook with merged titles above, a total and a note below, as issuers send them."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "模拟数据", "created": paper.arrives.replace(tzinfo=None)})
    sheet, width = book.add_worksheet("火点清单"), len(LIST_HEAD) - 1
    sheet.merge_range(0, 0, 0, width, f"秸秆焚烧疑似火点清单（{paper.list_no}）")
    sheet.merge_range(1, 0, 1, width, f"{paper.issuer}    {paper.period}    坐标：WGS-84    时间：北京时间")
    for at, cells in enumerate((LIST_HEAD, *(row.cells for row in paper.rows)), start=TITLE_ROWS):
        for column, text in enumerate(cells):
            sheet.write_string(at, column, text)
    end = TITLE_ROWS + 1 + len(paper.rows)
    sheet.write_string(end, 0, "合计")
    sheet.write_string(end, 1, f"{len(paper.rows)} 个疑似火点")
    sheet.merge_range(end + 1, 0, end + 1, width, "注：本表由模拟程序生成，不是任何机关发布的清单。")
    book.close()
    return buffer.getvalue()
