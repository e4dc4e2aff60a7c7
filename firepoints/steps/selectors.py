"""Reads of fire points. Every list and detail starts from what the user may see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from core import clock
from core.errors import NotThere
from core.month import Month
from core.transitions import Available
from firepoints.models import (
    Attribution,
    Detection,
    Evidence,
    FirePoint,
    FormerNumber,
    ImportRun,
    Membership,
    PointCounty,
    Question,
    Reattribution,
    Source,
)
from firepoints.policy import rulings
from firepoints.policy.grounds import Grounds
from firepoints.steps import questions, workflow
from firepoints.steps.searching import matching
from firepoints.terms import scope
from firepoints.terms.states import Conclusion, State
from grids import selectors as grids
from grids.roles import Role

MOST_MERGES = 100
ASK_THEM = frozenset({Role.BUREAU, Role.RECOGNISER, Role.SYSTEM})
"""Who answers questions, or must not decide past them; to these they are told in their own words."""


def fire_point_for(user: Any, id_or_number: int | str) -> FirePoint:
    """The point by pk or number, if `user` may see it. Raises NotThere."""
    text = str(id_or_number).strip().removeprefix("疑似-")
    # isdecimal and a length limit: "²" and a number beyond bigint are no ids
    condition = Q(pk=int(text)) if text.isascii() and text.isdecimal() and len(text) < 19 else Q(number=text)
    points = FirePoint.objects.visible_to(user).filter(condition)
    related = points.select_related("attribution__edition", "verification", "recognition", "merged_into")
    point = related.first() or _by_former_number(user, text)
    if point is None:
        raise NotThere(f"没有火点“{text}”，或不在您的范围内")
    return point


def _by_former_number(user: Any, number: str) -> FirePoint | None:
    """The point that had this number until its burning date moved to another year."""
    points = FirePoint.objects.visible_to(user).filter(former_numbers__number=number)
    return points.select_related("attribution", "verification", "recognition", "merged_into").first()


def on_fixed_heat_alone() -> Q:
    """Suspicions of which nothing is known but satellite leads on accepted fixed heat, and nothing is asked."""
    more = Membership.objects.filter(point=OuterRef("pk"), is_active=True).exclude(
        detection__source__source_class=Source.Class.LEAD, detection__kind=Detection.Kind.SATELLITE
    )
    idle = Q(state=State.SUSPECTED, is_fixed_heat=True)
    return idle & ~questions.is_asked() & ~Q(Exists(more))


def fixed_heat_leads(user: Any) -> QuerySet[FirePoint]:
    """The leads on fixed heat alone that `user` may see."""
    return FirePoint.objects.visible_to(user).filter(on_fixed_heat_alone())


def survivor_of(point: FirePoint) -> FirePoint:
    """The point in which a burnt site lives on: itself, or what it was merged into, followed to the end."""
    for _ in range(MOST_MERGES):
        if point.merged_into_id is None:
            return point
        point = FirePoint.objects.get(pk=point.merged_into_id)
    raise RuntimeError(f"merge chain of fire point {point.pk} does not end")


def active_detections(point: FirePoint) -> list[Detection]:
    """The sightings that the point gathers now, earliest first."""
    rows = Detection.objects.filter(memberships__point=point, memberships__is_active=True)
    return list(rows.select_related("source", "run", "live_key").order_by("starts_at", "key"))


def is_in_force(detection: Detection) -> bool:
    """Whether a sighting of `active_detections` counts: a point past suspicion keeps rows that were withdrawn or corrected."""
    return hasattr(detection, "live_key")


def chargeable_detections(point: FirePoint) -> list[Detection]:
    """The sightings in force that can carry a charge, each under the rulings of its own day; the one to charge first."""
    return Grounds().in_order([sighting for sighting in active_detections(point) if is_in_force(sighting)])


@dataclass(frozen=True, slots=True)
class AtHand:
    """What of a point a page has read already: its open questions, `active_detections` and the evidence filed for it; None =
    not read."""

    questions: Sequence[Question] | None = None
    sightings: Sequence[Detection] | None = None
    evidence: Sequence[Evidence] | None = None


NOTHING = AtHand()


def facts_for(point: FirePoint, actor: Any, at_hand: AtHand = NOTHING) -> workflow.Facts:
    """The facts that the transition table needs; at most nine queries whatever the point, two more for whoever decides, and
    one for whoever answers questions; fewer by what is `at_hand`."""
    roles = grids.roles_of(actor)
    counties = scope.own_counties(actor) if Role.COUNTY in roles else frozenset()
    detections = active_detections(point) if at_hand.sightings is None else at_hand.sightings
    counting = [detection for detection in detections if is_in_force(detection)]
    in_force = rulings.values_on(point.burn_date)
    open_questions = at_hand.questions
    if open_questions is None:
        is_asked = bool(roles & ASK_THEM) or point.state == State.OBJECTION
        open_questions = questions.open_by_point([point])[point.pk] if is_asked else []
    return workflow.Facts(
        state=point.state,
        roles=frozenset(roles),
        actor_id=actor.pk,
        has_county=bool(point.county_code),
        is_cross=point.is_cross and not is_settled_jointly(point),
        is_oversize=point.is_oversize,
        questions=tuple(_said_to(roles, row) for row in open_questions if row.stops_money),
        has_same_picture=any(row.kind == Question.Kind.SAME_PICTURE for row in open_questions),
        is_for_review=any(row.kind in questions.FOR_REVIEW for row in open_questions),
        has_chargeable_source=bool(Grounds({point.burn_date: in_force}).among(counting)),
        found_on_site=not in_force["patrol_needs_county_verification"]
        and any(detection.source.source_class == detection.source.Class.INSPECTION for detection in detections),
        is_official=any(
            detection.source.source_class == detection.source.Class.OFFICIAL_LIST for detection in counting
        ),
        has_live_detections=any(detection.run.state != ImportRun.State.WITHDRAWN for detection in detections),
        actor_is_designated=point.county_code in counties and grids.is_designated(actor, point.county_code),
        actor_in_candidate_county=Role.BUREAU in roles
        or point.county_code in counties
        or (bool(counties) and point.counties.filter(county_code__in=counties).exists()),
        actor_in_owner_county=point.county_code in counties,
        parts=_parts_of(actor, point, detections, at_hand.evidence) if Role.RECOGNISER in roles else (),
        is_own_decision=Role.RECOGNISER in roles
        and point.recognition is not None
        and grids.is_same_person(actor, point.recognition.recognised_by_id),
        another_upholds=_another_upholds(point),
        conclusion=point.verification.conclusion if point.verification else "",
        counted=point.counted,
        has_proposal=Role.BUREAU in roles and point.reattributions.filter(state=Reattribution.State.OPEN).exists(),
        has_groups_to_choose=_has_groups_to_choose(point),
        objection_lapsed=bool(point.objection_until and point.objection_until <= clock.now()),
    )


def _said_to(roles: Collection[str], row: Question) -> str:
    """A question in its words for the bureau; by its kind for a county, since it may name another county's point."""
    return row.words if ASK_THEM.intersection(roles) else row.get_kind_display()


