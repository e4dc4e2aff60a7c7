"""What can be checked of a photo, each as a sentence with its figures: nothing is dropped, and nothing is trusted alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import shapely
from shapely.geometry.base import BaseGeometry

from core.clock import BEIJING
from firepoints.evidence.twins import Twin
from firepoints.models import Detection, Evidence, FirePoint
from firepoints.terms.spans import span
from grids.geo.datum import to_wgs84
from grids.geo.footprint import distance_m

FAST_CLOCK = timedelta(minutes=2)
LATE_UPLOAD = timedelta(hours=24)
EXIF_APART_M = 200
"""Setting of ours: phones and EXIF differ by tens of metres without anybody's doing."""
EXIF_APART = timedelta(minutes=10)
SAME_SPOT_M = 1.0
"""No phone gives the same place twice to a metre: somebody stood still, typed it, or made it up."""
GCJ02_APART_M = (200.0, 60.0)
"""Two positions apart by more than the first, and by less than the second once one is read as GCJ-02."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked: a stable key, ok, eh (look), no (wrong) or "" (a fact), and the sentence."""

    key: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What a photo is checked against: its point, what the sensors saw of it, the first pass, and all photos there."""

    point: FirePoint
    area: BaseGeometry | None
    first: Detection | None
    photos: Sequence[Evidence]


def checks_of(piece: Evidence, scene: Scene, twins: Sequence[Twin]) -> list[Check]:
    """The checks of one photo, in the order in which a person looks."""
    return [
        _where(piece, scene.point), *_gcj02(piece, scene.area), *_same_spot(piece, scene.photos),
        *_when(piece, scene.first), *_exif(piece), *_twins(piece, twins),
    ]  # fmt: skip


def _metres(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    return float(distance_m(lon1, lat1, lon2, lat2))


def _where(piece: Evidence, point: FirePoint) -> Check:
    if piece.footprint_distance_m is None or piece.lon is None or piece.lat is None:
        return Check("no_position", "eh", f"没有定位：{piece.no_position_reason or '设备没有给'}")
    if piece.footprint_distance_m > 0:
        return Check("beside", "no", f"像元外 {piece.footprint_distance_m:.0f} 米")
    metres = _metres(piece.lon, piece.lat, point.lon, point.lat)
    return Check("inside", "ok", f"像元内，距中心 {metres:.0f} 米")


def _gcj02(piece: Evidence, area: BaseGeometry | None) -> list[Check]:
    """Whether the position looks as if a map of GCJ-02 had given it: then it lies half a kilometre beside the truth."""
    if piece.lon is None or piece.lat is None:
        return []
    lon, lat = (float(value[0]) for value in to_wgs84([piece.lon], [piece.lat], "gcj02"))
    moved_m = _metres(piece.lon, piece.lat, lon, lat)
    if piece.exif_lon is not None and piece.exif_lat is not None:
        apart = _metres(piece.lon, piece.lat, piece.exif_lon, piece.exif_lat)
        again = _metres(lon, lat, piece.exif_lon, piece.exif_lat)
        if apart > GCJ02_APART_M[0] and again < GCJ02_APART_M[1]:
            words = f"疑为火星坐标（GCJ-02）：与 EXIF 差 {apart:.0f} 米，换回 WGS-84 后差 {again:.0f} 米"
            return [Check("gcj02", "eh", words)]
    is_beside = bool(piece.footprint_distance_m)
    if is_beside and area is not None and area.intersects(shapely.Point(lon, lat)):
        words = f"疑为火星坐标（GCJ-02）：像元外 {piece.footprint_distance_m:.0f} 米，换算后移动 {moved_m:.0f} 米，落在像元内"
        return [Check("gcj02", "eh", words)]
    return []


def _same_spot(piece: Evidence, photos: Sequence[Evidence]) -> list[Check]:
    if piece.lon is None or piece.lat is None:
        return []
    others = {
        other.sha256
        for other in photos
        if other.sha256 != piece.sha256
        and other.lon is not None
        and other.lat is not None
        and _metres(piece.lon, piece.lat, other.lon, other.lat) < SAME_SPOT_M
    }
    return [Check("same_spot", "eh", f"与另外 {len(others)} 张的定位是同一点（不到 1 米）")] if others else []


def _when(piece: Evidence, first: Detection | None) -> list[Check]:
    checks: list[Check] = []
    photo_time = piece.device_at or piece.server_at
    accuracy = f"，精度 ±{piece.accuracy_m:.0f} 米" if piece.accuracy_m is not None else ""
    if first is not None and first.precision == "instant":
        after = photo_time - first.starts_at
        if after < timedelta(0):
            checks.append(Check("before_pass", "no", f"早于过境 {span(after)}{accuracy}"))
        else:
            checks.append(Check("after_pass", "ok", f"过境后 {span(after)}{accuracy}"))
    elif accuracy:
        checks.append(Check("no_pass_time", "", f"来源没有过境时刻{accuracy}"))
    if piece.device_at is None:
        checks.append(Check("no_device_time", "eh", "没有拍摄时间，只有收到时间"))
    elif piece.device_at - piece.server_at > FAST_CLOCK:
        checks.append(Check("fast_clock", "eh", f"设备钟比服务器快 {span(piece.device_at - piece.server_at)}"))
    elif piece.server_at - piece.device_at > LATE_UPLOAD:
        checks.append(Check("late_upload", "eh", f"拍后 {span(piece.server_at - piece.device_at)} 才上传"))
    return checks


def _exif(piece: Evidence) -> list[Check]:
    """Position and time that the file claims, against those of the device and the server."""
    checks = []
    if None not in (piece.exif_lon, piece.exif_lat, piece.lon, piece.lat):
        metres = _metres(piece.exif_lon, piece.exif_lat, piece.lon, piece.lat)  # type: ignore[arg-type]
        if metres > EXIF_APART_M:
            checks.append(Check("exif_position", "eh", f"EXIF 与定位差 {metres:.0f} 米"))
    taken_at = _taken_at(piece)
    if taken_at is None:
        return checks
    if taken_at - piece.server_at > FAST_CLOCK:
        checks.append(Check("exif_time", "no", f"EXIF 拍摄时间比收到还晚 {span(taken_at - piece.server_at)}"))
    elif piece.device_at is not None and abs(taken_at - piece.device_at) > EXIF_APART:
        side = "早" if taken_at < piece.device_at else "晚"
        checks.append(Check("exif_time", "eh", f"EXIF 拍摄时间比设备时间{side} {span(taken_at - piece.device_at)}"))
    elif piece.device_at is None and piece.server_at - taken_at > LATE_UPLOAD:
        checks.append(Check("exif_time", "eh", f"EXIF 拍摄时间在收到前 {span(piece.server_at - taken_at)}"))
    return checks


def _taken_at(piece: Evidence) -> datetime | None:
    """The moment of the EXIF, which names no zone: Beijing."""
    try:
        text = str(piece.exif.get("taken_at", ""))[:19]
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=BEIJING).astimezone(UTC)
    except ValueError:
        return None


def _twins(piece: Evidence, twins: Sequence[Twin]) -> list[Check]:
    """The closest twin elsewhere and the closest here; several shots of one thing here are nothing strange."""
    apart = next((twin for twin in twins if twin.piece.point_id != piece.point_id), None)
    here = next((twin for twin in twins if twin.piece.point_id == piece.point_id), None)
    checks = []
    if apart is not None:
        where = f" {apart.name} 的照片" if apart.name else "另一处火点的照片"
        words = f"与{where}相同" if apart.is_same_file else f"与{where}{apart.words}"
        checks.append(Check("same_file" if apart.is_same_file else "alike", "no", words))
    if here is not None:
        words = "与本处另一张相同" if here.is_same_file else f"与本处另一张{here.words}"
        checks.append(Check("same_here", "no" if here.is_same_file else "eh", words))
    return checks or [Check("no_twin", "ok", "无重复")]
