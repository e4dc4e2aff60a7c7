"""What became of each row: its point, the equal row of before, the newer version, its mending; always with a way there."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from firepoints.feedback.answers import Standing, standing_mendings, standing_of
from firepoints.models import FirePoint, ImportRun, Mending, RawRow

Outcome = RawRow.Outcome


@dataclass(frozen=True, slots=True)
class Fate:
    """One thing that became of a row, in words, and where it can be seen ("" for nowhere further)."""

    text: str
    url: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Fates:
    """Row id → fates, row id → the point it belongs to now."""

    fates: dict[int, list[Fate]]
    points: dict[int, FirePoint]
    mendings: dict[int, Mending]


def fates_of(run: ImportRun, rows: Sequence[RawRow]) -> Fates:
    """The fates of some rows of one run; at most eight queries whatever their number."""
    detections = {row.pk: row.detection_id for row in rows if row.detection_id}
    standing = standing_of(detections.values())
    mendings = standing_mendings(rows)
    origins = _origins({*detections.values(), *standing.newest.values()})
    said: dict[int, list[Fate]] = {}
    points: dict[int, FirePoint] = {}
    for row in rows:
        last = standing.newest.get(row.detection_id or 0, row.detection_id or 0)
        point = standing.points.get(row.detection_id or 0) or standing.points.get(last)
        if point is not None and row.outcome != Outcome.QUARANTINED:
            points[row.pk] = point
        said[row.pk] = _fates(run, row, standing, origins, mendings.get(row.pk), point)
    return Fates(said, points, mendings)


def _origins(detections: set[int]) -> dict[int, RawRow]:
    """detection → the row that brought it."""
    rows = RawRow.objects.filter(detection__in=detections, outcome__in=(Outcome.KEPT, Outcome.OUTSIDE))
    found: dict[int, RawRow] = {}
    for one in rows.select_related("run", "detection").order_by("pk"):
        if one.detection is not None and one.detection.run_id == one.run_id and one.detection_id is not None:
            found.setdefault(one.detection_id, one)
    return found


def _fates(
    run: ImportRun,
    row: RawRow,
    standing: Standing,
    origins: dict[int, RawRow],
    mending: Mending | None,
    point: FirePoint | None,
) -> list[Fate]:
    found: list[Fate] = []
    sighting = row.detection_id or 0
    if row.outcome == Outcome.QUARANTINED:
        found.append(_quarantined(run, row, mending))
    if run.state == ImportRun.State.WITHDRAWN:
        found.append(Fate("随这次导入撤回，不再算数"))
    before = origins.get(sighting)
    if before is not None and before.pk != row.pk:
        words = {Outcome.SUPERSEDED: "更新的一版", Outcome.QUARANTINED: "现行的内容"}.get(
            Outcome(row.outcome), "原来的一行"
        )
        found.append(Fate(f"{words}：{place_of(before)}", row_url(before)))
    newer = standing.newest.get(sighting, sighting)
    if sighting and newer != sighting and (later := origins.get(newer)) is not None:
        found.append(Fate(f"已由新的一行替代：{place_of(later)}", row_url(later)))
    if newer in standing.dropped:
        found.append(Fate("更正的清单里已没有这一行"))
    if point is not None and row.outcome != Outcome.QUARANTINED:
        found.append(
            Fate(f"火点 {point}（{point.get_state_display()}）", reverse("firepoints:detail", args=[point.pk]))
        )
    if row.outcome == Outcome.OUTSIDE:
        found.append(Fate("在本市网格之外，存档"))
    return found or [Fate("只作记录" if row.outcome == Outcome.NOTE else "没有归入火点")]


def _quarantined(run: ImportRun, row: RawRow, mending: Mending | None) -> Fate:
    if mending is None:
        is_open = run.state == ImportRun.State.COMMITTED
        return Fate("等人更正" if is_open else "没有更正", row_url(row) if is_open else "", is_open=is_open)
    if mending.run is None:
        return Fate(f"不再处理：{mending.reason}", row_url(row))
    return Fate("已更正，见更正的一行", reverse("imports:run", args=[mending.run.uuid]))


def place_of(row: RawRow) -> str:
    """A row as people find it: file, sheet, row number; the `run` should be selected along."""
    sheet = f" {row.sheet}" if row.sheet else ""
    return f"{row.run.filename}{sheet} 第 {row.row_no} 行"


def row_url(row: RawRow) -> str:
    return reverse("imports:row", args=[row.run.uuid, row.pk])
