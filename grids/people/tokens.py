"""Tokens by which a device or another system speaks for an account: issued with a purpose, a scope and an end, shown
once, kept as a digest only, revoked on record."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from core import clock
from core.errors import BadInput, Conflict, Missing, NotAllowed, NotThere
from grids.models import ApiToken, TokenScope, User
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import record

PREFIX: Final = "jsh_"
"""So that a token that lands in a file or a log is recognised as one."""
LONGEST_DAYS: Final = 730
DEFAULT_DAYS: Final = 365
MOST_TOKENS: Final = 20
_HINT: Final = 9


def digest_of(key: str) -> str:
    """The digest by which a token is stored (hex, sha256)."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@transaction.atomic
def token_issue(
    *, user: User, actor: User | None, label: str, scopes: Iterable[str], days: int = DEFAULT_DAYS
) -> tuple[ApiToken, str]:
    """A new token for one device or system, beside those that the account has. Returns it and its text, never kept.

    Raises Conflict for the system and closed accounts and beyond 20 live tokens, Missing without a purpose or a scope,
    BadInput for an unknown scope or a life beyond two years.
    """
    scope_text = _scopes(scopes)
    label = label.strip()
    if not label:
        raise Missing(["用途（哪台设备或哪个系统）"])
    if len(label) > 60 or not label.isprintable():
        raise BadInput("不超过 60 字，不换行", where="用途")
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInput(f"应为 1–{LONGEST_DAYS} 天", where="有效期")
    if user.is_system or not user.is_active:
        raise Conflict("系统账号和停用的账号不能有接口令牌。", code="no_token_for_account")
    if live_tokens(user).count() >= MOST_TOKENS:
        raise Conflict(f"已有 {MOST_TOKENS} 个有效的令牌，请先收回不用的。", code="too_many_tokens")
    key = PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    token = ApiToken.objects.create(
        user=user,
        label=label,
        digest=digest_of(key),
        hint=key[:_HINT],
        scopes=scope_text,
        created_by=actor,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    after = {"user": user.pk, "label": label, "scopes": scope_text.split(), "expires_at": token.expires_at}
    record("user.token_issued", token, actor, after=after)
    return token, key


def _scopes(scopes: Iterable[str]) -> str:
    """The scopes as they are stored. Raises BadInput, Missing."""
    names = set(scopes)
    if unknown := sorted(names - set(TokenScope.values)):
        raise BadInput(f"没有“{'、'.join(unknown)}”这种权限；可用：{'、'.join(TokenScope.values)}", where="权限")
    if not names:
        raise Missing(["权限"])
    return " ".join(scope.value for scope in TokenScope if scope.value in names)


@transaction.atomic
def token_revoke(*, token_id: int, actor: User | None, by: User | None = None, reason: str = "") -> ApiToken:
    """End one token; a second time nothing happens. One's own, or anybody's for the bureau.

    `actor` None means a command at the server, which may end any; `by` is then whom the record names.
    Raises NotThere for a token that is not there, or that `actor` may not see.
    """
    tokens = ApiToken.objects.all() if actor is None else tokens_visible_to(actor)
    token = tokens.select_related("user").filter(pk=token_id).first()
    if token is None:
        raise NotThere("没有这个令牌，或不在您的范围内")
    if token.revoked_at is None:
        _end([token], actor or by, reason)
        token.refresh_from_db()
    return token


@transaction.atomic
def tokens_revoke_all(*, user: User, actor: User | None, reason: str) -> int:
    """End every live token of an account: after a new password, or with the account. Returns how many there were."""
    live = list(live_tokens(user))
    _end(live, actor, reason)
    return len(live)


def _end(tokens: list[ApiToken], actor: User | None, reason: str) -> None:
    now = clock.now()
    for token in tokens:
        # Whoever comes second finds it ended and writes no second entry.
        if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now, revoked_by=actor):
            record("user.token_revoked", token, actor, after={"user": token.user_id}, reason=reason)


def live_tokens(user: User) -> QuerySet[ApiToken]:
    """The tokens of an account that still work."""
    return ApiToken.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=clock.now())


def tokens_visible_to(user: User) -> QuerySet[ApiToken]:
    """One's own tokens; everybody's for the bureau, which answers for the accounts."""
    if sees_all_tokens(user):
        return ApiToken.objects.all()
    return ApiToken.objects.filter(user_id=user.pk)


def sees_all_tokens(user: User) -> bool:
    """Whether the user sees and ends the tokens of others; nobody issues one in another's name on a page."""
    return Role.BUREAU in roles_of(user)


def require_person(user: User) -> None:
    """Raises NotAllowed for an account that holds no post: it has nothing that a token could be for."""
    if not roles_of(user):
        raise NotAllowed("您的账号现在没有任职岗位，不能发放令牌。")
