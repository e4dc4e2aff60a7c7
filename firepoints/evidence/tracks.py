"""Reading a search track: GeoJSON, a plain list of positions, or GPX. Pure: bytes in, positions out."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

LEAST_POSITIONS = 2
# A whole day with one position every five seconds; the distance of each to the footprint is worked out on the spot.
MOST_POSITIONS = 20_000
_GPX_POINT = re.compile(r"<(?:\w+:)?(?:trkpt|rtept)\b([^>]*)>")
_ATTRIBUTE = re.compile(r"""\b(lat|lon)\s*=\s*["']\s*([-+0-9.eE]+)\s*["']""")


class NotATrack(ValueError):
    """The bytes are no track; the reason is in words for people."""


def read_track(content: bytes) -> list[tuple[float, float]]:
    """The positions (lon, lat; WGS-84 degrees) in order, at least two.

    JSON: GeoJSON (LineString, MultiLineString, alone or in features), [[lon, lat, …], …] or {"points": [{"lon", "lat"}]}.
    GPX is read by its track points alone: no XML parser meets a stranger's file. Raises NotATrack.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotATrack("轨迹文件不是 UTF-8 文本") from None
    positions = list(_gpx(text) if text.lstrip().startswith("<") else _json(text))
    if len(positions) < LEAST_POSITIONS:
        raise NotATrack("轨迹至少要有两个位置（GeoJSON、GPX 或 [[经度, 纬度], …]）")
    if len(positions) > MOST_POSITIONS:
        raise NotATrack(f"轨迹有 {len(positions)} 个位置，最多 {MOST_POSITIONS} 个，请分段上传")
    for lon, lat in positions:
        if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
            raise NotATrack(f"轨迹里的位置 {lon}, {lat} 不是经纬度")
    return positions


def _gpx(text: str) -> Iterator[tuple[float, float]]:
    for match in _GPX_POINT.finditer(text):
        named = dict(_ATTRIBUTE.findall(match[1]))
        try:
            yield float(named["lon"]), float(named["lat"])
        except (KeyError, ValueError):
            raise NotATrack("轨迹点没有经纬度") from None


def _json(text: str) -> Iterator[tuple[float, float]]:
    try:
        return iter(list(_positions(json.loads(text))))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotATrack("轨迹文件读不出位置") from None


def _positions(value: Any) -> Iterator[tuple[float, float]]:
    if isinstance(value, dict):
        for name in ("features", "geometries", "points"):
            if name in value:
                for part in value[name]:
                    yield from _positions(part)
                return
        if "geometry" in value:
            yield from _positions(value["geometry"])
        elif "coordinates" in value:
            yield from _positions(value["coordinates"])
        else:
            yield float(value["lon"]), float(value["lat"])
    elif value and isinstance(value[0], int | float):
        yield float(value[0]), float(value[1])
    else:
        for part in value:
            yield from _positions(part)
