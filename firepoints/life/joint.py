"""跨界和争议: nobody's point until the joint record, which is written whether or not everyone came (C11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from core.errors import BadInput, Missing
from core.texts import required
from firepoints.forming import attribution as places
from firepoints.forming.attribution import Located
from firepoints.life.attending import Attendance, Outcome, attendances_of, file_attendances, require_everyone
from firepoints.life.proof import Report, conclusion_of, evidence_named, file_verification
from firepoints.life.site_parts import divided
from firepoints.life.sites import Site, sites_of, touched_by
from firepoints.models import Attribution, FirePoint, JointSite, Verification
from firepoints.steps.advancing import Opened, advance, concern, next_seq, numbered, open_act
from firepoints.steps.asking import ABOUT_COUNTIES, Answer, Asking, open_of
from firepoints.steps.workflow import act
from firepoints.terms.states import Conclusion
from grids.models import User


@act("mark_cross")
@transaction.atomic
def fire_point_mark_cross(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """标记跨界: the point belongs to nobody until the joint record (C11); a filed record stays in its history."""
    reason = required(reason, "标记跨界的理由")
    opened = open_act("mark_cross", point_id=point_id, actor=actor, expected_version=expected_version)
    asking = _left_to_the_joint_record(opened, reason)
    return advance(
        opened, reason=reason, asking=asking, is_cross=True, county_code="", verification=None, due_at=None,
        **numbered(opened.point),
    )  # fmt: skip


@act("dispute")
@transaction.atomic
def fire_point_dispute(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """提出争议: by a county that is or may be concerned, or by the bureau. Until the joint record nobody owns it."""
    reason = required(reason, "争议的理由")
    opened = open_act("dispute", point_id=point_id, actor=actor, expected_version=expected_version)
    asking = _left_to_the_joint_record(opened, reason)
    return advance(opened, reason=reason, asking=asking, county_code="", verification=None, due_at=None)


def _left_to_the_joint_record(opened: Opened, reason: str) -> Asking:
    """Answer what was asked about the county: the joint record finds it."""
    asking = Asking(opened.actor)
    asking.answer([row for row in open_of(opened.point) if row.kind in ABOUT_COUNTIES], Answer.JOINT, reason)
    return asking


@act("settle_jointly")
@transaction.atomic
def fire_point_settle_jointly(  # noqa: PLR0913  the act's data
    *,
    point_id: int | str,
    actor: User,
    conclusion: str,
    attendances: Sequence[Mapping[str, Any]],
    evidence: Sequence[Any],
    county_code: str = "",
    sites: Sequence[Any] = (),
    cause: str = "",
    note: str = "",
    expected_version: int | None = None,
) -> FirePoint:
    """联合核实记录: finds where it burnt, and with that the payer and the people. An absence or a refusal to sign is no veto.

    `sites`: one row for each burnt site, {lon, lat, county_code?, burnt_mu?, detections?, reason?, document?}; several
    divide the point, so that each is a 处 of its own county. Without any, the site is the point's position, and
    `county_code` must be its county. At least one EEB officer (a party without `county_code`) was present and signed;
    every county concerned is listed; the record or photos are among `evidence`.
    Raises Missing, BadInput, and what `open_act` raises.
    """
    opened = open_act("settle_jointly", point_id=point_id, actor=actor, expected_version=expected_version)
    point, county_code = opened.point, str(county_code or "").strip()
    parties = attendances_of(point, attendances)
    pieces = evidence_named(point, evidence)
    if not pieces:
        raise Missing(["联合核实记录的扫描件或现场照片"])
    finding, cause = conclusion_of(conclusion, cause)
    signers = "、".join(party.signer for party in parties if party.outcome == Outcome.PRESENT)
    record = Record(Report(finding, cause, pieces, note, signers), parties)
    if finding == Conclusion.FALSE:
        return _settled_false(record, opened, county_code, sites)
    named = sites_of(point, sites, county_code)
    require_everyone(point, parties, {site.county_code for site in named})
    return _settled_all(record, opened, named)


@dataclass(frozen=True, slots=True)
class Record:
    """What a joint record says of every site that it names: the report, and who came."""

    report: Report
    parties: Sequence[Attendance]


def _settled_all(record: Record, opened: Opened, named: Sequence[Site]) -> FirePoint:
    """Settle the point by its first site, and the points into which the others divide it, each by its own."""
    whole, *others = divided(opened.point, named, opened.actor)
    acts, reason = [replace(opened, point=whole)], f"由 {whole} 的联合核实记录查明"
    for part in others:
        fire_point_mark_cross(point_id=part.pk, actor=opened.actor, reason=reason)
        acts.append(open_act("settle_jointly", point_id=part.pk, actor=opened.actor))
    settled = [_settled(record, acts[at], site, (at + 1, len(named))) for at, site in enumerate(named)]
    return settled[0]


def _settled(record: Record, opened: Opened, site: Site, place: tuple[int, int]) -> FirePoint:
    """Settle one point by its one site, which is the `place`-th of so many."""
    point = opened.point
    own = replace(record, report=replace(record.report, burnt=site.burnt))
    verification = _filed(own, point, opened.actor, site.county_code)
    JointSite.objects.create(
        verification=verification, point=point, seq=place[0], total=place[1], lon=site.lon, lat=site.lat,
        county_code=site.county_code, position_county=site.position_county, burnt_mu=site.burnt_mu,
        footprint_distance_m=site.distance_m, reason=site.reason, document=site.document,
    )  # fmt: skip
    point.lon, point.lat = site.lon, site.lat
    row = _attributed(point, replace(site.located, chain=site.chain), "联合核实记录")
    concern(point, dict.fromkeys((site.county_code, site.position_county), 0.0))
    where = {"lon": site.lon, "lat": site.lat, "site": list(place)}
    return _advanced(record, opened, verification, row, where)


def _settled_false(record: Record, opened: Opened, county_code: str, sites: Sequence[Any]) -> FirePoint:
    """Settle a point at which nothing burnt that counts: in a county that a sighting touches."""
    if sites:
        raise BadInput("不属实的没有烧的地方，不填 sites", where="sites")
    if not record.report.cause:
        raise Missing(["查否的原因"])
    county_code = required(county_code, "联合核实定的县（区）")
    require_everyone(opened.point, record.parties, {county_code})
    located = touched_by(opened.point, county_code)
    verification = _filed(record, opened.point, opened.actor, county_code)
    return _advanced(record, opened, verification, _attributed(opened.point, located, "联合核实记录"), {})


def _filed(record: Record, point: FirePoint, actor: User, county_code: str) -> Verification:
    verification = file_verification(
        point, record.report, kind=Verification.Kind.JOINT, actor=actor, county_code=county_code
    )
    file_attendances(verification, record.parties)
    return verification


def _attributed(point: FirePoint, located: Located, note: str) -> Attribution:
    names = places.Names()
    row = places.attribution_row(
        point, located, names, seq=next_seq(Attribution, point), method=Attribution.Method.JOINT, note=note
    )
    places.file_attributions([row], names)
    return row


def _advanced(
    record: Record, opened: Opened, verification: Verification, row: Attribution, where: Mapping[str, Any]
) -> FirePoint:
    concern(opened.point, {party.county_code: 0.0 for party in record.parties if party.county_code})
    data = {
        "verification": verification.pk,
        "conclusion": str(verification.conclusion),
        "cause": str(verification.cause),
        "county_code": verification.county_code,
        **where,
        "attendances": [
            [party.county_code, party.outcome, party.notices_sent, *(str(notice.scan.uuid) for notice in party.notices)]
            for party in record.parties
        ],
        "evidence": {str(piece.uuid): piece.sha256 for piece in verification.evidence.all()},
    }
    return advance(
        opened,
        data=data,
        verification=verification,
        attribution=row,
        lon=row.lon,
        lat=row.lat,
        county_code=verification.county_code,
        township_code=row.township_code,
        village_code=row.village_code,
        group_code=row.group_code,
    )
