"""The page of one's own password: the first one came from an administrator, and should not stay."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from grids.models import User
from grids.people.posts import user_password_set


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; this session stays, every other one ends. The act is journaled, the password never."""
    user = cast(User, request.user)  # nobody else passes the sign-in middleware
    form = PasswordChangeForm(user, request.POST or None)
    form.fields["old_password"].label = "现在的密码"
    if form.is_valid():
        user_password_set(user=user, actor=user, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(request, user)
        messages.success(request, "密码已更换，其他地方的登录已退出。")
        return redirect("home")
    return render(request, "registration/password.html", {"form": form}, status=400 if form.is_bound else 200)
