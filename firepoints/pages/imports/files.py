"""A file comes in: choose it, see what would become of every row, write it."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core import clock
from core.errors import BadInput, Refused
from core.http.bodies import takes
from firepoints.forming.foreseen import foresee
from firepoints.models import ImportRun
from firepoints.pages.imports import shown, shown_difference
from firepoints.pages.imports.access import importer
from firepoints.pages.imports.columns import columns_url
from firepoints.pages.imports.forms import (
    CONFIRM_ANSWERS,
    DATUM_LABELS,
    HIDDEN_ANSWERS,
    OBSERVED,
    STOP,
    PreviewForm,
    UploadForm,
    plain_name,
)
from firepoints.pages.imports.observed import ask_observed
from firepoints.pages.imports.preview_map import map_of
from firepoints.sightings.importing.order import ImportOrder
from firepoints.sightings.importing.reading import BY_SATELLITE, ListName
from firepoints.sightings.importing.start import INLINE_WAIT_S, SMALL_BYTES, import_file, import_start
from firepoints.sightings.importing.turns import Busy
from firepoints.sightings.lists import mapping, uploads
from firepoints.sightings.lists import preview as previewing
from firepoints.sightings.lists.naming import proposed_name
from firepoints.sightings.lists.preview import Preview
from firepoints.sightings.readers.base import DAYS, HIDDEN, TOTAL, SourceError
from firepoints.sightings.readers.datum_check import TRIED
from firepoints.sightings.readers.observed import NEEDED_BY
from firepoints.sightings.readers.suggest import suggest_mapping


@takes("file")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file. The bytes are kept by content, and the preview is an address that can be opened again."""
    importer(request)
    form = UploadForm(request.POST or None, request.FILES or None) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        name = plain_name(file.name or "")
        token = uploads.keep(file.read(), filename=name)
        return redirect(preview_url({"token": token, "name": name, **form.as_query()}))
    status = 400 if request.method == "POST" else 200
    return render(request, "firepoints/import_new.html", {"form": form}, status=status)


def preview_url(query: dict[str, str]) -> str:
    return f"{reverse('imports:preview')}?{urlencode(query)}"


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest) -> HttpResponse:
    """GET: what would become of every row, with nothing written. POST: write it; sent twice it is one run."""
    user = importer(request)
    form = PreviewForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return _misread(request, form)
    if request.GET.get("ask") == "observed" and form.cleaned_data["source"].parser in NEEDED_BY:
        return ask_observed(request, form)
    try:
        path = uploads.path_of(form.cleaned_data["token"], filename=form.cleaned_data["name"])
        answer = _commit if request.method == "POST" else _look
        return answer(request, form, form.order(path, user))
    except (Refused, SourceError) as error:
        return _refused(request, form, error)


def _misread(request: HttpRequest, form: PreviewForm) -> HttpResponse:
    """The answer to a form that cannot be read: only the time of observation can be asked for again."""
    if set(form.errors) <= set(OBSERVED):
        return ask_observed(request, form, status=400)
    messages.error(request, "这个预览打不开了，请重新选择文件")
    return redirect("imports:new")


def _look(request: HttpRequest, form: PreviewForm, order: ImportOrder) -> HttpResponse:
    return _show(request, form, previewing.preview(order), order.path.stat().st_size)


def _commit(request: HttpRequest, form: PreviewForm, order: ImportOrder) -> HttpResponse:
    """Write the file, unless this very form has been sent before, or its datum is in doubt and nobody has checked it."""
    before = ImportRun.objects.filter(uuid=order.uuid).first() if order.uuid else None
    if before is not None:
        messages.info(request, "这份文件已经写入，没有重复写")
        return redirect("imports:run", before.uuid)
    order = replace(order, uuid=order.uuid or uuid4())
    size, is_confirmed = order.path.stat().st_size, form.cleaned_data["confirm"]
    is_large = size > SMALL_BYTES
    is_list = form.cleaned_data["source"].parser not in BY_SATELLITE  # which says more of itself than its rows
    if not is_large or is_list:
        preview = previewing.preview(order)
        if words := _unanswered(form, preview):
            messages.error(request, f"没有写入：{words}")
            return _show(request, form, preview, size, status=400)
        if preview.must_confirm and not is_confirmed:
            messages.error(request, "没有写入：坐标系看起来不对，请先核对，再勾选确认")
            return _show(request, form, preview, size, status=400)
    return _begin(request, order) if is_large else _write(request, order)


