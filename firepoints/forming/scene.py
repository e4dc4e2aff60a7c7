"""The scene of a run: the sightings and points in reach, as columns, and what people said of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import pairwise
from operator import attrgetter
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from django.db.models import Q

from firepoints.grouping.rule import Constraints, Detections, Params
from firepoints.models import Detection, FirePoint, ImportRun, Membership, Question, Source
from firepoints.policy import rulings
from firepoints.sightings.footprints import on_site_radius_km
from firepoints.sightings.near import in_box
from firepoints.steps.divisions import said_by_people
from firepoints.terms.states import State
from grids.geo.footprint import metres_per_degree
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


class Seen(IntEnum):
    """The columns of a sighting as grouping reads it: the place of each in a row, and the path it is queried by."""

    path: str

    PK = 0, "pk"
    STARTS = 1, "starts_at"
    ENDS = 2, "ends_at"
    LON = 3, "lon"
    LAT = 4, "lat"
    KIND = 5, "kind"
    SATELLITE = 6, "satellite"
    PRECISION = 7, "precision"
    SCAN = 8, "scan_km"
    TRACK = 9, "track_km"
    CLASS = 10, "source__source_class"
    RUN = 11, "run_id"
    DATE = 12, "beijing_date"
    ACCURACY = 13, "accuracy_m"

    def __new__(cls, place: int, path: str) -> Self:
        column = int.__new__(cls, place)
        column._value_, column.path = place, path
        return column


SEEN = tuple(column.path for column in Seen)
_READ = attrgetter(*(path.replace("__", ".") for path in SEEN))


def seen_of(sighting: Detection) -> Values:
    """A sighting that is at hand, with its source, as a row of SEEN."""
    values: Values = _READ(sighting)
    return values


@dataclass(slots=True)
class Scene:
    """The detections in reach of a run as rows of SEEN, the point that each belongs to, and the points themselves."""

    rows: list[Values]
    own: set[int]
    point_of: dict[int, int]
    points: dict[int, FirePoint]


def params_of(new: Sequence[Values]) -> Params:
    values = rulings.values_on(min(row[Seen.DATE] for row in new))
    return Params(
        window_h=float(values["group_window_h"]),
        modis_centre_m=float(values["group_modis_m"]),
        himawari_m=float(values["group_himawari_m"]),
        max_span_h=float(values["group_max_h"]),
        max_extent_m=float(values["group_max_m"]),
    )


def scene_of(new: Sequence[Values], params: Params) -> Scene:
    """The new detections, the ones in force near them in time and place, and every other member of the points met.

    What is past suspicion keeps its members in the scene whatever became of their run or key: else a fire whose row is
    corrected or withdrawn would come again as another one.
    """
    reach = timedelta(hours=params.max_span_h + params.scar_window_h + params.window_h)
    near = Detection.objects.filter(around(new, reach), is_outside=False)
    in_force = near.filter(live_key__isnull=False, run__state=ImportRun.State.COMMITTED)
    members = Membership.objects.filter(is_active=True)
    stands = ~Q(point__state=State.SUSPECTED)
    counts = Q(detection__live_key__isnull=False, detection__run__state=ImportRun.State.COMMITTED)
    met = members.filter(stands | counts, detection__in=near.values("pk")).values("point")
    of_points = members.filter(point__in=met)
    point_of = dict(of_points.values_list("detection_id", "point_id"))
    rows = {row[Seen.PK]: row for row in in_force.exclude(run=new[0][Seen.RUN]).values_list(*SEEN)}
    for pk in waiting_rows() - point_of.keys():
        rows.pop(pk, None)
    theirs = Detection.objects.filter(memberships__in=of_points).values_list(*SEEN)
    rows.update({row[Seen.PK]: row for row in theirs})
    rows.update({row[Seen.PK]: row for row in new})
    points = FirePoint.objects.select_related("verification").filter(pk__in=met)
    own = {row[Seen.PK] for row in new}
    return Scene(list(rows.values()), own, point_of, {point.pk: point for point in points})


def around(rows: Sequence[Values], reach: timedelta, *, beyond_m: float = 0.0, **narrowed: Any) -> Q:
    """The condition on detections of a box around some rows, so many metres wider on each side where it is asked, and of the
    time around them."""
    lons, lats = [row[Seen.LON] for row in rows], [row[Seen.LAT] for row in rows]
    east, north = (beyond_m / float(of_degree) for of_degree in metres_per_degree(max(map(abs, lats))))
    box = (min(lons) - east, max(lons) + east), (min(lats) - north, max(lats) + north)
    return Q(
        starts_at__lte=max(row[Seen.ENDS] for row in rows) + reach,
        ends_at__gte=min(row[Seen.STARTS] for row in rows) - reach,
        **narrowed,
    ) & in_box(*box, REACH_DEGREES)


def waiting_rows() -> set[int]:
    """Rows that join nothing by themselves, whatever comes later: findings from outside their finder's county, and rows that
    came again while nobody has said what they are, or of which nothing comes."""
    came_again = Q(kind=Question.Kind.CAME_AGAIN) & (Q(answered_at__isnull=True) | Q(answer=Question.Answer.NOTHING))
    rows = Question.objects.filter(Q(kind=Question.Kind.OUTSIDE_FINDING) | came_again)
    return set(rows.values_list("detection_id", flat=True))


def constraints_of(scene: Scene) -> Constraints:
    """The constraints that decisions and people put on a scene.

    Points past suspicion stand as they are; what a person merged into a suspected point stays joined, and what a person
    divided stays apart, whatever state the parts are in.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for detection_id, point_id in sorted(scene.point_of.items()):
        members[point_id].append(detection_id)
    frozen = [ids for point_id, ids in members.items() if scene.points[point_id].state != State.SUSPECTED]
    suspected = [point_id for point_id in members if scene.points[point_id].state == State.SUSPECTED]
    by_hand = set(
        FirePoint.objects.filter(steps__action="merge", merged_into__in=suspected).values_list("merged_into", flat=True)
    )
    joined = [pair for point_id in suspected if point_id in by_hand for pair in pairwise(members[point_id])]
    joined_by_people, apart = said_by_people(members)
    return Constraints(joined=joined + joined_by_people, apart=apart, frozen=frozen)


