"""Pages by key: deep pages cost what the first costs, and rows that arrive meanwhile shift nothing."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest

from core.db import row_order
from firepoints.models import FirePoint
from firepoints.models.points import NEWEST

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Page:
    """The points of one page, newest first, and the links to its neighbours ("" at an end)."""

    points: list[FirePoint]
    prev_url: str
    next_url: str


def page_of(request: HttpRequest, points: QuerySet[FirePoint], size: int) -> Page:
    """One page by `before` (older) or `after` (newer) of the query string; an unreadable key is the first page."""
    ordered = points.order_by(*NEWEST)
    if newer := _key(request.GET.get("after", "")):
        rows = list(row_order.after(ordered, newer).reverse()[: size + 1])
        has_newer, rows = len(rows) > size, rows[:size][::-1]
        return Page(
            rows,
            _url(request, "after", rows[0]) if has_newer else "",
            _url(request, "before", rows[-1]) if rows else "",
        )
    older = _key(request.GET.get("before", ""))
    if older:
        ordered = row_order.before(ordered, older)
    rows = list(ordered[: size + 1])
    has_older, rows = len(rows) > size, rows[:size]
    newer_url = _url(request, "after", rows[0]) if older and rows else ""
    return Page(rows, newer_url, _url(request, "before", rows[-1]) if has_older else "")


def neighbours(points: QuerySet[FirePoint], point: FirePoint) -> tuple[FirePoint | None, FirePoint | None]:
    """The point before (newer) and after (older) in the order of the list; None at an end."""
    ordered = points.order_by(*NEWEST).only("id", "number", "starts_at", "burn_date")
    key = {"burn_date": point.burn_date, "starts_at": point.starts_at, "id": point.pk}
    return row_order.after(ordered, key).reverse().first(), row_order.before(ordered, key).first()


def _key(text: str) -> row_order.Key | None:
    """The values of a key: the day, microseconds, the id."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    day, instant, pk = parts
    if len(day) > 6 or not 0 < int(day) <= date.max.toordinal() or len(instant) > 17 or len(pk) > 18:
        return None
    at = _EPOCH + int(instant) * _MICROSECOND
    return {"burn_date": date.fromordinal(int(day)), "starts_at": at, "id": int(pk)}


def _url(request: HttpRequest, name: str, point: FirePoint) -> str:
    query = request.GET.copy()
    for old in ("before", "after"):
        query.pop(old, None)
    micros = (point.starts_at - _EPOCH) // _MICROSECOND
    query[name] = f"{point.burn_date.toordinal()}-{micros}-{point.pk}"
    return "?" + query.urlencode()
