"""The form of 账号: whose number is registered."""

from __future__ import annotations

from typing import Any

from django import forms

from grids.models import User
from grids.people.identities import HOW


class IdentityForm(forms.Form):
    """登记工号; the number itself is not given back when something is wrong."""

    username = forms.CharField(label="账号", max_length=150)
    identity = forms.CharField(
        label="工号或身份证号",
        max_length=60,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=f"{HOW}。只存摘要，不存号码。",
    )
    reason = forms.CharField(label="理由", max_length=200, required=False, help_text="更改已登记的，写明理由。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "account_%s", **kwargs})

    def clean_username(self) -> User:
        """The live account of that name."""
        user = User.objects.filter(username=self.cleaned_data["username"].strip(), is_active=True).first()
        if user is None:
            raise forms.ValidationError("没有这个账号，或已停用。")
        return user
