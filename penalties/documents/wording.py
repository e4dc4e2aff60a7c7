"""The sentences and labels that more than one document says, so that they say it alike."""

import re
from datetime import date

from penalties.documents.report import BASIS_WORDS, MonthReport, PayerRow, PointRow
from penalties.money import rmb, wan

NO_NUMBER = "（文号由办公系统编发）"
MAP_NOTE = "经纬度为 WGS-84 坐标；位置示意，不作划界依据。"


def chinese_date(day: date) -> str:
    """成文日期 in Arabic digits without leading zeros (GB/T 9704-2012, 7.3.5.4): ``2025年11月5日``."""
    return f"{day.year}年{day.month}月{day.day}日"


def summary_title(report: MonthReport) -> str:
    return f"{report.titles.city}{report.period}{report.titles.levy}扣缴汇总表"


def points_title(report: MonthReport) -> str:
    return f"{report.titles.city}{report.period}秸秆焚烧火点明细表"


def request_subject(report: MonthReport) -> str:
    return f"关于扣缴{report.period}{report.titles.levy}的请示"


def letter_subject(report: MonthReport) -> str:
    return f"关于扣缴{report.period}{report.titles.levy}的函"


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
    """``卫星 6 处、巡查督查 3 处、黑斑 2 处``: always all three, zeros too."""
    return "、".join(f"{word}{getattr(report.total, basis)}处" for basis, word in BASIS_WORDS.items())


def amount_words(report: MonthReport) -> str:
    """Each payer whose money moves: ``甲县4处12万元、乙区1处3万元、丙区退回1处3万元``."""
    return "、".join(_moved(row) for row in report.rows if row.figures.count or row.figures.amount_fen)


def _moved(row: PayerRow) -> str:
    back = "退回" if row.figures.amount_fen < 0 else ""
    return f"{row.name}{back}{abs(row.figures.count)}处{wan(abs(row.figures.amount_fen))}万元"


def total_words(report: MonthReport) -> str:
    """``33万元（人民币叁拾叁万元整）``."""
    fen = report.total.amount_fen
    return f"{wan(fen)}万元（{rmb(fen)}）"


def left_out_words(report: MonthReport, *, at_most: int = 5) -> str:
    """What was left out for its questions, as one sentence with the first ones named; empty: nothing was."""
    if not report.left_out:
        return ""
    named = "；".join(f"{row.payer_name}{row.number}（{row.why.rstrip('。')}）" for row in report.left_out[:at_most])
    more = "等，逐处见汇总表“说明”" if len(report.left_out) > at_most else ""
    return f"另有{len(report.left_out)}处有问题尚待答复，本期没有列入，答复后再议：{named}{more}。"
