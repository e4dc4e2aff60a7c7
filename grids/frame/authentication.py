"""Signing in to the API with a token, and what the token is good for.

The scope is checked here and not by a permission class, so that no view can leave it out: a view that names no scope
for a method is closed to every token.
"""

from __future__ import annotations

from typing import Any, cast

import structlog
from django.db import DatabaseError, transaction
from django.db.models import CharField, DateTimeField, OuterRef, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from core import clock, ways
from grids.models import ApiToken, TokenScope, User
from grids.people.tokens import digest_of
from journal.models import Access
from journal.record import services

log = structlog.get_logger(__name__)

KEYWORDS = (b"token", b"bearer")
USED = "token_used"
USE_NOTED_EVERY_S = 3600
"""A use is noted at most so often: the last use is a matter of days, and a read must stay a read."""


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token jsh_…` (or Bearer). Sets request.auth to the ApiToken."""

    def authenticate_header(self, request: Request) -> str:
        return "Token"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        word, _, key = get_authorization_header(request).partition(b" ")
        if word.lower() not in KEYWORDS:
            return None
        token = _live(key.strip())
        _require_scope(token, request)
        ways.became(ways.Way.TOKEN, f"{token.pk} {token.label}")
        _note_use(token)
        return token.user, token


def has_live_token(request: HttpRequest) -> bool:
    """Whether the request comes with a token that works; what it may do is asked by its view."""
    word, _, key = get_authorization_header(cast(Request, request)).partition(b" ")
    if word.lower() not in KEYWORDS:
        return False
    try:
        _live(key.strip())
    except exceptions.AuthenticationFailed:
        return False
    return True


def _live(key: bytes) -> ApiToken:
    """The token, if it still works: one answer for unknown, ended, expired and closed."""
    digest = digest_of(key.decode("latin-1"))
    token = ApiToken.objects.select_related("user").filter(digest=digest).annotate(used_at=last_use()).first()
    if token is None or token.revoked_at or token.expires_at <= clock.now() or not token.user.is_active:
        raise exceptions.AuthenticationFailed("令牌无效、已收回或已过期。")
    return token


def _require_scope(token: ApiToken, request: Request) -> None:
    method = str(request.method)
    view = (request.parser_context or {}).get("view")
    needed = dict(getattr(view, "token_scopes", {})).get(method)
    if needed is None and method in SAFE_METHODS:
        needed = TokenScope.READ
    if needed == ANY or needed in token.scope_set:
        return
    if needed is None:
        raise exceptions.PermissionDenied("这个接口不能用令牌办理。")
    raise exceptions.PermissionDenied(f"令牌没有“{TokenScope(needed).label}”（{TokenScope(needed).value}）的权限。")


ANY = "*"
"""A scope in a view's `token_scopes`: any token will do."""


def last_use() -> Subquery:
    """When a token was last noted as used, for annotating tokens."""
    mine = Access.objects.filter(subject_type=ApiToken._meta.label_lower, subject_id=Cast(OuterRef("pk"), CharField()))
    return Subquery(mine.order_by("-pk").values("at")[:1], output_field=DateTimeField())


def _note_use(token: Any) -> None:
    """Note the use in the accesses, the one write that a read may do. A database too busy for it stops nobody."""
    if token.used_at and (clock.now() - token.used_at).total_seconds() < USE_NOTED_EVERY_S:
        return
    try:
        with transaction.atomic():
            services.access(token.user, USED, token)
    except DatabaseError:
        log.warning("tokens.use_not_noted", token=token.pk)


class TokenScheme(OpenApiAuthenticationExtension):
    """The description of our tokens in the schema."""

    target_class = "grids.frame.authentication.TokenAuthentication"
    name = "tokenAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Authorization: Token jsh_…`",
        }
