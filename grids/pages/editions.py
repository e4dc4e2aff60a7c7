"""边界版本: the history, one edition with its check, activation and code changes, and everything to take away."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import Refused
from core.http.bodies import takes
from grids import selectors
from grids.editions import changes as cell_changes
from grids.editions import exports, uploads
from grids.editions.activating import edition_activate
from grids.editions.check import ERRORS, LABELS, LACKS, WARNINGS
from grids.editions.reports import report_of
from grids.geo.datum import DATUM_NAMES
from grids.models import Edition, EditionReport
from grids.pages.edition_imports import importer
from grids.pages.forms.editions import DATUM_LABELS, ActivateForm, ChangesForm
from grids.rights import scope_or_403
from grids.roles import LEVELS, Role
from grids.selectors.left_behind import left_behind
from journal.record.services import access
from papers.downloads import BY_SUFFIX, download

SHOWN = 50
CHANGES_PAGE = 50


def _whole(request: HttpRequest) -> None:
    """Raises PermissionDenied outside the offices of the city: checks and changes name every county."""
    if not scope_or_403(request.user).everything:
        raise PermissionDenied("边界的检查和代码对应由市局查看。")


def _may_change(request: HttpRequest) -> bool:
    return Role.BUREAU in selectors.roles_of(request.user)


def _rows() -> list[dict[str, Any]]:
    """The editions, newest date first, those without a date before them."""
    last = Prefetch(
        "reports", EditionReport.objects.only("edition_id", "is_ok", "made_at").order_by("-pk"), to_attr="checks"
    )
    editions: Any = Edition.objects.select_related("supersedes").annotate(number=Count("cells")).prefetch_related(last)
    undated = sorted((row for row in editions if row.valid_from is None), key=lambda row: -row.pk)
    dated = sorted(
        (row for row in editions if row.valid_from is not None), key=lambda row: row.valid_from, reverse=True
    )
    rows = []
    for edition in (*undated, *dated):
        is_bad = bool(edition.checks) and not edition.checks[0].is_ok
        verdict = "没有检查" if not edition.checks else "有问题" if is_bad else "通过"
        datum = DATUM_NAMES.get(edition.datum, edition.datum)
        rows.append({"edition": edition, "cells": edition.number, "datum": datum, "check": verdict, "is_bad": is_bad})
    return rows


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """The page of all editions: which fires each rules, when it was known, what its check said."""
    scope_or_403(request.user)
    current, _ = selectors.edition_for(clock.today_beijing())
    context = {"rows": _rows(), "current": current, "may_change": _may_change(request)}
    return render(request, "grids/editions.html", context)


@require_safe
def history_workbook(request: HttpRequest) -> HttpResponse:
    """The history as a workbook."""
    scope_or_403(request.user)
    return _file(exports.history_workbook(_rows()), "边界版本.xlsx")


@require_safe
def detail(request: HttpRequest, edition_id: int) -> HttpResponse:
    """One edition: facts, map, the summary of its check, activation, what to take away."""
    scope = scope_or_403(request.user)
    edition = get_object_or_404(Edition.objects.select_related("supersedes"), pk=edition_id)
    return _detail(request, edition, scope.everything, ActivateForm(initial={"valid_from": edition.valid_from}))


def _detail(
    request: HttpRequest, edition: Edition, is_whole: bool, form: ActivateForm, status: int = 200
) -> HttpResponse:
    numbers = dict(edition.cells.values_list("level").annotate(number=Count("pk")).order_by())
    drawn = dict(
        edition.cells.filter(geometry__isnull=False).values_list("level").annotate(number=Count("pk")).order_by()
    )
    levels = [
        {"level": str(level), "label": exports.level_label(level), "number": numbers[level],
         "undrawn": numbers[level] - drawn.get(level, 0)}
        for level in LEVELS if level in numbers
    ]  # fmt: skip
    report = report_of(edition) if is_whole else None
    context = {
        "edition": edition,
        "levels": levels,
        "report": report,
        "summary": _summary(report) if report else [],
        "is_whole": is_whole,
        "datum": DATUM_LABELS.get(edition.datum, edition.datum),
        "form": form if _may_change(request) and edition.state != Edition.State.RETIRED else None,
        "changes": edition.changes.exists() if is_whole else False,
        "previous": cell_changes.previous_edition(edition),
        "left": len(left_behind(edition)) if is_whole and edition.state == Edition.State.ACTIVE else 0,
        "cells_url": f"{reverse('cells-geojson')}?level=county,township&edition={edition.pk}",
    }
    return render(request, "grids/edition.html", context, status=status)


def _summary(report: EditionReport) -> list[dict[str, Any]]:
    result = report.result
    counts = {**result["counts"], **result["warning_counts"]}
    groups = (("问题", ERRORS), ("缺少", LACKS), ("提醒", WARNINGS))
    return [
        {"kind": kind, "label": label, "group": group, "number": counts.get(kind, 0), "is_error": kind in ERRORS}
        for group, kinds in groups
        for kind, label in kinds.items()
    ]


@require_POST
def activate(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Let an edition rule from a date."""
    user = importer(request)
    edition = get_object_or_404(Edition.objects.select_related("supersedes"), pk=edition_id)
    form = ActivateForm(request.POST)
    if form.is_valid():
        try:
            _, changed = edition_activate(name=edition.name, actor=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, error.message)
            edition.refresh_from_db()
            return _detail(request, edition, True, form, status=error.http_status)
        message = f"“{edition.name}”自 {form.cleaned_data['valid_from']:%Y-%m-%d} 起启用"
        messages.success(request, message if changed else f"{message}（没有改动）")
        edition.refresh_from_db()
        return redirect("edition-carry" if left_behind(edition) else "edition", edition.pk)
    return _detail(request, edition, True, form, status=400)


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, edition_id: int) -> HttpResponse:
    """The report with its map. POST has the edition checked once more."""
    _whole(request)
    edition = get_object_or_404(Edition, pk=edition_id)
    if request.method == "POST":
        uploads.check_again(edition=edition, actor=importer(request))
        messages.info(request, "已交给后台检查；大的版本要几分钟，完成后这里换成新的结果")
        return redirect("edition-check", edition.pk)
    report = report_of(edition)
    groups = []
    at = 0
    for kind, label in LABELS.items() if report else ():
        rows = exports.findings_of(report.result, kind) if report else []
        counts = {**report.result["counts"], **report.result["warning_counts"]} if report else {}
        lines = [
            {"at": at + order, "row": row, "cells": exports.finding_row(row)} for order, row in enumerate(rows[:SHOWN])
        ]
        groups.append(
            {"kind": kind, "label": label, "is_error": kind in ERRORS, "number": counts.get(kind, 0), "rows": lines}
        )
        at += len(rows)
    context = {
        "edition": edition,
        "report": report,
        "groups": [group for group in groups if group["number"]],
        "clean": [group["label"] for group in groups if not group["number"]],
        "may_change": _may_change(request),
        "shown": SHOWN,
        "cells_url": f"{reverse('cells-geojson')}?level=county&edition={edition.pk}",
        "findings_url": reverse("edition-findings", args=[edition.pk]) if report else "",
    }
    return render(request, "grids/edition_check.html", context)


