"""The batches of a world: built and frozen, and on their way to the voucher where the script says so."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from core import clock
from core.errors import Refused
from demo import pictures
from demo.fairness.hands import Hands
from journal.record import sealing
from penalties.batches import steps
from penalties.models import Batch, BatchState


class Money:
    """Two clerks and the finance office: who makes a table neither checks it nor records its approval."""

    def __init__(self, hands: Hands) -> None:
        self.hands, self.cast = hands, hands.cast

    def charge(self, month: str) -> None:
        """Build the month's batch, and freeze it where it holds anything."""
        try:
            batch = steps.batch_build(month=month, actor=self.cast["clerk"])
            if batch.state == BatchState.OPEN:
                steps.batch_freeze(batch_id=batch.pk, actor=self.cast["officer"])
        except Refused as refused:
            self.hands.refused[f"charge: {refused.code}"] += 1

    def settle(self, month: str) -> None:
        """Charge a month and take its batch through 报送, 同意, 送财政 to the vouchers."""
        self.charge(month)
        for batch in Batch.objects.filter(month=month, state=BatchState.FROZEN).order_by("seq"):
            try:
                self._settle(batch)
            except Refused as refused:
                self.hands.refused[f"settle: {refused.code}"] += 1

    def _settle(self, batch: Batch) -> None:
        today, number = clock.today_beijing(), f"模拟〔{clock.today_beijing().year}〕{batch.pk}号"
        sealing.seal_all()
        steps.batch_submit(batch_id=batch.pk, actor=self.cast["clerk"], doc_no=number)
        scan = Path(settings.JINSHAO_HOME) / "approval.png"
        scan.write_bytes(pictures.scan("APPROVAL (SIMULATED)"))
        steps.batch_approve(batch_id=batch.pk, actor=self.cast["officer"], doc_no=number, approved_on=today, file=scan)
        steps.batch_send(batch_id=batch.pk, actor=self.cast["clerk"], doc_no=number)
        steps.batch_settle(
            batch_id=batch.pk, actor=self.cast["finance"], voucher_no=f"模拟-{batch.pk}", settled_on=today
        )
