"""外县（区）人员的发现: what waits, and the bureau's answer to each."""

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.errors import Refused
from firepoints.forming.outside_findings import ANSWERERS, FindingQuestionNotFound, outside_finding_answer, waiting
from firepoints.pages.findings.forms import OutsideFindingForm
from firepoints.pages.imports.access import holder

DENIED = "外县（区）人员的发现由市局经办处理。"


@require_safe
@never_cache
def outside_findings(request: HttpRequest) -> HttpResponse:
    """The page of the findings that wait, the oldest first."""
    holder(request, ANSWERERS, DENIED)
    return _page(request)


@require_POST
def outside_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer one; a refusal comes back beside it with what was filled in."""
    user = holder(request, ANSWERERS, DENIED)
    form = OutsideFindingForm(request.POST)
    if not form.is_valid():
        return _page(request, {pk: form}, status=400)
    try:
        row = outside_finding_answer(question_id=pk, actor=user, **form.cleaned_data)
    except FindingQuestionNotFound as missing:
        raise Http404(missing.message) from None
    except Refused as refused:
        form.add_error(None, refused.message)
        return _page(request, {pk: form}, status=refused.http_status)
    messages.success(request, f"已处理：{row.get_answer_display()}。")
    return redirect("imports:outside_findings")


def _page(request: HttpRequest, forms: dict[int, OutsideFindingForm] | None = None, status: int = 200) -> HttpResponse:
    bound = forms or {}
    rows = [(row, bound.get(row.pk) or OutsideFindingForm(auto_id=f"id_{row.pk}_%s")) for row in waiting()]
    for row, form in rows:
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
