"""A fire point in the words of a page: its mark, its state in words, its place, and spans of time."""

from datetime import UTC, datetime

from django.utils import timezone

from firepoints.models import FirePoint
from firepoints.terms.spans import span as span
from firepoints.terms.states import State

_MARKS = {
    State.SUSPECTED: "suspected",
    State.DISPATCHED: "dispatched",
    State.JOINT: "joint",
    State.VERIFIED: "verified",
    State.MERGED: "excluded",
    State.CLOSED: "excluded",
}
_NEXT = {
    State.SUSPECTED: "疑似·待派发",
    State.DISPATCHED: "已派发·待核实",
    State.JOINT: "待联合核实",
    State.VERIFIED: "已核实·待认定",
    State.OBJECTION: "计入·异议期",
    State.CONTESTED: "计入·异议复核",
    State.FINAL: "计入·终局",
    State.MERGED: "已并入",
    State.CLOSED: "已关闭",
}


def mark_of(point: FirePoint) -> str:
    """The shape of the state: after 认定 it says 计入 or 不计入, whatever step of the objection it is in."""
    return mark_of_state(point.state, point.counted)


def mark_of_state(state: str, counted: bool | None) -> str:
    """The shape of a state and what was decided in it."""
    return _MARKS.get(State(state)) or ("counted" if counted else "excluded")


def label_of(point: FirePoint) -> str:
    """The state in words, with what it waits for."""
    if point.state == State.RECOGNISED:
        return "计入·待通报" if point.counted else "认定·不计入"
    return _NEXT[State(point.state)]


def place_of(point: FirePoint) -> str:
    """County to group as the attribution names them; of an unsettled 跨界 both counties with their shares."""
    where = point.attribution
    if where is None:
        return "还没有定位"
    if not point.county_code and len(where.candidates) > 1:
        return " / ".join(f"{candidate['name']} {candidate['share']:.0%}" for candidate in where.candidates[:2])
    names = (where.county_name, where.township_name, where.village_name, where.group_name)
    return " ".join(name for name in names if name) or "不在任何县（区）内"


def due_words(due_at: datetime | None, now: datetime) -> tuple[str, bool]:
    """(还剩… or 超时…, is late) of a deadline; deadlines are settings of ours (C10)."""
    if due_at is None:
        return "", False
    if due_at < now:
        return f"超时 {span(now - due_at)}", True
    return f"还剩 {span(due_at - now)}", False


def when(starts_at: datetime, ends_at: datetime, precision: str) -> str:
    """A sighting's interval in Beijing time: a moment, a day, or a window."""
    start, end = timezone.localtime(starts_at), timezone.localtime(ends_at)
    if precision == "instant" or start == end:
        return f"{start:%Y-%m-%d %H:%M}"
    if precision == "day":
        return f"{start:%Y-%m-%d}（只有日期）"
    return f"{start:%Y-%m-%d %H:%M} 至 {end:%m-%d %H:%M}"


def utc(at: datetime) -> str:
    """The same moment in UTC, for beside the raw record only."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
