"""The pages that explain a yuan: the entries, the account of a point, the rule, and the files behind them."""

from __future__ import annotations

import uuid as uuids
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from core.errors import NotThere
from firepoints.models import Detection, Evidence, RawRow
from firepoints.pages.access import user_of
from firepoints.pages.acts.evidence import piece_response, sealed
from firepoints.pages.imports.access import READERS
from firepoints.pages.imports.shown import pairs_of
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import access
from papers import filing
from penalties import selectors
from penalties.explaining import reach
from penalties.explaining.account import Account, Movement, account_of
from penalties.models import LedgerEntry, Rule
from penalties.money import daxie, yuan_whole
from penalties.pages.forms import EntryForm
from penalties.rules.stored import definition

PAGE = 50


@require_safe
def entry_list(request: HttpRequest) -> HttpResponse:
    """The entries of the ledger that the user may open, the newest first, narrowed by month, payer, batch or kind."""
    user = user_of(request)
    form = EntryForm(request.GET)
    rows = (
        reach.narrowed(reach.entries_open_to(user), **form.criteria())
        .select_related("point", "batch", "rule")
        .order_by("-pk")
    )
    after = request.GET.get("after", "")
    if after.isascii() and after.isdecimal() and len(after) < 18:
        rows = rows.filter(pk__lt=int(after))
    entries = list(rows[: PAGE + 1])
    query = request.GET.copy()
    query.pop("after", None)
    more = ""
    if len(entries) > PAGE:
        query["after"] = str(entries[PAGE - 1].pk)
        more = f"?{query.urlencode()}"
    context = {
        "form": form,
        "rows": [{"entry": entry, "amount": yuan_whole(entry.amount_fen)} for entry in entries[:PAGE]],
        "next_url": more,
        "csv_url": f"{reverse('penalties-api:entries')}?{urlencode({**form.criteria(), 'format': 'csv'})}",
        "whole": selectors.sees_whole_table(user),
    }
    return render(request, "penalties/entries.html", context)


