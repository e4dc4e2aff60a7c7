"""Every row of an import with its outcome and what became of it, as a workbook."""

import json
from collections.abc import Iterator, Sequence

from core.errors import Refused
from firepoints.feedback import fates as import_fates
from firepoints.models import ImportRun, RawRow
from firepoints.sightings import packed
from grids.models import User
from journal.record.services import access
from papers import tables

MOST_ROWS = 50_000
PART = 1000
COLUMNS = (("工作表", 14), ("行", 8), ("结果", 10), ("列", 12), ("原因", 30), ("后来", 40), ("原文", 80))


def rows_workbook(*, run: ImportRun, actor: User) -> bytes:
    """The rows of a run as an .xlsx. Noted in journal.Access. Raises Refused for more rows than a sheet is good for."""
    count = run.rows + run.notes
    if count > MOST_ROWS:
        raise Refused(f"这次导入有 {count:,} 行，超过 {MOST_ROWS:,} 行：请用接口分页取", code="too_many_rows")
    access(actor, "export", run, detail=f"各行结果 {count} 行")
    title = f"{run.filename} 各行结果"
    table = tables.Table("各行结果", COLUMNS, list(_rows(run)), title=title, notes=(f"导入 {run.uuid}",))
    return tables.workbook(table)


def _rows(run: ImportRun) -> Iterator[Sequence[str | int]]:
    part: list[RawRow] = []
    for row in packed.rows_of(run):
        part.append(row)
        if len(part) == PART:
            yield from _lines(run, part)
            part = []
    yield from _lines(run, part)


def _lines(run: ImportRun, part: list[RawRow]) -> Iterator[Sequence[str | int]]:
    fates = import_fates.fates_of(run, part)
    for row in part:
        later = "；".join(fate.text for fate in fates[row.row_no, row.sheet])
        yield (row.sheet, row.row_no, RawRow.Outcome(row.outcome).label, row.column, row.reason, later, _text(row.raw))


def _text(raw: str) -> str:
    """The row as one line: heading and value where it has them."""
    try:
        read = json.loads(raw)
    except ValueError:
        return raw
    if isinstance(read, dict):
        return "；".join(f"{name} {value}" for name, value in read.items() if value not in (None, ""))
    return "　".join(str(cell) for cell in read if cell not in (None, "")) if isinstance(read, list) else raw
