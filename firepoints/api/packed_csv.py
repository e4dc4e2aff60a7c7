"""The rows of a packed import as CSV: every one of them, from its chunks, streamed; one chunk in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, dropwhile, islice
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from firepoints import packed
from firepoints.models import ImportRun, RawRow
from journal import exports, services
from journal.rest import OldestFirst

Present = Callable[[Sequence[RawRow]], list[dict[str, Any]]]


def rows_csv(
    request: Request, run: ImportRun, *, columns: Sequence[str], present: Present, name: str
) -> StreamingHttpResponse:
    """All rows (of `?outcome=…`), in file order, from the cursor on; with `page_size` so many, and a Link to the rest.

    Unlike other lists it is not cut at settings.EXPORT_ROWS: such a run has rows for which nothing else is kept, and a
    file that says less than the run counts would be taken for the whole. Noted in journal.Access.
    """
    asked = request.query_params
    rows = _from(asked.get("cursor", ""), packed.rows_of(run, asked.get("outcome", "")))
    size = exports.page_size(request, OldestFirst()) if asked.get("page_size") else None
    detail = f"csv 导入 {run.pk} 各行，{run.rows + run.notes} 行 {asked.urlencode()}"
    services.access(request.user, "export", ("api", name), detail=detail[:200])
    link = ""
    if size is not None:
        page = list(islice(rows, size + 1))
        if len(page) > size:
            page.pop()
            following = replace_query_param(request.build_absolute_uri(), "cursor", packed.key_of(page[-1]))
            link = f'<{following}>; rel="next"'
        rows = iter(page)
    answer = StreamingHttpResponse(_lines(rows, columns, present), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "private, no-store"
    if link:
        answer["Link"] = link
    return answer


def _from(cursor: str, rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """The rows behind the one that the cursor names; what names none is the beginning, as on the pages."""
    number, _, sheet = cursor.partition("@")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return rows
    edge = (sheet, int(number))
    return dropwhile(lambda row: (row.sheet, row.row_no) <= edge, rows)


def _lines(rows: Iterator[RawRow], columns: Sequence[str], present: Present) -> Iterator[str]:
    yield "\ufeff" + exports.line(columns)  # without the mark Excel reads UTF-8 as the local code page
    for first in rows:
        part = list(chain((first,), islice(rows, exports.CHUNK - 1)))
        yield "".join(exports.line([exports.cell(told[name]) for name in columns]) for told in present(part))
