"""The 查否 of a world: how many true fires each county denied, of how many that it went to see."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from demo.fairness.truth import Truth
from firepoints.models import Verification
from firepoints.terms.states import Conclusion


def denials(truth: Truth) -> dict[str, dict[str, Any]]:
    """county → `seen`: points with a true fire that its people reported on; `denied`: those that they called no straw fire
    at least once. Counties that saw none are left out."""
    straw = {name for name, fire in truth.world.fires.items() if fire.straw}
    reported: dict[str, set[int]] = defaultdict(set)
    denied: dict[str, set[int]] = defaultdict(set)
    reports = Verification.objects.filter(kind=Verification.Kind.COUNTY).order_by("pk")
    rows = reports.select_related("point").only("conclusion", "county_code", "point")
    mains = truth.mains_ever()
    for report in rows:
        if mains.get(report.point_id, set()) & straw:
            reported[report.county_code].add(report.point_id)
            if report.conclusion == Conclusion.FALSE:
                denied[report.county_code].add(report.point_id)
    return {
        code: {"seen": len(points), "denied": len(denied[code]), "is_denying": code == truth.world.denying}
        for code, points in sorted(reported.items())
    }
