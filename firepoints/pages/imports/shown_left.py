"""The rows that a failed import has left behind: rows that nobody sees elsewhere and that count nowhere, and whether they add up."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from firepoints.models import DetectionKey, ImportRun, RawRow

Outcome = RawRow.Outcome
DATA = tuple(outcome for outcome in Outcome if outcome != Outcome.NOTE)


@dataclass(frozen=True, slots=True)
class Left:
    """`rows` data rows and `notes` others were stored before it failed, `sightings` of them as sightings; `held` of these
    still keep their key, so that the same row cannot come in again yet. `adds_up`: what is stored is what the run counted.
    """

    rows: int
    notes: int
    sightings: int
    held: int
    adds_up: bool
    outcomes: tuple[tuple[str, int], ...]


def left_of(run: ImportRun) -> Left | None:
    """The rows of a failed run, counted from the rows themselves; None where it has not failed or nothing was stored."""
    if run.state != ImportRun.State.FAILED or not run.chunks:
        return None
    stored: Counter[str] = Counter()
    for outcome, number in run.raw_rows.values_list("outcome").annotate(Count("pk")).order_by():
        stored[outcome] += number
    for counts in run.raw_chunks.values_list("counts", flat=True):
        stored.update(counts)
    rows = sum(stored[kind] for kind in DATA)
    counted = {str(kind): int(getattr(run, str(kind))) for kind in DATA} | {str(Outcome.NOTE): run.notes}
    return Left(
        rows=rows,
        notes=stored[Outcome.NOTE],
        sightings=run.detections.count(),
        held=DetectionKey.objects.filter(detection__run=run).count(),
        adds_up=rows == run.rows and all(stored[name] == number for name, number in counted.items()),
        outcomes=tuple((str(kind.label), stored[kind]) for kind in DATA if stored[kind]),
    )
