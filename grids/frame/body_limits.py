"""Refuses a body that is too large by its Content-Length, before anything has read of it.

It is the first of the middleware, so that its turn to look at a view comes before CsrfViewMiddleware's, which reads the
form to find its token: by then everything would lie in the server's temporary folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from core.errors import Refused
from core.http import bodies, problems
from core.http.bodies import BodyTooLarge, LengthRequired
from grids.frame.authentication import has_live_token

log = structlog.get_logger(__name__)


class BodyLimits:
    """Middleware that refuses a body beyond its room: strangers have that of a sign-in form, who is signed in or has a
    token what the address takes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Closed until its view is known and allows it: the pages of errors (an unknown address, a foreign host name, a
        # failure on the way here) look for a token in the form as well, and no view is asked about them.
        if _is_large(request):
            cast(Any, request)._mark_post_parse_error()
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The refusal of a body; None lets it be read."""
        try:
            _require_room(request, view)
        except Refused as refused:
            log.info(
                "body.refused", path=request.path_info, code=refused.code, length=request.META.get("CONTENT_LENGTH")
            )
            return _answer(request, refused)
        if _is_large(request):
            unread = cast(Any, request)
            del unread._post, unread._files
        return None


def _is_large(request: HttpRequest) -> bool:
    """Whether the body is beyond a stranger's room; of one without a length Django reads nothing."""
    try:
        return bodies.length_of(request) > bodies.most_bytes("stranger")
    except LengthRequired:
        return False


def _require_room(request: HttpRequest, view: Callable[..., Any]) -> None:
    """Raise LengthRequired or BodyTooLarge. Only a body beyond a stranger's room costs a look at who is asking."""
    length = bodies.length_of(request)
    most = bodies.most_bytes("stranger")
    if length <= most:
        return
    if not _is_signed_in(request):
        raise BodyTooLarge(
            f"没有登录，或登录已过期：没有登录时一次最多发送 {bodies.words(most)}，请先登录再办理。",
            details={"most_bytes": most},
        )
    most = bodies.most_bytes(bodies.kind_of(request, view))
    if length > most:
        raise BodyTooLarge(
            f"内容太大：这里一次最多 {bodies.words(most)}，这次有 {bodies.words(length)}。请分几次，或换小一些的文件。",
            details={"most_bytes": most},
        )


def _is_signed_in(request: HttpRequest) -> bool:
    """Whether a living session or a living token comes along; a cookie or a token that is none is a stranger's."""
    return request.user.is_authenticated or (request.path_info.startswith(bodies.API) and has_live_token(request))


def _answer(request: HttpRequest, refused: Refused) -> HttpResponse:
    if request.path_info.startswith(bodies.API):
        return problems.respond(problems.of_refusal(refused))
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(refused.as_json(), status=refused.http_status)
    return render(request, "errors/refused.html", {"refused": refused}, status=refused.http_status)
