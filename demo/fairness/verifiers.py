"""The counties' people at work: they go where they are sent, see what lies there, and file what their temper lets them.

honest: what there is; lazy: confirmed from the desk; cheating: denied, or said to have burnt over the border; denying:
denied, with every proof that the form asks for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from core import clock
from demo.fairness.hands import Hands
from demo.fairness.truth import Truth
from demo.fairness.worldfile import Fire
from demo.services import verbs
from firepoints.models import FirePoint
from firepoints.terms.states import State

BORDER_TALK_M = 1000.0
"""A cheating county says "not ours" where the border is so near, and "not straw" elsewhere."""
OURS = 0.2
"""From this share of the burnt field on, a county may be the one that pays for a fire over the border."""

FRESH = timedelta(days=7)
"""Ash that has lain longer than this before anybody told of it is no new black."""


class Verifiers:
    """All verifiers of a world, with who went where.

    Of format 1 they know what nobody could: `same`, the point in which a field was reported before, and `sites`, the points
    that are two fields, which the bureau then divides unasked. Of format 2 they know what lies before them.
    """

    def __init__(self, truth: Truth, hands: Hands) -> None:
        self.truth, self.hands = truth, hands
        visits = [act for act in truth.world.acts if act["do"] == "visit"]
        self.due = {visit["row"]: datetime.fromisoformat(visit["at"]) for visit in visits}
        self.temper = {visit["row"]: visit["temper"] for visit in visits}
        self.visited: dict[int, set[str]] = {}
        self.went_back: set[int] = set()
        self.same: dict[int, int] = {}
        self.sites: set[int] = set()

    def visit(self, row: str) -> None:
        """Somebody of the county goes to where a row says, if the point was sent to them and waits."""
        point = self.truth.point_of(row)
        if point is not None and point.state == State.DISPATCHED:
            self.verify(point, self.temper[row])

    def catch_up(self, point: FirePoint) -> None:
        """Verify a point whose every visit is over by its day: it was sent late, or has come back."""
        rows = [row.id for row in self.truth.rows(point) if row.id in self.due]
        if rows and max(self.due[row] for row in rows) < clock.now():
            self.verify(point, self.temper[rows[0]])

    def verify(self, point: FirePoint, temper: str) -> None:
        """File what this temper files; whoever is sent again after an objection looks."""
        if point.pk in self.went_back:
            temper = "honest"
        fires = self.truth.fires(self.truth.rows(point))
        straw = [fire for fire in fires.values() if fire.straw]
        self.visited.setdefault(point.pk, set()).add(temper)
        if temper == "honest" and straw and not _is_ours(straw, point.county_code):
            self.hands.verb(verbs.dispute, point)  # it burnt, and over there
        elif temper == "lazy" or (temper == "honest" and straw):
            self.hands.verb(verbs.report, point, **(self._sight(point, straw) if temper == "honest" else {}))
        elif temper == "cheating" and straw and straw[0].border_m < BORDER_TALK_M:
            self.hands.verb(verbs.dispute, point)
        else:
            self.hands.verb(verbs.report_false, point, note="荒草" if fires else "未见痕迹")
        if temper == "honest" and self.truth.world.version == 1:
            self._say_what_else(point, len(straw))

    def _sight(self, point: FirePoint, straw: list[Fire]) -> dict[str, Any]:
        """What lies before an honest person: how many fields, how large, where; and whether the black is as fresh as the rows
        say. Of format 1 he says that elsewhere."""
        if self.truth.world.version == 1:
            return {}
        fire = straw[0]
        reported_at = min(row.at for row in self.truth.rows(point))
        burnt_at = max(field.ends or field.starts for field in straw)
        area = {"burnt_mu": f"{fire.area_mu:.1f}", "measured_by": "walked"} if fire.area_mu else {}
        return {
            "sites": len(straw),
            "is_new": reported_at - burnt_at <= FRESH,
            "fire_position": [fire.lon, fire.lat],
            **area,
        }

    def _say_what_else(self, point: FirePoint, sites: int) -> None:
        """Note what an honest verifier of format 1 also says: this field we have reported before; here are two fields."""
        others = self.truth.elsewhere(point.pk, self.truth.members())
        verified = FirePoint.objects.filter(pk__in=others, verification__isnull=False).order_by("pk").first()
        if verified is not None:
            self.same[point.pk] = verified.pk
        if sites > 1:
            self.sites.add(point.pk)


def _is_ours(straw: list[Fire], county: str) -> bool:
    return any(fire.counties.get(county, 0) >= OURS for fire in straw)
