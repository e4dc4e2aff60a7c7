"""Asking and answering within an act: every question is a row of its own, in the act's transaction and journal entry.

A recompute only adds. What is open is not asked twice, what a person has answered is not asked again; a question whose
ground is gone is answered as moot, one whose sightings move is answered as carried and copied to where they are now.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db.models import Q

from core import clock
from core.errors import StaleVersion
from firepoints.models import Detection, FirePoint, Membership, Question
from firepoints.policy import rulings
from firepoints.steps.standing import standing_words
from firepoints.terms.doubt import Doubt
from grids.models import User
from journal.record import digests

Kind, Answer = Question.Kind, Question.Answer
Key = tuple[int | None, str, int | None, int | None, int | None]
Asked = tuple[FirePoint, Doubt]

BY_THE_MACHINE = (Answer.MOOT, Answer.CARRIED, Answer.REPLACED)
"""Answers that settle nothing: the same question may be asked again."""
ABOUT_LEAVING = (Kind.WITHDRAWN, Kind.CORRECTED, Kind.GONE)
"""Asked because a sighting went out of force: its being out of force does not answer them."""
ABOUT_THE_PLACE = (Kind.NO_EDITION, Kind.OUTSIDE_COUNTIES)
OF_WAITING_ROWS = (Kind.OUTSIDE_FINDING, Kind.CAME_AGAIN)
"""Asked of a row that is part of no point until they are answered, by an act of its own."""
ABOUT_COUNTIES = (Kind.NEW_COUNTY, Kind.STATED_COUNTY)
"""Answered by the joint record: whoever is asked marks the point as 跨界."""
BY_DIVISION = (Kind.OVERSIZE, Kind.SEVERAL_SITES, Kind.RUNNING_DAYS)
"""Answered by a 划分, and by nothing else that moves sightings."""
MOST_LISTED = 200
MOST_MERGES = 10
MOST_NEAR = 3
"""Others with which one point is compared at once: the nearest."""
THE_OTHER = "{那一处}"
"""In the words of a doubt about a sighting beside: the name and standing of its point."""


@dataclass(slots=True)
class Asking:
    """The questions that one act asks and answers. `actor`: the person who answers, None for the machine."""

    actor: User | None = None
    asked: list[Question] = field(default_factory=list)
    answered: list[tuple[Question, str]] = field(default_factory=list)

    def ask(self, doubts: Iterable[Asked]) -> None:
        """Ask, as the machine, what is not open and was not answered yet."""
        resolved = _resolved(list(doubts))
        if not resolved:
            return
        history = _History.of({point.pk for point, _ in resolved})
        oversize = {key[0] for key in history.open if key[1] == Kind.OVERSIZE}
        fresh: dict[Key, Question] = {}
        compared = _compared(resolved)
        for point, doubt in resolved:
            row = _row(point, doubt)
            if row.kind == Kind.NEAR and not compared.takes(row):
                continue
            if doubt.detection and doubt.run and key_of(row) in history.settled:
                row = _row(point, doubt, is_about_the_row=True)
            if history.lacks(row) and not (row.kind == Kind.OVERSIZE and point.pk in oversize):
                fresh.setdefault(key_of(row), row)
        weaker = [history.open[key] for key in fresh if key in history.open]
        self.answer(weaker, Answer.REPLACED, "可扣缴的监测记录也提出了同一问题")
        self._add(list(fresh.values()))

    def say(self, point: FirePoint | None, doubt: Doubt, by: User) -> None:
        """Ask what a person or an issuer says, whatever was answered before; an open question on the same gives way."""
        row = _row(point, doubt, by)
        before = _History.of({point.pk} if point else ()).open.get(key_of(row))
        if before is not None:
            row.stops_money |= before.stops_money  # the payer does not loosen what the bureau asks
            if before.words == row.words and before.stops_money == row.stops_money:
                return
        if before is not None:
            self.answer([before], Answer.REPLACED, f"后来的意见：{doubt.words}")
        self._add([row])

    def _add(self, rows: Sequence[Question]) -> None:
        if not rows:
            return
        due_at = clock.now() + timedelta(hours=rulings.ruling("question_due_h", clock.today_beijing()))
        for row in rows:
            row.due_at = row.due_at or due_at
        self.asked += Question.objects.bulk_create(rows, batch_size=500)

    def answer(self, questions: Iterable[Question], answer: str, reason: str) -> None:
        """Answer open questions. Raises StaleVersion when somebody has answered one of them first."""
        rows = list(questions)
        if not rows:
            return
        is_machine = answer == Answer.MOOT or self.actor is None or self.actor.is_system
        person = None if is_machine else self.actor
        done = Question.objects.filter(pk__in=[row.pk for row in rows]).update(
            answered_at=clock.now(), answered_by=person, answer=answer, reason=reason
        )
        if done != len(rows):
            raise StaleVersion()
        self.answered += [(row, answer) for row in rows]

    def ask_about_places(self, points: Sequence[FirePoint], doubts: Sequence[Asked]) -> None:
        """Of points that were located anew: ask where they still have no county; what was asked of the others is moot."""
        kinds = {(point.pk, doubt.kind) for point, doubt in doubts}
        open_ = Question.objects.unanswered().filter(point__in=[point.pk for point in points], kind__in=ABOUT_THE_PLACE)
        self.answer([row for row in open_ if (row.point_id, row.kind) not in kinds], Answer.MOOT, "已重新定位")
        self.ask(doubts)

    def carry(self, questions: Iterable[Question], to: FirePoint | None, reason: str) -> None:
        """Move open questions to another point: answered here as carried, a copy asked there. None: a row that waits where
        no point stands any more."""
        self._move([(row, to, row.other) for row in questions], reason)

    def carry_copies(self, questions: Iterable[Question], to: Sequence[FirePoint]) -> None:
        """Ask the same at other points too: the question stays open where it is."""
        self._copy([(row, point, row.other) for row in questions for point in to])

    def rename(self, questions: Iterable[Question], other: FirePoint, reason: str) -> None:
        """Let questions be about another point from now on: the one into which theirs was merged."""
        self._move([(row, row.point, other) for row in questions], reason)

    def ask_again(self, questions: Iterable[Question]) -> None:
        """Open questions again where they were carried away from, unless the same is open there."""
        self._copy([(row, row.point, row.other) for row in questions])

    def carried(self) -> list[int]:
        """The ids of what the act has answered as carried."""
        return [row.pk for row, answer in self.answered if answer == Answer.CARRIED]

    def _move(self, moves: Sequence[tuple[Question, FirePoint | None, FirePoint | None]], reason: str) -> None:
        self.answer([row for row, _, _ in moves], Answer.CARRIED, reason)
        self._copy(moves)

    def _copy(self, moves: Sequence[tuple[Question, FirePoint | None, FirePoint | None]]) -> None:
        history = _History.of({to.pk for _, to, _ in moves if to is not None})
        fresh: dict[Key, Question] = {}
        for row, to, other in moves:
            copy = Question(
                point=to, kind=row.kind, detection_id=row.detection_id, run_id=row.run_id, other=other, words=row.words,
                speaks_for=row.speaks_for, speaks_against=row.speaks_against, due_at=row.due_at,
                stops_money=row.stops_money,
                asked_by_id=row.asked_by_id, came_from=row,
            )  # fmt: skip
            key = key_of(copy)
            # An answer about a sighting goes with it; one about the point was given before these sightings came.
            is_settled = copy.detection_id is not None and key in history.settled
            if key not in history.open and not is_settled and not (to and other and to.pk == other.pk):
                fresh.setdefault(key, copy)
        self._add(list(fresh.values()))

    def close_about(self, gone: Collection[int], reason: str) -> None:
        """Answer as moot what is open about sightings that are out of force, wherever it was asked."""
        rows = Question.objects.unanswered().filter(detection__in=list(gone)).exclude(kind__in=ABOUT_LEAVING)
        self.answer(rows, Answer.MOOT, reason)

    def close_at(self, point: FirePoint, reason: str, *, is_gone: bool) -> None:
        """Answer as moot what is open at a point that is closed, and about it where nothing of it stands any more
        (`is_gone`). A row that belongs to no point yet still waits, at no point."""
        open_ = open_of(point)
        self.carry([row for row in open_ if row.kind in OF_WAITING_ROWS], None, reason)
        self.answer([row for row in open_ if row.kind not in OF_WAITING_ROWS], Answer.MOOT, reason)
        if is_gone:
            self.answer(Question.objects.unanswered().filter(other=point), Answer.MOOT, reason)

    def close_of_lists(self, point: FirePoint, leaving: Sequence[Detection], reason: str) -> None:
        """Answer as moot what was asked about rows of one list, where fewer than two of them are left in the point."""
        rows = Question.objects.unanswered().filter(point=point, run__in={detection.run_id for detection in leaving})
        if not (open_ := list(rows.exclude(kind__in=ABOUT_LEAVING))):
            return
        members = Membership.objects.filter(
            point=point, is_active=True, detection__run__in=[row.run_id for row in open_]
        )
        staying = members.exclude(detection__in=[detection.pk for detection in leaving])
        counted = Counter(staying.values_list("detection__run_id", flat=True))
        self.answer([row for row in open_ if counted[row.run_id] < 2], Answer.MOOT, reason)

    def told(self) -> dict[str, Any]:
        """What was asked and answered, for the act's journal entry: how many, which, and a digest of each."""
        entry: dict[str, Any] = {}
        if self.asked:
            entry["asked"] = _listed([[row.pk, row.point_id, row.kind, row.words] for row in self.asked])
        if self.answered:
            entry["answered"] = _listed([[row.pk, row.point_id, row.kind, answer] for row, answer in self.answered])
        return entry


