"""What a run's sightings are grouped with: the sightings and points in reach, as columns, and what people said of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from firepoints import rulings
from firepoints.footprints import on_site_radius_km
from firepoints.grouping import Constraints, Detections, Params
from firepoints.models import Detection, FirePoint, ImportRun, Membership, Source
from firepoints.services.split import said_by_people
from firepoints.states import State
from grids.geo.sensors import headings_for, sensor_errors_m
from grids.models import Overlay
from grids.selectors.overlays import within_on

FAMILY_OF_SENSOR = {
    "N": "viirs",
    "N20": "viirs",
    "N21": "viirs",
    "T": "modis",
    "A": "modis",
    "H08": "himawari",
    "H09": "himawari",
    "FY4": "himawari",  # geostationary too: its pixels are as wide, and only a hint
    "FY4A": "himawari",
    "FY4B": "himawari",
}
BEIJING_S, DAY_S = 8 * 3600, 86400
REACH_DEGREES = 0.1
VAGUE_M = 300.0


Values = tuple[Any, ...]
SEEN = (
    "pk", "starts_at", "ends_at", "lon", "lat", "kind", "satellite", "precision", "scan_km", "track_km",
    "source__source_class", "run_id", "beijing_date", "accuracy_m",
)  # fmt: skip
PK, STARTS, ENDS, LON, LAT, KIND, SATELLITE, PRECISION, SCAN, TRACK, CLASS, RUN, DATE, ACCURACY = range(len(SEEN))


@dataclass(slots=True)
class Scene:
    """The detections in reach of a run as rows of SEEN, the point that each belongs to, and the points themselves.

    `homes`: of a suspected point whose sightings the partition holds apart, the label of the group that keeps it.
    """

    rows: list[Values]
    own: set[int]
    point_of: dict[int, int]
    points: dict[int, FirePoint]
    homes: dict[int, int] = field(default_factory=dict)


def params_of(new: Sequence[Values]) -> Params:
    values = rulings.values_on(min(one[DATE] for one in new))
    return Params(
        window_h=float(values["group_window_h"]),
        modis_centre_m=float(values["group_modis_m"]),
        himawari_m=float(values["group_himawari_m"]),
        max_span_h=float(values["group_max_h"]),
        max_extent_m=float(values["group_max_m"]),
    )


def scene_of(new: Sequence[Values], params: Params) -> Scene:
    """The new detections, the ones in force near them in time and place, and every other member of the points met."""
    reach = timedelta(hours=params.max_span_h + params.scar_window_h + params.window_h)
    lons, lats = [one[LON] for one in new], [one[LAT] for one in new]
    near = Detection.objects.filter(
        live_key__isnull=False,
        run__state=ImportRun.State.COMMITTED,
        is_outside=False,
        starts_at__lte=max(one[ENDS] for one in new) + reach,
        ends_at__gte=min(one[STARTS] for one in new) - reach,
        lon__range=(min(lons) - REACH_DEGREES, max(lons) + REACH_DEGREES),
        lat__range=(min(lats) - REACH_DEGREES, max(lats) + REACH_DEGREES),
    )
    members = Membership.objects.filter(is_active=True)
    met = members.filter(detection__in=near.values("pk")).values("point")
    of_points = members.filter(point__in=met)
    point_of = dict(of_points.values_list("detection_id", "point_id"))
    rows = {row[PK]: row for row in near.exclude(run=new[0][RUN]).values_list(*SEEN)}
    theirs = Detection.objects.filter(memberships__in=of_points).values_list(*SEEN)
    rows.update({row[PK]: row for row in theirs})
    rows.update({row[PK]: row for row in new})
    points = FirePoint.objects.select_related("verification").filter(pk__in=met)
    own = {row[PK] for row in new}
    return Scene(list(rows.values()), own, point_of, {point.pk: point for point in points})


def constraints_of(scene: Scene) -> Constraints:
    """Points past suspicion stand as they are; what a person merged into a suspected point stays joined, and what a person
    divided stays apart, whatever state the parts are in."""
    members: dict[int, list[int]] = defaultdict(list)
    for detection_id, point_id in sorted(scene.point_of.items()):
        members[point_id].append(detection_id)
    frozen = [ids for point_id, ids in members.items() if scene.points[point_id].state != State.SUSPECTED]
    suspected = [point_id for point_id in members if scene.points[point_id].state == State.SUSPECTED]
    by_hand = set(
        FirePoint.objects.filter(steps__action="merge", merged_into__in=suspected).values_list("merged_into", flat=True)
    )
    joined = [pair for point_id in suspected if point_id in by_hand for pair in pairwise(members[point_id])]
    said, apart = said_by_people(members)
    return Constraints(joined=joined + said, apart=apart, frozen=frozen)


def columns_of(rows: Sequence[Values]) -> Detections:
    column = list(zip(*rows, strict=True))
    on_site = np.array([kind != Detection.Kind.SATELLITE for kind in column[KIND]], dtype=bool)
    starts, ends = (np.array([_seconds(one) for one in column[at]], dtype=np.int64) for at in (STARTS, ENDS))
    hours = ((starts + BEIJING_S) % DAY_S) / 3600
    headings = headings_for(column[SATELLITE], hours, column[LAT])
    headings[on_site | (np.array(column[PRECISION], dtype=object) != "instant")] = np.nan
    return Detections.build(
        id=np.array(column[PK], dtype=np.int64),
        starts_at=starts,
        ends_at=ends,
        lon=column[LON],
        lat=column[LAT],
        family=[_family(one) for one in rows],
        scan_km=_numbers(column[SCAN]),
        track_km=_numbers(column[TRACK]),
        heading_deg=headings,
        error_m=np.where(on_site, _on_site_m(column), sensor_errors_m(column[SATELLITE])),
        fixed_heat=~on_site & _on_fixed_heat(column),
    )


def _on_site_m(column: Sequence[Sequence[Any]]) -> npt.NDArray[np.float64]:
    """Metres around a finding in which it may join others. A vaguer one joins no more for being vague."""
    return np.array([min(on_site_radius_km(one) * 1000, VAGUE_M) for one in column[ACCURACY]], dtype=np.float64)


def _on_fixed_heat(column: Sequence[Sequence[Any]]) -> npt.NDArray[np.bool_]:
    """Which rows lie on fixed heat that a person accepted, in force on the row's own Beijing date (policy.md §4)."""
    days = [day.toordinal() for day in column[DATE]]
    return within_on(column[LON], column[LAT], days, kind=Overlay.Kind.FIXED_HEAT)


def _numbers(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _family(one: Values) -> str:
    if one[KIND] == Detection.Kind.SCAR:
        return "scar"
    if one[KIND] == Detection.Kind.FIRE:
        return "patrol"
    known = FAMILY_OF_SENSOR.get(one[SATELLITE])
    if one[CLASS] == Source.Class.OFFICIAL_LIST and (known is None or one[SCAN] is None):
        return "list"
    return known or "list"
