"""Cells of a workbook or a CSV as rows of Python values, behind checks that a hostile file cannot pass.

The reader of workbooks builds a dense grid from the farthest cell named, so the extent is measured in the XML before
it sees the file: a sheet of two cells can otherwise ask for all the memory there is.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import python_calamine

from papers.encodings import FileError, decode

MAX_INFLATED = 300_000_000  # bytes of all parts of one xlsx once inflated
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
SAVE_AS = "请用 Excel 或 WPS 另存为 .xlsx 后再导入"


class Limits(Protocol):
    """How large a file may be: bytes as it comes, columns of a sheet, cells of all."""

    @property
    def max_bytes(self) -> int: ...
    @property
    def max_columns(self) -> int: ...
    @property
    def max_cells(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Small:
    """The limits of a list that people keep by hand."""

    max_bytes: int = 20_000_000
    max_columns: int = 256
    max_cells: int = 2_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name ("" for CSV) and its rows from row 1 on, blank ones included so that numbers stay true."""

    name: str
    rows: list[list[Any]]


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
        return read_workbook(data, options)
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


def check_xlsx(data: bytes, options: Limits) -> None:
    """Refuse an archive that inflates too far, is encrypted, is no workbook, or whose sheets are too wide or long."""
    left = MAX_INFLATED
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise FileError("工作簿已加密", todo="请去掉密码后再导入", code="encrypted")
            if "xl/workbook.xml" not in {part.filename for part in parts}:
                raise FileError("压缩包里没有工作表", todo=SAVE_AS, code="not_table")
            for part in parts:
                is_sheet = part.filename.startswith("xl/worksheets/")
                extent = Extent(part.filename, options) if is_sheet else None
                for piece in inflate(data, part):
                    left -= len(piece)
                    if left < 0:
                        raise FileError("工作簿解压后过大，像是压缩炸弹", todo=SAVE_AS, code="bomb")
                    if extent:
                        extent.feed(piece)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, ValueError, OSError, KeyError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError("工作簿已损坏", todo=SAVE_AS, code="broken") from error


def inflate(data: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The real content of a part, a megabyte at a time: the size that the archive states may be a lie."""
    names = struct.unpack_from("<HH", data, part.header_offset + 26)
    begin = part.header_offset + 30 + sum(names)
    packed = memoryview(data)[begin : begin + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield bytes(packed)
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise FileError("工作簿的压缩方式不受支持", todo=SAVE_AS, code="broken")
    engine = zlib.decompressobj(-15)
    piece = engine.decompress(packed, 1 << 20)
    while piece:
        yield piece
        piece = engine.decompress(engine.unconsumed_tail, 1 << 20)


class Extent:
    """Measures a sheet's XML as it streams by: the farthest column and row that any cell or row names or reaches."""

    TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^>]*)>")
    REF = re.compile(rb"\br=[\"']([A-Z]{0,4})(\d{0,9})[\"']")

    def __init__(self, name: str, options: Limits) -> None:
        self.name, self.options = name, options
        self.tail = b""
        self.row = self.column = self.rows = self.columns = 0

    def feed(self, piece: bytes) -> None:
        text = self.tail + piece
        if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise FileError("工作表的编码不受支持", where=self.name, todo=SAVE_AS, code="broken")
        cut = text.rfind(b"<") if len(text) > 0 else 0
        self.tail = text[max(cut, 0) :][:10_000]
        for tag, attributes in self.TAG.findall(text[: max(cut, 0)]):
            self._see(tag, self.REF.search(attributes))
        if self.columns > self.options.max_columns:
            self._refuse(f"有 {self.columns} 列，超过 {self.options.max_columns} 列")
        if self.rows * max(self.columns, 1) > self.options.max_cells:
            self._refuse(f"有 {self.rows} 行 {self.columns} 列，超出可读范围")

    def _see(self, tag: bytes, ref: re.Match[bytes] | None) -> None:
        letters, digits = (ref.group(1), ref.group(2)) if ref else (b"", b"")
        if tag == b"row":
            self.row, self.column = (int(digits) if digits else self.row + 1), 0
        else:
            self.column = column_number(letters) if letters else self.column + 1
            self.row = int(digits) if digits else max(self.row, 1)
        self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)

    def _refuse(self, what: str) -> None:
        raise FileError(what, where=f"工作表 {self.name}", todo="请只保留名单本身的行和列", code="too_large")


def column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def read_workbook(data: bytes, options: Limits) -> list[Sheet]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [
            Sheet(meta.name, book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False))
            for meta in book.sheets_metadata
            if meta.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]
    except python_calamine.PasswordError as error:
        raise FileError("工作簿设了打开密码", todo="请去掉密码后再导入", code="encrypted") from error
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic of the reader is no Exception, and must not end the worker
        raise FileError("工作簿读不出来", todo=SAVE_AS, code="broken") from error
    for sheet in sheets:
        width = max((len(row) for row in sheet.rows), default=0)
        if width > options.max_columns:
            raise FileError(f"有 {width} 列", where=f"工作表 {sheet.name}", todo="请只保留名单本身", code="too_large")
    return sheets


def read_csv(data: bytes, options: Limits) -> Sheet:
    """A delimited text. Row numbers count records, which are lines unless a quoted cell holds a line break."""
    text, _ = decode(data)
    if text.lstrip()[:1] == "<":
        raise FileError("这是网页，不是表格", todo=SAVE_AS, code="not_table")
    first = text[:4096].lstrip().split("\n", 1)[0]
    delimiter = max(",\t;，", key=first.count)
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
            rows.append(list(row))
    except csv.Error as error:
        raise FileError(
            "单元格过长或引号不成对", where=f"第 {reader.line_num} 行", todo="请检查引号", code="broken"
        ) from error
    return Sheet("", rows)
