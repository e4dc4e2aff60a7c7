"""A finding from the page or the API: stored as a file's row is, by the same path (C7, C12, policy.md §3).

A scar brings the proof of its date. Of a 举报 the caller is taken out before anything is stored.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core import clock
from core.errors import BadInput, Conflict, NeedsAnother, NotAllowed
from firepoints.findings import hotline
from firepoints.forming.outside_findings import counties_of
from firepoints.life.merge import own_scar_merge
from firepoints.models import FirePoint, ImportRun
from firepoints.sightings.importing.reading import ListName, source_named
from firepoints.sightings.importing.results import Import
from firepoints.sightings.importing.start import import_sightings
from firepoints.sightings.in_force import Reach
from firepoints.sightings.readers.base import SCAR, ParseOptions, ParseResult, Rejected, Sighting
from firepoints.sightings.readers.fields import PATROL_FIELDS
from firepoints.sightings.readers.headings import fields_of
from firepoints.sightings.readers.patrol import patrol_finding
from firepoints.steps import selectors
from firepoints.steps.advancing import claim
from firepoints.steps.asking import Asking, Kind
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import DECIDED, UNDECIDED, State
from grids.models import User
from grids.roles import Level, PostKind, Role
from grids.selectors import posts_held, roles_of
from journal.record.services import record
from papers import filing

# Who may report under which source: a county's own finding is 自查 whatever it is called (policy.md §2a).
_BUREAU_ONLY = frozenset({Role.BUREAU})
_LOCAL = frozenset({Role.BUREAU, Role.COUNTY, Role.INSPECTOR})
HOTLINE = "hotline"
OPEN_TO = {
    "patrol": _BUREAU_ONLY,
    "supervision": _BUREAU_ONLY,
    "enforcement": _BUREAU_ONLY,
    "self_found": _LOCAL,
    "township_found": _LOCAL,
    "village_found": _LOCAL,
    HOTLINE: frozenset({Role.BUREAU, Role.COUNTY}),
    "provincial_supervision": _BUREAU_ONLY,
    "national_supervision": _BUREAU_ONLY,
    "provincial_patrol": _BUREAU_ONLY,
    "national_patrol": _BUREAU_ONLY,
    "provincial_enforcement": _BUREAU_ONLY,
}
ONE_BY_ONE = "逐条上报"
INFORMANT = ("informant_name", "informant_phone")


def finding_record(
    *,
    data: Mapping[str, Any],
    actor: User,
    source_code: str = "patrol",
    datum: str = "wgs84",
    has_photo: bool = False,
    belongs_to: str = "",
) -> tuple[Import, FirePoint | None]:
    """Record one finding; the same UUID again adds nothing. Returns the import and the point that it belongs to now, None
    where it has none (outside the city, or over the finder's border: then a person of the bureau decides).

    `has_photo`: a photo of the scar follows, so its date need not be proved in words. `belongs_to`: the number of the
    fire to which a scar belongs, where a person knows better than the grouping; its own point is merged into that one,
    or, where that one is decided and the reporter is no 认定人, waits with the proposal and cannot be charged meanwhile.
    Raises NotAllowed when the actor's post may not report under this source, BadInput naming the field at fault.
    """
    _require_open_to(source_code, actor)
    finding = _finding_of(data, source_code, datum, has_photo=has_photo, belongs_to=belongs_to)
    _require_complete(finding)
    target = selectors.fire_point_for(actor, belongs_to) if belongs_to else None
    with transaction.atomic():
        done = _stored(finding.data, ParseResult((finding.sighting,), (), ()), source_code, actor, datum)
        if source_code == HOTLINE and (sighting := sighting_of(done)) is not None:
            hotline.hotline_take(detection=sighting, actor=actor, name=finding.caller, phone=finding.phone)
        point = _point_of(done)
        if target is not None and point is not None and point.pk != target.pk:
            why = f"黑斑属于这一处：{finding.data.get('date_proof') or '上报人指定'}"[:300]
            scar = Doubt(
                Kind.SCAR_OF, _scar_of(target), other=target.pk,
                stops_money=source_named(source_code).raises_before_money,
            )  # fmt: skip
            point = _joined(point, target, actor, why, scar if done.kept else None)
    return done, point


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as it was handed in and read: without its caller, who is kept apart."""

    data: dict[str, Any]
    sighting: Sighting
    source_code: str
    has_photo: bool
    belongs_to: str
    caller: str
    phone: str

    @property
    def is_scar(self) -> bool:
        return self.sighting.kind == SCAR

    @property
    def is_undated_scar(self) -> bool:
        """Whether nothing proves the date of a scar; whoever calls in a 举报 need not."""
        is_proved = self.has_photo or str(self.data.get("date_proof") or "").strip()
        return self.is_scar and not is_proved and self.source_code != HOTLINE


def _require_complete(finding: Finding) -> None:
    if finding.is_undated_scar:
        raise BadInput("黑斑要写明凭什么认定焚烧日期，或附照片", where="date_proof", code="missing_date_proof")
    if finding.belongs_to and not finding.is_scar:
        raise BadInput("只有黑斑可以写属于哪一处火点", where="belongs_to")


def _require_open_to(source_code: str, actor: User) -> None:
    allowed = OPEN_TO.get(source_code)
    if allowed is None:
        raise BadInput(f"“{source_code}”不能逐条上报", where="source")
    if not (roles_of(actor) & allowed or (allowed == _BUREAU_ONLY and _inspects_for_the_city(actor))):
        raise NotAllowed("您的岗位不能以这个来源上报；县、乡、村发现的请选“自查”")


def _finding_of(data: Mapping[str, Any], source_code: str, datum: str, *, has_photo: bool, belongs_to: str) -> Finding:
    """The finding as the patrol reader reads it. Raises BadInput naming the field at fault."""
    cells, caller, phone = _without_informant(data) if source_code == HOTLINE else (dict(data), "", "")
    _refuse_informant(cells)
    sighting = patrol_finding(cells, options=ParseOptions(datum=datum, now=clock.now()))
    if isinstance(sighting, Rejected):
        raise BadInput(sighting.reason, where=sighting.column, code=sighting.code)
    return Finding(cells, sighting, source_code, has_photo, belongs_to, caller, phone)


def _joined(point: FirePoint, target: FirePoint, actor: User, why: str, scar: Doubt | None) -> FirePoint:
    """The point in which a scar ends that belongs to `target`: merged into it, or waiting for whoever decides (asked as
    `scar`, None where it was asked before)."""
    if target.state in DECIDED and Role.RECOGNISER not in roles_of(actor):
        return point if scar is None else _proposed(point, target, actor, why, scar)
    try:
        own_scar_merge(point_id=point.pk, actor=actor, into=target.pk, reason=why)
    except NeedsAnother:  # too far from it, or 终局: another person decides
        return point if scar is None else _proposed(point, target, actor, why, scar)
    return selectors.survivor_of(target)


def _scar_of(target: FirePoint) -> str:
    return f"上报人写明是 {target}（{State(target.state).label}）的黑斑：是的由认定人并入，另是一处的核对完毕"


def _proposed(point: FirePoint, target: FirePoint, actor: User, why: str, scar: Doubt) -> FirePoint:
    """Ask whoever decides to merge the scar's point into the decided one: nothing of the 认定 changes (policy.md §4)."""
    if point.state not in UNDECIDED:
        raise Conflict(f"这处黑斑已归入{point}，不能再写属于 {target}", code="frozen_point")
    claim(point)
    asking = Asking(actor)
    asking.say(point, scar, actor)
    record("fire_point.questioned", point, actor, after={"into": target.pk, **asking.told()}, reason=why)
    return FirePoint.objects.get(pk=point.pk)


def _stored(fields: dict[str, Any], result: ParseResult, source_code: str, actor: User, datum: str) -> Import:
    content = json.dumps(fields, ensure_ascii=False, sort_keys=True, default=str).encode()
    return import_sightings(
        result=result,
        source=source_named(source_code),
        actor=actor,
        name=ListName(),
        reach=Reach(counties_of(actor)),
        facts={
            "filename": ONE_BY_ONE,
            "sha256": filing.digest_of(content),
            "size_bytes": len(content),
            "stored_as": filing.store_bytes(content, kind="imports", suffix=".json"),
            "datum": datum,
        },
    )


def _without_informant(data: Mapping[str, Any]) -> tuple[dict[str, Any], str, str]:
    """The finding without its caller: only what the reader knows is kept, so that no field of another name holds one, and
    whoever is named as finder of a 举报 is the caller."""
    name, phone = (str(data.get(field) or "") for field in INFORMANT)
    names = [str(heading) for heading in data]
    fields = {field: names[at] for field, at in fields_of(names, PATROL_FIELDS, {}).items()}
    finder = fields.pop("finder", "")
    name = name or str(data.get(finder) or "")
    finding = {heading: data[heading] for heading in data if heading in fields.values()}
    for text in finding.values():
        hotline.require_no_phone(str(text))
    return finding, name, phone


def _refuse_informant(fields: Mapping[str, Any]) -> None:
    for field in INFORMANT:
        if fields.get(field):
            raise BadInput("只有举报可以写举报人", where=field)


def _inspects_for_the_city(actor: User) -> bool:
    """Whether this is a patrol of the city itself; the inspectors of counties, townships and villages find for themselves (自查)."""
    return posts_held(actor).filter(kind=PostKind.INSPECTOR, level=Level.CITY).exists()


def sources_open_to(actor: User) -> list[str]:
    """The codes of the sources under which this person may report, in the order of the table."""
    actor_roles = roles_of(actor)
    is_city = _inspects_for_the_city(actor)
    return [code for code, roles in OPEN_TO.items() if actor_roles & roles or (is_city and roles == _BUREAU_ONLY)]


def sighting_of(done: Import) -> Any:
    """The sighting that a finding became, or that it equals: of the run that first brought it."""
    row = done.run.raw_rows.exclude(detection=None).select_related("detection__run").first() if done.run else None
    return row.detection if row else None


def findings_of(actor: User) -> Any:
    """The runs of what this person reported one by one, the newest first; a repeat brought nothing and is none."""
    return ImportRun.objects.filter(actor=actor, filename=ONE_BY_ONE, detections__isnull=False).order_by("-pk")


def _point_of(done: Import) -> FirePoint | None:
    sighting = sighting_of(done)
    if sighting is None:
        return None
    member = sighting.memberships.filter(is_active=True).select_related("point").first()
    return member.point if member else None
