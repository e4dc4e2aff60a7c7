"""疑问: the list of what waits for an answer, one question with both sites, and one reason for many that are alike."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import NotThere, Refused
from firepoints.life.answers import (
    STANDS,
    answerer_of,
    choices_of,
    is_turn_of,
    question_answer,
    question_for,
    questions_answer,
)
from firepoints.models import Question
from firepoints.pages.access import user_of
from firepoints.pages.points import words
from firepoints.pages.questions.consequences import cards_of
from firepoints.pages.questions.sites import Signs, Site, signs_of, site_of_point, site_of_row
from firepoints.pages.questions.sketch import sketch_of
from firepoints.steps.questions import FOR_REVIEW
from grids import selectors as grids
from grids.roles import ROLE_LABELS, Role

ANSWERERS = frozenset({Role.BUREAU, Role.RECOGNISER})
READERS = ANSWERERS | {Role.AUDITOR}
MOST_LISTED = 300
WHO = {"mine": "轮到我的", "all": "全部"}
WAITING_ANSWERS = {
    Question.Kind.OUTSIDE_FINDING: (("attached", "归入"), ("own_point", "自成一处"), ("nothing", "不采用")),
}
ROW_ANSWERS = (("same", "同一处"), ("apart", "另是一处"), ("nothing", "不采用（只有线索）"))
"""The answers of a row that is part of no point yet; where it was found decides which are offered."""


@dataclass(frozen=True, slots=True)
class Line:
    """A question in the list: who answers, until when, and whether it may be answered among many."""

    question: Question
    who: str
    due: str
    is_late: bool
    may_stand: bool


def waiting_of(roles: frozenset[Role], who: str = "mine") -> QuerySet[Question]:
    """The open questions, those due first before the rest; `mine`: those whose turn it is of these roles."""
    rows = Question.objects.unanswered()
    if who == "mine":
        rows = rows.filter(is_turn_of(roles))
    return rows.order_by(F("due_at").asc(nulls_last=True), "pk")


def line_of(question: Question) -> Line:
    """A question as a line of the list."""
    due, is_late = words.due_words(question.due_at, clock.now())
    may_stand = any(choice.key in STANDS for choice in choices_of(question))
    return Line(question, ROLE_LABELS[answerer_of(question)], due, is_late, may_stand)


@require_safe
@never_cache
def question_list(request: HttpRequest) -> HttpResponse:
    """The list that the home page counts."""
    return _list(request)


@require_POST
def questions_stand(request: HttpRequest) -> HttpResponse:
    """Answer the ticked ones with one reason; what was refused comes back ticked, with why."""
    _roles(request, ANSWERERS)
    ids = [int(text) for text in request.POST.getlist("question") if text.isdecimal()][:MOST_LISTED]
    reason = request.POST.get("reason", "").strip()
    if not ids or not reason:
        error = "先勾选要一起答的问题" if not ids else "写明一个对这些都成立的理由"
        return _list(request, error=error, ticked=ids, reason=reason, status=400)
    refused = questions_answer(question_ids=ids, actor=user_of(request), reason=reason)
    if done := len(set(ids)) - len(refused):
        messages.success(request, f"已答复 {done} 个，各记一条。")
    if refused:
        return _list(request, error=f"{len(refused)} 个没有办成，写在各行", ticked=list(refused), refused=refused,
                     reason=reason, status=409)  # fmt: skip
    return redirect("firepoints:questions")


def _list(
    request: HttpRequest,
    *,
    error: str = "",
    ticked: list[int] | None = None,
    refused: dict[int, str] | None = None,
    reason: str = "",
    status: int = 200,
) -> HttpResponse:
    roles = _roles(request)
    may_answer = bool(roles & ANSWERERS)
    who = request.GET.get("who", "mine" if may_answer else "all")
    who = who if who in WHO else "mine"
    kind = request.GET.get("kind", "")
    rows = waiting_of(roles, who)
    if kind in Question.Kind.values:
        rows = rows.filter(kind=kind)
    related = rows.select_related("point__attribution", "other", "detection__source", "asked_by")
    context = {
        "count": rows.count(),
        "lines": [(line_of(row), (refused or {}).get(row.pk, "")) for row in related[:MOST_LISTED]],
        "most": MOST_LISTED,
        "who": who,
        "whose": WHO.items(),
        "kind": kind,
        "kinds": Question.Kind.choices,
        "may_answer": may_answer,
        "error": error,
        "ticked": ticked or [],
        "reason": reason,
    }
    return render(request, "firepoints/questions/list.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def question_page(request: HttpRequest, question_id: int) -> HttpResponse:
    """One question: two sites, what speaks for and against, the answers with what they cost. POST answers it."""
    roles = _roles(request, ANSWERERS if request.method == "POST" else READERS)
    try:
        question = question_for(question_id, request.user)
    except NotThere as missing:
        raise Http404(missing.message) from None
    if request.method != "POST":
        return _show(request, question, roles)
    answer, reason = request.POST.get("answer", ""), request.POST.get("reason", "").strip()
    try:
        outcome = question_answer(question_id=question.pk, actor=user_of(request), answer=answer, reason=reason)
    except Refused as refused:
        return _show(request, question, roles, error=refused.message, chosen=answer, reason=reason,
                     status=refused.http_status)  # fmt: skip
    if outcome.proposal is not None:
        messages.info(request, "这样答复要由两人办理：已提请，另一位同意以后才算答复。")
        return redirect("firepoints:questions")
    messages.success(request, f"已答复 {question.get_kind_display()}：{outcome.point}。")
    return redirect("firepoints:questions")


def _show(
    request: HttpRequest,
    question: Question,
    roles: frozenset[Role],
    *,
    error: str = "",
    chosen: str = "",
    reason: str = "",
    status: int = 200,
) -> HttpResponse:
    sides = _sides(question)
    own, other = [*sides, None, None][:2]
    choices = choices_of(question) if question.answered_at is None else []
    signs = signs_of(own, other) if own else Signs([], [])
    named = [(f"{mark} {site.name}", site.detections) for mark, site in zip("甲乙", sides, strict=False) if site]
    context: dict[str, Any] = {
        "question": question,
        "line": line_of(question),
        "own": own,
        "other": other,
        "signs": Signs(_with(question.speaks_for, signs.same), _with(question.speaks_against, signs.apart)),
        "sketch": sketch_of(named),
        "cards": cards_of(own.point, choices, own, other, request.user) if own and own.point else [],
        "row_answers": _row_answers(question),
        "may_answer": bool(roles & ANSWERERS),
        "error": error,
        "chosen": chosen,
        "reason": reason,
        **_place_in_list(question, roles),
    }
    return render(request, "firepoints/questions/page.html", context, status=status)


def _sides(question: Question) -> list[Site | None]:
    """The point that is asked, and what it is asked about: another point, or a row that is part of no point."""
    sides: list[Site | None] = [site_of_point(question.point)] if question.point is not None else []
    if question.other is not None:
        sides.append(site_of_point(question.other))
    elif question.detection is not None and question.kind not in FOR_REVIEW:
        sides.append(site_of_row(question.detection))
    return sides


def _with(speaks: str, lines: Any) -> list[str]:
    return [*([speaks] if speaks else []), *lines]


def _row_answers(question: Question) -> list[tuple[str, str]]:
    """(value, label) of the answers of a row that waits, given at the page of those rows."""
    if question.kind in FOR_REVIEW or question.answered_at is not None:
        return []
    return list(WAITING_ANSWERS.get(Question.Kind(question.kind), ROW_ANSWERS))


def _place_in_list(question: Question, roles: frozenset[Role]) -> dict[str, Any]:
    """Which of how many that wait for the user it is, with the addresses of the one before and the one after."""
    ids = list(waiting_of(roles, "mine").values_list("pk", flat=True)[:MOST_LISTED])
    at = ids.index(question.pk) if question.pk in ids else -1
    url = [reverse("firepoints:question", args=[pk]) for pk in ids]
    return {
        "at": at + 1,
        "of": len(ids),
        "prev": url[at - 1] if at > 0 else "",
        "next": url[at + 1] if 0 <= at < len(ids) - 1 else "",
    }


def _roles(request: HttpRequest, allowed: frozenset[Role] = READERS) -> frozenset[Role]:
    roles = frozenset(grids.roles_of(request.user))
    if not roles & allowed:
        raise PermissionDenied("疑问由市局经办和认定人答复，审计可以查看。")
    return roles
