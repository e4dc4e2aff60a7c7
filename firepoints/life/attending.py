"""到场情况: the parties of a joint verification, as the record lists them (C11)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from core import clock
from core.errors import BadInput, Missing
from firepoints.evidence.scans import is_legible
from firepoints.life.proof import evidence_named
from firepoints.models import Evidence, FirePoint, JointAttendance, ServedNotice, Verification
from firepoints.policy import rulings

Outcome = JointAttendance.Outcome
FIELDS = ("party", "outcome", "county_code", "signer", "notices", "notices_sent", "dissent")
NOTICE_FIELDS = ("served_on", "addressee", "scan")


@dataclass(frozen=True, slots=True)
class Notice:
    """A paper that called a party to the meeting: the Beijing day on which it was served, on whom, and its scan."""

    served_on: date
    addressee: str
    scan: Evidence


@dataclass(frozen=True, slots=True)
class Attendance:
    """One party of the joint verification; `county_code` "" is the bureau (EEB) itself."""

    party: str
    outcome: str
    county_code: str = ""
    signer: str = ""
    dissent: str = ""
    notices: tuple[Notice, ...] = ()
    registered: int = 0
    """Notices of which somebody typed the number alone: they prove no absence."""

    @property
    def notices_sent(self) -> int:
        return len(self.notices) or self.registered


def attendances_of(point: FirePoint, entries: Sequence[Mapping[str, Any]]) -> list[Attendance]:
    """The parties as listed. Raises BadInput for what cannot be read, Missing for a signer or served notices that lack."""
    return [_attendance(point, entry, f"attendances 第 {at} 项") for at, entry in enumerate(entries, start=1)]


def file_attendances(verification: Verification, parties: Sequence[Attendance]) -> None:
    """Append who came to a joint verification, with the papers that called whoever did not."""
    for party in parties:
        days = [notice.served_on for notice in party.notices]
        row = JointAttendance.objects.create(
            verification=verification, party=party.party, county_code=party.county_code, outcome=party.outcome,
            signer=party.signer, dissent=party.dissent, notices_sent=party.notices_sent,
            first_served_on=days[0] if days else None, last_served_on=days[-1] if days else None,
            is_registered_number=bool(party.registered and not days),
        )  # fmt: skip
        ServedNotice.objects.bulk_create(
            ServedNotice(
                attendance=row, seq=seq, served_on=notice.served_on, addressee=notice.addressee, scan=notice.scan
            )
            for seq, notice in enumerate(party.notices, start=1)
        )


def _attendance(point: FirePoint, entry: Mapping[str, Any], where: str) -> Attendance:
    is_readable = isinstance(entry, Mapping) and {"party", "outcome"} <= set(entry) <= set(FIELDS)
    if not is_readable:
        raise BadInput("要有 party、outcome，可有 county_code、signer、notices、dissent", where=where)
    fields = {
        name: str(entry.get(name) or "").strip() for name in ("party", "outcome", "county_code", "signer", "dissent")
    }
    if fields["outcome"] not in Outcome.values:
        raise BadInput(f"outcome 只能是 {'、'.join(Outcome.values)}", where=where)
    if fields["outcome"] == Outcome.PRESENT and not fields["signer"]:
        raise Missing([f"{fields['party']} 签字人"])
    notices = _notices(point, entry.get("notices") or [], f"{where} notices")
    least = int(rulings.ruling("joint_notices", clock.today_beijing()))
    if fields["outcome"] == Outcome.ABSENT and len(notices) < least:
        raise Missing(
            [f"{where} notices"],
            f"{fields['party']} 缺席要先送达 {least} 次通知，每次写明日期、受送达人，附扫描件（现有 {len(notices)} 次）；"
            "只写次数不算",
        )
    return Attendance(**fields, notices=notices, registered=_registered(entry.get("notices_sent"), where))


def _registered(value: Any, where: str) -> int:
    if value in (None, ""):
        return 0
    if not str(value).isdecimal() or int(value) > 99:
        raise BadInput("notices_sent 应为次数", where=where)
    return int(value)


def _notices(point: FirePoint, entries: Any, where: str) -> tuple[Notice, ...]:
    """The served notices of a party. Raises BadInput, naming which and what, for days out of order and one paper twice."""
    if not isinstance(entries, list | tuple):
        raise BadInput("应为列表", where=where)
    notices = tuple(_notice(point, entry, f"{where} 第 {at} 次") for at, entry in enumerate(entries, start=1))
    if any(earlier.served_on > later.served_on for earlier, later in pairwise(notices)):
        raise BadInput("送达日期要按先后排", where=where)
    if len({notice.scan.sha256 for notice in notices}) != len(notices):
        raise BadInput("两次通知是同一份扫描件", where=where)
    return notices


def _notice(point: FirePoint, entry: Any, where: str) -> Notice:
    if not isinstance(entry, Mapping) or set(entry) - set(NOTICE_FIELDS):
        unknown = "、".join(sorted(set(entry) - set(NOTICE_FIELDS))) if isinstance(entry, Mapping) else str(entry)[:40]
        raise BadInput(f"要有 {'、'.join(NOTICE_FIELDS)}；不收 {unknown}", where=where)
    if lacking := [f"{where} {name}" for name in NOTICE_FIELDS if not str(entry.get(name) or "").strip()]:
        raise Missing(lacking)
    try:
        served_on = date.fromisoformat(str(entry["served_on"]))
    except ValueError:
        raise BadInput("日期应为 YYYY-MM-DD", where=f"{where} served_on") from None
    if served_on > clock.today_beijing():
        raise BadInput("送达日期晚于今天", where=f"{where} served_on")
    if served_on < point.burn_date:
        raise BadInput(f"送达日期早于起火（{point.burn_date}）", where=f"{where} served_on")
    piece = evidence_named(point, [entry["scan"]])[0]
    if piece.kind != Evidence.Kind.SCAN:
        raise BadInput("要是通知或送达回证的扫描件", where=f"{where} scan")
    if not is_legible(piece):
        raise BadInput("扫描件打不开，或不完整：请重新扫描上传", where=f"{where} scan")
    return Notice(served_on, str(entry["addressee"]).strip()[:80], piece)


def require_everyone(point: FirePoint, parties: Sequence[Attendance], counties: Collection[str]) -> None:
    """An officer of the bureau was there and signed, and every county concerned or found is listed. Raises Missing."""
    listed = {party.county_code for party in parties}
    if not any(not party.county_code and party.outcome == Outcome.PRESENT for party in parties):
        raise Missing(["至少一名市生态环境局执法人员到场并签字"])
    concerned = set(point.counties.values_list("county_code", flat=True))
    lacking = sorted((concerned | set(counties)) - listed)
    if lacking:
        raise Missing([f"县（区）{code} 的到场情况" for code in lacking])
