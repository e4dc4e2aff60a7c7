"""The listeners of an edition that begins to rule over past days: the apps above may hold fires of them (policy.md,
C2)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from core import clock
from core.registry import Listeners
from grids.models import Edition
from grids.selectors import editions_in_force


@dataclass(frozen=True, slots=True)
class Change:
    """The edition rules from a Beijing date (inclusive) to another (exclusive; None = until further notice)."""

    edition: Edition
    since: date
    until: date | None


Listener = Callable[[Change], None]
LISTENERS: Listeners[Listener] = Listeners(
    "changes of borders",
    asked_by="an edition that begins to rule over days that are over, in its transaction",
    what_for="to propose what would change, point by point",
)
register = LISTENERS.add


def tell(edition: Edition) -> None:
    """Tell the listeners of an edition that was just activated; one that rules only from tomorrow finds no fire."""
    if edition.valid_from is None or edition.valid_from > clock.today_beijing():
        return
    later = [
        active.valid_from
        for active in editions_in_force()
        if active.valid_from and active.valid_from > edition.valid_from
    ]
    for listener in LISTENERS:
        listener(Change(edition, edition.valid_from, min(later, default=None)))
