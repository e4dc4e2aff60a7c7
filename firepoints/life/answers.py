"""The answers that a question can get, as data, and the one door by which a person gives one: each answer is an act of its own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from core.errors import BadInput, Conflict, NotThere, Refused
from core.texts import required
from firepoints.life.proposing import Outcome, act_or_propose
from firepoints.models import FirePoint, Question
from firepoints.steps import selectors
from firepoints.steps.questions import FOR_REVIEW
from firepoints.terms.states import DECIDED, State
from grids.models import User
from grids.roles import Role

OF_COUNTIES = frozenset({"stated_county", "new_county", "vague_place", "zone"})
OF_SITES = frozenset({"oversize", "several_sites", "running_days"})
STANDS = frozenset({"kept", "apart"})
"""The answers by which a point stays as it is: the only ones that may be given to many at once."""
AGAIN = "同一地方又烧了一次："


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: the act that gives it with its data, or, with `form_of`, an act whose own page takes what is needed."""

    key: str
    label: str
    action: str
    data: Mapping[str, Any] = field(default_factory=dict)
    form_of: bool = False
    reason_begins: str = ""


def answerer_of(question: Question) -> Role:
    """Whose turn it is: the 认定人 for a decided point, else the pile of the bureau's clerks."""
    is_decided = question.point is not None and question.point.state in DECIDED
    return Role.RECOGNISER if is_decided and question.kind != Question.Kind.OUTSIDE_FINDING else Role.BUREAU


def is_turn_of(roles: Collection[str]) -> Q:
    """The condition on open questions that it is the turn of one of these roles."""
    decided = Q(point__state__in=DECIDED) & ~Q(kind=Question.Kind.OUTSIDE_FINDING)
    condition = Q(pk__in=[])
    if Role.BUREAU in roles:
        condition |= ~Q(pk__in=Question.objects.filter(decided).values("pk"))
    if Role.RECOGNISER in roles:
        condition |= decided
    return condition


def choices_of(question: Question) -> list[Choice]:
    """The answers to a question that 核对 answers; none for a row that waits, which has a page of its own."""
    point = question.point
    if point is None or question.kind not in FOR_REVIEW:
        return []
    is_decided = point.state in DECIDED
    stays = "stand" if is_decided else "review"
    mine = {"questions": [question.pk]}
    if question.other_id is not None:
        into = {"into": str(question.other_id)}
        return [
            Choice("same", "同一处", "merge_decided" if is_decided else "merge", into),
            Choice("apart", "另是一处", stays, mine),
            Choice("again", "同一地方又烧了一次", stays, mine, reason_begins=AGAIN),
        ]
    stands = Choice("kept", "原认定不变" if is_decided else "照原样成立", stays, mine)
    return [stands, *_changes(question.kind, point)]


def _changes(kind: str, point: FirePoint) -> list[Choice]:
    """The answers by which something changes, of a question that is about no other point."""
    if point.state in DECIDED:
        return [Choice("reopen", "重新核实", "reopen")]
    cross = Choice("joint", "转联合核实", "mark_cross")
    relocate = Choice("relocate", "更正位置", "relocate", form_of=True)
    split = Choice("split", "分成几处", "split", form_of=True)
    back = [Choice("return", "退回补证", "return")] if point.state == State.VERIFIED else []
    if kind in OF_SITES:
        return [split, *back]
    if kind in OF_COUNTIES:
        return [cross, relocate]
    return [*back, relocate, cross][:2]


def question_answer(
    *, question_id: int, actor: User, answer: str, reason: str, expected_version: int | None = None
) -> Outcome:
    """Give an open question one of its answers, by the act of that answer; where it takes two persons it is proposed, and
    the question stays open until another one accepts.

    Raises NotThere, Conflict when it is answered already, BadInput for an answer that this question does not have or that
    has a page of its own, Missing without a reason, and what the act raises.
    """
    question = question_for(question_id, actor)
    if question.answered_at is not None:
        raise Conflict(f"已经答复：{question.get_answer_display()}", code="answered_already")
    choice = next((choice for choice in choices_of(question) if choice.key == answer), None)
    if choice is None or choice.form_of or question.point is None:
        raise BadInput("这个问题没有这样的答复", where="answer")
    reason = choice.reason_begins + required(reason, "答复的理由")
    return act_or_propose(
        point_id=question.point.pk, action=choice.action, actor=actor, data={"reason": reason, **choice.data},
        expected_version=expected_version,
    )  # fmt: skip


def question_for(question_id: int, user: Any) -> Question:
    """The question, if the point that it is asked of (or, of a row without a point, anything) is the user's to see. Raises
    NotThere."""
    related = ("point__attribution", "point__verification", "point__recognition", "other", "detection__source",
               "detection__run", "run", "asked_by", "answered_by")  # fmt: skip
    rows = Question.objects.select_related(*related).filter(pk=question_id)
    row: Question | None = rows.first() if question_id < 2**63 else None
    if row is None:
        raise NotThere(f"没有问题 {question_id}")
    if row.point is not None:
        selectors.fire_point_for(user, row.point.pk)
    return row


def questions_answer(*, question_ids: Collection[int], actor: User, reason: str) -> dict[int, str]:
    """Let the points of many questions stand as they are, with one reason, each by its own act and journal entry. Returns what
    was refused: {question id: why}."""
    refused: dict[int, str] = {}
    for question_id in dict.fromkeys(question_ids):
        try:
            choices = choices_of(question_for(question_id, actor))
            stands = next((choice.key for choice in choices if choice.key in STANDS), "")
            question_answer(question_id=question_id, actor=actor, answer=stands, reason=reason)
        except Refused as refusal:
            refused[question_id] = refusal.message
    return refused
