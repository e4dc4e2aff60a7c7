"""What comes over HTTP comes by a page; a token says so itself, where it is known (grids.frame.authentication)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from core import ways


class WayMiddleware:
    """Names the way of everything that a request does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with ways.coming(ways.Way.PAGE):
            return self.get_response(request)
