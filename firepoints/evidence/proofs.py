"""What the evidence of a 查否 lacks (policy.md §5), by key and in words: asked at the act and said at every upload."""

from collections.abc import Sequence
from dataclasses import dataclass

from core import clock
from firepoints.evidence.originals import path_of
from firepoints.evidence.searching import Search, Track, searched_share
from firepoints.evidence.tracks import NotATrack, read_track
from firepoints.models import Evidence, FirePoint
from firepoints.policy import rulings
from firepoints.sightings import footprints
from firepoints.steps import selectors

Kind = Evidence.Kind


@dataclass(frozen=True, slots=True)
class Lack:
    """A thing that lacks: its stable key, and the words that say how much there is."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Photos:
    """Different photos by where they were taken: inside the footprint, beside it (the nearest in metres), without position."""

    inside: int = 0
    beside: int = 0
    unplaced: int = 0
    nearest_m: float | None = None

    @property
    def total(self) -> int:
        return self.inside + self.beside + self.unplaced

    @property
    def words(self) -> str:
        parts = [f"像元内 {self.inside} 张"]
        parts += [f"像元外 {self.beside} 张（最近 {self.nearest_m:.0f} 米）"] if self.beside else []
        parts += [f"没有定位 {self.unplaced} 张"] if self.unplaced else []
        return "，".join(parts)


def search_in_force() -> Search:
    """The rulings of today on how a search is measured."""
    values = rulings.values_on(clock.today_beijing())
    return Search(*(float(values[f"search_{name}"]) for name in ("share", "most_km2", "reach_m", "gap_m")))


def photos_among(evidence: Sequence[Evidence]) -> Photos:
    """The photos counted; the same file twice is one."""
    photos = {piece.sha256: piece for piece in evidence if piece.kind == Kind.PHOTO}.values()
    distances = [piece.footprint_distance_m for piece in photos if piece.footprint_distance_m is not None]
    beside = [metres for metres in distances if metres > 0]
    return Photos(len(distances) - len(beside), len(beside), len(photos) - len(distances), min(beside, default=None))


def share_searched(point: FirePoint, evidence: Sequence[Evidence]) -> float | None:
    """The share of what the sensors saw of `point` that all tracks together cover; None without a track."""
    tracks = [positions for piece in evidence if piece.kind == Kind.TRACK and (positions := _positions(piece))]
    detections = selectors.active_detections(point)
    if not tracks or not detections:
        return None
    return searched_share(footprints.seen(detections), tracks, search_in_force())


def _positions(piece: Evidence) -> Track:
    try:
        return read_track(path_of(piece).read_bytes())
    except (OSError, NotATrack):
        return ()


def lacking_for_denial(point: FirePoint, evidence: Sequence[Evidence]) -> list[Lack]:
    """What the pieces lack for a 查否: enough different photos, one inside, a track that reaches in and covers its share."""
    photos, least = photos_among(evidence), int(rulings.ruling("negative_photos", clock.today_beijing()))
    lacks = []
    if photos.total < least:
        lacks.append(Lack("photos", f"至少 {least} 张不同的照片（现有 {photos.total} 张）"))
    if not photos.inside:
        lacks.append(Lack("photos_inside", "至少一张在像元范围内拍摄、有定位的照片"))
    return [*lacks, *_lacking_search(point, evidence)]


def _lacking_search(point: FirePoint, evidence: Sequence[Evidence]) -> list[Lack]:
    if not any(piece.kind == Kind.TRACK for piece in evidence):
        return [Lack("track", "搜索轨迹")]
    detections = selectors.active_detections(point)
    if not detections:
        return []
    area, search = footprints.seen(detections), search_in_force()
    share, least = share_searched(point, evidence) or 0.0, search.least(area)
    if not any(piece.footprint_distance_m == 0 for piece in evidence if piece.kind == Kind.TRACK) and not share:
        return [Lack("track_inside", "进到像元的搜索轨迹（现在的轨迹没有进到像元）")]
    if share < least:
        return [
            Lack("search_share", f"覆盖像元至少 {least:.0%} 的搜索轨迹（现在覆盖 {share:.0%}；轨迹断开的地方不算）")
        ]
    return []
