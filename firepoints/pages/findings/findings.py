"""现场发现: what a patrol, a county or the hotline found, reported one by one; and what became of each."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import BadInput, Refused
from core.http.bodies import takes
from firepoints.evidence.pieces import evidence_store
from firepoints.findings import hotline, intake
from firepoints.models import Detection, FirePoint, HotlineReport
from firepoints.pages.acts import scripted
from firepoints.pages.findings.forms import FindingForm, OutcomeForm, RevealForm
from firepoints.pages.findings.shown import RECEIVED, Finding, finding_or_404, findings_told, said_in
from firepoints.pages.imports.access import holder
from firepoints.sightings.importing.results import Import
from grids.geo.datum import DATUM_NAMES
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of

FINDERS = frozenset().union(*intake.OPEN_TO.values())
REGISTER_READERS = frozenset({Role.BUREAU, Role.AUDITOR, Role.COUNTY})
PAGE_ROWS = 50
OWN = frozenset({"self_found", "township_found", "village_found"})


@takes("document")
@require_http_methods(["GET", "HEAD", "POST"])
def finding(request: HttpRequest) -> HttpResponse:
    """Report what was found on the spot; the same form sent twice is one finding."""
    user = holder(request, FINDERS, "您的岗位不上报现场发现。")
    form = FindingForm(request.POST, request.FILES, user=user) if request.method == "POST" else FindingForm(user=user)
    if request.method == "POST" and form.is_valid():
        try:
            done, point = _recorded(form, user)
        except BadInput as error:
            field = error.where if error.where in form.fields else None
            form.add_error(field, error.message.removeprefix(f"{error.where}："))
        except Refused as error:
            form.add_error(None, error.message)
        else:
            return scripted.going_on(request, _found(request, form, user, done, point))
    if form.is_bound and scripted.wants_json(request):
        return scripted.refused(form, 400)
    status = 400 if form.is_bound else 200
    context = {"form": form, "only_self": set(intake.sources_open_to(user)) <= OWN}
    return render(request, "firepoints/finding.html", context, status=status)


def _recorded(form: FindingForm, user: User) -> tuple[Import, FirePoint | None]:
    data = form.cleaned_data
    return intake.finding_record(
        data=form.finding(),
        actor=user,
        source_code=data["source"],
        datum=data["datum"],
        has_photo=bool(data["photo"]),
        belongs_to=data.get("belongs_to", ""),
    )


def _found(
    request: HttpRequest, form: FindingForm, user: User, done: Import, point: FirePoint | None
) -> HttpResponseRedirect:
    sighting = intake.sighting_of(done)
    report = HotlineReport.objects.filter(detection=sighting).first()
    number = f"举报登记 {report.number}。" if report else ""
    # Of what lies outside his cells the finder learns nothing: neither where it went nor whether it had been seen before.
    visible_point = point if point and FirePoint.objects.visible_to(user).filter(pk=point.pk).exists() else None
    has_photo = bool(form.cleaned_data["photo"])
    if sighting.is_outside:
        messages.warning(request, f"{number}已记录；位置在本市网格之外，不生成火点。请核对经纬度和坐标系。")
    elif visible_point is None:
        messages.success(
            request, f"{number}{RECEIVED}。{'照片没有收存：请交给当地，由他们上传。' if has_photo else ''}"
        )
    elif done.kept:
        messages.success(request, f"{number}已上报，归入 {visible_point}")
    else:
        messages.info(request, f"{number}这一条已经报过，在 {visible_point}")
    if visible_point is not None and has_photo:
        _keep_photo(request, form, user, visible_point, sighting)
    if visible_point is not None and not report:
        return redirect("firepoints:detail", visible_point.pk)
    return redirect("imports:finding_page", sighting.run.uuid)


def _keep_photo(request: HttpRequest, form: FindingForm, user: User, point: FirePoint, sighting: Detection) -> None:
    """Store the photo of a finding that is recorded already; a refusal is said, and who can send the photo."""
    photo = form.cleaned_data["photo"]
    try:
        evidence_store(
            point=point,
            actor=user,
            uuid=form.cleaned_data["uuid"],
            file=photo.read(),
            filename=photo.name,
            **form.photo_place(sighting.lon, sighting.lat),
        )
    except Refused as refused:
        messages.warning(request, f"照片没有收存：{refused.message}。请在火点页再传。")


@require_safe
def finding_list(request: HttpRequest) -> HttpResponse:
    """我的上报: what this person filed, the newest first, and what became of each."""
    user = holder(request, FINDERS, "您的岗位不上报现场发现。")
    page = page_of(request, intake.findings_of(user).select_related("actor"))
    context = {"page": page, "findings": findings_told(list(page.object_list), user)}
    return render(request, "firepoints/finding_list.html", context)


@require_safe
@never_cache
def finding_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One finding and its fate."""
    user: Any = request.user
    return _show(request, finding_or_404(uuid, user), user)


