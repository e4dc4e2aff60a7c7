"""Whether a workbook counts its days from 1904, as those of old Macintoshes do: the same number is four years later."""

from __future__ import annotations

import io
import re
import zipfile

SETTING = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904\s*=\s*[\"'](?:1|true)[\"']")
# BIFF: the record of the epoch stands before that of the precision.
RECORD = re.compile(rb"\x22\x00\x02\x00\x01\x00\x0e\x00\x02\x00[\x00\x01]\x00")
MOST_BYTES = 2_000_000


def counts_from_1904(data: bytes) -> bool:
    """Whether the bytes are a workbook (.xlsx or .xls) of the epoch of 1904. False for what cannot be read."""
    if data[:2] != b"PK":
        return bool(RECORD.search(data, 0, MOST_BYTES))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("xl/workbook.xml") as part:
            return bool(SETTING.search(part.read(MOST_BYTES)))
    except (KeyError, OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, ValueError, EOFError):
        return False
