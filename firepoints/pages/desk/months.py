"""The month's numbers for the home page: counted by the month of the burning date in Beijing."""

from typing import Any

from core import clock
from core.month import Month
from firepoints.models import FirePoint
from firepoints.steps.figures import COUNTED, EXCLUDED, Figures
from firepoints.steps.selectors import burned_in
from firepoints.terms.states import LIVE, Basis, Conclusion, State


def month_numbers(user: Any, month: Month, figures: Figures) -> dict[str, int]:
    """The numbers of the points of a month that `user` may see: by state, and how many count. One query, where any is
    dispatched."""
    live = figures.only(state=tuple(LIVE))
    return {
        "found": live.count(),
        "counted": live.count(counted=COUNTED),
        "excluded": live.count(counted=EXCLUDED),
        "cross": live.count(is_cross=True),
        "negative": live.count(conclusion=Conclusion.FALSE),
        "joint_cross": live.count(state=State.JOINT, is_cross=True),
        "verified_negative": live.count(state=State.VERIFIED, conclusion=Conclusion.FALSE),
        **{f"state_{state.value}": figures.count(state=state) for state in State},
        **{f"basis_{basis.value}": live.count(basis=basis) for basis in Basis},
        "overdue": _overdue(user, month) if live.count(state=State.DISPATCHED) else 0,
    }


def _overdue(user: Any, month: Month) -> int:
    late = FirePoint.objects.visible_to(user).filter(state=State.DISPATCHED, due_at__lt=clock.now())
    return late.filter(burned_in(month)).count()
