"""Cells of a workbook or a CSV as rows of Python values, behind checks that a hostile file cannot pass.

The reader of workbooks builds a dense grid from the farthest cell named, so the extent is measured in the XML before
it sees the file: a sheet of two cells can otherwise ask for all the memory there is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import python_calamine

from papers.archive import SAVE_AS, Limits, check_xlsx
from papers.encodings import FileError, decode
from papers.epoch import counts_from_1904
from papers.marks import Marks, filled_alone, marks_of_xls, marks_of_xlsx, with_book
from papers.separators import blanks_of, is_rule, separator_of

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAYER_TAG = re.compile(r"<(?:\w+:)?(kml|gpx)[\s>]", re.IGNORECASE)
LIKE_JSON = re.compile(r"[\[{]\s*(?:\"[^\"\n]{1,80}\"\s*:|[\[{])")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
OLE_KINDS = {"WordDocument": "Word 文档", "PowerPoint Document": "演示文稿"}


@dataclass(frozen=True, slots=True)
class Small:
    """The limits of a list that people keep by hand."""

    max_bytes: int = 20_000_000
    max_columns: int = 256
    max_cells: int = 2_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name ("" for CSV) and its rows from row 1 on, blank ones included so that numbers stay true.

    `marks` says what is hidden, struck or merged, where `read_marked` has read it. `is_1904`: the workbook counts its days
    from 1904 (typed dates are right already, bare numbers are not).
    """

    name: str
    rows: list[list[Any]]
    marks: Marks = field(default_factory=Marks)
    is_1904: bool = False


def read_marked(source: bytes | str | Path, options: Limits) -> list[Sheet]:
    """`read_sheets` with the marks of each sheet."""
    data = source if isinstance(source, bytes) else read_bytes(source, options)
    sheets = read_sheets(data, options)
    if data[:4] != b"PK\x03\x04" and data[:8] != OLE:
        return sheets
    by_name = marks_of_xlsx(data) if data[:4] == b"PK\x03\x04" else marks_of_xls(data)
    with _opened(data) as book:
        visible = {meta.name: meta.visible == python_calamine.SheetVisibleEnum.Visible for meta in book.sheets_metadata}
        return [
            replace(
                sheet,
                marks=with_book(
                    filled_alone(by_name.get(sheet.name[:60], Marks()), sheet.rows),
                    is_hidden=not visible.get(sheet.name, True),
                    merged=book.get_sheet_by_name(sheet.name).merged_cell_ranges,
                ),
            )
            for sheet in sheets
        ]


def read_sheets(source: bytes | str | Path, options: Limits) -> list[Sheet]:
    """The sheets of an .xlsx, .xls or CSV, told apart by content. Raises FileError where it cannot be read."""
    data = source if isinstance(source, bytes) else read_bytes(source, options)
    if len(data) > options.max_bytes:
        raise FileError("文件太大", todo="请分成几个文件导入", code="too_large")
    if data[:4] == b"PK\x03\x04":
        check_xlsx(data, options)
        return read_workbook(data, options)
    if data[:8] == OLE:
        if ENCRYPTED in data:
            raise FileError("工作簿设了打开密码", todo="请去掉密码后再导入", code="encrypted")
        for stream, kind in OLE_KINDS.items():
            if stream.encode("utf-16-le") in data and "Workbook".encode("utf-16-le") not in data:
                raise FileError(f"这是{kind}，不是表格", todo="请向来文单位要 Excel 版", code="not_table")
        return read_workbook(data, options)
    if data[:4] == b"PK\x05\x06":
        raise FileError("压缩包是空的", todo="请核对是否没有传完，或选错了文件", code="not_table")
    if data[:5] == b"%PDF-":
        raise FileError("这是 PDF，不是表格", todo="请向来文单位要 Excel 版", code="not_table")
    return [read_csv(data, options)]


def read_bytes(path: str | Path, options: Limits) -> bytes:
    """The bytes of a file, or FileError if it is too large or cannot be opened."""
    try:
        if Path(path).stat().st_size > options.max_bytes:
            raise FileError("文件太大", todo="请分成几个文件导入", code="too_large")
        return Path(path).read_bytes()
    except OSError as error:
        raise FileError("文件打不开", todo=f"请检查路径和权限（{error.strerror}）", code="unreadable") from error


def read_workbook(data: bytes, options: Limits) -> list[Sheet]:
    is_1904 = counts_from_1904(data)
    with _opened(data) as book:
        sheets = [
            Sheet(meta.name, book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False), is_1904=is_1904)
            for meta in book.sheets_metadata
            if meta.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]
    for sheet in sheets:
        width = max((len(row) for row in sheet.rows), default=0)
        if width > options.max_columns:
            raise FileError(f"有 {width} 列", where=f"工作表 {sheet.name}", todo="请只保留名单本身", code="too_large")
    return sheets


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    """The workbook as its reader has it. Raises FileError for whatever that one stumbles over."""
    try:
        yield python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    except python_calamine.PasswordError as error:
        raise FileError("工作簿设了打开密码", todo="请去掉密码后再导入", code="encrypted") from error
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic of the reader is no Exception, and must not end the worker
        raise FileError("工作簿读不出来", todo=SAVE_AS, code="broken") from error


def _kind_of_layer(text: str) -> str:
    """KML, GPX or JSON, of a text that is one; else ""."""
    if text[:1] == "<":
        tag = LAYER_TAG.search(text[:4000])
        return tag[1].upper() if tag else ""
    return "JSON" if LIKE_JSON.match(text) else ""


def read_csv(data: bytes, options: Limits) -> Sheet:
    """A delimited text. Row numbers count records, which are lines unless a quoted cell holds a line break."""
    text, _ = decode(data)
    if kind := _kind_of_layer(text.lstrip("\ufeff \t\r\n")):
        todo = "这里要表格（.xlsx、.xls、CSV），请向来文单位要；卫星产品请选来源 FIRMS，原样导入"
        raise FileError(f"这是 {kind}，不是表格", todo=todo, code="not_table")
    if text.lstrip()[:1] == "<":
        raise FileError("这是网页或 XML，不是表格（有的系统导出的 .xls 其实是网页）", todo=SAVE_AS, code="not_table")
    if blanks := blanks_of(text):
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return Sheet("", [blanks.split(line.strip(), options.max_columns) if line.strip() else [] for line in lines])
    delimiter = separator_of(text)
    rows: list[list[Any]] = []
    reader = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), delimiter=delimiter)
    try:
        for row in reader:
            if len(row) > options.max_columns:
                raise FileError(
                    f"有 {len(row)} 列，超过 {options.max_columns} 列",
                    where=f"第 {reader.line_num} 行",
                    todo="请检查分隔符和引号",
                    code="too_large",
                )
            rows.append([] if delimiter == "|" and is_rule(row) else list(row))
    except csv.Error as error:
        raise FileError(
            "单元格过长或引号不成对", where=f"第 {reader.line_num} 行", todo="请检查引号", code="broken"
        ) from error
    return Sheet("", rows)
