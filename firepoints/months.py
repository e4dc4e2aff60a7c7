"""The month's numbers for the home page: counted by the month of the burning date in Beijing."""

from typing import Any

from django.db.models import Count, Q

from firepoints.models import FirePoint
from firepoints.selectors import filter_points
from firepoints.states import LIVE, Basis, State
from journal import clock


def month_numbers(user: Any, month: str) -> dict[str, int]:
    """What `user` may see of a month (YYYY-MM), in one query: how many points stand where, and how many count."""
    points = filter_points(FirePoint.objects.visible_to(user), month=month)
    live = Q(state__in=LIVE)
    by_state = {f"state_{state.value}": Count("pk", filter=Q(state=state)) for state in State}
    by_basis = {f"basis_{basis.value}": Count("pk", filter=Q(recognition__basis=basis) & live) for basis in Basis}
    found: dict[str, int] = points.order_by().aggregate(
        found=Count("pk", filter=live),
        counted=Count("pk", filter=live & Q(counted=True)),
        excluded=Count("pk", filter=live & Q(counted=False)),
        cross=Count("pk", filter=live & Q(is_cross=True)),
        overdue=Count("pk", filter=Q(state=State.DISPATCHED, due_at__lt=clock.now())),
        needs_person=Count("pk", filter=live & (~Q(needs_person="") | Q(is_oversize=True))),
        negative=Count("pk", filter=live & Q(verification__conclusion="false")),
        **by_state,
        **by_basis,
    )
    return found


def month_by_county(user: Any, month: str) -> list[dict[str, Any]]:
    """Per county code ("" = nobody's yet): found, verified, counted, excluded; in code order, one query."""
    points = filter_points(FirePoint.objects.visible_to(user), month=month).filter(state__in=LIVE)
    rows = points.order_by("county_code").values("county_code")
    return [
        dict(row)
        for row in rows.annotate(
            found=Count("pk"),
            verified=Count("pk", filter=Q(verification__isnull=False)),
            counted=Count("pk", filter=Q(counted=True)),
            excluded=Count("pk", filter=Q(counted=False)),
        )
    ]
