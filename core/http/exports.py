"""Lists as CSV beside JSON: the same rows in the same order, streamed, bounded, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from core.http.rest import KeyPagination
from core.registry import Slot

CHUNK: Final = 500
NOTE_EXPORT: Slot[Callable[[Any, str, str], None]] = Slot(
    "note_export", asked_by="a list as CSV", what_for="who took which list away, for the record of accesses"
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet would run."""

Present = Callable[[Sequence[Any]], Iterable[dict[str, Any]]]


class CSVRenderer(BaseRenderer):
    """Only for the negotiation (`Accept: text/csv`, `?format=csv`); the rows are streamed by `csv_answer`."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        """What is no list (OPTIONS) stays JSON."""
        rendered: bytes = JSONRenderer().render(data)
        return rendered


def wants_csv(request: Request) -> bool:
    return str(request.accepted_renderer.format) == CSVRenderer.format


def csv_answer(
    request: Request,
    *,
    rows: QuerySet[Any],
    paginator: KeyPagination,
    columns: Sequence[str],
    present: Present,
    name: str,
) -> StreamingHttpResponse:
    """The rows from the cursor on, at most settings.EXPORT_ROWS or `page_size`; a Link header leads to the rest.

    The keys are fixed before the first byte, so that the header can say whether there is more. Noted in the accesses.
    """
    ordering = str(paginator.ordering)
    most = page_size(request, paginator)
    keys = list(_from_cursor(request, rows, paginator).order_by(ordering).values_list("pk", flat=True)[: most + 1])
    more, keys = len(keys) > most, keys[:most]

    def lines() -> Iterator[str]:
        yield "\ufeff" + _line(columns)  # without the mark Excel reads UTF-8 as the local code page
        for at in range(0, len(keys), CHUNK):
            chunk: list[Model] = list(rows.filter(pk__in=keys[at : at + CHUNK]).order_by(ordering))
            for values in present(chunk):
                yield _line([cell(values.get(column)) for column in columns])

    NOTE_EXPORT.get()(request.user, name, f"csv {len(keys)} 行 {request.query_params.urlencode()}")
    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "private, no-store"
    if more:
        answer["Link"] = f'<{_next(request, paginator, keys[-1])}>; rel="next"'
    return answer


def page_size(request: Request, paginator: KeyPagination) -> int:
    """The rows of one file: `page_size` when it is asked for, else as many as are allowed."""
    most: int = settings.EXPORT_ROWS
    text = request.query_params.get(str(paginator.page_size_query_param), "")
    return min(int(text), most) if text.isascii() and text.isdecimal() and 0 < len(text) < 9 and int(text) else most


def _from_cursor(request: Request, rows: QuerySet[Any], paginator: KeyPagination) -> QuerySet[Any]:
    cursor = paginator.decode_cursor(request)
    if cursor is None or cursor.position is None:
        return rows
    is_newest_first = str(paginator.ordering).startswith("-") != bool(cursor.reverse)
    return rows.filter(**{"pk__lt" if is_newest_first else "pk__gt": int(cursor.position)})


def _next(request: Request, paginator: KeyPagination, last: int) -> str:
    return replace_query_param(request.build_absolute_uri(), paginator.cursor_query_param, paginator.token_after(last))


def cell(value: Any) -> str:
    """One value as text; a text that a spreadsheet would run gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict | list | tuple):
        return safe(json.dumps(value, ensure_ascii=False, default=str))
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return safe(str(value))


def safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
