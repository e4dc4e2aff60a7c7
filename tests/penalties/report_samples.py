"""A month as the mock of the finance table shows it: 11 处, 33 万元, two groups, zeros, one correction on demand."""

from dataclasses import replace
from datetime import date
from typing import Any

from penalties.documents.report import CorrectionRow, Figures, MonthReport, PayerRow, PointRow, Titles

RATE_FEN = 3_000_000
TITLES = Titles(
    city="本溪市", bureau="本溪市生态环境局", government="市人民政府", finance="市财政局",
    policy="本溪市人民政府办公室关于进一步强化秸秆禁烧管控工作的通知", policy_no="本政办发〔2022〕29号",
    clause="四（二）",
)  # fmt: skip
# code, name, group, (satellite, inspection, scar), cumulative count
PAYERS = [
    ("210522", "桓仁满族自治县", "自治县", (2, 1, 1), 9),
    ("210521", "本溪满族自治县", "自治县", (2, 1, 0), 7),
    ("210504", "明山区", "区", (1, 1, 0), 4),
    ("210505", "南芬区", "区", (1, 0, 0), 2),
    ("210503", "溪湖区", "区", (0, 0, 1), 2),
    ("210502", "平山区", "区", (0, 0, 0), 1),
]
HEAD = "4182:" + "7d02c55e" * 8


def payer_row(code: str, name: str, group: str, bases: tuple[int, int, int], cumulative: int) -> PayerRow:
    count = sum(bases)
    return PayerRow(
        code, name, group, Figures(count, *bases, count * RATE_FEN, cumulative, cumulative * RATE_FEN), RATE_FEN
    )


def point_row(number: int, code: str, name: str, basis: str, **changes: Any) -> PointRow:
    row = PointRow(
        number=f"BX-2025-{number:04d}", payer_code=code, payer_name=name, township="八里甸子镇", village="夹道子村", group="三组",
        burned_on=date(2025, 10, 1 + number % 28), burned_at="13:24", source="省级卫星" if basis == "satellite" else "市级巡查",
        basis=basis, lon=125.35123 + number / 1000, lat=41.27456, decided_on=date(2025, 10, 20), reason="现场有新鲜黑斑，县局核实属实",
        attribution="2022版界线，县界内", responsible="演示甲（镇长）", amount_fen=RATE_FEN,
    )  # fmt: skip
    return replace(row, **changes)


def point_rows() -> tuple[PointRow, ...]:
    rows: list[PointRow] = []
    for code, name, _, bases, _ in PAYERS:
        for basis, count in zip(("satellite", "inspection", "scar"), bases, strict=True):
            rows += [point_row(len(rows) + n, code, name, basis) for n in range(1, count + 1)]
    return tuple(rows)


def report(**changes: Any) -> MonthReport:
    """The month of the mock: frozen, not a demo, nothing corrected."""
    known = MonthReport(
        titles=TITLES, deployment="本溪市秸秆禁烧管控", month="2025-10", period="2025年10月", issued_on=date(2025, 11, 5),
        rows=tuple(payer_row(*payer) for payer in PAYERS), points=point_rows(), corrections=(), journal_head=HEAD,
        is_demo=False, is_draft=False, batch="2025年10月批次", prepared_by="演示制表", checked_by="演示审核",
    )  # fmt: skip
    return replace(known, **changes)


def corrected() -> MonthReport:
    """The same month, with one point of an earlier batch given back to 平山区 (−1 处, −3 万元)."""
    rows = tuple(
        replace(row, figures=Figures(-1, -1, 0, 0, -RATE_FEN, 0, 0)) if row.name == "平山区" else row
        for row in report().rows
    )
    back = CorrectionRow(
        "BX-2025-0003",
        "210502",
        "平山区",
        "2025年9月批次",
        "2025-09",
        "satellite",
        "与 BX-2025-0002 为同一处",
        -RATE_FEN,
        act="已认定的并入另一处",
        on=date(2025, 10, 28),
        by="演示认定",
    )
    return report(rows=rows, corrections=(back,))
