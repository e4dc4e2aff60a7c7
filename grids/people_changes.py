"""Who answers for a cell has changed for days that are over: the apps above may hold fires of those days (C2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from journal import clock


@dataclass(frozen=True, slots=True)
class Change:
    """The people of a cell differ from a Beijing date (inclusive) to another (exclusive; None = from then on)."""

    level: str
    cell_code: str
    since: date
    until: date | None


Listener = Callable[[Sequence[Change]], None]
_listeners: list[Listener] = []


def register(listener: Listener) -> Listener:
    """Have a function told of changes, inside the transaction of the act; usable as a decorator."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def tell(changes: Sequence[Change]) -> None:
    """Tell the listeners of what reaches back to today or before; what only the future holds finds no fire."""
    past = [change for change in changes if change.since <= clock.today_beijing()]
    for listener in _listeners if past else ():
        listener(past)
