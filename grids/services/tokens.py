"""Tokens by which a device or another system speaks for an account; one at a time, issued and revoked on record."""

from django.db import transaction
from rest_framework.authtoken.models import Token

from grids.models import User
from journal.errors import Conflict
from journal.services import personal, record


@transaction.atomic
def token_issue(*, user: User, actor: User | None) -> str:
    """Give an account a new token; an earlier one ends at once. Raises Conflict for the system and closed accounts."""
    if user.is_system or not user.is_active:
        raise Conflict("系统账号和停用的账号不能有接口令牌。", code="no_token_for_account")
    Token.objects.filter(user=user).delete()
    key = str(Token.objects.create(user=user).key)
    record("user.token_issued", user, actor, after={"token": personal(key)})
    return key


@transaction.atomic
def token_revoke(*, user: User, actor: User | None) -> bool:
    """End an account's token; whether there was one."""
    removed, _ = Token.objects.filter(user=user).delete()
    if removed:
        record("user.token_revoked", user, actor)
    return bool(removed)
