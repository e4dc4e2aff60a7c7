"""The checks of all photos of a point at once: for its cards and for the API."""

from collections.abc import Sequence
from typing import Any

from firepoints.evidence.checks import Check, Scene, checks_of
from firepoints.evidence.twins import twins_of
from firepoints.models import Detection, Evidence, FirePoint
from firepoints.sightings import footprints


def first_pass_of(detections: Sequence[Detection]) -> Detection | None:
    """The earliest sighting from orbit: photos are compared with it; of a patrol's fire the patrol itself."""
    passes = [row for row in detections if row.kind == Detection.Kind.SATELLITE]
    return min(passes or detections, key=lambda row: row.starts_at, default=None)


def checks_by_photo(
    point: FirePoint, pieces: Sequence[Evidence], detections: Sequence[Detection], user: Any
) -> dict[int, list[Check]]:
    """The checks of each photo among the pieces, by its pk, against the sightings of the point; twins are named to those
    who see their points."""
    photos = [piece for piece in pieces if piece.kind == Evidence.Kind.PHOTO]
    if not photos:
        return {}
    area = footprints.seen(detections) if detections else None
    scene, twins = Scene(point, area, first_pass_of(detections), photos), twins_of(photos, user)
    return {photo.pk: checks_of(photo, scene, twins[photo.pk]) for photo in photos}
