"""更正版边界: what it would change is proposed point by point; a person decides, and no 认定 changes by it (C2, C11)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from core import clock
from core.errors import BadInput, Conflict, Missing
from core.texts import required
from firepoints.forming import attribution as places
from firepoints.forming.attribution import Located, Names
from firepoints.models import Attribution, FirePoint, Membership, Reattribution
from firepoints.sightings import footprints
from firepoints.steps import selectors
from firepoints.steps.advancing import advance, claim, concern, next_seq, open_act
from firepoints.steps.asking import Asking
from firepoints.steps.workflow import act
from firepoints.terms.states import LIVE, State
from grids.editions.days_over import Change
from grids.models import User
from grids.roles import LEVELS, Level
from grids.selectors import system_user
from journal.jobs import jobs
from journal.record import digests
from journal.record.services import record

JOB = "firepoints.reattribute"
A_CHUNK = 100


def queue(change: Change) -> None:
    """Have the fires of these days looked at, after the activation commits and in small steps."""
    until = change.until.isoformat() if change.until else ""
    _enqueue({"edition": change.edition.pk, "since": change.since.isoformat(), "until": until, "after": 0})


def _enqueue(payload: Mapping[str, Any]) -> None:
    jobs.enqueue(JOB, digests.sha256([payload, digests.iso_utc(clock.real_now())]), payload)


def look_at_fires(payload: Mapping[str, Any]) -> int:
    """Go through the next fires of an activation, by id; queue the rest. Returns how many lie elsewhere by it."""
    points = list(_fires_of(payload).filter(pk__gt=payload["after"]).order_by("pk")[:A_CHUNK])
    proposals = propose(points, edition_id=payload["edition"])
    if len(points) == A_CHUNK:
        _enqueue({**payload, "after": points[-1].pk})
    return proposals


def _fires_of(payload: Mapping[str, Any]) -> QuerySet[FirePoint]:
    fires = FirePoint.objects.filter(
        state__in=LIVE, attribution__isnull=False, burn_date__gte=date.fromisoformat(payload["since"])
    ).exclude(attribution__edition=payload["edition"])
    if payload["until"]:
        fires = fires.filter(burn_date__lt=date.fromisoformat(payload["until"]))
    return fires.select_related("attribution__edition")


@transaction.atomic
def propose(points: Sequence[FirePoint], *, edition_id: int) -> int:
    """Locate points anew: a suspicion follows the new borders at once, of every other a proposal is filed if any of its
    five codes would change. Returns how many changed or are proposed."""
    if not points:
        return 0
    names = Names()
    proposed = set(Reattribution.objects.filter(edition=edition_id, point__in=points).values_list("point", flat=True))
    moved: list[FirePoint] = []
    rows: list[Reattribution] = []
    for point, located in zip(points, _located(points), strict=True):
        if point.attribution is None or located is None or located.edition.pk != edition_id:
            continue
        if _chain_of(located) == places.chain_of(point.attribution):
            continue
        if point.state == State.SUSPECTED:
            claim(point)
            moved.append(point)
        elif point.pk not in proposed:
            rows.append(_proposal(point, point.attribution, located, names))
    asking = Asking()
    if moved:
        sites = [footprints.site(selectors.active_detections(point)) for point in moved]
        has_ground = [bool(selectors.chargeable_detections(point)) for point in moved]
        asking.ask_about_places(moved, places.attribute(moved, sites, has_ground))
    Reattribution.objects.bulk_create(rows, batch_size=500)
    if moved or rows:
        after = {"moved": [point.pk for point in moved], "proposed": [row.point_id for row in rows], **asking.told()}
        record("fire_point.reattribution_proposed", ("grids.edition", edition_id), system_user(), after=after)
    return len(moved) + len(rows)


def _located(points: Sequence[FirePoint]) -> list[Located | None]:
    """The cells of each point by the edition of its burning date as it stands now; one look-up a date."""
    sites = {point.pk: footprints.site(selectors.active_detections(point)) for point in points if _is_seen(point)}
    located: dict[int, Located | None] = {}
    for on in {point.burn_date for point in points}:
        of_day = [point for point in points if point.burn_date == on and point.pk in sites]
        answers = places.locate(
            [point.lon for point in of_day], [point.lat for point in of_day], [sites[point.pk] for point in of_day], on
        )
        located.update({point.pk: answer for point, answer in zip(of_day, answers, strict=True)})
    return [located.get(point.pk) for point in points]


def _is_seen(point: FirePoint) -> bool:
    return Membership.objects.filter(point=point, is_active=True).exists()


def _chain_of(located: Located) -> dict[str, str]:
    return {str(level): code for level in LEVELS if (code := located.chain.get(level, ""))}


def _proposal(point: FirePoint, old: Attribution, located: Located, names: Names) -> Reattribution:
    chain = _chain_of(located)
    return Reattribution(
        point=point,
        attribution=old,
        edition=located.edition,
        chain=chain,
        names={level: names.of(located.edition, code) for level, code in chain.items()},
        is_other_county=chain.get(Level.COUNTY, "") != old.county_code,
        at=clock.now(),
    )


@act("reattribute")
@transaction.atomic
def fire_point_reattribute(
    *, point_id: int | str, actor: User, proposal: str, reason: str, expected_version: int | None = None
) -> FirePoint:
    """按更正版边界重新归属: take a proposal up for an undecided point. Another county makes it nobody's until the joint
    record (C11); a decided point is reopened first. Raises BadInput, Conflict when the proposal is no longer open."""
    reason = required(reason, "重新归属的理由")
    opened = open_act("reattribute", point_id=point_id, actor=actor, expected_version=expected_version)
    point, row = opened.point, _open_proposal(opened.point, proposal)
    site = footprints.site(selectors.active_detections(point))
    located = places.locate([point.lon], [point.lat], [site], point.burn_date)[0]
    if located is None or located.edition.pk != row.edition_id:
        raise Conflict("起火日现在由另一版边界定位，这条建议已过时", code="outdated_proposal")
    names = Names()
    filed = places.attribution_row(point, located, names, seq=next_seq(Attribution, point), note="按更正版边界重新归属")
    places.file_attributions([filed], names)
    concern(point, dict(located.shares))
    _decide(row, Reattribution.State.ACCEPTED, actor, reason)
    return advance(
        opened, reason=reason, data={"proposal": row.pk, "edition": row.edition_id}, attribution=filed,
        **_consequences(point, located),
    )  # fmt: skip


def _consequences(point: FirePoint, located: Located) -> dict[str, Any]:
    below = (Level.TOWNSHIP, Level.VILLAGE, Level.GROUP)
    changes: dict[str, Any] = {f"{level}_code": located.chain.get(level, "") for level in below}
    is_judged = bool(selectors.chargeable_detections(point))
    counties = places.possible_counties(located, places.least_share(point.burn_date), is_judged=is_judged)
    if counties != [point.county_code] and point.state != State.JOINT:
        is_cross = len(counties) > 1
        changes |= {"to": State.JOINT, "county_code": "", "is_cross": is_cross, "verification": None, "due_at": None}
    return changes


def _open_proposal(point: FirePoint, proposal: str) -> Reattribution:
    row = point.reattributions.filter(pk=int(proposal)).first() if str(proposal).isdecimal() else None
    if row is None:
        raise BadInput("没有这条重新归属的建议", where="proposal")
    if row.state != Reattribution.State.OPEN:
        raise Conflict("这条建议已经处理过了", code="proposal_decided")
    return row


def _decide(row: Reattribution, state: str, actor: User, reason: str) -> None:
    updated = Reattribution.objects.filter(pk=row.pk, state=Reattribution.State.OPEN).update(
        state=state, decided_by=actor, reason=reason[:200]
    )
    if not updated:
        raise Conflict("这条建议已经处理过了", code="proposal_decided")


@transaction.atomic
def reattribution_reject(*, proposal_id: int, actor: User, reason: str) -> Reattribution:
    """Leave a point where it is, with a reason. Raises Missing without one, Conflict when the proposal is not open."""
    if not reason.strip():
        raise Missing(["理由"])
    row = Reattribution.objects.filter(pk=proposal_id).first()
    if row is None:
        raise BadInput("没有这条重新归属的建议", where="proposal")
    _decide(row, Reattribution.State.REJECTED, actor, reason.strip())
    row.refresh_from_db()
    record("fire_point.reattribution_rejected", row.point, actor, after={"proposal": row.pk}, reason=reason.strip())
    return row
