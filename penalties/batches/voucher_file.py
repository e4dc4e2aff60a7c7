"""The rows of finance's own workbook of vouchers (财政回执). Pure: no database is asked.

Columns are found by their headings in the first rows of each sheet, in the words that finance offices use. A row that
cannot be read is a fault with sheet, row, column and reason; titles, totals and blank rows are none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from core.errors import BadInput
from penalties.money import FEN_PER_WAN, FEN_PER_YUAN

NUMBER, DAY, PAYER, AMOUNT, BATCH = "凭证号", "扣缴日期", "县（区）", "金额", "批次"
HEADINGS = {
    NUMBER: ("凭证号", "凭证编号", "凭证号码", "记账凭证号", "会计凭证号", "凭证字号"),
    DAY: ("扣缴日期", "凭证日期", "记账日期", "扣款日期", "结算日期", "日期"),
    PAYER: ("县区", "付款单位", "扣缴单位", "单位", "单位名称", "县区名称", "区划名称", "区划代码", "单位代码"),
    AMOUNT: ("金额", "扣缴金额", "凭证金额", "扣款金额", "结算金额", "本次扣缴"),
    BATCH: ("批次", "所属期", "所属月", "扣缴批次", "月份"),
}
MUST = (NUMBER, DAY, PAYER, AMOUNT)
UNITS = {"万元": FEN_PER_WAN, "元": FEN_PER_YUAN}
TOTALS = ("合计", "小计", "总计", "累计")
HEAD_ROWS = 15
_DATE = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?$")
_EXCEL_DAY = date(1899, 12, 30)
Sheets = Sequence[tuple[str, Sequence[Sequence[Any]]]]


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """One row: a voucher's amount for a payer, in fen; `batch` are the words that say which batch, "" for any."""

    sheet: str
    line: int
    voucher_no: str
    settled_on: date
    payer_code: str
    payer_name: str
    amount_fen: int
    batch: str = ""

    @property
    def key(self) -> tuple[str, str, date]:
        """What makes it the same voucher."""
        return (self.voucher_no, self.payer_code, self.settled_on)


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that is not taken: where it stands, and why."""

    sheet: str
    line: int
    column: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {"sheet": self.sheet, "row": self.line, "column": self.column, "reason": self.reason}


@dataclass(slots=True)
class VoucherFile:
    rows: list[VoucherRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the columns of a sheet are, and the fen of one unit of its amounts."""

    at: int
    columns: Mapping[str, int]
    fen: int


class _Unreadable(Exception):
    def __init__(self, reason: str, column: str) -> None:
        self.reason, self.column = reason, column


def read_vouchers(sheets: Sheets, payers: Mapping[str, str]) -> VoucherFile:
    """The vouchers of a workbook; `payers` is code → name. Raises BadInput when no sheet has the columns that must be there,
    or one does not say the unit of its amounts."""
    file = VoucherFile()
    heads = [(name, rows, _head(rows)) for name, rows in sheets]
    for name, rows, head in heads:
        if head is None:
            continue
        for line, cells in enumerate(rows[head.at + 1 :], start=head.at + 2):
            _read_line(file, name, line, cells, head, payers)
    if not any(head for _, _, head in heads):
        words = f"没有找到表头：前 {HEAD_ROWS} 行里要有“{'”“'.join(MUST)}”四列"
        raise BadInput(words, where="表头", code="no_headings")
    return file


def _head(rows: Sequence[Sequence[Any]]) -> _Head | None:
    for at, cells in enumerate(rows[:HEAD_ROWS]):
        columns: dict[str, int] = {}
        for column, cell in enumerate(cells):
            name = _heading(cell)
            if name:
                columns.setdefault(name, column)
        if all(name in columns for name in MUST):
            return _Head(at, columns, _unit(rows[: at + 1], cells[columns[AMOUNT]]))
    return None


def _heading(cell: Any) -> str:
    text = re.sub(r"[（(][^（）()]*元[）)]|[\s*（）()：:、/]", "", _text(cell)).removesuffix("万元").removesuffix("元")
    return next((name for name, words in HEADINGS.items() if text in words), "")


def _unit(above: Sequence[Sequence[Any]], heading: Any) -> int:
    """Fen of one unit: as the heading of the amounts says, else a cell above it. Raises BadInput where neither does."""
    for text in (_text(heading), *(_text(cell) for cells in above for cell in cells if "单位" in _text(cell))):
        unit = next((unit for unit in UNITS if unit in text), "")
        if unit:
            return UNITS[unit]
    raise BadInput("“金额”一列没有写明单位：请在表头写“金额（元）”或“金额（万元）”", where="表头", code="no_unit")


def _read_line(
    file: VoucherFile, sheet: str, line: int, cells: Sequence[Any], head: _Head, payers: Mapping[str, str]
) -> None:
    def cell(name: str) -> Any:
        at = head.columns.get(name)
        return cells[at] if at is not None and at < len(cells) else ""

    texts = [_text(value) for value in cells]
    if not any(texts):
        return
    if not _text(cell(NUMBER)) and (any(text.startswith(TOTALS) for text in texts) or not _text(cell(AMOUNT))):
        return
    try:
        file.rows.append(_row(sheet, line, cell, head.fen, payers))
    except _Unreadable as fault:
        file.faults.append(Fault(sheet, line, fault.column, fault.reason))


def _row(sheet: str, line: int, cell: Any, fen: int, payers: Mapping[str, str]) -> VoucherRow:
    number = _text(cell(NUMBER))
    if not number:
        raise _Unreadable("没有凭证号", NUMBER)
    if len(number) > 80:
        raise _Unreadable("凭证号不能超过 80 个字", NUMBER)
    code = _payer(_text(cell(PAYER)), payers)
    return VoucherRow(
        sheet=sheet,
        line=line,
        voucher_no=number,
        settled_on=_day(cell(DAY)),
        payer_code=code,
        payer_name=payers[code],
        amount_fen=_amount(cell(AMOUNT), fen),
        batch=_text(cell(BATCH))[:80],
    )


def _payer(text: str, payers: Mapping[str, str]) -> str:
    """The code of a payer that is named by its code, its name, or its government."""
    name = text.removesuffix("人民政府").removesuffix("财政局")
    codes = [code for code, label in payers.items() if text == code or name == label]
    if len(codes) != 1:
        raise _Unreadable(f"没有叫“{text or '（空）'}”的扣缴单位", PAYER)
    return codes[0]


def _amount(value: Any, fen: int) -> int:
    """Fen of a cell. Excel gives 3.3 back as the nearest float, whose shortest text is what was typed."""
    text = str(value) if isinstance(value, int | float) else _text(value).replace(",", "").replace("，", "")
    text = re.sub(r"[￥¥元\s]", "", text)
    try:
        amount = Decimal(text) * fen
    except InvalidOperation:
        raise _Unreadable(f"“{text[:20] or '（空）'}”不是金额", AMOUNT) from None
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise _Unreadable(f"金额 {text[:20]} 应精确到分", AMOUNT)
    if not amount:
        raise _Unreadable("金额是零", AMOUNT)
    return int(amount)


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and 20_000 < value < 80_000:
        return _EXCEL_DAY + timedelta(days=int(value))
    text = _text(value)
    match = _DATE.match(text) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise _Unreadable(f"“{text[:20] or '（空）'}”不是日期，请写成 2024-03-01", DAY)


def _text(value: Any) -> str:
    """A cell as one line of plain text; a whole number as people see it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", "" if value is None else str(value)).strip()
