"""Imports that were made: the list, one run with every row, its difference, its export, and taking it back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from firepoints.feedback import row_export, sending
from firepoints.links import row_url
from firepoints.models import Feed, ImportRun, Mending, Source
from firepoints.pages import proposed
from firepoints.pages.imports import shown as import_view
from firepoints.pages.imports import shown_difference
from firepoints.pages.imports.access import importer, may_import, reader, run_or_404, says_why
from firepoints.pages.imports.files import preview_again_url
from firepoints.pages.imports.forms import DATUM_LABELS, WithdrawForm
from firepoints.pages.imports.shown_left import left_of
from firepoints.pages.imports.shown_next import next_steps
from firepoints.sightings.importing.proposing import SUBJECT, withdraw_or_propose
from firepoints.sightings.importing.reading import PARSERS
from firepoints.sightings.lists import difference as list_difference
from firepoints.sightings.lists import mapping
from firepoints.sightings.lists.preview import counts_of
from grids.models import User
from journal.pages.proposals import panel_of
from journal.proposals.selectors import open_on

PAGE = 30
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """Imports, newest first, page by page from a key; `?source=CODE` and `?state=…` narrow them."""
    user = reader(request)
    imports = ImportRun.objects.select_related("source", "actor").order_by("-id")
    source, state, before = (request.GET.get(name, "") for name in ("source", "state", "before"))
    sources = list(Source.objects.filter(runs__isnull=False).distinct())
    if source in {candidate.code for candidate in sources}:
        imports = imports.filter(source__code=source)
    if state in ImportRun.State.values:
        imports = imports.filter(state=state)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        imports = imports.filter(pk__lt=int(before))
    runs = list(imports[: PAGE + 1])
    filter_query = f"source={source}&state={state}&" if source or state else ""
    context = {
        "runs": runs[:PAGE],
        "may_import": may_import(user),
        "feeds": list(Feed.objects.select_related("run")),
        "sources": sources,
        "source": source,
        "states": ImportRun.State.choices,
        "state": state,
        "next_url": f"?{filter_query}before={runs[PAGE - 1].pk}" if len(runs) > PAGE else "",
        "prev_url": f"{reverse('imports:list')}?{filter_query}" if before else "",
    }
    return render(request, "firepoints/import_list.html", context)


@require_safe
def run_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One import: its outcomes and every row, by outcome or row number, in file order."""
    user = reader(request)
    return _run_page(request, user, run_or_404(uuid), WithdrawForm())


def _run_page(request: HttpRequest, user: User, run: ImportRun, form: WithdrawForm, status: int = 200) -> HttpResponse:
    query = {name: request.GET.get(name, "") for name in ("outcome", "after", "before", "row")}
    page = import_view.rows_page(run, **query)
    outcome = query["outcome"]
    base = reverse("imports:run", args=[run.uuid])
    filter_query = f"outcome={outcome}&" if outcome in import_view.Outcome.values else ""
    difference = list_difference.difference_after(run)
    mends = Mending.objects.filter(run=run).select_related("row__run").first()
    context: dict[str, Any] = {
        "run": run,
        "tiles": import_view.tiles(run, base),
        "rows": page.rows,
        "outcome": import_view.Outcome(outcome).label if filter_query else "",
        "asked_row": query["row"],
        "prev_url": f"{base}?{filter_query}before={page.newer}#rows" if page.newer else "",
        "next_url": f"{base}?{filter_query}after={page.older}#rows" if page.older else "",
        "all_url": base,
        "datum": DATUM_LABELS.get(run.datum, run.datum),
        "class_said": import_view.CLASS_SAID[run.source.source_class],
        "mapping": import_view.mapping_words(run.mapping),
        "observed": import_view.observed_words({"observed_by": "import", **run.options}),
        "memory": mapping.latest_mapping(run.source, run.issuer) if run.mapping else None,
        "counts": counts_of(difference) if difference else None,
        "corrections": list(run.corrections.exclude(options__has_key="mends").order_by("pk")[:20]),
        "mends": mends,
        "mends_url": row_url(mends.row.run.uuid, mends.row.row_no, mends.row.sheet) if mends else "",
        "mended": import_view.mended_counts(run),
        "answer": _answer_facts(run),
        "left": left_of(run),
        "next": next_steps(run),
        "proposals": panel_of(list(open_on(SUBJECT, run.pk)), user),
        "again_url": preview_again_url(run) if may_import(user) and _may_be_tried_again(run) else "",
        "may_import": may_import(user),
        "form": form if may_import(user) and run.state == ImportRun.State.COMMITTED else None,
    }
    return render(request, "firepoints/import_run.html", context, status=status)


def _may_be_tried_again(run: ImportRun) -> bool:
    return run.state == ImportRun.State.FAILED and bool(run.stored_as) and run.source.parser in PARSERS


def _answer_facts(run: ImportRun) -> dict[str, Any] | None:
    """The facts of the issuer's answer, when it is due and whether it went out; None for what is not answered."""
    if not sending.is_answerable(run):
        return None
    due_on, ground = sending.due_of(run)
    return {"due_on": due_on, "ground": ground, "sent": run.feedback_sent.order_by("-pk").first()}


@require_safe
@never_cache
def progress(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """How far a run is: {state, words, done, total, percent, over, silent}; the page asks again until `over`."""
    reader(request)
    run = run_or_404(uuid)
    at = run.progress
    return JsonResponse(
        {"state": run.state, "words": at.words, "done": at.done, "total": at.total, "percent": at.percent,
         "over": at.is_over, "silent": at.is_silent, "error": run.error}
    )  # fmt: skip


@require_safe
def difference(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The page of what a corrected list changed of the list before."""
    reader(request)
    run = run_or_404(uuid)
    comparison = shown_difference.shown(list_difference.difference_after(run), replaced=run.supersedes)
    return render(request, "firepoints/import_difference.html", {"run": run, "difference": comparison})


@require_safe
@says_why
def rows_file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Every row with its outcome and what became of it, as a workbook; the download is noted."""
    user = reader(request)
    run = run_or_404(uuid)
    answer = HttpResponse(row_export.rows_workbook(run=run, actor=user), content_type=XLSX)
    name = f"{run.filename.rsplit('.', 1)[0]}（各行结果）.xlsx"
    answer["Content-Disposition"] = content_disposition_header(True, name)
    return answer


@require_POST
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take an import back with a reason, so that the right file can follow."""
    user = importer(request)
    run = run_or_404(uuid)
    form = WithdrawForm(request.POST)
    if run.state == ImportRun.State.WITHDRAWN:
        messages.info(request, "这次导入已经撤回，没有重复办理")
        return redirect("imports:run", uuid)
    if form.is_valid():
        try:
            outcome = withdraw_or_propose(run=str(run.uuid), actor=user, reason=form.cleaned_data["reason"])
        except Refused as error:
            form.add_error(None, error.message)
            return _run_page(request, user, run, form, status=error.http_status)
        if outcome.proposal is None:
            messages.success(request, "已撤回；可以导入正确的文件")
        else:
            messages.warning(request, proposed.words_of(outcome.proposal))
        return redirect("imports:run", uuid)
    return _run_page(request, user, run, form, status=400)
