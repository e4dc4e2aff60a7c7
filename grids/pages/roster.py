"""责任人名册 in and out of Excel: template with what is known, upload, preview row by row, import, what was sent back (C2)."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import BadInput, Refused
from core.http.bodies import takes
from grids import selectors
from grids.models import RosterImport, User
from grids.pages.forms.people import RosterForm
from grids.people.roster import roster_import
from grids.people.roster_file import COLUMNS, RosterFile, Sheets, read_roster, template, without_numbers
from grids.people.roster_plan import VERDICT_LABELS, Plan, Verdict, roster_plan
from grids.rights import require_keeper
from grids.roles import LEVEL_LABELS, Level, Role
from grids.selectors.keeping import keeper_scope
from grids.selectors.roster import places_of, roster_lines
from journal.record.services import access
from papers import filing
from papers.downloads import XLSX, download
from papers.encodings import FileError
from papers.marks import spread
from papers.reading import Sheet, Small, read_marked, read_sheets
from papers.tables import Table, workbook

SHOWN = 200
KIND = "uploads"


@require_safe
@never_cache
def roster(request: HttpRequest) -> HttpResponse:
    """The upload form, the template, and the imports of before."""
    require_keeper(request.user)
    return _start(request, RosterForm())


def _start(request: HttpRequest, form: RosterForm, *, refused: str = "", status: int = 200) -> HttpResponse:
    runs = RosterImport.objects.select_related("actor")
    if Role.BUREAU not in selectors.roles_of(request.user):
        runs = runs.filter(actor=request.user.pk)
    context = {"form": form, "refused": refused, "runs": list(runs[:20])}
    return render(request, "grids/roster.html", context, status=status)


@require_safe
def roster_template(request: HttpRequest) -> HttpResponse:
    """The workbook to fill in, one line a cell and post of the user's area, phones left out."""
    scope = require_keeper(request.user)
    edition = selectors.edition_now()
    rows = roster_lines(edition, scope, clock.today_beijing()) if edition else []
    access(request.user, "export", ("grids.roster", "xlsx"), detail=f"{len(rows)} 行")
    today = clock.today_beijing()
    return download(template(rows, title=f"网格责任人名册（{today}）"), f"责任人名册-{today}.xlsx", XLSX)


@takes("document")
@require_POST
@never_cache
def roster_preview(request: HttpRequest) -> HttpResponse:
    """What the uploaded workbook would change; nothing is written yet."""
    require_keeper(request.user)
    form = RosterForm(request.POST, request.FILES)
    if not form.is_valid():
        return _start(request, form, status=400)
    upload = cast("UploadedFile[Any]", form.cleaned_data["file"])
    content, starts = upload.read(), form.cleaned_data["starts"]
    try:
        roster = _read(request, content)
    except Refused as refused:
        return _start(request, form, refused=refused.message, status=400)
    plan = roster_plan(rows=roster.rows, starts=starts, actor=cast(User, request.user))
    filing.store_bytes(content, kind=KIND, suffix=".xlsx")
    context = _preview(roster, plan) | {
        "token": filing.digest_of(content),
        "filename": (upload.name or "名册.xlsx")[:200],
        "starts": starts,
        "attempt": uuid4(),
    }
    return render(request, "grids/roster_preview.html", context)


def _sheets(content: bytes) -> list[Sheet]:
    """The sheets of a workbook. Raises BadInput for a file that cannot be read."""
    try:
        return read_marked(content, Small())
    except FileError as error:
        raise BadInput(f"{error.what}。{error.todo}" if error.todo else error.what, where=error.where) from error


def _rows_of(sheets: list[Sheet]) -> Sheets:
    """The rows of each sheet, a merged cell's value in all that it covers."""
    return [(sheet.name, spread(sheet.rows, sheet.marks.merged)[0]) for sheet in sheets]


def _require_likely_confirmed(request: HttpRequest, roster: RosterFile, starts: date) -> None:
    """Raise BadInput where a row opens an account for somebody who may have one, and nobody has said that it is another."""
    if request.POST.get("likely_confirmed") != "on":
        likely = roster_plan(rows=roster.rows, starts=starts, actor=cast(User, request.user)).likely
        if likely:
            raise BadInput(
                f"第 {likely[0].row.line} 行：{likely[0].likely}；不是同一人，就在预览里勾选“不是同一人”再写入",
                where="姓名",
                code="likely_same_person",
            )


def _read(request: HttpRequest, content: bytes) -> RosterFile:
    """The rows of a workbook. Raises BadInput for one that cannot be read or has no headings."""
    sheets = _sheets(content)
    edition = selectors.edition_now()
    places = places_of(edition, keeper_scope(request.user)) if edition else {}
    return read_roster(_rows_of(sheets), places, {sheet.name: sheet.marks.rows for sheet in sheets})


