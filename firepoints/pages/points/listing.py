"""火点: the list of what the user may see, narrowed by the query string."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core.errors import NotAllowed, Refused
from core.month import Month
from firepoints.life.heat_leads import heat_leads_close
from firepoints.models import FirePoint
from firepoints.pages.access import user_of
from firepoints.pages.points.filters import VIEWS, FilterForm, Wanted
from firepoints.pages.points.paging import page_of
from firepoints.pages.points.rows import for_rows, rows_of
from firepoints.steps import figures
from firepoints.terms.scope import scope_of
from grids import selectors as grids
from grids.roles import Role

PAGE, MOST_COUNTED = 50, 1000


@require_safe
def point_list(request: HttpRequest) -> HttpResponse:
    """One page of points, newest fire first."""
    form = FilterForm(request.GET)
    visible = FirePoint.objects.visible_to(request.user)
    # A filter that cannot be read shows its error and nothing else: all points would look like an answer.
    is_valid = form.is_valid()
    criteria = form.wanted() if is_valid else Wanted()
    points = criteria.narrow(visible) if is_valid else FirePoint.objects.none()
    page = page_of(request, for_rows(points), PAGE)
    context: dict[str, Any] = {
        "form": form,
        "filtered": bool(criteria.query()) or not is_valid,
        "view_label": VIEWS[criteria.state][0] if criteria.state in VIEWS else "",
        "rows": rows_of(page.points),
        "total": _total(request, criteria, points),
        "prev_url": page.prev_url,
        "next_url": page.next_url,
        "points_url": criteria.url("firepoints:map"),
        "cells_url": f"{reverse('cells-geojson')}?level=county,township" if grids.edition_now() else "",
    }
    if criteria.state == "heat" and Role.BUREAU in grids.roles_of(request.user):
        # Which ones, so that what comes in while the page is read is not closed unseen.
        context["closable"] = [row.point.pk for row in context["rows"]]
    return render(request, "firepoints/list.html", context)


def _total(request: HttpRequest, criteria: Wanted, points: QuerySet[FirePoint]) -> str:
    """How many there are: a sum of the figures, else counted up to MOST_COUNTED, and said so."""
    values = criteria.of_figures()
    if values is not None and scope_of(request.user) is not None:
        by = figures.of_month(request.user, Month.parse(criteria.month)) if criteria.month else None
        return str((by or figures.of_everything(request.user)).count(**values))
    count = points.order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED} 多" if count > MOST_COUNTED else str(count)


@require_POST
def heat_leads(request: HttpRequest) -> HttpResponse:
    """Close the leads on fixed heat that the page showed."""
    point_ids = [
        int(text)
        for text in request.POST.getlist("point")[:PAGE]
        if text.isascii() and text.isdecimal() and len(text) < 19
    ]
    try:
        closed = heat_leads_close(points=point_ids, actor=user_of(request), reason=request.POST.get("reason", ""))
    except NotAllowed as refused:
        raise PermissionDenied(refused.message) from None
    except Refused as refused:
        messages.error(request, f"没有关闭：{refused.message}")
    else:
        _say(request, len(closed), len(point_ids) - len(closed))
    return redirect(Wanted(state="heat").url())


def _say(request: HttpRequest, closed: int, remaining: int) -> None:
    if closed:
        messages.success(request, f"已关闭 {closed} 处固定热源线索。")
    if remaining:
        messages.warning(request, f"有 {remaining} 处没有关闭：已有人处理，或又有了别的监测记录。")
