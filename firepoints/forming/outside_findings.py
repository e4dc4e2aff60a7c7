"""A finding that reaches over the border of its finder's county: it attaches to nothing and forms nothing by itself.

It becomes a question at the point that it would touch there, else one without a point, until a person of the bureau
answers: it belongs to a point, is one of its own, or nothing comes of it. The finder learns of none of this.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.errors import BadInput, Conflict, Missing, NotAllowed
from core.texts import required
from firepoints.forming import doubts
from firepoints.forming.points import NewPoint, attach_detections, create_points
from firepoints.forming.scene import Scene
from firepoints.grouping.rule import Partition
from firepoints.models import Detection, FirePoint, PointCounty, Question
from firepoints.policy.rulings import pause_on
from firepoints.steps import selectors
from firepoints.steps.advancing import claim
from firepoints.steps.asking import Answer, Asking, Kind
from firepoints.terms.doubt import Doubt
from grids import selectors as grids
from grids.models import User
from grids.roles import Role
from journal.record.services import record

ANSWERERS = frozenset({Role.BUREAU})
ANSWERS = (Answer.ATTACHED, Answer.OWN_POINT, Answer.NOTHING)


class FindingQuestionNotFound(Missing):
    """There is no such question."""

    code = "not_found"
    http_status = 404


def counties_of(actor: User) -> frozenset[str] | None:
    """The counties in which this person's findings count as from within; None: the whole city."""
    scope = grids.scope_of(actor)
    return None if scope.everything else scope.counties


def hold_back(
    partition: Partition, scene: Scene, targets: Mapping[int, set[int]], own: frozenset[str], actor: User
) -> bool:
    """Whether the findings of the scene's run stay out of every point, because they lie in another county than `own`, or
    touch a point of one; then the question is asked, in the caller's transaction. Raises StaleVersion."""
    label = dict(zip(partition.ids.tolist(), partition.label.tolist(), strict=True))
    findings = list(Detection.objects.select_related("source").filter(pk__in=scene.own))
    questions: list[tuple[FirePoint | None, Detection]] = []
    for finding in findings:
        beside = {pk for pk in label if label[pk] == label.get(finding.pk)}
        met = {scene.point_of[pk] for pk in beside if pk in scene.point_of}
        met |= set().union(*(targets.get(pk, ()) for pk in beside))
        foreign = _foreign([scene.points[pk] for pk in met], own)
        if foreign or finding.county_code not in own:
            places = foreign or [scene.points[pk] for pk in met]
            questions.append((min(places, key=lambda point: point.pk, default=None), finding))
    for point, finding in questions:
        _ask(point, finding, own, actor)
    return bool(questions)


def _foreign(points: Iterable[FirePoint], own: frozenset[str]) -> list[FirePoint]:
    """The points that are another county's: owned there, or, while nobody owns them, concerning none of `own`."""
    points = list(points)
    unowned = [point.pk for point in points if not point.county_code]
    near = PointCounty.objects.filter(point__in=unowned, county_code__in=own)
    concerned = set(near.values_list("point_id", flat=True))
    return [
        point for point in points if (point.county_code not in own if point.county_code else point.pk not in concerned)
    ]


def _ask(point: FirePoint | None, finding: Detection, own: frozenset[str], actor: User) -> None:
    edition = grids.edition_now()
    names = grids.cell_names(edition, [*own, finding.county_code]) if edition else {}
    who = "、".join(names.get(code, code) for code in sorted(own)) or "没有岗位"
    at = f"{timezone.localtime(finding.starts_at):%Y-%m-%d %H:%M}，{finding.lat:.5f}°N {finding.lon:.5f}°E"
    where = f"位置在 {names.get(finding.county_code, finding.county_code)}"
    what = f"{who}人员上报的{finding.get_kind_display()}（{finding.source.name}，{at}）"
    if point is None:
        words = f"{what}{where}，附近没有火点：自成一处，归入哪一处，或不采用"
    else:
        words = f"{what}触及这一处：归入这一处，自成一处，或不采用"
        fresh = FirePoint.objects.get(pk=point.pk)
        claim(fresh)
    asking = Asking(actor)
    doubt = Doubt(
        Kind.OUTSIDE_FINDING, words, detection=finding.pk, speaks_for=where,
        stops_money=finding.source.raises_before_money,
    )  # fmt: skip
    asking.say(point, doubt, actor)
    record("question.asked", point or ("firepoints.question", asking.asked[0].pk), actor, after=asking.told())


@transaction.atomic
def outside_finding_answer(
    *, question_id: int, actor: User, answer: str, reason: str, into: int | str = ""
) -> Question:
    """Say what a finding from outside is: part of a point (`into`, else the one at which it was asked), a point of its own,
    or nothing.

    Raises NotAllowed for anyone but the bureau, FindingQuestionNotFound, Conflict when it is answered already or the point
    is decided, Missing without a reason or a point, BadInput, StaleVersion.
    """
    if not grids.roles_of(actor) & ANSWERERS:
        raise NotAllowed("外县（区）人员的发现由市局经办处理")
    reason = required(reason, "处理的理由")
    if answer not in ANSWERS:
        raise BadInput(f"只能是 {'、'.join(Answer(choice).label for choice in ANSWERS)}", where="answer")
    row = _open_question(question_id)
    finding = Detection.objects.select_related("source", "run").get(questions=row)
    point = row.point
    if answer == Answer.ATTACHED:
        point = _attached(row, finding, actor, reason, into)
    elif row.point is not None:
        claim(row.point)
    if answer == Answer.OWN_POINT:
        (point,) = create_points([NewPoint([finding], f"自成一处：{reason}"[:300])], actor=actor, reason=reason)
    asking = Asking(actor)
    asking.answer([row], answer, reason)
    entry_after = {"answer": answer, "point": point.pk if point else None, **asking.told()}
    record("question.answered", row.point or ("firepoints.question", row.pk), actor, after=entry_after, reason=reason)
    row.refresh_from_db()
    return row


def _open_question(pk: int) -> Question:
    rows = Question.objects.select_related("point", "detection__run").filter(kind=Kind.OUTSIDE_FINDING)
    row: Question | None = rows.filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise FindingQuestionNotFound(["问题"], f"没有问题 {pk}")
    if row.answered_at is not None:
        raise Conflict(f"已经答复：{row.get_answer_display()}", code="answered_already")
    return row


def _attached(row: Question, finding: Detection, actor: User, reason: str, into: int | str) -> FirePoint:
    target = selectors.fire_point_for(actor, into) if into else row.point
    if target is None:
        raise Missing(["归入哪一处"])
    target = selectors.survivor_of(target)
    if row.point is not None and row.point.pk != target.pk:
        claim(row.point)
    sightings = selectors.active_detections(target)
    return attach_detections(
        point=target,
        detections=[finding],
        actor=actor,
        why=f"外县（区）人员的发现，由市局归入：{reason}"[:300],
        questions=doubts.several_sites([*sightings, finding], {finding.pk: None}, pause_on(target.burn_date)),
    )


def waiting() -> list[Question]:
    """The findings from outside that nobody has answered, the oldest first."""
    rows = Question.objects.unanswered().filter(kind=Kind.OUTSIDE_FINDING)
    related: Any = rows.select_related("point", "detection__source", "detection__run", "asked_by")
    return list(related.order_by("asked_at", "pk"))
