"""The people of one cell and its 责任书: posts with their terms, and the forms that keep them true (C2, C3, C5, C10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import BadInput, Refused
from core.http.bodies import takes
from grids import selectors
from grids.models import Cell, Designation, Letter, PhoneCheck, Post, Term, User
from grids.pages.forms import people as people_forms
from grids.people import letters, phones
from grids.people import posts as people
from grids.people.appointing import appoint
from grids.people.roster_row import RosterRow
from grids.rights import keepable_or_404
from grids.roles import LEVEL_LABELS, RESPONSIBLE_KINDS, Level, Role
from grids.selectors.people import held_on
from journal.record import services


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing to do on the page: its form, what it does, and what is said after. Cleaned data in, nothing out."""

    form: type[forms.Form]
    do: Callable[[Cell, User, dict[str, Any]], None]
    done: str


def _appoint(cell: Cell, actor: User, data: dict[str, Any]) -> None:
    appoint(row=RosterRow(cell_code=cell.code, level=cell.level, username="", **data), actor=actor)


def _end(cell: Cell, actor: User, data: dict[str, Any]) -> None:
    term = Term.objects.filter(pk=data["term"], post__cell_code=cell.code, post__kind__in=RESPONSIBLE_KINDS).first()
    if term is None:
        raise BadInput("没有这个任期", where="任期")
    people.term_end(term=term, ends=data["ends"], actor=actor, reason=data["reason"])


def _phone(cell: Cell, actor: User, data: dict[str, Any]) -> None:
    phones.phone_set(user=_holder(cell, data["holder"]), phone=data["phone"], actor=actor)


def _call(cell: Cell, actor: User, data: dict[str, Any]) -> None:
    holder = _holder(cell, data["holder"])
    phones.phone_checked(holder=holder, is_answered=data["is_answered"], note=data["note"], actor=actor)


def _holder(cell: Cell, pk: int) -> User:
    """Someone who answers for this very cell today: no other number can be changed from its page."""
    terms = Term.objects.filter(held_on(clock.today_beijing()), post__cell_code=cell.code)
    term = terms.filter(holder=pk, post__kind__in=RESPONSIBLE_KINDS).select_related("holder").first()
    if term is None:
        raise BadInput("这个人今天不是本网格的责任人", where="责任人")
    return term.holder


def _scan(upload: UploadedFile[Any]) -> letters.Scan:
    return letters.Scan(upload.read(), upload.name or "")


def _letter(cell: Cell, actor: User, data: dict[str, Any]) -> None:
    letters.letter_record(cell_code=cell.code, scan=_scan(data.pop("scan")), actor=actor, **data)


def _letters_below(cell: Cell, actor: User, data: dict[str, Any]) -> None:
    filed = letters.letters_record_below(uppers=[cell.code], scan=_scan(data.pop("scan")), actor=actor, **data)
    if not filed:
        raise BadInput("下级都已登记，或者还没有责任人", where="下级")


def _void(cell: Cell, actor: User, data: dict[str, Any]) -> None:
    letter = Letter.objects.filter(pk=data["letter"], cell_code=cell.code).first()
    if letter is None:
        raise BadInput("没有这份责任书", where="责任书")
    letters.letter_void(letter=letter, actor=actor, reason=data["reason"])


def _designate(cell: Cell, actor: User, data: dict[str, Any]) -> None:
    if Role.BUREAU not in selectors.roles_of(actor) or cell.level != Level.COUNTY:
        raise BadInput("指定核实部门由市局经办按县（区）的文件登记", where="指定部门")
    people.designate(county_code=cell.code, actor=actor, **data)


def _designation_end(cell: Cell, actor: User, data: dict[str, Any]) -> None:
    if Role.BUREAU not in selectors.roles_of(actor):
        raise BadInput("终止指定由市局经办按县（区）的文件登记", where="指定部门")
    row = Designation.objects.filter(pk=data["designation"], county_code=cell.code).first()
    if row is None:
        raise BadInput("没有这项指定", where="指定部门")
    people.designation_end(designation=row, valid_to=data["valid_to"], reason=data["reason"], actor=actor)


VERBS = {
    "appoint": Verb(people_forms.AppointForm, _appoint, "已登记任职。"),
    "end": Verb(people_forms.EndForm, _end, "已登记离任。"),
    "phone": Verb(people_forms.PhoneForm, _phone, "电话已更换。"),
    "call": Verb(people_forms.CallForm, _call, "抽查结果已记下。"),
    "letter": Verb(people_forms.LetterForm, _letter, "责任书已登记。"),
    "letters-below": Verb(people_forms.LettersBelowForm, _letters_below, "下级的责任书已登记。"),
    "void": Verb(people_forms.VoidForm, _void, "已作废，可以重新登记。"),
    "designate": Verb(people_forms.DesignateForm, _designate, "已登记指定部门。"),
    "designation-end": Verb(people_forms.DesignationEndForm, _designation_end, "已登记终止指定。"),
}


