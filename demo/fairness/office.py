"""The bureau's people of a world at work: they answer what they are asked, by the real services, and truthfully.

Who is asked about two points goes and looks at both; who is asked about one looks at that one, and no further.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from demo.fairness.answers import Answers
from demo.fairness.hands import Hands
from demo.fairness.rechecks import Rechecks
from demo.fairness.stage import Cast
from demo.fairness.truth import Truth
from demo.fairness.verifiers import Verifiers
from demo.fairness.worldfile import Fire
from demo.services import verbs
from firepoints.life.objections import lapse_due
from firepoints.models import FirePoint, Question
from firepoints.steps import selectors
from firepoints.steps.questions import open_by_point
from firepoints.terms.states import DECIDED, LIVE, UNDECIDED, Conclusion, State


class Office:
    """All people of a world, with what they remember between two acts."""

    def __init__(self, truth: Truth, cast: Cast) -> None:
        self.truth = truth
        self.hands = Hands(cast, dict(truth.world.counties))
        self.verifiers = Verifiers(truth, self.hands)
        self.answers = Answers(truth, self.hands, self.verifiers)
        self.rechecks = Rechecks(truth, self.hands)
        self.knows_all = truth.world.version == 1
        self.asked: dict[int, dict[str, Any]] = {}
        self.beside: set[int] = set()
        self.appeals: set[str] = set()

    # The bureau in the morning

    def work(self) -> None:
        """Answer the open questions, hold the joint meetings, send out what is clear, and let the counties catch up."""
        lapse_due()
        if not self.knows_all:
            self.rechecks.visit()
        for pk in self._open_questions():
            self.answers.answer(pk)
        for point in _points(State.JOINT):
            self._meet(point)
        for pk in sorted(self.verifiers.sites):
            self.answers.divide(FirePoint.objects.get(pk=pk))
        self.verifiers.sites.clear()
        self._dispatch()
        for point in _points(State.DISPATCHED):
            self.verifiers.catch_up(point)
        self._appeal()

    def _open_questions(self) -> list[int]:
        """Points that the product sends to a person now; each is noted with what an oracle says of it."""
        states = UNDECIDED if self.knows_all else LIVE
        points = list(FirePoint.objects.filter(state__in=states).order_by("pk"))
        members, charged = self.truth.members(), self.truth.charged_points()
        open_ = open_by_point(points)
        to_answer = []
        for point in points:
            kinds = [row.kind for row in open_[point.pk] if row.stops_money]
            is_waiting = point.is_oversize or (point.is_cross and point.state == State.SUSPECTED)
            if not kinds and not (is_waiting and point.state in UNDECIDED):
                if open_[point.pk] and point.pk in charged:
                    self.beside.add(point.pk)
                    to_answer.append(point.pk)
                continue
            question = self.asked.setdefault(point.pk, {"why": set(), "doubts": set(), "charges": False})
            question["why"].add(_kind(point, kinds, other="other" if self.knows_all else ""))
            if point.pk in charged:
                question["doubts"].update(self.truth.doubts(point.pk, members))
                question["charges"] = True
                to_answer.append(point.pk)
        return to_answer

    def _dispatch(self) -> None:
        points = _points(State.SUSPECTED)
        charged, open_ = self.truth.charged_points(), open_by_point(points)
        for point in points:
            if point.pk in charged and not any(row.stops_money for row in open_[point.pk]):
                self.hands.verb(verbs.dispatch, point)

    def _meet(self, point: FirePoint) -> None:
        """Settle a point by a joint record: the bureau is there, concludes what is true and names each field."""
        rows = self.truth.rows(point)
        straw = [fire for fire in self.truth.fires(rows).values() if fire.straw]
        own = point.attribution.county_code if point.attribution else ""
        county = (
            straw[0].county if straw else own or self._any_fire_county(point) or next(iter(self.truth.world.counties))
        )
        self.hands.verb(
            verbs.settle_jointly, point, county=county,
            conclusion=Conclusion.TRUE if straw else Conclusion.FALSE, sites=self._sites(point, straw),
        )  # fmt: skip
        self.verifiers.visited.setdefault(point.pk, set()).add("joint")

    def _any_fire_county(self, point: FirePoint) -> str:
        fires = self.truth.fires(self.truth.rows(point)).values()
        return next((fire.county for fire in fires), "")

    def _sites(self, point: FirePoint, straw: Sequence[Fire]) -> list[dict[str, Any]]:
        """The burnt fields as a joint record names them, each with its own sightings where there are several."""
        sites: list[dict[str, Any]] = []
        for at, fire in enumerate(straw):
            lon, lat = self.truth.site_of(fire)
            site: dict[str, Any] = {"lon": lon, "lat": lat, "county_code": fire.county}
            if at:
                own = [d.pk for d in selectors.active_detections(point) if self._shows(d.pk, fire.id)]
                site["detections"] = own
            sites.append(site)
        return sites

    def _shows(self, detection: int, fire: str) -> bool:
        row = self.truth.row_of.get(detection)
        return row is not None and row.main == fire

    # A county objects, another 认定人 answers

    def appeal(self, row: str) -> None:
        """A county will object to the charge of the point that holds a row, as soon as it is told of it."""
        self.appeals.add(row)

    def _appeal(self) -> None:
        for point in _points(State.OBJECTION) if self.appeals else ():
            rows = {row.id for row in self.truth.rows(point)} & self.appeals
            if rows and self.hands.verb(verbs.raise_objection, point):
                self.appeals -= rows
        for point in _points(State.CONTESTED):
            fires = self.truth.fires(self.truth.rows(point)).values()
            if any(fire.straw for fire in fires):
                self.hands.act("uphold", point, who="chief", reason="现场复核：确系秸秆焚烧")
            elif self.hands.act("reopen", point, who="chief", reason="异议成立，重新核实"):
                self.verifiers.went_back.add(point.pk)

    def dispute(self, row: str) -> None:
        """The bureau calls the counties to a joint meeting on the point that holds a row."""
        point = self.truth.point_of(row)
        if point is not None and point.state in UNDECIDED:
            self.hands.verb(verbs.mark_cross, point)

    # Who decides, in the evening

    def decide(self) -> None:
        """认定 what is proved and open to no question, also of those that only stand beside; tell the county."""
        if not self.knows_all:
            self.rechecks.draw()
        for point in _points(State.VERIFIED):
            if self.knows_all and self.answers.divides_late and point.pk in self.verifiers.sites:
                continue
            same = FirePoint.objects.filter(pk=self.verifiers.same.get(point.pk, 0), state__in=LIVE).first()
            if same is not None and self.answers.merge(point, same):
                continue
            point.refresh_from_db()
            open_ = open_by_point([point])[point.pk]
            if point.state != State.VERIFIED or any(row.stops_money or not self.knows_all for row in open_):
                continue
            self._decide(point, is_same=same is not None)

    def _decide(self, point: FirePoint, *, is_same: bool) -> None:
        is_false = point.verification is None or point.verification.conclusion == Conclusion.FALSE
        if is_same or is_false or not (self.knows_all or self.answers.has_a_standing_row(point)):
            self.hands.verb(verbs.exclude, point)
        elif self.hands.verb(verbs.recognise, point):
            point.refresh_from_db()
            self.hands.verb(verbs.notify, point)


def _points(state: State) -> list[FirePoint]:
    return list(FirePoint.objects.filter(state=state).select_related("verification", "attribution").order_by("pk"))


Kind = Question.Kind
WHY: Mapping[str, str] = {
    Kind.TOUCHES: "touches",
    Kind.EARLIER_FINDING: "before_pass",
    Kind.NEW_COUNTY: "county",
    Kind.DATUM: "datum",
    Kind.OVERSIZE: "oversize",
}


def _kind(point: FirePoint, kinds: Iterable[str], other: str) -> str:
    """The reason, in one word, for which a point was sent to a person; `other` "": the kind's own word where it has no
    shorter one."""
    if point.is_oversize and point.state not in DECIDED:
        return "oversize"
    return next((WHY.get(kind, other or str(kind)) for kind in kinds), "cross")
