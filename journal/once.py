"""Idempotency-Key: an act asked for twice under one key is done once, and answered alike.

A key is claimed in a transaction of its own, so that a second request meets it at once; the answer is stored in the
transaction of the act, so that there is never an act without its answer or an answer without its act. Only what was done
is kept: a refusal has changed nothing, and the same key may try again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.http import HttpResponse, HttpResponseBase
from django.utils.datastructures import MultiValueDict
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.errors import BadInput, Conflict, Refused
from journal.models import OnceKey

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
LONGEST_KEY: Final = 80
LEASE: Final = timedelta(minutes=5)
"""How long an act may be under way before its key is given to another: as long as a worker may take at all."""
KEPT: Final = timedelta(hours=24)
FORGET: Final = "journal.forget_once_keys"

P = ParamSpec("P")
Handler = Callable[Concatenate[Any, Request, P], HttpResponseBase]


class KeyInUse(Conflict):
    """The same request is under way; ask again in a moment."""

    code = "idempotency_in_flight"


class KeyTaken(Refused):
    """The key stands for another request."""

    code = "idempotency_mismatch"
    http_status = 422


def once(handler: Handler[P]) -> Handler[P]:
    """Decorate a view's POST: with an Idempotency-Key its effect happens once, without one nothing changes."""

    @wraps(handler)
    def run(view: Any, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        key = key_of(request)
        if key is None:
            return handler(view, request, *args, **kwargs)
        claimed = claim(user_id=int(request.user.pk or 0), key=key, fingerprint=fingerprint(request))
        if claimed.status is not None:
            return _again(claimed)
        try:
            with transaction.atomic():
                response = handler(view, request, *args, **kwargs)
                finish(claimed, response)
                return response
        except BaseException:
            release(claimed)
            raise

    run.is_once = True  # type: ignore[attr-defined]
    return run


def key_of(request: Request) -> str | None:
    """The key of a request, None without one. Raises BadInput for what is no key."""
    key: str | None = request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= sign <= "~" for sign in key):
        raise BadInput(f"应为 1–{LONGEST_KEY} 个可见的 ASCII 字符，例如 UUID", where=HEADER, code="bad_idempotency_key")
    return key


def fingerprint(request: Request) -> str:
    """The digest (sha256, hex) of what a request asks for: method, address and content, files by their bytes.

    Not the raw body: a form sent again has another boundary.
    """
    data = request.data
    content: Any = data
    if isinstance(data, MultiValueDict):
        content = [[name, [_content(value) for value in data.getlist(name)]] for name in sorted(data)]
    parts = [request.method, request.get_full_path(), request.headers.get("If-Match", ""), content]
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _content(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for part in value.chunks():
        digest.update(part)
    value.seek(0)
    return [str(value.name), digest.hexdigest()]


def claim(*, user_id: int, key: str, fingerprint: str) -> OnceKey:
    """The key, held by this request (`status` None) or answered already.

    Raises KeyInUse while another holds it, KeyTaken when it stands for another request.
    """
    now = clock.real_now()
    fresh = {"fingerprint": fingerprint, "created_at": now, "lease_until": now + LEASE, "expires_at": now + KEPT}
    row, is_new = OnceKey.objects.get_or_create(user_id=user_id, key=key, defaults=fresh)
    if is_new:
        return row
    is_over = row.expires_at <= now
    if not is_over and row.fingerprint != fingerprint:
        raise KeyTaken("这个 Idempotency-Key 已用于另一个请求，请换一个。")
    if not is_over and row.status is not None:
        return row
    if not is_over and row.lease_until > now:
        raise KeyInUse("同一个请求正在办理，请稍后再试。", details={"retry_after": 1})
    return _take_over(row, fresh)


def _take_over(row: OnceKey, fresh: Mapping[str, Any]) -> OnceKey:
    """Hold a key that is past its day, or whose holder died; of two who try, one does."""
    unanswered = {"status": None, "body": "", "digest": "", "etag": ""}
    same = OnceKey.objects.filter(pk=row.pk, attempt=row.attempt, lease_until=row.lease_until)
    if not same.update(**fresh, **unanswered, attempt=F("attempt") + 1):
        raise KeyInUse("同一个请求正在办理，请稍后再试。", details={"retry_after": 1})
    row.refresh_from_db()
    return row


def finish(once_key: OnceKey, response: HttpResponseBase) -> None:
    """Store the answer with the act; must run in the act's transaction.

    Raises KeyInUse, and so undoes the act, when the key was taken over meanwhile.
    """
    if not isinstance(response, Response) or response.status_code >= 400:
        raise TypeError("an act answers with data, or raises what refuses it")
    body = JSONRenderer().render(response.data).decode()
    stored = OnceKey.objects.filter(pk=once_key.pk, attempt=once_key.attempt, status__isnull=True).update(
        status=response.status_code,
        body=body,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        etag=response.headers.get("ETag", ""),
    )
    if not stored:
        raise KeyInUse("同一个请求已由另一次连接办理，请稍后再试。", details={"retry_after": 1})


def release(once_key: OnceKey) -> None:
    """Give back a key whose act was refused or failed."""
    OnceKey.objects.filter(pk=once_key.pk, attempt=once_key.attempt, status__isnull=True).delete()


def _again(row: OnceKey) -> HttpResponse:
    """The stored answer of the first request, byte for byte."""
    response = HttpResponse(row.body, status=row.status, content_type="application/json")
    response[REPLAYED] = "true"
    if row.etag:
        response["ETag"] = row.etag
    return response


def forget(now: Any = None) -> int:
    """Delete the keys that are past their day; returns how many."""
    removed, _ = OnceKey.objects.filter(expires_at__lte=now or clock.real_now()).delete()
    return removed


def wrapped(view: Any, methods: Iterable[str] = ("post",)) -> bool:
    """Whether every writing method of a view honours the key; for the test that walks the API."""
    return all(getattr(getattr(view, name), "is_once", False) for name in methods if hasattr(view, name))
