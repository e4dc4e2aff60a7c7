"""裁定与设置: every ruling with its value, document, date and people, and one form by which the bureau asks for another."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import BadInput, Refused
from core.http.bodies import takes
from firepoints.models import Ruling
from firepoints.pages.desk.ruling_forms import RulingForm
from firepoints.policy import ruling_kinds, rulings
from firepoints.policy.ruling_acts import ACT, READERS, RulingDraft, ruling_propose
from firepoints.policy.ruling_kinds import RulingKind
from grids import selectors as grids
from grids.models import User
from grids.rights import scope_or_403
from grids.roles import Role
from journal.proposals import selectors as proposals
from journal.proposals.register import PROPOSABLE
from papers import filing
from papers.downloads import download

SCANS = {".pdf": "application/pdf", ".jpg": "image/jpeg", ".png": "image/png", ".tif": "image/tiff"}


@require_safe
@never_cache
def ruling_list(request: HttpRequest) -> HttpResponse:
    """The rulings of today for everyone who holds a post; `?key=` opens the form of one for the bureau."""
    scope_or_403(request.user)
    kind = ruling_kinds.kinds().get(request.GET.get("key", ""))
    return _show(request, RulingForm(kind) if kind else None)


@takes("document")
@require_POST
@never_cache
def ruling_ask(request: HttpRequest) -> HttpResponse:
    """Ask for a ruling; a refusal comes back in its form."""
    if Role.BUREAU not in grids.roles_of(request.user):
        raise PermissionDenied("裁定由市局经办提请。")
    kind = ruling_kinds.kinds().get(request.POST.get("key", ""))
    if kind is None:
        raise BadInput("没有这一项裁定", where="key", code="unknown_ruling")
    form = RulingForm(kind, request.POST, request.FILES)
    if form.is_valid():
        try:
            ruling_propose(actor=cast(User, request.user), key=kind.key, **form.ruling())
        except Refused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, f"已提请：{kind.label}。另一个人同意后才生效。")
            return redirect("firepoints:rulings")
    return _show(request, form, status=400)


@require_safe
@never_cache
def ruling_scan(request: HttpRequest, ruling_id: int) -> HttpResponse:
    """The scan of the document by which a ruling holds."""
    scope_or_403(request.user)
    ruling = get_object_or_404(Ruling.objects.exclude(scan_stored_as=""), pk=ruling_id)
    return _scan(ruling.scan_stored_as, ruling.scan_name)


@require_safe
@never_cache
def asked_scan(request: HttpRequest, asked_id: int) -> HttpResponse:
    """The scan of a ruling that waits for its answer, for whoever may read the proposal."""
    proposal = proposals.proposal_for(request.user, asked_id)
    if proposal.act != ACT:
        raise Http404("没有这份文件。")
    draft = RulingDraft.of(proposal.data)
    return _scan(draft.scan_stored_as, draft.scan_name)


def _scan(stored_as: str, filename: str) -> HttpResponse:
    content = filing.open_stored(stored_as).read_bytes()
    return download(content, filename, SCANS.get("." + stored_as.rpartition(".")[2], "application/octet-stream"))


def _show(request: HttpRequest, form: RulingForm | None, *, status: int = 200) -> HttpResponse:
    may_ask = Role.BUREAU in grids.roles_of(request.user)
    context = {
        "rooms": _rooms(clock.today_beijing()),
        "form": form if may_ask else None,
        "may_ask": may_ask,
        "waiting": _waiting(request.user),
    }
    return render(request, "firepoints/rulings.html", context, status=status)


def _rooms(today: date) -> list[tuple[str, list[dict[str, Any]]]]:
    """The rulings by subject: (subject, rows), in the order of the table."""
    rows = list(Ruling.objects.select_related("set_by", "accepted_by").order_by("-valid_from"))
    by_key: dict[str, list[Ruling]] = {}
    for row in rows:
        by_key.setdefault(row.key, []).append(row)
    values = rulings.values_on(today)
    rooms: dict[str, list[dict[str, Any]]] = {}
    for key, kind in ruling_kinds.kinds().items():
        rooms.setdefault(kind.room or "其他", []).append(_row(kind, values[key], by_key.get(key, []), today))
    return list(rooms.items())


def _row(kind: RulingKind, value: Any, history: list[Ruling], today: date) -> dict[str, Any]:
    current = next((row for row in history if row.valid_from <= today), None)
    return {
        "kind": kind,
        "value": kind.words(value),
        "default": kind.words(ruling_kinds.default_of(kind.key)),
        "current": current,
        "later": [(row, kind.words(row.value)) for row in history if row.valid_from > today][::-1],
        "earlier": [(row, kind.words(row.value)) for row in history if row.valid_from <= today and row != current],
    }


def _waiting(user: Any) -> list[dict[str, Any]]:
    """The rulings that wait for an answer, with what each would do, for whoever may read them."""
    if not grids.roles_of(user) & READERS:
        return []
    rows = [
        row for row in proposals.visible_to(user).filter(act=ACT, answered_at__isnull=True) if proposals.is_current(row)
    ]
    names = grids.names_of({row.asked_by for row in rows})
    return [
        {
            "proposal": row,
            "effects": PROPOSABLE[ACT].effects(row),
            "asked_by": names.get(row.asked_by, ""),
            "refusal": proposals.refusal(row, user),
        }
        for row in rows
    ]
