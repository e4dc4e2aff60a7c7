"""特殊时段: the calendar of days on which burning is punished more severely (C16)."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import Refused
from firepoints.models import SpecialPeriod
from firepoints.policy.periods import period_record, period_void
from grids import selectors as grids
from grids.models import User
from grids.pages.forms.people import DAY
from grids.rights import scope_or_403
from grids.roles import Role


class PeriodForm(forms.Form):
    kind = forms.ChoiceField(label="类别", choices=SpecialPeriod.Kind.choices)
    name = forms.CharField(label="名称", max_length=80, help_text="例如 11 月 3 日橙色预警。")
    starts = forms.DateField(label="自哪天起", widget=DAY)
    ends = forms.DateField(label="到哪天止（不含）", widget=DAY)
    document_no = forms.CharField(label="依据", max_length=80)


@require_safe
def periods(request: HttpRequest) -> HttpResponse:
    """The periods, the newest first, and the form of the bureau."""
    scope_or_403(request.user)
    return _show(request, PeriodForm())


def _show(request: HttpRequest, form: PeriodForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "periods": list(SpecialPeriod.objects.select_related("recorded_by")[:100]),
        "may_keep": Role.BUREAU in grids.roles_of(request.user),
        "today": clock.today_beijing(),
    }
    return render(request, "firepoints/periods.html", context, status=status)


def _require_bureau(request: HttpRequest) -> User:
    if Role.BUREAU not in grids.roles_of(request.user):
        raise PermissionDenied("特殊时段由市局经办登记。")
    return cast(User, request.user)


@require_POST
def period_add(request: HttpRequest) -> HttpResponse:
    """Record a period; a refusal comes back in the form."""
    actor = _require_bureau(request)
    form = PeriodForm(request.POST)
    if not form.is_valid():
        return _show(request, form, status=400)
    try:
        period_record(actor=actor, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, refused.message)
        return _show(request, form, status=400)
    messages.success(request, "已登记特殊时段。")
    return redirect("firepoints:periods")


@require_POST
def period_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Void a period with a reason."""
    actor = _require_bureau(request)
    period = get_object_or_404(SpecialPeriod, pk=pk)
    try:
        period_void(period=period, actor=actor, reason=request.POST.get("reason", "")[:200])
    except Refused as refused:
        messages.error(request, f"没有撤销：{refused.message}")
    else:
        messages.success(request, "已撤销。")
    return redirect("firepoints:periods")
