"""The next steps after a file was written: points to be dispatched, questions to be answered, rows to be mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from firepoints.models import FirePoint, ImportRun, Question, RawRow
from firepoints.pages.points.filters import Wanted
from firepoints.sightings.lists import mending
from firepoints.sightings.readers.coordinates import parse_coordinate, split_pair
from firepoints.sightings.readers.fields import BY_PARSER
from firepoints.sightings.readers.headings import fields_of
from firepoints.terms.states import State

MOST_QUESTIONS = 10
MOST_COUNTED = 20_000  # rows kept


@dataclass(frozen=True, slots=True)
class NextSteps:
    """`points` that the run's rows belong to, `suspected` of them to be dispatched, (None: not counted), with the addresses
    of both lists; the first open questions about them or the run, and whether there are more."""

    points: int
    points_url: str
    suspected: int | None
    suspected_url: str
    questions: Sequence[Question]
    has_more: bool


def next_steps(run: ImportRun) -> NextSteps | None:
    """The steps that a run in force leads to; None for one that is not, or is not over."""
    if run.state != ImportRun.State.COMMITTED or not run.is_over or run.repeats_id:
        return None
    # The rows of a satellite's month are not counted for a page; the lists that it leads to are.
    points = FirePoint.objects.filter(memberships__detection__run=run, memberships__is_active=True)
    is_small = run.kept <= MOST_COUNTED
    total: int = run.points
    suspected: int | None = None
    if is_small:
        is_suspected = Q(state=State.SUSPECTED)
        counts = points.aggregate(
            total=Count("pk", distinct=True), suspected=Count("pk", distinct=True, filter=is_suspected)
        )
        total, suspected = counts["total"], counts["suspected"]
    about = Q(detection__run=run) | Q(run=run)
    about |= Q(point__in=points.order_by().values("pk")) if is_small else Q()
    questions = list(
        Question.objects.unanswered().filter(about).select_related("point").order_by("pk")[: MOST_QUESTIONS + 1]
    )
    return NextSteps(
        points=total,
        points_url=Wanted(run=str(run.pk), state="all").url(),
        suspected=suspected,
        suspected_url=Wanted(run=str(run.pk), state="suspected").url(),
        questions=questions[:MOST_QUESTIONS],
        has_more=len(questions) > MOST_QUESTIONS,
    )


def swap_of(row: RawRow) -> list[tuple[str, str]]:
    """(field, value) of the form that mends a row whose longitude and latitude changed places; [] for any other row."""
    if row.code != "swapped" or row.outcome != RawRow.Outcome.QUARANTINED:
        return []
    cells = mending.cells_of(row)
    names = list(cells)
    fields = BY_PARSER.get(row.run.source.parser)
    at = fields_of(names, fields.spellings, row.run.mapping) if fields else {}
    axes = [next((at[name] for name in own if name in at), None) for own in (("lon", "longitude"), ("lat", "latitude"))]
    values = list(cells.values())
    if None in axes:
        return _pair_turned(values, at.get("position"))
    lon, lat = (int(axis) for axis in axes if axis is not None)
    values[lon], values[lat] = values[lat], values[lon]
    return [(f"cell-{number}", value) for number, value in enumerate(values)]


def _pair_turned(values: list[str], column: int | None) -> list[tuple[str, str]]:
    """The form of a row whose two axes stand in one cell under the wrong names: 经度：41.1 纬度：124.0 → 124.0,41.1."""
    texts = split_pair(values[column]) if column is not None else ("", "")
    lon, lat = (parse_coordinate(text, axis) for text, axis in zip(texts, ("lon", "lat"), strict=True))
    if column is None or not (isinstance(lon, float) and isinstance(lat, float)):
        return []
    values[column] = f"{lat},{lon}"
    return [(f"cell-{number}", value) for number, value in enumerate(values)]