def _preview(roster: RosterFile, plan: Plan) -> dict[str, Any]:
    counts = plan.counts()
    rejected = len(roster.faults) + counts[Verdict.REJECTED]
    refused = [
        *roster.faults,
        *(
            {"row": plan_row.row.line, "column": plan_row.column, "reason": plan_row.reason}
            for plan_row in plan.rejected
        ),
    ]
    changes = [plan_row for plan_row in plan.rows if plan_row.verdict not in (Verdict.SAME, Verdict.REJECTED)]
    tiles = [
        {"url": "#changes", "label": VERDICT_LABELS[verdict], "number": counts[verdict], "unit": "行"}
        for verdict in (Verdict.NEW, Verdict.SUCCESSION, Verdict.LATE, Verdict.PHONE, Verdict.SAME)
    ]
    tiles.append(
        {"url": "#refused", "label": "退回", "number": rejected, "unit": "行", "kind": "bad" if rejected else ""}
    )
    tiles.append({"url": "#refused", "label": "没有填的行", "number": roster.blank, "unit": "行"})
    return {
        "tiles": tiles,
        "notes": sorted(roster.notes, key=lambda note: note["row"])[:SHOWN],
        "likely": [{"row": plan_row.row, "words": plan_row.likely} for plan_row in plan.likely],
        "refused": sorted(refused, key=lambda fault: fault["row"])[:SHOWN],
        "changes": [
            {"row": plan_row.row, "verdict": VERDICT_LABELS[plan_row.verdict],
             "level": LEVEL_LABELS[Level(plan_row.row.level)], "is_new_account": plan_row.holder is None,
             "before": plan_row.before}
            for plan_row in changes[:SHOWN]
        ],
        "more": max(0, len(changes) - SHOWN),
        "number": len(changes),
    }  # fmt: skip


@require_POST
def roster_commit(request: HttpRequest) -> HttpResponse:
    """Take in the workbook that was previewed. The same attempt twice is one import."""
    require_keeper(request.user)
    try:
        content, starts, attempt = _previewed(request)
        roster = _read(request, content)
        _require_likely_confirmed(request, roster, starts)
        run = roster_import(
            roster=roster,
            starts=starts,
            actor=cast(User, request.user),
            content=without_numbers(_rows_of(_sheets(content))) or content,
            filename=request.POST.get("filename", "")[:200] or "名册.xlsx",
            uuid=attempt,
        )
    except Refused as refused:
        return _start(request, RosterForm(), refused=refused.message, status=400)
    messages.success(request, f"已导入：任职 {run.counts['terms']} 人次，退回 {run.counts['rejected']} 行。")
    return redirect("grid-roster-run", uuid=run.uuid)


def _previewed(request: HttpRequest) -> tuple[bytes, date, UUID]:
    token = request.POST.get("token", "")
    try:
        path = filing.open_stored(f"{KIND}/{token[:2]}/{token}.xlsx") if len(token) == 64 and token.isalnum() else None
        starts, attempt = date.fromisoformat(request.POST.get("starts", "")), UUID(request.POST.get("attempt", ""))
    except (BadInput, ValueError):
        path = None
    if path is None:
        raise BadInput("上传的文件已经清理，请重新选择文件", where="文件")
    return path.read_bytes(), starts, attempt


@require_http_methods(["GET", "HEAD"])
@never_cache
def roster_run(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One import: what it changed, and the rows that were sent back with their reasons."""
    return render(request, "grids/roster_run.html", {"run": _run(request, uuid)})


@require_safe
def roster_rejected(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The workbook as it came, only the rows sent back, the cell at fault marked: to be mended and uploaded again."""
    run = _run(request, uuid)
    reasons = {fault["row"]: fault for fault in run.rejected}
    rows: list[list[Any]] = []
    for sheet in read_sheets(filing.open_stored(run.stored_as).read_bytes(), Small()):
        for line, cells in enumerate(sheet.rows, start=1):
            if line in reasons:
                padded = [str(cell) if cell is not None else "" for cell in cells][: len(COLUMNS)]
                padded += [""] * (len(COLUMNS) - len(padded))
                rows.append([*padded, f"{reasons[line]['column']}：{reasons[line]['reason']}"])
        break
    access(request.user, "export", run, detail=f"退回的 {len(rows)} 行")
    columns = (*COLUMNS, ("退回原因（改好后可删掉这一列）", 40.0))
    return download(workbook(Table("退回", columns, rows)), f"退回-{run.filename}", XLSX)


def _run(request: HttpRequest, uuid: UUID) -> RosterImport:
    require_keeper(request.user)
    run: RosterImport | None = RosterImport.objects.filter(uuid=uuid).select_related("actor").first()
    if run is None or (run.actor_id != request.user.pk and Role.BUREAU not in selectors.roles_of(request.user)):
        raise Http404("没有这次导入。")
    return run
