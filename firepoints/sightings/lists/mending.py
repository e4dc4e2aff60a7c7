"""A quarantined row is corrected and submitted again. The row itself stays as it was."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import transaction

from core import clock
from core.errors import BadInput, Conflict, NotAllowed, Refused
from core.texts import required
from firepoints.models import ImportRun, Mending, RawRow
from firepoints.sightings.importing import reading
from firepoints.sightings.importing.area import area_of_the_deployment
from firepoints.sightings.importing.reading import PARSERS, ListName
from firepoints.sightings.importing.results import Import
from firepoints.sightings.importing.start import import_sightings
from firepoints.sightings.lists import mending_texts
from firepoints.sightings.readers import lists
from firepoints.sightings.readers.base import ParseOptions, ParseResult, Rejected, Sighting, SourceError
from firepoints.sightings.readers.blocks import span_of
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import record
from papers import filing
from papers.reading import read_marked

Outcome = RawRow.Outcome
LISTS = frozenset({"national_list", "provincial_list"})
MOST_CHARACTERS = 500  # of one corrected cell


class StillUnreadable(BadInput):
    """The corrected row cannot be used either; `column` is the heading at fault, "" where none is."""

    code = "still_unreadable"

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected.reason, details={"column": rejected.column, "reason_code": rejected.code})
        self.column = rejected.column


def cells_of(row: RawRow) -> dict[str, str]:
    """The cells of a quarantined row by heading, as texts; {} where the row has no columns (a broken line of a CSV)."""
    try:
        raw = json.loads(row.raw)
    except ValueError:
        return {}
    if not isinstance(raw, dict):
        return {}
    return {str(name): cell_text(value) for name, value in raw.items()}


def cell_text(value: Any) -> str:
    """A stored cell as people know it: Excel keeps 8 as 8.0."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def why_not(row: RawRow) -> str:
    """Why this row cannot be mended, as a sentence; "" when it can."""
    if row.outcome != Outcome.QUARANTINED:
        return "只有隔离的行要更正"
    if row.run.state != ImportRun.State.COMMITTED:
        return f"这次导入现在是“{row.run.get_state_display()}”"
    if (mending := standing_mending(row)) is not None:
        return f"这一行{mending.get_kind_display()}"
    return ""


def standing_mending(row: RawRow) -> Mending | None:
    """The mending that holds: the last one, unless its run was withdrawn (then the row waits again)."""
    last = row.mendings.select_related("run", "actor").order_by("-seq").first()
    if last is not None and last.run is not None and last.run.state == ImportRun.State.WITHDRAWN:
        return None
    return last


@transaction.atomic
def row_mend(*, row: RawRow, cells: Mapping[str, str], actor: User, reason: str) -> Mending:
    """Read the corrected cells as the file was read, and import the sighting as a run of its own that names the row.

    Sent twice at once, the second waits and is told. Raises NotAllowed, Missing without a reason, Conflict for a row that
    is not waiting, StillUnreadable naming the column, BadInput for cells that the row does not have.
    """
    reason = required(reason, "更正的依据")
    require_waiting(row, actor)
    had = cells_of(row)
    unknown = [name for name in cells if name not in had]
    if unknown or not had:
        raise BadInput(
            f"这一行没有“{unknown[0]}”这一列" if unknown else "这一行没有列，请改好原文件再导入", where="更正"
        )
    corrected = {name: str(cells.get(name, value))[:MOST_CHARACTERS] for name, value in had.items()}
    content = _as_file(corrected)
    sighting = _read(row, corrected, content)
    done = _import(row, sighting, content, actor)
    mending = Mending.objects.create(
        row=row, seq=row.mendings.count() + 1, kind=Mending.Kind.MENDED, run=done.run, corrected=corrected,
        reason=reason[:300], actor=actor,
    )  # fmt: skip
    changed = sorted(name for name in corrected if corrected[name] != had[name])
    entry_after = {"run": str(row.run.uuid), "sheet": row.sheet, "row": row.row_no, "mending_run": str(mending.run),
            "columns": changed}  # fmt: skip
    record("import.row_mended", row, actor, before={"cells": {name: had[name] for name in changed}},
           after={**entry_after, "cells": {name: corrected[name] for name in changed}}, reason=reason)  # fmt: skip
    return mending


def require_waiting(row: RawRow, actor: User) -> None:
    """Raise NotAllowed, or Conflict for a row that is not waiting; whoever comes second waits for the first."""
    if not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("更正隔离的行由市局经办")
    # Two who mend one row follow each other; UNIQUE(row, seq) holds it where there is no row lock.
    list(ImportRun.objects.select_for_update(no_key=True).filter(pk=row.run_id).values_list("pk"))
    if refusal := why_not(row):
        raise Conflict(f"{refusal}，没有重复办理", code="row_not_waiting")


