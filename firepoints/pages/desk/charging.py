"""扣缴来源: the matrix of policy.md §3 as it stands on a day, what was ruled about it, and the form of the bureau."""

from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import Refused
from core.http.bodies import takes
from firepoints.models import Ruling, Source
from firepoints.policy import charge_matrix, rulings
from firepoints.policy.ruling_acts import cell_key, ruling_propose
from firepoints.policy.ruling_kinds import cell_label
from grids import selectors as grids
from grids.models import User
from grids.pages.forms.people import DAY
from grids.rights import scope_or_403
from grids.roles import Role

LEAD = "线索，只派发"
QUESTIONS = {charge_matrix.SELF_FOUND: "按“自查是否计入”", charge_matrix.CITY_ENFORCEMENT: "按“市本级执法检查是否计入”"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it stands: whether it counts (None: a lead), and on what ground."""

    kind: str
    counts: bool | None
    ground: str


class RulingForm(forms.Form):
    authority = forms.ChoiceField(
        label="单位级别", choices=[(one, Source.Authority(one).label) for one in charge_matrix.AUTHORITIES]
    )
    kind = forms.ChoiceField(label="类别", choices=[(one, Source.Kind(one).label) for one in charge_matrix.KINDS])
    counts = forms.ChoiceField(label="裁定", choices=[("yes", "可以扣缴"), ("no", "不扣缴")])
    valid_from = forms.DateField(label="自哪天的火点起", widget=DAY)
    document_no = forms.CharField(label="依据文号", max_length=80)
    scan = forms.FileField(label="文件扫描件", help_text="PDF、JPG、PNG 或 TIFF，不超过 30 MB。")
    note = forms.CharField(label="说明", max_length=200, required=False)


@require_safe
def charging(request: HttpRequest) -> HttpResponse:
    """The matrix today, for everyone who holds a post."""
    scope_or_403(request.user)
    return _show(request, RulingForm())


@takes("document")
@require_POST
def charging_rule(request: HttpRequest) -> HttpResponse:
    """Ask for a ruling; a refusal comes back in the form."""
    if Role.BUREAU not in grids.roles_of(request.user):
        raise PermissionDenied("裁定由市局经办提请。")
    form = RulingForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, form, status=400)
    try:
        _ask(cast(User, request.user), **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, refused.message)
        return _show(request, form, status=400)
    messages.success(request, "已提请；另一个人同意后才生效，以前的认定不变。")
    return redirect("firepoints:charging")


def _ask(actor: User, *, authority: str, kind: str, counts: str, scan: Any, **ruling: Any) -> None:
    key = cell_key(authority, kind)
    ruling_propose(key=key, value=counts == "yes", scan=(scan.read(), scan.name or "裁定"), actor=actor, **ruling)


def _show(request: HttpRequest, form: RulingForm, *, status: int = 200) -> HttpResponse:
    today = clock.today_beijing()
    keys = (*charge_matrix.CELLS, *QUESTIONS)
    history = Ruling.objects.filter(key__in=keys).order_by("-valid_from", "key")[:200]
    context: dict[str, Any] = {
        "form": form,
        "today": today,
        "kinds": [(kind.value, kind.label) for kind in Source.Kind],
        "lines": _lines(today),
        "history": [(_name(ruling.key), ruling) for ruling in history],
        "may_rule": Role.BUREAU in grids.roles_of(request.user),
    }
    return render(request, "firepoints/charging.html", context, status=status)


def _name(key: str) -> str:
    return QUESTIONS[key].removeprefix("按") if key in QUESTIONS else cell_label(key)


def _lines(today: date) -> list[tuple[str, list[Cell]]]:
    in_force = rulings.rulings_on(today)
    return [
        (str(authority.label), [_cell(authority.value, kind, in_force) for kind in Source.Kind])
        for authority in Source.Authority
    ]


def _cell(authority: str, kind: Source.Kind, in_force: dict[str, list[Any]]) -> Cell:
    key = charge_matrix.key_of(authority, kind.value)
    if not key:
        return Cell(str(kind.label), None, LEAD)
    since, document_no, value = in_force[key]
    default = charge_matrix.CELLS[key]
    ground = f"{document_no or '裁定'}，{since}起" if since else QUESTIONS.get(str(default), "政策原文")
    return Cell(str(kind.label), bool(value), ground)
