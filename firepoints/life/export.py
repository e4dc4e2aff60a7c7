"""Fire points as a file that QGIS opens: the points and what the sensors saw of each (WGS-84)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import shapely
from django.db.models import Prefetch, QuerySet

from core.clock import BEIJING
from firepoints.models import FirePoint, Membership
from firepoints.sightings.footprints import footprint_of
from grids.editions.vector_files import check_target, columns_of, layer_frame, write_features
from grids.models import User
from journal.record.services import access

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def export_points(*, points: QuerySet[FirePoint], out: Path, actor: User) -> dict[str, int]:
    """Write layers `points` and `footprints` to a GeoPackage, or `points` alone to the other formats of `FORMATS`; returns rows by layer.

    Times are Beijing, dates too. The export is noted in journal.Access. Raises BadInput for another suffix or a folder
    that cannot be written.
    """
    check_target(out)
    members = Prefetch(
        "memberships",
        Membership.objects.filter(is_active=True).select_related("detection__source"),
        to_attr="live_members",
    )
    rows = list(points.select_related("attribution").prefetch_related(members).order_by("pk"))
    layers = {"points": _points(rows), "footprints": _footprints(rows)}
    written = write_features(layers, out)
    access(actor, "export", ("fire_points", out.name), detail=f"{len(rows)} 处")
    return written


def _points(points: Sequence[FirePoint]) -> GeoDataFrame:
    rows = []
    for point in points:
        place = point.attribution
        rows.append(
            {
                "id": point.pk,
                "number": point.number or "",
                "state": point.get_state_display(),
                "counted": {True: "计入", False: "不计入", None: ""}[point.counted],
                "burn_date": point.burn_date.isoformat(),
                "starts_at": point.starts_at.astimezone(BEIJING).isoformat(timespec="minutes"),
                "county_code": point.county_code,
                "county": place.county_name if place else "",
                "township": place.township_name if place else "",
                "village": place.village_name if place else "",
                "group": place.group_name if place else "",
                "edition": place.edition_id if place else None,
                "border_m": place.border_m if place else None,
            }
        )
    return layer_frame(columns_of(rows), [shapely.Point(point.lon, point.lat) for point in points])


def _footprints(points: Sequence[FirePoint]) -> GeoDataFrame:
    members = [(point, member) for point in points for member in point.live_members]  # type: ignore[attr-defined]
    rows = [
        {
            "point_id": point.pk,
            "detection_id": member.detection_id,
            "source": member.detection.source.name,
            "satellite": member.detection.satellite,
            "seen_at": member.detection.starts_at.astimezone(BEIJING).isoformat(timespec="minutes"),
            "why": member.why,
        }
        for point, member in members
    ]
    return layer_frame(columns_of(rows), [footprint_of(member.detection) for _, member in members])
