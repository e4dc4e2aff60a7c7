"""The points that the rows of a file would make, before anything is written: the grouping of an import, dry. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from firepoints.forming import attribution
from firepoints.forming.apply import takes_in
from firepoints.forming.scene import Scene, Seen, Values, columns_of, constraints_of, params_of, scene_of
from firepoints.grouping.rule import Group, Partition, group
from firepoints.models import Detection, Source
from firepoints.sightings import footprints
from firepoints.sightings.importing.results import PlacedRow
from firepoints.terms.states import State

MOST_ROWS = 2000  # of a file that is looked ahead; a larger one is of a satellite, and only leads


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How many 处 the rows would make or join (`sites`), how many of these are new, join one that there is, touch two
    counties, lie on accepted fixed heat alone."""

    sites: int
    new: int
    joining: int
    over_border: int
    on_fixed_heat: int


def foresee(rows: Sequence[PlacedRow], source: Source) -> Foreseen | None:
    """The points of rows that would be kept; None for none, or for too many."""
    if not 0 < len(rows) <= MOST_ROWS:
        return None
    values = [_values(-at, row, source) for at, row in enumerate(rows, start=1)]
    params = params_of(values)
    scene = scene_of(values, params)
    partition = group(columns_of(scene.rows), constraints_of(scene), params)
    groups = _own_groups(partition, scene)
    joined = [_existing(own, partition, scene) for own in groups]
    return Foreseen(
        sites=len(groups),
        new=joined.count(False),
        joining=joined.count(True),
        over_border=_over_border(groups, {-at: row for at, row in enumerate(rows, start=1)}, source),
        on_fixed_heat=sum(own.fixed_only for own in groups),
    )


def _values(pk: int, row: PlacedRow, source: Source) -> Values:
    by_column = {
        Seen.PK: pk, Seen.STARTS: row.starts_at, Seen.ENDS: row.ends_at, Seen.LON: row.lon, Seen.LAT: row.lat,
        Seen.KIND: row.kind, Seen.SATELLITE: row.satellite, Seen.PRECISION: row.precision, Seen.SCAN: row.scan_km,
        Seen.TRACK: row.track_km, Seen.CLASS: source.source_class, Seen.RUN: 0, Seen.DATE: row.day,
        Seen.ACCURACY: row.accuracy_m,
    }  # fmt: skip
    return tuple(by_column[column] for column in Seen)


def _own_groups(partition: Partition, scene: Scene) -> Sequence[Group]:
    own = np.fromiter(scene.own, dtype=np.int64, count=len(scene.own))
    labels = np.unique(partition.label[np.isin(partition.ids, own)])
    return partition.groups_at(np.searchsorted(partition.group_label, labels).tolist())


def _existing(own: Group, partition: Partition, scene: Scene) -> bool:
    """Whether a group has a point already, or would be taken in by the one that it touches."""
    if any(pk in scene.point_of for pk in own.members):
        return True
    targets: dict[int, set[int]] = defaultdict(set)
    for proposal in partition.proposals:
        targets[proposal.detection].add(scene.point_of[proposal.frozen])
    beside = set().union(*(targets.get(pk, set()) for pk in own.members))
    points = [scene.points[at] for at in beside]
    return len(points) == 1 and (points[0].state == State.SUSPECTED or takes_in(points[0]))


def _over_border(groups: Sequence[Group], rows: Mapping[int, PlacedRow], source: Source) -> int:
    """How many groups may lie in more than one county, by the rule of 跨界; leads alone are not judged."""
    if source.source_class == Source.Class.LEAD or not groups:
        return 0
    stored = Detection.objects.in_bulk([pk for own in groups for pk in own.members if pk > 0])
    members = [[stored[pk] if pk > 0 else _unsaved(rows[pk]) for pk in own.members] for own in groups]
    sites = footprints.sites(members)
    by_day: dict[date, list[int]] = defaultdict(list)
    for at, detections in enumerate(members):
        by_day[min(detection.beijing_date for detection in detections)].append(at)
    count = 0
    for day, places in by_day.items():
        lons = [float(np.mean([detection.lon for detection in members[at]])) for at in places]
        lats = [float(np.mean([detection.lat for detection in members[at]])) for at in places]
        least = attribution.least_share(day)
        located = attribution.locate(lons, lats, [sites[at] for at in places], day)
        count += sum(
            len(attribution.possible_counties(answer, least, is_judged=True)) > 1 for answer in located if answer
        )
    return count


def _unsaved(row: PlacedRow) -> Detection:
    return Detection(
        kind=row.kind, satellite=row.satellite, starts_at=row.starts_at, ends_at=row.ends_at, precision=row.precision,
        lon=row.lon, lat=row.lat, scan_km=row.scan_km, track_km=row.track_km, accuracy_m=row.accuracy_m,
        beijing_date=row.day,
    )  # fmt: skip
