"""到场情况: the parties of a joint verification, as the record lists them (C11)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import clock
from core.errors import BadInput, Missing
from firepoints.models import FirePoint, JointAttendance
from firepoints.policy import rulings

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

    @property
    def fields(self) -> dict[str, Any]:
        """Its columns as a row."""
        return {name: getattr(self, name) for name in Attendance.__slots__}


def attendances_of(entries: Sequence[Mapping[str, Any] | Attendance]) -> list[Attendance]:
    """The parties as listed. Raises BadInput for what cannot be read, Missing for a signer or notices that lack."""
    return [_attendance(entry, at) for at, entry in enumerate(entries, start=1)]


def _attendance(entry: Mapping[str, Any] | Attendance, at: int) -> Attendance:
    where = f"attendances 第 {at} 项"
    if isinstance(entry, Attendance):
        attendance = entry
    else:
        is_readable = isinstance(entry, Mapping) and {"party", "outcome"} <= set(entry) <= set(Attendance.__slots__)
        if not is_readable:
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


def require_everyone(point: FirePoint, parties: Sequence[Attendance], counties: Collection[str]) -> None:
    """An officer of the bureau was there and signed, and every county concerned or found is listed. Raises Missing."""
    listed = {party.county_code for party in parties}
    if not any(not party.county_code and party.outcome == Outcome.PRESENT for party in parties):
        raise Missing(["至少一名市生态环境局执法人员到场并签字"])
    concerned = set(point.counties.values_list("county_code", flat=True))
    lacking = sorted((concerned | set(counties)) - listed)
    if lacking:
        raise Missing([f"县（区）{code} 的到场情况" for code in lacking])
