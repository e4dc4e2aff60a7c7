"""The fates of each row: its point, the equal row of before, the newer version, its mending; always with a way there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import F
from django.urls import reverse

from firepoints.feedback.answers import Trace, standing_mendings, trace_of
from firepoints.links import row_url
from firepoints.models import Detection, FirePoint, ImportRun, Membership, Mending, Question, RawRow, Supersession

Outcome = RawRow.Outcome


@dataclass(frozen=True, slots=True)
class Fate:
    """One thing that became of a row, in words, and where it can be seen ("" for nowhere further)."""

    text: str
    url: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """The row that brought a sighting: of which run, where in its file."""

    run: ImportRun
    row_no: int
    sheet: str

    def __str__(self) -> str:
        sheet = f" {self.sheet}" if self.sheet else ""
        return f"{self.run.filename}{sheet} 第 {self.row_no} 行"

    @property
    def url(self) -> str:
        return row_url(self.run.uuid, self.row_no, self.sheet)


def fates_of(run: ImportRun, rows: Sequence[RawRow]) -> dict[tuple[int, str], list[Fate]]:
    """(row number, sheet) → fates of some rows of one run; at most twelve queries whatever their number."""
    sightings = {row.detection_id for row in rows if row.detection_id}
    trace = trace_of(sightings)
    points = trace.points | points_behind(sightings - trace.points.keys() - trace.waits.keys())
    trace = replace(trace, points=points)
    mendings = standing_mendings(rows)
    origins = _origins(sightings | set(trace.newest.values()))
    return {(row.row_no, row.sheet): _fates(run, row, trace, origins, mendings.get(row.pk)) for row in rows}


def points_behind(newer: set[int]) -> dict[int, FirePoint]:
    """Of newer versions that belong to no point, the point of the row that each replaced: a decided point keeps the row on
    which it was decided (policy.md §4)."""
    pairs = dict(Supersession.objects.filter(newer__in=newer).values_list("older", "newer")) if newer else {}
    members = Membership.objects.filter(detection__in=pairs, is_active=True).select_related("point") if pairs else []
    return {pairs[member.detection_id]: member.point for member in members}


def _origins(detections: set[int]) -> dict[int, Origin]:
    """detection → the row that brought it. A packed row has no sheet."""
    related = Detection.objects.filter(pk__in=detections).select_related("run")
    own = RawRow.objects.filter(detection__in=detections, run=F("detection__run"), row_no=F("detection__row_no"))
    sheets = dict(own.values_list("detection", "sheet"))
    return {
        detection.pk: Origin(detection.run, detection.row_no, sheets.get(detection.pk, "")) for detection in related
    }


def _fates(
    run: ImportRun, row: RawRow, trace: Trace, origins: dict[int, Origin], mending: Mending | None
) -> list[Fate]:
    fates: list[Fate] = []
    sighting = row.detection_id or 0
    last = trace.newest.get(sighting, sighting)
    wait = trace.waits.get(last)
    point = None if wait is not None else trace.points.get(sighting) or trace.points.get(last)
    if row.outcome == Outcome.QUARANTINED:
        fates.append(_quarantined(row, mending))
    if run.state == ImportRun.State.WITHDRAWN:
        fates.append(Fate("随这次导入撤回，不再算数"))
    if run.state == ImportRun.State.FAILED:
        fates.append(Fate("这次导入失败，不作数"))
    before = origins.get(sighting)
    if before is not None and (before.run.pk, before.row_no, before.sheet) != (run.pk, row.row_no, row.sheet):
        fates.append(Fate(f"{BEFORE.get(row.outcome, '原来的一行')}：{before}", before.url))
    if sighting and last != sighting and (later := origins.get(last)) is not None:
        fates.append(Fate(f"已由新的一行替代：{later}", later.url))
    if wait is not None:
        fates.append(_waiting(wait))
    if last in trace.dropped:
        fates.append(Fate("更正的清单里已没有这一行"))
    if point is not None and row.outcome != Outcome.QUARANTINED:
        fates.append(
            Fate(f"火点 {point}（{point.get_state_display()}）", reverse("firepoints:detail", args=[point.pk]))
        )
    if row.outcome == Outcome.OUTSIDE:
        fates.append(Fate("在本市网格之外，存档"))
    return fates or [Fate("只作记录" if row.outcome == Outcome.NOTE else "没有归入火点")]


def _waiting(question: Question) -> Fate:
    """The fate of a row that came again: open until a person has said whether it is the fire of that point."""
    if question.point is None:
        return Fate("等人核对：来过的一行又来，归入哪一处", reverse("imports:outside_findings"), is_open=True)
    url = reverse("firepoints:detail", args=[question.point.pk])
    return Fate(f"等人核对：与 {question.point} 是否同一处，答复前不另成一处", url, is_open=True)


BEFORE = {str(Outcome.SUPERSEDED): "更新的一版", str(Outcome.QUARANTINED): "现行的内容"}
"""What the sighting that a row names is to it; else it is the row of before that says the same."""


def _quarantined(row: RawRow, mending: Mending | None) -> Fate:
    here = row_url(row.run.uuid, row.row_no, row.sheet)
    if mending is None:
        is_open = row.run.state == ImportRun.State.COMMITTED
        return Fate("等人更正" if is_open else "没有更正", here if is_open else "", is_open=is_open)
    if mending.run is None:
        return Fate(f"不再处理：{mending.reason}", here)
    return Fate("已更正，见更正的一行", reverse("imports:run", args=[mending.run.uuid]))
