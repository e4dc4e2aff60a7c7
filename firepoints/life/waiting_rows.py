"""The rows that are part of no point until a person has answered: findings from outside their finder's county, and rows that
came again to a point past suspicion. One list, one door to the answers."""

from collections.abc import Collection

from django.db.models import QuerySet

from core.errors import NotAllowed
from firepoints.forming import outside_findings
from firepoints.forming.outside_findings import outside_finding_answer
from firepoints.life import came_again
from firepoints.life.came_again import came_again_answer
from firepoints.models import Question
from firepoints.steps.asking import Kind
from grids import selectors as grids
from grids.models import User
from grids.roles import Role

ANSWERERS = outside_findings.ANSWERERS | came_again.ANSWERERS
ANSWERS = (*outside_findings.ANSWERS, *came_again.ANSWERS)
DENIED = "等待归处的行由市局经办处理，已认定的由认定人处理"


def waiting_row_answer(*, question_id: int, actor: User, answer: str, reason: str, into: int | str = "") -> Question:
    """Say what a row that waits is, by the act of its kind; raises as that act does."""
    came = Question.objects.filter(pk=question_id, kind=Kind.CAME_AGAIN) if question_id < 2**63 else None
    act = came_again_answer if came is not None and came.exists() else outside_finding_answer
    return act(question_id=question_id, actor=actor, answer=answer, reason=reason, into=into)


def waiting_for(user: User) -> list[Question]:
    """The rows that wait for this person, the oldest first. Raises NotAllowed for whoever answers none."""
    roles = grids.roles_of(user)
    if not roles & ANSWERERS:
        raise NotAllowed(DENIED)
    findings = outside_findings.waiting() if roles & outside_findings.ANSWERERS else []
    return sorted([*findings, *came_again.waiting()], key=lambda row: (row.asked_at, row.pk))


def waiting_rows_for(roles: Collection[Role]) -> QuerySet[Question]:
    """The questions of the rows that wait for somebody of these roles."""
    kinds = [Kind.CAME_AGAIN] if frozenset(roles) & came_again.ANSWERERS else []
    kinds += [Kind.OUTSIDE_FINDING] if frozenset(roles) & outside_findings.ANSWERERS else []
    return Question.objects.unanswered().filter(kind__in=kinds)
