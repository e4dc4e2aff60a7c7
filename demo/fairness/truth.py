"""The truth behind a point of the product: its rows, the fires that they show, and whether that could be known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from itertools import combinations

import shapely
import shapely.ops
from shapely.geometry.base import BaseGeometry

from demo.fairness.worldfile import Fire, Row, World
from firepoints.models import DetectionKey, FirePoint, Membership, Question
from firepoints.terms.states import LIVE

NEAR_S = 24 * 3600
LONGEST_DAY = timedelta(days=2)
"""What a row without a minute means at most: its day, or its issuer's window."""
LEAST_SHARE = 0.02
"""Of the area where a fire must have been; a smaller sliver over the border is nobody's doubt."""


class Truth:
    """A world beside the deployment that plays it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.row_of: dict[int, Row] = {}
        self._areas: dict[str, BaseGeometry] = {}

    def learn(self, row_ids: dict[int, str]) -> None:
        """Remember which sightings came of which rows; a row told again keeps its first."""
        for detection, row in row_ids.items():
            self.row_of.setdefault(detection, self.world.rows[row])

    def rows(self, point: FirePoint | int) -> list[Row]:
        """The rows that a point gathers now."""
        members = Membership.objects.filter(point=point, is_active=True).order_by("detection_id")
        return [self.row_of[pk] for pk in members.values_list("detection_id", flat=True) if pk in self.row_of]

    def members(self) -> dict[int, list[Row]]:
        """Every live point with its rows."""
        rows_of: dict[int, list[Row]] = defaultdict(list)
        live = Membership.objects.filter(is_active=True, point__state__in=LIVE).order_by("point_id", "detection_id")
        for point, detection in live.values_list("point_id", "detection_id"):
            if detection in self.row_of:
                rows_of[point].append(self.row_of[detection])
        return dict(rows_of)

    def rows_ever(self, point: int) -> list[Row]:
        """The rows that a point holds or ever held."""
        sightings = (
            Membership.objects.filter(point=point).order_by("detection_id").values_list("detection_id", flat=True)
        )
        return [self.row_of[pk] for pk in sightings if pk in self.row_of]

    def mains_ever(self) -> dict[int, set[str]]:
        """Every point with what the rows show that it holds or ever held."""
        mains: dict[int, set[str]] = defaultdict(set)
        for point, detection in Membership.objects.values_list("point_id", "detection_id"):
            if detection in self.row_of:
                mains[point].add(self.row_of[detection].main)
        return mains

    def charged_points(self) -> set[int]:
        """The points that hold a row which can be charged, or at which one waits for an answer."""
        charges = [pk for pk, row in self.row_of.items() if row.charges]
        members = Membership.objects.filter(is_active=True, detection__in=charges)
        waiting = Question.objects.unanswered().filter(point__isnull=False, detection__in=charges)
        return {*members.values_list("point_id", flat=True), *waiting.values_list("point_id", flat=True)}

    def point_of(self, row: str) -> FirePoint | None:
        """The point that gathers a row now."""
        detections = [pk for pk, truth_row in self.row_of.items() if truth_row.id == row]
        memberships = Membership.objects.filter(is_active=True, detection__in=detections).select_related(
            "point__verification"
        )
        first = memberships.first()
        return first.point if first else None

    def fires(self, rows: Iterable[Row]) -> dict[str, Fire]:
        """The fires, straw or not, that these rows show; the one that most of them show first."""
        count: dict[str, int] = defaultdict(int)
        for row in rows:
            if row.main in self.world.fires:
                count[row.main] += 1
        ordered = sorted(count, key=lambda name: (-count[name], name))
        return {name: self.world.fires[name] for name in ordered}

    def site_of(self, fire: Fire) -> tuple[float, float]:
        """The position by which a joint record names a fire: its middle, or the nearest place in the county that pays."""
        middle, county = shapely.Point(fire.lon, fire.lat), self.world.county_areas[fire.county]
        if not county.contains(middle):
            edge = shapely.ops.nearest_points(county, middle)[0]
            middle = edge.buffer(0.0005).intersection(county).representative_point()
        return round(middle.x, 6), round(middle.y, 6)

    def things(self, rows: Iterable[Row]) -> set[str]:
        """The names of what the chargeable ones among these rows show: fires and false alarms, works left out."""
        return {row.main for row in rows if row.charges and row.main and row.main not in self.world.heat}

    def elsewhere(self, point: int, members: dict[int, list[Row]]) -> list[int]:
        """The other live points with a chargeable row of what this point shows."""
        mine = {row.main for row in members.get(point, []) if row.main and row.main not in self.world.heat}
        return sorted(pk for pk, own in members.items() if pk != point and mine & self.things(own))

    def doubts(self, point: int, members: dict[int, list[Row]]) -> list[str]:
        """The oracle's flags: why nobody could know without looking; [] when the rows say enough.

        two_fires: chargeable rows of two straw fires; in_two: what it shows stands in another point too; border: the
        area where its fire must have been lies over two counties; datum: a position in another datum than it says.
        These four are wrong if nobody looks. near: another point's fire, which is another one, may as well be this one,
        since the areas where the two must have been overlap within 24 h. Of format 2 also `_doubts_of_papers`.
        """
        rows = [row for row in members.get(point, []) if row.charges]
        tests = {
            "two_fires": sum(fire.straw for fire in self.fires(rows).values()) > 1,
            "in_two": bool(rows) and bool(self.elsewhere(point, members)),
            "datum": any(row.datum != "wgs84" for row in rows),
            "border": self._over_border(members.get(point, [])),
            "near": any(self._may_be_one(rows, own) for pk, own in members.items() if pk != point),
        }
        if self.world.version > 1:
            tests |= self._doubts_of_papers(point, rows)
        return [name for name, is_so in tests.items() if is_so]

    def _doubts_of_papers(self, point: int, rows: list[Row]) -> dict[str, bool]:
        """The flags of the families of format 2.

        left: a chargeable row of it is out of force, by a correction or a withdrawal; again: a row of what it shows has
        come, and no point holds it. These two are wrong if nobody looks. days: rows that say no minute put it on two
        days, or one list tells it in two rows of a day: told again, a new act of burning, or two fields.
        """
        charges = [pk for pk, row in self.row_of.items() if row.charges]
        keys = DetectionKey.objects.filter(detection__in=charges)
        in_force = set(keys.values_list("detection_id", flat=True))
        live = Membership.objects.filter(is_active=True, detection__in=charges, point__state__in=LIVE)
        point_of = dict(live.values_list("detection_id", "point_id"))
        mine = [pk for pk, at in point_of.items() if at == point]
        waiting = {self.row_of[pk].main for pk in in_force - set(point_of)}
        own = {row.main for row in self.rows_ever(point) if row.charges}
        return {
            "left": any(pk not in in_force for pk in mine),
            "again": bool(own & waiting),
            "days": any(_are_running_days(a, b) for a, b in combinations(rows, 2)),
        }

    def _may_be_one(self, rows: list[Row], others: list[Row]) -> bool:
        return any(
            bool(shapely.intersects(self.area(row), self.area(other)))
            for row in rows
            for other in others
            if other.charges and _apart_s(row, other) <= NEAR_S
        )

    def area(self, row: Row) -> BaseGeometry:
        """The area in which the fire of a row must have been."""
        if row.id not in self._areas:
            self._areas[row.id] = row.area()
        return self._areas[row.id]

    def _over_border(self, rows: list[Row]) -> bool:
        fires = self.fires(rows)
        name = next(iter(fires), None)
        mine = [row for row in rows if row.main == name] if name else rows
        if not mine:
            return False
        areas = sorted((self.area(row) for row in mine), key=lambda area: float(area.area))
        where = areas[0]
        for area in areas[1:]:
            both = where.intersection(area)
            where = where if both.is_empty else both
        parts = [float(where.intersection(county).area) for county in self.world.county_areas.values()]
        return sum(part >= LEAST_SHARE * sum(parts) for part in parts) > 1


def _apart_s(a: Row, b: Row) -> float:
    """Seconds between the times that two rows may mean, 0 where these overlap."""
    (a_from, a_to), (b_from, b_to) = a.interval, b.interval
    return max((b_from - a_to).total_seconds(), (a_from - b_to).total_seconds(), 0.0)


def _are_running_days(a: Row, b: Row) -> bool:
    """Whether two rows without a minute are of two days, or of one day in one list; a scar says no day at all."""
    if a.says is None or b.says is None or any(row.says[1] - row.says[0] > LONGEST_DAY for row in (a, b) if row.says):
        return False
    return a.says[0].date() != b.says[0].date() or a.file == b.file
