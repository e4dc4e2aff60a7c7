"""Text and encoding of a file's bytes, and the error of a file that cannot be read."""

import zipfile


class FileError(ValueError):
    """The file as a whole cannot be read: where it fails, what is wrong, and what the person can do about it."""

    def __init__(self, what: str, *, where: str = "文件", todo: str = "", code: str = "bad_file") -> None:
        self.where, self.what, self.todo, self.code = where, what, todo, code
        super().__init__(f"{where}：{what}" + (f"。{todo}" if todo else ""))


def decode(data: bytes) -> tuple[str, str]:
    """Text and encoding of a file: UTF-8 and UTF-16 (with or without BOM), else GB18030 (which holds GBK and GB 2312)."""
    if not data.strip():
        raise FileError("文件是空的", todo="请重新导出后再导入", code="empty_file")
    for encoding in encodings_of(data):
        try:
            return data.decode(encoding).removeprefix("\ufeff").replace("\x00", "\ufffd"), encoding
        except UnicodeDecodeError:
            continue
    raise FileError("文字编码无法识别", todo="请另存为 UTF-8 或 GBK 编码的 CSV", code="encoding")


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


def written_name(member: zipfile.ZipInfo) -> str:
    """The name of a file in an archive. Names that it does not mark as UTF-8 are GBK on a Chinese Windows."""
    if member.flag_bits & 0x800:
        return member.filename
    raw = member.filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename
