"""Text of people and machines: encodings, cells as one line of half-width text, numbers.

Every function is total: it returns None (or raises SourceError for a whole file) and never another exception.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from firepoints.sources.base import SourceError

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")


def decode(data: bytes) -> tuple[str, str]:
    """Text and encoding of a file: UTF-8 and UTF-16 (with or without BOM), else GB18030 (which holds GBK and GB 2312)."""
    if not data.strip():
        raise SourceError("文件是空的", todo="请重新导出后再导入", code="empty_file")
    for encoding in encodings_of(data):
        try:
            return data.decode(encoding).removeprefix("\ufeff").replace("\x00", "\ufffd"), encoding
        except UnicodeDecodeError:
            continue
    raise SourceError("文字编码无法识别", todo="请另存为 UTF-8 或 GBK 编码的 CSV", code="encoding")


def encodings_of(data: bytes) -> tuple[str, ...]:
    """The encodings to try, in order. A BOM settles it; without one UTF-16 shows by its null bytes on one side."""
    if data[:4] in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"):
        return ("utf-32",)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ("utf-16",)
    usual = ("utf-8-sig", "gb18030")
    head = data[:4096]
    if len(data) % 2 or b"\x00" not in head:
        return usual
    even, odd = head[0::2].count(0), head[1::2].count(0)
    many = len(head) // 20  # one pair of bytes in ten: separators, digits and line ends alone make more
    if odd > many and odd > 10 * even:
        return ("utf-16-le", *usual)
    if even > many and even > 10 * odd:
        return ("utf-16-be", *usual)
    return usual


def plain(value: Any) -> str:
    """A cell as one line of half-width text: NFKC, no line breaks, no stray spaces or null bytes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))  # Excel stores 序号 5 as 5.0
    if not isinstance(value, str):
        return str(value)
    # NFKC would turn the ordinal sign that people type for a degree into the letter o, and split a double prime.
    text = value.replace("º", "°").replace("″", '"').replace("\x00", "\ufffd")
    return " ".join(unicodedata.normalize("NFKC", text).split())


def compact(value: Any) -> str:
    """Like `plain` and without any space: for headings and for names broken over two lines."""
    return plain(value).replace(" ", "")


def parse_number(value: Any) -> float | None:
    """A finite decimal number, full-width digits too; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    text = plain(value).replace("−", "-")
    if not NUMBER.fullmatch(text) or not text.isascii():
        return None
    number = float(text)
    return number if math.isfinite(number) else None
