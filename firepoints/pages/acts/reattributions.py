"""重新归属: what a correcting edition would change, to be taken up or left point by point (C2)."""

from pathlib import Path
from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import Refused
from firepoints.life.act import act
from firepoints.life.reattribute import reattribution_reject
from firepoints.life.reattribution_export import places, reattributions_layer, reattributions_workbook
from firepoints.models import FirePoint, Reattribution
from firepoints.terms.states import DECIDED
from grids import selectors as grids
from grids.models import User
from grids.roles import Role
from journal.record.services import access
from papers.downloads import BY_SUFFIX, download

PAGE = 50


@require_safe
@never_cache
def reattributions(request: HttpRequest) -> HttpResponse:
    """The proposals about points that the user may see: open ones first to be dealt with, other counties on top."""
    rows, is_done = _chosen(request)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_line(row) for row in page],
        "is_done": is_done,
        "editions_url": reverse("editions"),
        "params": "done=1&" if is_done else "",
        "may_decide": Role.BUREAU in grids.roles_of(request.user),
    }
    return render(request, "firepoints/reattributions.html", context)


@require_safe
@never_cache
def reattributions_export(request: HttpRequest, what: str) -> HttpResponse:
    """`reattributions.xlsx`, `moved.gpkg|geojson` of the rows that the page lists; the export is noted."""
    rows, is_done = _chosen(request)
    proposals = list(rows)
    if what not in ("reattributions.xlsx", "moved.gpkg", "moved.geojson") or not proposals:
        raise Http404("没有这种导出，或没有要导出的火点。")
    suffix = Path(what).suffix
    title = f"重新归属（{'处理过的' if is_done else '待处理的'}，{clock.today_beijing()}）"
    is_book = suffix == ".xlsx"
    content = reattributions_workbook(proposals, title=title) if is_book else reattributions_layer(proposals, suffix)
    access(request.user, "export", ("firepoints.reattribution", "done" if is_done else "open"), detail=what)
    return download(content, f"重新归属-{clock.today_beijing()}{suffix}", BY_SUFFIX[suffix])


def _chosen(request: HttpRequest) -> tuple[QuerySet[Reattribution], bool]:
    """The proposals about points that the user may see, open or decided, and which of the two was asked for."""
    if not grids.scope_of(request.user):
        raise PermissionDenied("您的账号现在没有任职岗位。")
    points = FirePoint.objects.visible_to(request.user)
    rows = Reattribution.objects.filter(point__in=points).select_related(
        "point", "attribution", "edition", "decided_by"
    )
    is_done = request.GET.get("done") == "1"
    is_open = Q(state=Reattribution.State.OPEN)
    return (rows.exclude(is_open) if is_done else rows.filter(is_open)), is_done


def _line(row: Reattribution) -> dict[str, object]:
    before, after = places(row)
    return {"row": row, "before": before, "after": after, "is_decided": row.point.state in DECIDED}


@require_POST
def reattribution_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a proposal up, or leave the point where it is; both with a reason."""
    if Role.BUREAU not in grids.roles_of(request.user):
        raise PermissionDenied("重新归属由市局经办处理。")
    row = get_object_or_404(Reattribution, pk=pk)
    actor, reason = cast(User, request.user), request.POST.get("reason", "")[:200]
    try:
        if request.POST.get("choice") == "accept":
            data = {"proposal": str(row.pk), "reason": reason}
            act(point_id=row.point_id, action="reattribute", actor=actor, data=data)
        else:
            reattribution_reject(proposal_id=row.pk, actor=actor, reason=reason)
    except Refused as refused:
        messages.error(request, f"没有保存：{refused.message}")
    else:
        messages.success(request, "已保存。")
    return redirect("firepoints:reattributions")
