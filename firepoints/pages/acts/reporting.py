"""现场上报: the county's and the inspector's page, phone first: what to go and see, photos, then the conclusion (C10)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import clock
from firepoints.evidence.proofs import lacking_for_denial, photos_among, share_searched
from firepoints.models import Evidence, FirePoint
from firepoints.pages import access
from firepoints.pages.access import point_or_404, user_of, viewer_of
from firepoints.pages.acts.sent_back import return_of
from firepoints.pages.acts.verify_form import VerifyForm
from firepoints.pages.points import words
from firepoints.pages.points.evidence_cards import cards_of
from firepoints.pages.points.sightings import sightings_of
from firepoints.steps import selectors
from firepoints.terms.states import State
from journal.record import services as journal


@require_safe
@never_cache
def report(request: HttpRequest, point_id: int) -> HttpResponse:
    """The page of a report: photos for the evidence view, a conclusion for the act view, and what is missing yet."""
    point = point_or_404(request, point_id)
    viewer = viewer_of(request, point)
    sightings = sightings_of(point)
    pieces = list(selectors.evidence_for(point, request.user))
    evidence = cards_of(point, pieces, sightings, request.user)
    available = {offer.transition.action: offer for offer in selectors.actions_for(point, request.user)}
    action = next((name for name in ("report", "verify_own") if name in available), "")
    due, is_late = words.due_words(point.due_at, clock.now()) if point.state == State.DISPATCHED else ("", False)
    if evidence.photos:
        journal.access(request.user, "evidence", point, f"上报页缩略图 {len(evidence.photos)} 张")
    here = reverse("firepoints:report", args=[point.pk])
    context = {
        "point": point,
        "viewer": viewer,
        "mark": words.mark_of(point),
        "label": words.label_of(point),
        "place": words.place_of(point),
        "due": due,
        "is_late": is_late,
        "sent_back": return_of(point, point.steps.select_related("actor")) if not viewer.is_former else None,
        "first": sightings[0] if sightings else None,
        "evidence": evidence,
        "checks": _checks(point, pieces),
        "action": action,
        "missing": list(available[action].missing) if action else [],
        "form": VerifyForm(point=point, user=user_of(request), action=action) if action else None,
        "may_file": viewer.holds(access.MAY_FILE) and point.state not in (State.MERGED, State.CLOSED),
        # Another address after each upload, so that following it always shows the photos that have arrived.
        "back": f"{here}?sent={len(pieces)}#conclusion",
        "map_url": reverse("firepoints:map_geojson", args=[point.pk]),
    }
    return render(request, "firepoints/report.html", context)


def _checks(point: FirePoint, pieces: list[Evidence]) -> list[dict[str, str]]:
    """The checks of a report: its photos by where they were taken, and all that a 查否 would still need (policy.md §5)."""
    photos = photos_among(pieces)
    share = share_searched(point, pieces)
    lacks = lacking_for_denial(point, pieces)
    checks = [{"kind": "ok" if photos.total else "no", "text": f"现场照片 {photos.total} 张，{photos.words}"}]
    if share is not None:
        checks.append({"kind": "ok" if share else "eh", "text": f"搜索轨迹覆盖像元 {share:.0%}"})
    words = "、".join(lack.words for lack in lacks)
    checks.append(
        {"kind": "" if lacks else "ok", "text": f"报不属实还缺：{words}" if lacks else "报不属实的照片和轨迹齐了"}
    )
    return checks
