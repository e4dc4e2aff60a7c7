"""After an import: which 处 its sightings belong to (policy.md §4). The machine groups and explains; people decide.

Suspected points may still change shape: they follow the partition, whatever the order of arrival. A dispatched point
takes in what touches it. What was found untrue, closed or decided is never touched by an import: the new sighting
becomes a suspicion of its own, marked for a person.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Max

from firepoints import rulings
from firepoints.grouping import Constraints, Detections, Group, Params, Partition, group
from firepoints.grouping_model import RULES
from firepoints.models import Detection, FirePoint, ImportRun, Membership, Source
from firepoints.services.merge import fire_point_absorb
from firepoints.services.points import NewPoint, attach_detections, create_points
from firepoints.services.split import said_by_people
from firepoints.states import DECIDED, Conclusion, State
from grids.geo.sensors import headings_for, sensor_errors_m
from grids.models import User
from grids.selectors import system_user
from journal.errors import StaleVersion

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
ON_SITE_ERROR_M = 50.0
REACH_DEGREES = 0.1
TAKES_IN = (State.DISPATCHED, State.JOINT, State.VERIFIED)


Values = tuple[Any, ...]
SEEN = (
    "pk", "starts_at", "ends_at", "lon", "lat", "kind", "satellite", "precision", "scan_km", "track_km",
    "source__source_class", "run_id", "beijing_date",
)  # fmt: skip
PK, STARTS, ENDS, LON, LAT, KIND, SATELLITE, PRECISION, SCAN, TRACK, CLASS, RUN, DATE = range(len(SEEN))


@dataclass(slots=True)
class _Scene:
    """The detections in reach of a run as rows of SEEN, the point that each belongs to, and the points themselves."""

    rows: list[Values]
    own: set[int]
    point_of: dict[int, int]
    points: dict[int, FirePoint]


@dataclass(slots=True)
class Plan:
    """What the partition says should be done, computed without a transaction and applied in pieces."""

    partition: Partition
    scene: _Scene
    targets: Mapping[int, set[int]]
    doubtful: set[int]

    def open_groups(self) -> list[int]:
        """The groups (positions in the partition) in which a sighting of the run waits for a point, or two suspected
        points have come together."""
        waiting = self.scene.own - self.scene.point_of.keys()
        standing = {pk: at for pk, at in self.scene.point_of.items() if self.scene.points[at].state == State.SUSPECTED}
        ids, label = self.partition.ids, self.partition.label
        by_id = np.argsort(ids, kind="stable")
        members = np.fromiter(standing, dtype=np.int64, count=len(standing))
        of = label[by_id[np.searchsorted(ids[by_id], members)]] if len(members) else members
        pairs = np.unique(np.stack((of, np.fromiter(standing.values(), np.int64, len(standing)))), axis=1)
        met, points = np.unique(pairs[0], return_counts=True)
        open_ = label[np.isin(ids, np.fromiter(waiting, dtype=np.int64, count=len(waiting)))]
        labels = np.union1d(open_, met[points > 1])
        at = np.searchsorted(self.partition.group_label, labels).tolist()
        return [k for k, name in zip(at, labels.tolist(), strict=True) if name not in self.partition.frozen_labels]

    def apply(self, groups: Sequence[int], *, run: ImportRun, actor: User) -> int:
        """Form or change the points of some groups, in the caller's transaction; returns how many.

        Raises StaleVersion or Conflict when a person has acted on one of them since the scene was read.
        """
        found = self.partition.groups_at(groups)
        members = [pk for one in found for pk in one.members]
        detections = Detection.objects.select_related("source").in_bulk(members)
        return _apply(found, self, detections, run=run, actor=actor)


def stamp() -> int:
    """Tells whether another sighting has come in: a plan holds as long as this stays. Asked in `one_at_a_time`."""
    return Detection.objects.aggregate(last=Max("pk"))["last"] or 0


def group_run(*, run: ImportRun, actor: User, same_as: Mapping[int, int] | None = None) -> int:
    """Give every located detection of a run its point; returns how many points were made or changed.

    `same_as`: new detection id → the older processing of the same pixel; where that one stands in a decided point, the
    new one raises no suspicion of its own (policy.md §3: never re-key a charged point).
    All in the caller's transaction: for a few rows. The partition is a function of detections and constraints alone.
    """
    plan = plan_for(run, same_as or {})
    return plan.apply(plan.open_groups(), run=run, actor=actor) if plan else 0


def plan_for(run: ImportRun, same_as: Mapping[int, int]) -> Plan | None:
    """Compute the partition of the scene around a run; None when it has nothing to group. Reads only."""
    settled = _of_decided(same_as)
    mine = Detection.objects.filter(run=run, is_outside=False).values_list(*SEEN)
    new = [row for row in mine.iterator(chunk_size=5000) if row[PK] not in settled]
    if not new:
        return None
    params = _params(new)
    scene = _scene(new, params)
    # The whole scene, not only what is linked to the new rows: a hint may reach a point that no link reaches.
    partition = group(_columns(scene.rows), _constraints(scene), params)
    targets: dict[int, set[int]] = defaultdict(set)
    for proposal in partition.proposals:
        targets[proposal.detection].add(scene.point_of[proposal.frozen])
    return Plan(partition, scene, targets, _before_pass(partition))


def rule_alone(sightings: Iterable[int]) -> Partition | None:
    """What the rule makes of some sightings (ids) at once: nobody's word, nothing frozen. To measure it; reads only."""
    rows = list(Detection.objects.filter(pk__in=list(sightings), is_outside=False).values_list(*SEEN))
    return group(_columns(rows), None, _params(rows)) if rows else None


