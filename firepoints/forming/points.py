"""Detections become fire points: creating them, and what may still join or leave one (policy.md §4)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core.errors import Conflict, Missing
from firepoints.forming import doubts
from firepoints.forming.attribution import (
    Located,
    Names,
    attribute,
    candidates,
    create_attributed,
    least_share,
    locate,
)
from firepoints.forming.county_questions import about_counties
from firepoints.forming.days import move_to_day
from firepoints.models import Detection, FirePoint, Membership
from firepoints.policy.grounds import Grounds
from firepoints.sightings import footprints
from firepoints.sightings.in_force import Departure
from firepoints.steps import selectors
from firepoints.steps.advancing import claim, concern
from firepoints.steps.asking import Asking
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import UNDECIDED, State
from grids.models import User
from journal.record import digests
from journal.record.services import record

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class NewPoint:
    """One 处 as the grouping proposes it. `why` says per detection id (or for all) on what ground it belongs."""

    detections: Sequence[Detection]
    why: Mapping[int, str] | str = ""
    is_oversize: bool = False
    is_fixed_heat: bool = False
    questions: Sequence[Doubt] = ()

    def ground(self, detection: Detection) -> str:
        words = self.why if isinstance(self.why, str) else self.why.get(detection.pk, "")
        return words[:300]


def best_position(detections: Iterable[Detection]) -> Detection:
    """The sighting that says best where it burnt: a finding on site before a pixel, a small pixel before a large one,
    a nominal one last; then the earliest, then by key, so that the order of arrival does not matter."""

    def order(detection: Detection) -> tuple[Any, ...]:
        is_pixel = detection.kind == Detection.Kind.SATELLITE
        area = (detection.scan_km or 99.0) * (detection.track_km or 99.0) if is_pixel else 0.0
        return (is_pixel, detection.is_nominal, area, -(detection.frp_mw or 0.0), detection.starts_at, detection.key)

    return min(detections, key=order)


def outline(detections: Sequence[Detection], grounds: Grounds) -> dict[str, Any]:
    """The facts of a point that follow from its detections. The burning date is that of the sighting on which the charge
    rests (policy.md §2f; a later scar does not move it, a scar alone gives its day of discovery)."""
    best = best_position(detections)
    return {
        "starts_at": min(detection.starts_at for detection in detections),
        "ends_at": max(detection.ends_at for detection in detections),
        "precision": min(detections, key=lambda detection: (detection.starts_at, detection.key)).precision,
        "burn_date": grounds.burning_date(detections),
        "lon": best.lon,
        "lat": best.lat,
    }


@transaction.atomic
def create_points(groups: Sequence[NewPoint], *, actor: User, subject: Any = None, reason: str = "") -> list[FirePoint]:
    """Make a suspected point of each group, located and attributed; one journal entry for all of them.

    `subject` is what brought them (an ImportRun), default the first point. Raises Missing for an empty group;
    IntegrityError if a detection already belongs to a point.
    """
    if not groups:
        return []
    if any(not group.detections for group in groups):
        raise Missing(["监测记录"])
    grounds = Grounds()
    points = [
        FirePoint(
            **outline(group.detections, grounds),
            is_oversize=group.is_oversize,
            is_fixed_heat=group.is_fixed_heat,
        )
        for group in groups
    ]
    has_ground = [bool(grounds.among(group.detections)) for group in groups]
    placeless = create_attributed(points, footprints.sites([group.detections for group in groups]), has_ground)
    Membership.objects.bulk_create(
        [
            Membership(point=point, detection=detection, why=group.ground(detection))
            for point, group in zip(points, groups, strict=True)
            for detection in group.detections
        ],
        batch_size=500,
    )
    asking = Asking()
    gathering = list(zip(points, (group.detections for group in groups), strict=True))
    own = [(point, doubt) for point, group in zip(points, groups, strict=True) for doubt in group.questions]
    asking.ask([*own, *placeless, *about_counties(gathering)])
    gathered = {
        str(point.pk): sorted(detection.pk for detection in group.detections)
        for point, group in zip(points, groups, strict=True)
    }
    entry_after = {"count": len(points), "digest": digests.sha256(digests.plain(gathered)), **asking.told()}
    if len(points) <= MOST_LISTED:
        entry_after["points"] = gathered
    record("fire_point.created", subject if subject is not None else points[0], actor, after=entry_after, reason=reason)
    return points


@transaction.atomic
def attach_detections(
    *,
    point: FirePoint,
    detections: Sequence[Detection],
    actor: User,
    why: Mapping[int, str] | str = "",
    questions: Sequence[Doubt] = (),
) -> FirePoint:
    """Let sightings join an undecided point, with what is to be asked about them. Before dispatch it is located anew; after
    it, its place stands, its day follows the sighting on which the charge rests, and a county that is newly touched is left
    to a person. What it kept out of force leaves.

    Raises Conflict for a decided point: what was 认定 is frozen, and a person decides (policy.md §4). StaleVersion.
    """
    if point.state not in UNDECIDED:
        raise Conflict(f"{point} 已{State(point.state).label}，新的监测记录要由人处理", code="frozen_point")
    claim(point)
    group = NewPoint(detections, why)
    point.memberships.filter(is_active=True, detection__live_key__isnull=True).update(is_active=False)
    Membership.objects.bulk_create(
        [Membership(point=point, detection=detection, why=group.ground(detection)) for detection in detections]
    )
    asking = Asking()
    point = refresh(point, asking, came=[detection.pk for detection in detections])
    asking.ask([*((point, doubt) for doubt in questions), *about_counties([(point, detections)])])
    entry_after = {"detections": sorted(detection.pk for detection in detections), **asking.told()}
    record("fire_point.gathered", point, actor, after=entry_after)
    return point


@transaction.atomic
def release_detections(*, detections: Iterable[Detection], actor: User, departure: Departure) -> list[FirePoint]:
    """Take sightings that are out of force out of their undecided points; returns the points, emptied suspicions too.

    A decided point keeps its sightings, and so does one that people acted on and that would be left empty: its fire is not
    to come again as another one. Both are put before a person. What was asked about the sightings is moot. Raises
    StaleVersion.
    """
    leaving = {detection.pk: detection for detection in detections}
    mine = Membership.objects.filter(detection__in=list(leaving), is_active=True)
    of_point: dict[int, list[int]] = defaultdict(list)
    for point_id, pk in mine.order_by("point_id", "detection_id").values_list("point_id", "detection_id"):
        of_point[point_id].append(pk)
    touched: list[FirePoint] = []
    for point in FirePoint.objects.filter(pk__in=list(of_point)).order_by("pk"):
        claim(point)
        departing = [leaving[pk] for pk in of_point[point.pk]]
        asking = Asking()
        asking.close_about(of_point[point.pk], departure.reason)
        asking.close_of_lists(point, departing, departure.reason)
        if _keeps_its_rows(point, of_point[point.pk]):
            asking.ask([(point, doubt) for doubt in _doubts_of(departure, departing)])
        else:
            mine.filter(point=point).update(is_active=False)
            point = refresh(point, asking)
        entry_after = {"detections": of_point[point.pk], "state": point.state, **asking.told()}
        record("fire_point.released", point, actor, after=entry_after, reason=departure.reason)
        touched.append(point)
    _close_elsewhere(list(leaving), actor, departure)
    return touched


def _keeps_its_rows(point: FirePoint, leaving: Collection[int]) -> bool:
    """Whether rows out of force stay with the point until a person has looked: it is decided, or acted on and without
    another."""
    if point.state not in UNDECIDED:
        return True
    rest = point.memberships.filter(is_active=True).exclude(detection__in=list(leaving))
    return point.state != State.SUSPECTED and not rest.exists()


def _doubts_of(departure: Departure, departing: Sequence[Detection]) -> list[Doubt]:
    """One question for a withdrawn run, one for each row that a corrected list changes or leaves out."""
    words = f"{departure.reason}，请复核"
    if departure.kind == doubts.Kind.WITHDRAWN:
        return [Doubt(departure.kind, words, run=pk) for pk in sorted({detection.run_id for detection in departing})]
    return [Doubt(departure.kind, words, detection=detection.pk) for detection in departing]


def _close_elsewhere(gone: Sequence[int], actor: User, departure: Departure) -> None:
    """Close what was asked about findings from outside that are gone: they belong to no point yet."""
    asking = Asking()
    asking.close_about(gone, departure.reason)
    for row, _ in asking.answered:
        subject = row.point or ("firepoints.question", row.pk)
        record("question.closed", subject, actor, after=asking.told(), reason=departure.reason)


def refresh(point: FirePoint, asking: Asking, *, came: Collection[int] = ()) -> FirePoint:
    """Bring a claimed point in line with its active detections, of which some just `came`; an empty one stays as it was.

    What has to be asked about its place goes through the act's own `asking`.
    """
    detections = selectors.active_detections(point)
    if not detections:
        return point
    grounds = Grounds()
    facts = outline(detections, grounds)
    burn_date = facts["burn_date"]
    if point.state != State.SUSPECTED:
        facts = {"starts_at": facts["starts_at"], "ends_at": facts["ends_at"]}
    for name, value in facts.items():
        setattr(point, name, value)
    point.save(update_fields=list(facts))
    if point.state == State.SUSPECTED:
        had_place = bool(point.county_code) or point.is_cross  # then nothing is open about where it lies
        placeless = attribute([point], [footprints.site(detections)], [bool(grounds.among(detections))])
        if placeless or not had_place:
            asking.ask_about_places([point], placeless)
    else:
        if burn_date != point.burn_date:
            move_to_day(point, burn_date, asking)
        _note_new_counties(point, detections, asking, came, grounds.among(detections))
    return point


def _note_new_counties(
    point: FirePoint,
    detections: Sequence[Detection],
    asking: Asking,
    came: Collection[int],
    grounds: Collection[Detection],
) -> None:
    """Ask about counties that a dispatched point comes to touch; of one of leads, when its first row joins that can be
    charged (`grounds`), about all that are possible besides its own."""
    located = locate([point.lon], [point.lat], [footprints.site(detections)], point.burn_date)[0]
    if located is None:
        return
    concerned = set(point.counties.values_list("county_code", flat=True))
    concern(point, dict(located.shares))
    if not grounds or point.state == State.JOINT:
        return
    if not point.is_cross and all(ground.pk in came for ground in grounds):
        concerned = {point.county_code}
    if set(candidates(located, least_share(point.burn_date))) - concerned:
        about = min(came, default=None)
        newcomers = [detection for detection in detections if detection.pk in came]
        weight = not newcomers or any(detection.source.raises_before_money for detection in newcomers)
        shares = _share_words(located)
        words = f"{doubts.NEW_COUNTY}：{shares}"
        doubt = Doubt(doubts.Kind.NEW_COUNTY, words, detection=about, speaks_for=shares, stops_money=weight)
        asking.ask([(point, doubt)])


def _share_words(located: Located) -> str:
    names = Names()
    return "，".join(f"{names.of(located.edition, code)} {share:.0%}" for code, share in located.shares)
