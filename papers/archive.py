"""An .xlsx as the archive that it is, measured before any reader of workbooks sees it.

First the directory of the archive, which costs nothing; then its parts as they really inflate, because a directory may lie:
how far they inflate, how wide and long the sheets are, and how much text the cells would be once every reference to a
shared string is written out.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from html import unescape
from typing import Protocol

from papers.encodings import FileError, written_name

MAX_INFLATED = 300_000_000  # bytes of all parts of one xlsx once inflated
MAX_PARTS = 5_000
MAX_RATIO, SMALL = 250, 20_000_000  # a real sheet packs some 10 to 30 times; below SMALL bytes no ratio is dangerous
MAX_TEXT = 500_000_000  # bytes of all cells, shared strings written out
LOOKED_AT = 1_000_000  # bytes of the workbook's own part, for the names of its sheets
SAVE_AS = "请用 Excel 或 WPS 另存为 .xlsx 后再导入"
ASK_FOR_TABLE = "请向来文单位要 Excel 版"
OTHERS = {
    "xl/workbook.bin": ("这是 .xlsb 工作簿", SAVE_AS),
    "word/document.xml": ("这是 Word 文档，不是表格", ASK_FOR_TABLE),
    "ppt/presentation.xml": ("这是演示文稿，不是表格", ASK_FOR_TABLE),
    "content.xml": ("这是 .ods 表格", SAVE_AS),
}
# What a plain archive may hold: the ends of its files, and what to do with them.
TABLES, LAYERS = (
    (".xlsx", ".xls", ".csv", ".et", ".txt", ".ods", ".xlsb"),
    (".shp", ".kml", ".kmz", ".json", ".geojson"),
)
OF_FIRMS = re.compile(r"(?:^|/)(?:fire_(?:archive|nrt|sp)_|DL_FIRE_)", re.IGNORECASE)
AS_IT_IS = "卫星产品请选来源 FIRMS，整个原样导入"
NAMED = 4  # files of an archive that are named


class Limits(Protocol):
    """How large a file may be: bytes as it comes, columns of a sheet, cells of all."""

    @property
    def max_bytes(self) -> int: ...
    @property
    def max_columns(self) -> int: ...
    @property
    def max_cells(self) -> int: ...


def check_xlsx(data: bytes, options: Limits) -> None:
    """Refuse an archive that inflates too far, is encrypted, is no workbook, or whose sheets are too wide or long."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            check_directory(parts)
            names = sheet_names(data, {part.filename: part for part in parts})
            check_parts(data, parts, names, options)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, ValueError, OSError, KeyError) as error:
        if isinstance(error, FileError):
            raise
        raise FileError("工作簿已损坏，或没有传完", todo=SAVE_AS, code="broken") from error


def check_directory(parts: list[zipfile.ZipInfo]) -> None:
    """Refuse, by its directory alone, an archive that is encrypted, no workbook, or says that it inflates too far."""
    if any(part.flag_bits & 1 for part in parts):
        raise FileError("工作簿已加密", todo="请去掉密码后再导入", code="encrypted")
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise _no_workbook(parts, names)
    inflated, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > MAX_PARTS or inflated > MAX_INFLATED or (inflated > SMALL and inflated > MAX_RATIO * packed):
        raise FileError(
            f"工作簿解压后有 {inflated // 1_000_000} MB，像是压缩炸弹",
            todo="请只保留名单本身；确有这么多行的，请另存为 CSV 再导入",
            code="bomb",
        )


def _no_workbook(parts: list[zipfile.ZipInfo], names: set[str]) -> FileError:
    """Why an archive is no table: what it holds, and what to do with that."""
    for name, (what, todo) in OTHERS.items():
        if name in names:
            return FileError(what, todo=todo, code="not_table")
    files = [written_name(part) for part in parts if not part.is_dir() and not part.filename.startswith("__MACOSX")]
    if not files:
        return FileError("压缩包是空的", todo="请核对是否没有传完，或选错了文件", code="not_table")
    tables = [name for name in files if name.lower().endswith(TABLES)]
    if any(map(OF_FIRMS.search, files)):
        todo = AS_IT_IS
    elif tables:
        todo = f"请解压，把其中的表格（{_listed(tables)}）一个一个导入"
    elif any(name.lower().endswith(LAYERS) for name in files):
        todo = f"这里要表格（.xlsx、.xls、CSV），请解压后核对，或向来文单位要；{AS_IT_IS}"
    else:
        todo = "里面没有表格，" + ASK_FOR_TABLE
    return FileError(f"压缩包里没有工作表，里面是 {_listed(files)}", todo=todo, code="not_table")


def _listed(names: list[str]) -> str:
    more = f" 等 {len(names)} 个文件" if len(names) > NAMED else ""
    return "、".join(name[-60:] for name in names[:NAMED]) + more


