"""Pairs of sightings that people joined and held apart, for the grouping."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations, pairwise, product
from typing import Any

from django.db.models import Q

from core.page_memory import remembered
from firepoints.models import DividedPoint, Membership, Question, Step

Kind, Answer = Question.Kind, Question.Answer
Pairs = list[tuple[int, int]]
DIVIDING = ("groups", "apart")
"""The keys of a step's data under which it says which sightings are sites of their own; `points` are those concerned."""
PIECE = 5_000


def said_by_people(points: Iterable[int]) -> tuple[Pairs, Pairs]:
    """The pairs of detection ids that people joined, and those that they held apart, at these points; for the grouping."""
    point_ids = set(points)
    joined, apart = said_by_division(point_ids)
    return joined, apart + said_on_review(point_ids) + said_of_findings(point_ids)


def said_by_division(points: Iterable[int]) -> tuple[Pairs, Pairs]:
    """The pairs that divisions of these points, and merges taken back, joined and held apart. The last word on a pair
    holds: a part that was divided again is no longer one."""
    joined: Pairs = []
    apart: Pairs = []
    point_ids = set(points)
    for groups in _said_of(point_ids, "groups"):
        part_of = {pk: number for number, part in enumerate(groups) for pk in part}
        joined = [pair for pair in joined if not _said_again(pair, part_of)]
        apart = [pair for pair in apart if not _said_again(pair, part_of)]
        joined += [pair for part in groups for pair in pairwise(part)]
        # Every pair: a part that is divided again later must stay apart from the others with all that it had.
        apart += [pair for a, b in combinations(groups, 2) for pair in product(a, b)]
    return joined, apart


def said_on_review(points: Iterable[int]) -> Pairs:
    """The pairs of detection ids that a 核对 of these points called sites of their own. A merge by a person is stronger:
    what stands in one point is joined, and the grouping drops an apart that a joining contradicts."""
    point_ids = set(points)
    pairs: Pairs = []
    for own, *others in _said_of(point_ids, "apart"):
        pairs += [pair for other in others for pair in product(own, other)]
    return pairs


def note_division(step: Step) -> None:
    """Note of which points a step says what is one site and what another, so that it is found by each of them."""
    if any(key in step.data for key in DIVIDING):
        DividedPoint.objects.bulk_create(
            DividedPoint(step=step, point_id=pk) for pk in dict.fromkeys(step.data["points"])
        )


def _said_of(point_ids: Collection[int], key: str) -> list[Any]:
    """What the steps about these points say under a key of their data, the oldest first."""
    ids = tuple(sorted(point_ids))
    steps = remembered(("divisions", ids), lambda: _steps_about(ids))
    return [steps[pk][key] for pk in sorted(steps) if key in steps[pk]]


def _steps_about(ids: Sequence[int]) -> dict[int, Any]:
    steps: dict[int, Any] = {}
    for start in range(0, len(ids), PIECE):
        rows = DividedPoint.objects.filter(point__in=ids[start : start + PIECE])
        steps |= dict(rows.values_list("step", "step__data"))
    return steps


def said_of_findings(points: Collection[int]) -> Pairs:
    """The pairs of a finding from outside, or of a row that came again, of which a person said that it is a fire of its own, and
    of what stands where it was asked."""
    own = Q(kind=Kind.OUTSIDE_FINDING, answer=Answer.OWN_POINT) | Q(kind=Kind.CAME_AGAIN, answer=Answer.APART)
    rows = Question.objects.filter(own, point__isnull=False)
    of_point = dict(rows.values_list("detection_id", "point_id"))
    point_ids = {at for at in of_point.values() if at in points}
    point_ids |= set(
        Membership.objects.filter(detection__in=list(of_point), is_active=True, point__in=list(points)).values_list(
            "detection__questions__point", flat=True
        )
    )
    members = Membership.objects.filter(point__in=[at for at in point_ids if at], is_active=True)
    detections_at: dict[int, list[int]] = defaultdict(list)
    for at, pk in members.values_list("point_id", "detection_id"):
        detections_at[at].append(pk)
    return [(finding, pk) for finding, at in of_point.items() for pk in detections_at[at] if pk != finding]


def _said_again(pair: tuple[int, int], part_of: dict[int, int]) -> bool:
    """Whether a later division speaks of both sightings of an earlier pair."""
    return pair[0] in part_of and pair[1] in part_of
