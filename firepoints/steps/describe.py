"""A fire point as plain JSON: the one shape that the command prints and scripts read."""

from collections.abc import Collection, Sequence
from typing import Any

from firepoints.models import FirePoint, Question, Verification
from firepoints.steps import questions, selectors
from firepoints.terms import scope
from firepoints.terms.states import State

_CODES = ("county_code", "township_code", "village_code", "group_code")


def briefs(points: Sequence[FirePoint]) -> list[dict[str, Any]]:
    """The lines of a list; the attribution should be selected along. One query for the open questions of all."""
    open_questions = questions.open_by_point(points)
    return [_brief(point, open_questions.get(point.pk, [])) for point in points]


def brief(point: FirePoint) -> dict[str, Any]:
    """One line of a list."""
    return briefs([point])[0]


def _brief(point: FirePoint, open_questions: Sequence[Question]) -> dict[str, Any]:
    where = point.attribution
    return {
        "id": point.pk,
        "number": point.number,
        "state": point.state,
        "state_label": State(point.state).label,
        "version": point.version,
        "burn_date": point.burn_date.isoformat(),
        "lon": point.lon,
        "lat": point.lat,
        **{name: getattr(point, name) for name in _CODES},
        "place": "".join(getattr(where, f"{level}_name") for level in ("county", "township", "village", "group"))
        if where
        else "",
        "is_cross": point.is_cross,
        "is_oversize": point.is_oversize,
        "counted": point.counted,
        "needs_person": questions.words_of(open_questions),
        "merged_into": point.merged_into_id,
    }


def full(point: FirePoint, user: Any) -> dict[str, Any]:
    """A point with its sightings, records, decision, steps, and what `user` may do now. A county that has lost the point
    is told of its own record alone."""
    is_former = scope.is_former(user, point)
    own = point.verification if not is_former or _filed_by(point, user) else None
    every = questions.questions_of(point)
    open_ = [row for row in every if row.answered_at is None]
    listed = [] if is_former else every
    others = [row.other_id for row in listed if row.other_id]
    visible_ids = (
        set(FirePoint.objects.visible_to(user).filter(pk__in=others).values_list("pk", flat=True)) if others else set()
    )
    return {
        **_brief(point, [] if is_former else open_),
        "former_numbers": [former.number for former in selectors.former_numbers_of(point)],
        "starts_at": point.starts_at.isoformat(),
        "ends_at": point.ends_at.isoformat(),
        "due_at": _iso(point.due_at),
        "objection_until": _iso(point.objection_until),
        "final_at": _iso(point.final_at),
        "final_by": point.final_by,
        "candidates": point.attribution.candidates if point.attribution else [],
        "detections": [_detection(detection) for detection in selectors.active_detections(point)],
        "evidence": [str(piece.uuid) for piece in selectors.evidence_for(point, user)],
        "verification": _verification(own),
        "recognition": None if is_former else _recognition(point),
        "questions": [{**questions.plain(row), **_hidden(row, visible_ids)} for row in listed],
        "steps": [
            {"seq": step.seq, "action": step.action, "from": step.from_state, "to": step.to_state, "at": _iso(step.at),
             "actor": step.actor_id, "reason": step.reason, "way": step.way, "way_by": step.way_by}
            for step in (() if is_former else point.steps.order_by("seq"))
        ],
        "actions": [
            {"action": available.transition.action, "label": available.transition.label, "missing": list(available.missing)}
            for available in selectors.actions_for(point, user, selectors.AtHand(open_))
        ],
    }  # fmt: skip


def _hidden(row: Question, visible_ids: Collection[int]) -> dict[str, Any]:
    """The fields blanked of a question about a point that the reader may not see."""
    return {"about_id": None} if row.other_id and row.other_id not in visible_ids else {}


def _detection(detection: Any) -> dict[str, Any]:
    return {
        "id": detection.pk,
        "source": detection.source.code,
        "kind": detection.kind,
        "satellite": detection.satellite,
        "starts_at": detection.starts_at.isoformat(),
        "lon": detection.lon,
        "lat": detection.lat,
    }


def _filed_by(point: FirePoint, user: Any) -> bool:
    return point.verification is not None and point.verification.county_code in scope.own_counties(user)


def _verification(verification: Verification | None) -> dict[str, Any] | None:
    if verification is None:
        return None
    return {
        "kind": verification.kind,
        "conclusion": verification.conclusion,
        "cause": verification.cause,
        "at": _iso(verification.at),
        "burnt_mu": verification.area_mu,
        "measured_by": verification.measured_by,
        "crop": verification.crop,
        "fire_position": None if verification.fire_lon is None else [verification.fire_lon, verification.fire_lat],
        "sites": verification.sites,
        "is_new": verification.is_new,
        "arrived_at": _iso(verification.arrived_at),
        "out_at": _iso(verification.out_at),
    }


def _recognition(point: FirePoint) -> dict[str, Any] | None:
    recognition = point.recognition
    if recognition is None:
        return None
    return {
        "counted": recognition.counted,
        "basis": recognition.basis,
        "payer_code": recognition.payer_code,
        "payer_name": recognition.payer_name,
        "burn_date": recognition.burn_date.isoformat(),
        "rule_ref": recognition.rule_ref,
        "amount_fen": recognition.amount_fen,
        "reason": recognition.reason,
    }


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None
