"""Rows as plain JSON: `describe` is the one shape of a point, here with what only the API shows."""

from __future__ import annotations

from typing import Any

from firepoints.models import Detection, Evidence, FirePoint, ImportRun, RawRow
from firepoints.steps import describe, selectors
from firepoints.steps.workflow import BY_ACTION
from firepoints.terms import scope
from grids import selectors as grids

IMPORT_FIELDS = (
    *("state", "filename", "sha256", "size_bytes", "datum", "issuer", "period", "list_no", "rows", "kept", "identical"),
    *(
        "superseded",
        "quarantined",
        "outside",
        "notes",
        "started_at",
        "committed_at",
        "withdrawn_at",
        "withdrawn_reason",
    ),
)
RECEIPT_FIELDS = (
    *("kind", "sha256", "size_bytes", "content_type", "width_px", "height_px", "footprint_distance_m"),
    *("no_position_reason", "caption", "server_at"),
)
SIGHTING_FIELDS = ("id", "kind", "satellite", "starts_at", "ends_at", "precision", "lon", "lat", "frp_mw", "confidence")
FOOTPRINT_FIELDS = ("scan_km", "track_km", "is_nominal")


def detail(point: FirePoint, user: Any) -> dict[str, Any]:
    """`describe.full` with the people of that date (phones masked), pixels, receipts and what each act takes."""
    found = describe.full(point, user)
    names = grids.names_of(step["actor"] for step in found["steps"])
    return found | {
        "detections": [_pixel(one) for one in selectors.active_detections(point)],
        "attribution": None if scope.is_former(user, point) else _place(point),
        "evidence": [receipt(one) for one in selectors.evidence_for(point, user)],
        "steps": [{**step, "actor_name": names.get(step["actor"], "")} for step in found["steps"]],
        "actions": [{**one, "fields": BY_ACTION[one["action"]].fields} for one in found["actions"]],
    }


def _pixel(one: Detection) -> dict[str, Any]:
    return {"source": one.source.code, **{name: getattr(one, name) for name in (*SIGHTING_FIELDS, *FOOTPRINT_FIELDS)}}


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
                "level": one.level,
                "cell_code": one.cell_code,
                "post": str(one.post) if one.post else "",
                "name": one.holder.full_name if one.holder else "",
                "phone": grids.mask_phone(one.holder.phone) if one.holder else "",
                "is_acting": one.is_acting,
            }
            for one in people
        ],
    }


def receipt(one: Evidence) -> dict[str, Any]:
    """The receipt of one piece of evidence: the same for ever."""
    return {"uuid": str(one.uuid), "point": one.point_id, **{name: getattr(one, name) for name in RECEIPT_FIELDS}}


def sighting(one: Detection) -> dict[str, Any]:
    """One sighting of a list; source, run and active memberships should be fetched along."""
    own = {name: getattr(one, name) for name in SIGHTING_FIELDS}
    points = [member.point_id for member in one.memberships.all() if member.is_active]
    return own | {
        "run": str(one.run.uuid),
        "row_no": one.row_no,
        "source": one.source.code,
        "county_code": one.county_code,
        "point": points[0] if points else None,
    }


def imported(run: ImportRun) -> dict[str, Any]:
    """One import; source and the superseded run should be selected along."""
    own = {name: getattr(run, name) for name in IMPORT_FIELDS}
    replaced = str(run.supersedes.uuid) if run.supersedes else None
    return own | {"run": str(run.uuid), "source": run.source.code, "supersedes": replaced, "actor": run.actor_id}


def row(one: RawRow) -> dict[str, Any]:
    """One row of a file and what became of it."""
    fields = ("sheet", "row_no", "column", "outcome", "code", "reason", "raw")
    return {**{name: getattr(one, name) for name in fields}, "sighting": one.detection_id}


def feature(point: dict[str, Any]) -> dict[str, Any]:
    """A point of a list as a GeoJSON feature, WGS-84, lon before lat."""
    told = {name: value for name, value in point.items() if name not in ("lon", "lat")}
    where = {"type": "Point", "coordinates": [point["lon"], point["lat"]]}
    return {"type": "Feature", "id": point["id"], "geometry": where, "properties": told}
