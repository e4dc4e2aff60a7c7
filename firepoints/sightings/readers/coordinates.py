"""Coordinates as people write them: decimal or degrees, minutes and seconds, with every kind of mark, in one cell or two."""

from __future__ import annotations

import re
from typing import Any

from firepoints.sightings.readers.text import parse_number, plain

METRES_FROM = 10_000  # no slip of the decimal point in degrees; plane coordinates have six or seven digits
HEMISPHERE = {"E": 1, "东经": 1, "东": 1, "W": -1, "西经": -1, "西": -1}
HEMISPHERE |= {"N": 1, "北纬": 1, "北": 1, "S": -1, "南纬": -1, "南": -1}
LONGITUDE_MARKS = frozenset(("E", "W", "东经", "东", "西经", "西"))
MARK = "东经|西经|北纬|南纬|[东西南北EWNS]"
MARK_FIRST, MARK_LAST = re.compile(rf"(?:{MARK})[:：]?"), re.compile(rf"(?:{MARK})$")
AXIS_NAME = {"lon": re.compile(r"经度?[:：]?"), "lat": re.compile(r"纬度?[:：]?")}

# Signs that NFKC would take apart or that stand for another: ring, ordinal, acute, backtick, curly and modifier primes.
SIGNS = str.maketrans(
    {"º": "°", "˚": "°", "∘": "°", "ᵒ": "°", "´": "'", "`": "'", "‘": "'", "’": "'", "ʹ": "'", "′": "'", "“": '"',
     "”": '"', "ʺ": '"', "″": '"', "〃": '"', "度": "°", "分": "'", "秒": '"', "−": "-", "–": "-", "—": "-"}
)  # fmt: skip
D, M, S = r"(?P<d>\d{1,3}(?:\.\d+)?)", r"(?P<m>\d{1,2}(?:\.\d+)?)", r"(?P<s>\d{1,2}(?:\.\d+)?)"
DEGREES, SECONDS = rf"{D} ?[°O]", r" ?(?:\"|' ?')?"
# A mark or a blank parts minutes from seconds, or two digits each: 41°123 may be 41°12'3 or 41°1'23.
DMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{DEGREES}(?: ?{M} ?'?)?",
        rf"{DEGREES} ?{M}(?: ?' ?| ){S}{SECONDS}",
        rf"{DEGREES} ?(?P<m>\d{{2}})(?P<s>\d{{2}}(?:\.\d+)?){SECONDS}",
        rf"(?P<d>\d{{1,3}})(?P<by>[ :-])(?P<m>\d{{1,2}})(?P=by){S}",
    )
)
# 41.3.9 may be degrees, minutes and seconds, or a decimal with a slip: 40 km apart, so a person says which.
DOTTED = re.compile(r"-?\d{1,3}(?: ?[.。·・] ?\d+){2,} ?°?")
HIGHEST_M = 9000  # of a height behind the two axes
PAIR = re.compile(r"[,;、/|\s]+")
# 124d04m26.8s, as GPS programs and spreadsheets without a ring write it: the s is no South.
LETTERS = re.compile(r"(\d)\s*D\s*(?:(\d{1,2}(?:\.\d+)?)\s*M\s*(?:(\d{1,2}(?:\.\d+)?)\s*S)?)?", re.IGNORECASE)
LABEL = re.compile(
    r"[\"']?(?:(经[度°]?|东经|lon(?:gitude)?|lng|long|x(?=\s*[:=]))|(纬[度°]?|北纬|lat(?:itude)?|y(?=\s*[:=])))[\"']?\s*[:=为是]?\s*",
    re.IGNORECASE,
)
WKT_POINT = re.compile(r"(?:SRID=\d+;)?\s*POINT\s*(?:ZM|Z|M)?\s*\(\s*(\S+)\s+([^\s)]+)[^)]*\)", re.IGNORECASE)
GEOJSON_POINT = re.compile(r"\{.*\"coordinates\"\s*:\s*\[\s*([-\d.]+)\s*,\s*([-\d.]+).*\}")
GEOPOINT = re.compile(
    r"(-?\d+\.\d+) (-?\d+\.\d+) (-?\d+(?:\.\d+)?) (\d+(?:\.\d+)?)"
)  # latitude longitude altitude accuracy


def parse_coordinate(value: Any, axis: str) -> float | str | None:
    """Degrees of a decimal or DMS coordinate ("116°14'37.289\\"E") for `axis` ("lon" or "lat"); None if unreadable.

    Returns the string "swapped" when the text names the other axis (a latitude marked E), "dotted" for numbers that only
    dots part (41.3.9): both are codes of `reasons.REASONS`.
    """
    number = parse_number(value)
    if number is not None:
        return number
    text = plain(str(value).translate(SIGNS) if isinstance(value, str) else value).upper().translate(SIGNS)
    text = LETTERS.sub(_with_marks, text)
    text = AXIS_NAME[axis].sub("", text, count=1) if text[:1] in "经纬" else text
    text = text.strip().rstrip(",;、。")
    mark = MARK_FIRST.match(text) or MARK_LAST.search(text)
    sign = 1
    if mark:
        name = mark.group().rstrip(":：")
        if (name in LONGITUDE_MARKS) != (axis == "lon"):
            return "swapped"
        sign = HEMISPHERE[name]
        text = (text[: mark.start()] + text[mark.end() :]).strip()
    number = parse_number(text.rstrip("°"))
    if number is not None:
        return sign * number
    return _dms(text, sign)


