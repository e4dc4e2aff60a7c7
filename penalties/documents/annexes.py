"""The annexes that a 请示 and a 函 share: the summary table and the list of points (policy.md §7)."""

from papers.gongwen import CENTRE, LEFT, RIGHT, Gongwen, Layout, TableRow
from penalties.documents.report import BASIS_WORDS, Figures, MonthReport, Sides
from penalties.documents.wording import (
    MAP_NOTE,
    back_reason,
    capital_words,
    chinese_date,
    place,
    points_title,
    summary_title,
)
from penalties.money import wan

SUMMARY_MM = (11, 36, 15, 12, 15, 12, 17, 14, 11, 13)
SUMMARY_HEADS = (
    ("序号", "县（区）", "火点数\n（处）", "其中（处）", "<", "<", "标准\n（每处）", "金额", "累计", "<"),
    ("", "", "", "卫星", "巡查\n督查", "黑斑", "", "", "处", "金额"),
)
POINTS_MM = (11, 27, 24, 34, 22, 20, 16, 20, 35, 16)
POINTS_HEADS = (
    ("序号", "编号", "县（区）", "地点", "焚烧时间", "来源", "扣缴\n依据", "经纬度", "异议", "金额\n（万元）"),
)
FINAL_WORDS = {"waived": "书面放弃", "lapsed": "期满", "upheld": "复核维持"}
# With corrections what is charged and what goes back stand apart, so that no figure is negative.
BOTH_SIDES_MM = (9, 30, 12, 11, 13, 11, 12, 13, 12, 12, 9, 12)
BOTH_SIDES_HEADS = (
    (
        "序号",
        "县（区）",
        "认定\n处数",
        "其中（处）",
        "<",
        "<",
        "退回\n（处）",
        "标准\n（每处）",
        "应扣",
        "应退",
        "累计",
        "<",
    ),
    ("", "", "", "卫星", "巡查\n督查", "黑斑", "", "", "", "", "处", "金额"),
)
CORRECTIONS_MM = (10, 32, 30, 34, 18, 22, 20, 42, 17)
CORRECTIONS_HEADS = (
    ("序号", "编号", "县（区）", "原批次", "起火月", "日期", "办理人", "退回原因", "退回金额\n（万元）"),
)


def annex_names(report: MonthReport) -> list[str]:
    names = [summary_title(report), points_title(report)]
    return [*names, "对以前批次的更正"] if report.corrections else names


def summary(paper: Gongwen, report: MonthReport, label: str) -> None:
    """附件1: every payer with zeros, subtotals, total, capital amount, who made and checked it."""
    paper.annex(label, summary_title(report))
    unit = f"{report.unfinished}　　单位：万元" if report.unfinished else "单位：万元"
    paper.line(unit, Layout(align=RIGHT, size=12, exact=20))
    widths, heads = (BOTH_SIDES_MM, BOTH_SIDES_HEADS) if report.corrections else (SUMMARY_MM, SUMMARY_HEADS)
    paper.table(widths, heads, _summary_rows(report))
    paper.line(capital_words(report), Layout(size=12, exact=24, before=4))
    signed = (f"制表：{report.prepared_by or '　　　　'}", f"审核：{report.checked_by or '　　　　'}")
    if report.same_person:
        paper.line(f"{report.same_person}。", Layout(size=10.5, exact=18))
    paper.line("　　　".join((*signed, f"日期：{chinese_date(report.issued_on)}")), Layout(size=12, exact=24))


def points(paper: Gongwen, report: MonthReport, label: str) -> None:
    """附件2, on a landscape page: every charged 处."""
    paper.annex(label, points_title(report), landscape=True)
    paper.line(f"共 {len(report.points)} 处。{MAP_NOTE}时间为北京时间。", Layout(align=LEFT, size=10.5, exact=18))
    rows = [
        TableRow(
            (
                str(number), point.number, point.payer_name, place(point),
                f"{point.burned_on:%Y-%m-%d}\n{point.burned_at}".strip(), point.source, BASIS_WORDS[point.basis],
                f"{point.lon:.5f}\n{point.lat:.5f}",
                "\n".join(filter(None, (FINAL_WORDS.get(point.final_by, ""), point.waiver_no))), wan(point.amount_fen),
            ),
            align_left=(3,),
        )
        for number, point in enumerate(report.points, start=1)
    ]  # fmt: skip
    if rows:
        paper.table(POINTS_MM, POINTS_HEADS, rows)
    else:
        paper.line("本期没有扣缴的火点。", Layout(align=CENTRE))


def corrections(paper: Gongwen, report: MonthReport, label: str) -> None:
    """附件3, only when there is something to correct: what goes back, and from which batch."""
    if not report.corrections:
        return
    paper.annex(label, "对以前批次的更正", landscape=True)
    rows = [
        TableRow(
            (
                str(number), item.number, item.payer_name, item.original_batch, item.month,
                f"{item.on:%Y-%m-%d}" if item.on else "", item.by, back_reason(item), wan(-item.amount_fen),
            ),
            align_left=(7,),
        )
        for number, item in enumerate(report.corrections, start=1)
    ]  # fmt: skip
    paper.table(CORRECTIONS_MM, CORRECTIONS_HEADS, rows)


def _summary_rows(report: MonthReport) -> list[TableRow]:
    row_of = _both_sides if report.corrections else _figures
    rows: list[TableRow] = []
    number = 0
    for group, payers, subtotal in report.subtotals:
        for payer in payers:
            number += 1
            rate = "按规则" if payer.rate_fen is None else wan(payer.rate_fen)
            rows.append(row_of((str(number), payer.name, rate), payer.figures, report.sides([payer.code])))
        if group:
            sides = report.sides([payer.code for payer in payers])
            rows.append(row_of(("", f"{group}小计", "—"), subtotal, sides, strong=True))
    return [*rows, row_of(("", "合计", "—"), report.total, report.sides(), strong=True)]


def _figures(labels: tuple[str, str, str], figures: Figures, sides: Sides, *, strong: bool = False) -> TableRow:
    number, name, rate = labels
    counts = (figures.count, figures.satellite, figures.inspection, figures.scar)
    cells = (number, name, *map(str, counts), rate, wan(figures.amount_fen), *_running(figures))
    return TableRow(cells, align_left=(1,), align_right=tuple(range(2, len(cells))), strong=strong)


def _both_sides(labels: tuple[str, str, str], figures: Figures, sides: Sides, *, strong: bool = False) -> TableRow:
    number, name, rate = labels
    counts = (sides.charged, sides.satellite, sides.inspection, sides.scar, sides.returned)
    cells = (number, name, *map(str, counts), rate, wan(sides.due_fen), wan(sides.back_fen), *_running(figures))
    return TableRow(cells, align_left=(1,), align_right=tuple(range(2, len(cells))), strong=strong)


def _running(figures: Figures) -> tuple[str, str]:
    return str(figures.cumulative_count), wan(figures.cumulative_fen)