def _listed(rows: list[list[Any]]) -> dict[str, Any]:
    entry: dict[str, Any] = {"count": len(rows), "digest": digests.sha256(digests.plain(rows))}
    if len(rows) <= MOST_LISTED:
        entry["questions"] = [f"{pk} {Kind(kind).label}" for pk, _, kind, _ in rows]
    return entry


def key_of(row: Question) -> Key:
    """The key under which a question may be open once: the point, the kind, and the subject."""
    return row.point_id, row.kind, row.detection_id, row.run_id, row.other_id


def open_of(point: FirePoint) -> list[Question]:
    """The open questions of a point, in the order in which they were asked."""
    return list(Question.objects.unanswered().filter(point=point).order_by("pk"))


def _row(point: FirePoint | None, doubt: Doubt, by: User | None = None, *, is_about_the_row: bool = False) -> Question:
    """The unsaved question. A doubt that names a list and a row of it is about the list, the second time about the row."""
    is_about_a_list = doubt.run is not None and not is_about_the_row
    return Question(
        point=point, kind=doubt.kind, words=doubt.words, asked_by=by,
        detection_id=None if is_about_a_list or doubt.other else doubt.detection,
        run_id=doubt.run if is_about_a_list else None, other_id=doubt.other,
        speaks_for=doubt.speaks_for, speaks_against=doubt.speaks_against, stops_money=doubt.stops_money,
    )  # fmt: skip


