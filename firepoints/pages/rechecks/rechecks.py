"""复查: what was drawn and waits, what was found, and what each county denies, by point with its interval."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import Refused
from firepoints.models import Evidence, FirePoint, Recheck, RecheckDraw, RecheckVisit
from firepoints.pages.acts.forms import evidence_words
from firepoints.rechecks.counties import county_records
from firepoints.rechecks.visits import may_visit, recheck_visit
from firepoints.steps.selectors import evidence_for, survivor_of
from grids import selectors as grids
from grids.models import User
from grids.rights import scope_or_403
from grids.roles import Role

SEE_WHAT_WAITS = frozenset({Role.BUREAU, Role.RECOGNISER, Role.AUDITOR})
SPAN = timedelta(days=90)
MOST_LISTED = 200


class VisitForm(forms.Form):
    """What the bureau found where a record was drawn."""

    finding = forms.ChoiceField(label="复查结果", choices=RecheckVisit.Finding.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label="看到的情况", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="在哪里、看到什么、与县（区）报的有什么不同。",
    )  # fmt: skip

    def __init__(self, *args: Any, pieces: QuerySet[Evidence], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evidence"] = forms.MultipleChoiceField(
            label="所依据的佐证",
            choices=[(str(piece.uuid), evidence_words(piece)) for piece in pieces],
            widget=forms.CheckboxSelectMultiple,
            help_text="至少一张市局人员自己拍的现场照片；先在火点的上报页上传。",
            error_messages={"required": "还没有勾选佐证：先到上报页上传现场照片。"},
        )


def sees_what_waits(user: Any) -> bool:
    """Whether this person may know what was drawn before it is visited: no county, or it would steer."""
    return bool(grids.roles_of(user) & SEE_WHAT_WAITS) or may_visit(user)


@require_safe
@never_cache
def rechecks(request: HttpRequest) -> HttpResponse:
    """The counties with their shares, what waits to be visited, and what was found."""
    scope_or_403(request.user)
    mine = Recheck.objects.filter(point__in=FirePoint.objects.visible_to(request.user)).select_related(
        "point", "verification", "visit__visited_by", "draw"
    )
    is_bureaus = sees_what_waits(request.user)
    context = {
        "records": county_records(request.user, SPAN),
        "waiting": list(mine.filter(visit__isnull=True)[:MOST_LISTED]) if is_bureaus else [],
        "visited": list(mine.filter(visit__isnull=False).order_by("-visit__at")[:MOST_LISTED]),
        "draws": list(RecheckDraw.objects.all()[:10]) if is_bureaus else [],
        "is_bureaus": is_bureaus,
        "may_visit": may_visit(request.user),
    }
    return render(request, "firepoints/rechecks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def recheck(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the visit of one record that was drawn; a refusal comes back with what was filled in."""
    if not may_visit(request.user):
        raise PermissionDenied("复查由市局登记。")
    rows = Recheck.objects.filter(point__in=FirePoint.objects.visible_to(request.user))
    row = rows.select_related("point", "verification__verified_by", "visit").filter(pk=pk).first()
    if row is None:
        raise Http404("没有这一件复查。")
    point = survivor_of(row.point)
    pieces = evidence_for(point, request.user)
    form = VisitForm(request.POST if request.method == "POST" else None, pieces=pieces)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                visit = recheck_visit(recheck_id=row.pk, actor=cast(User, request.user), **form.cleaned_data)
            except Refused as refused:
                form.add_error(None, refused.message)
                status = refused.http_status
            else:
                messages.success(request, f"已登记复查：{point} {visit.get_finding_display()}。")
                return redirect("firepoints:rechecks")
    visit_done = getattr(row, "visit", None)
    return render(
        request,
        "firepoints/recheck.html",
        {"row": row, "point": point, "form": form, "visit": visit_done},
        status=status,
    )
