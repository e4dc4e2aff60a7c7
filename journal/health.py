"""/healthz: whether this web process and its database answer, and how far behind the background work is. No secrets."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from journal.jobs import working
from journal.record import sealing


@never_cache
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the web process and its database answer, else 503: for a load balancer, so without sign-in.

    `ok` is about this process alone: a dead worker is no reason to send people away. With `?all=1`, for a monitor, a
    worker that is not seen or a sealer that is late is a 503 too. Seconds; null = never.
    """
    try:
        state = _told()
    except DatabaseError:
        return JsonResponse({"ok": False, "database": False}, status=503)
    late = request.GET.get("all") == "1" and not (state["worker"] and state["sealer"])
    return JsonResponse({"ok": True, "database": True, **state}, status=503 if late else 200)


def _told() -> dict[str, Any]:
    seen_s, lag = working.worker_seen_s(), sealing.lag_s()
    return {
        "worker": seen_s is not None and seen_s <= working.WORKER_LATE_S,
        "worker_seen_s": None if seen_s is None else round(seen_s),
        "sealer": lag <= working.SEALER_LATE_S,
        "sealer_lag_s": round(lag),
    }
