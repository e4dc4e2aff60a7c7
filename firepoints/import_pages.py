"""Import in the browser: choose a file, see what would happen, write it, look at every row, take it back; and findings."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from firepoints import import_view
from firepoints.import_forms import (
    DATUM_LABELS,
    FindingForm,
    PreviewForm,
    UploadForm,
    WithdrawForm,
    plain_name,
)
from firepoints.models import FirePoint, ImportRun
from firepoints.services import ingest, intake, uploads, withdrawing
from firepoints.sources.base import SourceError
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from journal.errors import BadInput, Refused

PAGE = 30
READERS = frozenset({Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})
IMPORTERS = frozenset({Role.BUREAU})
FINDERS = frozenset().union(*intake.OPEN_TO.values())


def _user(request: HttpRequest, allowed: frozenset[Role], otherwise: str) -> User:
    """The signed-in person, if one of the roles is theirs today."""
    user = cast(User, request.user)
    if not roles_of(user) & allowed:
        raise PermissionDenied(otherwise)
    return user


def _may_import(user: User) -> bool:
    return bool(roles_of(user) & IMPORTERS)


@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """Imports, newest first, page by page from a key."""
    user = _user(request, READERS, "导入记录由市局、认定人和审计查看。")
    found = ImportRun.objects.select_related("source", "actor").order_by("-id")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdecimal() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    runs = list(found[: PAGE + 1])
    context = {
        "runs": runs[:PAGE],
        "may_import": _may_import(user),
        "next_url": f"?before={runs[PAGE - 1].pk}" if len(runs) > PAGE else "",
        "prev_url": reverse("imports:list") if before else "",
    }
    return render(request, "firepoints/import_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file. The bytes are kept by content, and the preview is an address that can be opened again."""
    _user(request, IMPORTERS, "导入由市局经办。")
    form = UploadForm(request.POST or None, request.FILES or None) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        name = plain_name(given.name or "")
        token = uploads.keep(given.read(), filename=name)
        query = urlencode({"token": token, "name": name, **form.as_query()})
        return redirect(f"{reverse('imports:preview')}?{query}")
    status = 400 if request.method == "POST" else 200
    return render(request, "firepoints/import_new.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest) -> HttpResponse:
    """GET: what would become of every row, with nothing written. POST: write it; sent twice it is one run."""
    user = _user(request, IMPORTERS, "导入由市局经办。")
    form = PreviewForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        messages.error(request, "这个预览打不开了，请重新选择文件")
        return redirect("imports:new")
    try:
        path = uploads.path_of(form.cleaned_data["token"], filename=form.cleaned_data["name"])
        if request.method == "POST":
            return _commit(request, user, form)
        done = ingest.import_file(path=path, actor=user, filename=form.cleaned_data["name"], dry_run=True, **form.how())
    except (Refused, SourceError) as error:
        return _unreadable(request, form, error)
    return render(request, "firepoints/import_preview.html", _preview_context(form, done, path.stat().st_size))


def _commit(request: HttpRequest, user: User, form: PreviewForm) -> HttpResponse:
    attempt = form.cleaned_data["attempt"] or uuid4()
    path = uploads.path_of(form.cleaned_data["token"], filename=form.cleaned_data["name"])
    known = ImportRun.objects.filter(uuid=attempt).first()
    if known is None:
        try:
            done = ingest.import_file(
                path=path, actor=user, filename=form.cleaned_data["name"], uuid=attempt, **form.how()
            )
        except IntegrityError:
            # The same form, sent twice at the same moment: the other request made the run.
            known = get_object_or_404(ImportRun, uuid=attempt)
        else:
            messages.success(
                request, f"已写入：入库 {done.kept} 行、隔离 {done.quarantined} 行，涉及火点 {done.points} 处"
            )
            return redirect("imports:run", attempt)
    messages.info(request, "这份文件已经写入，没有重复写")
    return redirect("imports:run", known.uuid)


def _unreadable(request: HttpRequest, form: PreviewForm, error: Refused | SourceError) -> HttpResponse:
    """The form to choose again, with what was wrong and what to do."""
    again = UploadForm(initial=form.data.dict() if hasattr(form.data, "dict") else {})
    said = error.message if isinstance(error, Refused) else str(error)
    status = error.http_status if isinstance(error, Refused) else 400
    context = {"form": again, "refused": said, "name": form.cleaned_data.get("name", "")}
    return render(request, "firepoints/import_new.html", context, status=status)


def _preview_context(form: PreviewForm, done: ingest.Import, size: int) -> dict[str, Any]:
    data = form.cleaned_data
    source = data["source"]
    rows = import_view.looks(done.looks)
    return {
        "name": data["name"],
        "source": source,
        "class_said": import_view.CLASS_SAID[source.source_class],
        "datum": DATUM_LABELS[data["datum"] or source.datum],
        "datum_by": "本次指定" if data["datum"] else "来源设置",
        "zone": "世界时（UTC），换成北京时间" if source.parser == "firms" else "北京时间（有时区的按其时区）",
        "token": data["token"],
        "size": size,
        "facts": [(form[name].label, data[name]) for name in ("issuer", "period", "list_no") if data[name]],
        "done": done,
        "tiles": import_view.tiles(done),
        "refused": import_view.refused(done.rejected),
        "kept": [row for row in rows if row["row"].outcome == "kept"],
        "others": [row for row in rows if row["row"].outcome != "kept"],
        "counties": import_view.counties(done.counties),
        "headings": import_view.headings(done.meta),
        "fields": [(name, value) for name, value in form.data.items() if name in form.fields and name != "attempt"],
        "attempt": uuid4(),
    }


@require_safe
def run_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One import: its outcomes and every row, by outcome, in file order."""
    user = _user(request, READERS, "导入记录由市局、认定人和审计查看。")
    return _run_page(request, user, _run(uuid), WithdrawForm())


def _run(uuid: UUID) -> ImportRun:
    return get_object_or_404(ImportRun.objects.select_related("source", "actor", "supersedes"), uuid=uuid)


def _run_page(request: HttpRequest, user: User, run: ImportRun, form: WithdrawForm, status: int = 200) -> HttpResponse:
    outcome = request.GET.get("outcome", "")
    rows, newer, older = import_view.rows_page(
        run, outcome=outcome, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    base = reverse("imports:run", args=[run.uuid])
    kept = f"outcome={outcome}&" if outcome in import_view.Outcome.values else ""
    context = {
        "run": run,
        "tiles": import_view.tiles(run, base),
        "rows": rows,
        "outcome": import_view.Outcome(outcome).label if kept else "",
        "prev_url": f"{base}?{kept}before={newer}#rows" if newer else "",
        "next_url": f"{base}?{kept}after={older}#rows" if older else "",
        "all_url": base,
        "datum": DATUM_LABELS.get(run.datum, run.datum),
        "class_said": import_view.CLASS_SAID[run.source.source_class],
        "form": form if _may_import(user) and run.state == ImportRun.State.COMMITTED else None,
    }
    return render(request, "firepoints/import_run.html", context, status=status)


@require_POST
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take an import back with a reason, so that the right file can follow."""
    user = _user(request, IMPORTERS, "撤回导入由市局经办。")
    run = _run(uuid)
    form = WithdrawForm(request.POST)
    if run.state == ImportRun.State.WITHDRAWN:
        messages.info(request, "这次导入已经撤回，没有重复办理")
        return redirect("imports:run", uuid)
    if form.is_valid():
        try:
            withdrawing.import_withdraw(run=str(run.uuid), actor=user, reason=form.cleaned_data["reason"])
        except Refused as error:
            form.add_error(None, error.message)
            return _run_page(request, user, run, form, status=error.http_status)
        messages.success(request, "已撤回；可以导入正确的文件")
        return redirect("imports:run", uuid)
    return _run_page(request, user, run, form, status=400)


@require_http_methods(["GET", "HEAD", "POST"])
def finding(request: HttpRequest) -> HttpResponse:
    """Report what was found on the spot; the same form sent twice is one finding."""
    user = _user(request, FINDERS, "您的岗位不上报现场发现。")
    form = FindingForm(request.POST, user=user) if request.method == "POST" else FindingForm(user=user)
    if request.method == "POST" and form.is_valid():
        try:
            done, point = intake.finding_record(
                data=form.finding(),
                actor=user,
                source_code=form.cleaned_data["source"],
                datum=form.cleaned_data["datum"],
            )
        except BadInput as error:
            field = error.where if error.where in form.fields else None
            form.add_error(field, error.message.removeprefix(f"{error.where}："))
        except Refused as error:
            form.add_error(None, error.message)
        else:
            return _found(request, user, done, point)
    status = 400 if form.is_bound else 200
    context = {"form": form, "only_self": intake.sources_open_to(user) == ["self_found"]}
    return render(request, "firepoints/finding.html", context, status=status)


def _found(request: HttpRequest, user: User, done: ingest.Import, point: FirePoint | None) -> HttpResponse:
    if point is None:
        messages.warning(request, "已记录；位置在本市网格之外，不生成火点。请核对经纬度和坐标系。")
        return redirect("imports:finding")
    if done.kept:
        messages.success(request, f"已上报，归入 {point}")
    else:
        messages.info(request, f"这一条已经报过，在 {point}")
    if FirePoint.objects.visible_to(user).filter(pk=point.pk).exists():
        return redirect("firepoints:detail", point.pk)
    return redirect("imports:finding")
