"""The rows of a workbook of people, and the template of it (C2). Pure: no database is asked.

Columns are found by their headings in the first rows of each sheet; a sheet without the three that must be there is left
alone. A row whose name is blank is an unfilled line of the template, not an error.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from core.errors import BadInput
from grids.people.names import name_of
from grids.people.phone_text import PhoneText, read_phone
from grids.people.roster_row import RosterRow
from grids.roles import POST_KIND_LABELS, RESPONSIBLE_KINDS, Level
from papers.tables import Table, workbook

CODE, PLACE, KIND, TITLE, UNIT, NAME = "区划代码", "网格名称", "岗位类别", "岗位名称", "单位", "姓名"
PHONE, ACCOUNT, STARTS, ENDS, ACTING, DOCUMENT = "电话", "账号", "任职日期", "离任日期", "代理", "任免文号"
IDENTITY = "工号"
COLUMNS = (
    (CODE, 16.0), (PLACE, 16.0), (KIND, 12.0), (TITLE, 14.0), (UNIT, 22.0), (NAME, 10.0), (PHONE, 14.0), (ACCOUNT, 14.0),
    (STARTS, 12.0), (ENDS, 12.0), (ACTING, 6.0), (DOCUMENT, 20.0),
    (IDENTITY, 20.0),
)  # fmt: skip
MUST = (CODE, KIND, NAME)
OTHER_NAMES = {
    "行政区划代码": CODE, "网格代码": CODE, "代码": CODE, "网格": PLACE, "网格名": PLACE, "类别": KIND, "责任类别": KIND,
    "职务": TITLE, "岗位": TITLE, "工作单位": UNIT, "责任人": NAME, "责任人姓名": NAME, "联系电话": PHONE, "手机": PHONE,
    "手机号": PHONE, "手机号码": PHONE, "任职时间": STARTS, "离任时间": ENDS, "是否代理": ACTING, "文号": DOCUMENT,
    "身份证号": IDENTITY, "证件号": IDENTITY, "身份证号码": IDENTITY,
}  # fmt: skip
KINDS = {POST_KIND_LABELS[kind]: kind for kind in RESPONSIBLE_KINDS} | {
    "责任人": RESPONSIBLE_KINDS[0],
    "网格长": RESPONSIBLE_KINDS[0],
    "分管": RESPONSIBLE_KINDS[1],
}
HEAD_ROWS = 10
LEFT_OUT = "（号码不存）"
YES, NO = ("是", "代理", "y", "yes", "1", "√"), ("", "否", "n", "no", "0")
_DATE = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?")
_MONTH = re.compile(r"(\d{4})\s*(?:年|[./-])\s*(\d{1,2})\s*月?")
_SPAN = re.compile(r"\s*(?:至|到|～|~|—+|–)\s*")
UNTIL_NOW = frozenset({"今", "现在", "至今", "现任"})
_EXCEL_DAY = date(1899, 12, 30)

Sheets = Sequence[tuple[str, Sequence[Sequence[Any]]]]
Places = Mapping[str, tuple[str, str]]
"""Code → (name, level) of the cells that the importer may fill."""


@dataclass(slots=True)
class RosterFile:
    """The contents of a workbook: rows that can be planned, faults {"row", "column", "reason"} of those that cannot, and notes
    of the same shape on rows that are taken: a number that is none, a row that is hidden."""

    rows: list[RosterRow] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    blank: int = 0


class _Fault(Exception):
    def __init__(self, reason: str, column: str) -> None:
        self.reason, self.column = reason, column


def read_roster(sheets: Sheets, places: Places, hidden: Mapping[str, Collection[int]] | None = None) -> RosterFile:
    """The people of a workbook's sheets; `hidden`: sheet → its hidden rows, counted from 0. Raises BadInput when no sheet has
    the columns that must be there."""
    roster = RosterFile()
    is_read = False
    for name, rows in sheets:
        head = _head(rows)
        if head is None:
            continue
        is_read = True
        at, columns = head
        for line, cells in enumerate(rows[at + 1 :], start=at + 2):
            is_row = _read_line(roster, name if len(sheets) > 1 else "", line, cells, columns, places)
            if is_row and line - 1 in (hidden or {}).get(name, ()):
                roster.notes.append(_note(line, "行", "这一行在表里是隐藏的，照样登记"))
    if not is_read:
        raise BadInput(
            f"没有找到表头：前 {HEAD_ROWS} 行里要有“{'”“'.join(MUST)}”三列；可先下载模板",
            where="表头",
            code="no_headings",
        )
    return roster


def _head(rows: Sequence[Sequence[Any]]) -> tuple[int, dict[str, int]] | None:
    for at, cells in enumerate(rows[:HEAD_ROWS]):
        columns: dict[str, int] = {}
        for column, cell in enumerate(cells):
            heading = re.sub(r"[\s*（）()：:]", "", str(cell))
            heading = OTHER_NAMES.get(heading, heading)
            if heading in dict(COLUMNS):
                columns.setdefault(heading, column)
        if all(name in columns for name in MUST):
            return at, columns
    return None


def _read_line(
    roster: RosterFile, sheet: str, line: int, cells: Sequence[Any], columns: Mapping[str, int], places: Places
) -> bool:
    """Whether the line is a row that is taken."""

    def cell(name: str) -> Any:
        at = columns.get(name)
        return cells[at] if at is not None and at < len(cells) else ""

    if not any(_text(value) for value in cells):
        return False
    if not any(_text(cell(name)) for name in (NAME, PHONE, ACCOUNT)):
        roster.blank += 1
        return False
    try:
        row, notes = _row(cell, line, places)
    except _Fault as fault:
        where = f"{sheet}：{fault.column}" if sheet else fault.column
        roster.faults.append({"row": line, "column": where, "reason": fault.reason})
        return False
    roster.rows.append(row)
    roster.notes += notes
    return True


def _note(line: int, column: str, reason: str) -> dict[str, Any]:
    return {"row": line, "column": column, "reason": reason}


def _row(cell: Any, line: int, places: Places) -> tuple[RosterRow, list[dict[str, Any]]]:
    """The row, and what is to be said of it."""
    code = _code(cell(CODE))
    if code not in places:
        raise _Fault(f"没有代码为 {code or '（空）'} 的网格，或不在您的范围内", CODE)
    name, level = places[code]
    stated = _text(cell(PLACE))
    if stated and name and stated not in name and name not in stated:
        raise _Fault(f"代码 {code} 是“{name}”，表里写的是“{stated}”：请核对", PLACE)
    kind = KINDS.get(_text(cell(KIND)))
    if kind is None:
        raise _Fault(f"岗位类别“{_text(cell(KIND))}”应为：{'、'.join(KINDS)}", KIND)
    acting = _text(cell(ACTING)).lower()
    if acting not in (*YES, *NO):
        raise _Fault("“代理”写“是”，或空着", ACTING)
    starts, ends, notes = _term(cell(STARTS), cell(ENDS), line)
    phone = read_phone(_number_text(cell(PHONE)))
    row = RosterRow(
        cell_code=code,
        level=Level(level),
        kind=kind,
        username=_text(cell(ACCOUNT))[:150],
        full_name=name_of(_limited(cell(NAME), NAME, 60)),
        phone=phone.number,
        title=_limited(cell(TITLE), TITLE, 80),
        unit=_limited(cell(UNIT), UNIT, 80),
        is_acting=acting in YES,
        starts=starts,
        ends=ends,
        document_no=_limited(cell(DOCUMENT), DOCUMENT, 80),
        identity=_limited(cell(IDENTITY), IDENTITY, 40),
        line=line,
    )
    return row, [*notes, *(_note(line, PHONE, words) for words in _about(phone))]


def _about(phone: PhoneText) -> list[str]:
    """What is to be said of a telephone cell: the person is taken whatever stands there."""
    if phone.refusal and not phone.number:
        return [f"{phone.refusal}；人照样登记，电话空着"]
    rest = re.sub(r"\d[\d -]{4,}\d", "另一个号码", phone.rest)  # a number stands in no reason
    rest = f"只登记第一个号码，没有登记的：{rest}" if rest else ""
    return [words for words in (rest, phone.refusal) if words]


def _text(value: Any) -> str:
    """A cell as one line of plain text: control characters and line breaks within become spaces."""
    text = _number_text(value)
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()


def _number_text(value: Any) -> str:
    """A number as people see it: Excel gives a phone or a code back as 13812345678.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _limited(value: Any, column: str, most: int) -> str:
    text = _text(value)
    if len(text) > most:
        raise _Fault(f"不能超过 {most} 个字", column)
    return text


