"""The end of each reported fire that nobody pays for: what became of its rows, and whether a person was history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from demo.fairness.asked import Asked
from demo.fairness.truth import Truth
from firepoints.models import FirePoint
from firepoints.terms.states import DECIDED, LIVE, Conclusion, State

BY_THE_MACHINE = ("swallowed", "waiting", "closed", "released")
"""Fates that no person chose; they count where nobody was history."""
DENIED = "denied"


def fates_of(fires: Iterable[str], truth: Truth, history: Asked, charged_at: Mapping[int, datetime]) -> dict[str, str]:
    """fire → denied (a 查否 stands), swallowed (its point pays for another fire), waiting, excluded, closed, released (its
    rows have left their point), not_taken (no row came in); `_asked` behind it where a person was history."""
    sightings: dict[str, set[int]] = {}
    for detection, row in truth.row_of.items():
        if row.charges:
            sightings.setdefault(row.main, set()).add(detection)
    return {name: _fate(sightings.get(name, set()), history, charged_at) for name in fires}


def _fate(sightings: set[int], history: Asked, charged_at: Mapping[int, datetime]) -> str:
    if not sightings:
        return "not_taken"
    points = list(
        FirePoint.objects.filter(memberships__detection__in=sightings, memberships__is_active=True)
        .exclude(state=State.MERGED).select_related("verification").distinct()
    )  # fmt: skip
    if not points:
        return "waiting_asked" if history.is_waiting_row(sightings) else "released"
    named = [_named(point, charged_at) for point in points]
    order = [DENIED, "swallowed", "excluded", "waiting", "closed"]
    fate, point = min(zip(named, points, strict=True), key=lambda pair: (order.index(pair[0]), pair[1].pk))
    is_asked = history.about_sites(point.pk, sightings, charged_at.get(point.pk)) or (
        fate == "waiting" and history.is_waiting(point.pk)
    )
    return f"{fate}_asked" if is_asked and fate in BY_THE_MACHINE else fate


def _named(point: FirePoint, charged_at: Mapping[int, datetime]) -> str:
    if point.pk in charged_at:
        return "swallowed"
    if point.state in DECIDED and point.counted is False:
        is_false = point.verification is not None and point.verification.conclusion == Conclusion.FALSE
        return DENIED if is_false else "excluded"
    return "waiting" if point.state in LIVE else "closed"


def by_the_machine(fates: Mapping[str, str]) -> list[str]:
    """The fires that the machine alone left unpaid, with nobody history."""
    return sorted(name for name, fate in fates.items() if fate in BY_THE_MACHINE)
