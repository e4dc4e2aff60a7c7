"""An edition has begun to rule over days that are over: the apps above may hold fires of those days (policy.md, C2)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from grids.models import Edition
from grids.selectors import editions_in_force
from journal import clock


@dataclass(frozen=True, slots=True)
class Change:
    """The edition rules from a Beijing date (inclusive) to another (exclusive; None = until further notice)."""

    edition: Edition
    since: date
    until: date | None


Listener = Callable[[Change], None]
_listeners: list[Listener] = []


def register(listener: Listener) -> Listener:
    """Have a function told, inside the transaction of the activation; usable as a decorator."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def tell(edition: Edition) -> None:
    """Tell the listeners of an edition that was just activated; one that rules only from tomorrow finds no fire."""
    if edition.valid_from is None or edition.valid_from > clock.today_beijing():
        return
    later = [one.valid_from for one in editions_in_force() if one.valid_from and one.valid_from > edition.valid_from]
    for listener in _listeners:
        listener(Change(edition, edition.valid_from, min(later, default=None)))
