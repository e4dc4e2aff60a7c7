"""Our answer appended to the lines of a issuer's CSV: what was there keeps its bytes."""

import csv
import io
import re
from collections.abc import Mapping, Sequence

from papers.encodings import decode
from papers.separators import separator_of

RISKY = ("=", "+", "-", "@", "\t", "\r")
"""A cell of a CSV that begins like this is a formula to Excel: an apostrophe makes it text."""
MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


def append_columns(data: bytes, added: Mapping[int, Sequence[str]]) -> bytes:
    """The bytes with new columns. `added`: record number from 1 → their texts. Other records stay as they are.

    Records shorter than the heading are filled up, so that the new cells stand under their headings. The encoding (a BOM
    too), the delimiter and the line ends stay. Raises SourceError when the bytes are no text.
    """
    text, read_as = decode(data)
    mark = next((bom for bom in MARKS if data.startswith(bom)), b"")
    encoding = MARKS.get(mark, read_as.removesuffix("-sig"))
    lines = LINE.findall(text)
    delimiter = separator_of(text)
    reader = csv.reader(iter(lines), delimiter=delimiter)
    width = 0
    records: list[tuple[int, int]] = []
    for number, cells in enumerate(reader, start=1):
        records.append((reader.line_num - 1, len(cells)))
        width = max(width, len(cells)) if number in added else width
    for number, texts in added.items():
        if number > len(records):
            continue
        at, had = records[number - 1]
        bare = lines[at].rstrip("\r\n")
        tail = [""] * (width - had) + [safe(cell) for cell in texts]
        lines[at] = bare + delimiter + _joined(tail, delimiter) + lines[at][len(bare) :]
    whole = "".join(lines)
    return mark + whole.encode(encoding)


def safe(text: str) -> str:
    return f"'{text}" if text.startswith(RISKY) else text


def _joined(cells: Sequence[str], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(cells)
    return out.getvalue()
