"""The sentences and labels that more than one document says, so that they say it alike."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from penalties.documents.report import BASIS_WORDS, CorrectionRow, MonthReport, PointRow, Sides
from penalties.money import rmb, wan

NO_NUMBER = "（文号由办公系统编发）"
# 2号 characters on a line of the 版心: 442 pt of 22 pt, less the gaps that some programs set between digits and Chinese.
TITLE_EMS = 19
MAP_NOTE = "经纬度为 WGS-84 坐标；位置示意，不作划界依据。"


def chinese_date(day: date) -> str:
    """成文日期 in Arabic digits without leading zeros (GB/T 9704-2012, 7.3.5.4): ``2025年11月5日``."""
    return f"{day.year}年{day.month}月{day.day}日"


def summary_title(report: MonthReport) -> str:
    return f"{report.titles.city}{report.period}{report.titles.levy}扣缴汇总表"


def points_title(report: MonthReport) -> str:
    return f"{report.titles.city}{report.period}秸秆焚烧火点明细表"


def verb(report: MonthReport) -> str:
    """What is asked for: 扣缴, 退还, or both."""
    return "扣缴" if not report.corrections else "扣缴和退还" if report.points else "退还"


def request_subject(report: MonthReport) -> str:
    return f"关于{verb(report)}{report.period}{report.titles.levy}的请示"


def letter_subject(report: MonthReport) -> str:
    return f"关于{verb(report)}{report.period}{report.titles.levy}的函"


def title_lines(report: MonthReport, subject: str) -> list[str]:
    """The title of a paper, broken by sense: the office with its verb, the months, the rest; as few lines as they fit on."""
    head, _, tail = subject.partition(report.period)
    lines = [f"{report.titles.bureau}{head}"]
    for part in (report.period, tail):
        if _ems(lines[-1] + part) <= TITLE_EMS:
            lines[-1] += part
        else:
            lines.append(part)
    return lines


def _ems(text: str) -> float:
    return sum(0.5 if char.isascii() else 1 for char in text)


def policy_cited(report: MonthReport) -> str:
    """``《…通知》（本政办发〔2022〕29号）第四部分第（二）项``, or as much of it as the pack names."""
    titles = report.titles
    name = f"《{titles.policy.strip('《》')}》" if titles.policy else ""
    number = f"（{titles.policy_no}）" if titles.policy_no and name else titles.policy_no
    clause = re.sub(r"^([一二三四五六七八九十]+)（([一二三四五六七八九十]+)）$", r"第\1部分第（\2）项", titles.clause)
    return f"{name}{number}{clause}" or "有关"


def place(point: PointRow) -> str:
    """Township, village and group, without the empty ones."""
    return "".join(part for part in (point.township, point.village, point.group) if part)


def bases_words(report: MonthReport) -> str:
    """``卫星 6 处、巡查督查 3 处、黑斑 2 处``: of what is charged, always all three, zeros too."""
    sides = report.sides()
    return "、".join(f"{word}{getattr(sides, basis)}处" for basis, word in BASIS_WORDS.items())


def due_words(report: MonthReport) -> str:
    """``本期应扣缴…33万元（人民币叁拾叁万元整），其中：甲县4处12万元…``, and what goes back as a sentence of its own."""
    sides, levy = report.sides(), report.titles.levy
    sentences = []
    if report.points or not report.corrections:
        spread = _spread((row.name, report.sides([row.code])) for row in report.rows)
        sentences.append(f"本期应扣缴{levy}{money_words(sides.due_fen)}{spread}。")
    if report.corrections:
        spread = _spread(((row.name, report.sides([row.code])) for row in report.rows), is_back=True)
        sentences.append(f"对以前批次的更正{sides.returned}处，应退还{money_words(sides.back_fen)}{spread}。")
    if report.points and report.corrections:
        sentences.append(f"应扣与应退相抵，{_net_words(sides.due_fen - sides.back_fen)}。")
    return "".join(sentences)


def _spread(payers: Iterable[tuple[str, Sides]], *, is_back: bool = False) -> str:
    """``，其中：甲县4处12万元、乙区1处3万元``: each payer whose money moves on this side; empty: none."""
    moved = [
        f"{name}{count}处{wan(fen)}万元"
        for name, sides in payers
        for count, fen in [(sides.returned, sides.back_fen) if is_back else (sides.charged, sides.due_fen)]
        if count
    ]
    return f"，其中：{'、'.join(moved)}" if moved else ""


def _net_words(fen: int) -> str:
    if fen == 0:
        return "净额为零"
    return f"净{'扣缴' if fen > 0 else '退还'}{money_words(abs(fen))}"


def money_words(fen: int) -> str:
    """``33万元（人民币叁拾叁万元整）``."""
    return f"{wan(fen)}万元（{rmb(fen)}）"


def capital_words(report: MonthReport) -> str:
    """The amount in capitals below the table: one, or one for each side."""
    if not report.corrections:
        return f"合计金额（大写）：{rmb(report.total.amount_fen)}"
    sides = report.sides()
    return f"应扣合计（大写）：{rmb(sides.due_fen)}　　应退合计（大写）：{rmb(sides.back_fen)}"


def final_words(report: MonthReport) -> str:
    """How the charged points became final, each way with its count: waived in writing, lapsed, upheld."""
    ways = (
        ("waived", "处由属地县（区）书面放弃异议"), ("lapsed", "处异议期满"), ("upheld", "处经异议复核维持认定"),
        ("", "处异议期已结束"),
    )  # fmt: skip
    counts = [(sum(point.final_by == kind for point in report.points), words) for kind, words in ways]
    return "，".join(f"{count}{words}" for count, words in counts if count)


def waiver_lines(report: MonthReport) -> list[str]:
    """A line for each paper in which a county waived its objection: short enough that no line breaks its number."""
    papers = Counter((point.payer_name, point.waiver_no) for point in report.points if point.waiver_no)
    return [f"{name}：{number}（{count}处）" for (name, number), count in papers.items()]


def back_reason(item: CorrectionRow) -> str:
    """Why a charge goes back, with the act that took it away."""
    return f"{item.act}：{item.reason}" if item.act else item.reason


def left_out_words(report: MonthReport, *, at_most: int = 5) -> str:
    """What was left out for its questions, as one sentence with the first ones named; empty: nothing was."""
    if not report.left_out:
        return ""
    named = "；".join(f"{row.payer_name}{row.number}（{row.why.rstrip('。')}）" for row in report.left_out[:at_most])
    more = "等，逐处见汇总表“说明”" if len(report.left_out) > at_most else ""
    return f"另有{len(report.left_out)}处有问题尚待答复，本期没有列入，答复后再议：{named}{more}。"
