"""The batch pages: list and build, one batch with its steps, its papers (C12, C13)."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import BadInput, NotThere, Refused, StaleVersion
from core.http.bodies import takes
from core.month import Month, NotAMonth
from firepoints.pages.access import user_of
from grids.roles import Role
from grids.selectors import roles_of
from journal.record.services import access
from papers import filing
from penalties import selectors
from penalties.batches import reports, steps
from penalties.batches.lines import lines_for
from penalties.documents.report import ReportMismatch
from penalties.models import Batch, BatchState
from penalties.pages import finance_table, shown
from penalties.pages.forms import BuildForm, StepForm, scan_name

PAGE = 24
CONTENT_TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
}


@require_safe
def batch_list(request: HttpRequest) -> HttpResponse:
    """Batches, newest month first, page by page from a key; the bureau may build a month here."""
    return _list(request, BuildForm(initial={"month": _last_month()}))


def _list(request: HttpRequest, form: BuildForm, status: int = 200) -> HttpResponse:
    user = user_of(request)
    before = request.GET.get("before", "")
    one_more = list(_before(selectors.batches_visible_to(user), before)[: PAGE + 1])
    page = one_more[:PAGE]
    totals = selectors.totals_of(user, page)
    rows = [_list_row(batch, totals[batch.pk]) for batch in page]
    older = f"?before={page[-1].month}.{page[-1].seq}" if len(one_more) > PAGE else ""
    context = {
        "rows": rows,
        "next_url": older,
        "prev_url": reverse("penalties:list") if before else "",
        "form": form if Role.BUREAU in roles_of(user) else None,
        "whole": selectors.sees_whole_table(user),
    }
    return render(request, "penalties/list.html", context, status=status)


def _before(steps: QuerySet[Batch], key: str) -> QuerySet[Batch]:
    """The batches older than the one that a page's key names (``2023-09.1``), newest first; a key that is none is ignored."""
    text, _, seq = key.partition(".")
    with contextlib.suppress(NotAMonth):
        month = str(Month.parse(text))
        if seq.isascii() and seq.isdecimal() and len(seq) < 5:
            steps = steps.filter(Q(month__lt=month) | Q(month=month, seq__lt=int(seq)))
    return steps.order_by("-month", "-seq")


def _list_row(batch: Batch, total: tuple[int, int, int]) -> dict[str, Any]:
    count, amount_fen, settled_fen = total
    return {
        "batch": batch,
        "count": f"退 {-count}" if count < 0 else count,
        "amount": finance_table.signed(amount_fen),
        "settled": finance_table.signed(settled_fen),
        "waiting": finance_table.signed(amount_fen - settled_fen) if batch.state in finance_table.WITH_FINANCE else "",
    }


def _last_month() -> str:
    return str(Month.of(clock.today_beijing()).shift(-1))


@require_POST
def batch_build(request: HttpRequest) -> HttpResponse:
    """Build the month's batch, or bring the open one up to now; doing it again changes nothing."""
    if Role.BUREAU not in roles_of(request.user):
        raise PermissionDenied("编制批次由市局经办。")
    form = BuildForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=400)
    try:
        batch = steps.batch_build(actor=user_of(request), **form.cleaned_data)
    except Refused as error:
        form.add_error(None, error.message)
        return _list(request, form, status=error.http_status)
    messages.success(request, f"{batch}已编制到 {batch.cut_off.astimezone(clock.BEIJING):%m-%d %H:%M}")
    return redirect("penalties:detail", batch.pk)


@require_safe
def batch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One batch: figures, steps, table, papers, corrections, the charged points."""
    batch = _batch_or_404(request, pk)
    context = shown.context_for(user_of(request), batch, payer=request.GET.get("payer", ""))
    return render(request, "penalties/detail.html", context)


@takes("document")
@require_POST
def batch_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take one step of C13; a refusal shows the form again with what was wrong, and nothing has changed."""
    batch = _batch_or_404(request, pk)
    if step not in steps.BY_STEP:
        raise Http404
    transition = steps.BY_STEP[step]
    label = transition.label
    if not (selectors.sees_whole_table(user_of(request)) and roles_of(request.user) & transition.roles):
        raise PermissionDenied(f"“{label}”不由您的岗位办理。")
    if shown.is_beyond(batch, transition):
        messages.info(request, f"{batch}已是“{batch.state_words}”，没有重复办理")
        return redirect("penalties:detail", pk)
    form = steps.LIFE.forms[step](request.POST, request.FILES, batch=batch, lines=lines_for(user_of(request), batch))
    if form.is_valid():
        try:
            batch = _act(request, batch, step, form)
        except (Refused, ReportMismatch) as error:
            status = error.http_status if isinstance(error, Refused) else 409
            _add_error(form, error)
        else:
            messages.success(request, f"{batch}：{label}已办")
            return redirect("penalties:detail", pk)
    else:
        status = 400
    if batch.state not in transition.sources:
        for problem in form.non_field_errors():
            messages.error(request, str(problem))
        return redirect("penalties:detail", pk)
    return render(
        request, "penalties/detail.html", shown.context_for(user_of(request), batch, filled={step: form}), status=status
    )