def _parts_of(
    actor: Any, point: FirePoint, detections: Sequence[Detection], evidence: Sequence[Evidence] | None
) -> tuple[str, ...]:
    """The parts that a person had in the case of a point, whatever his account; read only where it may be decided."""
    if point.state != State.VERIFIED:
        return ()
    if evidence is None:
        filed = Evidence.objects.filter(filed_for(point)).order_by()
        uploaders = list(filed.values_list("uploader", flat=True).distinct())
    else:
        uploaders = [piece.uploader_id for piece in evidence]
    on_site = [detection for detection in detections if detection.kind != Detection.Kind.SATELLITE]
    people = {
        "核实人": [point.verification.verified_by_id] if point.verification else [],
        "上传佐证的人": uploaders,
        "发现人": [detection.run.actor_id for detection in on_site],
    }
    own = grids.same_persons(actor, {int(pk) for ids in people.values() for pk in ids})
    return tuple(part for part, ids in people.items() if own.intersection(ids))


def _has_groups_to_choose(point: FirePoint) -> bool:
    """Whether a person may still say the group of a located village; asked only where its state allows it."""
    where = point.attribution
    if point.state not in (State.DISPATCHED, State.VERIFIED) or where is None or not where.village_code:
        return False
    return not point.group_code and grids.has_groups_to_choose(where.edition_id, where.village_code)


def _another_upholds(point: FirePoint) -> bool:
    """Whether another person must uphold: the ruling of today, not of the fire, as it is about how the office works."""
    return point.state != State.CONTESTED or bool(rulings.ruling("uphold_by_another", clock.today_beijing()))


def is_settled_jointly(point: FirePoint) -> bool:
    """Whether the joint record has found the county (C11)."""
    return point.attribution is not None and point.attribution.method == Attribution.Method.JOINT


def actions_for(point: FirePoint, actor: Any, at_hand: AtHand = NOTHING) -> list[Available[workflow.Facts]]:
    """The acts that `actor` may take on `point` now; blocked ones say what is missing."""
    return workflow.available_actions(facts_for(point, actor, at_hand))


