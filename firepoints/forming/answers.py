"""The answers of forming to imports: points of rows that came into force, and of rows that left it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from firepoints.forming import after_import, plan
from firepoints.forming.points import release_detections
from firepoints.forming.withdraw import withdraw_emptied
from firepoints.models import Detection, ImportRun
from firepoints.sightings.importing.results import Progress
from firepoints.sightings.importing.turns import Turn
from firepoints.sightings.in_force import Departure, Released
from grids.models import User


class Points:
    """The answers to `sightings.in_force`."""

    def form(self, run: ImportRun, turn: Turn, progress: Progress) -> None:
        """Form the points of a committed run and give the turn up."""
        after_import.form_points(run, turn, progress)

    def form_at_once(
        self, run: ImportRun, *, actor: User, same_as: Mapping[int, int], counties: frozenset[str] | None
    ) -> int:
        """Form the points of a few rows; returns how many were made or changed."""
        return plan.group_run(run=run, actor=actor, same_as=same_as, counties=counties)

    def release(self, detections: Collection[int], *, actor: User, departure: Departure) -> Released:
        """Take the sightings out of their points, and close the suspicions that nothing supports any more."""
        rows = list(Detection.objects.filter(pk__in=list(detections)))
        if not rows:
            return Released()
        points = release_detections(detections=rows, actor=actor, departure=departure)
        return Released(len(points), withdraw_emptied(points, actor=actor, reason=departure.reason))