def _with_marks(match: re.Match[str]) -> str:
    degree, minutes, seconds = match.groups()
    return f"{degree}°" + (f"{minutes}'" if minutes else "") + (f'{seconds}"' if seconds else "")


def _dms(text: str, sign: int) -> float | str | None:
    if DOTTED.fullmatch(text):
        return "dotted"
    if text.startswith("-"):
        sign, text = -sign, text[1:]
    match = next((match for pattern in DMS if (match := pattern.fullmatch(text))), None)
    if not match:
        return None
    parts = {"m": None, "s": None, **match.groupdict()}
    degrees, minutes, seconds = str(parts["d"]), parts["m"], parts["s"]
    # A fraction belongs to the last part alone: 116.5°14'30" is a slip of the pen.
    if (minutes is not None and "." in degrees) or (seconds is not None and "." in str(minutes)):
        return None
    if float(minutes or 0) >= 60 or float(seconds or 0) >= 60:
        return None
    return sign * (float(degrees) + float(minutes or 0) / 60 + float(seconds or 0) / 3600)


def in_parts(degrees: Any, minutes: Any, seconds: Any) -> str:
    """Degrees, minutes and seconds of three columns as one text, for `parse_coordinate` (empty parts are zero)."""
    parts = [plain(part) for part in (degrees, minutes, seconds)]
    if not any(parts[1:]):
        return parts[0]
    marks = ("°" if not re.search("[°度]", parts[0]) else "", "'", '"')
    bare = [re.sub("[°度'′分\"″秒]", "", part) for part in parts]
    return "".join((part or "0") + (mark or "°") for part, mark in zip(bare, marks, strict=True))


def split_pair(value: Any) -> tuple[str, str]:
    """(longitude, latitude) of one cell that holds both; ("", "") where it is not two coordinates that can be told apart.

    Their marks tell (E, N, 东经, 北纬), else that a longitude of China is above 90 and a latitude is not.
    """
    text = plain(str(value).translate(SIGNS) if isinstance(value, str) else value)
    for pattern in (WKT_POINT, GEOJSON_POINT):
        if match := pattern.fullmatch(text):
            return match[1], match[2]  # both write the longitude first
    if match := GEOPOINT.fullmatch(text):
        return match[2], match[1]
    if labelled := _labelled(text):
        return labelled
    text = text.strip("()[]")
    parts = [part for part in PAIR.split(text) if part]
    if len(parts) == 3 and (height := parse_number(parts[2])) is not None and 0 <= height < HIGHEST_M:
        parts = parts[:2]
    if len(parts) % 2:
        parts = [part for part in re.split(r"[,;、|]", text) if part.strip()]
    half = len(parts) // 2
    if half == 0 or len(parts) % 2:
        return "", ""
    first, second = " ".join(parts[:half]), " ".join(parts[half:])
    for lon, lat in ((first, second), (second, first)):
        x, y = parse_coordinate(lon, "lon"), parse_coordinate(lat, "lat")
        if isinstance(x, float) and isinstance(y, float) and (abs(x) > 90 >= abs(y) or _marked(lon, lat)):
            return lon, lat
    return "", ""


def _labelled(text: str) -> tuple[str, str] | None:
    """The axes of 经度：124.07 纬度：41.12, lon=124.07,lat=41.12, each named once before its number."""
    labels = list(LABEL.finditer(text.strip("()[]{}")))
    axes = ["lon" if match[1] else "lat" for match in labels]
    if sorted(axes) != ["lat", "lon"] or labels[0].start() != 0:
        return None
    text = text.strip("()[]{}")
    ends = [labels[1].start(), len(text)]
    values = [text[label.end() : end].strip(" ,;、/|，。\n") for label, end in zip(labels, ends, strict=True)]
    pair = dict(zip(axes, values, strict=True))
    is_read = all(isinstance(parse_coordinate(pair[axis], axis), float) for axis in ("lon", "lat"))
    return (pair["lon"], pair["lat"]) if is_read else None


def in_metres(value: Any) -> bool:
    """Whether a cell holds nothing but plane coordinates: two numbers of five digits or more."""
    numbers = [number for part in PAIR.split(plain(value).strip("()[]")) if (number := parse_number(part)) is not None]
    return len(numbers) == 2 and min(abs(number) for number in numbers) >= METRES_FROM


def _marked(lon: str, lat: str) -> bool:
    """Whether each text names its own axis (each would be "swapped" if read as the other)."""
    return parse_coordinate(lon, "lat") == "swapped" and parse_coordinate(lat, "lon") == "swapped"
