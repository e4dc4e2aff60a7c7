"""Reads of questions: which points have one open, as a condition; the open ones of many points; all of one point."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from firepoints.models import FirePoint, Question

BETWEEN = "；"
FOR_REVIEW = frozenset(Question.Kind.values) - {Question.Kind.OUTSIDE_FINDING, Question.Kind.CAME_AGAIN}
"""The kinds that 核对 answers; a row that is part of no point until then has an act of its own."""


def asked_points() -> QuerySet[Any]:
    """The keys of the points of which something is asked and not answered."""
    return Question.objects.unanswered().filter(point__isnull=False).order_by().values("point")


def is_asked() -> Q:
    """The condition on points that something is asked of them and not answered."""
    return Q(pk__in=asked_points())


def stops_money() -> Q:
    """The condition on points that something is asked of them for which their money waits."""
    return Q(pk__in=Question.objects.before_money().filter(point__isnull=False).values("point"))


def waits_for_a_person() -> Q:
    """The condition on points that something is asked of them, or that they are to be divided first."""
    # One list of keys and no OR: each part of it has an index of its own.
    return Q(pk__in=asked_points().union(FirePoint.objects.filter(is_oversize=True).order_by().values("pk")))


def waiting_rows(detections: Iterable[int]) -> dict[int, Question]:
    """Of some sightings (ids) those that came again and wait for a person, each with its question; one query."""
    rows = Question.objects.unanswered().filter(kind=Question.Kind.CAME_AGAIN, detection__in=list(detections))
    return {row.detection_id: row for row in rows.select_related("point") if row.detection_id is not None}


def open_by_point(points: Iterable[FirePoint]) -> dict[int, list[Question]]:
    """The open questions of some points by key, in the order in which they were asked; one query."""
    rows: dict[int, list[Question]] = defaultdict(list)
    for row in Question.objects.unanswered().filter(point__in=[point.pk for point in points]).order_by("pk"):
        rows[row.point_id].append(row)
    return rows


def questions_of(point: FirePoint, user: Any = None) -> list[Question]:
    """Everything that was ever asked of a point: the open first, then the answered, each in the order of asking. For a user
    `is_seen` of each says whether he may open the other point that it is about."""
    rows = Question.objects.filter(point=point).select_related("asked_by", "answered_by", "other")
    if user is not None:
        rows = rows.annotate(is_seen=Exists(FirePoint.objects.visible_to(user).filter(pk=OuterRef("other"))))
    return sorted(rows.order_by("pk"), key=lambda row: row.answered_at is not None)


def words_of(questions: Iterable[Question]) -> str:
    """Questions as one text, whole."""
    return BETWEEN.join(row.words for row in questions)


def plain(row: Question) -> dict[str, Any]:
    """A question as plain JSON."""
    about, key = row.about
    return {
        "id": row.pk,
        "kind": row.kind,
        "kind_label": row.get_kind_display(),
        "about": about,
        "about_id": key,
        "words": row.words,
        "speaks_for": row.speaks_for,
        "speaks_against": row.speaks_against,
        "asked_at": row.asked_at.isoformat(),
        "asked_by": row.asked_by_id,
        "stops_money": row.stops_money,
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "answered_at": row.answered_at.isoformat() if row.answered_at else None,
        "answered_by": row.answered_by_id,
        "answer": row.answer,
        "answer_label": row.get_answer_display(),
        "reason": row.reason,
    }