def _code(value: Any) -> str:
    """A 区划 code as digits alone."""
    return re.sub(r"\D", "", _number_text(value))


def _term(starts: Any, ends: Any, line: int) -> tuple[date | None, date | None, list[dict[str, Any]]]:
    """Both ends of a term; one cell may hold them (2022.3至2024.5). And a note where a month stands for its first day."""
    first, until = _text(starts), ""
    if (parts := _SPAN.split(first)) and len(parts) == 2:
        first, until = parts
        starts = first
    if until and _text(ends):
        raise _Fault(f"“{STARTS}”里已写到 {until}，“{ENDS}”又写了一次", ENDS)
    ends = "" if (written := until or ends) and _text(written) in UNTIL_NOW else written
    months = [text for text in (first, _text(ends)) if _MONTH.fullmatch(text)]
    notes = [_note(line, STARTS, f"“{text}”只写到月，按 1 日登记") for text in months]
    return _date(starts, STARTS), _date(ends, ENDS), notes


def _date(value: Any, column: str) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and 20_000 < value < 80_000:
        return _EXCEL_DAY + timedelta(days=int(value))
    text = _text(value)
    if not text:
        return None
    if re.fullmatch(r"[2-7]\d{4}", text):
        return _EXCEL_DAY + timedelta(days=int(text))
    match = _DATE.match(text) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    try:
        if month := _MONTH.fullmatch(text):
            return date(int(month[1]), int(month[2]), 1)
        if match:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise _Fault(f"“{text[:20]}”不是日期，请写成 2024-03-01", column)


