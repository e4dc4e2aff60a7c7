"""账号: who of the people with an office has no identity, which accounts look alike, and registering one (policy.md §5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from grids import selectors
from grids.models import User
from grids.pages.forms.accounts import IdentityForm
from grids.people.identities import identity_set
from grids.roles import Role
from grids.selectors import persons

SHOWN = 200


@require_safe
@never_cache
def accounts(request: HttpRequest) -> HttpResponse:
    """The accounts that an administrator looks into."""
    _require(request)
    return _show(request, IdentityForm(initial={"username": request.GET.get("username", "")[:150]}))


@sensitive_post_parameters("identity")
@require_POST
@never_cache
def identity_save(request: HttpRequest) -> HttpResponse:
    """Register the number of an account's person; the page never shows a number again."""
    _require(request)
    form = IdentityForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            identity_set(
                user=data["username"],
                identity=data["identity"],
                actor=cast(User, request.user),
                reason=data["reason"],
            )
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, f"已登记 {data['username'].username} 的工号。")
            return redirect("accounts")
    return _show(request, form, status=400)


def _require(request: HttpRequest) -> None:
    if Role.BUREAU not in selectors.roles_of(request.user):
        raise PermissionDenied("账号由市局经办核对。")


def _show(request: HttpRequest, form: IdentityForm, *, status: int = 200) -> HttpResponse:
    groups, unknown = persons.alike(), persons.without_identity()
    first = groups[:SHOWN]
    posts = persons.posts_of([*unknown, *(user for group in first for user in group.users)])
    context = {
        "groups": [{"why": group.why, "rows": _rows(group.users, posts)} for group in first],
        "more": len(groups) - len(first),
        "unknown": _rows(unknown, posts),
        "form": form,
    }
    return render(request, "grids/accounts.html", context, status=status)


def _rows(users: Iterable[User], posts: dict[int, str]) -> list[dict[str, Any]]:
    return [{"user": user, "posts": posts.get(user.pk, "")} for user in users]
