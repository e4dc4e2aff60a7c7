"""The same photo, or one that is nearly the same, at another fire point: one photo must not prove two fires (policy.md §5)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from core import clock
from firepoints.evidence.likeness import BITS, MOST_BITS, distance, near_bands, unsigned
from firepoints.models import Evidence, FirePoint
from firepoints.policy import rulings

BANDS = ("band_1", "band_2", "band_3", "band_4")


@dataclass(frozen=True, slots=True)
class Twin:
    """Another piece with the same bytes (`bits` 0 and `is_same_file`) or nearly the same picture; `name` is its point's, ""
    for whoever may not see that."""

    piece: Evidence
    bits: int
    is_same_file: bool
    name: str = ""

    @property
    def words(self) -> str:
        """How it is alike, in figures."""
        return "文件相同" if self.is_same_file else f"画面几乎相同（{BITS} 位差 {self.bits} 位）"


def alike_bits() -> int:
    """The bits in which two pictures that are the same may differ, under the ruling of today."""
    return min(int(rulings.ruling("alike_bits", clock.today_beijing())), MOST_BITS)


def twins_of(pieces: Sequence[Evidence], user: Any = None) -> dict[int, list[Twin]]:
    """The twins of each photo (by pk) in the whole deployment, the closest first; two queries at most. Where one lies is
    told to those who see its point (`user`; None: to nobody)."""
    photos = [piece for piece in pieces if piece.kind == Evidence.Kind.PHOTO]
    candidates = _candidates(photos, user) if photos else []
    most = alike_bits()
    twins: dict[int, list[Twin]] = defaultdict(list)
    for photo in photos:
        for other in candidates:
            if other.pk == photo.pk:
                continue
            if (bits := _bits(photo, other)) <= most:
                name = str(other.point) if getattr(other, "is_named", False) else ""
                twins[photo.pk].append(Twin(other, bits, other.sha256 == photo.sha256, name))
        twins[photo.pk].sort(key=lambda twin: (not twin.is_same_file, twin.bits, twin.piece.pk))
    return twins


def _bits(a: Evidence, b: Evidence) -> int:
    if a.sha256 == b.sha256:
        return 0
    if a.picture_hash is None or b.picture_hash is None:
        return BITS
    return distance(unsigned(a.picture_hash), unsigned(b.picture_hash))


def _candidates(photos: Sequence[Evidence], user: Any) -> list[Evidence]:
    """Every photo that shares its bytes with one of these, or a band but for one bit: found by the indexes of the bands."""
    condition = Q(sha256__in={photo.sha256 for photo in photos})
    for name in BANDS:
        bands = {near for photo in photos if (band := getattr(photo, name)) is not None for near in near_bands(band)}
        if bands:
            condition |= Q(**{f"{name}__in": bands})
    rows = Evidence.objects.filter(condition, kind=Evidence.Kind.PHOTO).select_related("point")
    if user is not None:
        mine = FirePoint.objects.visible_to(user).filter(pk=OuterRef("point"))
        rows = rows.annotate(is_named=Exists(mine))
    return list(rows.order_by("pk"))


def elsewhere(point: FirePoint, pieces: Iterable[Evidence]) -> list[tuple[Evidence, Twin]]:
    """The closest twin at another point of each of these photos that has one."""
    photos = list(pieces)
    here = {point.pk, *(photo.point_id for photo in photos)}
    twins = twins_of(photos)
    found_apart = ((photo, [twin for twin in twins[photo.pk] if twin.piece.point_id not in here]) for photo in photos)
    return [(photo, others[0]) for photo, others in found_apart if others]
