"""The month's numbers for the home page: counted by the month of the burning date in Beijing."""

from typing import Any

from django.db.models import Count, Q

from core import clock
from core.month import Month
from firepoints.models import FirePoint
from firepoints.steps import questions
from firepoints.steps.selectors import burned_in
from firepoints.terms.states import LIVE, Basis, State


def month_numbers(user: Any, month: Month) -> dict[str, int]:
    """The numbers of the points of a month that `user` may see, in one query: by state, and how many count."""
    points = FirePoint.objects.visible_to(user).filter(burned_in(month))
    live = Q(state__in=LIVE)
    conditions = {
        "found": live,
        "counted": live & Q(counted=True),
        "excluded": live & Q(counted=False),
        "cross": live & Q(is_cross=True),
        "overdue": Q(state=State.DISPATCHED, due_at__lt=clock.now()),
        "needs_person": live & questions.waits_for_a_person(),
        "negative": live & Q(verification__conclusion="false"),
        **{f"state_{state.value}": Q(state=state) for state in State},
        **{f"basis_{basis.value}": live & Q(recognition__basis=basis) for basis in Basis},
    }
    # Prefixed inside the query: an aggregate may not have the name of a field that the next one filters by.
    counts = points.order_by().aggregate(**{f"n_{name}": Count("pk", filter=only) for name, only in conditions.items()})
    return {name: counts[f"n_{name}"] for name in conditions}
