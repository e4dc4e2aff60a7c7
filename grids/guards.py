"""What may forbid the activation of an edition. The reasons live above this app (the first 认定), so they register here."""

from collections.abc import Callable
from datetime import date

from grids.models import Edition

Guard = Callable[[Edition, date], str | None]
_guards: list[Guard] = []


def register_activation_guard(guard: Guard) -> Guard:
    """Add a guard: given the edition and the Beijing date from which it would rule, the reason (Chinese) why not, or None.

    Usable as a decorator; called inside the transaction of the activation.
    """
    if guard not in _guards:
        _guards.append(guard)
    return guard


def reasons_against(edition: Edition, valid_from: date) -> list[str]:
    """Every reason why the edition must not rule from that date."""
    return [reason for guard in _guards if (reason := guard(edition, valid_from))]
