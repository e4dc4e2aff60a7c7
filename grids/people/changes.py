"""The listeners of a change of people over past days: the apps above may hold fires of those days (C2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from core import clock
from core.registry import Listeners


@dataclass(frozen=True, slots=True)
class Change:
    """The people of a cell differ from a Beijing date (inclusive) to another (exclusive; None = from then on)."""

    level: str
    cell_code: str
    since: date
    until: date | None


Listener = Callable[[Sequence[Change]], None]
LISTENERS: Listeners[Listener] = Listeners(
    "changes of people",
    asked_by="a term that reaches back to today or before, in its transaction",
    what_for="to say anew who answered for the fires of those days",
)
register = LISTENERS.add


def tell(changes: Sequence[Change]) -> None:
    """Tell the listeners of what reaches back to today or before; what only the future holds finds no fire."""
    past = [change for change in changes if change.since <= clock.today_beijing()]
    for listener in LISTENERS if past else ():
        listener(past)
