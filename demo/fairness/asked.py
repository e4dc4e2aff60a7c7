"""The questions that the product had put to a person before money moved: about two sites, or about one that was several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from demo.fairness.answers import ABOUT_OTHER_THINGS
from firepoints.models import FirePoint, Membership, Question
from firepoints.steps.asking import ABOUT_LEAVING


class Asked:
    """Every question that stopped money in a deployment, beside what each point was before it became what it is."""

    def __init__(self) -> None:
        self._questions = list(
            Question.objects.filter(point__isnull=False, stops_money=True).values_list(
                "point_id", "other_id", "detection_id", "kind", "asked_at"
            )
        )
        merged = FirePoint.objects.filter(merged_into__isnull=False)
        self._merged: dict[int, list[int]] = defaultdict(list)
        for point, survivor in merged.values_list("pk", "merged_into_id"):
            if survivor is not None:
                self._merged[survivor].append(point)
        self._points_of: dict[int, set[int]] = defaultdict(set)
        self._sightings_of: dict[int, set[int]] = defaultdict(set)
        for point, sighting in Membership.objects.values_list("point_id", "detection_id"):
            self._points_of[sighting].add(point)
            self._sightings_of[point].add(sighting)

    def about_both(self, a: int, b: int, before: datetime) -> bool:
        """Whether a question that names two points was open before a moment; or one about a point that held both."""
        first, second = self._family(a), self._family(b)
        sightings = self._sightings(first), self._sightings(second)
        for point, other, sighting, kind, asked_at in self._questions:
            if asked_at >= before:
                continue
            if point in first & second and kind not in ABOUT_OTHER_THINGS:
                return True
            for mine, its, its_sightings in ((first, second, sightings[1]), (second, first, sightings[0])):
                if point in mine and (other in its or (sighting in its_sightings and sighting is not None)):
                    return True
        return False

    def about_sites(self, point: int, sightings: Collection[int], before: datetime | None = None) -> bool:
        """Whether anyone was asked before a moment (None: ever) whether what some sightings of a point show is a site of its
        own: about the point as several, about one of them, or about the point that held them and another one."""
        family, theirs = self._family(point), {pk for sighting in sightings for pk in self._points_of[sighting]}
        return any(
            (before is None or asked_at < before)
            and self._parts_them(at, other, sighting, kind, theirs, set(sightings))
            for at, other, sighting, kind, asked_at in self._questions
            if at in family or other in family
        )

    def is_waiting(self, point: int) -> bool:
        """Whether a question is open at a point, or at what was merged into it."""
        return Question.objects.unanswered().filter(point__in=self._family(point), stops_money=True).exists()

    @staticmethod
    def is_waiting_row(sightings: Collection[int]) -> bool:
        """Whether one of some sightings is part of no point until a person has answered."""
        return Question.objects.unanswered().filter(detection__in=sightings, stops_money=True).exists()

    @staticmethod
    def _parts_them(
        point: int,
        other: int | None,
        sighting: int | None,
        kind: str,
        theirs: Collection[int],
        sightings: Collection[int],
    ) -> bool:
        if other is not None:
            return (point in theirs) != (other in theirs)
        return sighting in sightings or kind not in (*ABOUT_OTHER_THINGS, *ABOUT_LEAVING)

    def _family(self, point: int) -> set[int]:
        """A point, what was merged into it, and every point that held one of their sightings."""
        family, waiting = set[int](), [point]
        while waiting:
            at = waiting.pop()
            if at not in family:
                family.add(at)
                waiting += self._merged.get(at, ())
        return family | {before for sighting in self._sightings(family) for before in self._points_of[sighting]}

    def _sightings(self, points: Collection[int]) -> set[int]:
        return {sighting for point in points for sighting in self._sightings_of[point]}
