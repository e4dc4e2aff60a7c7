"""ETag, If-None-Match and If-Match for things with a version (RFC 9110).

A tag is `"<version>-<digest>"`: strong, because it holds the digest of the answer itself, as this user gets it. The
version alone would not do: evidence comes in without an act, and so without a new version. A compressed answer carries it
as a weak one, `W/"<version>-<digest>"`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Refused


class PreconditionFailed(Refused):
    """If-Match names a state that is no longer the present one."""

    code = "precondition_failed"
    http_status = 412


class PreconditionRequired(Refused):
    """An act came without the version on which it was decided (ADR 0013)."""

    code = "version_required"
    http_status = 428


def tag_of(version: int, data: Any) -> str:
    """The strong tag of an answer."""
    digest = hashlib.sha256(JSONRenderer().render(data)).hexdigest()
    return f'"{version}-{digest[:20]}"'


def answer(request: Request, version: int, data: Any, status: int = 200) -> HttpResponseBase:
    """`data` with its tag; to a GET that has it already, 304 without it."""
    tag = tag_of(version, data)
    response: HttpResponseBase = Response(data, status, headers={"ETag": tag})
    if request.method in ("GET", "HEAD"):
        conditional = get_conditional_response(request._request, etag=tag)
        response = conditional if conditional is not None and conditional.status_code == 304 else response
        response["ETag"] = tag
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ("Accept", "Authorization", "Cookie"))
    return response


def expected_version(
    request: Request, *, body_version: int | None, current: int, representation: Callable[[], Any]
) -> int:
    """The version on which the act was decided: from If-Match, from the body's `version`, or both.

    `representation` is what a GET would answer this user now; it is made only to compare a tag of the current version.
    Raises PreconditionFailed, PreconditionRequired. The service still claims the version: what comes between loses.
    """
    header = request.headers.get("If-Match")
    if header is None:
        if body_version is None:
            raise PreconditionRequired("请带上看到的版本：请求头 If-Match，或内容里的 version。")
        return body_version
    # Compressing on the way, here or in a proxy, weakens the tag; the digest in it is of the answer all the same.
    tags = [tag.removeprefix("W/") for tag in parse_etags(header)]
    if tags != ["*"]:
        mine = [tag for tag in tags if tag.startswith(f'"{current}-')]
        if not mine or tag_of(current, representation()) not in mine:
            raise PreconditionFailed("内容已有变化，请重新读取后再决定。", details={"version": current})
    return current if body_version is None else body_version
