"""成批登记终审意见: the table that the issuer sent back, row by row against the list, and recorded at one time."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core import clock
from core.errors import Refused
from core.http.bodies import takes
from firepoints.feedback.final_words import Returned, Word, final_words_record, returned_words
from firepoints.feedback.returned import Opinion
from firepoints.links import row_url
from firepoints.models import ImportRun
from firepoints.pages.imports import shown
from firepoints.pages.imports.access import importer, run_or_404, says_why
from firepoints.pages.imports.feedback import page_of
from firepoints.pages.imports.forms import ReturnedForm, WordsForm, plain_name
from firepoints.sightings.lists import uploads
from grids.models import User

SHOWN = 500


@takes("file")
@require_http_methods(["GET", "HEAD", "POST"])
@says_why
def words(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """POST a file: keep it and go to its preview. GET `?token=…&name=…`: what each row says, nothing written. POST the
    preview's form: record it; sent twice it is recorded once."""
    user, run = importer(request), run_or_404(uuid)
    if request.method == "POST":
        return _record(request, user, run) if "token" in request.POST else _keep(request, run)
    if "token" not in request.GET:
        return redirect("imports:feedback", uuid)
    initial = {"document_date": clock.today_beijing(), **request.GET.dict()}
    return _preview(request, run, WordsForm(initial=initial), request.GET)


def _keep(request: HttpRequest, run: ImportRun) -> HttpResponse:
    form = ReturnedForm(request.POST, request.FILES)
    if not form.is_valid():
        return page_of(request, run, returned=form, status=400)
    file = form.cleaned_data["file"]
    name = plain_name(file.name or "")
    token = uploads.keep(file.read(), filename=name)
    query = urlencode({"token": token, "name": name})
    return redirect(f"{reverse('imports:feedback_words', args=[run.uuid])}?{query}")


def _preview(request: HttpRequest, run: ImportRun, form: WordsForm, data: Any, status: int = 200) -> HttpResponse:
    try:
        path = uploads.path_of(data.get("token", ""), filename=data.get("name", ""))
        returned = returned_words(run=run, path=path)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("imports:feedback", run.uuid)
    context = {
        "run": run,
        "name": data.get("name", ""),
        "form": form,
        "tiles": _tiles(returned),
        "rows": [_shown(run, word) for word in returned.words[:SHOWN]],
        "problems": [_problem(opinion) for opinion in returned.problems[:SHOWN]],
        "count": len(returned.words),
        "problem_count": len(returned.problems),
    }
    return render(request, "firepoints/import_words.html", context, status=status)


def _record(request: HttpRequest, user: User, run: ImportRun) -> HttpResponse:
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _preview(request, run, form, request.POST, status=400)
    data = form.cleaned_data
    try:
        path = uploads.path_of(data["token"], filename=data["name"])
        new, returned = final_words_record(
            run=run, path=path, actor=user, document_no=data["document_no"], document_date=data["document_date"]
        )
    except Refused as error:
        form.add_error(None, error.message)
        return _preview(request, run, form, request.POST, status=error.http_status)
    tail = f"，{len(returned.problems)} 行对不上，没有登记" if returned.problems else ""
    messages.success(request, f"已登记 {new} 行终审意见，其中不认可 {returned.rejected} 行{tail}")
    return redirect("imports:feedback", run.uuid)


def _tiles(returned: Returned) -> list[dict[str, Any]]:
    figures = (("认可", len(returned.words) - returned.rejected, "会登记", "#rows", ""),
               ("不认可", returned.rejected, "会登记", "#rows", "bad"),
               ("对不上", len(returned.problems), "不登记", "#problems", "bad"),
               ("没有意见", returned.silent, "不登记", "#rows", ""))  # fmt: skip
    return [
        {"label": label, "number": number, "unit": "行", "side": side, "url": url, "kind": kind if number else ""}
        for label, number, side, url, kind in figures
    ]


def _shown(run: ImportRun, word: Word) -> dict[str, Any]:
    row, place = word.told.row, word.opinion.place
    return {
        "returned": shown.address(place.sheet, place.row_no, "", ()),
        "address": shown.address(row.sheet, row.row_no, "", ()),
        "url": row_url(run.uuid, row.row_no, row.sheet),
        "seq_no": place.seq_no,
        "answer": word.told.answer.text,
        "accepted": word.opinion.accepted,
        "note": word.opinion.note,
        "last": word.last,
        "is_question": word.is_question,
    }


def _problem(opinion: Opinion) -> dict[str, Any]:
    place = shown.address(opinion.place.sheet, opinion.place.row_no, "", ())
    return {"address": place, "seq_no": opinion.place.seq_no, "said": opinion.said, "problem": opinion.problem}
