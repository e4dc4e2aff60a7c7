"""The sign that parts the cells of a delimited text: the one into which most of its lines fall alike, whatever a title says."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import islice

SIGNS = ",\t;，|"
LOOKED_AT = 60  # records
HEAD = 64_000  # characters


def separator_of(text: str) -> str:
    """Comma, tab, semicolon, full-width comma or bar. A title line with a sign of its own does not decide it."""
    head = text[:HEAD]
    if len(text) > HEAD:
        head = head[: head.rfind("\n") + 1] or head
    return max(SIGNS, key=lambda sign: _lines_alike(head, sign))


def _lines_alike(head: str, sign: str) -> tuple[int, int]:
    """(records of the commonest width, that width) by a separator; (0, 0) where it parts nothing."""
    reader = csv.reader(io.StringIO(head.replace("\r\n", "\n").replace("\r", "\n")), delimiter=sign)
    widths: Counter[int] = Counter()
    try:
        # Empty cells at the end of a line come and go; a record is as wide as what it holds.
        for cells in islice(reader, LOOKED_AT):
            widths[max((at for at, cell in enumerate(cells, start=1) if cell.strip()), default=0)] += 1
    except csv.Error:
        return (0, 0)
    wide = Counter({width: number for width, number in widths.items() if width > 1})
    if not wide:
        return (0, 0)
    # A cell that is empty in some rows makes them narrower: what holds more than one cell counts as alike.
    return sum(wide.values()), max(wide, key=lambda width: (wide[width], width))


def is_rule(cells: list[str]) -> bool:
    """Whether a record is only the line under a heading, as tables in texts have it: |---|:--|."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and all(len(cell) > 1 and not cell.strip("-:=+") for cell in filled)
