"""The detail workbook: 汇总, 火点明细, 更正 (when there are any), 说明 (C13, policy.md §7).

Every text is written as a constant string and every number as a constant number: no formula, no link, no macro, so a cell
that begins with ``=`` is only text. The same report gives the same bytes, so that its sha256 can be filed.
"""

import math
from collections.abc import Sequence
from datetime import datetime, time
from io import BytesIO
from typing import Any

import xlsxwriter

from penalties.documents.report import BASIS_WORDS, Figures, MonthReport, check
from penalties.documents.wording import (
    MAP_NOTE,
    chinese_date,
    points_title,
    policy_cited,
    summary_title,
)
from penalties.money import FEN_PER_WAN, rmb, wan

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
# A cell that starts like a formula keeps Excel's quote prefix, so that it stays text even when somebody edits it.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
PAPER_A4 = 9
CELL = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
BOX = {**CELL, "border": 1}
# "_ " keeps a space's width at the right edge: an indent on right-aligned cells is not honoured everywhere.
COUNT = "#,##0_ "

SUMMARY_WIDTHS = (6, 22, 11, 9, 11, 9, 12, 14, 10, 14)
POINT_COLUMNS: tuple[tuple[str, float], ...] = (
    ("序号", 5), ("编号", 14), ("县（区）", 12), ("乡镇（街道）", 12), ("村（社区）", 11), ("组", 7), ("焚烧日期", 11),
    ("时间", 8), ("来源", 10), ("扣缴依据", 9), ("经度", 10), ("纬度", 9), ("金额\n（万元）", 8), ("认定日期", 11),
    ("认定理由", 22), ("归属依据", 16), ("网格责任人", 14),
)  # fmt: skip
CORRECTION_COLUMNS: tuple[tuple[str, float], ...] = (
    ("序号", 6), ("编号", 17), ("县（区）", 18), ("原批次", 22), ("起火月", 10), ("扣缴依据", 11), ("更正原因", 36),
    ("金额（万元）", 12),
)  # fmt: skip


def render(report: MonthReport) -> bytes:
    """The .xlsx of a report. Raises ReportMismatch when its figures disagree (nothing is written then)."""
    checked = check(report)
    out = BytesIO()
    book = Book(xlsxwriter.Workbook(out, OPTIONS), report)
    _summary(book, checked)
    _points(book)
    if report.corrections:
        _corrections(book)
    _explanation(book, checked)
    book.close()
    return out.getvalue()


class Book:
    """A workbook with our formats; it knows how to write one value safely and how to set up a page."""

    def __init__(self, workbook: Any, report: MonthReport) -> None:
        self.report = report
        self._workbook = workbook
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        workbook.set_properties(
            {
                "title": summary_title(report),
                "author": report.titles.bureau,
                "comments": "；".join((*report.marks, f"日志头 {report.journal_head}")),
                # XlsxWriter would put the clock here; the date of the paper keeps the bytes the same.
                "created": datetime.combine(report.issued_on, time()),
            }
        )

    def sheet(self, name: str, *, landscape: bool, repeat: tuple[int, int] | None = None) -> "Sheet":
        """A new A4 page, one page wide, with the marks in its header and the journal head in its footer."""
        page = self._workbook.add_worksheet(name)
        page.set_paper(PAPER_A4)
        if landscape:
            page.set_landscape()
        page.fit_to_pages(1, 0)
        page.center_horizontally()
        page.set_margins(left=0.6, right=0.6, top=0.9, bottom=0.8)
        page.hide_gridlines(2)
        if repeat:
            page.repeat_rows(*repeat)
        page.set_header(self._header())
        head = self.report.journal_head.replace("&", "&&")
        page.set_footer(f"&L&8日志头 {head[:40]}&R&9第 &P 页　共 &N 页")
        return Sheet(page, self)

    def format(self, **changes: Any) -> Any:
        key = tuple(sorted(changes.items()))
        if key not in self._formats:
            self._formats[key] = self._workbook.add_format(dict(key))
        return self._formats[key]

    def close(self) -> None:
        self._workbook.close()

    def _header(self) -> str:
        corner = f"&R&10&KB3261E{' · '.join(self.report.marks)}" if self.report.marks else ""
        # A very large pale header runs down behind the cells: the only watermark that needs no picture.
        watermark = "&C&80&KDDDDDD\n" + "".join(mark[:2] for mark in self.report.marks) if self.report.marks else ""
        return watermark + corner


