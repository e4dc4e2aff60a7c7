"""The questions that the product had put to a person before money moved: about two sites, or about one that was several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from demo.fairness.answers import ABOUT_OTHER_THINGS
from firepoints.models import FirePoint, Membership, Question


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

    def about_sites(self, point: int, before: datetime | None = None) -> bool:
        """Whether anyone was asked before a moment (None: ever) what burnt at a point, or which point it is."""
        family = self._family(point)
        return any(
            asked in family and kind not in ABOUT_OTHER_THINGS and (before is None or asked_at < before)
            for asked, _, _, kind, asked_at in self._questions
        )

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
