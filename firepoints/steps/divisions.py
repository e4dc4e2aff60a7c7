"""Pairs of sightings that people joined and held apart, for the grouping."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import combinations, pairwise, product

from django.db.models import Q

from firepoints.models import Membership, Question, Step

Kind, Answer = Question.Kind, Question.Answer
Pairs = list[tuple[int, int]]


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
    for step in Step.objects.filter(action__in=["split", "unmerge"]).order_by("pk"):
        if not point_ids & set(step.data["points"]):
            continue
        groups = step.data["groups"]
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
    for data in (
        Step.objects.filter(action__in=["review", "stand"], data__has_key="apart")
        .order_by("pk")
        .values_list("data", flat=True)
    ):
        if point_ids & set(data["points"]):
            own, *others = data["apart"]
            pairs += [pair for other in others for pair in product(own, other)]
    return pairs


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
