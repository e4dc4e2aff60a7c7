"""Fire points as rows of a table: everything a row shows, in a fixed number of queries for a page of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from core import clock
from firepoints.models import FirePoint, Membership, Question
from firepoints.pages.points import words
from firepoints.terms.states import State


@dataclass(frozen=True, slots=True)
class Row:
    """One line; `flags` are (words, kind) with kind '' (bad), 'wait' or 'soft'."""

    point: FirePoint
    url: str
    name: str
    mark: str
    label: str
    place: str
    when: str
    sources: str
    due: str
    is_late: bool
    flags: Sequence[tuple[str, str]]


def for_rows(points: QuerySet[FirePoint]) -> QuerySet[FirePoint]:
    """`points` with what their rows show: place, verification, and whether something is asked (`is_asked`)."""
    open_questions = Question.objects.unanswered().filter(point=OuterRef("pk"))
    return points.select_related("attribution", "verification").annotate(is_asked=Exists(open_questions))


def rows_of(points: Iterable[FirePoint]) -> list[Row]:
    """Rows of points that were read by `for_rows`; one more query for the sources of all of them."""
    listed = list(points)
    sources = _sources(listed)
    now = clock.now()
    return [_row(point, sources.get(point.pk, []), now) for point in listed]


def _row(point: FirePoint, sources: list[str], now: datetime) -> Row:
    due, is_late = words.due_words(point.due_at, now) if point.state == State.DISPATCHED else ("", False)
    return Row(
        point=point,
        url=reverse("firepoints:detail", args=[point.pk]),
        name=str(point),
        mark=words.mark_of(point),
        label=words.label_of(point),
        place=words.place_of(point),
        when=words.when(point.starts_at, point.starts_at, point.precision),
        sources="、".join(sources),
        due=due,
        is_late=is_late,
        flags=flags_of(point, is_asked=point.is_asked),  # type: ignore[attr-defined]
    )


def flags_of(point: FirePoint, *, is_asked: bool) -> list[tuple[str, str]]:
    """(words, kind) of what hangs on a point beside its state."""
    verification = point.verification
    flags = [
        (point.is_cross, "跨界", "wait"),
        (point.is_oversize, "待人划分", "wait"),
        (is_asked, "待人处理", "wait"),
        (bool(verification and verification.conclusion == "false"), "报不属实", "soft"),
        (point.is_fixed_heat, "固定热源（仅提示）", "soft"),
    ]
    return [(text, kind) for holds, text, kind in flags if holds]


def _sources(points: Sequence[FirePoint]) -> dict[int, list[str]]:
    members = Membership.objects.filter(point__in=[point.pk for point in points], is_active=True)
    sources: dict[int, list[str]] = defaultdict(list)
    order = members.order_by("point_id", "detection__source__position")
    for point_id, name in order.values_list("point_id", "detection__source__name").distinct():
        sources[point_id].append(name)
    return sources