class Sheet:
    """One page being written from the top down; ``row`` is the next row (0-based)."""

    def __init__(self, page: Any, book: Book) -> None:
        self.page, self.book, self.row = page, book, 0

    def put(self, column: int, value: str | int | float | datetime, **style: Any) -> None:
        """One constant: text through write_string, numbers and dates as numbers."""
        look = {**BOX, **style}
        if isinstance(value, str):
            if value.startswith(DANGEROUS):
                look["quote_prefix"] = True
            self.page.write_string(self.row, column, value, self.book.format(**look))
        elif isinstance(value, datetime):
            self.page.write_datetime(self.row, column, value, self.book.format(**look, num_format="yyyy-mm-dd"))
        else:
            self.page.write_number(self.row, column, value, self.book.format(**look))

    def band(self, text: str, last: int, *, first: int = 0, height: float | None = None, **style: Any) -> None:
        """One text over the columns ``first`` to ``last`` of the current row; does not move down."""
        look = self.book.format(**{**CELL, **style})
        if first < last:
            self.page.merge_range(self.row, first, self.row, last, "", look)
        self.page.write_string(self.row, first, text, look)
        if height:
            self.page.set_row(self.row, height)

    def down(self, rows: int = 1) -> None:
        self.row += rows

    def title(self, text: str, last: int) -> None:
        marks = self.book.report.marks
        if marks:
            self.band(" · ".join(marks), last, font_color="#B3261E", bold=True)
            self.down()
        self.band(text, last, height=34, font_name="黑体", font_size=18, align="center")
        self.down()

    def heads(self, columns: Sequence[tuple[str, float]]) -> None:
        self.page.set_row(self.row, 32)
        for column, (text, width) in enumerate(columns):
            self.page.set_column(column, column, width)
            self.put(column, text, **HEAD)
        self.down()

    def line(self, values: Sequence[Any], columns: Sequence[tuple[str, float]], formats: dict[int, str]) -> None:
        """One row of an annex, as high as its longest text needs (not every program fits rows by itself)."""
        self.page.set_row(
            self.row, 14 * max(_lines(value, width) for value, (_, width) in zip(values, columns, strict=True)) + 6
        )
        for column, value in enumerate(values):
            if column in formats:
                self.put(column, value, num_format=formats[column], font_size=10)
            elif isinstance(value, str) and len(value) > 10:
                self.put(column, value, text_wrap=True, font_size=10)
            else:
                self.put(column, value, text_wrap=True, font_size=10, align="center")
        self.down()


def _lines(value: Any, width: float) -> int:
    """Lines that a text takes in a column: a Chinese character is two widths wide at most."""
    wide = sum(1 if ord(char) < 0x2E80 else 2 for char in value) if isinstance(value, str) else 0
    return max(1, math.ceil(wide / (width - 1)))


HEAD: dict[str, Any] = {"bold": True, "align": "center", "text_wrap": True, "bg_color": "#F2F4F7"}


def wan_format(fens: Sequence[int]) -> str:
    """A number format that shows every amount of a column exactly; whole 万元 stay without decimals."""
    decimals = max((len(wan(fen).partition(".")[2]) for fen in fens), default=0)
    return "#,##0" + ("." + "0" * decimals if decimals else "") + "_ "