def _resolved(doubts: list[Asked]) -> list[Asked]:
    """Doubts about a sighting beside, as questions about the point where that one is now; none where the two have met. That two
    are merely near is asked of points alone, and last: what else is asked about the two says more."""
    beside = {doubt.beside for _, doubt in doubts if doubt.beside is not None}
    if not beside:
        return doubts
    members = Membership.objects.filter(detection__in=beside, is_active=True)
    point_of = {row.detection_id: row.point for row in members.select_related("point__verification")}
    resolved: list[Asked] = []
    for point, doubt in sorted(doubts, key=lambda pair: pair[1].kind == Kind.NEAR):
        other = point_of.get(doubt.beside) if doubt.beside is not None else None
        if other is None and doubt.kind != Kind.NEAR:
            resolved.append((point, doubt))
        elif other is not None and other.pk != point.pk:
            words = doubt.words.replace(THE_OTHER, f"{other}（{standing_words(other)}）")
            resolved.append((point, replace(doubt, words=words, detection=None, beside=None, other=other.pk)))
    return resolved


@dataclass(slots=True)
class _Pairs:
    """The pairs of points about which something was asked, either way round, and how many a point has been asked to compare."""

    known: set[frozenset[int]]
    compared: Counter[int] = field(default_factory=Counter)

    def takes(self, row: Question) -> bool:
        """Whether a pair that is merely near is to be asked about, noting it: once, and of a point about few others."""
        pair = frozenset((row.point_id or 0, row.other_id or 0))
        if pair in self.known or self.compared[row.point_id or 0] >= MOST_NEAR:
            return False
        self.known.add(pair)
        self.compared[row.point_id or 0] += 1
        return True


