"""火点: the list of what the user may see, narrowed by the query string."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from firepoints.models import FirePoint
from firepoints.pages.filters import VIEWS, FilterForm, Wanted
from firepoints.pages.paging import page_of
from firepoints.pages.rows import RELATED, rows_of
from grids import selectors as grids

PAGE = 50


@require_safe
def point_list(request: HttpRequest) -> HttpResponse:
    """One page of points, newest fire first."""
    form = FilterForm(request.GET)
    visible = FirePoint.objects.visible_to(request.user)
    # A filter that cannot be read shows its error and nothing else: all points would look like an answer.
    is_valid = form.is_valid()
    wanted = form.wanted() if is_valid else Wanted()
    found = wanted.narrow(visible) if is_valid else FirePoint.objects.none()
    page = page_of(request, found.select_related(*RELATED), PAGE)
    context = {
        "form": form,
        "filtered": bool(wanted.query()) or not is_valid,
        "view_label": VIEWS[wanted.state][0] if wanted.state in VIEWS else "",
        "rows": rows_of(page.points),
        "total": found.count(),
        "prev_url": page.prev_url,
        "next_url": page.next_url,
        "points_url": wanted.url("firepoints:points_geojson"),
        "cells_url": f"{reverse('cells-geojson')}?level=county,township" if grids.edition_now() else "",
    }
    return render(request, "firepoints/list.html", context)
