"""Where the page of a fire point and of a row is, for all that name one."""

from urllib.parse import urlencode
from uuid import UUID

from django.urls import NoReverseMatch, reverse


def point_url(point_id: int) -> str:
    """The address of a point's page; "" in a build without that page."""
    try:
        return reverse("firepoints:detail", args=[point_id])
    except NoReverseMatch:
        return ""


def row_url(run: UUID, row_no: int, sheet: str) -> str:
    """The address of one row: by its number, and its sheet where there are several."""
    url = reverse("imports:row", args=[run, row_no])
    return f"{url}?{urlencode({'sheet': sheet})}" if sheet else url