def _of_decided(same_as: Mapping[int, int]) -> set[int]:
    """The new ids whose older processing belongs to a decided point."""
    decided = set(
        Membership.objects.filter(
            is_active=True, detection__in=list(same_as.values()), point__state__in=DECIDED
        ).values_list("detection_id", flat=True)
    )
    return {newer for newer, older in same_as.items() if older in decided}


def _params(new: Sequence[Values]) -> Params:
    values = rulings.values_on(min(one[DATE] for one in new))
    return Params(
        window_h=float(values["group_window_h"]),
        modis_centre_m=float(values["group_modis_m"]),
        himawari_m=float(values["group_himawari_m"]),
        max_span_h=float(values["group_max_h"]),
        max_extent_m=float(values["group_max_m"]),
    )


def _scene(new: Sequence[Values], params: Params) -> _Scene:
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
    return _Scene(list(rows.values()), own, point_of, {point.pk: point for point in points})


def _constraints(scene: _Scene) -> Constraints:
    """Points past suspicion stand as they are; what a person merged into a suspected point stays joined."""
    members: dict[int, list[int]] = defaultdict(list)
    for detection_id, point_id in sorted(scene.point_of.items()):
        members[point_id].append(detection_id)
    frozen = [ids for point_id, ids in members.items() if scene.points[point_id].state != State.SUSPECTED]
    suspected = [point_id for point_id in members if scene.points[point_id].state == State.SUSPECTED]
    by_hand = set(
        FirePoint.objects.filter(steps__action="merge", merged_into__in=suspected).values_list("merged_into", flat=True)
    )
    joined = [pair for point_id in suspected if point_id in by_hand for pair in pairwise(members[point_id])]
    said, apart = said_by_people(suspected)
    return Constraints(joined=joined + said, apart=apart, frozen=frozen)


def _columns(rows: Sequence[Values]) -> Detections:
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
        error_m=np.where(on_site, ON_SITE_ERROR_M, sensor_errors_m(column[SATELLITE])),
        source_class=[str(one) for one in column[CLASS]],
    )


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


def _apply(
    groups: Sequence[Group], plan: Plan, detections: Mapping[int, Detection], *, run: ImportRun, actor: User
) -> int:
    scene = plan.scene
    fresh: list[NewPoint] = []
    touched = 0
    for one in groups:
        if one.frozen:
            continue
        standing = sorted({scene.point_of[pk] for pk in one.members if pk in scene.point_of})
        if standing:
            touched += _grow(one, standing, scene, detections, actor)
            continue
        if not any(pk in scene.own for pk in one.members):
            continue
        beside = sorted(set().union(*(plan.targets.get(pk, ()) for pk in one.members)))
        if len(beside) == 1 and _takes_in(scene.points[beside[0]]):
            _attach(scene.points[beside[0]], one, detections, actor)
            touched += 1
        else:
            fresh.append(_new_point(one, scene, detections, beside, plan.doubtful))
    create_points(fresh, actor=actor, subject=run)
    return touched + len(fresh)


