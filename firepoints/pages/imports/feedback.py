"""反馈: our answer to the issuer row by row, the filled workbook, its deadline, and the issuer's final word."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.errors import Refused
from firepoints.feedback import sending
from firepoints.feedback.answers import RowAnswer, answers_of
from firepoints.links import row_url
from firepoints.models import FinalWord, ImportRun
from firepoints.pages.imports import shown
from firepoints.pages.imports.access import importer, may_import, reader, run_or_404, says_why
from firepoints.pages.imports.forms import DueForm, ReturnedForm, SentForm, WordForm

PAGE = 50
FILTERS = {"": "全部", "open": "未答复", "negative": "不属实", "rejected": "不认可"}


@require_safe
@says_why
def feedback_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The answers of the list, page by page; `?show=open` those that are still open, `?show=rejected` what it rejected."""
    reader(request)
    return page_of(request, run_or_404(uuid))


def page_of(
    request: HttpRequest,
    run: ImportRun,
    *,
    due: DueForm | None = None,
    sent: SentForm | None = None,
    word: WordForm | None = None,
    returned: ReturnedForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a list's answers; the forms that were refused are given."""
    sending.require_list(run)
    answers = answers_of(run)
    words = last_words(run)
    show = request.GET.get("show", "")
    picked = [row_answer for row_answer in answers if _is_asked(row_answer, words.get(row_answer.row.pk), show)]
    start = _start(request.GET.get("from", ""))
    base = reverse("imports:feedback", args=[run.uuid])
    due_on, ground = sending.due_of(run)
    today = clock.today_beijing()
    done = sum(row_answer.answer.is_final for row_answer in answers)
    context: dict[str, Any] = {
        "run": run,
        "tiles": _tiles(answers, words, base),
        "filters": [(key, label, f"{base}?show={key}") for key, label in FILTERS.items()],
        "show": show,
        "rows": [_shown(run, row_answer, words.get(row_answer.row.pk)) for row_answer in picked[start : start + PAGE]],
        "prev_url": f"{base}?show={show}&from={max(start - PAGE, 0)}#rows" if start else "",
        "next_url": f"{base}?show={show}&from={start + PAGE}#rows" if len(picked) > start + PAGE else "",
        "count": len(picked),
        "due_on": due_on,
        "ground": ground,
        "days_left": (due_on - today).days,
        "complete": done == len(answers),
        "corrected_by": run.corrections.filter(state=ImportRun.State.COMMITTED, mends__isnull=True).first(),
        "sent_rows": list(run.feedback_sent.select_related("actor").order_by("-pk")),
        "may_import": may_import(request.user),  # type: ignore[arg-type]
        "due": due or DueForm(initial={"due_on": due_on}),
        "sent": sent or SentForm(initial={"sent_on": today}),
        "returned": returned or ReturnedForm(),
        "word": word
        or WordForm(initial={**{name: request.GET.get(name, "") for name in ("row", "sheet")}, "document_date": today}),
    }
    return render(request, "firepoints/import_feedback.html", context, status=status)


def last_words(run: ImportRun) -> dict[int, FinalWord]:
    """Row id → the issuer's last word on it."""
    last = FinalWord.objects.filter(row=OuterRef("row")).order_by("-seq").values("pk")[:1]
    return {word.row_id: word for word in FinalWord.objects.filter(row__run=run, pk=Subquery(last))}


def _is_asked(row_answer: RowAnswer, word: FinalWord | None, show: str) -> bool:
    return {
        "open": not row_answer.answer.is_final,
        "negative": row_answer.answer.is_negative,
        "rejected": word is not None and not word.accepted,
    }.get(show, True)


def _start(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0


def _tiles(answers: list[RowAnswer], words: dict[int, FinalWord], base: str) -> list[dict[str, Any]]:
    done = sum(row_answer.answer.is_final for row_answer in answers)
    negative = sum(row_answer.answer.is_negative for row_answer in answers)
    true = sum(row_answer.answer.verdict == "属实" for row_answer in answers)
    rejected = sum(not word.accepted for word in words.values())
    figures = (("清单", len(answers), "", "行数", ""), ("已有结论", done, "", f"{_percent(done, len(answers))}", ""),
               ("未答复", len(answers) - done, "open", "还在办", ""), ("属实", true, "", "", ""),
               ("不属实", negative, "negative", "查否", ""), ("不认可", rejected, "rejected", "发布单位", "bad"))  # fmt: skip
    return [
        {"label": label, "number": number, "unit": "行", "side": side, "url": f"{base}?show={show}#rows",
         "kind": kind if number else ""}
        for label, number, show, side, kind in figures
    ]  # fmt: skip


def _percent(part: int, whole: int) -> str:
    return f"{100 * part // whole}%" if whole else "—"


def _shown(run: ImportRun, row_answer: RowAnswer, word: FinalWord | None) -> dict[str, Any]:
    return {
        "row": row_answer.row,
        "address": shown.address(row_answer.row.sheet, row_answer.row.row_no, "", ()),
        "row_url": row_url(run.uuid, row_answer.row.row_no, row_answer.row.sheet),
        "answer": row_answer.answer,
        "point": row_answer.point,
        "point_url": reverse("firepoints:detail", args=[row_answer.point.pk]) if row_answer.point else "",
        "word": word,
    }


@require_safe
@says_why
def feedback_file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The issuer's own file with our answers in it; the download is noted."""
    user = reader(request)
    filled = sending.feedback_file(run=run_or_404(uuid), actor=user)
    answer = HttpResponse(filled.data, content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(True, filled.filename)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_POST
@says_why
def due_set(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Register until when the issuer wants its answer."""
    user, run = importer(request), run_or_404(uuid)
    form = DueForm(request.POST)
    if not form.is_valid():
        return page_of(request, run, due=form, status=400)
    sending.feedback_due_set(run=run, actor=user, **form.cleaned_data)
    messages.success(request, "已登记反馈期限")
    return redirect("imports:feedback", uuid)


@require_POST
@says_why
def sent_register(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Register that the answer went out, as it stands now."""
    user, run = importer(request), run_or_404(uuid)
    form = SentForm(request.POST)
    if form.is_valid():
        try:
            row = sending.feedback_sent(run=run, actor=user, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"已登记报送：{row.answered}/{row.rows} 行有结论")
            return redirect("imports:feedback", uuid)
    return page_of(request, run, sent=form, status=400)


@require_POST
@says_why
def word_record(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Record the issuer's final word on one row."""
    user, run = importer(request), run_or_404(uuid)
    form = WordForm(request.POST)
    if form.is_valid():
        rows = run.raw_rows.select_related("run__source").filter(row_no=form.cleaned_data["row"])
        row = rows.filter(sheet=form.cleaned_data["sheet"]).first() if form.cleaned_data["sheet"] else rows.first()
        if row is None or row.outcome == shown.Outcome.NOTE:
            form.add_error("row", "这份清单里没有这一行数据")
            return page_of(request, run, word=form, status=400)
        try:
            word = sending.final_word_record(row=row, actor=user, **form.word())
        except Refused as error:
            form.add_error(None, error.message)
        else:
            tail = "，已提请复核" if not word.accepted and word.point_id else ""
            messages.success(request, f"已登记第 {row.row_no} 行：{'认可' if word.accepted else '不认可'}{tail}")
            return redirect("imports:feedback", uuid)
    return page_of(request, run, word=form, status=400)
