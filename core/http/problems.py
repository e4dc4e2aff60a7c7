"""Errors of the API in one shape: problem details (RFC 9457) with a stable `code` and Chinese for people.

A refusal of our own keeps its code, status and details; what Django and REST framework raise gets a code from the table
below. Anything else is a defect and stays a 500.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.views import set_rollback

from core.errors import Missing, Refused
from core.http.throttling import stranger_wait_s
from core.room import refusal_of

MEDIA_TYPE = "application/problem+json"
CODES: tuple[tuple[type[exceptions.APIException], str, str], ...] = (
    (exceptions.ValidationError, "bad_input", "提交的内容不符合要求"),
    (exceptions.ParseError, "unreadable", "请求内容读不出来"),
    (exceptions.AuthenticationFailed, "authentication_failed", "登录凭证无效"),
    (exceptions.NotAuthenticated, "not_authenticated", "需要登录"),
    (exceptions.PermissionDenied, "not_allowed", "没有权限"),
    (exceptions.NotFound, "not_found", "没有找到"),
    (exceptions.MethodNotAllowed, "method_not_allowed", "不支持这种请求方式"),
    (exceptions.NotAcceptable, "not_acceptable", "不提供这种格式"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type", "不接受这种内容类型"),
    (exceptions.Throttled, "throttled", "请求太频繁"),
)
RESERVED = frozenset({"type", "title", "status", "code", "detail"})


def handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The EXCEPTION_HANDLER: a refusal becomes a problem, a defect (None) goes on to be a 500."""
    if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        exc = _too_many_strangers(context) or exc
    problem = problem_of(refusal_of(exc) or exc)
    if problem is None:
        return None
    set_rollback()
    response = respond(problem)
    if challenge := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None) or problem.get("retry_after"):
        response["Retry-After"] = str(int(wait))
    return response


def _too_many_strangers(context: Mapping[str, Any]) -> exceptions.Throttled | None:
    """The 429 for an address that has had too many 401s, else None: REST framework throttles signed-in people alone."""
    wait = stranger_wait_s(context["request"]) if context.get("request") is not None else 0
    return exceptions.Throttled(wait=wait) if wait else None


def respond(problem: Mapping[str, Any]) -> JsonResponse:
    """A problem as an answer, in its own media type whatever format the request asked for."""
    status = problem["status"]
    return JsonResponse(
        dict(problem), status=status, content_type=MEDIA_TYPE, json_dumps_params={"ensure_ascii": False}
    )


def problem_of(exc: Exception) -> dict[str, Any] | None:
    """The problem that an exception is, or None for a defect."""
    if isinstance(exc, Refused):
        return of_refusal(exc)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if not isinstance(exc, exceptions.APIException):
        return None
    code, title = next(
        ((code, title) for kind, code, title in CODES if isinstance(exc, kind)), (exc.default_code, "请求被拒绝")
    )
    if isinstance(exc, exceptions.ValidationError):
        errors = exc.detail if isinstance(exc.detail, dict) else {"non_field_errors": exc.detail}
        detail = "；".join(_sentences(errors))
        return build(exc.status_code, code, title, detail, errors=errors)
    return build(exc.status_code, code, title, str(exc.detail))


def of_refusal(refused: Refused) -> dict[str, Any]:
    """The problem that a refusal of ours is."""
    title = "缺少必要材料" if isinstance(refused, Missing) else HTTP_TITLES.get(refused.http_status, "办理被拒绝")
    return build(refused.http_status, refused.code, title, refused.message, **refused.details)


HTTP_TITLES = {
    400: "提交的内容不符合要求",
    403: "没有权限",
    404: "没有找到",
    409: "与现有记录冲突",
    411: "没有写明长度",
    412: "内容已有变化",
    413: "内容太大",
    422: "与先前的请求不符",
    428: "要带上看到的版本",
    429: "请求太频繁",
    507: "磁盘已满",
}


def build(status: int, code: str, title: str, detail: str, **more: Any) -> dict[str, Any]:
    """The members of a problem; `more` may add members but never hide these."""
    extra = {name: value for name, value in more.items() if name not in RESERVED}
    return {
        "type": f"urn:jinshao:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    } | extra


def _sentences(errors: Any, where: str = "") -> list[str]:
    """Every message of a nested error tree, each with the field at fault in front."""
    if isinstance(errors, Mapping):
        sentences = []
        for name, below in errors.items():
            path = where if name == "non_field_errors" else f"{where}.{name}" if where else str(name)
            sentences += _sentences(below, path)
        return sentences
    if isinstance(errors, list | tuple):
        return [sentence for error in errors for sentence in _sentences(error, where)]
    return [f"{where}：{errors}" if where else str(errors)]


@csrf_exempt
@login_not_required
def no_such_address(request: HttpRequest) -> HttpResponse:
    """The answer of an unknown address under /api/: a problem, not a page."""
    status = HTTPStatus.NOT_FOUND
    return respond(build(status, "no_such_address", "没有这个接口", f"没有“{request.path}”这个接口，见 /api/docs/"))