def _show(request: HttpRequest, finding: Finding, user: User, *, status: int = 200, **forms: Any) -> HttpResponse:
    may_end = finding.report is not None and Role.BUREAU in roles_of(user)
    context = {
        "found": finding,
        "said": said_in(finding),
        "datum": DATUM_NAMES.get(finding.sighting.datum, finding.sighting.datum),
        "report": finding.report,
        "may_end": may_end,
        "outcome_form": forms.get("outcome") or OutcomeForm(),
        "reveal_form": forms.get("reveal") or RevealForm(),
        "informant": forms.get("informant"),
    }
    return render(request, "firepoints/finding_page.html", context, status=status)


@require_POST
def report_end(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say how a 举报 ended."""
    user = holder(request, frozenset({Role.BUREAU}), "举报由市局经办办结。")
    finding, report = _report(uuid, user)
    form = OutcomeForm(request.POST)
    if not form.is_valid():
        return _show(request, finding, user, status=400, outcome=form)
    try:
        hotline.hotline_answer(report=report, actor=user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, refused.message)
        return _show(request, finding, user, status=refused.http_status, outcome=form)
    messages.success(request, f"举报 {report.number} 已办结。")
    return redirect("imports:finding_page", uuid)


@require_POST
@never_cache
def informant(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show who called, once, on this answer alone; the reason is on record."""
    user = holder(request, frozenset({Role.BUREAU}), "举报人只有市局经办可以查看。")
    finding, report = _report(uuid, user)
    form = RevealForm(request.POST)
    if not form.is_valid():
        return _show(request, finding, user, status=400, reveal=form)
    try:
        caller = hotline.hotline_reveal(report=report, actor=user, **form.cleaned_data)
    except Refused as refused:
        form.add_error(None, refused.message)
        return _show(request, finding, user, status=refused.http_status, reveal=form)
    return _show(request, finding, user, informant=caller)


def _report(uuid: UUID, user: User) -> tuple[Finding, HotlineReport]:
    finding = finding_or_404(uuid, user)
    if finding.report is None:
        raise Http404("这一件不是举报。")
    return finding, finding.report


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """举报登记: the register, without the callers."""
    user = holder(request, REGISTER_READERS, "举报登记由市局、审计和县（区）查看。")
    state = request.GET.get("state", "")
    reports = hotline.reports_for(user).order_by("-year", "-seq")
    if state in ("open", "ended"):
        reports = reports.filter(outcome="") if state == "open" else reports.exclude(outcome="")
    page = page_of(request, reports)
    rows = list(page.object_list)
    findings = {finding.sighting.pk: finding for finding in findings_told([row.detection.run for row in rows], user)}
    params = f"{urlencode({'state': state})}&" if state else ""
    listed = [(row, findings.get(row.detection_id)) for row in rows]
    context = {"page": page, "rows": listed, "state": state, "params": params}
    return render(request, "firepoints/hotline.html", context)


def page_of(request: HttpRequest, rows: QuerySet[Any]) -> Page[Any]:
    """The page that is asked for; an unreadable number is the first, one too far the last."""
    return Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