def _unanswered(form: PreviewForm, preview: Preview) -> str:
    """Why nothing is written yet: a question without an answer, or one that was answered with 先不写入."""
    if any(form.cleaned_data[question.kind] == STOP for question in preview.unanswered):
        return "按你的选择先去核对；向来文单位要完整的表，或改好再导入"
    if preview.unanswered:
        return f"先回答 {'、'.join(question.title for question in preview.unanswered)}"
    return ""


def _refused(request: HttpRequest, form: PreviewForm, error: Refused | SourceError) -> HttpResponse:
    """The page on which a person can say what the file does not, else the form to choose another, with what was wrong."""
    if isinstance(error, BadInput) and error.code == "no_time":
        return ask_observed(request, form, reason=error.message)
    if isinstance(error, BadInput) and error.code == "wrong_columns" and _has_columns(form):
        messages.warning(request, f"表头读不懂：{error.message}")
        return redirect(columns_url(form.as_query()))
    return _unreadable(request, form, error)


def preview_again_url(run: ImportRun) -> str:
    """The preview of the file of a run, read as it was told: for one that failed."""
    moments = zip(OBSERVED, run.options.get("observed", ()), strict=False)
    query = {"token": run.sha256, "name": run.filename, "source": run.source.code, "datum": run.datum}
    query |= {"issuer": run.issuer, "period": run.period, "list_no": run.list_no}
    query |= {"supersedes": str(run.supersedes.uuid) if run.supersedes else ""}
    query |= {"mapping": json.dumps(run.mapping, ensure_ascii=False, sort_keys=True) if run.mapping else ""}
    query |= {name: f"{datetime.fromisoformat(at).astimezone(clock.BEIJING):%Y-%m-%dT%H:%M:%S}" for name, at in moments}
    return preview_url({name: value for name, value in query.items() if value})


def _has_columns(form: PreviewForm) -> bool:
    """Whether the file is a table after all, so that a person can say which column is which."""
    data = form.cleaned_data
    try:
        path = uploads.path_of(data["token"], filename=data["name"])
        suggestion = suggest_mapping(path, parser=data["source"].parser)
    except (Refused, SourceError):
        return False
    return any(sheet.rows and len(sheet.columns) > 1 for sheet in suggestion.sheets)


def _begin(request: HttpRequest, order: ImportOrder) -> HttpResponse:
    """Hand a large file to the worker; the run's page shows how far it is."""
    run = import_start(order)
    messages.info(request, "已收下，正在后台导入；可以关掉这一页")
    return redirect("imports:run", run.uuid)


def _write(request: HttpRequest, order: ImportOrder) -> HttpResponse:
    """Import a small file now; where another import has the turn for long, the worker does it."""
    try:
        done = import_file(order, wait_s=INLINE_WAIT_S)
    except Busy as busy:
        messages.info(request, f"{busy.message}；这份文件已收下，轮到时在后台导入")
    else:
        message = f"已写入：入库 {done.kept} 行、隔离 {done.quarantined} 行，涉及火点 {done.points} 处"
        messages.success(request, message)
    return redirect("imports:run", order.uuid)


def _unreadable(request: HttpRequest, form: PreviewForm, error: Refused | SourceError) -> HttpResponse:
    """The form to choose again, with what was wrong and what to do."""
    again = UploadForm(initial=form.data.dict() if hasattr(form.data, "dict") else {})
    message = error.message if isinstance(error, Refused) else str(error)
    status = error.http_status if isinstance(error, Refused) else 400
    context = {"form": again, "refused": message, "name": form.cleaned_data.get("name", "")}
    return render(request, "firepoints/import_new.html", context, status=status)


