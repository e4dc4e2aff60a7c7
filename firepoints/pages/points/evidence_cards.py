"""佐证 as cards: each photo with what can be checked of it; none of position, EXIF and clocks is trusted alone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from firepoints.models import Detection, Evidence, FirePoint
from firepoints.pages.points import words
from grids.geo.footprint import distance_m

Check = dict[str, str]
FAST_CLOCK = timedelta(minutes=2)
LATE_UPLOAD = timedelta(hours=24)
EXIF_APART_M = 200
"""Setting of ours: phones and EXIF differ by tens of metres without anybody's doing."""


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


def cards_of(point: FirePoint, pieces: Sequence[Evidence], first: Detection | None, user: Any) -> Evidences:
    """Cards for evidence that the user may see; two queries for the duplicates, whose points are named to those only
    who may see them."""
    numbers = numbers_of(pieces)
    elsewhere = _elsewhere(pieces, user)
    photos = [
        _photo(piece, numbers[piece.pk], point, first, elsewhere.get(piece.sha256, []))
        for piece in pieces
        if piece.pk in numbers
    ]
    papers = [_paper(piece) for piece in pieces if piece.pk not in numbers]
    return Evidences(list(pieces), photos, papers, numbers)


def _photo(
    piece: Evidence, number: int, point: FirePoint, first: Detection | None, twins: list[Evidence]
) -> dict[str, Any]:
    checks = [_where(piece, point), *_when(piece, first), *_exif(piece), _twins(piece, twins)]
    url = reverse("firepoints:evidence", args=[piece.uuid])
    return {
        "evidence": piece,
        "url": f"{url}?size=thumb",
        "full_url": url,
        "no": number,
        "title": piece.caption or "现场照片",
        "taken": f"{timezone.localtime(piece.device_at or piece.server_at):%m-%d %H:%M}",
        "by": f"{piece.uploader} · {'有' if piece.exif else '无'} EXIF · {piece.width_px}×{piece.height_px}",
        "checks": checks,
        "failed": any(check["kind"] == "no" for check in checks),
        "is_inside": piece.footprint_distance_m == 0,
    }


def _where(piece: Evidence, point: FirePoint) -> Check:
    if piece.footprint_distance_m is None or piece.lon is None or piece.lat is None:
        return {"kind": "eh", "text": f"没有定位：{piece.no_position_reason or '设备没有给'}"}
    if piece.footprint_distance_m > 0:
        return {"kind": "no", "text": f"像元外 {piece.footprint_distance_m:.0f} 米"}
    metres = float(distance_m(piece.lon, piece.lat, point.lon, point.lat))
    return {"kind": "ok", "text": f"像元内，距中心 {metres:.0f} 米"}


def _when(piece: Evidence, first: Detection | None) -> list[Check]:
    checks: list[Check] = []
    photo_time = piece.device_at or piece.server_at
    accuracy = f"，精度 ±{piece.accuracy_m:.0f} 米" if piece.accuracy_m is not None else ""
    if first is not None and first.precision == "instant":
        after = photo_time - first.starts_at
        if after < timedelta(0):
            checks.append({"kind": "no", "text": f"早于过境 {words.span(after)}{accuracy}"})
        else:
            checks.append({"kind": "ok", "text": f"过境后 {words.span(after)}{accuracy}"})
    elif accuracy:
        checks.append({"kind": "", "text": f"来源没有过境时刻{accuracy}"})
    if piece.device_at is None:
        checks.append({"kind": "eh", "text": "没有拍摄时间，只有收到时间"})
    elif piece.device_at - piece.server_at > FAST_CLOCK:
        checks.append({"kind": "eh", "text": f"设备钟比服务器快 {words.span(piece.device_at - piece.server_at)}"})
    elif piece.server_at - piece.device_at > LATE_UPLOAD:
        checks.append({"kind": "eh", "text": f"拍后 {words.span(piece.server_at - piece.device_at)} 才上传"})
    return checks


def _exif(piece: Evidence) -> list[Check]:
    if None in (piece.exif_lon, piece.exif_lat, piece.lon, piece.lat):
        return []
    metres = float(distance_m(piece.exif_lon, piece.exif_lat, piece.lon, piece.lat))  # type: ignore[arg-type]
    return [{"kind": "eh", "text": f"EXIF 与定位差 {metres:.0f} 米"}] if metres > EXIF_APART_M else []


def _twins(piece: Evidence, twins: list[Evidence]) -> Check:
    others = [twin for twin in twins if twin.pk != piece.pk]
    if not others:
        return {"kind": "ok", "text": "无重复"}
    here = [twin for twin in others if twin.point_id == piece.point_id]
    if here:
        return {"kind": "no", "text": "与本处另一张相同"}
    named = next((str(twin.point) for twin in others if getattr(twin, "is_named", False)), "")
    return {"kind": "no", "text": f"与 {named} 的照片相同" if named else "与另一处火点的照片相同"}


def _elsewhere(pieces: Sequence[Evidence], user: Any) -> dict[str, list[Evidence]]:
    """Every piece of the whole deployment with the same content, by sha256: one photo must not prove two fires. That it
    lies elsewhere is said to everyone, where only to those who see that point (`is_named`)."""
    copies: dict[str, list[Evidence]] = defaultdict(list)
    hashes = {piece.sha256 for piece in pieces if piece.kind == Evidence.Kind.PHOTO}
    if hashes:
        mine = FirePoint.objects.visible_to(user).filter(pk=OuterRef("point"))
        same = Evidence.objects.filter(sha256__in=hashes).select_related("point").annotate(is_named=Exists(mine))
        for copy in same.order_by("pk"):
            copies[copy.sha256].append(copy)
    return copies


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
