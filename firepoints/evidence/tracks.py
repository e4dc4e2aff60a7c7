"""Reading a search track as an app exports it: GPX, KML or KMZ, TCX, GeoJSON, a plain list. Pure: bytes in, positions out.

XML is read by its track points alone: no parser of XML meets a stranger's file.
"""

import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, Final

from papers.encodings import FileError, decode

LEAST_POSITIONS: Final = 2
MOST_POSITIONS: Final = 20_000
"""What is measured: a whole day with one position every five seconds. Of a denser track every second, third … one is."""
MOST_IN_FILE: Final = 500_000
"""Five days with one position a second."""
_KMZ_BYTES: Final = 60_000_000
USE: Final = "请在 App 里导出 GPX、KML、TCX 或 GeoJSON 轨迹再上传"
_GPX_POINT = re.compile(r"<(?:\w+:)?(?:trkpt|rtept)\b([^>]*)>")
_GPX_MARK = re.compile(r"<(?:\w+:)?wpt\b")
_ATTRIBUTE = re.compile(r"""\b(lat|lon)\s*=\s*["']\s*([-+0-9.eE]+)\s*["']""")
_KML_LINE = re.compile(r"<(?:\w+:)?LineString\b[^>]*>(.*?)</(?:\w+:)?LineString>", re.DOTALL)
_KML_COORDINATES = re.compile(r"<(?:\w+:)?coordinates\b[^>]*>([^<]*)<")
_KML_TRACK_POINT = re.compile(r"<(?:\w+:)?coord\b[^>]*>([^<]*)<")
_TCX_POINT = re.compile(
    r"<(?:\w+:)?Position\b[^>]*>\s*<(?:\w+:)?LatitudeDegrees>([^<]*)</(?:\w+:)?LatitudeDegrees>\s*"
    r"<(?:\w+:)?LongitudeDegrees>([^<]*)<"
)
_OTHERS: Final = (
    (b"\xff\xd8\xff", "照片"), (b"\x89PNG", "图片"), (b"%PDF-", "PDF"), (b"$GP", "NMEA 原始记录"), (b"$GN", "NMEA 原始记录"),
    (b"OziExplorer", "OziExplorer 轨迹（.plt）"), (b"SQLite format 3", "数据库"), (b"\x1f\x8b", "压缩文件"),
    (b"Rar!", "压缩包"), (b"7z\xbc\xaf", "压缩包"),
)  # fmt: skip
MOST_WRONG: Final = 0.01  # of the positions of a track; one alone may always be
_LINES: Final = ("LineString", "MultiLineString")
Place = tuple[float, float]


class NotATrack(ValueError):
    """The bytes are no track; the reason is in words for people."""


def read_track(content: bytes) -> list[Place]:
    """The positions (lon, lat; WGS-84 degrees) in order, at least two and at most MOST_POSITIONS.

    JSON: GeoJSON (LineString, MultiLineString, alone or in features), [[lon, lat, …], …] or {"points": [{"lon", "lat"}]}.
    A position that is empty, or 0, 0 (a receiver without a fix), is left out, and so is one that is nowhere on earth, unless
    more than one in a hundred are. Raises NotATrack.
    """
    text = _text(content)
    is_xml = text.lstrip().startswith("<")
    stated = [place for place in (_xml(text) if is_xml else _json(text)) if place != (0.0, 0.0)]
    positions = [place for place in stated if _is_on_earth(place)]
    if len(stated) - len(positions) > max(MOST_WRONG * len(stated), 1) or (stated and len(positions) < LEAST_POSITIONS):
        lon, lat = next((place for place in stated if not _is_on_earth(place)), stated[0])
        raise NotATrack(f"轨迹里的位置 {lon}, {lat} 不是经纬度" if len(stated) > len(positions) else _too_few(text))
    if len(positions) < LEAST_POSITIONS:
        raise NotATrack(_too_few(text))
    if len(positions) > MOST_IN_FILE:
        raise NotATrack(f"轨迹有 {len(positions)} 个位置，最多 {MOST_IN_FILE} 个，请分段上传")
    return _thinned(positions)


def _is_on_earth(place: Place) -> bool:
    lon, lat = place
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90


