"""Why money is due or goes back, from the steps of the points: how a charge became final, what took one away (C12)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from core import clock
from firepoints.models import Step
from firepoints.steps.workflow import BY_ACTION

FINAL_BY = {"waive": "waived", "lapse": "lapsed", "uphold": "upheld"}
TAKES_AWAY = ("reopen", "merge_decided", "exclude")
Times = Mapping[int, datetime]
"""Point → the moment as of which its steps are asked for."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a point became final; `waiver_no` is the number of the county's paper."""

    way: str = ""
    waiver_no: str = ""


@dataclass(frozen=True, slots=True)
class TakenAway:
    """The act that took a charge away: its Chinese name, day, person and reason."""

    act: str
    on: date
    by: str
    reason: str


def endings(times: Times) -> dict[int, Ending]:
    """Point → how it had become final by its moment."""
    return {
        point_id: Ending(FINAL_BY[step.action], str(step.data.get("document_no", "")))
        for point_id, step in _last_steps(times, FINAL_BY).items()
    }


def taken_away(times: Times) -> dict[int, TakenAway]:
    """Point → the last act that had taken its charge away by its moment."""
    return {
        point_id: TakenAway(
            BY_ACTION[step.action].label,
            clock.beijing_date(step.at),
            step.actor.full_name or step.actor.username,
            step.reason,
        )
        for point_id, step in _last_steps(times, TAKES_AWAY).items()
    }


def _last_steps(times: Times, actions: Iterable[str]) -> dict[int, Step]:
    steps = Step.objects.filter(point__in=list(times), action__in=list(actions)).select_related("actor")
    last: dict[int, Step] = {}
    for step in steps.order_by("point_id", "seq"):
        if step.at <= times[step.point_id]:
            last[step.point_id] = step
    return last
