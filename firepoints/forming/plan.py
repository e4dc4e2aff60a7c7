"""The plan of an import: the 处 to which its sightings belong (policy.md §4). The machine groups and explains; people decide.

Suspected points may still change shape: they follow the partition, whatever the order of arrival. A dispatched point
takes in what touches it. What was found untrue, closed or decided is never touched by an import: the new sighting
becomes a suspicion of its own, marked for a person.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Max

from firepoints.forming import doubts
from firepoints.forming.apply import Application
from firepoints.forming.came_again import Tie, answered_pairs, far_of_their_number, ties_of
from firepoints.forming.nearby import Ranked, look_around
from firepoints.forming.outside_findings import hold_back
from firepoints.forming.scene import (
    SEEN,
    Scene,
    Seen,
    Values,
    columns_of,
    constraints_of,
    params_of,
    scene_of,
    waiting_rows,
)
from firepoints.grouping.datum import likely_shifted
from firepoints.grouping.model import Rule
from firepoints.grouping.rule import Params, Partition, group
from firepoints.models import Detection, ImportRun, Membership
from firepoints.policy.rulings import pause_on
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import DECIDED, State
from grids.models import User


@dataclass(frozen=True, slots=True)
class Open:
    """The open part of a plan: the groups (positions in the partition), and of each suspected point whose sightings
    the partition holds apart the label of the group that keeps it."""

    groups: list[int]
    homes: dict[int, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """The points that the partition proposes, computed without a transaction and applied in pieces."""

    partition: Partition
    scene: Scene
    targets: Mapping[int, set[int]]
    doubtful: Mapping[int, Doubt]
    nearest: Mapping[int, Sequence[Ranked]]
    ties: Mapping[int, Tie]
    pause_h: float

    def open(self) -> Open:
        """The groups in which a sighting of the run waits for a point, two suspected points have come together, or one has
        come apart (a nearer pixel, fixed heat accepted since)."""
        waiting = self.scene.own - self.scene.point_of.keys()
        suspected = {pk: at for pk, at in self.scene.point_of.items() if self.scene.points[at].state == State.SUSPECTED}
        ids, label = self.partition.ids, self.partition.label
        by_id = np.argsort(ids, kind="stable")
        members = np.fromiter(suspected, dtype=np.int64, count=len(suspected))
        of = label[by_id[np.searchsorted(ids[by_id], members)]] if len(members) else members
        pairs = np.unique(np.stack((of, np.fromiter(suspected.values(), np.int64, len(suspected)))), axis=1)
        met, points = np.unique(pairs[0], return_counts=True)
        point_ids, pieces = np.unique(pairs[1], return_counts=True)
        torn = np.isin(pairs[1], point_ids[pieces > 1])
        homes = _homes(of.tolist(), list(suspected.values()), set(point_ids[pieces > 1].tolist()))
        open_ = label[np.isin(ids, np.fromiter(waiting, dtype=np.int64, count=len(waiting)))]
        labels = np.unique(np.concatenate((open_, met[points > 1], pairs[0][torn])))
        at = np.searchsorted(self.partition.group_label, labels).tolist()
        frozen = self.partition.frozen_labels
        return Open([k for k, name in zip(at, labels.tolist(), strict=True) if name not in frozen], homes)

    def reached(self) -> dict[int, set[int]]:
        """Of each sighting, the points that it touches, or that may be the same fire, without joining them."""
        reached = defaultdict(set, {pk: set(points) for pk, points in self.targets.items()})
        for pk, doubt in self.doubtful.items():
            if (point := self.scene.point_of.get(doubt.beside or 0)) is not None:
                reached[pk].add(point)
        return reached

    def apply(self, groups: Sequence[int], homes: dict[int, int], *, run: ImportRun, actor: User) -> int:
        """Form or change the points of some groups, in the caller's transaction; returns how many. `homes` of `open()` is
        kept up with what is done, as the scene is: the next piece goes on with both.

        Raises StaleVersion or Conflict when a person has acted on one of them since the scene was read.
        """
        chosen = self.partition.groups_at(groups)
        members = [pk for group in chosen for pk in group.members]
        detections = Detection.objects.select_related("source").in_bulk(members)
        application = Application(
            self.scene, homes, self.targets, self.doubtful, self.nearest, self.ties, detections, actor, self.pause_h
        )
        return application.of(chosen, run)


def _homes(labels: Sequence[int], points: Sequence[int], torn: set[int]) -> dict[int, int]:
    """Of each point whose sightings the partition holds apart, the group that keeps it: that of most of its sightings."""
    if not torn:
        return {}
    counted: dict[int, Counter[int]] = defaultdict(Counter)
    for label, point in zip(labels, points, strict=True):
        if point in torn:
            counted[point][label] += 1
    return {point: min(of, key=lambda label: (-of[label], label)) for point, of in counted.items()}


def stamp() -> int:
    """The newest sighting (id): a plan holds as long as no other has come in. Asked in `one_at_a_time`."""
    return Detection.objects.aggregate(last=Max("pk"))["last"] or 0


def group_run(
    *,
    run: ImportRun,
    actor: User,
    same_as: Mapping[int, int] | None = None,
    counties: frozenset[str] | None = None,
) -> int:
    """Give every located detection of a run its point; returns how many points were made or changed.

    `same_as`: new detection id → the older processing of the same pixel; where that one stands in a decided point, the
    new one raises no suspicion of its own (policy.md §3: never re-key a charged point).
    `counties`: those of the finder; what reaches over their border waits for a person. None: the whole city is theirs.
    All in the caller's transaction: for a few rows. The partition is a function of detections and constraints alone.
    """
    plan = plan_for(run, same_as or {})
    if plan is None:
        return 0
    if counties is not None and hold_back(plan.partition, plan.scene, plan.reached(), counties, actor):
        return 0
    open_ = plan.open()
    return plan.apply(open_.groups, open_.homes, run=run, actor=actor)


def plan_for(run: ImportRun, same_as: Mapping[int, int]) -> Plan | None:
    """Compute the partition of the scene around a run; None when it has nothing to group. Reads only."""
    settled = _of_decided(same_as) | waiting_rows()
    mine = Detection.objects.filter(run=run, is_outside=False).values_list(*SEEN)
    return plan_of(run, [row for row in mine.iterator(chunk_size=5000) if row[Seen.PK] not in settled])


def plan_of(run: ImportRun, new: Sequence[Values]) -> Plan | None:
    """Compute the partition of the scene around some rows of a run (columns of SEEN); None for none. Reads only."""
    if not new:
        return None
    params = params_of(new)
    scene = scene_of(new, params)
    # The whole scene, not only what is linked to the new rows: a hint may reach a point that no link reaches.
    partition = group(columns_of(scene.rows), constraints_of(scene), params)
    settled = answered_pairs(scene.own)
    targets: dict[int, set[int]] = defaultdict(set)
    for proposal in partition.proposals:
        if (proposal.detection, at := scene.point_of[proposal.frozen]) not in settled:
            targets[proposal.detection].add(at)
    ties = ties_of(run, scene.own)
    around = look_around(scene, partition, settled)
    nearest = {pk: list(ranked) for pk, ranked in around.nearest.items()}
    for pk, doubt in far_of_their_number(run, scene.own).items():
        nearest.setdefault(pk, []).append((-pk, doubt))  # before all that merely lies near
    doubtful = _shifted(partition, params, scene.own) | _before_pass(partition)
    return Plan(
        partition,
        scene,
        targets,
        doubtful,
        nearest,
        {**around.ties, **ties},
        pause_on(min(row[Seen.DATE] for row in new)),
    )


def rule_alone(sightings: Iterable[int]) -> Partition | None:
    """The partition that the rule makes of some sightings (ids): nobody's word, nothing frozen. To measure it; reads only."""
    rows = list(Detection.objects.filter(pk__in=list(sightings), is_outside=False).values_list(*SEEN))
    return group(columns_of(rows), None, params_of(rows)) if rows else None


