"""Our answers to the issuer for every row of its list, read from the fire points as they stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from firepoints.feedback import words
from firepoints.feedback.words import Answer
from firepoints.models import DroppedRow, FirePoint, ImportRun, Membership, Mending, Question, RawRow, Supersession
from firepoints.steps.questions import waiting_rows

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
class Trace:
    """Where the sightings of some rows stand now: detection id → its point, the newest version of it, what is gone, and the
    question for whose answer it waits outside of any point."""

    points: dict[int, FirePoint]
    newest: dict[int, int]
    dropped: frozenset[int]
    waits: dict[int, Question]


def answers_of(run: ImportRun, rows: Iterable[RawRow] | None = None) -> list[RowAnswer]:
    """The answer of every data row in file order (or of the given rows); about seven queries whatever their number."""
    data_rows = list(run.raw_rows.exclude(outcome=Outcome.NOTE).order_by("sheet", "row_no") if rows is None else rows)
    mended = standing_mendings(data_rows)
    sightings = _sightings(data_rows, mended)
    trace = trace_of(sightings.values())
    return [_answered(row, sightings.get(row.pk), mended.get(row.pk), trace) for row in data_rows]


def standing_mendings(rows: Sequence[RawRow]) -> dict[int, Mending]:
    """Row id → the mending that holds: the last one, unless its run was withdrawn."""
    mendings: dict[int, Mending] = {}
    ids = [row.pk for row in rows if row.outcome == Outcome.QUARANTINED]
    for start in range(0, len(ids), PART):
        mends = Mending.objects.filter(row__in=ids[start : start + PART]).select_related("run").order_by("seq")
        for mending in mends:
            if mending.run is not None and mending.run.state == ImportRun.State.WITHDRAWN:
                mendings.pop(mending.row_id, None)
            else:
                mendings[mending.row_id] = mending
    return mendings


def _sightings(rows: Sequence[RawRow], mended: dict[int, Mending]) -> dict[int, int]:
    """Row id → the detection that stands for it; a mended row has that of its mending run."""
    detections = {
        row.pk: row.detection_id
        for row in rows
        if row.detection_id and row.outcome not in (Outcome.OUTSIDE, Outcome.QUARANTINED)
    }
    runs = {mending.run_id: row_id for row_id, mending in mended.items() if mending.run_id}
    mended_rows = RawRow.objects.filter(run__in=list(runs), detection__isnull=False).exclude(outcome=Outcome.OUTSIDE)
    for run_id, detection_id in mended_rows.values_list("run_id", "detection_id") if runs else ():
        detections[runs[run_id]] = detection_id
    return detections


def trace_of(detections: Iterable[int]) -> Trace:
    """Follow sightings to what replaced them, and that to the point where it is now, merges included."""
    originals = set(detections)
    newest = {pk: pk for pk in originals}
    front = originals
    for _ in range(MOST_VERSIONS):
        pairs = dict(_pairs(front))
        if not pairs:
            break
        newest = {pk: pairs.get(last, last) for pk, last in newest.items()}
        front = set(pairs.values())
    ids = sorted(originals | set(newest.values()))
    points: dict[int, FirePoint] = {}
    dropped: set[int] = set()
    for start in range(0, len(ids), PART):
        part = ids[start : start + PART]
        members = Membership.objects.filter(detection__in=part, is_active=True)
        related = members.select_related("point__verification", "point__attribution")
        points |= {member.detection_id: member.point for member in related}
        dropped |= set(DroppedRow.objects.filter(detection__in=part).values_list("detection_id", flat=True))
    return Trace(points, newest, frozenset(dropped), waiting_rows(set(ids) - points.keys()))


def _pairs(older: Iterable[int]) -> Iterable[tuple[int, int]]:
    """(older, newer) of live corrections."""
    ids = sorted(older)
    for start in range(0, len(ids), PART):
        live = Supersession.objects.filter(older__in=ids[start : start + PART])
        yield from live.exclude(run__state=ImportRun.State.WITHDRAWN).order_by("pk").values_list("older_id", "newer_id")


def _answered(row: RawRow, sighting: int | None, mended: Mending | None, trace: Trace) -> RowAnswer:
    if mended is not None and mended.kind == Mending.Kind.DISCARDED:
        return RowAnswer(row, None, words.discarded(mended.reason))
    if mended is not None and sighting is None:
        return RowAnswer(row, None, words.OUTSIDE)
    if row.outcome == Outcome.OUTSIDE:
        return RowAnswer(row, None, words.OUTSIDE)
    if sighting is None:
        return RowAnswer(row, None, words.unread(row.reason or "这一行读不懂"))
    last = trace.newest.get(sighting, sighting)
    if last in trace.waits:
        return RowAnswer(row, trace.waits[last].point, words.WAITS)
    point = trace.points.get(last) or trace.points.get(sighting)
    if point is None and last in trace.dropped:
        return RowAnswer(row, None, words.DROPPED)
    if point is None and last != sighting:
        return RowAnswer(row, None, words.REPLACED)
    return RowAnswer(row, point, words.for_point(point))
