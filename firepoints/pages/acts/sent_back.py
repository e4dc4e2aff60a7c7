"""退回补证 and 重新核实 as the county reads them: why the point is with it again, until it reports anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from firepoints.models import FirePoint, Step
from firepoints.steps.workflow import BY_ACTION

RETURNS = frozenset({"return", "reopen"})


@dataclass(frozen=True, slots=True)
class Return:
    """The step with which a point came back: what it is called, when (Beijing), by whom, and the reason."""

    label: str
    at: datetime
    actor: str
    reason: str


def return_of(point: FirePoint, steps: Iterable[Step]) -> Return | None:
    """The latest return, as long as the point is where it was sent back to; None once a new record is filed."""
    moves = [step for step in steps if step.from_state != step.to_state]
    last = max(moves, key=lambda step: step.seq, default=None)
    if last is None or last.action not in RETURNS or last.to_state != point.state:
        return None
    return Return(BY_ACTION[last.action].label, timezone.localtime(last.at), str(last.actor), last.reason)
