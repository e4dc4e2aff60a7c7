"""跨界和争议: nobody's point until the joint record, which is written whether or not everyone came (C11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from core import clock
from core.errors import BadInput, Missing
from core.texts import required
from firepoints.forming import attribution as places
from firepoints.life.proof import Report, conclusion_of, evidence_named, file_verification
from firepoints.models import Attribution, FirePoint, JointAttendance, Verification
from firepoints.policy import rulings
from firepoints.sightings import footprints
from firepoints.steps import selectors
from firepoints.steps.advancing import Opened, advance, concern, next_seq, numbered, open_act
from firepoints.steps.workflow import act
from firepoints.terms.states import Conclusion
from grids.models import User
from grids.roles import Level

Outcome = JointAttendance.Outcome


@dataclass(frozen=True, slots=True)
class Attendance:
    """One party of the joint verification; `county_code` "" is the bureau (EEB) itself."""

    party: str
    outcome: str
    county_code: str = ""
    signer: str = ""
    notices_sent: int = 0
    dissent: str = ""


@act("mark_cross")
@transaction.atomic
def fire_point_mark_cross(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """标记跨界: the point belongs to nobody until the joint record (C11); a filed record stays in its history."""
    reason = required(reason, "标记跨界的理由")
    opened = open_act("mark_cross", point_id=point_id, actor=actor, expected_version=expected_version)
    return advance(
        opened, reason=reason, is_cross=True, county_code="", verification=None, due_at=None, **numbered(opened.point)
    )


@act("dispute")
@transaction.atomic
def fire_point_dispute(
    *, point_id: int | str, actor: User, reason: str, expected_version: int | None = None
) -> FirePoint:
    """提出争议: by a county that is or may be concerned, or by the bureau. Until the joint record nobody owns it."""
    reason = required(reason, "争议的理由")
    opened = open_act("dispute", point_id=point_id, actor=actor, expected_version=expected_version)
    return advance(opened, reason=reason, county_code="", verification=None, due_at=None)


@act("settle_jointly")
@transaction.atomic
def fire_point_settle_jointly(  # noqa: PLR0913  the act's data
    *,
    point_id: int | str,
    actor: User,
    conclusion: str,
    county_code: str,
    attendances: Sequence[Mapping[str, Any] | Attendance],
    evidence: Sequence[Any],
    cause: str = "",
    note: str = "",
    expected_version: int | None = None,
) -> FirePoint:
    """联合核实记录: finds one county, the payer, and the conclusion. An absence or a refusal to sign is no veto.

    At least one EEB officer (a party without `county_code`) was present and signed; every candidate county is listed;
    an absence needs so many notices (ruling joint_notices); the record or photos are among `evidence`.
    Raises Missing, BadInput, and what `open_act` raises.
    """
    opened = open_act("settle_jointly", point_id=point_id, actor=actor, expected_version=expected_version)
    point = opened.point
    parties = [_attendance(attendance, at) for at, attendance in enumerate(attendances, start=1)]
    county_code = required(county_code, "联合核实定的县（区）")
    _require_everyone(point, parties, county_code)
    pieces = evidence_named(point, evidence)
    if not pieces:
        raise Missing(["联合核实记录的扫描件或现场照片"])
    finding, cause = conclusion_of(conclusion, cause)
    if finding == Conclusion.FALSE and not cause:
        raise Missing(["查否的原因"])
    signers = "、".join(party.signer for party in parties if party.outcome == Outcome.PRESENT)
    report = Report(finding, cause, pieces, note, signers)
    verification = file_verification(point, report, kind=Verification.Kind.JOINT, actor=actor, county_code=county_code)
    JointAttendance.objects.bulk_create(
        JointAttendance(verification=verification, **_fields(party)) for party in parties
    )
    return _settled(opened, verification, county_code, parties)


def _settled(opened: Opened, verification: Verification, county_code: str, parties: Sequence[Attendance]) -> FirePoint:
    row = _attribution(opened.point, county_code)
    concern(opened.point, {party.county_code: 0.0 for party in parties if party.county_code})
    data = {
        "verification": verification.pk,
        "conclusion": str(verification.conclusion),
        "cause": str(verification.cause),
        "county_code": county_code,
        "attendances": [[party.county_code, party.outcome, party.notices_sent] for party in parties],
        "evidence": {str(piece.uuid): piece.sha256 for piece in verification.evidence.all()},
    }
    return advance(
        opened,
        data=data,
        verification=verification,
        attribution=row,
        county_code=county_code,
        township_code=row.township_code,
        village_code=row.village_code,
        group_code=row.group_code,
    )


def _attendance(entry: Mapping[str, Any] | Attendance, at: int) -> Attendance:
    where = f"attendances 第 {at} 项"
    if isinstance(entry, Attendance):
        attendance = entry
    else:
        unknown = set(entry) - set(Attendance.__slots__)
        if unknown or not {"party", "outcome"} <= set(entry):
            raise BadInput("要有 party、outcome，可有 county_code、signer、notices_sent、dissent", where=where)
        attendance = Attendance(**entry)
    if attendance.outcome not in Outcome.values:
        raise BadInput(f"outcome 只能是 {'、'.join(Outcome.values)}", where=where)
    if attendance.outcome == Outcome.PRESENT and not attendance.signer.strip():
        raise Missing([f"{attendance.party} 签字人"])
    least = int(rulings.ruling("joint_notices", clock.today_beijing()))
    if attendance.outcome == Outcome.ABSENT and attendance.notices_sent < least:
        raise Missing([f"{attendance.party} 缺席要先通知 {least} 次（已 {attendance.notices_sent} 次）"])
    return attendance


def _fields(attendance: Attendance) -> dict[str, Any]:
    return {name: getattr(attendance, name) for name in Attendance.__slots__}


def _require_everyone(point: FirePoint, parties: Sequence[Attendance], county_code: str) -> None:
    listed = {party.county_code for party in parties}
    if not any(not party.county_code and party.outcome == Outcome.PRESENT for party in parties):
        raise Missing(["至少一名市生态环境局执法人员到场并签字"])
    concerned = set(point.counties.values_list("county_code", flat=True))
    lacking = sorted((concerned | {county_code}) - listed)
    if lacking:
        raise Missing([f"县（区）{code} 的到场情况" for code in lacking])


def _attribution(point: FirePoint, county_code: str) -> Attribution:
    """The chosen county as a new attribution; below it only what the centre says inside that same county."""
    site = footprints.site(selectors.active_detections(point))
    located = places.locate([point.lon], [point.lat], [site], point.burn_date)[0]
    if located is None:
        raise Missing(["启用的边界版本"])
    names = places.Names()
    if not names.of(located.edition, county_code):
        raise BadInput(f"边界版本“{located.edition}”里没有县（区）{county_code}", where="county_code")
    if located.chain.get(Level.COUNTY) != county_code:
        located = replace(located, chain={Level.CITY: located.chain.get(Level.CITY, ""), Level.COUNTY: county_code})
    row = places.attribution_row(
        point, located, names, seq=next_seq(Attribution, point), method=Attribution.Method.JOINT, note="联合核实记录"
    )
    places.file_attributions([row], names)
    return row
