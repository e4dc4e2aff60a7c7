"""Where a fire point's page is, for the pages of the apps above that show a point by number."""

from django.urls import NoReverseMatch, reverse


def point_url(point_id: int) -> str:
    """The address of a point's page; "" in a build without that page."""
    try:
        return reverse("firepoints:detail", args=[point_id])
    except NoReverseMatch:
        return ""
