"""认定: the desk of the person who decides: what the satellite saw and what the county says, side by side (C9)."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core.errors import Conflict, Refused, StaleVersion
from firepoints.evidence.proofs import lacking_for_denial, photos_among, share_searched
from firepoints.life.proposing import Outcome, act_or_propose, proposals_on
from firepoints.models import Evidence, FirePoint
from firepoints.pages import proposed
from firepoints.pages.access import point_or_404, user_of, viewer_of
from firepoints.pages.acts.acting import is_done_already
from firepoints.pages.acts.forms import nothing_charged
from firepoints.pages.points import words
from firepoints.pages.points.detail import context_of
from firepoints.pages.points.sightings import Sighting, first_pass
from firepoints.policy.grounds import Grounds
from firepoints.rechecks.counties import CountyRecord, county_records
from firepoints.steps import workflow
from firepoints.terms.states import State
from grids import selectors as grids
from grids.roles import Role
from journal.pages.proposals import panel_of
from journal.record import services as journal

MOST_LISTED = 30
DECISIONS = (("recognise", "计入 1 处"), ("exclude", "不计入"), ("return", "退回补证"))
RATE_WINDOW = timedelta(days=90)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def desk(request: HttpRequest) -> HttpResponse:
    """The desk with the point of `?point=ID`, else the one that waits longest. POST decides and goes on to the next."""
    if Role.RECOGNISER not in grids.roles_of(request.user):
        raise PermissionDenied("认定只由认定人办理；火点列表里可以看待认定的火点。")
    if request.method == "POST":
        return _decide(request)
    waiting = _waiting(request)
    point_id = request.GET.get("point", "")
    point = point_or_404(request, point_id) if point_id else (waiting[0] if waiting else None)
    if point is None:
        return render(request, "firepoints/review.html", {"waiting": [], "rates": _rates(request)})
    return _show(request, point, waiting)


def _waiting(request: HttpRequest) -> list[FirePoint]:
    points = FirePoint.objects.visible_to(request.user).filter(state=State.VERIFIED)
    related = points.select_related("attribution__edition", "verification", "recognition", "merged_into")
    return list(related.order_by("verification__at", "pk")[:MOST_LISTED])


def _decide(request: HttpRequest) -> HttpResponse:
    point = point_or_404(request, request.POST.get("point", "0"))
    action = request.POST.get("decision", "")
    reason = request.POST.get("reason", "").strip()
    version = request.POST.get("expected_version", "")
    confirmed = request.POST.get("zero_amount_confirmed", "")
    if action not in dict(DECISIONS):
        return _show(
            request, point, _waiting(request), error="还没有选：计入、不计入，还是退回补证。", reason=reason, status=400
        )
    try:
        outcome = act_or_propose(
            point_id=point.pk,
            action=action,
            actor=user_of(request),
            data={"reason": reason} | ({"zero_amount_confirmed": confirmed} if action == "recognise" else {}),
            expected_version=int(version) if version.isdecimal() else 0,
        )
    except Refused as refused:
        if not (isinstance(refused, StaleVersion | Conflict) and is_done_already(request, point, action)):
            waiting, status = _waiting(request), refused.http_status
            return _show(request, point, waiting, error=refused.message, reason=reason, chosen=action, status=status)
        outcome = Outcome(point)
    if outcome.proposal is not None:
        messages.warning(request, proposed.words_of(outcome.proposal))
    else:
        messages.success(request, f"已{workflow.BY_ACTION[action].label}：{outcome.point}。")
    return redirect("firepoints:review")


def _show(
    request: HttpRequest,
    point: FirePoint,
    waiting: list[FirePoint],
    *,
    error: str = "",
    reason: str = "",
    chosen: str = "",
    status: int = 200,
) -> HttpResponse:
    viewer = viewer_of(request, point)
    context = context_of(point, viewer)
    if context["evidence"].photos:
        journal.access(request.user, "evidence", point, f"认定页缩略图 {len(context['evidence'].photos)} 张")
    ids = [waiting_point.pk for waiting_point in waiting]
    at = ids.index(point.pk) if point.pk in ids else -1
    open_now = {button.action: button.missing for button in [*context["buttons"].large, *context["buttons"].small]}
    context |= {
        "waiting": [_item(waiting_point, point) for waiting_point in waiting],
        "rates": _rates(request),
        "record": point.verification,
        "moments": moments_of(context["sightings"], context["evidence"].pieces, context["timeline"]),
        "checks": _checks(point) if point.verification else [],
        "decisions": [
            {"value": value, "label": label, "key": at + 1, "missing": open_now.get(value, ("现在不能办",))}
            for at, (value, label) in enumerate(DECISIONS)
        ],
        "nothing_because": nothing_charged(point, Grounds().in_order(row.detection for row in context["sightings"])),
        "proposals": panel_of(proposals_on(point), viewer.user),
        "error": error,
        "reason": reason,
        "chosen": chosen,
        "prev_id": ids[at - 1] if at > 0 else None,
        "next_id": ids[at + 1] if 0 <= at < len(ids) - 1 else None,
    }
    return render(request, "firepoints/review.html", context, status=status)


def moments_of(sightings: list[Sighting], pieces: list[Evidence], steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """时间对照: passes, the first photo and the steps in one order, for partials/timeline.html."""
    moments = [
        {
            "at": timezone.localtime(sighting.detection.starts_at),
            "title": f"{sighting.title} 测到",
            "who": "" if sighting.is_official else "线索",
        }
        for sighting in sightings
    ]
    photo_times = [piece.device_at for piece in pieces if piece.kind == Evidence.Kind.PHOTO and piece.device_at]
    first = first_pass(sightings)
    if photo_times and first:
        after = min(photo_times) - first.starts_at
        lag = f"过境后 {words.span(after)}" if after > timedelta(0) else "早于过境"
        moments.append({"at": timezone.localtime(min(photo_times)), "title": "到场拍照", "who": lag})
    return sorted([*moments, *steps], key=lambda moment: moment["at"])


def _item(point: FirePoint, chosen: FirePoint) -> dict[str, Any]:
    record = point.verification
    return {
        "url": f"{reverse('firepoints:review')}?point={point.pk}",
        "name": str(point),
        "place": words.place_of(point),
        "conclusion": record.get_conclusion_display() if record else "",
        "at": f"{timezone.localtime(record.at):%m-%d %H:%M}" if record else "",
        "is_chosen": point.pk == chosen.pk,
    }


def _checks(point: FirePoint) -> list[dict[str, str]]:
    """The checks of the filed record, with the measures; for a 查否 all that it must bring (policy.md §5)."""
    record = point.verification
    assert record is not None  # noqa: S101  for the type checker
    mine = list(record.evidence.all())
    photos = photos_among(mine)
    is_negative = record.conclusion == "false"
    checks = [_check(photos.total >= (3 if is_negative else 1), f"照片 {photos.total} 张，{photos.words}", must=True)]
    if is_negative:
        share = share_searched(point, mine)
        lacks = {lack.key: lack.words for lack in lacking_for_denial(point, mine)}
        search = next((lacks[key] for key in ("track", "track_inside", "search_share") if key in lacks), "")
        checks += [
            _check(bool(record.cause), f"原因：{record.get_cause_display()}", must=True),
            _check(bool(record.signed_by), f"部门负责人签字：{record.signed_by}", must=True),
            _check(not search, f"缺{search}" if search else f"搜索轨迹覆盖像元 {share or 0:.0%}", must=True),
        ]
    else:
        checks.append(_check(photos.inside > 0, "有像元内的照片" if photos.inside else "没有像元内的照片", must=False))
    late = [piece for piece in mine if piece.device_at and (piece.server_at - piece.device_at) > timedelta(days=1)]
    if late:
        checks.append({"kind": "eh", "text": f"{len(late)} 件拍后一天以上才上传"})
    return checks


def _check(passed: bool, text: str, *, must: bool) -> dict[str, str]:
    return {"kind": "ok" if passed else "no" if must else "eh", "text": text}


def _rates(request: HttpRequest) -> list[CountyRecord]:
    """查否率 by county and point over the last 90 days, with what the re-checks found: shown beside every decision, because
    who pays also verifies."""
    return county_records(request.user, RATE_WINDOW)
