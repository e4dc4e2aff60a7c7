"""Rows that whoever made the list does not show or does not count: hidden, filtered, struck through, said to be void. Pure.

They are read like all others until a person says to leave them out; then they stay as notes with their reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import PurePath
from typing import Any

from firepoints.sightings.readers.base import HIDDEN, LEAVE, Doubt, Note
from firepoints.sightings.readers.blocks import letters
from firepoints.sightings.readers.fields import LABELS
from firepoints.sightings.readers.rows import Row, Table
from firepoints.sightings.readers.text import compact, plain
from firepoints.sightings.readers.time_columns import FURTHER
from papers.marks import Marks
from papers.reading import Sheet

NOT = r"(?<![未不勿没无非])(?<!无需)(?<!不用)(?<!不予)(?<!未予)(?<!不应)(?<!不得)(?<!没有)"
VOID = re.compile(
    NOT + r"(?:作废|废止|删除|剔除|撤销|取消|无效|误报|误判|不计(?!算))|^重复(?:了|上报|数据|记录|火点)?$"
)
VOID_SIGNS = frozenset("废删剔撤取不无误重")  # one of them is in every such text
# A title, or the name of a sheet or file, that takes all of its rows back: 清单（作废）, 旧版, 本表作废.
THIS_TABLE = (
    r"(?:本表|此表|该表|本件|此件|本清单|此清单|该清单|整表|全表|全部)(?:已经?|均|予以|现)*(?:作废|废止|撤销|无效)"
)
STALE = r"(?:作废|废止|已?撤销|无效|旧版?|旧表|旧稿|上一[版稿]|上版|前一[版稿]|草稿|初稿|原稿|备份)"
TITLE_TAKEN_BACK = re.compile(rf"{THIS_TABLE}|[(\[【]{STALE}[)\]】]|{NOT}(?:作废|废止)$|^(?:已?作废|废止)[:\-—_]")
TABLE_TAKEN_BACK = re.compile(THIS_TABLE)
NAME_TAKEN_BACK = re.compile(
    rf"{NOT}(?:作废|废止|旧版|旧表|上一[版稿]|上版|前一[版稿]|草稿|初稿|原稿|备份)|[(\[【_-]{STALE}[)\]】_-]?|^(?:旧|old|bak)\d*$",
    re.IGNORECASE,
)
BELOW, ABOVE = re.compile(r"以下|下列|下面|下述"), re.compile(r"以上|上列|上述|上面")
LONGEST_VOID = 40  # characters of a cell that says so
ASKED_COLUMNS = ("lon", "lat", "position", "date", "time", "found_at", "county", "acq_date", "acq_time")
MOST_NAMED = 12  # rows named in one question
LEFT_OUT = "left_out"
STRUCK_COLUMNS = (*ASKED_COLUMNS, "seq_no", "lon_min", "lon_sec", "lat_min", "lat_sec", "longitude", "latitude")


def without_hidden_columns(sheets: Sequence[Sheet]) -> list[Sheet]:
    """The sheets with the cells of their hidden columns emptied."""
    return [replace(sheet, rows=_emptied(sheet)) if sheet.marks.columns else sheet for sheet in sheets]


def _emptied(sheet: Sheet) -> list[list[Any]]:
    hidden = sheet.marks.columns
    return [["" if at in hidden else cell for at, cell in enumerate(cells)] for cells in sheet.rows]


def reasons_of(table: Table, marks: Marks, filename: str = "") -> dict[int, str]:
    """Row number → why the row may not be meant, of the rows of a table in a file of that name."""
    void = {**_void_by_notes(table)}
    whole = _taken_back(table, filename)
    reasons: dict[int, str] = {}
    for row in table.rows:
        reason = _marked(table, row, marks) or _void_in(row) or void.get(row.row_no, "") or whole
        if reason:
            reasons[row.row_no] = reason
    return reasons


def _marked(table: Table, row: Row, marks: Marks) -> str:
    at = row.row_no - 1
    if marks.is_hidden:
        return "在隐藏的工作表里"
    if at in marks.rows:
        return "被筛选隐藏的行" if marks.is_filtered else "隐藏的行"
    struck = marks.struck.get(at, frozenset())
    if not struck or table.heading is None:
        return ""
    own = {
        table.first + column
        for name, column in table.heading.fields.items()
        if name in STRUCK_COLUMNS or name.startswith(FURTHER)
    }
    width = len(row.raw)
    filled = sum(plain(cell) != "" for cell in row.raw.values())
    lined = sum(table.first <= column < table.first + width for column in struck)
    return "画了删除线" if struck & own or 2 * lined >= max(filled, 1) else ""


def _void_in(row: Row) -> str:
    texts = (
        cell.strip()
        for cell in row.raw.values()
        if isinstance(cell, str) and len(cell) <= LONGEST_VOID and not VOID_SIGNS.isdisjoint(cell)
    )
    text = next((text for text in texts if VOID.search(compact(text))), "")
    return f"写着“{text}”" if text else ""


def _taken_back(table: Table, filename: str) -> str:
    """Why none of the rows may be meant, as the file, the sheet or a title says; "" where none does."""
    stem = PurePath(filename).stem
    for what, name in (("工作表", table.sheet), ("文件", stem)):
        if NAME_TAKEN_BACK.search(compact(name)):
            return f"{what}的名字是“{name}”"
    for note in table.notes:
        is_title = table.heading is not None and note.row_no <= table.heading.below
        pattern = TITLE_TAKEN_BACK if is_title else TABLE_TAKEN_BACK
        text = next((cell.strip() for cell in note.raw if pattern.search(compact(cell))), "")
        if text:
            return f"第 {note.row_no} 行写着“{text[:LONGEST_VOID]}”"
    return ""


def _void_by_notes(table: Table) -> dict[int, str]:
    """Rows that a line between them declares void: 以下作废, 以上删除."""
    reasons: dict[int, str] = {}
    for note in table.notes:
        text = next((cell.strip() for cell in note.raw if VOID.search(compact(cell))), "")[:LONGEST_VOID]
        if not text or (table.heading and note.row_no <= table.heading.below):
            continue
        for row in table.rows:
            is_meant = (BELOW.search(text) and row.row_no > note.row_no) or (
                ABOVE.search(text) and row.row_no < note.row_no
            )
            if is_meant:
                reasons[row.row_no] = f"第 {note.row_no} 行写着“{text}”"
    return reasons


def doubts_about(tables: Sequence[Table], marks: Mapping[str, Marks], filename: str = "") -> list[Doubt]:
    """One question for each sheet and reason, and one for each hidden column that is read."""
    doubts: list[Doubt] = []
    for table in tables:
        reasons = reasons_of(table, marks.get(table.sheet, Marks()), filename)
        by_reason = sorted(reasons.items(), key=lambda item: (item[1], item[0]))
        for reason, group in groupby(by_reason, key=lambda item: item[1]):
            rows = tuple(sorted(row for row, _ in group))
            sheet = table.rows[0].sheet
            doubts.append(Doubt(HIDDEN, f"{where(sheet)}{rows_in_words(rows)}：{reason}", sheet, rows))
        doubts += _hidden_columns(table, marks.get(table.sheet, Marks()))
    return doubts


def _hidden_columns(table: Table, marks: Marks) -> Iterator[Doubt]:
    if table.heading is None or marks.is_hidden or not table.rows:
        return
    for name, column in table.heading.fields.items():
        if table.first + column in marks.columns and name in ASKED_COLUMNS:
            words = (
                f"{where(table.sheet)}{letters(table.first + column)} 列是隐藏的列，现在当作{LABELS.get(name, name)}读"
            )
            yield Doubt(HIDDEN, words, table.sheet)


def left_out(table: Table, marks: Marks, answer: str, filename: str = "") -> Table:
    """The table without the rows that a person left out: they are notes with their reason now."""
    reasons = reasons_of(table, marks, filename) if answer == LEAVE else {}
    if not reasons:
        return table
    notes = [
        Note(
            row.row_no,
            row.sheet,
            tuple(plain(cell) for cell in row.raw.values()),
            _reason(reasons[row.row_no]),
            LEFT_OUT,
        )
        for row in table.rows
        if row.row_no in reasons
    ]
    rows = tuple(row for row in table.rows if row.row_no not in reasons)
    return replace(table, rows=rows, notes=tuple(sorted((*table.notes, *notes), key=lambda note: note.row_no)))


def _reason(reason: str) -> str:
    return f"{reason}，导入时选择不读"


def where(sheet: str) -> str:
    """The sheet as the beginning of a sentence, "" where there is but one without a name."""
    return f"工作表“{sheet}”" if sheet else ""


def rows_in_words(rows: Sequence[int]) -> str:
    """第 3—5、8 行（共 4 行）."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    texts = [str(first) if first == last else f"{first}—{last}" for first, last in spans[:MOST_NAMED]]
    more = "等" if len(spans) > MOST_NAMED else ""
    count = f"（共 {len(rows)} 行）" if len(rows) > 1 else ""
    return f"第 {'、'.join(texts)} 行{more}{count}"


def is_empty(cells: Sequence[Any]) -> bool:
    return not any(compact(cell) for cell in cells)
