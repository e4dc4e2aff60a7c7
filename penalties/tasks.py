"""Durable jobs of this app."""

from typing import Any

import structlog

from journal.jobs import jobs
from penalties import checks

CHECK = "penalties.check_ledger"
DAY_S = 24 * 3600
log = structlog.get_logger(__name__)


class LedgerAlarm(RuntimeError):
    """The ledger contradicts itself or a frozen batch; the job fails and stays visible until a person has looked."""


@jobs.handler(CHECK, label="夜间核对扣缴账")
def check_ledger(payload: dict[str, Any]) -> None:
    """The nightly check: it alarms and posts nothing."""
    problems = checks.check()
    if problems:
        log.error("ledger_problems", count=len(problems), first=problems[:5])
        raise LedgerAlarm("；".join(problems[:20]))


# 18:20 UTC is 02:20 in Beijing, when nobody builds a batch.
jobs.periodic(CHECK, every_s=DAY_S, offset_s=18 * 3600 + 20 * 60)
