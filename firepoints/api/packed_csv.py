"""The rows of a packed import as CSV: every one of them, from its chunks, streamed; one chunk in memory at a time.

A million rows go out within seconds, so no model is built for any of them: a row is the tuple COLUMNS.
"""

from __future__ import annotations

import csv
import heapq
import io
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

from django.db.models import Q
from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from core.http import exports
from core.http.rest import OldestFirst
from firepoints.models import OUTCOME_OF, ImportRun, RawChunk, RawRow
from firepoints.sightings import packed
from journal.record import services

COLUMNS: Final = ("sheet", "row_no", "column", "outcome", "code", "reason", "raw", "sighting")
PART: Final = 5000  # rows to a piece of the answer
Row = tuple[str, int, str, str, str, str, str, int | None]
Edge = tuple[str, int] | None
Outcome = RawRow.Outcome


def rows_csv(request: Request, run: ImportRun, *, name: str) -> StreamingHttpResponse:
    """All rows (of `?outcome=…`), in file order, from the cursor on; with `page_size` so many, and a Link to the rest.

    Unlike other lists it is not cut at settings.EXPORT_ROWS: such a run has rows for which nothing else is kept, and a
    file that says less than the run counts would be taken for the whole. Noted in journal.Access.
    """
    query = request.query_params
    rows = rows_of(run, outcome=query.get("outcome", ""), after=_edge(query.get("cursor", "")))
    size = exports.page_size(request, OldestFirst()) if query.get("page_size") else None
    detail = f"csv 导入 {run.pk} 各行，{run.rows + run.notes} 行 {query.urlencode()}"
    services.access(request.user, "export", ("api", name), detail=detail[:200])
    link = ""
    if size is not None:
        page = list(islice(rows, size + 1))
        if len(page) > size:
            page.pop()
            sheet, number = page[-1][:2]
            link = replace_query_param(request.build_absolute_uri(), "cursor", f"{number}@{sheet}")
        rows = iter(page)
    answer = StreamingHttpResponse(_pieces(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "private, no-store"
    if link:
        answer["Link"] = f'<{link}>; rel="next"'
    return answer


def rows_of(run: ImportRun, *, outcome: str = "", after: Edge = None) -> Iterator[Row]:
    """The rows of `packed.rows_of`, as tuples, behind the row (sheet, number) `after`; of a repetition the rows of the first
    run, whose kept ones are identical now."""
    outcomes = {str(kind): str(kind) for kind in Outcome}
    if run.repeats is not None:
        run, outcomes = run.repeats, {**outcomes, str(Outcome.KEPT): str(Outcome.IDENTICAL)}
    stored_outcomes = {stored for stored, current in outcomes.items() if not outcome or current == outcome}
    merged = heapq.merge(
        _singles(run, stored_outcomes, after), _chunked(run, stored_outcomes, after), key=lambda row: row[:2]
    )
    for sheet, number, column, stored, *rest in merged:
        yield (sheet, number, column, outcomes[stored], *rest)  # type: ignore[misc]


def _singles(run: ImportRun, outcomes: set[str], after: Edge) -> Iterator[Row]:
    rows = run.raw_rows.filter(outcome__in=outcomes)
    if after:
        rows = rows.filter(Q(sheet__gt=after[0]) | Q(sheet=after[0], row_no__gt=after[1]))
    names = ("sheet", "row_no", "column", "outcome", "code", "reason", "raw", "detection_id")
    return rows.order_by("sheet", "row_no").values_list(*names).iterator(2000)


def _chunked(run: ImportRun, outcomes: set[str], after: Edge) -> Iterator[Row]:
    """The packed rows: lines of a text, so they have no sheet, and nothing is wrong with them."""
    sheet, number = after or ("", 0)
    chunks = run.raw_chunks.order_by("seq").filter(last_row__gt=number)
    for pk, counts in chunks.values_list("pk", "counts") if not sheet else ():
        if not any(counts.get(outcome) for outcome in outcomes):
            continue
        columns = packed.unpacked(RawChunk.objects.get(pk=pk))
        for at, code, sighting, raw in zip(*(columns[name].to_pylist() for name in packed.COLUMNS), strict=True):
            if at > number and OUTCOME_OF[code] in outcomes:
                yield ("", at, "", OUTCOME_OF[code], "", "", raw, sighting)


def _edge(cursor: str) -> Edge:
    """The row (sheet, number) that a cursor names; None, the beginning, for one that names none, as on the pages."""
    number, _, sheet = cursor.partition("@")
    return (sheet, int(number)) if number.isascii() and number.isdecimal() and len(number) < 10 else None


def _pieces(rows: Iterator[Row]) -> Iterator[str]:
    yield "\ufeff" + _text([COLUMNS])  # without the mark Excel reads UTF-8 as the local code page
    for first in rows:
        yield _text([_cells(row) for row in chain((first,), islice(rows, PART - 1))])


def _cells(row: Row) -> tuple[Any, ...]:
    sheet, number, column, outcome, code, reason, raw, sighting = row
    safe = exports.safe
    return safe(sheet), number, safe(column), outcome, code, safe(reason), safe(raw), sighting


def _text(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