def _add_error(form: StepForm, error: Refused | ReportMismatch) -> None:
    """Put a refusal beside the field that it is about, in words only: the service names it as the API does (date)."""
    if not isinstance(error, BadInput):
        form.add_error(None, error.message if isinstance(error, Refused) else str(error))
        return
    dates = {"date": next((name for name in form.fields if name.endswith("_on")), "")}
    field = dates.get(error.where, error.where)
    form.add_error(field if field in form.fields else None, error.message.removeprefix(f"{error.where}："))


def _act(request: HttpRequest, batch: Batch, step: str, form: StepForm) -> Batch:
    """Take the step, if the batch is still as the person saw it. Raises StaleVersion and what the service raises."""
    with transaction.atomic():
        now = Batch.objects.select_for_update().get(pk=batch.pk)
        if now.version != form.cleaned_data["version"]:
            raise StaleVersion()
        service = partial(steps.LIFE.services[step], batch_id=batch.pk, actor=user_of(request), **form.facts())
        upload = form.cleaned_data.get("file")
        if upload is None:
            return cast(Batch, service())
        with _on_disk(upload) as path:
            return cast(Batch, service(file=path, filename=scan_name(upload.name or "")))


@contextmanager
def _on_disk(upload: UploadedFile[bytes]) -> Iterator[Path]:
    """An uploaded file as a path, gone afterwards."""
    with tempfile.NamedTemporaryFile(suffix=".upload") as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)


@require_safe
def batch_document(request: HttpRequest, pk: int, document_id: int) -> HttpResponse:
    """A filed paper, exactly as it left the house; who took it is noted (journal.Access)."""
    batch = _batch_or_404(request, pk)
    if not selectors.sees_whole_table(user_of(request)):
        raise Http404
    row = get_object_or_404(batch.documents, pk=document_id)
    try:
        content = filing.open_stored(row.stored_as).read_bytes()
        if sha256(content).hexdigest() != row.sha256:
            raise BadInput("文件与入档时的摘要不一致，请联系管理员", where=row.filename)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("penalties:detail", pk)
    access(request.user, "export", row, detail=row.filename)
    suffix = Path(row.stored_as).suffix
    return _download(content, f"{Path(row.filename).stem}{suffix}")


@require_safe
def batch_draft(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The workbook or the 请示 of a batch that is not yet filed, made now; a draft says so on every page."""
    batch = _batch_or_404(request, pk)
    if not selectors.sees_whole_table(user_of(request)) or kind not in shown.DRAFTS:
        raise Http404
    if batch.state not in shown.UNFILED:
        messages.info(request, f"这一批{batch.state_words}，请下载入档的那一份")
        return redirect("penalties:detail", pk)
    try:
        papers = {str(paper.kind): paper for paper in reports.papers(reports.batch_report(batch))}
    except ReportMismatch as error:
        messages.error(request, f"数字对不上，没有生成：{error}")
        return redirect("penalties:detail", pk)
    paper = papers[kind]
    mark = "草稿-" if batch.state == BatchState.OPEN else ""
    access(request.user, "export", batch, detail=f"{mark}{paper.filename}")
    return _download(paper.content, f"{mark}{paper.filename}")


def _download(content: bytes, filename: str) -> HttpResponse:
    """An attachment under a name that every browser reads (RFC 5987), of a type that we decide."""
    kind = CONTENT_TYPES.get(Path(filename).suffix.lower(), "application/octet-stream")
    return HttpResponse(
        content,
        content_type=kind,
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=filename) or "attachment",
            "Cache-Control": "private, no-store",
        },
    )


def _batch_or_404(request: HttpRequest, pk: int) -> Batch:
    try:
        return selectors.batch_visible_to(user_of(request), pk)
    except NotThere as error:
        raise Http404(error.message) from error
