"""One fire point: what was seen, whose it is, what proves it, what was decided, and what can be done now."""

from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from firepoints.forming.standing_apart import neighbours_of
from firepoints.life.proposing import proposals_on
from firepoints.life.waiting_rows import ANSWERERS
from firepoints.models import Evidence, FirePoint, Recognition, Verification
from firepoints.pages import access, panels
from firepoints.pages.access import Viewer, point_or_404, viewer_of
from firepoints.pages.acts.buttons import buttons_of
from firepoints.pages.acts.sent_back import return_of
from firepoints.pages.points import people, progress, words
from firepoints.pages.points.chain import chain_of
from firepoints.pages.points.evidence_cards import cards_of
from firepoints.pages.points.hints import hints_of
from firepoints.pages.points.paging import neighbours
from firepoints.pages.points.rows import flags_of
from firepoints.pages.points.sightings import repeated, sightings_of
from firepoints.sightings.footprints import site
from firepoints.steps import selectors
from firepoints.steps.questions import questions_of, words_of
from firepoints.terms.states import State
from journal.pages.proposals import panel_of
from journal.record import services as journal


@require_safe
@never_cache
def point_detail(request: HttpRequest, point_id: int) -> HttpResponse:
    """The page of a point; showing its photos is noted as one access."""
    point = point_or_404(request, point_id)
    return _page(request, point, is_revealed=False)


@require_POST
@never_cache
def phones(request: HttpRequest, point_id: int) -> HttpResponse:
    """The same page with full numbers, each shown number noted as an access (C5). Not kept: a reload masks again."""
    point = point_or_404(request, point_id)
    viewer = viewer_of(request, point)
    if viewer.is_former or not viewer.holds(access.MAY_REVEAL):
        return HttpResponseForbidden("您的岗位不能查看完整号码。")
    for holder in people.holders_of(point):
        journal.access(request.user, "phone", holder, f"火点 {point}")
    return _page(request, point, is_revealed=True)


def _page(request: HttpRequest, point: FirePoint, *, is_revealed: bool) -> HttpResponse:
    viewer = viewer_of(request, point)
    context = context_of(point, viewer, is_revealed=is_revealed)
    newer, older = neighbours(FirePoint.objects.visible_to(request.user), point)
    proposals = [] if viewer.is_former else panel_of(proposals_on(point), viewer.user)
    context |= {"newer": newer, "older": older, "proposals": proposals}
    if context["evidence"].photos:
        journal.access(request.user, "evidence", point, f"火点页缩略图 {len(context['evidence'].photos)} 张")
    return render(request, "firepoints/detail.html", context)


def context_of(point: FirePoint, viewer: Viewer, *, is_revealed: bool = False) -> dict[str, Any]:
    """Everything about a point that `viewer` may see; the review desk shows the same."""
    sightings = sightings_of(point)
    detections = [sighting.detection for sighting in sightings]
    questions = questions_of(point, viewer.user)
    open_ = [row for row in questions if row.answered_at is None]
    records, decisions = _verifications(point, viewer), _recognitions(point, viewer)
    _hand_in(point, records, decisions)
    pieces = _evidence(point, viewer, records)
    evidence = cards_of(point, pieces, sightings, viewer.user)
    at_hand = selectors.AtHand(open_, detections, None if viewer.is_former else pieces)
    panel = panels.money()
    money = panel.point(point, viewer.user) if panel and not viewer.is_former else None
    steps = [] if viewer.is_former else list(point.steps.select_related("actor").order_by("seq"))
    groups = [] if viewer.is_former else people.groups_of(point, is_revealed=is_revealed)
    return {
        "point": point,
        "viewer": viewer,
        "mark": "settled" if money and money.is_settled else words.mark_of(point),
        "label": words.label_of(point),
        "place": words.place_of(point),
        "flags": flags_of(point, is_asked=bool(open_)),
        "questions": [] if viewer.is_former else questions,
        "open_questions": len(open_),
        "open_words": words_of(open_),
        "seen_points": {row.other_id for row in questions if getattr(row, "is_seen", False)},
        "may_answer_questions": viewer.holds(selectors.ASK_THEM),
        "may_answer_findings": viewer.holds(ANSWERERS),
        "sightings": sightings,
        "apart": [] if viewer.is_former else neighbours_of(point, detections, viewer.user),
        "former_numbers": selectors.former_numbers_of(point),
        "hints": hints_of(point, site(detections)) if sightings else [],
        "repeated": repeated(sightings),
        "evidence": evidence,
        "verifications": records,
        "recognitions": decisions,
        "steps": progress.bar_of(point, steps, sightings[0].detection.source.name if sightings else "", money),
        "sent_back": return_of(point, steps),
        "timeline": progress.timeline_of(steps),
        "buttons": buttons_of(point, selectors.actions_for(point, viewer.user, at_hand), is_asked=bool(open_)),
        "may_file": viewer.holds(access.MAY_FILE) and point.state not in (State.MERGED, State.CLOSED),
        "may_reveal": viewer.holds(access.MAY_REVEAL),
        "may_take_originals": viewer.holds(access.MAY_TAKE_ORIGINALS),
        "is_revealed": is_revealed,
        "groups": groups,
        "gaps": people.gaps(groups),
        "chain": [] if viewer.is_former else chain_of(point, money, evidence, sightings),
        "shares": point.attribution.candidates if point.attribution else [],
        "map_url": reverse("firepoints:map_geojson", args=[point.pk]),
    }


def _verifications(point: FirePoint, viewer: Viewer) -> list[Verification]:
    """The records, the latest first; a county that has lost the point sees its own."""
    records = point.verifications.select_related(
        "verified_by", "post", "joint_site", "recheck__visit__visited_by"
    ).prefetch_related("evidence")
    if viewer.is_former:
        records = records.filter(county_code__in=viewer.counties)
    rows = list(records.order_by("-seq"))
    joint = [row for row in rows if row.kind == Verification.Kind.JOINT]
    prefetch_related_objects(joint, "attendances__notices")  # nobody attends any other
    return rows


def _evidence(point: FirePoint, viewer: Viewer, records: list[Verification]) -> list[Evidence]:
    """The evidence that the viewer may see; whoever sees every record has read on what they rest."""
    behind = None if viewer.is_former else {piece.pk for record in records for piece in record.evidence.all()}
    return list(selectors.evidence_for(point, viewer.user, behind))


def _recognitions(point: FirePoint, viewer: Viewer) -> list[Recognition]:
    if viewer.is_former:
        return []
    rows = point.recognitions.select_related("recognised_by", "verified_by", *panels.RELATED)
    return list(rows.order_by("-seq"))


def _hand_in(point: FirePoint, records: list[Verification], decisions: list[Recognition]) -> None:
    """Let the point have its record and its 认定 as they were just read, with all that belongs to them."""
    point.verification = next((row for row in records if row.pk == point.verification_id), point.verification)
    point.recognition = next((row for row in decisions if row.pk == point.recognition_id), point.recognition)
