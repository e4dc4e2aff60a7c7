"""The detail workbook: 汇总, 火点明细, 更正 (when there are any), 说明 (C13, policy.md §7).

The same report gives the same bytes, so that its sha256 can be filed.
"""

from collections.abc import Sequence
from datetime import datetime, time
from io import BytesIO
from typing import Any

import xlsxwriter

from penalties.documents.report import BASIS_WORDS, Figures, MonthReport, Sides, check
from penalties.documents.sheets import BOX, COUNT, HEAD, OPTIONS, Book, Sheet, lines_of
from penalties.documents.wording import (
    MAP_NOTE,
    back_reason,
    capital_words,
    chinese_date,
    points_title,
    policy_cited,
    summary_title,
)
from penalties.money import FEN_PER_WAN, wan

SUMMARY_WIDTHS = (6, 22, 11, 9, 11, 9, 12, 14, 10, 14)
# With corrections what is charged and what goes back stand apart, so that no figure is negative.
BOTH_SIDES_WIDTHS = (6, 20, 9, 8, 10, 8, 9, 12, 13, 13, 9, 13)
POINT_COLUMNS: tuple[tuple[str, float], ...] = (
    ("序号", 5), ("编号", 14), ("县（区）", 12), ("乡镇（街道）", 12), ("村（社区）", 11), ("组", 7), ("焚烧日期", 11),
    ("时间", 8), ("来源", 10), ("扣缴依据", 9), ("经度", 10), ("纬度", 9), ("金额\n（万元）", 8), ("认定日期", 11),
    ("认定理由", 22), ("归属依据", 16), ("网格责任人", 14),
)  # fmt: skip
CORRECTION_COLUMNS: tuple[tuple[str, float], ...] = (
    ("序号", 6), ("编号", 17), ("县（区）", 18), ("原批次", 22), ("起火月", 10), ("扣缴依据", 11), ("日期", 12),
    ("办理人", 12), ("退回原因", 32), ("退回金额（万元）", 12),
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


def wan_format(fens: Sequence[int]) -> str:
    """A number format that shows every amount of a column exactly; whole 万元 stay without decimals."""
    decimals = max((len(wan(fen).partition(".")[2]) for fen in fens), default=0)
    return "#,##0" + ("." + "0" * decimals if decimals else "") + "_ "


def _summary(book: Book, checked: str) -> None:
    report = book.report
    widths = BOTH_SIDES_WIDTHS if report.corrections else SUMMARY_WIDTHS
    last = len(widths) - 1
    sheet = book.sheet("汇总", landscape=True)
    for column, width in enumerate(widths):
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
            _figures(sheet, (number, row.name, row.rate_fen), row.figures, report.sides([row.code]))
        if group:
            sides = report.sides([row.code for row in rows])
            _figures(sheet, ("", f"{group}小计", "—"), subtotal, sides, bold=True, bg_color="#F7F8FA")
    _figures(sheet, ("", "合计", "—"), report.total, report.sides(), bold=True, top=2)
    sheet.band(capital_words(report), last, height=26, bold=True, border=1, indent=1)
    sheet.down()
    _signatures(sheet)
    if report.same_person:
        sheet.band(f"{report.same_person}。", last, font_size=9)
        sheet.down()
    sheet.band(
        f"核对：{checked}；明细 {len(report.points)} 处，退回 {len(report.corrections)} 处，与汇总一致。",
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
    alone = ["序号", "县（区）", "火点数\n（处）", "", "", "", "标准\n（万元/处）", "金额（万元）"]
    if sheet.book.report.corrections:
        alone = [*alone[:2], "认定\n（处）", "", "", "", "退回\n（处）", alone[6], "应扣\n（万元）", "应退\n（万元）"]
    for column, text in enumerate(alone):
        if text:
            page.merge_range(top, column, top + 1, column, text, look)
    at = len(alone)
    page.merge_range(top, 3, top, 5, "其中（处）", look)
    page.merge_range(top, at, top, at + 1, "累计", look)
    for column, text in {3: "卫星", 4: "巡查督查", 5: "黑斑", at: "处", at + 1: "金额（万元）"}.items():
        page.write_string(top + 1, column, text, look)
    page.repeat_rows(top, top + 1)
    sheet.down(2)


def _figures(
    sheet: Sheet, labels: tuple[int | str, str, int | str | None], figures: Figures, sides: Sides, **style: Any
) -> None:
    """A payer's row: its net figures, or with corrections what is charged and what goes back."""
    report, (number, name, rate) = sheet.book.report, labels
    running = wan_format([row.figures.cumulative_fen for row in report.rows])
    sheet.page.set_row(sheet.row, 22)
    sheet.put(0, number, align="center", **style)
    sheet.put(1, name, indent=1, **style)
    counts = [figures.count, figures.satellite, figures.inspection, figures.scar]
    fens = [figures.amount_fen]
    if report.corrections:
        counts = [sides.charged, sides.satellite, sides.inspection, sides.scar, sides.returned]
        fens = [sides.due_fen, sides.back_fen]
    for column, count in enumerate(counts, start=2):
        sheet.put(column, count, num_format=COUNT, **_grey(count), **style)
    column = 2 + len(counts)
    if isinstance(rate, int):
        sheet.put(column, rate / FEN_PER_WAN, num_format=wan_format([rate]), **style)
    else:
        sheet.put(column, (rate or "按规则") + " ", align="right", **style)
    amounts = wan_format([row.figures.amount_fen for row in report.rows])
    for fen in fens:
        column += 1
        sheet.put(column, fen / FEN_PER_WAN, num_format=amounts, **_grey(fen), **style)
    sheet.put(column + 1, figures.cumulative_count, num_format=COUNT, **_grey(figures.cumulative_count), **style)
    fen = figures.cumulative_fen
    sheet.put(column + 2, fen / FEN_PER_WAN, num_format=running, **_grey(fen), **style)
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
            number, item.number, item.payer_name, item.original_batch, item.month, BASIS_WORDS[item.basis],
            f"{item.on:%Y-%m-%d}" if item.on else "", item.by, back_reason(item), -item.amount_fen / FEN_PER_WAN,
        )  # fmt: skip
        sheet.line(values, CORRECTION_COLUMNS, {9: money})


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
        sheet.page.set_row(sheet.row, 16 * lines_of(text, 70) + 6)
        sheet.put(0, name, bold=True)
        sheet.put(1, text, text_wrap=True)
        sheet.down()
