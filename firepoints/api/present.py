"""Rows as plain JSON: `describe` is the one shape of a point, here with what only the API shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from firepoints.api import shapes
from firepoints.api.shapes import attributes_of
from firepoints.evidence.checking import checks_by_photo
from firepoints.models import Detection, Evidence, FirePoint, ImportRun, RawRow
from firepoints.steps import describe, selectors
from firepoints.steps.workflow import BY_ACTION
from firepoints.terms import scope
from grids import selectors as grids

IMPORT_FIELDS = attributes_of(shapes.ImportShape, computed=("run", "source", "supersedes", "actor"))
RECEIPT_FIELDS = attributes_of(shapes.Receipt, computed=("uuid", "point"))
PIXEL_FIELDS = attributes_of(shapes.PointSighting, computed=("source",))
SIGHTING_FIELDS = attributes_of(shapes.Sighting, computed=("run", "source", "point"))
ROW_FIELDS = attributes_of(shapes.ImportRow, computed=("sighting",))
"""What is answered is what the shapes say: a field added there is read here."""


def detail(point: FirePoint, user: Any) -> dict[str, Any]:
    """`describe.full` with the people of that date (phones masked), pixels, receipts and what each act takes."""
    description = describe.full(point, user)
    names = grids.names_of(step["actor"] for step in description["steps"])
    return description | {
        "detections": [_pixel(detection) for detection in selectors.active_detections(point)],
        "attribution": None if scope.is_former(user, point) else _place(point),
        "evidence": _evidence(point, user),
        "steps": [{**step, "actor_name": names.get(step["actor"], "")} for step in description["steps"]],
        "actions": [{**action, "fields": BY_ACTION[action["action"]].fields} for action in description["actions"]],
    }


def _evidence(point: FirePoint, user: Any) -> list[dict[str, Any]]:
    """The receipts, and of each photo what can be checked of it."""
    pieces = list(selectors.evidence_for(point, user))
    checks = checks_by_photo(point, pieces, selectors.active_detections(point), user)
    return [receipt(piece) | {"checks": [asdict(check) for check in checks.get(piece.pk, [])]} for piece in pieces]


def _pixel(detection: Detection) -> dict[str, Any]:
    return {"source": detection.source.code, **{name: getattr(detection, name) for name in PIXEL_FIELDS}}


def _place(point: FirePoint) -> dict[str, Any] | None:
    row = point.attribution
    if row is None:
        return None
    people = row.people.select_related("post", "holder").order_by("pk")
    return {
        "edition": row.edition.name,
        "method": row.method,
        "border_m": row.border_m,
        "people": [
            {
                "level": person.level,
                "cell_code": person.cell_code,
                "post": str(person.post) if person.post else "",
                "name": person.holder.full_name if person.holder else "",
                "phone": grids.mask_phone(person.holder.phone) if person.holder else "",
                "is_acting": person.is_acting,
            }
            for person in people
        ],
    }


def receipt(piece: Evidence) -> dict[str, Any]:
    """The receipt of one piece of evidence: the same for ever."""
    return {"uuid": str(piece.uuid), "point": piece.point_id, **{name: getattr(piece, name) for name in RECEIPT_FIELDS}}


def sighting(detection: Detection) -> dict[str, Any]:
    """One sighting of a list; source, run and active memberships should be fetched along."""
    own = {name: getattr(detection, name) for name in SIGHTING_FIELDS}
    points = [member.point_id for member in detection.memberships.all() if member.is_active]
    return own | {
        "run": str(detection.run.uuid),
        "source": detection.source.code,
        "point": points[0] if points else None,
    }


def imported(run: ImportRun) -> dict[str, Any]:
    """One import; source and the superseded run should be selected along."""
    own = {name: getattr(run, name) for name in IMPORT_FIELDS}
    replaced = str(run.supersedes.uuid) if run.supersedes else None
    return own | {"run": str(run.uuid), "source": run.source.code, "supersedes": replaced, "actor": run.actor_id}


def row(raw_row: RawRow) -> dict[str, Any]:
    """One row of a file and what became of it."""
    return {**{name: getattr(raw_row, name) for name in ROW_FIELDS}, "sighting": raw_row.detection_id}


def feature(point: dict[str, Any]) -> dict[str, Any]:
    """A point of a list as a GeoJSON feature, WGS-84, lon before lat."""
    properties = {name: value for name, value in point.items() if name not in ("lon", "lat")}
    where = {"type": "Point", "coordinates": [point["lon"], point["lat"]]}
    return {"type": "Feature", "id": point["id"], "geometry": where, "properties": properties}
