"""What of a file is shown as it stands, beside what was read: the cells of time, and the marks that nobody can see. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from firepoints.sightings.readers.concealed import rows_in_words, where
from firepoints.sightings.readers.text import INVISIBLE
from firepoints.sightings.readers.time_columns import column_of
from papers.reading import Sheet

ODD_BLANK = "\u00a0\u1680\u2000-\u200a\u202f\u205f"
SPOILT = re.compile(f"{INVISIBLE.pattern}|[{ODD_BLANK}]")
LONGEST = 60  # characters of one cell


def time_cells(raw: Mapping[str, Any], reading: Mapping[str, Any]) -> str:
    """The cells of a row that speak of its time, as they stand in the file; `reading`: `meta["reading"]` of its reader."""
    headings = [str(clock["heading"]) for how in reading.values() for clock in how.get("clocks", ())]
    parts = [part for heading in headings for part in ([heading] if heading in raw else heading.split("+"))]
    names = [name for name in dict.fromkeys(parts) if name in raw] or [name for name in raw if column_of(name)]
    texts = ((name, "" if raw[name] is None else str(raw[name]).strip()) for name in names)
    return "；".join(f"{name} {text[:LONGEST]}" for name, text in texts if text)


def remarks_about_marks(sheets: Sequence[Sheet]) -> Iterator[str]:
    """For each sheet how many cells were read without marks that have no width, and which marks these were."""
    for sheet in sheets:
        rows: list[int] = []
        marks: Counter[str] = Counter()
        cells = 0
        for number, row in enumerate(sheet.rows, start=1):
            spoilt = [cell for cell in row if isinstance(cell, str) and not cell.isascii() and SPOILT.search(cell)]
            if spoilt:
                rows.append(number)
                cells += len(spoilt)
                marks.update(mark for cell in spoilt for mark in SPOILT.findall(cell))
        if cells:
            named = "、".join(f"U+{ord(mark):04X} {count} 个" for mark, count in marks.most_common(6))
            yield f"{where(sheet.name)}{rows_in_words(rows)}有 {cells} 格带看不见的字符（{named}），已去掉再读"
