"""The answer to a row that came again: the same fire as the point at which it waits, or another one (policy.md §4)."""

from datetime import timedelta

from django.db import transaction

from core.errors import BadInput, Conflict, Missing, NotAllowed
from core.texts import required
from firepoints.forming import doubts, plan
from firepoints.forming.outside_findings import FindingQuestionNotFound
from firepoints.forming.points import attach_detections
from firepoints.forming.scene import SEEN
from firepoints.models import Detection, FirePoint, Membership, Question, Source, Supersession
from firepoints.policy.rulings import pause_on
from firepoints.sightings.importing.turns import one_at_a_time
from firepoints.steps import selectors
from firepoints.steps.advancing import claim
from firepoints.steps.asking import ABOUT_LEAVING, Answer, Asking, Kind
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import DECIDED, LIVE, State
from grids import selectors as grids
from grids.geo.footprint import distance_m
from grids.models import User
from grids.roles import Role
from journal.record.services import record

ANSWERERS = frozenset({Role.BUREAU, Role.RECOGNISER})
ANSWERS = (Answer.SAME, Answer.APART, Answer.NOTHING)
FAR_M, FAR = 2000.0, timedelta(days=7)
"""Beyond these, one clerk's word alone does not make an official row a part of a point."""


@transaction.atomic
def came_again_answer(*, question_id: int, actor: User, answer: str, reason: str, into: int | str = "") -> Question:
    """Say what a row that came again is: part of the point at which it waits (or of `into`), whose decision stands as it is; a
    fire of its own, which becomes a suspicion; or, for a lead alone, nothing.

    Raises NotAllowed (a decided point, or one far off, is the 认定人's), FindingQuestionNotFound, Conflict when it is answered
    already or lies in another county than the decision, Missing without a reason or a point, BadInput, StaleVersion.
    """
    roles = grids.roles_of(actor)
    if not roles & ANSWERERS:
        raise NotAllowed("又来的一行由市局经办或认定人处理")
    reason = required(reason, "处理的理由")
    if answer not in ANSWERS:
        raise BadInput(f"只能是 {'、'.join(Answer(choice).label for choice in ANSWERS)}", where="answer")
    row = _open_question(question_id)
    sighting = Detection.objects.select_related("source", "run").get(questions=row)
    if answer == Answer.NOTHING and sighting.source.source_class != Source.Class.LEAD:
        raise Conflict("清单和巡查督查的一行不能不采用：同一处，或另是一处", code="official_row")
    asking = Asking(actor)
    if answer == Answer.SAME:
        target = _target(row, actor, into)
        _refuse_far(target, sighting, may_decide=Role.RECOGNISER in roles)
        _join(target, sighting, actor, reason)
        asking.answer([row, *_answered_with(row, target, sighting)], Answer.SAME, reason)
        asking.ask([(target, doubt) for doubt in _near_of(sighting)])
    else:
        if row.point is not None:
            claim(row.point)
        asking.answer([row], answer, reason)
    entry_after = {"answer": answer, "detection": sighting.pk, **asking.told()}
    record("question.answered", row.point or ("firepoints.question", row.pk), actor, after=entry_after, reason=reason)
    if answer == Answer.APART:
        _form_its_own(sighting, actor)
    row.refresh_from_db()
    return row


def _open_question(pk: int) -> Question:
    rows = Question.objects.select_related("point", "detection__run").filter(kind=Kind.CAME_AGAIN)
    row: Question | None = rows.filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise FindingQuestionNotFound(["问题"], f"没有问题 {pk}")
    if row.answered_at is not None:
        raise Conflict(f"已经答复：{row.get_answer_display()}", code="answered_already")
    return row


def _target(row: Question, actor: User, into: int | str) -> FirePoint:
    named = selectors.fire_point_for(actor, into) if into else row.point
    if named is None:
        raise Missing(["归入哪一处"])
    target = selectors.survivor_of(named)
    if target.state not in LIVE:
        raise BadInput(f"{target} {State(target.state).label}，不能再归入", where="into")
    return target


def _refuse_far(target: FirePoint, sighting: Detection, *, may_decide: bool) -> None:
    """Raise NotAllowed, or Conflict for a row that lies in another county than the decision says."""
    if target.state in DECIDED and target.county_code != sighting.county_code:
        raise Conflict(f"这一行不在 {target} 的县（区）：先“重新核实”那一处", code="two_counties")
    is_far = float(distance_m(target.lon, target.lat, sighting.lon, sighting.lat)) > FAR_M
    is_late = sighting.starts_at > target.ends_at + FAR or sighting.ends_at < target.starts_at - FAR
    if not may_decide and (target.state in DECIDED or is_far or is_late):
        why = "已经认定" if target.state in DECIDED else "与这一行相距 2 公里或 7 天以上"
        raise NotAllowed(f"{target} {why}，由认定人答复")


def _join(target: FirePoint, sighting: Detection, actor: User, reason: str) -> None:
    """Make the row part of the point. A decision is not changed by it."""
    why = f"又来的一行，核对为同一处：{reason}"[:300]
    if target.state not in DECIDED:
        members = [pixel for pixel in selectors.active_detections(target) if selectors.is_in_force(pixel)]
        questions = doubts.several_sites([*members, sighting], {sighting.pk: None}, pause_on(target.burn_date))
        attach_detections(point=target, detections=[sighting], actor=actor, why=why, questions=questions)
        return
    claim(target)
    Membership.objects.create(point=target, detection=sighting, why=why)
    record("fire_point.gathered", target, actor, after={"detections": [sighting.pk], "state": target.state})


def _answered_with(row: Question, target: FirePoint, sighting: Detection) -> list[Question]:
    """What was asked at the point because its row went out of force, and is answered now: about the row that this one replaces;
    where it replaces none, or no other row waits there, about all."""
    leaving = Question.objects.unanswered().filter(point=target, kind__in=ABOUT_LEAVING)
    older = list(Supersession.objects.filter(newer=sighting).values_list("older_id", flat=True))
    others = Question.objects.unanswered().filter(point=target, kind=Kind.CAME_AGAIN).exclude(pk=row.pk)
    of_rows = leaving.filter(detection__in=older)
    if others.exists():
        return list(of_rows)
    return list(of_rows | leaving.filter(detection__isnull=True)) if older else list(leaving)


def _near_of(sighting: Detection) -> list[Doubt]:
    """What lies near a row that has become part of a point: while it waited, nothing was compared with it."""
    its_plan = _plan_of(sighting)
    ranked = its_plan.nearest.get(sighting.pk, ()) if its_plan is not None else ()
    return [doubt for _, doubt in sorted(ranked, key=lambda pair: pair[0])]


def _plan_of(sighting: Detection) -> plan.Plan | None:
    one_at_a_time()
    return plan.plan_of(sighting.run, list(Detection.objects.filter(pk=sighting.pk).values_list(*SEEN)))


def _form_its_own(sighting: Detection, actor: User) -> None:
    """Give the row the point that the rule gives it beside all but the one from which it is held apart now."""
    if (its_plan := _plan_of(sighting)) is not None:
        open_ = its_plan.open()
        its_plan.apply(open_.groups, open_.homes, run=sighting.run, actor=actor)


def waiting() -> list[Question]:
    """The rows that came again and of which nobody has said what they are, the oldest first."""
    rows = Question.objects.unanswered().filter(kind=Kind.CAME_AGAIN)
    related = rows.select_related("point", "detection__source", "detection__run", "asked_by")
    return list(related.order_by("asked_at", "pk"))
