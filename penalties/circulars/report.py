"""A 通报 as one value: what the inspectors and the official satellites found in a period, and how far each is (C14).

Wider than the deduction: 认定不计入, what is verified but not decided and what is still open stand in it too. Selectors fill
it, the renderers read it; `check` runs before any paper is made.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from core.month import Month
from penalties.documents.report import BASIS_WORDS, ReportMismatch, Titles
from penalties.documents.wording import chinese_date

STAGE_WORDS = {"counted": "认定计入", "excluded": "认定不计入", "verified": "已核实、待认定", "open": "未核实"}
NOBODY = "跨界、未定属地"
"""The line of what no county owns (yet): 联合核实 decides (C11)."""


@dataclass(frozen=True)
class CircularRow:
    """One 处: who found it, what it was, how far it is. ``stage`` is a key of STAGE_WORDS; ``finding`` says what
    verification found; ``lon``, ``lat`` are WGS-84 degrees."""

    number: str
    county_code: str
    county: str
    township_code: str
    township: str
    village: str
    burned_on: date
    burned_at: str
    source: str
    basis: str
    stage: str
    finding: str
    lon: float
    lat: float
    is_cross: bool = False
    point_id: int = 0


@dataclass(frozen=True)
class Tally:
    """Counts in 处: by what was found (three, adding up to ``count``), and by how far it is (four, the same)."""

    satellite: int = 0
    inspection: int = 0
    scar: int = 0
    counted: int = 0
    excluded: int = 0
    verified: int = 0
    open: int = 0

    @property
    def count(self) -> int:
        return self.satellite + self.inspection + self.scar


@dataclass(frozen=True)
class PlaceRow:
    """A county's line, or a township's (then ``county`` says whose); zeros too for counties."""

    code: str
    name: str
    county: str
    tally: Tally


@dataclass(frozen=True)
class CircularReport:
    """``starts_on`` to ``ends_on`` are Beijing dates of burning, both in it; ``journal_head`` is ``seq:hash``."""

    titles: Titles
    starts_on: date
    ends_on: date
    issued_on: date
    counties: tuple[PlaceRow, ...]
    townships: tuple[PlaceRow, ...]
    points: tuple[CircularRow, ...]
    journal_head: str
    is_demo: bool
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Tally:
        return tally_of(self.points)

    @property
    def period(self) -> str:
        """``2025年10月`` for a whole month, else ``2025年10月1日至11月15日``."""
        return period_words(self.starts_on, self.ends_on)

    @property
    def marks(self) -> tuple[str, ...]:
        return ("演示数据",) if self.is_demo else ()


def period_words(starts: date, ends: date) -> str:
    """A period in words, as short as it can be."""
    month = Month.of(starts)
    if (starts, ends) == (month.first_day, month.last_day):
        return month.words
    if starts == ends:
        return chinese_date(starts)
    tail = chinese_date(ends)
    return f"{chinese_date(starts)}至{tail.partition('年')[2] if starts.year == ends.year else tail}"


def tally_of(points: Iterable[CircularRow]) -> Tally:
    """The counts of some points. Raises KeyError for a basis or stage that is none."""
    counted: Counter[str] = Counter()
    for point in points:
        counted[point.basis] += 1
        counted[point.stage] += 1
    strange = set(counted) - set(BASIS_WORDS) - set(STAGE_WORDS)
    if strange:
        raise KeyError(*sorted(strange))
    return Tally(**counted)


def places_of(points: Iterable[CircularRow], counties: Iterable[tuple[str, str]]) -> tuple[PlaceRow, ...]:
    """A line for each county (code, name) in their order, zeros too; then others that points name; what nobody owns last."""
    points = list(points)
    names = dict(counties)
    names |= {p.county_code: p.county for p in points if p.county_code and p.county_code not in names}
    rows = [
        PlaceRow(code, name, "", tally_of(p for p in points if p.county_code == code)) for code, name in names.items()
    ]
    nobody = tally_of(p for p in points if not p.county_code)
    return (*rows, PlaceRow("", NOBODY, "", nobody)) if nobody.count else tuple(rows)


def townships_of(points: Iterable[CircularRow]) -> tuple[PlaceRow, ...]:
    """A line for each township of an owned point that has any: counties in the order of the points, then by code."""
    owned = [p for p in points if p.county_code]
    order = {code: at for at, code in reversed(list(enumerate(p.county_code for p in owned)))}
    keys = sorted({(p.county_code, p.township_code) for p in owned}, key=lambda key: (order[key[0]], key[1]))
    rows = []
    for key in keys:
        here = [p for p in owned if (p.county_code, p.township_code) == key]
        rows.append(PlaceRow(key[1], here[0].township or "未定乡镇", here[0].county, tally_of(here)))
    return tuple(rows)


def check(report: CircularReport) -> str:
    """Prove that list, counties and townships say the same, and say it. Raises ReportMismatch with every disagreement."""
    problems = []
    total = report.total
    if total.counted + total.excluded + total.verified + total.open != total.count:
        problems.append("各办理情况之和不等于合计")
    if sum(row.tally.count for row in report.counties) != total.count:
        problems.append(f"各县（区）之和不等于明细 {total.count} 处")
    for row in report.counties:
        if row.tally != tally_of(p for p in report.points if p.county_code == row.code):
            problems.append(f"{row.name}：汇总与明细不符")
    owned = sum(row.tally.count for row in report.counties if row.code)
    if sum(row.tally.count for row in report.townships) != owned:
        problems.append("各乡镇（街道）之和不等于各县（区）之和")
    numbers = Counter(point.number for point in report.points)
    problems += [f"火点 {number} 在明细中出现两次" for number, times in sorted(numbers.items()) if times > 1]
    problems += [f"火点 {p.number} 不在所说的期间" for p in report.points
                 if not report.starts_on <= p.burned_on <= report.ends_on]  # fmt: skip
    if problems:
        raise ReportMismatch(problems)
    return f"{total.count} 处 = 明细 {len(report.points)} 行 = 各县（区）之和"