def _as_file(cells: Mapping[str, str]) -> bytes:
    """The row under its headings as a CSV of two lines: every reader takes one."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_flat(name) for name in cells])
    writer.writerow([_flat(value) for value in cells.values()])
    return out.getvalue().encode("utf-8")


def _flat(text: str) -> str:
    """The text as one line, without what no file may hold: a cell is quoted by the writer, but the readers count lines."""
    return " ".join(text.replace("\x00", "\ufffd").splitlines())


def _read(row: RawRow, corrected: Mapping[str, str], content: bytes) -> Sighting:
    """The one sighting in the corrected row, under the row number and the sheet of the original.

    A list is read whole once more with the row in its place: its title may give the window, its other dates their order.
    """
    run = row.run
    if run.source.parser not in PARSERS:
        raise Refused("这种文件的行请改好原文件再导入", code="not_mendable")
    original = filing.stored_path(run.stored_as) if run.stored_as else None
    has_original = original is not None and original.is_file()
    if original is not None and has_original and run.source.parser in LISTS:
        result = _reread(row, corrected, original)
    elif run.source.parser in mending_texts.READ_AGAIN or mending_texts.is_whole_line(corrected):
        if original is None or not has_original:
            raise Refused("原文件不在库里，这一行不能更正", code="no_file")
        result = mending_texts.read_again(run, row.row_no, corrected, original, area=area_of_the_deployment())
    else:
        path = Path(filing.stored_path(filing.store_bytes(content, kind="imports", suffix=".csv")))
        way = reading.WayOfReading(run.mapping, area_of_the_deployment(), run.options)
        result = reading.read_file(path, source=run.source, datum=run.datum, way=way)
    if result.rejected:
        raise StillUnreadable(result.rejected[0])
    if not len(result.sightings):
        raise BadInput("这一行读成了标题或说明，不是数据", where="更正")
    return replace(result.sightings[0], row_no=row.row_no, sheet=row.sheet)


def _reread(row: RawRow, corrected: Mapping[str, str], original: Path) -> ParseResult:
    """This one row as the reader of lists reads it among the others of its file."""
    run = row.run
    how = {name: value for name, value in run.options.items() if name in reading.OPTIONS}
    options = ParseOptions(
        datum=run.datum,
        mapping=run.mapping,
        now=clock.now(),
        area=area_of_the_deployment(),
        filename=run.filename,
        **how,
    )
    had = cells_of(row)
    own_sheet, first, end = span_of(row.sheet)
    sheets = []
    try:
        read = read_marked(original, options)
    except SourceError as error:
        raise Refused(f"原文件打不开了：{error}", code="no_file") from error
    for sheet in read:
        rows = list(sheet.rows)
        if sheet.name == own_sheet and 0 < row.row_no <= len(rows):
            cells = rows[row.row_no - 1]
            # What nobody touched keeps its type: a date of Excel is no text.
            mended = [
                cell if text == had[name] else text
                for cell, (name, text) in zip(cells[first:end], corrected.items(), strict=False)
            ]
            rows[row.row_no - 1] = [*cells[:first], *mended, *cells[first + len(mended) :]]
        sheets.append(replace(sheet, rows=rows))
    parsed = lists.parse_sheets(sheets, options=options)
    mine = (row.sheet, row.row_no)
    return ParseResult(
        tuple(line for line in parsed.sightings if (line.sheet, line.row_no) == mine),
        tuple(line for line in parsed.rejected if (line.sheet, line.row_no) == mine),
        (),
    )


def _import(row: RawRow, sighting: Sighting, content: bytes, actor: User) -> Import:
    run = row.run
    facts: dict[str, Any] = {
        "filename": f"更正 {run.filename}"[:180] + f" 第 {row.row_no} 行",
        "sha256": filing.digest_of(content),
        "size_bytes": len(content),
        "stored_as": filing.store_bytes(content, kind="imports", suffix=".csv"),
        "datum": run.datum,
        "mapping": run.mapping,
        # The row belongs to the same version of the list; `mends` keeps it from being taken for a whole new list.
        "supersedes": run.supersedes,
        "options": {**run.options, "mends": row.pk},
    }
    done = import_sightings(
        result=ParseResult((sighting,), (), ()),
        source=run.source,
        actor=actor,
        name=ListName(run.issuer, run.period, run.list_no),
        facts=facts,
    )
    if done.quarantined:
        raise Conflict("同一清单的同一序号已有别的内容：请改序号，或作为更正的清单导入", code="list_conflict")
    return done
