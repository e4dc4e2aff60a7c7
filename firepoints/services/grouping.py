"""After an import: which 处 its sightings belong to (policy.md §4). The machine groups and explains; people decide.

Suspected points may still change shape: they follow the partition, whatever the order of arrival. A dispatched point
takes in what touches it. What was found untrue, closed or decided is never touched by an import: the new sighting
becomes a suspicion of its own, marked for a person.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from firepoints import rulings
from firepoints.grouping import Constraints, Detections, Group, Params, Partition, group
from firepoints.models import Detection, FirePoint, ImportRun, Membership, Source
from firepoints.services.merge import fire_point_absorb
from firepoints.services.points import NewPoint, attach_detections, create_points
from firepoints.services.split import said_by_people
from firepoints.states import DECIDED, Conclusion, State
from grids.geo.sensors import heading_for, sensor_error_m
from grids.models import User
from grids.selectors import system_user
from journal.clock import BEIJING
from journal.errors import StaleVersion

FAMILY_OF_SENSOR = {
    "N": "viirs",
    "N20": "viirs",
    "N21": "viirs",
    "T": "modis",
    "A": "modis",
    "H08": "himawari",
    "H09": "himawari",
}
ON_SITE_ERROR_M = 50.0
REACH_DEGREES = 0.1
TAKES_IN = (State.DISPATCHED, State.JOINT, State.VERIFIED)


@dataclass(slots=True)
class _Scene:
    """The detections in reach of a run, the point that each belongs to, and the points themselves."""

    detections: dict[int, Detection]
    point_of: dict[int, int]
    points: dict[int, FirePoint]


def group_run(*, run: ImportRun, actor: User, same_as: Mapping[int, int] | None = None) -> int:
    """Give every located detection of a run its point; returns how many points were made or changed.

    `same_as`: new detection id → the older processing of the same pixel; where that one stands in a decided point, the
    new one raises no suspicion of its own (policy.md §3: never re-key a charged point).
    Runs in the import's transaction. The partition is a function of detections and constraints alone.
    """
    settled = _of_decided(same_as or {})
    new = [
        one
        for one in Detection.objects.filter(run=run, is_outside=False).select_related("source")
        if one.pk not in settled
    ]
    if not new:
        return 0
    params = _params(new)
    scene = _scene(new, params)
    constraints = _constraints(scene)
    # The whole scene, not only what is linked to the new rows: a hint may reach a point that no link reaches.
    columns = _columns(list(scene.detections.values()))
    partition = group(columns, constraints, params)
    return _apply(partition, scene, run=run, actor=actor)


def _of_decided(same_as: Mapping[int, int]) -> set[int]:
    """The new ids whose older processing belongs to a decided point."""
    decided = set(
        Membership.objects.filter(
            is_active=True, detection__in=list(same_as.values()), point__state__in=DECIDED
        ).values_list("detection_id", flat=True)
    )
    return {newer for newer, older in same_as.items() if older in decided}


def _params(new: Sequence[Detection]) -> Params:
    values = rulings.values_on(min(one.beijing_date for one in new))
    return Params(
        window_h=float(values["group_window_h"]),
        modis_centre_m=float(values["group_modis_m"]),
        himawari_m=float(values["group_himawari_m"]),
        max_span_h=float(values["group_max_h"]),
        max_extent_m=float(values["group_max_m"]),
    )


def _scene(new: Sequence[Detection], params: Params) -> _Scene:
    """The new detections, the live ones near them in time and place, and every other member of the points met."""
    reach = timedelta(hours=params.max_span_h + params.scar_window_h + params.window_h)
    lons, lats = [one.lon for one in new], [one.lat for one in new]
    near = Detection.objects.filter(
        live_key__isnull=False,
        is_outside=False,
        starts_at__lte=max(one.ends_at for one in new) + reach,
        ends_at__gte=min(one.starts_at for one in new) - reach,
        lon__range=(min(lons) - REACH_DEGREES, max(lons) + REACH_DEGREES),
        lat__range=(min(lats) - REACH_DEGREES, max(lats) + REACH_DEGREES),
    )
    members = Membership.objects.filter(is_active=True)
    met = members.filter(detection__in=near.values("pk")).values("point")
    rows = list(members.filter(point__in=met).select_related("detection__source"))
    detections = {one.pk: one for one in near.select_related("source")}
    detections.update({row.detection_id: row.detection for row in rows})
    detections.update({one.pk: one for one in new})
    points = FirePoint.objects.select_related("verification").in_bulk({row.point_id for row in rows})
    return _Scene(detections, {row.detection_id: row.point_id for row in rows}, points)


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


def _columns(detections: Sequence[Detection]) -> Detections:
    nan = float("nan")
    on_site = [one.kind != Detection.Kind.SATELLITE for one in detections]
    return Detections.build(
        id=[one.pk for one in detections],
        starts_at=[_seconds(one.starts_at) for one in detections],
        ends_at=[_seconds(one.ends_at) for one in detections],
        lon=[one.lon for one in detections],
        lat=[one.lat for one in detections],
        family=[_family(one) for one in detections],
        scan_km=[nan if one.scan_km is None else one.scan_km for one in detections],
        track_km=[nan if one.track_km is None else one.track_km for one in detections],
        heading_deg=[_heading(one) for one in detections],
        error_m=[
            ON_SITE_ERROR_M if there else sensor_error_m(one.satellite)
            for one, there in zip(detections, on_site, strict=True)
        ],
        source_class=[str(one.source.source_class) for one in detections],
    )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _family(one: Detection) -> str:
    if one.kind == Detection.Kind.SCAR:
        return "scar"
    if one.kind == Detection.Kind.FIRE:
        return "patrol"
    known = FAMILY_OF_SENSOR.get(one.satellite)
    if one.source.source_class == Source.Class.OFFICIAL_LIST and (known is None or one.scan_km is None):
        return "list"
    return known or "list"


def _heading(one: Detection) -> float:
    if one.kind != Detection.Kind.SATELLITE or one.precision != "instant":
        return float("nan")
    local = one.starts_at.astimezone(BEIJING)
    known = heading_for(one.satellite, local.hour + local.minute / 60, one.lat)
    return float("nan") if known is None else known


def _apply(partition: Partition, scene: _Scene, *, run: ImportRun, actor: User) -> int:
    targets: dict[int, set[int]] = defaultdict(set)
    for proposal in partition.proposals:
        targets[proposal.detection].add(scene.point_of[proposal.frozen])
    doubtful = _before_pass(partition)
    fresh: list[NewPoint] = []
    touched = 0
    for one in partition.groups():
        if one.frozen:
            continue
        standing = sorted({scene.point_of[pk] for pk in one.members if pk in scene.point_of})
        if standing:
            touched += _grow(one, standing, scene, actor)
            continue
        if not any(scene.detections[pk].run_id == run.pk for pk in one.members):
            continue
        beside = sorted(set().union(*(targets[pk] for pk in one.members)))
        if len(beside) == 1 and _takes_in(scene.points[beside[0]]):
            _attach(scene.points[beside[0]], one, scene, actor)
            touched += 1
        else:
            fresh.append(_new_point(one, scene, beside, doubtful))
    create_points(fresh, actor=actor, subject=run)
    return touched + len(fresh)


def _before_pass(partition: Partition) -> set[int]:
    """Detections of two groups that may be one fire: a finding inside a pixel, but before the satellite passed.

    The rule does not join them (policy.md §4: after the pass), yet charging both would be charging twice.
    """
    label = dict(zip(partition.ids.tolist(), partition.label.tolist(), strict=True))
    pairs = [(hint.a, hint.b) for hint in partition.hints() if hint.rule == "before_pass"]
    return {pk for a, b in pairs if label[a] != label[b] for pk in (a, b)}


def _takes_in(point: FirePoint) -> bool:
    """Whether a sighting may join by itself: never a point that was found untrue, decided or closed."""
    untrue = point.verification is not None and point.verification.conclusion == Conclusion.FALSE
    return point.state in TAKES_IN and not untrue


def _grow(one: Group, standing: list[int], scene: _Scene, actor: User) -> int:
    """The group holds suspected points already: the oldest takes in the others, and what is new."""
    survivor, others = scene.points[standing[0]], standing[1:]
    additions = [pk for pk in one.members if pk not in scene.point_of]
    if not additions and not others:
        return 0
    for pk in others:
        fire_point_absorb(point_id=pk, into=survivor.pk, actor=system_user(), reason="新的监测记录把两处连成一处")
    survivor = FirePoint.objects.get(pk=survivor.pk)
    if additions:
        survivor = attach_detections(
            point=survivor, detections=[scene.detections[pk] for pk in additions], actor=actor, why=_why(one)
        )
    FirePoint.objects.filter(pk=survivor.pk).update(
        is_oversize=bool(one.oversize), needs_person=_oversize_words(one) or survivor.needs_person
    )
    return 1


def _attach(point: FirePoint, one: Group, scene: _Scene, actor: User) -> None:
    current = FirePoint.objects.select_related("verification").get(pk=point.pk)
    if not _takes_in(current):
        raise StaleVersion()  # a person has just decided: grouped anew, the sighting becomes a suspicion of its own
    attach_detections(
        point=current, detections=[scene.detections[pk] for pk in one.members], actor=actor, why=_why(one)
    )


def _new_point(one: Group, scene: _Scene, beside: list[int], doubtful: set[int]) -> NewPoint:
    said = _oversize_words(one)
    if doubtful & set(one.members):
        said = said or "巡查发现早于过境而在像元内：与相邻的一处可能是同一处，请核对，同一处请并入"
    if beside:
        names = "、".join(f"{scene.points[pk]}（{scene.points[pk].get_state_display()}）" for pk in beside[:3])
        said = f"与 {names} 的范围相接：同一处请并入，新的焚烧另行派发"
    return NewPoint(
        detections=[scene.detections[pk] for pk in one.members],
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