def _compared(doubts: Sequence[Asked]) -> _Pairs:
    """The pairs of the points in question of which something was asked before, or is asked now."""
    if not any(doubt.kind == Kind.NEAR for _, doubt in doubts):
        return _Pairs(set())
    points = {point.pk for point, _ in doubts}
    settled = Q(stops_money=True) | Q(answered_by__isnull=False)  # what lets money pass does not settle a pair
    rows = Question.objects.filter(settled, Q(point__in=points) | Q(other__in=points), other__isnull=False)
    listed = [(at, other, kind) for at, other, kind in rows.values_list("point_id", "other_id", "kind") if at and other]
    pairs = {frozenset((at, other)) for at, other, _ in listed}
    counted = Counter(at for at, _, kind in listed if kind == Kind.NEAR)
    now = {
        frozenset((point.pk, doubt.other))
        for point, doubt in doubts
        if doubt.other and doubt.kind != Kind.NEAR and doubt.stops_money
    }
    return _Pairs(pairs | now, counted)


@dataclass(frozen=True, slots=True)
class _History:
    """The questions open at some points, and what people have answered there or at what was merged into them."""

    open: dict[Key, Question]
    settled: frozenset[Key]

    def lacks(self, row: Question) -> bool:
        """Whether `row` is to be asked: neither settled nor open, or open only where it lets money pass and this does not."""
        before = self.open.get(key_of(row))
        is_weaker = before is not None and row.stops_money and not before.stops_money
        return key_of(row) not in self.settled and (before is None or is_weaker)

    @classmethod
    def of(cls, points: Collection[int]) -> "_History":
        into = _lineage(points)
        rows = list(Question.objects.filter(point__in=list(into)).order_by("pk")) if into else []
        open_ = {key_of(row): row for row in rows if row.answered_at is None and row.point_id in points}
        settled = {
            (into[row.point_id], *key_of(row)[1:])
            for row in rows
            if row.point_id is not None and row.answered_at is not None and row.answer not in BY_THE_MACHINE
        }
        return cls(open_, frozenset(settled))


def _lineage(points: Collection[int]) -> dict[int, int]:
    """Each of the points, and what was merged into it, with the point in which it lives on."""
    into = {pk: pk for pk in points}
    front: Mapping[int, int] = into
    for _ in range(MOST_MERGES):
        rows = FirePoint.objects.filter(merged_into__in=list(front)).values_list("pk", "merged_into_id")
        front = {pk: front[at] for pk, at in rows if at is not None and pk not in into}
        if not front:
            break
        into = {**into, **front}
    return into
