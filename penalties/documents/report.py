"""The month as one value: every document is drawn from it, and from nothing else (C13, policy.md §7).

Selectors fill it, renderers read it. Texts of dates and places come ready (Beijing time, WGS-84); money is integer fen.
``check`` runs before any document is made, so that a table whose sum is wrong never leaves the house.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from penalties.money import wan, yuan

BASIS_WORDS = {"satellite": "卫星", "inspection": "巡查督查", "scar": "黑斑"}


class ReportMismatch(ValueError):
    """The numbers of a report disagree; ``problems`` are Chinese sentences, one per disagreement."""

    code = "report_mismatch"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("；".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Titles:
    """The names that a policy pack gives to the offices and the levy; nothing in code says which city it is.

    ``policy`` is the title of the notice without 《》, ``clause`` its part and item as the rule cites them (``四（二）``).
    """

    city: str
    bureau: str
    government: str
    finance: str
    levy: str = "秸秆火点生态补偿款"
    policy: str = ""
    policy_no: str = ""
    clause: str = ""


@dataclass(frozen=True)
class Figures:
    """One line of figures; ``count`` is 处 net of corrections, and may be negative when more went back than came."""

    count: int = 0
    satellite: int = 0
    inspection: int = 0
    scar: int = 0
    amount_fen: int = 0
    cumulative_count: int = 0
    cumulative_fen: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.count + other.count,
            self.satellite + other.satellite,
            self.inspection + other.inspection,
            self.scar + other.scar,
            self.amount_fen + other.amount_fen,
            self.cumulative_count + other.cumulative_count,
            self.cumulative_fen + other.cumulative_fen,
        )


@dataclass(frozen=True)
class PayerRow:
    """A county's (or other payer's) row; zeros too. ``rate_fen`` is None where the rule has no single rate."""

    code: str
    name: str
    group: str
    figures: Figures
    rate_fen: int | None = None


@dataclass(frozen=True)
class PointRow:
    """One charged 处 of the annex: where, when, on what ground, who decided. ``lon``, ``lat`` are WGS-84 degrees.

    ``final_by`` says how it became final: ``waived`` (with ``waiver_no``, the number of the county's paper), ``lapsed``,
    ``upheld``; empty where nobody noted it.
    """

    number: str
    payer_code: str
    payer_name: str
    township: str
    village: str
    group: str
    burned_on: date
    burned_at: str
    source: str
    basis: str
    lon: float
    lat: float
    decided_on: date
    reason: str
    attribution: str
    responsible: str
    amount_fen: int
    final_by: str = ""
    waiver_no: str = ""


@dataclass(frozen=True)
class CorrectionRow:
    """One reversal of an earlier batch's charge; ``amount_fen`` is negative, and the original batch is named.

    ``act`` is what took the charge away, ``on`` the day and ``by`` the person; empty where no act did (a payer changed).
    """

    number: str
    payer_code: str
    payer_name: str
    original_batch: str
    month: str
    basis: str
    reason: str
    amount_fen: int
    act: str = ""
    on: date | None = None
    by: str = ""


@dataclass(frozen=True)
class Sides:
    """What is charged and what goes back, apart: 处 by ground and fen, none of them negative."""

    charged: int = 0
    satellite: int = 0
    inspection: int = 0
    scar: int = 0
    due_fen: int = 0
    returned: int = 0
    back_fen: int = 0


@dataclass(frozen=True)
class LeftOutRow:
    """A point that the batch would hold but for what is asked of it; ``why`` are the words of its questions."""

    number: str
    payer_code: str
    payer_name: str
    why: str


@dataclass(frozen=True)
class Approval:
    """The city government's 批件 (C13)."""

    number: str
    dated: date


@dataclass(frozen=True)
class MonthReport:
    """A month's, or a batch's, figures with their annexes.

    ``month`` is YYYY-MM; ``period`` is what the papers say (``2025年10月``); ``journal_head`` is ``seq:hash``.
    ``unfinished`` is a sentence where the last month was not over when the figures were taken, and stands on every table.
    ``same_person`` says where one person did what takes two, and by which ruling.
    ``batch`` is empty for a monthly report without a batch. A draft's figures may still change, and every page says so.
    """

    titles: Titles
    deployment: str
    month: str
    period: str
    issued_on: date
    rows: tuple[PayerRow, ...]
    points: tuple[PointRow, ...]
    corrections: tuple[CorrectionRow, ...]
    journal_head: str
    is_demo: bool
    is_draft: bool
    batch: str = ""
    prepared_by: str = ""
    checked_by: str = ""
    contact: str = ""
    approval: Approval | None = None
    notes: tuple[str, ...] = field(default=())
    left_out: tuple[LeftOutRow, ...] = field(default=())
    unfinished: str = ""
    same_person: str = ""

    @property
    def total(self) -> Figures:
        return total_of(self.rows)

    def sides(self, payers: Collection[str] | None = None) -> Sides:
        """What some payers (None: all) are charged, and what they get back, from the annexes."""
        points = [point for point in self.points if payers is None or point.payer_code in payers]
        back = [item for item in self.corrections if payers is None or item.payer_code in payers]
        return Sides(
            charged=len(points),
            **{basis: sum(point.basis == basis for point in points) for basis in BASIS_WORDS},
            due_fen=sum(point.amount_fen for point in points),
            returned=len(back),
            back_fen=-sum(item.amount_fen for item in back),
        )

    @property
    def subtotals(self) -> tuple[tuple[str, tuple[PayerRow, ...], Figures], ...]:
        """(group, its rows, their sum) in the order of the rows; a payer without a group stands in the group ``""``."""
        blocks = ((name, tuple(rows)) for name, rows in groupby(self.rows, key=lambda row: row.group))
        return tuple((name, rows, total_of(rows)) for name, rows in blocks)

    @property
    def rate_fen(self) -> int | None:
        """The one rate of every line, or None when lines differ."""
        rates = {row.rate_fen for row in self.rows}
        return rates.pop() if len(rates) == 1 else None

    @property
    def marks(self) -> tuple[str, ...]:
        """What must stand on every page: 演示数据 for a demo, 草稿 while the figures are open."""
        return (("演示数据",) if self.is_demo else ()) + (("草稿",) if self.is_draft else ())


def total_of(rows: Iterable[PayerRow]) -> Figures:
    return sum((row.figures for row in rows), Figures())


def check(report: MonthReport) -> str:
    """Prove that the total = the rows = the annex = count × rate, and say it: ``11 处 × 3 万元 = 33 万元``.

    Raises ReportMismatch with every disagreement. Lines with an open rate are held to the annex only.
    """
    problems = _structure(report)
    for row in report.rows:
        problems += _row(report, row)
    if problems:
        raise ReportMismatch(problems)
    total, rate = report.total, report.rate_fen
    if report.corrections:
        return _both_sides(report)
    if rate is None:
        return f"{total.count} 处，共 {wan(total.amount_fen)} 万元"
    if total.count * rate != total.amount_fen:  # the rows hold, so only a defect here can get this far
        raise ReportMismatch([f"合计 {total.count} 处 × {wan(rate)} 万元 ≠ {wan(total.amount_fen)} 万元"])
    return f"{total.count} 处 × {wan(rate)} 万元 = {wan(total.amount_fen)} 万元"


def _both_sides(report: MonthReport) -> str:
    """``认定 11 处 33 万元，退回 1 处 3 万元``: each side is the sum of its annex."""
    sides = report.sides()
    return f"认定 {sides.charged} 处 {wan(sides.due_fen)} 万元，退回 {sides.returned} 处 {wan(sides.back_fen)} 万元"


def _structure(report: MonthReport) -> list[str]:
    problems = []
    codes = [row.code for row in report.rows]
    groups = [name for name, _, _ in report.subtotals]
    listed = set(codes)
    if not codes:
        problems.append("汇总表没有付款单位")
    if len(listed) != len(codes):
        problems.append("同一付款单位列了两行")
    if len(set(groups)) != len(groups):
        problems.append("同一分组的付款单位没有排在一起，小计会出现两次")
    numbers = Counter(point.number for point in report.points)
    problems += [f"火点 {number} 在明细中出现两次" for number, times in sorted(numbers.items()) if times > 1]
    strays = ({point.payer_code for point in report.points} | {c.payer_code for c in report.corrections}) - listed
    problems += [f"付款单位 {code} 有明细，但汇总表没有这一行" for code in sorted(strays)]
    problems += [f"火点 {c.number} 的更正金额应为负数" for c in report.corrections if c.amount_fen >= 0]
    return problems


def _row(report: MonthReport, row: PayerRow) -> list[str]:
    figures, problems = row.figures, []
    points = [point for point in report.points if point.payer_code == row.code]
    back = [item for item in report.corrections if item.payer_code == row.code]
    if figures.count != figures.satellite + figures.inspection + figures.scar:
        problems.append(f"{row.name}：卫星、巡查督查、黑斑之和不等于 {figures.count} 处")
    if row.rate_fen is not None and figures.count * row.rate_fen != figures.amount_fen:
        problems.append(f"{row.name}：{figures.count} 处 × {wan(row.rate_fen)} 万元 ≠ {yuan(figures.amount_fen)} 元")
    if len(points) - len(back) != figures.count:
        problems.append(f"{row.name}：明细 {len(points)} 处、更正 {len(back)} 处，与汇总 {figures.count} 处不符")
    annex_fen = sum(point.amount_fen for point in points) + sum(item.amount_fen for item in back)
    if annex_fen != figures.amount_fen:
        problems.append(f"{row.name}：明细合计 {yuan(annex_fen)} 元，与汇总 {yuan(figures.amount_fen)} 元不符")
    for basis in BASIS_WORDS:
        net = sum(p.basis == basis for p in points) - sum(c.basis == basis for c in back)
        if net != getattr(figures, basis):
            problems.append(f"{row.name}：明细中{BASIS_WORDS[basis]} {net} 处，与汇总 {getattr(figures, basis)} 处不符")
    return problems
