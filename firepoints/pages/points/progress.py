"""The step bar of a point: what happened with who and when, what is due now, what comes after."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from core import clock, ways
from firepoints.models import FirePoint, Step
from firepoints.pages.panels import PointMoney
from firepoints.pages.points import words
from firepoints.steps.workflow import BY_ACTION
from firepoints.terms.states import State
from grids import selectors as grids

_VERIFYING = ("report", "report_on_behalf", "verify_own", "settle_jointly")
_AT = {
    State.SUSPECTED: 1,
    State.DISPATCHED: 2,
    State.JOINT: 2,
    State.VERIFIED: 3,
    State.RECOGNISED: 4,
    State.OBJECTION: 5,
    State.CONTESTED: 5,
    State.FINAL: 6,
}
Item = dict[str, Any]


def bar_of(point: FirePoint, steps: Sequence[Step], origin: str, money: PointMoney | None) -> list[Item]:
    """Items for partials/steps.html. A point that was merged or closed ends where it ended."""
    last: dict[str, Step] = {step.action: step for step in steps}
    if point.state in (State.MERGED, State.CLOSED):
        return _ended(point, steps, origin)
    is_joint = point.state == State.JOINT or "settle_jointly" in last
    titles = ["入库", "派发", "联合核实" if is_joint else "核实", "认定", "通报", "异议期", "入批次"]
    lines = [
        [_clock(point.created_at), origin],
        _of(last, "dispatch") or _skipped(last),
        _of(last, *_VERIFYING),
        _of(last, "recognise", "exclude"),
        _of(last, "notify"),
        _of(last, "waive", "lapse", "uphold"),
        list(money.batch.lines) if money and money.batch else [],
    ]
    now = _AT[State(point.state)]
    if point.state == State.RECOGNISED and not point.counted:
        titles, lines, now = titles[:4], lines[:4], 4
    if point.state == State.FINAL and money and money.batch and not money.batch.is_open:
        now = 7
    waits = _waits(point)
    return [
        {
            "state": "done" if at < now else "now" if at == now else "todo",
            "title": title,
            "lines": lines[at] if at < now else waits if at == now else [],
        }
        for at, title in enumerate(titles)
    ]


def _ended(point: FirePoint, steps: Sequence[Step], origin: str) -> list[Item]:
    items = [{"state": "done", "title": "入库", "lines": [_clock(point.created_at), origin]}]
    for step in steps:
        items.append(
            {"state": "done", "title": BY_ACTION[step.action].label, "lines": [_clock(step.at), str(step.actor)]}
        )
    items[-1]["state"] = "now"
    return items


def _of(last: Mapping[str, Step], *actions: str) -> list[str]:
    steps = [last[action] for action in actions if action in last]
    if not steps:
        return []
    step = max(steps, key=lambda step: step.seq)
    return [_clock(step.at), f"{step.actor} · {BY_ACTION[step.action].label}"]


def _skipped(last: Mapping[str, Step]) -> list[str]:
    return _of(last, "mark_cross") or (["未经派发"] if "verify_own" in last else [])


def _waits(point: FirePoint) -> list[str]:
    now = clock.now()
    if point.state == State.DISPATCHED:
        due, _ = words.due_words(point.due_at, now)
        return [f"{_clock(point.due_at)} 前（设置）" if point.due_at else "", due]
    if point.state == State.OBJECTION and point.objection_until:
        return [f"{_clock(point.objection_until)} 止（设置）"]
    texts = {
        State.SUSPECTED: "等市局派发",
        State.JOINT: "等三方记录",
        State.VERIFIED: "等认定人，非核实人",
        State.RECOGNISED: "等市局通报",
        State.CONTESTED: "县（区）有异议，等复核",
        State.FINAL: "等编入批次",
    }
    return [texts.get(State(point.state), "")]


def timeline_of(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Every step that happened, the latest first, for partials/timeline.html; of two persons both are named."""
    seconds = {step.data["accepted_by"] for step in steps if "accepted_by" in step.data}
    names = grids.names_of(seconds) if seconds else {}
    return [
        {
            "at": timezone.localtime(step.at),
            "title": BY_ACTION[step.action].label,
            "who": _who(step, names),
            "why": step.reason or _document(step),
            "way": "" if step.way == ways.Way.PAGE else ways.words(step.way, step.way_by),
        }
        for step in reversed(steps)
    ]


def _who(step: Step, names: Mapping[int, str]) -> str:
    """Who did it: the asker and who accepted, or one alone where a ruling lets one do what takes two."""
    if "accepted_by" in step.data:
        return f"{step.actor}提请，{names.get(step.data['accepted_by'], '另一人')}同意"
    return f"{step.actor}（裁定放宽，一人办理）" if step.data.get("loosened") else str(step.actor)


def _document(step: Step) -> str:
    number = step.data.get("document_no", "")
    return f"文号 {number}" if number else ""


def _clock(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%m-%d %H:%M}" if at else ""
