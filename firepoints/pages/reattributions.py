"""重新归属: what a correcting edition would change, to be taken up or left point by point (C2)."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from firepoints.models import FirePoint, Reattribution
from firepoints.services.act import act
from firepoints.services.reattribute import reattribution_reject
from firepoints.states import DECIDED
from grids import selectors as grids
from grids.models import User
from grids.roles import LEVELS, Role
from journal.errors import Refused

PAGE = 50


@require_safe
@never_cache
def reattributions(request: HttpRequest) -> HttpResponse:
    """The proposals about points that the user may see: open ones first to be dealt with, other counties on top."""
    if not grids.scope_of(request.user):
        raise PermissionDenied("您的账号现在没有任职岗位。")
    seen = FirePoint.objects.visible_to(request.user)
    rows = Reattribution.objects.filter(point__in=seen).select_related("point", "attribution", "edition", "decided_by")
    is_done = request.GET.get("done") == "1"
    chosen = rows.exclude(state=Reattribution.State.OPEN) if is_done else rows.filter(state=Reattribution.State.OPEN)
    page = Paginator(chosen, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_line(row) for row in page],
        "is_done": is_done,
        "params": "done=1&" if is_done else "",
        "may_decide": Role.BUREAU in grids.roles_of(request.user),
    }
    return render(request, "firepoints/reattributions.html", context)


def _line(row: Reattribution) -> dict[str, object]:
    old = row.attribution
    before = [str(getattr(old, f"{level}_name")) for level in LEVELS[1:]]
    after = [str(row.names.get(level, "")) for level in LEVELS[1:]]
    return {
        "row": row,
        "before": " ".join(name for name in before if name),
        "after": " ".join(name for name in after if name) or "不在任何县（区）内",
        "is_decided": row.point.state in DECIDED,
    }


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