def check_parts(data: bytes, parts: list[zipfile.ZipInfo], names: dict[str, str], options: Limits) -> None:
    """Refuse parts that really inflate too far, and sheets too large; shared strings first, to weigh the cells with them."""
    inflated = 0
    strings = Strings()
    for part in sorted(parts, key=lambda part: not part.filename.endswith("sharedStrings.xml")):
        is_sheet = part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml")
        extent = Extent(names.get(part.filename, part.filename), options) if is_sheet else None
        for piece in inflate(data, part):
            inflated += len(piece)
            if inflated > MAX_INFLATED:
                raise FileError("工作簿解压后过大，像是压缩炸弹", todo=SAVE_AS, code="bomb")
            if extent:
                extent.feed(piece)
            elif part.filename.endswith("sharedStrings.xml"):
                strings.feed(piece)
        if extent and extent.shared * strings.longest() > MAX_TEXT:
            strings.weigh(inflate(data, part), extent.name)


def sheet_names(data: bytes, parts: dict[str, zipfile.ZipInfo]) -> dict[str, str]:
    """Part → name of the sheet as its tab says; a workbook that says it otherwise goes without."""
    book = beginning(data, parts.get("xl/workbook.xml"))
    links = beginning(data, parts.get("xl/_rels/workbook.xml.rels"))
    targets = {}
    for tag in re.findall(r"<(?:\w+:)?Relationship\s[^>]*>", links):
        link = dict(re.findall(r"(\w+)=\"([^\"]*)\"", tag))
        target = link.get("Target", "").removeprefix("/").removeprefix("xl/")
        targets[link.get("Id", "")] = f"xl/{target}"
    named = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", book):
        sheet = dict(re.findall(r"([\w:]+)=\"([^\"]*)\"", tag))
        link_id = next((value for name, value in sheet.items() if name.endswith(":id")), "")
        named[targets.get(link_id, "")] = unescape(sheet.get("name", ""))[:60]
    return named


def beginning(data: bytes, part: zipfile.ZipInfo | None) -> str:
    return next(inflate(data, part), b"")[:LOOKED_AT].decode("utf-8", "replace") if part else ""


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


class Strings:
    """The lengths of the shared strings: a cell names one by its number, and every cell that does becomes a copy."""

    BEGIN = re.compile(rb"<(?:\w+:)?si[\s/>]")
    CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*\bt=[\"']s[\"'][^>]*>\s*<(?:\w+:)?v>\s*(\d{1,9})")

    def __init__(self) -> None:
        self.lengths = array("L")
        self.tail = b""
        self.since = -1  # bytes since the last string began, without the tail

    def feed(self, piece: bytes) -> None:
        text = self.tail + piece
        last = 0
        for match in self.BEGIN.finditer(text):
            if self.since >= 0:
                self.lengths.append(self.since + match.start() - last)
            last, self.since = match.start(), 0
        cut = max(len(text) - 20, last + 1 if self.since == 0 else 0, 0)
        self.since += cut - last if self.since >= 0 else 0
        self.tail = text[cut:]

    def longest(self) -> int:
        return max(max(self.lengths, default=0), self.since + len(self.tail) if self.since >= 0 else 0)

    def weigh(self, pieces: Iterator[bytes], name: str) -> None:
        """Add up what the cells of one sheet refer to. Raises FileError when it is more than MAX_TEXT."""
        lengths = [*self.lengths, self.since + len(self.tail)]
        total, tail = 0, b""
        for piece in pieces:
            text = tail + piece
            cut = max(text.rfind(b"</"), 0)
            end = 0
            for match in self.CELL.finditer(text, 0, cut):
                number = int(match.group(1))
                total += lengths[number] if number < len(lengths) else 0
                end = match.end()
            tail = text[max(end, cut - 1000) :][-100_000:]
            if total > MAX_TEXT:
                raise FileError(
                    "单元格里的文字加起来过多，像是压缩炸弹",
                    where=f"工作表 {name}",
                    todo="请只保留名单本身",
                    code="bomb",
                )


class Extent:
    """The extent of a sheet, measured in its XML as it streams by: the farthest column and row that any cell or row names or reaches."""

    TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^>]*)>")
    REF = re.compile(rb"\br=[\"']([A-Z]{0,4})(\d{0,9})[\"']")

    def __init__(self, name: str, options: Limits) -> None:
        self.name, self.options = name, options
        self.tail = b""
        self.row = self.column = self.rows = self.columns = 0
        self.shared = 0  # cells that refer to a shared string

    def feed(self, piece: bytes) -> None:
        text = self.tail + piece
        if text[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise FileError("工作表的编码不受支持", where=f"工作表 {self.name}", todo=SAVE_AS, code="broken")
        cut = text.rfind(b"<") if len(text) > 0 else 0
        self.tail = text[max(cut, 0) :][:10_000]
        body = text[: max(cut, 0)]
        self.shared += body.count(b't="s"') + body.count(b"t='s'")
        for tag, attributes in self.TAG.findall(body):
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
