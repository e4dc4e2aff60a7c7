"""The bureau's answers: what was asked is looked at in the field, and said by 划分, 并入, 核对 or 复核后维持."""

from __future__ import annotations

from demo.fairness.hands import Hands
from demo.fairness.truth import Truth
from demo.fairness.verifiers import Verifiers
from demo.services import verbs
from firepoints.life.waiting_rows import waiting_row_answer
from firepoints.models import DetectionKey, FirePoint, Question
from firepoints.rechecks.counties import BY_COUNTIES
from firepoints.steps import selectors, workflow
from firepoints.steps.questions import open_by_point
from firepoints.terms.states import DECIDED, LIVE, UNDECIDED, Conclusion, State
from grids.geo.footprint import distance_m

STANDING = (State.SUSPECTED, State.DISPATCHED, State.JOINT, State.VERIFIED, *DECIDED)
Kind = Question.Kind
ABOUT_OTHER_THINGS = frozenset(
    {
        Kind.STATED_COUNTY, Kind.NEW_COUNTY, Kind.NO_EDITION, Kind.OUTSIDE_COUNTIES, Kind.ISSUER_DISAGREES, Kind.DATUM,
        Kind.VAGUE_PLACE, Kind.ZONE,
    }
)  # fmt: skip
"""Asked about a county or a position: nobody counts fields for that."""
AROUND_M = 1000.0
"""Who is told that a black is old looks so far around for what it was charged as."""
KEPT, APART = "现场核对：照原样成立", "现场核对：另是一处"