def _summary(book: Book, checked: str) -> None:
    report, last = book.report, len(SUMMARY_WIDTHS) - 1
    sheet = book.sheet("汇总", landscape=True)
    for column, width in enumerate(SUMMARY_WIDTHS):
        sheet.page.set_column(column, column, width)
    sheet.title(summary_title(report), last)
    facts = [f"所属期：{report.period}", f"批次：{report.batch}" if report.batch else "", report.unfinished]
    sheet.band("　　".join(filter(None, facts)), 6)
    sheet.band("单位：万元", last, first=7, align="right")
    sheet.down()
    _summary_heads(sheet)
    number = 0
    for group, rows, subtotal in report.subtotals:
        for row in rows:
            number += 1
            _figures(sheet, number, row.name, row.figures, row.rate_fen)
        if group:
            _figures(sheet, "", f"{group}小计", subtotal, "—", bold=True, bg_color="#F7F8FA")
    _figures(sheet, "", "合计", report.total, "—", bold=True, top=2)
    sheet.band(f"合计金额（大写）：{rmb(report.total.amount_fen)}", last, height=26, bold=True, border=1, indent=1)
    sheet.down()
    _signatures(sheet)
    if report.same_person:
        sheet.band(f"{report.same_person}。", last, font_size=9)
        sheet.down()
    sheet.band(
        f"核对：{checked}；明细 {len(report.points)} 处，更正 {len(report.corrections)} 处，与汇总一致。",
        last,
        font_size=9,
    )
    sheet.down()
    sheet.band(f"日志头：{report.journal_head}", last, font_size=9)


def _summary_heads(sheet: Sheet) -> None:
    """Two rows of heads: three columns under 其中, two under 累计, the rest over both rows."""
    look = sheet.book.format(**{**BOX, **HEAD})
    top, page = sheet.row, sheet.page
    page.set_row(top, 20)
    page.set_row(top + 1, 20)
    alone = {0: "序号", 1: "县（区）", 2: "火点数\n（处）", 6: "标准\n（万元/处）", 7: "金额（万元）"}
    for column, text in alone.items():
        page.merge_range(top, column, top + 1, column, text, look)
    page.merge_range(top, 3, top, 5, "其中（处）", look)
    page.merge_range(top, 8, top, 9, "累计", look)
    for column, text in {3: "卫星", 4: "巡查督查", 5: "黑斑", 8: "处", 9: "金额（万元）"}.items():
        page.write_string(top + 1, column, text, look)
    page.repeat_rows(top, top + 1)
    sheet.down(2)


def _figures(
    sheet: Sheet, number: int | str, name: str, figures: Figures, rate: int | str | None, **style: Any
) -> None:
    rows = sheet.book.report.rows
    months = wan_format([row.figures.amount_fen for row in rows])
    running = wan_format([row.figures.cumulative_fen for row in rows])
    sheet.page.set_row(sheet.row, 22)
    sheet.put(0, number, align="center", **style)
    sheet.put(1, name, indent=1, **style)
    counts = (figures.count, figures.satellite, figures.inspection, figures.scar)
    for column, count in enumerate(counts, start=2):
        sheet.put(column, count, num_format=COUNT, **_grey(count), **style)
    if isinstance(rate, int):
        sheet.put(6, rate / FEN_PER_WAN, num_format=wan_format([rate]), **style)
    else:
        sheet.put(6, (rate or "按规则") + " ", align="right", **style)
    amounts = ((7, figures.amount_fen, months), (9, figures.cumulative_fen, running))
    for column, fen, look in amounts:
        sheet.put(column, fen / FEN_PER_WAN, num_format=look, **_grey(fen), **style)
    sheet.put(8, figures.cumulative_count, num_format=COUNT, **_grey(figures.cumulative_count), **style)
    sheet.down()


def _grey(value: int) -> dict[str, Any]:
    return {} if value else {"font_color": "#808080"}


