"""转到新代码: the page of the terms under codes that an activated edition no longer has (C2)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from grids import selectors
from grids.editions.exports import level_label
from grids.models import Edition
from grids.pages.edition_imports import importer
from grids.people.carrying import NOWHERE, posts_carry, proposals
from grids.rights import scope_or_403
from grids.roles import Role
from grids.selectors.left_behind import LeftCode, ends_on, left_behind

PAGE = 50


@require_safe
def carry(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Each old code with the posts that stand on it and where they go: proposed where there is one new code, a choice
    where there are several."""
    edition = _edition(request, edition_id)
    left_codes = left_behind(edition)
    page = Paginator(left_codes, PAGE).get_page(request.GET.get("page"))
    context = {
        "edition": edition,
        "page": page,
        "rows": [_line(left_code) for left_code in page],
        "ready": sum(bool(left_code.proposed and left_code.terms) for left_code in left_codes),
        "ends": ends_on(edition),
        "may_change": Role.BUREAU in selectors.roles_of(request.user),
        "gaps_url": reverse("grid-gaps"),
    }
    return render(request, "grids/carry.html", context)


def _line(left_code: LeftCode) -> dict[str, Any]:
    return {
        "left": left_code,
        "level": level_label(left_code.level),
        "field": f"to_{left_code.code}",
        "nowhere": NOWHERE,
    }


@require_POST
def carry_act(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Carry over with `do=all` everything with one new code, else one old code (`old`, `to`). The same form twice is
    one."""
    actor = importer(request)
    edition = _edition(request, edition_id)
    is_all = request.POST.get("do") == "all"
    choices = proposals(edition) if is_all else {request.POST.get("old", ""): request.POST.get("to", "")}
    try:
        done = posts_carry(edition=edition, choices=choices, actor=actor, reason=request.POST.get("reason", "")[:200])
    except Refused as refused:
        messages.error(request, f"没有保存：{refused.message}")
    else:
        message = f"{done['ended']} 段任期已结束，{done['started']} 段在新代码上接着开始。"
        messages.success(request, message if done["ended"] else "已经转过，没有改动。")
    return redirect("edition-carry", edition.pk)


def _edition(request: HttpRequest, edition_id: int) -> Edition:
    if not scope_or_403(request.user).everything:
        raise PermissionDenied("岗位随代码的结转由市局办理。")
    edition = get_object_or_404(Edition, pk=edition_id)
    if edition.state != Edition.State.ACTIVE:
        raise Http404("这一版没有启用，还没有岗位要转。")
    return edition