@require_safe
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry: the account of its point, opened at that entry."""
    row = _open(reach.entry_open_to, user_of(request), pk)
    return _account(request, row.point_id, focus=row.pk)


@require_safe
def account(request: HttpRequest, point_id: int) -> HttpResponse:
    """一处的账: every entry of a point, why it was charged and why it came back, batches, hashes, raw rows, files."""
    return _account(request, point_id)


def _open(find: Any, *key: Any) -> Any:
    try:
        return find(*key)
    except NotThere as error:
        raise Http404(error.message) from error


def _account(request: HttpRequest, point_id: int, focus: int = 0) -> HttpResponse:
    user = user_of(request)
    sheet: Account = _open(account_of, user, point_id)
    whole = selectors.sees_whole_table(user)
    photos = list(reach.evidence_behind(user, point_id))
    if photos:
        access(user, "evidence", sheet.point, f"一处的账：{len(photos)} 件佐证")
    context = {
        "account": sheet,
        "point": sheet.point,
        "focus": focus,
        "opens_point": reach.opens_point(user, sheet.point),
        "reads_imports": bool(roles_of(user) & READERS),
        "sums": _sums(sheet),
        "rows": [_row(move, names=whole) for move in sheet.movements],
        "batches": [
            {"batch": batch, "line": line, "amount": yuan_whole(fen), "line_amount": yuan_whole(line.amount_fen) if line else "",
             "others": others}
            for batch, line, fen, others in sheet.batches
        ],
        "raw": [_raw(detection, row) for detection, row in sheet.raw],
        "evidence": [_piece(piece, point_id) for piece in photos],
        "pinned": [{"key": key, "since": since, "document": document, "value": value}
                   for key, since, document, value in sheet.pinned],
        "last": sheet.movements[-1].entry,
    }  # fmt: skip
    return render(request, "penalties/account.html", context)


def _sums(sheet: Account) -> dict[str, str]:
    waiting = sheet.waiting_fen
    return {
        "charged": yuan_whole(sheet.charged_fen),
        "returned": yuan_whole(sheet.returned_fen),
        "balance": yuan_whole(sheet.balance_fen),
        "daxie": daxie(sheet.balance_fen),
        "executed": yuan_whole(sheet.executed_fen),
        "waiting": yuan_whole(abs(waiting)),
        "waiting_label": "还要退给" if waiting < 0 else "待扣缴",
        "is_back": "1" if waiting < 0 else "",
    }


def _row(move: Movement, *, names: bool) -> dict[str, Any]:
    entry = move.entry
    batch = entry.batch
    checker = f"，{batch.checked_by}审核" if batch.checked_by else ""
    makers = f"{batch.prepared_by}制表{checker}" if names else ""
    line = move.line
    return {
        "move": move,
        "entry": entry,
        "what": "退" if entry.reverses_id else "扣",
        "makers": makers,
        "amount": yuan_whole(entry.amount_fen),
        "balance": yuan_whole(entry.balance_fen),
        "line_no": line.position if line else None,
        "line_sum": f"{line.payer_name} {line.count} 处 {yuan_whole(line.amount_fen)} 元" if line else "",
        "vouchers": [{"voucher": voucher, "amount": yuan_whole(voucher.amount_fen)} for voucher in move.vouchers],
        "executed": yuan_whole(move.executed_fen) if move.executed_fen else "",
    }


def _raw(detection: Detection, row: RawRow | None) -> dict[str, Any]:
    run = detection.run
    return {
        "detection": detection,
        "run": run,
        "row": row,
        "pairs": pairs_of(row) if row else [],
        "has_file": bool(run.stored_as),
    }


def _piece(piece: Evidence, point_id: int) -> dict[str, Any]:
    url = reverse("penalties:account_evidence", args=[point_id, piece.uuid])
    return {"piece": piece, "url": url, "is_photo": piece.kind == Evidence.Kind.PHOTO}


@require_safe
def account_file(request: HttpRequest, point_id: int, detection_id: int) -> FileResponse:
    """The imported file behind a charged row, as it came, for whoever may open the entry: a hash that can be compared."""
    user = user_of(request)
    entries: list[LedgerEntry] = _open(reach.entries_of_point, user, point_id)
    detections = {row.recognition.charged_detection_id: row.recognition.charged_detection for row in entries}
    detection = detections.get(detection_id)
    path = filing.stored_path(detection.run.stored_as) if detection and detection.run.stored_as else None
    if detection is None or path is None or not path.is_file():
        raise Http404("这一行的文件不在存储里。")
    access(user, "import_file", detection.run, f"一处的账：{entries[0].point}")
    response = FileResponse(path.open("rb"), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, detection.run.filename)
    response["Cache-Control"] = "private, no-store"
    return sealed(response)


@require_safe
def account_evidence(request: HttpRequest, point_id: int, uuid: uuids.UUID) -> FileResponse:
    """A piece of evidence on which an entry rests: a photo without EXIF (`?size=thumb`), a paper or track as a download."""
    user = user_of(request)
    piece = reach.evidence_behind(user, point_id).filter(uuid=uuid).first()
    if piece is None:
        raise Http404("没有这件佐证，或不在您的范围内。")
    if request.GET.get("size") != "thumb":
        access(user, "evidence", piece, str(piece.point))
    return piece_response(piece, is_thumb=request.GET.get("size") == "thumb")


@require_safe
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """One version of a rule: its document, clause, days and the whole definition as it is applied."""
    row = get_object_or_404(Rule, pk=pk)
    user = user_of(request)
    if not (roles_of(user) - {Role.SYSTEM}):
        raise Http404("没有这条规则，或不在您的范围内。")
    parsed = definition(row)
    context = {
        "rule": row,
        "fixed": yuan_whole(parsed.fixed_fen) if parsed.fixed_fen is not None else "",
        "pairs": sorted((key, value) for key, value in row.definition.items()),
        "others": Rule.objects.exclude(pk=row.pk).order_by("code", "version"),
    }
    return render(request, "penalties/rule.html", context)
