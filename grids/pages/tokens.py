"""接口令牌: the page of one's own tokens, to take and to end; of everybody's for the bureau, to see and to end."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.errors import NotThere, Refused
from grids.frame.authentication import last_use
from grids.models import ApiToken, TokenScope, User
from grids.people import tokens

DAYS = ((30, "30 天"), (90, "90 天"), (365, "一年"), (730, "两年"))
SHOWN = 200


class TokenForm(forms.Form):
    """The purpose, scopes and life of a token; and that it is really the person who asks."""

    label = forms.CharField(label="用途", max_length=60, help_text="哪台设备或哪个系统，例如“值班室大屏”")
    scopes = forms.MultipleChoiceField(
        label="权限",
        choices=TokenScope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="在您的岗位能办的范围之内；只给用得着的",
    )
    days = forms.TypedChoiceField(label="有效期", choices=DAYS, coerce=int, initial=365)
    password = forms.CharField(
        label="您的密码",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
        help_text="一台没有锁屏的电脑，不应能替您发出令牌",
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None)
        self._request = request

    def clean_password(self) -> str:
        """The password, checked by the sign-in itself, so that wrong ones are counted there and lock as there."""
        password = str(self.cleaned_data["password"])
        name = cast(User, self._request.user).get_username()
        if authenticate(self._request, username=name, password=password) is None:
            raise forms.ValidationError("密码不对。")
        return password


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """The tokens that the user may see, and a form for a new one of their own; its text is shown this once."""
    user = cast(User, request.user)
    form = TokenForm(request)
    key, token = "", None
    if form.is_valid():
        try:
            tokens.require_person(user)
            token, key = tokens.token_issue(
                user=user,
                actor=user,
                label=form.cleaned_data["label"],
                scopes=form.cleaned_data["scopes"],
                days=form.cleaned_data["days"],
            )
        except Refused as refused:
            form.add_error(None, refused.message)
    status = 400 if form.is_bound and token is None else 200
    context = {"form": form, "key": key, "made": token, **_lists(user)}
    return render(request, "grids/tokens.html", context, status=status)


def _lists(user: User) -> dict[str, Any]:
    rows = tokens.tokens_visible_to(user).select_related("user").annotate(used_at=last_use()).order_by("-pk")
    own = [_row(token) for token in rows.filter(user=user)[:SHOWN]]
    others = [_row(token) for token in rows.exclude(user=user)[:SHOWN]] if tokens.sees_all_tokens(user) else None
    return {"own": own, "others": others}


def _row(token: ApiToken) -> dict[str, Any]:
    if token.revoked_at:
        state, is_live = "已收回", False
    elif token.expires_at <= clock.now():
        state, is_live = "已到期", False
    else:
        state, is_live = "有效", True
    return {"token": token, "state": state, "is_live": is_live}


@require_POST
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End one token: one's own, or anybody's for the bureau."""
    reason = request.POST.get("reason", "")[:200]
    try:
        token = tokens.token_revoke(token_id=token_id, actor=cast(User, request.user), reason=reason)
    except NotThere as refused:
        raise Http404(refused.message) from refused
    messages.success(request, f"令牌“{token.label}”已收回。")
    return redirect("tokens")