def _of_decided(same_as: Mapping[int, int]) -> set[int]:
    """The new ids whose older processing belongs to a decided point."""
    decided = set(
        Membership.objects.filter(
            is_active=True, detection__in=list(same_as.values()), point__state__in=DECIDED
        ).values_list("detection_id", flat=True)
    )
    return {newer for newer, older in same_as.items() if older in decided}


def _before_pass(partition: Partition) -> dict[int, Doubt]:
    """Detections of two groups that may be one fire, each with the question about the other: a finding inside a pixel, but
    before the satellite passed.

    The rule does not join them (policy.md §4: after the pass), yet charging both would be charging twice.
    """
    hints = partition.hint_links.where(partition.hint_links.rule == Rule.BEFORE_PASS)
    if not len(hints):
        return {}
    label = dict(zip(partition.ids.tolist(), partition.label.tolist(), strict=True))
    pairs = zip(partition.canonical_ids[hints.a].tolist(), partition.canonical_ids[hints.b].tolist(), strict=True)
    doubt_of: dict[int, Doubt] = {}
    for a, b in sorted(pairs):
        if label[a] != label[b]:
            doubt_of.setdefault(a, doubts.earlier_finding(a, b))
            doubt_of.setdefault(b, doubts.earlier_finding(b, a))
    return doubt_of


def _shifted(partition: Partition, params: Params, own: set[int]) -> dict[int, Doubt]:
    """Sightings of the run that a wrong datum may keep from their fire: the finding, or the pixel that comes after it."""
    doubt_of: dict[int, Doubt] = {}
    for finding, pixel in likely_shifted(partition, params):
        if finding in own:
            doubt_of[finding] = doubts.shifted(finding, pixel, is_finding=True)
        elif pixel in own:
            doubt_of[pixel] = doubts.shifted(pixel, finding, is_finding=False)
    return doubt_of
