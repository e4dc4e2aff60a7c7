"""提请 on the screen: what waits for me, what I asked for, what was answered; and the answer itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from journal.models import Proposal
from journal.proposals import describe, selectors, services

SHOWN = 50
DONE = {
    Proposal.Answer.ACCEPTED: "已同意，并已办理：{label}。",
    Proposal.Answer.REFUSED: "已记下不同意，没有办理：{label}。",
    Proposal.Answer.LAPSED: "已撤回提请：{label}。",
}


@require_safe
@never_cache
def proposal_list(request: HttpRequest) -> HttpResponse:
    """The open ones, those to answer first, then what was answered, newest first; `?before=` goes on from a key."""
    _require_reader(request)
    visible = selectors.visible_to(request.user)
    open_ = rows_of(list(visible.filter(answered_at__isnull=True).order_by("pk")), request.user)
    before = request.GET.get("before", "")
    answered = visible.filter(answered_at__isnull=False)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        answered = answered.filter(pk__lt=int(before))
    rows = list(answered[: SHOWN + 1])
    context = {
        "for_me": [row for row in open_ if row["may_answer"]],
        "by_me": [row for row in open_ if row["may_take_back"]],
        "others": [row for row in open_ if not row["may_answer"] and not row["may_take_back"]],
        "answered": rows_of(rows[:SHOWN], request.user),
        "older": rows[SHOWN - 1].pk if len(rows) > SHOWN else None,
    }
    return render(request, "journal/proposals.html", context)


@require_POST
def proposal_answer(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Answer one; what refuses comes back as a message on the page from which it was sent."""
    _require_reader(request)
    answer, reason = request.POST.get("answer", ""), request.POST.get("reason", "")
    try:
        proposal = services.answer(proposal_id=proposal_id, actor=request.user, answer=answer, reason=reason)
    except Refused as refused:
        messages.error(request, f"没有办成：{refused.message}")
    else:
        messages.success(request, DONE[Proposal.Answer(proposal.answer)].format(label=describe.label_of(proposal)))
    next_url = request.POST.get("next", "")
    is_ours = next_url and url_has_allowed_host_and_scheme(next_url, allowed_hosts=None)
    return redirect(next_url if is_ours else "journal:proposals")


def rows_of(proposals: Sequence[Proposal], user: Any) -> list[dict[str, Any]]:
    """The proposals for `journal/_proposal.html`: as the API tells them, with their moments as times."""
    moments = {row.pk: {"asked_at_time": row.asked_at, "answered_at_time": row.answered_at} for row in proposals}
    return [row | moments[row["id"]] for row in describe.plain(proposals, user)]


def panel_of(proposals: Sequence[Proposal], user: Any) -> list[dict[str, Any]]:
    """The open proposals on a subject, for `journal/_proposal.html` on its page: those that `user` may see."""
    if not proposals:
        return []
    visible = set(selectors.visible_to(user).filter(pk__in=[row.pk for row in proposals]).values_list("pk", flat=True))
    return rows_of([row for row in proposals if row.pk in visible], user)


def _require_reader(request: HttpRequest) -> None:
    if not selectors.may_see_any(request.user):
        raise PermissionDenied("只有两人办理的岗位可以查看提请。")
