"""后台任务 on the screen: what waits, runs and failed, what comes round, and one more try for what failed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from journal import access_rules
from journal.jobs import jobs, working
from journal.models import Job

SHOWN = 100


@require_safe
@never_cache
def job_list(request: HttpRequest) -> HttpResponse:
    """The oldest first of what waits, the newest first of what failed."""
    _require(access_rules.may_read(request.user))
    state = working.working()
    context = {
        "state": state,
        "troubles": state.troubles(),
        "failed": _rows(Job.objects.filter(state=Job.State.FAILED).order_by("-finished_at", "-id")),
        "open": _rows(
            Job.objects.filter(state__in=[Job.State.RUNNING, Job.State.QUEUED]).order_by("-state", "run_after")
        ),
        "periodic": working.periodic(),
        "worker_seen": None if state.worker_seen_s is None else working.words(state.worker_seen_s),
        "may_retry": access_rules.may_operate(request.user),
    }
    return render(request, "journal/jobs.html", context)


@require_POST
def job_retry(request: HttpRequest, job_id: int) -> HttpResponse:
    """One more attempt for a failed job; on record."""
    _require(access_rules.may_operate(request.user))
    try:
        jobs.retry(job_id, actor=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"任务 {job_id} 已重新排队。")
    return redirect("journal:jobs")


def _require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied("只有获授权的岗位可以查看后台任务。")


def _rows(queryset: Any) -> list[dict[str, Any]]:
    jobs.discover()  # their names in words
    return [{"job": job, "label": jobs.label(job.name)} for job in queryset[:SHOWN]]