@require_safe
@never_cache
def cell_people(request: HttpRequest, code: str) -> HttpResponse:
    """The posts of a cell with who holds them, the letters, and the forms of a keeper."""
    cell, above = keepable_or_404(request.user, code)
    return _show(request, cell, above, {})


@takes("document")
@require_POST
@never_cache
def cell_people_act(request: HttpRequest, code: str, verb: str) -> HttpResponse:
    """Do one of VERBS; a refusal comes back on the page with what was filled in."""
    cell, above = keepable_or_404(request.user, code)
    act = VERBS.get(verb)
    if act is None:
        raise Http404("没有这个操作。")
    form = _form(verb, cell, request)
    if form.is_valid():
        try:
            act.do(cell, cast(User, request.user), dict(form.cleaned_data))
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, act.done)
            return redirect("grid-people", code=cell.code)
    return _show(request, cell, above, {verb: form}, status=400)


def _form(verb: str, cell: Cell, request: HttpRequest | None = None) -> forms.Form:
    """The form of a verb, its fields' ids led by the verb: several forms stand on one page."""
    form_args: dict[str, Any] = {"auto_id": f"{verb}_%s"}
    if verb == "designate":
        form_args["county"] = cell.code
    if request is not None:
        form_args |= {"data": request.POST, "files": request.FILES}
    return VERBS[verb].form(**form_args)


def _show(
    request: HttpRequest,
    cell: Cell,
    above: list[Cell],
    bound: dict[str, forms.Form],
    *,
    status: int = 200,
    is_revealed: bool = False,
) -> HttpResponse:
    today = clock.today_beijing()
    context = {
        "cell": cell,
        "above": above,
        "level_label": LEVEL_LABELS[Level(cell.level)],
        "posts": _posts(cell, today, is_revealed=is_revealed),
        "is_revealed": is_revealed,
        "letters": list(
            Letter.objects.filter(cell_code=cell.code).select_related("recorded_by").order_by("-year", "-id")
        ),
        "upper": above[-1] if above else None,
        "year": today.year,
        "appoint": bound.get("appoint") or _form("appoint", cell),
        "letter": bound.get("letter") or _form("letter", cell),
        "below": _below(cell, bound),
        "bound": bound,
        "designations": list(
            Designation.objects.filter(county_code=cell.code).select_related("post").order_by("-valid_from")
        ),
        "designate": _designating(request, cell, bound),
    }
    return render(request, "grids/people.html", context, status=status)


def _below(cell: Cell, bound: dict[str, forms.Form]) -> forms.Form | None:
    """The form that files for all the cells directly below; None for a group."""
    if cell.level == Level.GROUP:
        return None
    return bound.get("letters-below") or _form("letters-below", cell)


def _designating(request: HttpRequest, cell: Cell, bound: dict[str, forms.Form]) -> forms.Form | None:
    if cell.level != Level.COUNTY or Role.BUREAU not in selectors.roles_of(request.user):
        return None
    return bound.get("designate") or _form("designate", cell)


def _posts(cell: Cell, on: date, *, is_revealed: bool) -> list[dict[str, Any]]:
    """Each responsible post: holder of today, and its terms from the newest back."""
    posts = Post.objects.filter(cell_code=cell.code, kind__in=RESPONSIBLE_KINDS).order_by("id")
    terms: dict[int, list[Term]] = {}
    for term in Term.objects.filter(post__in=posts).select_related("holder").order_by("-starts"):
        terms.setdefault(term.post_id, []).append(term)
    last: dict[int, PhoneCheck] = {}
    holders = [term.holder_id for of_post in terms.values() for term in of_post]
    for check in PhoneCheck.objects.filter(holder__in=holders).select_related("checked_by").order_by("id"):
        last[check.holder_id] = check
    rows = []
    for post in posts:
        own = terms.get(post.pk, [])
        now = next((term for term in own if term.starts <= on and (term.ends is None or term.ends > on)), None)
        rows.append(
            {
                "post": post,
                "term": now,
                "phone": _phone_text(now, is_revealed=is_revealed),
                "check": last.get(now.holder_id) if now else None,
                "terms": own,
            }
        )
    return rows


def _phone_text(term: Term | None, *, is_revealed: bool) -> str:
    phone = term.holder.phone if term else ""
    return phone if is_revealed else selectors.mask_phone(phone)


@require_POST
@never_cache
def cell_phones(request: HttpRequest, code: str) -> HttpResponse:
    """The same page with full numbers, each shown number noted as an access (C5). Not kept: a reload masks again."""
    cell, above = keepable_or_404(request.user, code)
    for row in selectors.people_for({cell.level: cell.code}, clock.today_beijing()):
        if row.holder:
            services.access(request.user, "phone", row.holder, f"网格 {cell.code}")
    return _show(request, cell, above, {}, is_revealed=True)