def _signatures(sheet: Sheet) -> None:
    report = sheet.book.report
    sheet.down()
    sheet.page.set_row(sheet.row, 24)
    sheet.band(f"制表：{report.prepared_by or '　　　　'}", 3)
    sheet.band(f"审核：{report.checked_by or '　　　　'}", 6, first=4)
    sheet.band(f"日期：{chinese_date(report.issued_on)}", 9, first=7, align="right")
    sheet.down()


def _points(book: Book) -> None:
    report, last = book.report, len(POINT_COLUMNS) - 1
    sheet = book.sheet("火点明细", landscape=True)
    sheet.title(points_title(report), last)
    sheet.band(f"共 {len(report.points)} 处。{MAP_NOTE}", last, font_size=9)
    sheet.down()
    sheet.heads(POINT_COLUMNS)
    sheet.page.repeat_rows(sheet.row - 1)
    sheet.page.freeze_panes(sheet.row, 2)
    money = wan_format([point.amount_fen for point in report.points])
    for number, point in enumerate(report.points, start=1):
        values: tuple[Any, ...] = (
            number, point.number, point.payer_name, point.township, point.village, point.group,
            datetime.combine(point.burned_on, time()), point.burned_at, point.source, BASIS_WORDS[point.basis],
            point.lon, point.lat, point.amount_fen / FEN_PER_WAN, datetime.combine(point.decided_on, time()),
            point.reason, point.attribution, point.responsible,
        )  # fmt: skip
        sheet.line(values, POINT_COLUMNS, {10: "0.00000_ ", 11: "0.00000_ ", 12: money})
    if not report.points:
        sheet.band("本期没有扣缴的火点。", last, font_color="#808080")


def _corrections(book: Book) -> None:
    report, last = book.report, len(CORRECTION_COLUMNS) - 1
    sheet = book.sheet("更正", landscape=True)
    sheet.title("对以前批次的更正", last)
    sheet.band("已冻结的批次不改；更正记入本批，并写明原批次。", last, font_size=9)
    sheet.down()
    sheet.heads(CORRECTION_COLUMNS)
    sheet.page.repeat_rows(sheet.row - 1)
    money = wan_format([item.amount_fen for item in report.corrections])
    for number, item in enumerate(report.corrections, start=1):
        values = (
            number, item.number, item.payer_name, item.original_batch, item.month, BASIS_WORDS[item.basis], item.reason,
            item.amount_fen / FEN_PER_WAN,
        )  # fmt: skip
        sheet.line(values, CORRECTION_COLUMNS, {7: money})


def _explanation(book: Book, checked: str) -> None:
    report = book.report
    sheet = book.sheet("说明", landscape=False)
    sheet.page.set_column(0, 0, 18)
    sheet.page.set_column(1, 1, 70)
    sheet.title("编制说明", 1)
    approval = report.approval
    lines = [
        ("数据性质", "、".join(report.marks) or "正式"),
        ("系统", report.deployment),
        ("编制单位", report.titles.bureau),
        ("政策依据", policy_cited(report)),
        ("所属期", f"{report.period}（按焚烧日期的北京时间归月）"),
        ("批次", report.batch or "月度统计，未编批次"),
        ("市政府批件", f"{approval.number}　{chinese_date(approval.dated)}" if approval else "尚未批复"),
        ("核对", checked),
        ("坐标", MAP_NOTE),
        ("日志头", report.journal_head),
        ("编制日期", chinese_date(report.issued_on)),
        *(
            (f"未列入{number}", f"{row.payer_name} {row.number}：{row.why}")
            for number, row in enumerate(report.left_out, start=1)
        ),
        *((f"备注{number}", note) for number, note in enumerate(report.notes, start=1)),
    ]
    for name, text in lines:
        sheet.page.set_row(sheet.row, 16 * _lines(text, 70) + 6)
        sheet.put(0, name, bold=True)
        sheet.put(1, text, text_wrap=True)
        sheet.down()
