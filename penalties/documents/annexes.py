"""The annexes that a 请示 and a 函 share: the summary table and the list of points (policy.md §7)."""

from papers.gongwen import CENTRE, LEFT, RIGHT, Gongwen, Layout, TableRow
from penalties.documents.report import BASIS_WORDS, Figures, MonthReport
from penalties.documents.wording import MAP_NOTE, chinese_date, place, points_title, summary_title
from penalties.money import rmb, wan

SUMMARY_MM = (11, 36, 15, 12, 15, 12, 17, 14, 11, 13)
SUMMARY_HEADS = (
    ("序号", "县（区）", "火点数\n（处）", "其中（处）", "<", "<", "标准\n（每处）", "金额", "累计", "<"),
    ("", "", "", "卫星", "巡查\n督查", "黑斑", "", "", "处", "金额"),
)
POINTS_MM = (12, 32, 32, 46, 24, 22, 18, 22, 17)
POINTS_HEADS = (("序号", "编号", "县（区）", "地点", "焚烧时间", "来源", "扣缴\n依据", "经纬度", "金额\n（万元）"),)
CORRECTIONS_MM = (10, 32, 34, 38, 20, 72, 19)
CORRECTIONS_HEADS = (("序号", "编号", "县（区）", "原批次", "起火月", "更正原因", "金额\n（万元）"),)


def annex_names(report: MonthReport) -> list[str]:
    names = [summary_title(report), points_title(report)]
    return [*names, "对以前批次的更正"] if report.corrections else names


def summary(paper: Gongwen, report: MonthReport, label: str) -> None:
    """附件1: every payer with zeros, subtotals, total, capital amount, who made and checked it."""
    paper.annex(label, summary_title(report))
    unit = f"{report.unfinished}　　单位：万元" if report.unfinished else "单位：万元"
    paper.line(unit, Layout(align=RIGHT, size=12, exact=20))
    paper.table(SUMMARY_MM, SUMMARY_HEADS, _summary_rows(report))
    paper.line(f"合计金额（大写）：{rmb(report.total.amount_fen)}", Layout(size=12, exact=24, before=4))
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
                f"{point.lon:.5f}\n{point.lat:.5f}", wan(point.amount_fen),
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
                str(number), item.number, item.payer_name, item.original_batch, item.month, item.reason,
                wan(item.amount_fen),
            ),
            align_left=(5,),
        )
        for number, item in enumerate(report.corrections, start=1)
    ]  # fmt: skip
    paper.table(CORRECTIONS_MM, CORRECTIONS_HEADS, rows)


def _summary_rows(report: MonthReport) -> list[TableRow]:
    rows: list[TableRow] = []
    number = 0
    for group, payers, subtotal in report.subtotals:
        for payer in payers:
            number += 1
            rate = "按规则" if payer.rate_fen is None else wan(payer.rate_fen)
            rows.append(_figures(str(number), payer.name, payer.figures, rate))
        if group:
            rows.append(_figures("", f"{group}小计", subtotal, "—", strong=True))
    return [*rows, _figures("", "合计", report.total, "—", strong=True)]


def _figures(number: str, name: str, figures: Figures, rate: str, *, strong: bool = False) -> TableRow:
    counts = (figures.count, figures.satellite, figures.inspection, figures.scar)
    cells = (
        number, name, *map(str, counts), rate, wan(figures.amount_fen), str(figures.cumulative_count),
        wan(figures.cumulative_fen),
    )  # fmt: skip
    return TableRow(cells, align_left=(1,), align_right=tuple(range(2, 10)), strong=strong)
