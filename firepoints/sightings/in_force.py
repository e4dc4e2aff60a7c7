"""The one door from what was seen up to what burned: rows that came into force, and rows that left it.

Nothing below knows of fire points; `forming` answers, from the app's `ready()`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.registry import Slot
from firepoints.models import ImportRun
from grids.models import User

if TYPE_CHECKING:
    from firepoints.sightings.importing.results import Progress
    from firepoints.sightings.importing.turns import Turn


@dataclass(frozen=True, slots=True)
class Departure:
    """The reason why sightings go out of force: in words, and the kind of question that it raises where people acted."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """How many points lost a sighting, and how many suspicions were closed for it."""

    points: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """The points that a few rows may form and join: those of a finder's own `counties` (None: all); none where
    `forms_points` is false, as the caller knows to which point each row belongs."""

    counties: frozenset[str] | None = None
    forms_points: bool = True


ANYWHERE = Reach()


class Forming(Protocol):
    """The answers of the room above: points formed, points released."""

    def form(self, run: ImportRun, turn: Turn, progress: Progress) -> None:
        """Form the points of a committed run, some to a transaction, and give the turn up."""

    def form_at_once(
        self, run: ImportRun, *, actor: User, same_as: Mapping[int, int], counties: frozenset[str] | None
    ) -> int:
        """Form the points of a few rows in the caller's transaction; how many were made or changed."""

    def release(self, detections: Collection[int], *, actor: User, departure: Departure) -> Released:
        """Take sightings (ids) out of their points, in the caller's transaction."""


FORMING: Slot[Forming] = Slot(
    "forming", asked_by="an import", what_for="the points of rows in force, and of rows that left"
)


def came_into_force(run: ImportRun, turn: Turn, progress: Progress) -> None:
    """Form the points of a committed run piece by piece; the turn is given up at the end."""
    FORMING.get().form(run, turn, progress)


def came_into_force_at_once(
    run: ImportRun, *, actor: User, same_as: Mapping[int, int], counties: frozenset[str] | None = None
) -> int:
    """Form the points of a few rows in the caller's transaction; returns how many were made or changed.

    `same_as`: new detection id → the older processing of the same pixel. `counties`: those of a finder, who may form and
    join points there alone.
    """
    return FORMING.get().form_at_once(run, actor=actor, same_as=same_as, counties=counties)


def left(detections: Collection[int], *, actor: User, departure: Departure) -> Released:
    """Release the points of sightings (ids) that are no longer in force, in the caller's transaction; what became of them."""
    return FORMING.get().release(detections, actor=actor, departure=departure)
