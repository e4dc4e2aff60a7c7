"""The pages of 通报: a period chosen and looked at, made, read, recorded as issued (C14)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import Refused
from core.month import Month
from firepoints.models import FirePoint
from firepoints.pages.access import user_of
from firepoints.terms.scope import own_counties
from grids.roles import Role
from grids.selectors import roles_of
from papers.downloads import DOCX, download
from penalties.circulars import making
from penalties.circulars.content import circular_report
from penalties.circulars.report import STAGE_WORDS, PlaceRow, Tally, period_words
from penalties.documents.report import BASIS_WORDS, ReportMismatch
from penalties.models import Circular
from penalties.selectors import sees_whole_table

SHOWN, ROWS = 50, 300


def _day(label: str, help_text: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, widget=widget)


class PeriodForm(forms.Form):
    starts_on = _day("起火日自")
    ends_on = _day("到（含）")


class IssueForm(forms.Form):
    doc_no = forms.CharField(label="文号", max_length=80, help_text="办公系统编发的文号。")
    issued_on = _day("印发日期")
    reported_on = _day("报送市政府日期")


@require_safe
def circular_list(request: HttpRequest) -> HttpResponse:
    """The 通报 made so far, the newest first; the bureau chooses a period and sees its figures before it makes one."""
    _require_reader(request)
    period = request.GET if {"starts_on", "ends_on"} & request.GET.keys() else None
    return _list(request, PeriodForm(period, initial=_last_month()))


def _list(request: HttpRequest, form: PeriodForm, status: int = 200) -> HttpResponse:
    may_make = Role.BUREAU in roles_of(request.user)
    preview = _preview(form) if may_make and form.is_bound and form.is_valid() else None
    context = {
        "rows": list(making.circulars_for(user_of(request)).defer("content")[:SHOWN]),
        "form": form if may_make else None,
        "preview": preview,
    }
    return render(request, "penalties/circulars.html", context, status=status)


def _preview(form: PeriodForm) -> dict[str, Any] | None:
    """The figures of the period as they stand; None with the reason in the form."""
    try:
        making.require_period(**form.cleaned_data)
    except Refused as refused:
        form.add_error(None, refused.message)
        return None
    report = circular_report(**form.cleaned_data)
    return {"period": report.period, "total": report.total, **_tables(report.counties, report.townships)}


def _tables(counties: Any, townships: Any) -> dict[str, Any]:
    return {
        "tables": [{"word": "县（区）", "rows": counties}, {"word": "乡镇（街道）", "rows": townships}],
        "bases": BASIS_WORDS.values(),
        "stages": STAGE_WORDS.values(),
    }


@require_POST
def circular_make(request: HttpRequest) -> HttpResponse:
    """Make the 通报 of a period; the same content again is the one that is there."""
    if Role.BUREAU not in roles_of(request.user):
        raise PermissionDenied("通报由市局经办生成。")
    form = PeriodForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=400)
    try:
        circular = making.circular_make(actor=user_of(request), **form.cleaned_data)
    except (Refused, ReportMismatch) as error:
        form.add_error(None, getattr(error, "message", str(error)))
        return _list(request, form, status=getattr(error, "http_status", 409))
    messages.success(request, "通报已生成并入档；办公系统编号、印发后在这里登记文号。")
    return redirect("penalties:circular", circular.pk)


@require_safe
def circular_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One 通报 as it was frozen."""
    return _detail(request, _circular_or_404(request, pk), IssueForm())


def _detail(request: HttpRequest, row: Circular, form: IssueForm, status: int = 200) -> HttpResponse:
    content = row.content
    may_issue = Role.BUREAU in roles_of(request.user) and not hasattr(row, "issue")
    counties, townships = (
        tuple(PlaceRow(**place) for place in _with_counts(content[key])) for key in ("counties", "townships")
    )
    points = [
        {**point, "burned_on": date.fromisoformat(point["burned_on"]), "stage": STAGE_WORDS[point["standing"]],
         "basis": BASIS_WORDS[point["basis"]]}
        for point in content["points"]
    ]  # fmt: skip
    point_ids = [point["point_id"] for point in points[:ROWS]]
    context = {
        "circular": row,
        # Finance reads the whole 通报, but opens only the points that count.
        "opens": set(FirePoint.objects.visible_to(request.user).filter(pk__in=point_ids).values_list("pk", flat=True)),
        "issue": getattr(row, "issue", None),
        "documents": list(row.documents.order_by("kind")),
        "period": period_words(row.starts_on, row.ends_on),
        "points": points[:ROWS],
        "more": max(len(points) - ROWS, 0),
        "form": form if may_issue else None,
        **_tables(counties, townships),
    }
    return render(request, "penalties/circular.html", context, status=status)


def _with_counts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "tally": Tally(**row["tally"])} for row in rows]


@require_POST
def circular_issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Record number and dates; a refusal comes back in the form."""
    if Role.BUREAU not in roles_of(request.user):
        raise PermissionDenied("通报由市局经办登记。")
    row = _circular_or_404(request, pk)
    form = IssueForm(request.POST)
    if not form.is_valid():
        return _detail(request, row, form, status=400)
    try:
        making.circular_issue(circular=row, actor=user_of(request), **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, refused.message)
        return _detail(request, row, form, status=refused.http_status)
    messages.success(request, "已登记印发和报送市政府。")
    return redirect("penalties:circular", pk)


@require_safe
def circular_paper(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """A filed edition, exactly as it was filed; who took it is noted (journal.Access)."""
    row = _circular_or_404(request, pk)
    try:
        name, content = making.paper_of(row, kind, user_of(request))
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("penalties:circular", pk)
    return download(content, name, DOCX)


def _require_reader(request: HttpRequest) -> None:
    user = user_of(request)
    if not (sees_whole_table(user) or own_counties(user)):
        raise PermissionDenied("通报由市局生成，印发后县（区）指定部门可以查看。")


def _circular_or_404(request: HttpRequest, pk: int) -> Circular:
    circular: Circular = get_object_or_404(making.circulars_for(user_of(request)), pk=pk)
    return circular


def _last_month() -> dict[str, date]:
    month = Month.of(clock.today_beijing()).shift(-1)
    return {"starts_on": month.first_day, "ends_on": month.last_day}
