"""What we tell the issuer of every row of its list, read from the fire points as they stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from firepoints.feedback import words
from firepoints.feedback.words import Answer
from firepoints.models import DroppedRow, FirePoint, ImportRun, Membership, Mending, RawRow, Supersession

Outcome = RawRow.Outcome
MOST_VERSIONS = 10  # how often one row may have been corrected
PART = 2000  # ids to a query


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """One data row of the list, the point that it belongs to now (None: none), and what we say."""

    row: RawRow
    point: FirePoint | None
    answer: Answer


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the sightings of some rows stand now: detection id → its point, the newest version of it, and what is gone."""

    points: dict[int, FirePoint]
    newest: dict[int, int]
    dropped: frozenset[int]


def answers_of(run: ImportRun, rows: Iterable[RawRow] | None = None) -> list[RowAnswer]:
    """The answer of every data row in file order (or of the given rows); about six queries whatever their number."""
    found = list(run.raw_rows.exclude(outcome=Outcome.NOTE).order_by("sheet", "row_no") if rows is None else rows)
    mended = standing_mendings(found)
    sightings = _sightings(found, mended)
    standing = standing_of(sightings.values())
    return [_answered(row, sightings.get(row.pk), mended.get(row.pk), standing) for row in found]


def standing_mendings(rows: Sequence[RawRow]) -> dict[int, Mending]:
    """Row id → the mending that holds: the last one, unless its run was withdrawn."""
    found: dict[int, Mending] = {}
    ids = [row.pk for row in rows if row.outcome == Outcome.QUARANTINED]
    for start in range(0, len(ids), PART):
        mends = Mending.objects.filter(row__in=ids[start : start + PART]).select_related("run").order_by("seq")
        for one in mends:
            if one.run is not None and one.run.state == ImportRun.State.WITHDRAWN:
                found.pop(one.row_id, None)
            else:
                found[one.row_id] = one
    return found


def _sightings(rows: Sequence[RawRow], mended: dict[int, Mending]) -> dict[int, int]:
    """Row id → the detection that stands for it; a mended row has that of its mending run."""
    found = {
        row.pk: row.detection_id
        for row in rows
        if row.detection_id and row.outcome not in (Outcome.OUTSIDE, Outcome.QUARANTINED)
    }
    runs = {one.run_id: row_id for row_id, one in mended.items() if one.run_id}
    kept = RawRow.objects.filter(run__in=list(runs), detection__isnull=False).exclude(outcome=Outcome.OUTSIDE)
    for run_id, detection_id in kept.values_list("run_id", "detection_id") if runs else ():
        found[runs[run_id]] = detection_id
    return found


def standing_of(detections: Iterable[int]) -> Standing:
    """Follow sightings to what replaced them, and that to the point where it is now, merges included."""
    asked = set(detections)
    newest = {one: one for one in asked}
    front = asked
    for _ in range(MOST_VERSIONS):
        pairs = dict(_pairs(front))
        if not pairs:
            break
        newest = {one: pairs.get(last, last) for one, last in newest.items()}
        front = set(pairs.values())
    ids = sorted(asked | set(newest.values()))
    points: dict[int, FirePoint] = {}
    dropped: set[int] = set()
    for start in range(0, len(ids), PART):
        part = ids[start : start + PART]
        members = Membership.objects.filter(detection__in=part, is_active=True)
        related = members.select_related("point__verification", "point__attribution")
        points |= {one.detection_id: one.point for one in related}
        dropped |= set(DroppedRow.objects.filter(detection__in=part).values_list("detection_id", flat=True))
    return Standing(points, newest, frozenset(dropped))


def _pairs(older: Iterable[int]) -> Iterable[tuple[int, int]]:
    """(older, newer) of live corrections."""
    ids = sorted(older)
    for start in range(0, len(ids), PART):
        live = Supersession.objects.filter(older__in=ids[start : start + PART])
        yield from live.exclude(run__state=ImportRun.State.WITHDRAWN).order_by("pk").values_list("older_id", "newer_id")


def _answered(row: RawRow, sighting: int | None, mended: Mending | None, standing: Standing) -> RowAnswer:
    if mended is not None and mended.kind == Mending.Kind.DISCARDED:
        return RowAnswer(row, None, words.discarded(mended.reason))
    if mended is not None and sighting is None:
        return RowAnswer(row, None, words.OUTSIDE)
    if row.outcome == Outcome.OUTSIDE:
        return RowAnswer(row, None, words.OUTSIDE)
    if sighting is None:
        return RowAnswer(row, None, words.unread(row.reason or "这一行读不懂"))
    last = standing.newest.get(sighting, sighting)
    point = standing.points.get(last) or standing.points.get(sighting)
    if point is None and last in standing.dropped:
        return RowAnswer(row, None, words.DROPPED)
    if point is None and last != sighting:
        return RowAnswer(row, None, words.REPLACED)
    return RowAnswer(row, point, words.for_point(point))
