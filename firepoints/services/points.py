"""Detections become fire points: creating them, and what may still join or leave one (policy.md §4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from firepoints import doubts, footprints, selectors
from firepoints.models import Detection, FirePoint, Membership, Source
from firepoints.services.attribution import attribute, candidates, create_attributed, least_share, locate
from firepoints.services.steps import claim, concern
from firepoints.states import UNDECIDED, State
from grids import selectors as grids
from grids.models import Edition, User
from grids.services import locating
from journal import digests
from journal.errors import Conflict, Missing
from journal.services import record

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class NewPoint:
    """One 处 as the grouping proposes it. `why` says per detection id (or for all) on what ground it belongs."""

    detections: Sequence[Detection]
    why: Mapping[int, str] | str = ""
    is_oversize: bool = False
    is_fixed_heat: bool = False
    needs_person: str = ""

    def ground(self, detection: Detection) -> str:
        said = self.why if isinstance(self.why, str) else self.why.get(detection.pk, "")
        return said[:300]


def best_position(detections: Iterable[Detection]) -> Detection:
    """The sighting that says best where it burnt: a finding on site before a pixel, a small pixel before a large one,
    a nominal one last; then the earliest, then by key, so that the order of arrival does not matter."""

    def order(one: Detection) -> tuple[Any, ...]:
        is_pixel = one.kind == Detection.Kind.SATELLITE
        area = (one.scan_km or 99.0) * (one.track_km or 99.0) if is_pixel else 0.0
        return (is_pixel, one.is_nominal, area, -(one.frp_mw or 0.0), one.starts_at, one.key)

    return min(detections, key=order)


def outline(detections: Sequence[Detection]) -> dict[str, Any]:
    """The facts of a point that follow from its detections. The burning date is the earliest that any of them names
    (policy.md §2f; a later scar does not move it, a scar alone gives its day of discovery)."""
    best = best_position(detections)
    return {
        "starts_at": min(one.starts_at for one in detections),
        "ends_at": max(one.ends_at for one in detections),
        "precision": min(detections, key=lambda one: (one.starts_at, one.key)).precision,
        "burn_date": min(one.beijing_date for one in detections),
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
    points = [
        FirePoint(
            **outline(group.detections),
            is_oversize=group.is_oversize,
            is_fixed_heat=group.is_fixed_heat,
            needs_person=doubts.joined(group.needs_person),
        )
        for group in groups
    ]
    create_attributed(points, footprints.sites([group.detections for group in groups]))
    _ask_about_counties(list(zip(points, (group.detections for group in groups), strict=True)))
    Membership.objects.bulk_create(
        [
            Membership(point=point, detection=one, why=group.ground(one))
            for point, group in zip(points, groups, strict=True)
            for one in group.detections
        ],
        batch_size=500,
    )
    gathered = {
        str(point.pk): sorted(one.pk for one in group.detections) for point, group in zip(points, groups, strict=True)
    }
    told = {"count": len(points), "digest": digests.sha256(digests.plain(gathered))}
    if len(points) <= MOST_LISTED:
        told["points"] = gathered
    record("fire_point.created", subject if subject is not None else points[0], actor, after=told, reason=reason)
    return points


@transaction.atomic
def attach_detections(
    *, point: FirePoint, detections: Sequence[Detection], actor: User, why: Mapping[int, str] | str = ""
) -> FirePoint:
    """Let sightings join an undecided point. Before dispatch it is located anew; after it, its place and date stand and
    a county that is newly touched is left to a person.

    Raises Conflict for a decided point: what was 认定 is frozen, and a person decides (policy.md §4). StaleVersion.
    """
    if point.state not in UNDECIDED:
        raise Conflict(f"{point} 已{State(point.state).label}，新的监测记录要由人处理", code="frozen_point")
    claim(point)
    group = NewPoint(detections, why)
    Membership.objects.bulk_create(
        [Membership(point=point, detection=one, why=group.ground(one)) for one in detections]
    )
    record("fire_point.gathered", point, actor, after={"detections": sorted(one.pk for one in detections)})
    point = refresh(point)
    _ask_about_counties([(point, detections)])
    return point


@transaction.atomic
def release_detections(*, detections: Iterable[Detection], actor: User, reason: str) -> list[FirePoint]:
    """Take sightings out of their undecided points (a withdrawn run); returns the points, those left empty too.

    A decided point keeps its sightings and is marked for a person. Raises StaleVersion.
    """
    mine = Membership.objects.filter(detection__in=[one.pk for one in detections], is_active=True)
    touched: list[FirePoint] = []
    for point in FirePoint.objects.filter(memberships__in=mine).distinct().order_by("pk"):
        claim(point)
        taken = mine.filter(point=point)
        ids = sorted(taken.values_list("detection_id", flat=True))
        if point.state in UNDECIDED:
            taken.update(is_active=False)
            point = refresh(point)
        else:
            _leave_to_a_person(point, f"{reason}，请复核"[:200])
        record("fire_point.released", point, actor, after={"detections": ids, "state": point.state}, reason=reason)
        touched.append(point)
    return touched


def refresh(point: FirePoint) -> FirePoint:
    """Bring a claimed point in line with its active detections; an empty one stays as it was."""
    detections = selectors.active_detections(point)
    if not detections:
        return point
    facts = outline(detections)
    if point.state != State.SUSPECTED:
        facts = {"starts_at": facts["starts_at"], "ends_at": facts["ends_at"]}
    for name, value in facts.items():
        setattr(point, name, value)
    point.save(update_fields=list(facts))
    if point.state == State.SUSPECTED:
        attribute([point], [footprints.site(detections)])
    else:
        _note_new_counties(point, detections)
    return point


def _note_new_counties(point: FirePoint, detections: Sequence[Detection]) -> None:
    found = locate([point.lon], [point.lat], [footprints.site(detections)], point.burn_date)[0]
    if found is None:
        return
    known = set(point.counties.values_list("county_code", flat=True))
    concern(point, dict(found.shares))
    if set(candidates(found, least_share(point.burn_date))) - known and point.state != State.JOINT:
        _leave_to_a_person(point, "新的监测记录触及另一县（区），请考虑标记跨界")


def _ask_about_counties(brought: Sequence[tuple[FirePoint, Sequence[Detection]]]) -> None:
    """Rows that state, or lie in, another county than the point they come to: a person reconciles the two. Where two
    counties are possible anyway the joint record does (C11)."""
    names: dict[int, dict[str, str]] = {}
    asked = []
    for point, detections in brought:
        if point.is_cross or not point.county_code or point.attribution is None:
            continue
        if all(one.source.source_class == Source.Class.LEAD for one in detections):
            continue
        edition = point.attribution.edition
        if edition.pk not in names:
            names[edition.pk] = _county_names(edition)
        question = doubts.other_county(detections, point.county_code, names[edition.pk])
        if question:
            point.needs_person = doubts.joined(point.needs_person, question)
            asked.append(point)
    FirePoint.objects.bulk_update(asked, ["needs_person"], batch_size=100)


def _county_names(edition: Edition) -> dict[str, str]:
    return grids.cell_names(edition, locating.index_for(edition).locators["county"].codes)


def _leave_to_a_person(point: FirePoint, what: str) -> None:
    point.needs_person = doubts.joined(point.needs_person, what)
    point.save(update_fields=["needs_person"])
