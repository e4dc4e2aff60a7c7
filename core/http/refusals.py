"""The answer to a refusal that a page did not catch: its words and its status, never a 500."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import Refused

log = structlog.get_logger(__name__)


class RefusalMiddleware:
    """Answers what views raise. The API has its own handler and never gets here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page of a refusal; None for anything else, which goes on to be a 500."""
        if not isinstance(exception, Refused):
            return None
        log.info("page.refused", path=request.path, code=exception.code)
        return render(request, "errors/refused.html", {"refused": exception}, status=exception.http_status)
