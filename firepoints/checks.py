"""The checks of fire points across tables, beyond the CHECKs of one row; `journal verify` runs them."""

from datetime import date

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery

from core.db import kept
from firepoints.models import FirePoint, JointAttendance, Question, Recognition, Step, Verification
from firepoints.rechecks import draws
from firepoints.terms.states import State
from grids.models import Edition


def problems() -> list[str]:
    """Every contradiction as a Chinese sentence; empty when sound."""
    return [
        *_wrong_pointers(),
        *_borrowed_names(),
        *_own_verifiers(),
        *_states_without_steps(),
        *_questions_left(),
        *_absences(),
        *draws.problems(),
        *kept.problems(),
    ]


def _wrong_pointers() -> list[str]:
    mine = (
        Q(recognition__isnull=False) & ~Q(recognition__point=F("pk"))
        | Q(verification__isnull=False) & ~Q(verification__point=F("pk"))
        | Q(attribution__isnull=False) & ~Q(attribution__point=F("pk"))
    )
    return [f"{point} 引用了别处火点的记录。" for point in FirePoint.objects.filter(mine)]


def _borrowed_names() -> list[str]:
    """A sentence for each 认定 whose verifier is not the one of its record.

    The CHECK compares two names in one row; here the first is compared with the record it was copied from.
    """
    borrowed = Recognition.objects.exclude(verified_by=F("verification__verified_by")).select_related("point")
    other_point = Recognition.objects.exclude(verification__point=F("point")).select_related("point")
    return [
        f"{recognition.point} 的认定写的核实人与核实记录不符。" for recognition in (borrowed | other_point).distinct()
    ]


def _own_verifiers() -> list[str]:
    """A sentence for each point whose standing 认定 is by the person who verified it, under another account.

    Identities may be registered after the decision: the guard of its day could not know.
    """
    points = FirePoint.objects.filter(
        recognition__verified_by__identity=F("recognition__recognised_by__identity"),
    ).exclude(recognition__verified_by__identity="")
    return [f"{point} 的核实人和认定人是同一个人（工号相同），请重新核实。" for point in points]


def _states_without_steps() -> list[str]:
    last = Step.objects.filter(point=OuterRef("pk")).order_by("-seq").values("to_state")[:1]
    points = FirePoint.objects.annotate(stepped_to=Subquery(last))
    wrong = points.filter(~Q(stepped_to=F("state")) & Q(stepped_to__isnull=False))
    skipped = points.filter(stepped_to__isnull=True).exclude(state=State.SUSPECTED)
    sentences = [f"{point} 的状态与最后一步不符。" for point in wrong]
    sentences += [f"{point} 没有办理步骤却不是疑似。" for point in skipped]
    unsigned = Verification.objects.filter(evidence__isnull=True).select_related("point")
    return sentences + [f"{verification.point} 的核实没有佐证（四(一)）。" for verification in unsigned]


def _questions_left() -> list[str]:
    """A sentence for each open question where there is nothing to ask about, and for money decided past one."""
    ended = Question.objects.unanswered().filter(point__state__in=(State.MERGED, State.CLOSED)).select_related("point")
    problems = [
        f"{row.point} {State(row.point.state).label}，却还有没答复的问题 {row.pk}。" for row in ended if row.point
    ]
    open_then = Question.objects.filter(point=OuterRef("point"), asked_at__lt=OuterRef("at")).filter(
        Q(answered_at__isnull=True) | Q(answered_at__gt=OuterRef("at"))
    )
    past = Recognition.objects.filter(Exists(open_then), counted=True).select_related("point")
    return problems + [f"{recognition.point} 认定计入时还有没答复的问题。" for recognition in past]


def _absences() -> list[str]:
    """A sentence for each absence that says more served notices than papers are there; old rows rest on a number alone."""
    counted = JointAttendance.objects.filter(outcome="absent", is_registered_number=False)
    rows = counted.annotate(papers=Count("notices")).exclude(papers=F("notices_sent"))
    return [
        f"{row.verification.point} 的联合核实：{row.party} 缺席写 {row.notices_sent} 次送达，记录里有 {row.papers} 份。"
        for row in rows.select_related("verification__point").order_by("pk")
    ]


def no_decision_since(edition: Edition, valid_from: date) -> str | None:
    """Why an edition cannot rule from a date, or None: borders are back-dated only before the first 认定 under them."""
    decided = Recognition.objects.filter(burn_date__gte=valid_from).count()
    return f"{valid_from} 起已有 {decided} 处认定，不能倒签启用" if decided else None
