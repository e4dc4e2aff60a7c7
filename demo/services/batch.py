"""The batch of the month, step by step as C13 orders them: built, frozen, 报送, 同意, 送财政, and some lines settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from core import clock
from demo import pictures
from demo.plan import Plan
from demo.story import BATCH, BENXI, HUANREN
from grids.models import User
from journal.record import sealing
from penalties.batches import steps
from penalties.models import Batch, BatchState, Settlement

ORDER = tuple(BatchState.values)
PART_FEN = 5_000_000


def events(plan: Plan, cast: Mapping[str, User], event: Callable[..., Any]) -> Iterator[Any]:
    """The steps as events (time, name, what to do)."""
    for name, moment in BATCH.items():
        yield event(plan.at(moment), f"batch {name}", partial(STEPS[name], plan.month, cast))


def batch_of_month(month: str) -> Batch | None:
    """The month's batch, once there is one."""
    return Batch.objects.filter(month=month).order_by("seq").first()


def _at(month: str, state: str) -> Batch | None:
    """The batch if it waits for the step after `state`; None when that step was taken by an earlier run."""
    batch = batch_of_month(month)
    return batch if batch is not None and batch.state == state else None


def _build(month: str, cast: Mapping[str, User]) -> None:
    if batch_of_month(month) is None:
        steps.batch_build(month=month, actor=cast["clerk"])


def _freeze(month: str, cast: Mapping[str, User]) -> None:
    if batch := _at(month, BatchState.OPEN):
        steps.batch_freeze(batch_id=batch.pk, actor=cast["officer"])


def _submit(month: str, cast: Mapping[str, User]) -> None:
    if batch := _at(month, BatchState.FROZEN):
        # The papers print the head of the chain: it must cover what they rest on.
        sealing.seal_all()
        steps.batch_submit(batch_id=batch.pk, actor=cast["clerk"], doc_no=_number("请"))


def _approve(month: str, cast: Mapping[str, User]) -> None:
    if batch := _at(month, BatchState.SUBMITTED):
        file = Path(settings.JINSHAO_HOME) / "demo" / "市政府批件-演示.png"
        file.write_bytes(pictures.scan("APPROVAL (DEMO)"))
        steps.batch_approve(
            batch_id=batch.pk,
            actor=cast["officer"],
            doc_no=_number("批"),
            approved_on=clock.today_beijing(),
            file=file,
        )


def _send(month: str, cast: Mapping[str, User]) -> None:
    if batch := _at(month, BatchState.APPROVED):
        steps.batch_send(batch_id=batch.pk, actor=cast["clerk"], doc_no=_number("函"))


def _settle(month: str, cast: Mapping[str, User], payer: str, voucher: str, amount_fen: int | None) -> None:
    batch = _at(month, BatchState.SENT)
    if batch and not Settlement.objects.filter(line__batch=batch, voucher_no=voucher).exists():
        steps.batch_settle(
            batch_id=batch.pk,
            actor=cast["finance"],
            voucher_no=voucher,
            settled_on=clock.today_beijing(),
            payer_code=payer,
            amount_fen=amount_fen,
        )


def _number(kind: str) -> str:
    """An invented number of a paper of this year."""
    return f"演示{kind}〔{clock.today_beijing().year}〕1号"


STEPS: dict[str, Callable[[str, Mapping[str, User]], None]] = {
    "build": _build,
    "freeze": _freeze,
    "submit": _submit,
    "approve": _approve,
    "send": _send,
    "settle_whole": partial(_settle, payer=BENXI, voucher="演示凭证-001", amount_fen=None),
    "settle_part": partial(_settle, payer=HUANREN, voucher="演示凭证-002", amount_fen=PART_FEN),
}
