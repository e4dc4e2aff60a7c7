"""The sign that parts the cells of a delimited text: the one into which most of its lines fall alike, whatever a title says."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice

SIGNS = ",\t;，；|"
BLANKS = (re.compile(r"[ \u3000]{2,}"), re.compile(r"[ \u3000]+"))
LEAST_COLUMNS = 3  # of a table that blanks part: a sentence has as many by chance, hundreds of lines alike have not
LOOKED_AT = 60  # records
HEAD = 64_000  # characters


def separator_of(text: str) -> str:
    """Comma, tab, semicolon, either of full width, or bar. A title line with a sign of its own does not decide it."""
    head = text[:HEAD]
    if len(text) > HEAD:
        head = head[: head.rfind("\n") + 1] or head
    return max(SIGNS, key=lambda sign: _lines_alike(head, sign))


def blanks_of(text: str) -> re.Pattern[str] | None:
    """The run of blanks that parts a text into columns, where no sign does: all of its lines but titles fall into as many,
    so that a blank inside a cell (2024-11-03 13:21) parts none. None for any other text."""
    lines = [line.strip() for line in text[:HEAD].splitlines()[:LOOKED_AT] if line.strip()]
    if len(lines) < 2 or max(_lines_alike(text[:HEAD], sign)[0] for sign in SIGNS) * 2 > len(lines):
        return None
    for pattern in BLANKS:
        widths = [width for line in lines if (width := len(pattern.split(line))) >= LEAST_COLUMNS]
        if len(set(widths)) == 1 and len(widths) > 1 and len(widths) * 2 >= len(lines):
            return pattern
    return None


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
