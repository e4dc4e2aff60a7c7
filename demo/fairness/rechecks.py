"""The re-checks of a world: drawn each night by the product, visited by an officer the next morning, and what they name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from core import clock
from demo.fairness.hands import Hands
from demo.fairness.truth import Truth
from demo.services import verbs
from demo.services.verbs import Scene
from firepoints.models import Recheck, RecheckVisit
from firepoints.rechecks.counties import named_counties
from firepoints.rechecks.draws import recheck_draw
from firepoints.rechecks.visits import recheck_visit
from firepoints.steps.selectors import survivor_of

WITHIN = timedelta(days=30)


class Rechecks:
    """The officer who goes where the lot sends him, and what he sees there; `named`: when a county was first named."""

    def __init__(self, truth: Truth, hands: Hands) -> None:
        self.truth, self.hands = truth, hands
        self.named: dict[str, datetime] = {}

    def draw(self) -> None:
        """Let the product draw among what the counties have reported."""
        recheck_draw()

    def visit(self) -> None:
        """Visit everything that was drawn, and note whom that names."""
        while waiting := list(Recheck.objects.filter(visit__isnull=True).select_related("point").order_by("pk")):
            done = [self._visit(row) for row in waiting]
            if not any(done):
                break
        for code in named_counties():
            self.named.setdefault(code, clock.now())

    def _visit(self, row: Recheck) -> bool:
        point = survivor_of(row.point)
        fires = self.truth.fires(self.truth.rows(point) or self.truth.rows_ever(row.point_id)).values()
        finding = RecheckVisit.Finding.TRUE if any(fire.straw for fire in fires) else RecheckVisit.Finding.FALSE

        def recheck(scene: Scene) -> None:
            officer = scene.cast["officer"]
            recheck_visit(
                recheck_id=row.pk, actor=officer, finding=finding, note="市局复查，照片附后",
                evidence=verbs.photos(scene, officer, "scar", 1),
            )  # fmt: skip

        return self.hands.verb(recheck, point)

    def score(self) -> dict[str, dict[str, Any]]:
        """county → `rechecked`: its denials that were visited again; `contradicted` of them; `named` within a month of the first
        denial that was false, or at all where none was."""
        scores: dict[str, dict[str, Any]] = {}
        visits = RecheckVisit.objects.filter(recheck__conclusion="false").select_related("recheck__verification")
        first: dict[str, datetime] = {}
        for visit in visits.order_by("pk"):
            code = visit.recheck.county_code
            score = scores.setdefault(code, {"rechecked": 0, "contradicted": 0})
            score["rechecked"] += 1
            score["contradicted"] += visit.is_contradiction
            if visit.is_contradiction:
                filed = visit.recheck.verification.at
                first[code] = min(first.get(code, filed), filed)
        for code in {*scores, *self.named}:
            at = self.named.get(code)
            named = at is not None and at - first.get(code, at) <= WITHIN
            scores.setdefault(code, {"rechecked": 0, "contradicted": 0})["named"] = named
        return scores