@require_safe
def findings(request: HttpRequest, edition_id: int) -> JsonResponse:
    """The findings of the latest check, for the map."""
    _whole(request)
    report = report_of(get_object_or_404(Edition, pk=edition_id))
    if report is None:
        raise Http404("还没有检查。")
    return JsonResponse(exports.findings_geojson(report), content_type="application/geo+json")


@takes("document")
@require_http_methods(["GET", "HEAD", "POST"])
def changes(request: HttpRequest, edition_id: int) -> HttpResponse:
    """Old codes to new ones: what is in force, what the shared ground suggests. POST `do=suggest` or a CSV."""
    _whole(request)
    edition = get_object_or_404(Edition, pk=edition_id)
    form = ChangesForm(request.POST or None, request.FILES or None) if request.method == "POST" else ChangesForm()
    status = 200
    if request.method == "POST":
        user = importer(request)
        try:
            if request.POST.get("do") == "suggest":
                rows = cell_changes.suggestions(edition)
                cell_changes.changes_store(edition=edition, changes=rows, actor=user, is_suggested=True)
                messages.success(request, f"已存下按面积推算的 {len(rows)} 行；请核对，错的用 CSV 改正")
                return redirect("edition-changes", edition.pk)
            if form.is_valid():
                rows = _read_csv(edition, form.cleaned_data["file"])
                cell_changes.changes_store(
                    edition=edition, changes=rows, actor=user, is_suggested=False, reason=form.cleaned_data["reason"]
                )
                messages.success(request, f"已换成文件里的 {len(rows)} 行")
                return redirect("edition-changes", edition.pk)
        except Refused as error:
            form.add_error(None, error.message)
        status = 400
    listed = cell_changes.changes_in_force(edition)
    context = {
        "edition": edition,
        "page": Paginator(listed, CHANGES_PAGE).get_page(request.GET.get("page")),
        "revision": listed[0].revision if listed else 0,
        "previous": cell_changes.previous_edition(edition),
        "form": form if _may_change(request) else None,
    }
    return render(request, "grids/edition_changes.html", context, status=status)


def _read_csv(edition: Edition, upload: Any) -> list[Any]:
    with tempfile.TemporaryDirectory(prefix="jinshao-changes-") as folder:
        path = Path(folder) / (Path(upload.name or "").name[:100] or "changes.csv")
        path.write_bytes(upload.read())
        return cell_changes.changes_read(edition=edition, path=path)


@require_safe
def export(request: HttpRequest, edition_id: int, what: str) -> HttpResponse:
    """The file asked for: `cells.xlsx|gpkg`, `LEVEL.geojson`, `check.xlsx`, `findings.gpkg|geojson`, `changes.xlsx`;
    the export is noted."""
    scope = scope_or_403(request.user)
    edition = get_object_or_404(Edition, pk=edition_id)
    cells = selectors.cells_visible_to(request.user, edition)
    suffix = Path(what).suffix
    level = what.removesuffix(".geojson")
    content = b""
    try:
        if what == "cells.xlsx":
            content = exports.cells_workbook(edition, cells)
        elif what == "cells.gpkg":
            content = exports.cells_layer(edition, cells, suffix)
        elif level in LEVELS:
            content = exports.cells_layer(edition, cells.filter(level=level), suffix)
        elif scope.everything:
            content = _whole_export(edition, what, suffix)
    except Refused as error:
        raise Http404(error.message) from error
    if not content:
        raise Http404("没有这种导出，或还没有内容。")
    access(request.user, "export", edition, detail=what)
    return _file(content, f"{edition.name}-{what}")


def _whole_export(edition: Edition, what: str, suffix: str) -> bytes:
    report = report_of(edition)
    if what == "changes.xlsx":
        return exports.changes_workbook(edition)
    if what == "check.xlsx" and report:
        return exports.report_workbook(report)
    if what in ("findings.gpkg", "findings.geojson") and report:
        return exports.findings_layer(report, suffix)
    return b""


def _file(content: bytes, name: str) -> HttpResponse:
    return download(content, name, BY_SUFFIX[Path(name).suffix])