class Answers:
    """The officer who is sent out with a question. `knows_all`: of a world of format 1, whose people look around unasked."""

    def __init__(self, truth: Truth, hands: Hands, verifiers: Verifiers) -> None:
        self.truth, self.hands, self.verifiers = truth, hands, verifiers
        self.knows_all = truth.world.version == 1
        self.may_divide = frozenset(workflow.BY_ACTION["split"].sources)
        # Whether the product divides a point after dispatch: then its decision waits until the bureau has done so.
        self.divides_late = bool(self.may_divide & {State.DISPATCHED, State.VERIFIED})

    def answer(self, pk: int) -> None:
        """Answer everything that is asked of a point."""
        if self.knows_all:
            self._answer_knowing(pk)
            return
        for question in open_by_point([FirePoint.objects.get(pk=pk)])[pk]:
            self._answer_one(question)
        point = FirePoint.objects.get(pk=pk)
        if point.state in UNDECIDED and point.is_oversize:
            self.divide(point)
        self._call_a_meeting(pk)

    # What a person of format 2 is asked

    def _answer_one(self, question: Question) -> None:
        question.refresh_from_db()
        point = question.point
        if question.kind == Kind.CAME_AGAIN:
            self._answer_row(question)
            return
        if question.answered_at is not None or point is None or point.state not in LIVE:
            return
        if question.kind == Kind.RECHECK and self._send_back(point):
            return
        other = selectors.survivor_of(question.other) if question.other else None
        if question.kind == Kind.EXISTING:
            other = self._burnt_before(point)
        parts = [FirePoint.objects.get(pk=point.pk)]
        if question.kind not in ABOUT_OTHER_THINGS or other is not None:
            parts = self._fields_of(parts[0])
        for beside in self._fields_of(other) if other is not None else ():
            for part in parts:
                part.refresh_from_db()
                beside.refresh_from_db()
                if self._are_one(part, beside):
                    self.merge(part, beside)
        self._let_stand(question, point.pk)

    def _answer_row(self, question: Question) -> None:
        """Say of a row that came again, and waits at a point, whether it shows what that one shows."""
        row = self.truth.row_of.get(question.detection_id or 0)
        if question.answered_at is not None or question.point is None or row is None:
            return
        point = selectors.survivor_of(question.point)
        is_same = row.main in self.truth.things(self.truth.rows_ever(point.pk))
        answer = Question.Answer.SAME if is_same else Question.Answer.APART
        is_done = self.hands.do(
            f"came_again {answer}",
            lambda: waiting_row_answer(
                question_id=question.pk,
                actor=self.hands.cast["chief"],
                answer=answer,
                reason=KEPT if is_same else APART,
            ),
        )
        point.refresh_from_db()
        # What was decided elsewhere, or as nothing to pay for, is decided anew where the row says otherwise.
        if is_same and point.state in DECIDED and (not is_done or (point.counted is False and self._is_owed(point))):
            self.hands.act("reopen", point, who="recogniser", reason="又来的一行与原认定不符，重新核实")

    def _send_back(self, point: FirePoint) -> bool:
        """Send a point whose record a re-check contradicts back to its county, which now reports what is there."""
        verification = point.verification
        if verification is None or verification.kind not in BY_COUNTIES:
            return False
        fires = self.truth.fires(self.truth.rows(point)).values()
        is_true = any(fire.straw for fire in fires)
        if (verification.conclusion == Conclusion.TRUE) == is_true:
            return False
        self.verifiers.went_back.add(point.pk)
        if point.state == State.VERIFIED:
            return self.hands.act("return", point, reason="复查与核实不符，重新核实")
        return point.state in DECIDED and self.hands.act("reopen", point, who="recogniser", reason="复查与核实不符")

    def _burnt_before(self, point: FirePoint) -> FirePoint | None:
        """The point that stands for the black that was here before, as its neighbourhood shows it."""
        others = self.truth.elsewhere(point.pk, self.truth.members())
        near = [
            other for other in FirePoint.objects.filter(pk__in=others).order_by("pk")
            if distance_m(point.lon, point.lat, other.lon, other.lat) <= AROUND_M
        ]  # fmt: skip
        return near[0] if near else None

    def _fields_of(self, point: FirePoint) -> list[FirePoint]:
        """A point that was looked at, as the points that it is: divided where it held several fields."""
        before = set(FirePoint.objects.values_list("pk", flat=True))
        self._divide_into_fields(point)
        fresh = FirePoint.objects.exclude(pk__in=before).order_by("pk")
        return [FirePoint.objects.get(pk=point.pk), *fresh]

    def _divide_into_fields(self, point: FirePoint) -> None:
        """Divide where several straw fires burnt; what else stands in the rows is no field. What is decided is first taken
        back."""
        if sum(fire.straw for fire in self.truth.fires(self.truth.rows(point)).values()) < 2:
            return
        if point.state in DECIDED:
            self.hands.act("reopen", point, who="recogniser", reason="现场有几处相离的过火地块，重新核实后划分")
            point.refresh_from_db()
        self.divide(point)

    def _are_one(self, point: FirePoint, other: FirePoint) -> bool:
        if other.pk == point.pk or {point.state, other.state} - set(LIVE):
            return False
        return bool(self.truth.things(self.truth.rows(point)) & self.truth.things(self.truth.rows(other)))

    def _let_stand(self, question: Question, pk: int) -> None:
        """Say that the point stands as it is; a decided one without a true fire or a row in force is taken back."""
        question.refresh_from_db()
        point = FirePoint.objects.get(pk=pk)
        if question.answered_at is not None or point.state not in LIVE:
            return
        if point.state in UNDECIDED:
            self.hands.act("review", point, questions=[question.pk], reason=APART if question.other_id else KEPT)
        elif point.counted and not self._is_owed(point):
            self.hands.act("reopen", point, who="recogniser", reason="复核：不再有依据，重新核实")
        else:
            self.hands.act("stand", point, who="recogniser", questions=[question.pk], reason=KEPT)

    def _is_owed(self, point: FirePoint) -> bool:
        fires = self.truth.fires(self.truth.rows(point)).values()
        return any(fire.straw for fire in fires) and self.has_a_standing_row(point)

    def has_a_standing_row(self, point: FirePoint) -> bool:
        """Whether a row that can be charged, of a file still in force, is in the point."""
        rows = [
            d.pk for d in selectors.active_detections(point) if (row := self.truth.row_of.get(d.pk)) and row.charges
        ]
        return DetectionKey.objects.filter(detection__in=rows).exists()

    # What a person of format 1 does without being asked

    def _answer_knowing(self, pk: int) -> None:
        before = set(FirePoint.objects.values_list("pk", flat=True))
        self.divide(FirePoint.objects.get(pk=pk))
        for part in [pk, *sorted(set(FirePoint.objects.values_list("pk", flat=True)) - before)]:
            self._place(part)

    def _place(self, pk: int) -> None:
        """Merge one part into the point where its fire stands already, else leave it as a point of its own, reviewed."""
        if FirePoint.objects.get(pk=pk).state in UNDECIDED:
            self._merge_with_its_own(pk)
        point = FirePoint.objects.get(pk=pk)
        if point.state in UNDECIDED and open_by_point([point])[pk]:
            self.hands.act("review", point, reason=APART)
        self._call_a_meeting(pk)

    def _merge_with_its_own(self, pk: int) -> None:
        for other in self.truth.elsewhere(pk, self.truth.members()):
            a, b = FirePoint.objects.get(pk=pk), FirePoint.objects.get(pk=other)
            if a.state in LIVE and b.state in LIVE:
                self.merge(a, b)

    # What they all do

    def _call_a_meeting(self, pk: int) -> None:
        point = FirePoint.objects.get(pk=pk)
        is_waiting = point.is_cross and point.state == State.SUSPECTED and not point.is_oversize
        if is_waiting and any(row.charges for row in self.truth.rows(point)):
            self.hands.verb(verbs.mark_cross, point)

    def divide(self, point: FirePoint) -> None:
        """Divide a point by its true fires, where the product lets people do that in this state."""
        groups: dict[str, list[int]] = {}
        for detection in selectors.active_detections(point):
            row = self.truth.row_of.get(detection.pk)
            groups.setdefault(row.main if row else "", []).append(detection.pk)
        if len(groups) < 2 and not point.is_oversize:
            return
        if point.state == State.VERIFIED and point.state not in self.may_divide and State.DISPATCHED in self.may_divide:
            self.hands.act("return", point, reason="现场有几处相离的过火地块，先划分")
            point.refresh_from_db()
        if point.state in self.may_divide:
            # What lies in the county that was asked stays with the point; the other parts are suspicions of their own.
            fires = self.truth.world.fires
            own = {name for name in groups if name in fires and fires[name].county == point.county_code}
            parts = [
                groups[name] for name in sorted(groups, key=lambda name: (name not in own, name not in fires, name))
            ]
            self.hands.act("split", point, groups=parts, reason="现场核对：按过火地块划分")

    def merge(self, a: FirePoint, b: FirePoint) -> bool:
        """Merge the point that is less far in its life into the other; whether it could be done."""
        less, more = sorted((a, b), key=lambda point: (STANDING.index(State(point.state)), -point.pk))
        reason = "现场核对：同一处"
        if less.state in DECIDED:
            return self.hands.act("merge_decided", less, who="chief", into=more.pk, reason=reason)
        done = self.hands.act("merge", less, who="chief", into=more.pk, reason=reason)
        may = more.state in (State.DISPATCHED, State.VERIFIED) and not more.is_oversize
        # Of two counties: nobody's until they have met.
        if not done and may and self.hands.act("mark_cross", more, reason="两处是同一处，分属两县（区）"):
            less.refresh_from_db()
            done = self.hands.act("merge", less, who="chief", into=more.pk, reason=reason)
        return done
