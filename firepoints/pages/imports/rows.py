"""One row of an import: as it stood, what became of it, and, where it was quarantined, the way to mend it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core.errors import Conflict, NotAllowed, Refused
from firepoints.feedback import fates
from firepoints.links import row_url
from firepoints.models import RawRow
from firepoints.pages import proposed
from firepoints.pages.imports import shown
from firepoints.pages.imports.access import may_import, reader, row_or_404, says_why
from firepoints.pages.imports.forms import DiscardForm, MendForm
from firepoints.pages.imports.shown_next import swap_of
from firepoints.sightings.lists import discarding, mending
from grids.models import User
from journal.pages.proposals import panel_of
from journal.proposals.selectors import open_on


@require_http_methods(["GET", "HEAD", "POST"])
@says_why
def row_page(request: HttpRequest, uuid: UUID, row_no: int) -> HttpResponse:
    """GET shows the row (`?sheet=` where there are several). POST mends it or sets it aside; sent twice it is done once."""
    user = reader(request)
    _, row = row_or_404(uuid, row_no, request.GET.get("sheet", ""))
    if request.method == "POST":
        if not may_import(user):
            raise NotAllowed("更正隔离的行由市局经办")
        return _discard(request, user, row) if "discard" in request.POST else _mend(request, user, row)
    return _show(request, user, row)


def _mend(request: HttpRequest, user: User, row: RawRow) -> HttpResponse:
    form = MendForm(request.POST, cells=mending.cells_of(row))
    if not form.is_valid():
        return _show(request, user, row, mend=form, status=400)
    try:
        done = mending.row_mend(row=row, cells=form.cells(), actor=user, reason=form.cleaned_data["reason"])
    except mending.StillUnreadable as error:
        form.add_error(form.field_of(error.column), error.message)
        return _show(request, user, row, mend=form, status=error.http_status)
    except Conflict as error:
        messages.info(request, error.message)
        return redirect(_url(row))
    except Refused as error:
        form.add_error(None, error.message)
        return _show(request, user, row, mend=form, status=error.http_status)
    messages.success(request, "已更正，原来的一行不动")
    return redirect("imports:run", done.run.uuid if done.run else row.run.uuid)


def _discard(request: HttpRequest, user: User, row: RawRow) -> HttpResponse:
    form = DiscardForm(request.POST, prefix="discard")
    if not form.is_valid():
        return _show(request, user, row, discard=form, status=400)
    try:
        outcome = discarding.discard_or_propose(row=row, actor=user, reason=form.cleaned_data["reason"])
    except Conflict as error:
        messages.info(request, error.message)
    else:
        waits = outcome.proposal
        messages.success(request, proposed.words_of(waits) if waits else "已登记：这一行不再处理")
    return redirect(_url(row))


def _url(row: RawRow) -> str:
    return row_url(row.run.uuid, row.row_no, row.sheet)


def _show(
    request: HttpRequest,
    user: User,
    row: RawRow,
    *,
    mend: MendForm | None = None,
    discard: DiscardForm | None = None,
    status: int = 200,
) -> HttpResponse:
    cells = mending.cells_of(row)
    is_open = may_import(user) and not mending.why_not(row)
    context: dict[str, Any] = {
        "row": row,
        "run": row.run,
        "label": shown.Outcome(row.outcome).label,
        "address": shown.address(row.sheet, row.row_no, row.column, cells),
        "pairs": shown.pairs_of(row),
        "reason": shown.reason_of(row),
        "fates": fates.fates_of(row.run, [row])[row.row_no, row.sheet],
        "here": _url(row),
        "mending": mending.standing_mending(row) if row.pk else None,
        "mend": (mend or MendForm(cells=cells, wrong=row.column)) if is_open and cells else None,
        "swapped": swap_of(row) if is_open else [],
        "discard": (discard or DiscardForm(prefix="discard")) if is_open else None,
        "back": f"{reverse('imports:run', args=[row.run.uuid])}?outcome={row.outcome}#rows",
        "proposals": panel_of(list(open_on(discarding.SUBJECT, row.pk)), user),
        "words": list(row.final_words.order_by("seq")) if row.pk else [],
    }
    return render(request, "firepoints/import_row.html", context, status=status)
