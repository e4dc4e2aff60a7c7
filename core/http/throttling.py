"""Rate limits of the API: per token, per signed-in account, per address without either; sign-in too.

Counted in windows of a minute with the cache's atomic increment, so several processes count together where they share a
cache. Without a counter nobody is held up: the limit guards against accidents, the posts guard the data.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core import clock
from core.http.client_ip import client_ip

WINDOW_S: Final = 60


def wait_s(scope: str, who: str) -> int:
    """Count one request of `who`; 0 when it may go on, else the seconds until the window ends.

    The limit is settings.RATES[scope], requests a minute; 0 or none = no limit.
    """
    limit = int(getattr(settings, "RATES", {}).get(scope, 0))
    if not limit:
        return 0
    window, passed = divmod(int(clock.real_now().timestamp()), WINDOW_S)
    key = f"rate:{scope}:{who}:{window}"
    cache.add(key, 0, timeout=2 * WINDOW_S)
    try:
        count = cache.incr(key)
    except ValueError:  # the counter is gone, or the cache is
        return 0
    return WINDOW_S - passed if count > limit else 0


class Rates(BaseThrottle):
    """The throttle of every API view."""

    _wait = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        token = request.auth
        if token is not None and hasattr(token, "pk"):
            self._wait = wait_s("token", str(token.pk))
        else:
            self._wait = wait_s("user", str(request.user.pk))
        return not self._wait

    def wait(self) -> float:
        return float(self._wait)


def stranger_wait_s(request: HttpRequest) -> int:
    """The same for who is not signed in, by address; asked when an answer is to be 401."""
    return wait_s("anonymous", client_ip(request))


def busy(request: HttpRequest, wait: int, name: str = "") -> HttpResponse:
    """The page that asks to wait, for the address or, with a `name`, for that account alone."""
    answer = render(request, "errors/busy.html", {"wait_s": wait, "name": name}, status=429)
    answer["Retry-After"] = str(wait)
    return answer


def limited(scope: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Decorate a page: its POSTs are counted by address; too many are answered 429, in words."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST" and (wait := wait_s(scope, client_ip(request))):
                return busy(request, wait)
            return view(request, *args, **kwargs)

        return run

    return decorate
