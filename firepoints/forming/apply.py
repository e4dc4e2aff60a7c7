"""Points formed and changed as a partition says: new ones, sightings that join, suspicions that come together or apart. In the
caller's transaction; whatever the rule cannot tell is asked of a person (policy.md §4)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.errors import StaleVersion
from firepoints.forming import doubts
from firepoints.forming.came_again import Tie, let_wait, tied
from firepoints.forming.doubts import Kind, Origins
from firepoints.forming.merging import fire_point_absorb
from firepoints.forming.nearby import Ranked
from firepoints.forming.points import NewPoint, attach_detections, create_points, refresh
from firepoints.forming.scene import Scene
from firepoints.grouping.rule import Group
from firepoints.models import Detection, FirePoint, ImportRun, Membership, Question
from firepoints.steps.advancing import claim
from firepoints.steps.asking import Answer, Asking
from firepoints.steps.standing import is_untrue, standing_words
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import State
from grids.models import User
from grids.selectors import system_user
from journal.record.services import record

TAKES_IN = (State.DISPATCHED, State.JOINT, State.VERIFIED)
OVERSIZE_WORDS = {"over_48h": "超过 48 小时", "over_2km": "超过 2 公里"}
APART_NOW = "按现有的监测记录和固定热源，归并规则不再把它们连成一处"


@dataclass(slots=True)
class Application:
    """The groups of one partition at work. `homes`: of a suspected point whose sightings the partition holds apart, the
    label of the group that keeps it; `targets`: detection → the points that stand and that it touches; `doubtful`:
    detections whose group may be one fire with another → the question about it; `nearest`: those that lie near others →
    questions, each with its rank among all; `ties`: rows that came again."""

    scene: Scene
    homes: dict[int, int]
    targets: Mapping[int, set[int]]
    doubtful: Mapping[int, Doubt]
    nearest: Mapping[int, Sequence[Ranked]]
    ties: Mapping[int, Tie]
    detections: Mapping[int, Detection]
    actor: User
    pause_h: float

    def of(self, groups: Iterable[Group], subject: ImportRun) -> int:
        """Form or change the points of some groups; returns how many. Raises StaleVersion, Conflict."""
        fresh: list[NewPoint] = []
        waiting: dict[int, Tie] = {}
        touched = 0
        for every in groups:
            if every.frozen:
                continue
            self._release_strays(every)
            point_ids = sorted({self.scene.point_of[pk] for pk in every.members if pk in self.scene.point_of})
            own = tied(every.members, self.ties, has_point=bool(point_ids))
            waiting |= own
            group = replace(every, members=tuple(pk for pk in every.members if pk not in own))
            if not group.members:
                continue
            if point_ids:
                touched += self._grow(group, point_ids)
                continue
            beside = self._beside(group.members)
            if len(beside) == 1 and takes_in(self.scene.points[beside[0]]):
                self._attach(self.scene.points[beside[0]], group)
                touched += 1
            else:
                fresh.append(self._new_point(group, beside))
        create_points(fresh, actor=self.actor, subject=subject)
        touched += let_wait(waiting, self.detections, self.scene, self.actor)
        return touched + len(fresh)

    def _beside(self, members: Iterable[int]) -> list[int]:
        return sorted(set().union(*(self.targets.get(pk, ()) for pk in members)))

    def _release_strays(self, group: Group) -> None:
        """Take out of suspected points what belongs to another group now: a suspicion follows the partition."""
        scene, leaving = self.scene, defaultdict[int, list[int]](list)
        for pk in group.members:
            of = scene.point_of.get(pk)
            if of is not None and self.homes.get(of, group.members[0]) != group.members[0]:
                leaving[of].append(pk)
        for at, ids in sorted(leaving.items()):
            point = scene.points[at]
            claim(point)
            Membership.objects.filter(point=point, is_active=True, detection__in=ids).update(is_active=False)
            asking = Asking()
            _close_of_strays(point, [self.detections[pk] for pk in ids], asking)
            scene.points[at] = refresh(FirePoint.objects.get(pk=at), asking)
            entry_after = {"detections": sorted(ids), "state": point.state, **asking.told()}
            record("fire_point.released", point, self.actor, after=entry_after, reason=APART_NOW)
            for pk in ids:
                del scene.point_of[pk]

    def _grow(self, group: Group, point_ids: list[int]) -> int:
        """Let the oldest of a group's suspected points take in the others and what is new; returns how many points changed."""
        scene, others = self.scene, point_ids[1:]
        survivor = scene.points[point_ids[0]]
        additions = [pk for pk in group.members if pk not in scene.point_of]
        if not additions and not others and point_ids[0] not in self.homes:
            return 0
        came: dict[int, int | None] = dict.fromkeys(additions)
        came |= {pk: scene.point_of[pk] for pk in group.members if scene.point_of.get(pk) in others}
        current = FirePoint.objects.get(pk=survivor.pk)
        if current.version != survivor.version:
            raise StaleVersion()  # a person, or another piece, has changed it since the scene was read
        for pk in others:
            fire_point_absorb(
                point_id=pk, into=survivor.pk, actor=system_user(), reason="新的监测记录把两处连成一处",
                expected_version=scene.points[pk].version,
            )  # fmt: skip
        self._follow(others, survivor.pk, group.members[0])
        current = FirePoint.objects.get(pk=survivor.pk)
        questions = [*self._questions(group, came), *self._named_beside(self._beside(additions))]
        questions = self._weighed([*questions, *self._lying_near(additions)], came)
        if additions:
            newcomers = [self.detections[pk] for pk in additions]
            current = attach_detections(
                point=current, detections=newcomers, actor=self.actor, why=why_of(group), questions=questions
            )
            questions = []
        is_oversize = bool(group.oversize) and (bool(came) or current.is_oversize)
        FirePoint.objects.filter(pk=current.pk).update(is_oversize=is_oversize, is_fixed_heat=group.fixed_only)
        self._ask(current, questions, is_fit=current.is_oversize and not is_oversize)
        scene.points[current.pk] = current  # its version is this piece's own from here on
        return 1

    def _ask(self, point: FirePoint, questions: Sequence[Doubt], *, is_fit: bool) -> None:
        """Ask what remains of a point that nothing joined by itself; that it is too large is asked no more where it now is not
        (`is_fit`)."""
        asking = Asking()
        if is_fit:
            open_ = Question.objects.unanswered().filter(point=point, kind=Kind.OVERSIZE)
            asking.answer(open_, Answer.MOOT, APART_NOW)
        asking.ask([(point, doubt) for doubt in questions])
        if entry_after := asking.told():
            record("fire_point.questioned", point, self.actor, after=entry_after)

    def _follow(self, absorbed: Sequence[int], survivor: int, label: int) -> None:
        """Give the survivor what an absorbed point held of other groups, until they take it."""
        scene = self.scene
        if not any(pk in self.homes for pk in absorbed):
            return
        self.homes[survivor] = label
        moved = set(absorbed)
        scene.point_of.update({pk: survivor for pk, at in scene.point_of.items() if at in moved})

    def _attach(self, point: FirePoint, group: Group) -> None:
        current = FirePoint.objects.select_related("verification", "attribution").get(pk=point.pk)
        if not takes_in(current):
            raise StaleVersion()  # a person has just decided: grouped anew, the sighting becomes a suspicion of its own
        members = list(
            Detection.objects.select_related("source").filter(memberships__point=current, memberships__is_active=True)
        )
        newcomers = [self.detections[pk] for pk in group.members]
        questions = doubts.several_sites([*members, *newcomers], dict.fromkeys(group.members), self.pause_h)
        questions = self._weighed([*questions, *self._lying_near(group.members)], group.members)
        current = attach_detections(
            point=current, detections=newcomers, actor=self.actor, why=why_of(group), questions=questions
        )
        is_fixed_heat = current.is_fixed_heat and group.fixed_only
        if is_fixed_heat != current.is_fixed_heat:
            FirePoint.objects.filter(pk=current.pk).update(is_fixed_heat=is_fixed_heat)

    def _new_point(self, group: Group, beside: list[int]) -> NewPoint:
        came: Origins = dict.fromkeys(group.members)
        questions = [*self._named_beside(beside), *self._near(group), *self._questions(group, came)]
        questions = self._weighed([*questions, *self._lying_near(group.members)], group.members)
        return NewPoint(
            detections=[self.detections[pk] for pk in group.members],
            why=why_of(group),
            is_oversize=bool(group.oversize),
            is_fixed_heat=group.fixed_only,
            questions=questions,
        )

    def _weighed(self, questions: Sequence[Doubt], newcomers: Iterable[int]) -> list[Doubt]:
        """The doubts as they weigh: what only leads or the payer's own findings raise is shown beside and stops no money."""
        if any(self.detections[pk].source.raises_before_money for pk in newcomers):
            return list(questions)
        return [replace(doubt, stops_money=False) for doubt in questions]

    def _near(self, group: Group) -> list[Doubt]:
        """The doubts of the members about sightings beside them: once for each kind and point there."""
        doubt_of: dict[tuple[str, int | None], Doubt] = {}
        for pk in sorted(group.members):
            if (doubt := self.doubtful.get(pk)) is not None:
                doubt_of.setdefault((doubt.kind, self.scene.point_of.get(doubt.beside or 0)), doubt)
        return list(doubt_of.values())

    def _lying_near(self, members: Iterable[int]) -> list[Doubt]:
        """The doubts of some rows about what lies near them, the nearest first."""
        ranked = {rank: doubt for pk in members for rank, doubt in self.nearest.get(pk, ())}
        return [ranked[rank] for rank in sorted(ranked)]

    def _questions(self, group: Group, came: Origins) -> list[Doubt]:
        """The doubts that the group is too large or several fires: what is to be divided anyway is asked once."""
        if group.oversize:
            return [Doubt(Kind.OVERSIZE, oversize_words(group), detection=min(came))] if came else []
        return doubts.several_sites([self.detections[pk] for pk in group.members], came, self.pause_h)

    def _named_beside(self, beside: Sequence[int]) -> list[Doubt]:
        points = [self.scene.points[pk] for pk in beside]
        return [doubts.touches(point.pk, f"{point}（{standing_words(point)}）") for point in points]


def _close_of_strays(point: FirePoint, strays: Sequence[Detection], asking: Asking) -> None:
    """Close what the machine asked about sightings that belong elsewhere now: their new home asks by itself."""
    rows = Question.objects.unanswered().filter(point=point, detection__in=strays, asked_by__isnull=True)
    asking.answer(rows, Answer.MOOT, APART_NOW)
    asking.close_of_lists(point, strays, APART_NOW)


def takes_in(point: FirePoint) -> bool:
    """Whether a sighting may join by itself: never a point that was found untrue, decided or closed."""
    return point.state in TAKES_IN and not is_untrue(point)


def oversize_words(group: Group) -> str:
    return "待人工划分：" + "、".join(OVERSIZE_WORDS[code] for code in group.oversize) if group.oversize else ""


def why_of(group: Group) -> dict[int, str]:
    """detection id → the strongest link by which it belongs, in words."""
    why: dict[int, str] = {}
    for link in group.links:
        for pk in (link.a, link.b):
            why.setdefault(pk, link.text)
    return why