def _thinned(positions: list[Place]) -> list[Place]:
    """Every second, third … position, so that no more than MOST_POSITIONS are left, and the last one. Gaps stay gaps: what
    is left out lies between its neighbours."""
    step = math.ceil(len(positions) / (MOST_POSITIONS - 1))
    return positions if len(positions) <= MOST_POSITIONS else [*positions[:-1:step], positions[-1]]


def _text(content: bytes) -> str:
    """The text of the file, whatever encoding it is in; a KMZ gives its KML."""
    if content[8:12] == b".FIT":
        raise NotATrack(f"这是运动手表的 FIT 轨迹，读不了；{USE}")
    if content[:4] == b"PK\x03\x04":
        content = _kml_in(content)
    name = next((word for mark, word in _OTHERS if content.lstrip().startswith(mark)), "")
    if name:
        raise NotATrack(f"这是{name}，不是轨迹；{USE}")
    try:
        return decode(content)[0]
    except FileError as error:
        raise NotATrack(f"轨迹文件读不出文字（{error.what}）；{USE}") from None


def _kml_in(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".kml")]
            if not names:
                raise NotATrack(f"压缩包里没有 KML 轨迹；{USE}")
            with archive.open(min(names, key=lambda name: (name.count("/"), name))) as packed:
                kml = packed.read(_KMZ_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError) as error:
        raise NotATrack(f"压缩包打不开；{USE}") from error
    if len(kml) > _KMZ_BYTES:
        raise NotATrack("压缩包解开后太大，不像轨迹")
    return kml


def _too_few(text: str) -> str:
    if _GPX_MARK.search(text) or (_KML_COORDINATES.search(text) and not _KML_LINE.search(text)):
        return f"文件里只有标注点，没有轨迹；{USE}"
    return "轨迹至少要有两个位置（GPX、KML、TCX、GeoJSON 或 [[经度, 纬度], …]）"


def _xml(text: str) -> Iterator[Place]:
    """The positions of a GPX, a KML (its lines, or its tracks) or a TCX; points without a position are left out."""
    for match in _GPX_POINT.finditer(text):
        attributes = dict(_ATTRIBUTE.findall(match[1]))
        yield from _place(attributes.get("lon", ""), attributes.get("lat", ""))
    for line in _KML_LINE.finditer(text):
        for coordinates in _KML_COORDINATES.finditer(line[1]):
            for word in coordinates[1].split():
                yield from _place(*word.split(",")[:2])
    for match in _KML_TRACK_POINT.finditer(text):
        yield from _place(*match[1].split()[:2])
    for match in _TCX_POINT.finditer(text):
        yield from _place(match[2], match[1])


def _place(lon: str = "", lat: str = "") -> Iterator[Place]:
    try:
        yield float(lon), float(lat)
    except ValueError:
        return


def _json(text: str) -> list[Place]:
    try:
        whole = json.loads(text)
        positions = list(_positions(whole, lines_alone=True))
        return positions or list(_positions(whole, lines_alone=False))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotATrack(f"轨迹文件读不出位置；{USE}") from None


def _positions(value: Any, *, lines_alone: bool) -> Iterator[Place]:
    """The positions in a JSON. With `lines_alone` those of its lines: what else is marked beside a track is none of it."""
    if value is None:
        return
    if isinstance(value, dict):
        yield from _of_object(value, lines_alone)
    elif value and isinstance(value[0], int | float):
        yield float(value[0]), float(value[1])
    else:
        for part in value:
            yield from _positions(part, lines_alone=lines_alone)


def _of_object(value: dict[str, Any], lines_alone: bool) -> Iterator[Place]:
    for name in ("features", "geometries", "points"):
        if name in value:
            yield from _positions(value[name], lines_alone=lines_alone)
            return
    if "geometry" in value:
        yield from _positions(value["geometry"], lines_alone=lines_alone)
    elif "coordinates" in value:
        if not lines_alone or value.get("type") in _LINES:
            yield from _positions(value["coordinates"], lines_alone=False)
    elif value.get("lon") is not None and value.get("lat") is not None:
        yield float(value["lon"]), float(value["lat"])