def columns_of(rows: Sequence[Values]) -> Detections:
    column = list(zip(*rows, strict=True))
    on_site = np.array([kind != Detection.Kind.SATELLITE for kind in column[Seen.KIND]], dtype=bool)
    starts, ends = (
        np.array([_seconds(moment) for moment in column[at]], dtype=np.int64) for at in (Seen.STARTS, Seen.ENDS)
    )
    hours = ((starts + BEIJING_S) % DAY_S) / 3600
    headings = headings_for(column[Seen.SATELLITE], hours, column[Seen.LAT])
    headings[on_site | (np.array(column[Seen.PRECISION], dtype=object) != "instant")] = np.nan
    return Detections.build(
        id=np.array(column[Seen.PK], dtype=np.int64),
        starts_at=starts,
        ends_at=ends,
        lon=column[Seen.LON],
        lat=column[Seen.LAT],
        family=[_family(row) for row in rows],
        scan_km=_numbers(column[Seen.SCAN]),
        track_km=_numbers(column[Seen.TRACK]),
        heading_deg=headings,
        error_m=np.where(on_site, _on_site_m(column), sensor_errors_m(column[Seen.SATELLITE])),
        fixed_heat=~on_site & _on_fixed_heat(column),
    )


def _on_site_m(column: Sequence[Sequence[Any]]) -> npt.NDArray[np.float64]:
    """Metres around a finding in which it may join others. A vaguer one joins no more for being vague."""
    return np.array(
        [min(on_site_radius_km(accuracy) * 1000, VAGUE_M) for accuracy in column[Seen.ACCURACY]], dtype=np.float64
    )


def _on_fixed_heat(column: Sequence[Sequence[Any]]) -> npt.NDArray[np.bool_]:
    """Which rows lie on fixed heat that a person accepted, in force on the row's own Beijing date (policy.md §4)."""
    days = [day.toordinal() for day in column[Seen.DATE]]
    return within_on(column[Seen.LON], column[Seen.LAT], days, kind=Overlay.Kind.FIXED_HEAT)


def _numbers(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _family(row: Values) -> str:
    if row[Seen.KIND] == Detection.Kind.SCAR:
        return "scar"
    if row[Seen.KIND] == Detection.Kind.FIRE:
        return "patrol"
    family = FAMILY_OF_SENSOR.get(row[Seen.SATELLITE])
    if row[Seen.CLASS] == Source.Class.OFFICIAL_LIST and (family is None or row[Seen.SCAN] is None):
        return "list"
    return family or "list"
