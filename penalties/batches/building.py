"""Building a batch: what is final and not yet posted comes into it, what no longer stands is given back (C12)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Min

from core import clock
from core.errors import BadInput, Conflict, NotAllowed
from core.month import Month, NotAMonth
from grids.models import User
from grids.roles import Role
from grids.selectors import roles_of
from penalties.batches.advancing import advance, note, post
from penalties.ledger import posting
from penalties.models import Batch, BatchState, Rule

OVERTAKEN = "另一个人刚刚开始编制批次，请刷新"


@dataclass(frozen=True, slots=True)
class Span:
    """The months of a batch, as YYYY-MM; `with_earlier`: what is late from before comes along."""

    first: str
    last: str
    with_earlier: bool

    @property
    def lower_bound(self) -> str:
        return "" if self.with_earlier else self.first

    @property
    def facts(self) -> dict[str, Any]:
        """The columns of a batch that say it."""
        return {"month": self.last, "first_month": self.first, "with_earlier": self.with_earlier}


@transaction.atomic
def batch_build(*, month: str, actor: User, first_month: str = "") -> Batch:
    """Post what is final and not yet posted, and give back what no longer stands, into the open batch of a span (C12, C13).

    The months are YYYY-MM of the burning dates (Beijing). With `month` alone, what is late from earlier months comes along;
    with `first_month` the batch holds the fires of these months and no others. Building again changes nothing unless
    something has changed. Raises Conflict when another batch is open, NoRule when a point has no rule, BadInput for a month
    that is malformed, has not begun, or lies before the first rule.
    """
    span = _span(first_month, month)
    if not roles_of(actor) & {Role.BUREAU, Role.SYSTEM}:
        raise NotAllowed("编制批次由市局经办")
    open_batch = Batch.objects.select_for_update().filter(state=BatchState.OPEN).first()
    if open_batch and not _is_of(open_batch, span):
        raise Conflict(f"{open_batch}还在编制，先冻结它或清空它，再编 {month} 的批次", code="another_batch_open")
    cut_off = clock.now()
    drafts = posting.drafts_for(month=span.last, cut_off=cut_off, first_month=span.lower_bound)
    batch = open_batch or _latest(span)
    if batch is not None and batch.state == BatchState.OPEN and open_batch is None:
        # Opened since this act looked: its drafts rest on a ledger that has moved on.
        raise Conflict(OVERTAKEN, code="another_batch_open")
    if batch is not None and not drafts:
        return batch
    if batch is None or batch.state != BatchState.OPEN:
        batch = _open(span, cut_off=cut_off, actor=actor)
    else:
        batch = advance(batch, to=BatchState.OPEN, cut_off=cut_off)
    entries = post(batch, drafts)
    after = {"month": month, "entries": len(entries), "amount_fen": sum(e.amount_fen for e in entries)}
    note("batch.built", batch, actor, after=after if span.with_earlier else {"first_month": span.first, **after})
    return batch


def _span(first_month: str, month: str) -> Span:
    """The months of a batch. Raises BadInput for a slip: it would move the money of every final point."""
    try:
        last = Month.parse(month)
        first = Month.parse(first_month) if first_month else last
    except NotAMonth as error:
        raise BadInput(str(error), where="month") from None
    if last > Month.of(clock.today_beijing()):
        raise BadInput(f"{last.words}还没有开始", where="month", code="month_not_begun")
    if first > last:
        raise BadInput(f"起始月 {first} 晚于 {last}", where="first_month")
    starts = Rule.objects.aggregate(starts=Min("valid_from"))["starts"]
    if starts and first < Month.of(starts):
        raise BadInput(f"{first.words}还没有规则：最早的规则自 {starts} 起", where="month", code="before_first_rule")
    return Span(str(first), str(last), with_earlier=not first_month)


def _is_of(batch: Batch, span: Span) -> bool:
    return all(getattr(batch, name) == value for name, value in span.facts.items())


def _latest(span: Span) -> Batch | None:
    """The last batch of a span that stands."""
    return Batch.objects.filter(**span.facts).exclude(state=BatchState.RETURNED).order_by("-seq").first()


def _open(span: Span, *, cut_off: datetime, actor: User) -> Batch:
    last = Batch.objects.filter(month=span.last).aggregate(seq=Max("seq"))["seq"] or 0
    facts = {**span.facts, "seq": last + 1, "cut_off": cut_off, "prepared_by": actor, "created_at": clock.now()}
    try:
        with transaction.atomic():
            return Batch.objects.create(**facts)
    except IntegrityError as error:
        raise Conflict(OVERTAKEN, code="another_batch_open") from error
