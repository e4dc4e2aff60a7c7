"""撤销并入: a merge by a person is taken back; both points stand again as they did, with what each had seen (policy.md §4)."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q

from core.errors import Conflict, NotAllowed
from core.texts import required
from firepoints.forming.points import refresh
from firepoints.models import FirePoint, Membership, Question, Step
from firepoints.policy.seconding import Second, require_second
from firepoints.policy.two_persons import Case
from firepoints.steps.advancing import advance, claim, open_act
from firepoints.steps.asking import Answer, Asking
from firepoints.steps.workflow import act
from firepoints.terms.states import DECIDED, UNDECIDED, State
from grids.models import User
from grids.roles import Role
from journal.record.services import record

BY_PEOPLE = ("merge", "merge_decided")


@act("unmerge")
@transaction.atomic
def fire_point_unmerge(
    *,
    point_id: int | str,
    actor: User,
    reason: str,
    expected_version: int | None = None,
    second: Second | None = None,
) -> FirePoint:
    """Give a merged point its own sightings and its state of before back; later imports keep the two apart.

    What was decided before the merge is a 认定人's to bring back. Raises Conflict when the survivor has been decided
    since (重新核实 first), when the sightings have gone elsewhere, or when the machine did the merging (划分 instead),
    NeedsAnother for what was 终局.
    """
    reason = required(reason, "撤销并入的理由")
    opened = open_act("unmerge", point_id=point_id, actor=actor, expected_version=expected_version)
    point, merge = opened.point, _merge_of(opened.point)
    if merge.from_state in DECIDED and Role.RECOGNISER not in opened.facts.roles:
        raise NotAllowed("并入前已经认定，撤销要由认定人办理")
    survivor = FirePoint.objects.get(pk=merge.data["into"])
    if survivor.state not in UNDECIDED:
        raise Conflict(f"{survivor} 现在是“{State(survivor.state).label}”：先重新核实，再撤销并入", code="wrong_state")
    case = Case("unmerge", is_final=merge.from_state == State.FINAL)
    two = require_second(case, second, version=opened.version)
    claim(survivor)
    mine, rest = _shares(survivor, merge.data["detections"])
    Membership.objects.filter(point=survivor, is_active=True, detection__in=mine).update(is_active=False)
    why = f"撤销并入 {survivor}：{reason}"[:300]
    Membership.objects.bulk_create(Membership(point=point, detection_id=pk, why=why) for pk in mine)
    asking = Asking(actor)
    refresh(survivor, asking)
    _give_questions_back(point, survivor, mine, merge.data.get("questions", []), asking, why)
    record("fire_point.gave_back", survivor, actor, after={"to": point.pk, "detections": mine}, reason=reason)
    data = {"groups": [mine, rest], "points": [point.pk, survivor.pk], **two}
    if merge.from_state == State.SUSPECTED:
        again = FirePoint.objects.get(pk=point.pk)
        again.state = State.SUSPECTED  # located anew, as the suspicion that the step makes of it
        refresh(again, asking)
    return advance(opened, reason=reason, data=data, asking=asking, to=merge.from_state, merged_into=None)


def _give_questions_back(
    point: FirePoint, survivor: FirePoint, mine: list[int], carried: list[int], asking: Asking, reason: str
) -> None:
    """Open at the merged point again what the merge carried (`carried`, ids) and is open yet, here as elsewhere, however
    often it was carried on; what was open at both points is open at both."""
    origins = {row.pk: row for row in Question.objects.filter(pk__in=carried).select_related("point", "other")}
    open_ = Question.objects.unanswered().filter(Q(point=survivor) | Q(other=survivor)).select_related("point", "other")
    origin_of = {row.pk: _origin(row, origins) for row in open_}
    here = [row for row in open_ if row.point_id == survivor.pk]
    asking.carry([row for row in here if row.detection_id in mine or _is_at(origin_of[row.pk], point)], point, reason)
    elsewhere = [row for row in open_ if row.point_id != survivor.pk]
    asking.rename([row for row in elsewhere if origin_of[row.pk] is not None], point, reason)
    lost = [row for row in origins.values() if not row.copies.exists() and not _is_answered_since(row, survivor, point)]
    asking.ask_again(lost)


def _origin(question: Question, origins: Mapping[int, Question]) -> Question | None:
    """The question that the merge carried and of which this one is a copy, or the copy of a copy."""
    row: Question | None = question
    while row is not None and row.pk not in origins:
        row = row.came_from
    return row


def _is_at(origin: Question | None, point: FirePoint) -> bool:
    return origin is not None and origin.point_id == point.pk


def _is_answered_since(row: Question, survivor: FirePoint, point: FirePoint) -> bool:
    """Whether the same question, which was open at the survivor or about it too, has been answered since the merge."""
    asked_of = survivor.pk if row.point_id == point.pk else row.point_id
    about = survivor.pk if row.other_id == point.pk else row.other_id
    same = Question.objects.filter(
        point=asked_of, kind=row.kind, detection=row.detection_id, run=row.run_id, other=about,
        answered_at__gte=row.answered_at,
    )  # fmt: skip
    return same.exclude(answer__in=(Answer.CARRIED, Answer.REPLACED)).exists()


def _merge_of(point: FirePoint) -> Step:
    last: Step | None = point.steps.order_by("-seq").first()
    if last is None or last.action not in BY_PEOPLE:
        raise Conflict("这是机器归并的，请在那一处用“划分”", code="wrong_state")
    return last


def _shares(survivor: FirePoint, moved: list[int]) -> tuple[list[int], list[int]]:
    """The ids that go back and those that stay. Raises Conflict when either would be none."""
    members = set(Membership.objects.filter(point=survivor, is_active=True).values_list("detection_id", flat=True))
    mine, rest = sorted(members & set(moved)), sorted(members - set(moved))
    if not mine or not rest:
        raise Conflict(f"{survivor} 里已没有可分开的监测记录（撤回或另行划分过）", code="nothing_to_give_back")
    return mine, rest
