"""The guards that may forbid an activation. Their reasons live above this app (the first 认定), so they register here."""

from collections.abc import Callable
from datetime import date

from core.registry import Listeners
from grids.models import Edition

# Given the edition and the Beijing date from which it would rule: the reason (Chinese) why not, or None.
Guard = Callable[[Edition, date], str | None]
GUARDS: Listeners[Guard] = Listeners(
    "activation guards",
    asked_by="activating an edition, in its transaction",
    what_for="why it must not rule from that date (a 认定 lies behind it)",
)
register_activation_guard = GUARDS.add


def reasons_against(edition: Edition, valid_from: date) -> list[str]:
    """Every reason why the edition must not rule from that date."""
    return [reason for guard in GUARDS if (reason := guard(edition, valid_from))]
