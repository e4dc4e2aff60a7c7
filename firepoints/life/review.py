"""核对: a person answers what the machine could not: is this the same fire as another point, or one of its own?"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from core.errors import BadInput, Conflict, Missing
from core.texts import required, whole_key
from firepoints.models import FirePoint, Question
from firepoints.steps import selectors
from firepoints.steps.advancing import Opened, advance, open_act
from firepoints.steps.asking import Answer, Asking, Kind, open_of
from firepoints.steps.questions import FOR_REVIEW
from firepoints.steps.workflow import act
from firepoints.terms.states import LIVE
from grids.models import User


@act("review")
@transaction.atomic
def fire_point_review(
    *,
    point_id: int | str,
    actor: User,
    reason: str,
    questions: Sequence[int] | None = None,
    expected_version: int | None = None,
) -> FirePoint:
    """Say with a reason that the point stands as it is (the other answer is 并入): of the `questions` named by id, or of
    all that are open. 认定 waits until none is.

    Where it was asked about another point, the two are kept apart from now on: a later sighting goes to the one that it
    touches most, and nobody is asked again. A finding from outside is answered by itself (`outside_finding_answer`).
    Raises NotAllowed, Conflict, BadInput for what is no open question of this point, Missing when none is, StaleVersion.
    """
    reason = required(reason, "核对的结论")
    opened = open_act("review", point_id=point_id, actor=actor, expected_version=expected_version)
    return _answered(opened, questions, reason)


@act("stand")
@transaction.atomic
def fire_point_stand(
    *,
    point_id: int | str,
    actor: User,
    reason: str,
    questions: Sequence[int] | None = None,
    expected_version: int | None = None,
) -> FirePoint:
    """Answer open questions about a decided point (a row taken out of its list, a 查否 that the issuer rejects): the
    decision stands, with a reason. The other answer is 重新核实.

    Raises NotAllowed for anyone but the person who decides, and as `fire_point_review`.
    """
    reason = required(reason, "维持的理由")
    opened = open_act("stand", point_id=point_id, actor=actor, expected_version=expected_version)
    return _answered(opened, questions, reason)


def _answered(opened: Opened, questions: Sequence[int] | None, reason: str) -> FirePoint:
    rows = _chosen(opened.point, questions)
    asking = Asking(opened.actor)
    asking.answer([row for row in rows if row.other_id is not None], Answer.APART, reason)
    asking.answer([row for row in rows if row.other_id is None], Answer.KEPT, reason)
    data = {"questions": [row.pk for row in rows], **_kept_apart(opened.point, rows)}
    return advance(opened, reason=reason, data=data, asking=asking)


def _chosen(point: FirePoint, questions: Sequence[int] | None) -> list[Question]:
    """The open questions that are meant. Raises BadInput, Conflict when one is answered already, Missing for none."""
    open_ = {row.pk: row for row in open_of(point) if row.kind in FOR_REVIEW}
    if questions is None:
        rows = list(open_.values())
    else:
        try:
            ids = list(dict.fromkeys(whole_key(pk) for pk in questions))
        except (TypeError, ValueError):
            raise BadInput("应为问题编号的列表，如 [12, 13]", where="questions") from None
        if strange := [pk for pk in ids if pk not in open_]:
            _refuse(point, strange)
        rows = [open_[pk] for pk in ids]
    if not rows:
        raise Missing(["待核对的问题"])
    return rows


def _refuse(point: FirePoint, strange: Sequence[int]) -> None:
    listed = "、".join(str(pk) for pk in strange)
    mine = Question.objects.filter(point=point, pk__in=[pk for pk in strange if 0 < pk < 2**63])
    if mine.filter(answered_at__isnull=False).exists():
        raise Conflict(f"问题 {listed} 已经答复", code="answered_already")
    if mine.filter(kind=Kind.OUTSIDE_FINDING).exists():
        raise Conflict("外县（区）人员的发现要另行处理：归入、自成一处或不采用", code="outside_finding")
    if mine.filter(kind=Kind.CAME_AGAIN).exists():
        raise Conflict("又来的一行要另行处理：同一处，或另是一处", code="came_again")
    raise BadInput(f"这一处没有问题 {listed}", where="questions")


def _kept_apart(point: FirePoint, rows: Sequence[Question]) -> dict[str, Any]:
    """For the step: the sightings of the point, then those of each point that it is another site than."""
    others = {}
    for row in rows:
        if row.other is not None and (other := selectors.survivor_of(row.other)).pk != point.pk and other.state in LIVE:
            others[other.pk] = other
    parts = {
        pk: ids
        for pk, other in others.items()
        if (ids := sorted(detection.pk for detection in selectors.active_detections(other)))
    }
    own = sorted(detection.pk for detection in selectors.active_detections(point))
    return {"points": [point.pk, *parts], "apart": [own, *parts.values()]} if parts and own else {}