def _show(request: HttpRequest, form: PreviewForm, preview: Preview, size: int, status: int = 200) -> HttpResponse:
    data, done, source = form.cleaned_data, preview.done, form.cleaned_data["source"]
    rows = shown.looks(done.looks)
    context: dict[str, Any] = {
        "name": data["name"],
        "source": source,
        "class_said": shown.CLASS_SAID[source.source_class],
        "datum": DATUM_LABELS[data["datum"] or source.datum],
        "datum_by": "本次指定" if data["datum"] else "来源设置",
        "zone": shown.zone_words(source.parser, done.meta),
        "days": done.meta.get("days"),
        "observed": shown.observed_words(done.meta),
        "observed_url": preview_url({**form.as_query(), "ask": "observed"}) if source.parser in NEEDED_BY else "",
        "token": data["token"],
        "size": size,
        "facts": [(form[name].label, data[name]) for name in ("issuer", "period", "list_no") if data[name]],
        "done": done,
        "tiles": shown.tiles(done),
        "refused": shown.refused(done.rejected),
        "kept": [row for row in rows if row["row"].outcome == "kept"],
        "others": [row for row in rows if row["row"].outcome != "kept"],
        "counties": shown.counties(done.counties),
        "headings": shown.headings(done.meta),
        "difference": shown_difference.shown(preview.difference, replaced=preview.replaced),
        "doubt": preview.doubt,
        "datums": _other_datums(form, preview) if preview.doubt else (),
        "mapping": shown.mapping_words(form.column_mapping()),
        "memory": mapping.latest_mapping(source, data["issuer"]),
        "columns_url": columns_url(form.as_query()) if shown.has_columns(source.parser) else "",
        "fields": [(name, value) for name, value in form.data.items() if name in form.fields and name not in ASKED],
        "attempt": data["attempt"] or uuid4(),
        "must_confirm": preview.must_confirm,
        "questions": [(question, _choices(form, question.kind)) for question in preview.questions],
        "remarks": done.remarks,
        "map": map_of(done.placed),
        "foreseen": foresee([row for row in done.placed if row.outcome == "kept"], source),
        **_proposal(form, preview),
    }
    return render(request, "firepoints/import_preview.html", context, status=status)


def _other_datums(form: PreviewForm, preview: Preview) -> list[tuple[str, str, bool]]:
    """(name, address of the preview under it, whether the figures speak for it) of the datums that were not declared."""
    used = form.cleaned_data["datum"] or form.cleaned_data["source"].datum
    other = [datum for datum in TRIED if datum != used]
    return [
        (DATUM_LABELS[datum], preview_url({**form.as_query(), "datum": datum}), datum == preview.better)
        for datum in sorted(other, key=lambda datum: datum != preview.better)
    ]


def _proposal(form: PreviewForm, preview: Preview) -> dict[str, Any]:
    """The name that the file proposes for the list, and the preview under it."""
    data = form.cleaned_data
    name = ListName(data["issuer"], data["period"], data["list_no"])
    proposal = proposed_name(data["source"], data["name"], preview.done.titles, name)
    if proposal is None:
        return {"proposed": [], "proposed_url": ""}
    parts = {"issuer": proposal.issuer, "period": proposal.period, "list_no": proposal.list_no}
    labels = [(form[part].label, text) for part, text in parts.items() if text and text != data[part]]
    query = form.as_query() | {part: text for part, text in parts.items() if text}
    return {"proposed": labels, "proposed_url": preview_url(query)}


def _choices(form: PreviewForm, kind: str) -> list[tuple[str, str, bool]]:
    """(value, label, whether it is chosen) of the answers to a question."""
    chosen = form.cleaned_data[kind]
    return [(value, label, value == chosen) for value, label in ANSWERS[kind]]


ANSWERS = {HIDDEN: HIDDEN_ANSWERS, TOTAL: CONFIRM_ANSWERS, DAYS: CONFIRM_ANSWERS}
ASKED = ("attempt", "confirm", *ANSWERS)
