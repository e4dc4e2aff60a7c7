"""等待归处的行: what waits (findings from outside the county, rows that came again), and the answer to each."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from firepoints.forming.outside_findings import FindingQuestionNotFound
from firepoints.life.waiting_rows import ANSWERERS, DENIED, waiting_for, waiting_row_answer
from firepoints.pages.findings.forms import OutsideFindingForm
from firepoints.pages.imports.access import holder
from grids.models import User


@require_safe
@never_cache
def outside_findings(request: HttpRequest) -> HttpResponse:
    """The page of the rows that wait, the oldest first."""
    user = holder(request, ANSWERERS, DENIED)
    return _page(request, user)


@require_POST
def outside_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer one; a refusal comes back beside it with what was filled in."""
    user = holder(request, ANSWERERS, DENIED)
    form = OutsideFindingForm(request.POST)
    if not form.is_valid():
        return _page(request, user, {pk: form}, status=400)
    try:
        row = waiting_row_answer(question_id=pk, actor=user, **form.cleaned_data)
    except FindingQuestionNotFound as missing:
        raise Http404(missing.message) from None
    except Refused as refused:
        form.add_error(None, refused.message)
        return _page(request, user, {pk: form}, status=refused.http_status)
    messages.success(request, f"已处理：{row.get_answer_display()}。")
    return redirect("imports:outside_findings")


def _page(
    request: HttpRequest, user: User, forms: dict[int, OutsideFindingForm] | None = None, status: int = 200
) -> HttpResponse:
    bound = forms or {}
    rows = [(row, bound.get(row.pk) or OutsideFindingForm(auto_id=f"id_{row.pk}_%s")) for row in waiting_for(user)]
    for row, form in rows:
        form.choose_among(row.kind)
        if row.point is None:
            form.ask_for_the_point()
    waiting_ids = {row.pk for row, _ in rows}
    lost = [
        error
        for pk, form in bound.items()
        if pk not in waiting_ids
        for error in cast(list[str], form.non_field_errors())
    ]
    context = {"rows": rows, "lost": lost}
    return render(request, "firepoints/outside_findings.html", context, status=status)
