"""扣缴单位: the payers and the ground ruled to them apart from the borders, with documents and days (policy.md §2e)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import BadInput, Conflict, Refused
from grids import selectors
from grids.models import Payer, PayerArea, Succession, User
from grids.pages.forms.payers import AreaEndForm, AreaForm, PayerDatesForm, PayerForm, SuccessionForm
from grids.people.payers import payer_area_end, payer_area_set, payer_set
from grids.people.successions import payer_dates_set, succession_set
from grids.rights import scope_or_403
from grids.roles import Role

Act = Callable[[User, dict[str, Any]], object]


@require_safe
@never_cache
def payers(request: HttpRequest) -> HttpResponse:
    """The payers in the order of the finance table, the areas ruled to them, and the forms of the bureau."""
    scope_or_403(request.user)
    return _show(request)


@require_POST
@never_cache
def payer_save(request: HttpRequest) -> HttpResponse:
    """Add a payer, or change how one is listed (`known` = its code)."""
    return _acted(request, "payer", PayerForm(request.POST), _save, "已登记扣缴单位。")


@require_POST
@never_cache
def area_save(request: HttpRequest) -> HttpResponse:
    """Rule who pays for a cell, from when, by which document."""
    return _acted(request, "area", AreaForm(request.POST), _rule, "已登记辖区。")


@require_POST
@never_cache
def area_end(request: HttpRequest) -> HttpResponse:
    """End a ruling on a day."""
    return _acted(request, "end", AreaEndForm(request.POST), _end, "已登记终止。")


@require_POST
@never_cache
def succession_save(request: HttpRequest) -> HttpResponse:
    """Record that a county goes on under another code."""
    return _acted(request, "succession", SuccessionForm(request.POST), _succeed, "已登记代码变更。")


@require_POST
@never_cache
def dates_save(request: HttpRequest) -> HttpResponse:
    """List a payer from or to a day."""
    return _acted(request, "dates", PayerDatesForm(request.POST), _date, "已登记起止日期。")


def _succeed(actor: User, data: dict[str, Any]) -> None:
    succession_set(actor=actor, **data)


def _date(actor: User, data: dict[str, Any]) -> None:
    payer = Payer.objects.filter(code=data.pop("code")).first()
    if payer is None:
        raise BadInput("没有这个扣缴单位", where="代码")
    payer_dates_set(payer=payer, actor=actor, **data)


def _save(actor: User, data: dict[str, Any]) -> None:
    if not data.pop("known") and Payer.objects.filter(code=data["code"]).exists():
        raise Conflict(f"代码 {data['code']} 已登记；要改，在表里这一行点“更改”。", code="payer_differs")
    payer_set(actor=actor, **data)


def _rule(actor: User, data: dict[str, Any]) -> None:
    payer_area_set(actor=actor, **data)


def _end(actor: User, data: dict[str, Any]) -> None:
    area = PayerArea.objects.filter(pk=data["area"]).first()
    if area is None:
        raise BadInput("没有这条裁定", where="辖区")
    payer_area_end(area=area, valid_to=data["valid_to"], reason=data["reason"], actor=actor)


def _acted(request: HttpRequest, name: str, form: forms.Form, act: Act, done: str) -> HttpResponse:
    """Do the act of a form and go back to the page; else the page again with the form and what is wrong in it."""
    if Role.BUREAU not in selectors.roles_of(request.user):
        raise PermissionDenied("扣缴单位由市局经办登记。")
    if form.is_valid():
        try:
            act(cast(User, request.user), dict(form.cleaned_data))
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, done)
            return redirect("grid-payers")
    return _show(request, {name: form}, status=400)


def _show(request: HttpRequest, bound: dict[str, forms.Form] | None = None, *, status: int = 200) -> HttpResponse:
    bound = bound or {}
    payer_form = bound.get("payer")
    is_change = bool(payer_form and payer_form.data.get("known"))
    context = {
        "payers": list(Payer.objects.all()),
        "areas": _areas(),
        "refused": [form for form in (bound.get("end"), bound.get("dates"), payer_form if is_change else None) if form],
        "payer": payer_form if payer_form and not is_change else PayerForm(),
        "succession": bound.get("succession") or SuccessionForm(),
        "successions": list(Succession.objects.all()),
        "area": bound.get("area") or AreaForm(initial={"valid_from": clock.today_beijing()}),
        "may_keep": Role.BUREAU in selectors.roles_of(request.user),
        "today": clock.today_beijing(),
    }
    return render(request, "grids/payers.html", context, status=status)


def _areas() -> list[dict[str, Any]]:
    """The areas, one cell after the other and the latest first, with the name that today's edition gives the cell."""
    areas = list(PayerArea.objects.select_related("payer").order_by("cell_code", "-valid_from")[:500])
    edition = selectors.edition_now()
    names = selectors.cell_names(edition, {area.cell_code for area in areas}) if edition else {}
    return [{"area": area, "cell_name": names.get(area.cell_code, "")} for area in areas]
