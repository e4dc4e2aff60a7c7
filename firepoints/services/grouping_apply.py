"""What a partition says becomes points: new ones, sightings that join, suspicions that come together or apart. In the
caller's transaction; whatever the rule cannot tell is put before a person in words (policy.md §4)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from firepoints import doubts
from firepoints.grouping import Group
from firepoints.models import Detection, FirePoint, ImportRun, Membership
from firepoints.services.grouping_scene import Scene
from firepoints.services.merge import fire_point_absorb
from firepoints.services.points import NewPoint, attach_detections, create_points, refresh
from firepoints.services.steps import claim
from firepoints.states import Conclusion, State
from grids.models import User
from grids.selectors import system_user
from journal.errors import StaleVersion
from journal.services import record

TAKES_IN = (State.DISPATCHED, State.JOINT, State.VERIFIED)
OVERSIZE_WORDS = {"over_48h": "超过 48 小时", "over_2km": "超过 2 公里"}
APART_NOW = "按现有的监测记录和固定热源，归并规则不再把它们连成一处"


@dataclass(slots=True)
class Application:
    """The groups of one partition at work. `homes`: of a suspected point whose sightings the partition holds apart, the
    label of the group that keeps it; `targets`: detection → the points that stand and that it touches; `doubtful`:
    detections whose group may be one fire with another → the question about it."""

    scene: Scene
    homes: dict[int, int]
    targets: Mapping[int, set[int]]
    doubtful: Mapping[int, str]
    detections: Mapping[int, Detection]
    run: ImportRun
    actor: User

    def of(self, groups: Iterable[Group]) -> int:
        """Form or change the points of some groups; returns how many. Raises StaleVersion, Conflict."""
        fresh: list[NewPoint] = []
        touched = 0
        for one in groups:
            if one.frozen:
                continue
            self._release_strays(one)
            standing = sorted({self.scene.point_of[pk] for pk in one.members if pk in self.scene.point_of})
            if standing:
                touched += self._grow(one, standing)
                continue
            beside = self._beside(one.members)
            if len(beside) == 1 and takes_in(self.scene.points[beside[0]]):
                self._attach(self.scene.points[beside[0]], one)
                touched += 1
            else:
                fresh.append(self._new_point(one, beside))
        create_points(fresh, actor=self.actor, subject=self.run)
        return touched + len(fresh)

    def _beside(self, members: Iterable[int]) -> list[int]:
        return sorted(set().union(*(self.targets.get(pk, ()) for pk in members)))

    def _release_strays(self, one: Group) -> None:
        """A suspected point follows the partition: what now belongs to another group leaves it."""
        scene, leaving = self.scene, defaultdict[int, list[int]](list)
        for pk in one.members:
            of = scene.point_of.get(pk)
            if of is not None and self.homes.get(of, one.members[0]) != one.members[0]:
                leaving[of].append(pk)
        for at, ids in sorted(leaving.items()):
            point = scene.points[at]
            claim(point)
            Membership.objects.filter(point=point, is_active=True, detection__in=ids).update(is_active=False)
            told = {"detections": sorted(ids), "state": point.state}
            record("fire_point.released", point, self.actor, after=told, reason=APART_NOW)
            scene.points[at] = refresh(FirePoint.objects.get(pk=at))
            for pk in ids:
                del scene.point_of[pk]

    def _grow(self, one: Group, standing: list[int]) -> int:
        """The group holds suspected points already: the oldest takes in the others, and what is new."""
        scene, others = self.scene, standing[1:]
        survivor = scene.points[standing[0]]
        additions = [pk for pk in one.members if pk not in scene.point_of]
        if not additions and not others and standing[0] not in self.homes:
            return 0
        came = {*additions, *(pk for pk in one.members if scene.point_of.get(pk) in others)}
        current = FirePoint.objects.get(pk=survivor.pk)
        if current.version != survivor.version:
            raise StaleVersion()  # a person, or another piece, has changed it since the scene was read
        for pk in others:
            fire_point_absorb(
                point_id=pk, into=survivor.pk, actor=system_user(), reason="新的监测记录把两处连成一处",
                expected_version=scene.points[pk].version,
            )  # fmt: skip
        self._follow(others, survivor.pk, one.members[0])
        current = FirePoint.objects.get(pk=survivor.pk)
        if additions:
            some = [self.detections[pk] for pk in additions]
            current = attach_detections(point=current, detections=some, actor=self.actor, why=why_of(one))
        left = doubts.without(current.needs_person, doubts.OVERSIZE)
        said = doubts.joined(oversize_words(one), left, self._questions(one, came), self._touches(additions))
        FirePoint.objects.filter(pk=current.pk).update(
            is_oversize=bool(one.oversize), is_fixed_heat=one.fixed_only, needs_person=said
        )
        scene.points[current.pk] = current  # its version is this piece's own from here on
        return 1

    def _follow(self, absorbed: Sequence[int], survivor: int, label: int) -> None:
        """What an absorbed point held of other groups is the survivor's now, until they take it."""
        scene = self.scene
        if not any(pk in self.homes for pk in absorbed):
            return
        self.homes[survivor] = label
        moved = set(absorbed)
        scene.point_of.update({pk: survivor for pk, at in scene.point_of.items() if at in moved})

    def _attach(self, point: FirePoint, one: Group) -> None:
        current = FirePoint.objects.select_related("verification", "attribution").get(pk=point.pk)
        if not takes_in(current):
            raise StaleVersion()  # a person has just decided: grouped anew, the sighting becomes a suspicion of its own
        held = list(
            Detection.objects.select_related("source").filter(memberships__point=current, memberships__is_active=True)
        )
        some = [self.detections[pk] for pk in one.members]
        current = attach_detections(point=current, detections=some, actor=self.actor, why=why_of(one))
        question = doubts.several_sites([*held, *some], set(one.members))
        is_fixed_heat = current.is_fixed_heat and one.fixed_only
        if question or is_fixed_heat != current.is_fixed_heat:
            FirePoint.objects.filter(pk=current.pk).update(
                needs_person=doubts.joined(current.needs_person, question), is_fixed_heat=is_fixed_heat
            )

    def _new_point(self, one: Group, beside: list[int]) -> NewPoint:
        near = doubts.joined(*(self.doubtful[pk] for pk in one.members if pk in self.doubtful))
        said = (self._named_beside(beside), oversize_words(one), near, self._questions(one, set(one.members)))
        return NewPoint(
            detections=[self.detections[pk] for pk in one.members],
            why=why_of(one),
            is_oversize=bool(one.oversize),
            is_fixed_heat=one.fixed_only,
            needs_person=doubts.joined(*said),
        )

    def _questions(self, one: Group, came: set[int]) -> str:
        """Signs that the group is several fires; what is to be divided anyway needs no second question."""
        return "" if one.oversize else doubts.several_sites([self.detections[pk] for pk in one.members], came)

    def _touches(self, additions: Sequence[int]) -> str:
        return self._named_beside(self._beside(additions))

    def _named_beside(self, beside: Sequence[int]) -> str:
        if not beside:
            return ""
        names = "、".join(f"{self.scene.points[pk]}（{standing_words(self.scene.points[pk])}）" for pk in beside[:3])
        return f"与 {names} {doubts.TOUCHES}：同一处请并入，新的焚烧另行派发"


def takes_in(point: FirePoint) -> bool:
    """Whether a sighting may join by itself: never a point that was found untrue, decided or closed."""
    return point.state in TAKES_IN and not is_untrue(point)


def is_untrue(point: FirePoint) -> bool:
    return point.verification is not None and point.verification.conclusion == Conclusion.FALSE


def standing_words(point: FirePoint) -> str:
    """How a point stands, said so that a person sees at once what a new sighting there means."""
    if point.counted is False:
        return "认定不计入"
    return f"{State(point.state).label}{'，报不属实' if is_untrue(point) else ''}"


def oversize_words(one: Group) -> str:
    return f"{doubts.OVERSIZE}：" + "、".join(OVERSIZE_WORDS[code] for code in one.oversize) if one.oversize else ""


def why_of(one: Group) -> dict[int, str]:
    """detection id → the strongest link by which it belongs, in words."""
    why: dict[int, str] = {}
    for link in one.links:
        for pk in (link.a, link.b):
            why.setdefault(pk, link.text)
    return why
