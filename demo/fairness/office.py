"""The people of a world at work: each does what the real screens let them do, by the real services.

The bureau answers only what it is asked. Who is asked looks, and says what is so. A county's verifier is honest (says
what there is), lazy (confirms from the desk) or cheating (denies it, or says that it burnt over the border).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from core import clock
from core.errors import Refused
from demo.fairness.stage import Cast
from demo.fairness.truth import Truth
from demo.services import verbs
from demo.services.verbs import Scene
from demo.story import Story
from firepoints.life.act import act
from firepoints.life.objections import lapse_due
from firepoints.models import FirePoint
from firepoints.steps import selectors, workflow
from firepoints.steps.questions import open_by_point
from firepoints.terms.states import DECIDED, LIVE, UNDECIDED, Conclusion, State

BORDER_TALK_M = 1000.0
"""A cheating county says "not ours" where the border is so near, and "not straw" elsewhere."""
OURS = 0.2
"""From this share of the burnt field on, a county may be the one that pays for a fire over the border."""
MAY_DIVIDE = frozenset(workflow.BY_ACTION["split"].sources)
DIVIDES_LATE = bool(MAY_DIVIDE & {State.DISPATCHED, State.VERIFIED})
"""Whether the product divides a point after dispatch: then its decision waits until the bureau has done so."""
STANDING = (State.SUSPECTED, State.DISPATCHED, State.JOINT, State.VERIFIED, *DECIDED)


class Office:
    """All people of a world, with what they remember between two acts."""

    def __init__(self, truth: Truth, cast: Cast) -> None:
        self.truth, self.cast = truth, cast
        self.counties = truth.world.counties
        self.asked: dict[int, dict[str, Any]] = {}
        self.visited: dict[int, set[str]] = {}
        self.same: dict[int, int] = {}
        self.sites: set[int] = set()
        self.refused: Counter[str] = Counter()
        self.due = {
            visit["row"]: datetime.fromisoformat(visit["at"]) for visit in truth.world.acts if visit["do"] == "visit"
        }
        self.temper = {visit["row"]: visit["temper"] for visit in truth.world.acts if visit["do"] == "visit"}
        self.recheck = {visit["row"] for visit in truth.world.acts if visit["do"] == "visit" and visit.get("recheck")}
        self._step = 0

    # The bureau in the morning

    def work(self) -> None:
        """Answer the open questions, hold the joint meetings, send out what is clear, and let the counties catch up."""
        lapse_due()
        for pk in self._open_questions():
            self._answer(pk)
        for point in self._points(State.JOINT):
            self._meet(point)
        for pk in sorted(self.sites):
            self._divide(FirePoint.objects.get(pk=pk))
        self.sites.clear()
        for point in self._points(State.SUSPECTED):
            if self._is_charged(point) and not _kinds_asked(point):
                self._try(verbs.dispatch, point)
        for point in self._points(State.DISPATCHED):
            self._catch_up(point)

    def _open_questions(self) -> list[int]:
        """Points that the product sends to a person now; each is noted with what an oracle says of it."""
        members = self.truth.members()
        points = []
        for point in FirePoint.objects.filter(state__in=UNDECIDED).order_by("pk"):
            crossing = point.is_cross and point.state == State.SUSPECTED
            kinds = _kinds_asked(point)
            if not (kinds or point.is_oversize or crossing):
                continue
            question = self.asked.setdefault(point.pk, {"why": set(), "doubts": set(), "charges": False})
            question["why"].add(_kind(point, kinds))
            question["doubts"].update(self.truth.doubts(point.pk, members))
            question["charges"] |= self._is_charged(point)
            if self._is_charged(point):
                points.append(point.pk)
        return points

    def _answer(self, pk: int) -> None:
        """Answer a point's questions by the truth: divide what is two fires, merge what is one, leave the rest as it is."""
        before = set(FirePoint.objects.values_list("pk", flat=True))
        self._divide(FirePoint.objects.get(pk=pk))
        for part in [pk, *sorted(set(FirePoint.objects.values_list("pk", flat=True)) - before)]:
            self._place(part)

    def _place(self, pk: int) -> None:
        """Merge one part into the point where its fire stands already, else leave it as a point of its own, reviewed."""
        if FirePoint.objects.get(pk=pk).state in UNDECIDED:
            self._merge_with_its_own(pk)
        point = FirePoint.objects.get(pk=pk)
        if point.state in UNDECIDED and _kinds_asked(point):
            self._try_act("review", point, reason="现场核对：另是一处")
            point.refresh_from_db()
        if point.is_cross and point.state == State.SUSPECTED and not point.is_oversize and self._is_charged(point):
            self._try(verbs.mark_cross, point)

    def _divide(self, point: FirePoint) -> None:
        """Divide a point by its true fires, where the product lets people do that in this state."""
        groups: dict[str, list[int]] = {}
        for detection in selectors.active_detections(point):
            row = self.truth.row_of.get(detection.pk)
            groups.setdefault(row.main if row else "", []).append(detection.pk)
        if len(groups) < 2 and not point.is_oversize:
            return
        if point.state == State.VERIFIED and point.state not in MAY_DIVIDE and State.DISPATCHED in MAY_DIVIDE:
            self._try_act("return", point, reason="现场有几处相离的过火地块，先划分")
            point.refresh_from_db()
        if point.state in MAY_DIVIDE:
            # What lies in the county that was asked stays with the point; the other parts are suspicions of their own.
            fires = self.truth.world.fires
            own = {name for name in groups if name in fires and fires[name].county == point.county_code}
            parts = [
                groups[name] for name in sorted(groups, key=lambda name: (name not in own, name not in fires, name))
            ]
            self._try_act("split", point, groups=parts, reason="现场核对：按过火地块划分")

    def _merge_with_its_own(self, pk: int) -> None:
        for other in self.truth.elsewhere(pk, self.truth.members()):
            a, b = FirePoint.objects.get(pk=pk), FirePoint.objects.get(pk=other)
            if a.state in LIVE and b.state in LIVE:
                self._merge(a, b)

    def _merge(self, a: FirePoint, b: FirePoint) -> bool:
        """Merge the point that is less far in its life into the other; whether it could be done."""
        less, more = sorted((a, b), key=lambda point: (STANDING.index(State(point.state)), -point.pk))
        if less.state in DECIDED:
            return self._try_act("merge_decided", less, who="chief", into=more.pk, reason="现场核对：同一处")
        done = self._try_act("merge", less, who="chief", into=more.pk, reason="现场核对：同一处")
        may = more.state in (State.DISPATCHED, State.VERIFIED) and not more.is_oversize
        # Of two counties: nobody's until they have met.
        if not done and may and self._try_act("mark_cross", more, reason="两处是同一处，分属两县（区）"):
            less.refresh_from_db()
            done = self._try_act("merge", less, who="chief", into=more.pk, reason="现场核对：同一处")
        return done

    def _meet(self, point: FirePoint) -> None:
        """Settle a point by a joint record: the bureau is there and concludes what is true."""
        fires = self.truth.fires(self.truth.rows(point))
        fire = next((burning for burning in fires.values() if burning.straw), next(iter(fires.values()), None))
        own = point.attribution.county_code if point.attribution else ""
        county = fire.county if fire else own or next(iter(self.counties))
        conclusion = Conclusion.TRUE if fire and fire.straw else Conclusion.FALSE
        self._try(lambda scene: verbs.settle_jointly(scene, conclusion=conclusion), point, county=county)
        self.visited.setdefault(point.pk, set()).add("joint")

    # The counties

    def visit(self, row: str) -> None:
        """Somebody of the county goes to where a row says, if the point was sent to them and waits."""
        point = self.truth.point_of(row)
        if point is not None and point.state == State.DISPATCHED:
            self._verify(point, self.temper[row])

    def _catch_up(self, point: FirePoint) -> None:
        rows = [row.id for row in self.truth.rows(point) if row.id in self.due]
        if rows and max(self.due[row] for row in rows) < clock.now():
            self._verify(point, self.temper[rows[0]])

    def _verify(self, point: FirePoint, temper: str) -> None:
        rows = self.truth.rows(point)
        fires = self.truth.fires(rows)
        straw = [fire for fire in fires.values() if fire.straw]
        self.visited.setdefault(point.pk, set()).add(temper)
        if temper == "honest" and straw and all(fire.counties.get(point.county_code, 0) < OURS for fire in straw):
            self._try(verbs.dispute, point)  # it burnt, and over there
        elif temper == "lazy" or (temper == "honest" and straw):
            self._try(verbs.report, point)
        elif temper == "cheating" and straw and straw[0].border_m < BORDER_TALK_M:
            self._try(verbs.dispute, point)
        else:
            self._try(verbs.report_false, point, note="荒草" if fires else "未见痕迹")
        if temper == "honest":
            self._say_what_else(point, len(straw))

    def _say_what_else(self, point: FirePoint, sites: int) -> None:
        """Note what an honest verifier also says: this field we have reported before; here are two fields, not one."""
        members = self.truth.members()
        others = self.truth.elsewhere(point.pk, members)
        verified = FirePoint.objects.filter(pk__in=others, verification__isnull=False).order_by("pk").first()
        if verified is not None:
            self.same[point.pk] = verified.pk
        if sites > 1:
            self.sites.add(point.pk)

    # Who decides, in the evening

    def decide(self) -> None:
        """认定 what is proved and open to no question; tell the county."""
        for point in self._points(State.VERIFIED):
            if DIVIDES_LATE and point.pk in self.sites:
                continue
            same = FirePoint.objects.filter(pk=self.same.get(point.pk, 0), state__in=LIVE).first()
            if same is not None and self._merge(point, same):
                continue
            point.refresh_from_db()
            if point.state != State.VERIFIED or _kinds_asked(point):
                continue
            if same is not None or point.verification is None or point.verification.conclusion == Conclusion.FALSE:
                self._try(verbs.exclude, point)
            elif self._try(verbs.recognise, point):
                point.refresh_from_db()
                self._try(verbs.notify, point)

    # What they all use

    def _points(self, state: State) -> Iterable[FirePoint]:
        return list(FirePoint.objects.filter(state=state).select_related("verification", "attribution").order_by("pk"))

    def _is_charged(self, point: FirePoint) -> bool:
        return any(row.charges for row in self.truth.rows(point))

    def _try(self, verb: Any, point: FirePoint, county: str = "", note: str = "") -> bool:
        self._step += 1
        current = FirePoint.objects.select_related("verification", "attribution").get(pk=point.pk)
        story = Story(f"W{point.pk}", county or current.county_code or next(iter(self.counties)), 0, (), (), note)
        try:
            verb(Scene(story, current, self.cast, self.counties, self._step))
        except Refused as refused:
            name = getattr(verb, "__name__", "verb").replace("<lambda>", "settle_jointly")
            self.refused[f"{name}: {refused.code}"] += 1
            return False
        return True

    def _try_act(self, action: str, point: FirePoint, who: str = "clerk", **data: Any) -> bool:
        try:
            act(point_id=point.pk, action=action, actor=self.cast[who], data=data)
        except Refused as refused:
            self.refused[f"{action}: {refused.code}"] += 1
            return False
        return True


def _kinds_asked(point: FirePoint) -> list[str]:
    """The kinds of what is open at a point, in the order of asking."""
    return [row.kind for row in open_by_point([point])[point.pk]]


WHY: Mapping[str, str] = {
    "touches": "touches",
    "earlier_finding": "before_pass",
    "new_county": "county",
    "datum": "datum",
    "oversize": "oversize",
}


def _kind(point: FirePoint, kinds: Iterable[str]) -> str:
    """The reason, in one word, for which a point was sent to a person."""
    if point.is_oversize:
        return "oversize"
    return next((WHY.get(kind, "other") for kind in kinds), "cross")