def _before_pass(partition: Partition) -> set[int]:
    """Detections of two groups that may be one fire: a finding inside a pixel, but before the satellite passed.

    The rule does not join them (policy.md §4: after the pass), yet charging both would be charging twice.
    """
    hints = partition.hint_links.where(partition.hint_links.rule == RULES.index("before_pass"))
    if not len(hints):
        return set()
    label = dict(zip(partition.ids.tolist(), partition.label.tolist(), strict=True))
    pairs = zip(partition.canonical_ids[hints.a].tolist(), partition.canonical_ids[hints.b].tolist(), strict=True)
    return {pk for a, b in pairs if label[a] != label[b] for pk in (a, b)}


def _takes_in(point: FirePoint) -> bool:
    """Whether a sighting may join by itself: never a point that was found untrue, decided or closed."""
    untrue = point.verification is not None and point.verification.conclusion == Conclusion.FALSE
    return point.state in TAKES_IN and not untrue


def _grow(one: Group, standing: list[int], scene: _Scene, detections: Mapping[int, Detection], actor: User) -> int:
    """The group holds suspected points already: the oldest takes in the others, and what is new."""
    survivor, others = scene.points[standing[0]], standing[1:]
    additions = [pk for pk in one.members if pk not in scene.point_of]
    if not additions and not others:
        return 0
    current = FirePoint.objects.get(pk=survivor.pk)
    if current.version != survivor.version:
        raise StaleVersion()  # a person, or another piece, has changed it since the scene was read
    for pk in others:
        fire_point_absorb(
            point_id=pk, into=survivor.pk, actor=system_user(), reason="新的监测记录把两处连成一处",
            expected_version=scene.points[pk].version,
        )  # fmt: skip
    current = FirePoint.objects.get(pk=survivor.pk)
    if additions:
        current = attach_detections(
            point=current, detections=[detections[pk] for pk in additions], actor=actor, why=_why(one)
        )
    FirePoint.objects.filter(pk=current.pk).update(
        is_oversize=bool(one.oversize), needs_person=_oversize_words(one) or current.needs_person
    )
    return 1


def _attach(point: FirePoint, one: Group, detections: Mapping[int, Detection], actor: User) -> None:
    current = FirePoint.objects.select_related("verification").get(pk=point.pk)
    if not _takes_in(current):
        raise StaleVersion()  # a person has just decided: grouped anew, the sighting becomes a suspicion of its own
    attach_detections(point=current, detections=[detections[pk] for pk in one.members], actor=actor, why=_why(one))


def _new_point(
    one: Group, scene: _Scene, detections: Mapping[int, Detection], beside: list[int], doubtful: set[int]
) -> NewPoint:
    said = _oversize_words(one)
    if doubtful & set(one.members):
        said = said or "巡查发现早于过境而在像元内：与相邻的一处可能是同一处，请核对，同一处请并入"
    if beside:
        names = "、".join(f"{scene.points[pk]}（{scene.points[pk].get_state_display()}）" for pk in beside[:3])
        said = f"与 {names} 的范围相接：同一处请并入，新的焚烧另行派发"
    return NewPoint(
        detections=[detections[pk] for pk in one.members],
        why=_why(one),
        is_oversize=bool(one.oversize),
        is_fixed_heat=one.fixed_only,
        needs_person=said,
    )


def _oversize_words(one: Group) -> str:
    words = {"over_48h": "超过 48 小时", "over_2km": "超过 2 公里"}
    return "待人工划分：" + "、".join(words[code] for code in one.oversize) if one.oversize else ""


def _why(one: Group) -> dict[int, str]:
    """detection id → the strongest link by which it belongs, in words."""
    why: dict[int, str] = {}
    for link in one.links:
        for pk in (link.a, link.b):
            why.setdefault(pk, link.text)
    return why
