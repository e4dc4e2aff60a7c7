"""Loading an edition in the browser: choose files, say what each layer is, look at it on a map, load it."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import Refused
from core.http.bodies import takes
from grids.editions import uploads
from grids.editions.exports import level_label
from grids.models import EditionImport, User
from grids.pages.forms.editions import DATUM_LABELS, FilesForm, LayersForm
from grids.roles import LEVELS, Role
from grids.selectors import roles_of

State = EditionImport.State
PROBLEMS_SHOWN = 100


def importer(request: HttpRequest) -> User:
    """The signed-in person, if borders are theirs to change. Raises PermissionDenied."""
    user = cast(User, request.user)
    if Role.BUREAU not in roles_of(user):
        raise PermissionDenied("边界版本由市局经办导入和启用。")
    return user


@takes("file")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose files; they are kept and looked at by a worker."""
    user = importer(request)
    form = FilesForm(request.POST, request.FILES) if request.method == "POST" else FilesForm()
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            row = uploads.import_start(name=data["name"], files=data["borders"], actor=user, note=data["note"])
        except Refused as error:
            form.add_error(None, error.message)
        else:
            return redirect("edition-import-run", row.uuid)
    recent = EditionImport.objects.select_related("edition", "actor").order_by("-pk")[:10]
    status = 400 if form.is_bound else 200
    return render(request, "grids/edition_import.html", {"form": form, "recent": recent}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def run(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """One import: its progress, the choice of columns, the preview, what was refused. POST `do=read` or `do=load`."""
    importer(request)
    row = get_object_or_404(EditionImport.objects.select_related("edition", "actor"), uuid=import_id)
    form = LayersForm(request.POST or None, row=row) if "sources" in row.report else None
    if request.method == "POST":
        answer = _act(request, row, form)
        if answer is not None:
            return answer
    context = _context(row, form)
    return render(request, "grids/edition_import_run.html", context, status=400 if request.method == "POST" else 200)


def _act(request: HttpRequest, row: EditionImport, form: LayersForm | None) -> HttpResponse | None:
    try:
        if request.POST.get("do") == "load":
            uploads.import_load(row=row)
        elif form is not None and form.is_valid():
            uploads.import_read(row=row, options=form.options())
        else:
            return None
    except Refused as error:
        messages.error(request, error.message)
    return redirect("edition-import-run", row.uuid)


def _context(row: EditionImport, form: LayersForm | None) -> dict[str, Any]:
    report, refused = row.report, row.report.get("refused") if row.state == State.REFUSED else None
    at_work = uploads.is_at_work(row)
    levels = [
        {
            "label": level_label(level),
            "number": report["cells"][level],
            "undrawn": report.get("undrawn", {}).get(level, 0),
        }
        for level in LEVELS
        if level in report.get("cells", {})
    ]
    problems = (refused or {}).get("problems", [])
    return {
        "row": row,
        "form": form if form is not None and not at_work and row.state != State.LOADED else None,
        "is_at_work": at_work,
        "percent": round(100 * row.done / row.total) if row.total else 0,
        "levels": levels,
        "refused": refused,
        "problems": problems[:PROBLEMS_SHOWN],
        "problem_count": (refused or {}).get("problem_count", len(problems)),
        "is_repairable": any(problem.get("repairable") for problem in problems),
        "is_read": row.state == State.READ,
        "datum": DATUM_LABELS.get(row.options.get("datum", ""), ""),
        "preview_url": reverse("edition-import-preview", args=[row.uuid]) if row.state == State.READ else "",
    }


@require_safe
def preview(request: HttpRequest, import_id: UUID) -> HttpResponse | FileResponse:
    """The cells of an import that was read, for the map."""
    importer(request)
    row = get_object_or_404(EditionImport, uuid=import_id)
    path = uploads.folder_of(row) / uploads.PREVIEW
    if row.state != State.READ or not path.is_file():
        raise Http404("没有预览；请重新读一次。")
    return FileResponse(path.open("rb"), content_type="application/geo+json")