def former_numbers_of(point: FirePoint) -> list[FormerNumber]:
    """The numbers that the point gave up; only one that was attributed anew can have given one up."""
    if point.attribution is None or point.attribution.seq < 2:
        return []
    return list(point.former_numbers.exclude(number=point.number).order_by("pk"))


def filed_for(point: FirePoint, behind: Collection[int] | None = None) -> Q:
    """The condition on evidence: filed for this point or for one that was merged into it, or that a record of this point
    rests on (`behind`, where these are known; a joint record of several sites is filed at one of them).

    By keys, not by joins: each part is found by its index, however much evidence there is. Two queries, one more for
    each step of a chain of merges.
    """
    if behind is None:
        rested_on = Evidence.verifications.through.objects.filter(verification__point=point)
        behind = list(rested_on.values_list("evidence", flat=True))
    return Q(point__in=[point.pk, *merged_into(point)]) | Q(pk__in=behind)


def merged_into(point: FirePoint) -> list[int]:
    """The keys of the points that live on in this one, directly or by way of others."""
    merged: list[int] = []
    front = [point.pk]
    for _ in range(MOST_MERGES):
        front = list(FirePoint.objects.filter(merged_into__in=front).values_list("pk", flat=True))
        if not front:
            break
        merged += front
    return merged


def evidence_for(point: FirePoint, user: Any, behind: Collection[int] | None = None) -> QuerySet[Evidence]:
    """The evidence of a visible point that `user` may see, what came with merged points included; a county that has lost
    the point keeps what it filed. `behind`: the keys of what its records rest on, where they are known."""
    every = Evidence.objects.filter(filed_for(point, behind)).select_related("uploader").order_by("server_at", "pk")
    if not scope.is_former(user, point):
        return every
    counties = scope.own_counties(user)
    return every.filter(Q(uploader=user) | Q(verifications__county_code__in=counties)).distinct()


def burned_in(month: Month) -> Q:
    """The condition on points: burning dates (Beijing) of this month."""
    return Q(burn_date__range=(month.first_day, month.last_day))


@dataclass(frozen=True, slots=True)
class PointFilter:
    """By what a list of points is narrowed; what is left empty narrows nothing.

    `month` is YYYY-MM of the burning date (Beijing), `county` also finds candidates, `source` a source code, `q` whatever
    the search finds.
    """

    state: str = ""
    county: str = ""
    month: str = ""
    source: str = ""
    q: str = ""
    counted: bool | None = None
    needs_person: bool = False
    is_cross: bool | None = None
    overdue: bool = False

    def condition(self) -> Q:
        """The condition on points that meets all of it."""
        condition = self._by_place_and_time()
        if self.state:
            condition &= Q(state=self.state)
        if self.counted is not None:
            condition &= Q(counted=self.counted)
        if self.is_cross is not None:
            condition &= Q(is_cross=self.is_cross)
        if self.needs_person:
            condition &= questions.waits_for_a_person()
        if self.overdue:
            condition &= Q(state=State.DISPATCHED, due_at__lt=clock.now())
        return condition

    def _by_place_and_time(self) -> Q:
        condition = Q()
        if self.county:
            codes = grids.one_government({self.county})
            condition &= Q(Exists(PointCounty.objects.filter(point=OuterRef("pk"), county_code__in=codes)))
        if self.month:
            condition &= burned_in(Month.parse(self.month))
        if self.source:
            condition &= of_source(self.source)
        if self.q:
            condition &= matching(self.q)
        return condition


FEW = 2_000
"""Sightings of a source up to which its points are found from them; those of more are met while the list is read."""


def of_source(code: str) -> Q:
    """The condition on points that they gather a sighting of a source now."""
    few = list(Detection.objects.filter(source__code=code).values_list("pk", flat=True)[: FEW + 1])
    mine = Membership.objects.filter(is_active=True)
    if len(few) <= FEW:
        return Q(pk__in=mine.filter(detection__in=few).values("point"))
    # The first one, and not EXISTS: that the database would turn into a list of all points of the source.
    source = Source.objects.get(code=code).pk
    first = mine.filter(point=OuterRef("pk"), detection__source=source).values("pk")[:1]
    return Q(IsNull(Subquery(first), False))


def filter_points(points: QuerySet[FirePoint], by: PointFilter) -> QuerySet[FirePoint]:
    """The points of a list that meet the filter."""
    return points.filter(by.condition())


def is_negative(point: FirePoint) -> bool:
    """Whether the standing verification is a 查否."""
    return bool(point.verification and point.verification.conclusion == Conclusion.FALSE)
