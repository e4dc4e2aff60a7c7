"""Questions stand before money: which points a batch leaves out, and which of its points stop its next step (C12, C13).

A question that stops money (`firepoints.steps.questions.stops_money`) keeps a point out of a batch until it is answered. At
the steps that ask the government or take the money, a point of the batch that is asked about or no longer final stops it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from core.errors import Conflict
from core.month import Month
from firepoints.models import FirePoint, Question, Recognition
from firepoints.steps import questions
from firepoints.terms.states import State
from penalties.ledger import posting
from penalties.models import Batch, BatchState, LedgerEntry

NAMED = 5
# Until it is sent to finance nobody has taken the money of a charge, and nobody gives it back.
NOT_TAKEN = (BatchState.FROZEN, BatchState.SUBMITTED, BatchState.APPROVED)


@dataclass(frozen=True, slots=True)
class Held:
    """A point whose money does not move, and why."""

    point_id: int
    number: str
    payer_code: str
    payer_name: str
    why: str


def left_out(batch: Batch) -> list[Held]:
    """The points that a batch would hold but for their questions: as they were at its freezing, or now while it is open."""
    if batch.state == BatchState.OPEN:
        return left_out_now(month=batch.month, cut_off=batch.cut_off, first_month=batch.lower_bound)
    return [Held(**row) for row in batch.left_out]


def left_out_now(*, month: str, cut_off: datetime, first_month: str = "") -> list[Held]:
    """The points of these months, final by the cut-off, that are not charged only because of their questions; and those of
    the months before `first_month` that are not charged at all."""
    waiting = posting.held_points().filter(final_at__lte=cut_off).select_related("recognition")
    open_questions = Prefetch("questions", Question.objects.before_money().order_by("pk"), to_attr="open_questions")
    points = list(waiting.prefetch_related(open_questions).order_by("number"))
    charged = set(posting.charged_among(waiting)) if points else set()
    rows = []
    for point in points:
        decision = point.recognition
        if decision and point.pk not in charged and first_month <= str(Month.of(decision.burn_date)) <= month:
            rows.append(_held(point, decision, questions.words_of(point.open_questions)))
    return rows + _before_the_span(first_month, cut_off)


def _before_the_span(first_month: str, cut_off: datetime) -> list[Held]:
    """The final points of earlier months that no batch has charged: a batch of a span leaves them to another one."""
    if not first_month:
        return []
    before = str(Month.parse(first_month).shift(-1))
    drafts = posting.drafts_for(month=before, cut_off=cut_off)
    late = [draft.point_id for draft in drafts if draft.reverses_id is None and draft.month <= before]
    points = FirePoint.objects.filter(pk__in=late).select_related("recognition").order_by("number")
    return [
        _held(point, point.recognition, f"起火月早于 {first_month}，不在本批的月份里")
        for point in points
        if point.recognition
    ]


def _held(point: FirePoint, decision: Recognition, why: str) -> Held:
    return Held(point.pk, str(point), decision.payer_code, decision.payer_name, why)


def as_json(rows: Iterable[Held]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def require_answered(batch: Batch) -> None:
    """Refuse a step while a point that the batch charges is asked about or no longer final.

    The points are locked until the step is committed: who asks or reopens one at the same time comes after it.
    Raises Conflict (`questions_open`, or `batch_outdated` where points are only no longer final) that names them and why.
    """
    # The batch before its points, as in every act that takes both: else two acts would wait for each other.
    Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    stops = _stops(batch)
    if not stops:
        return
    is_asked = any(why for _, why in stops)
    named = "；".join(f"{point}：{why or _fallen(point)}" for point, why in stops[:NAMED])
    more = f"等 {len(stops)} 处" if len(stops) > NAMED else ""
    raise Conflict(
        f"本批有 {len(stops)} 处现在不能动钱（{named}{more}）：先答复，或把这一批撤回、退回",
        code="questions_open" if is_asked else "batch_outdated",
        details={"points": [{"number": str(point), "why": why or _fallen(point)} for point, why in stops]},
    )


def require_charges_sent(batch: Batch) -> None:
    """Refuse to give back through finance what finance was not yet asked to take. Raises Conflict (`charge_not_sent`)."""
    back = batch.entries.filter(reverses__isnull=False, reversed_by__isnull=True)
    untaken = (
        back.filter(reverses__batch__state__in=NOT_TAKEN)
        .exclude(reverses__batch=batch)
        .select_related("reverses__batch")
    )
    earlier = {row.reverses.batch_id: row.reverses.batch for row in untaken if row.reverses}
    if earlier:
        named = "、".join(f"{row}（{row.state_words}）" for row in earlier.values())
        raise Conflict(f"本批要退回的扣缴还在{named}里，没有送财政：先把它办完或撤回、退回", code="charge_not_sent")


def _stops(batch: Batch) -> list[tuple[FirePoint, str]]:
    """(point, the words of its questions) of the charged points that stop a step; "" where it is no longer final."""
    charges = {entry.point_id: entry for entry in batch.entries.select_related("recognition").order_by("seq")}
    charged = {key: entry for key, entry in charges.items() if entry.balance_fen}
    own = LedgerEntry.objects.filter(batch=batch).values("point")
    points = _locked(FirePoint.objects.filter(pk__in=own).order_by("pk"))
    by_point: dict[int, list[Question]] = defaultdict(list)
    for row in Question.objects.before_money().filter(point__in=own).order_by("pk"):
        by_point[row.point_id].append(row)
    stops = []
    for point in points:
        if point.pk in charged and (point.pk in by_point or not _is_still_due(point, charged[point.pk])):
            stops.append((point, questions.words_of(by_point.get(point.pk, []))))
    return stops


def _locked(points: QuerySet[FirePoint]) -> QuerySet[FirePoint]:
    """The points, which nobody asks about or reopens until this step is committed."""
    return points.select_for_update(of=("self",))


def _is_still_due(point: FirePoint, entry: LedgerEntry) -> bool:
    """Whether the point is final on the same terms on which it was charged."""
    if point.state != State.FINAL or not point.counted:
        return False
    decision = point.recognition
    if decision is None or decision.pk == entry.recognition_id:
        return decision is not None
    pins = ("payer_code", "burn_date", "basis", "rule_ref", "amount_fen")
    return all(getattr(decision, name) == getattr(entry.recognition, name) for name in pins)


def _fallen(point: FirePoint) -> str:
    return f"现在是“{point.get_state_display()}”，不是冻结时的认定"
