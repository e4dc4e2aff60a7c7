"""佐证 as cards: each photo with what can be checked of it; none of position, EXIF and clocks is trusted alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from firepoints.evidence.checking import checks_by_photo
from firepoints.evidence.checks import Check
from firepoints.models import Evidence, FirePoint
from firepoints.pages.points.sightings import Sighting


@dataclass(frozen=True, slots=True)
class Evidences:
    """The pieces of a point: photos as cards, papers and tracks as a list, and the number of each photo on the map."""

    pieces: list[Evidence]
    photos: list[dict[str, Any]]
    papers: list[dict[str, Any]]
    numbers: dict[int, int]

    @property
    def inside(self) -> int:
        """How many photos were taken inside the footprint."""
        return sum(photo["is_inside"] for photo in self.photos)


def numbers_of(pieces: Sequence[Evidence]) -> dict[int, int]:
    """The number of each photo, by pk, in the order of arrival."""
    photos = [piece for piece in pieces if piece.kind == Evidence.Kind.PHOTO]
    return {photo.pk: at for at, photo in enumerate(photos, start=1)}


def cards_of(point: FirePoint, pieces: Sequence[Evidence], sightings: Sequence[Sighting], user: Any) -> Evidences:
    """Cards for evidence that the user may see; two queries for the duplicates, whose points are named to those only
    who may see them."""
    numbers = numbers_of(pieces)
    checks = checks_by_photo(point, pieces, [sighting.detection for sighting in sightings], user)
    photos = [_photo(piece, numbers[piece.pk], checks[piece.pk]) for piece in pieces if piece.pk in numbers]
    papers = [_paper(piece) for piece in pieces if piece.pk not in numbers]
    return Evidences(list(pieces), photos, papers, numbers)


def _photo(piece: Evidence, number: int, checks: Sequence[Check]) -> dict[str, Any]:
    url = reverse("firepoints:evidence", args=[piece.uuid])
    return {
        "evidence": piece,
        "url": f"{url}?size=thumb",
        "full_url": url,
        "no": number,
        "title": piece.caption or "现场照片",
        "taken": f"{timezone.localtime(piece.device_at or piece.server_at):%m-%d %H:%M}",
        "by": f"{piece.uploader} · {'有' if piece.exif else '无'} EXIF · {piece.width_px}×{piece.height_px}",
        "checks": [{"kind": check.kind, "text": check.words} for check in checks],
        "failed": any(check.kind == "no" for check in checks),
        "is_inside": piece.footprint_distance_m == 0,
    }


def _paper(piece: Evidence) -> dict[str, Any]:
    inside = (
        ""
        if piece.footprint_distance_m is None
        else (
            "经过像元" if piece.footprint_distance_m == 0 else f"没有经过像元，最近 {piece.footprint_distance_m:.0f} 米"
        )
    )
    covers = f"覆盖像元 {piece.searched_share:.0%}" if piece.searched_share is not None else ""
    return {
        "kind": piece.get_kind_display(),
        "title": piece.caption or piece.filename or piece.get_kind_display(),
        "sub": " · ".join(
            part
            for part in (
                str(piece.uploader),
                f"{timezone.localtime(piece.server_at):%m-%d %H:%M}",
                inside,
                covers,
                f"sha256 {piece.sha256[:12]}",
            )
            if part
        ),
        "links": [{"url": reverse("firepoints:evidence", args=[piece.uuid]), "label": "下载"}],
    }