def template(rows: Iterable[Sequence[Any]], *, title: str) -> bytes:
    """The workbook to fill in: one line a post with what is known; the phone column is empty on purpose."""
    notes = (
        "姓名空着的行不导入。电话空着表示不改。账号空着时按姓名和电话认人，认不到就开通一个没有密码的账号。",
        "换人：写新的姓名和任职日期，把账号清空，前任自那天起离任。补录以前的任期：写任职日期和离任日期。",
        "工号（或身份证号）只由市局登记，一个人一个账号；只存摘要，不存号码。",
    )
    kinds = [POST_KIND_LABELS[kind] for kind in RESPONSIBLE_KINDS]
    return workbook(Table("责任人名册", COLUMNS, rows, title=title, notes=notes, choices={2: kinds, 10: ["是", "否"]}))


def without_numbers(sheets: Sheets) -> bytes | None:
    """The workbook again, line for line, with the staff and ID numbers left out; None where there are none to leave out.

    A number is kept as a digest alone, so the file that is filed must not hold it either.
    """
    tables, are_left_out = [], False
    for name, rows in sheets:
        head = _head(rows)
        at = head[1].get(IDENTITY) if head else None
        lines = [[_shown(cell) for cell in cells] for cells in rows]
        for cells in lines[head[0] + 1 :] if head and at is not None else []:
            if at is not None and at < len(cells) and cells[at]:
                cells[at], are_left_out = LEFT_OUT, True
        if lines:
            tables.append(Table(name, [(str(cell), 14.0) for cell in lines[0]], lines[1:]))
    return workbook(*tables) if are_left_out else None


def _shown(cell: Any) -> str:
    return cell.isoformat()[:10] if isinstance(cell, date) else _number_text(cell)
