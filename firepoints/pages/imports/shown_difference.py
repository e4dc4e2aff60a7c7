"""A corrected list as the pages show it: new, gone, moved and unchanged rows, and the points that are touched."""

from typing import Any

from django.urls import reverse

from firepoints.models import FirePoint, ImportRun, Membership
from firepoints.sightings.lists.comparing import Difference, Line
from firepoints.sightings.lists.preview import counts_of
from firepoints.terms.states import DECIDED, State

SHOWN = 200


def shown(difference: Difference | None, *, replaced: ImportRun | None) -> dict[str, Any] | None:
    """Rows of each kind with the fire point of the old one, and what would become of it; two queries."""
    if difference is None or replaced is None:
        return None
    old = [*difference.gone[:SHOWN], *(move.old for move in difference.moved[:SHOWN]), *difference.unread[:SHOWN]]
    points = points_of([row.detection_id for row in old])
    return {
        "replaced": replaced,
        "counts": counts_of(difference),
        "added": [{"line": line} for line in difference.added[:SHOWN]],
        "gone": [_touched(row, points) for row in difference.gone[:SHOWN]],
        "moved": [
            {**_touched(move.old, points), "new": move.new, "what": move.what} for move in difference.moved[:SHOWN]
        ],
        "unread": [_touched(row, points) for row in difference.unread[:SHOWN]],
        "more": max(len(difference.added), len(difference.gone), len(difference.moved)) > SHOWN,
        "waiting": sum(1 for row in old if (point := points.get(row.detection_id)) and point.state != State.SUSPECTED),
    }


def points_of(detections: list[int]) -> dict[int, FirePoint]:
    """detection → the point that gathers it, or gathered it last."""
    members = Membership.objects.filter(detection__in=detections).select_related("point").order_by("is_active", "pk")
    return {member.detection_id: member.point for member in members}


def _touched(line: Line, points: dict[int, FirePoint]) -> dict[str, Any]:
    point = points.get(line.detection_id)
    return {
        "line": line,
        "point": point,
        "point_url": reverse("firepoints:detail", args=[point.pk]) if point else "",
        "fate": _fate(point),
    }


def _fate(point: FirePoint | None) -> str:
    """The consequence in words of a row's going out of force, by the state of its point."""
    if point is None:
        return "没有火点"
    if point.state in DECIDED:
        return f"{State(point.state).label}，不动，交人复核"
    if point.state in (State.SUSPECTED, State.CLOSED, State.MERGED):
        return "没有别的记录就关闭" if point.state == State.SUSPECTED else State(point.state).label
    return f"{State(point.state).label}，移出这一行，交人复核"
