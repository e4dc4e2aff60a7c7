"""Values of a report as people and their programs write them: positions, areas, numbers. Each raises BadInput by its key."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from core.errors import BadInput, Missing
from firepoints.sightings.readers.coordinates import parse_coordinate, split_pair

MOST_MU = 100_000
"""Sixty-seven square kilometres: beyond it somebody wrote another unit."""
LIMITS = {"lon": 180.0, "lat": 90.0}
WORDS = {"lon": "经度", "lat": "纬度"}


def position_of(value: Any, where: str) -> tuple[float, float]:
    """(lon, lat) in WGS-84 degrees of [lon, lat], {"lon", "lat"} or one text; decimals or degrees, minutes and seconds.

    Raises Missing for a half that is not there, BadInput for what is no position.
    """
    if isinstance(value, str):
        pair: Mapping[str, Any] = dict(zip(LIMITS, split_pair(value), strict=True))
        if not pair["lon"]:
            raise BadInput("应为“经度, 纬度”，如 123.7712, 41.2935", where=where)
    elif isinstance(value, Mapping):
        pair = value
    elif isinstance(value, list | tuple) and len(value) == 2:
        pair = dict(zip(LIMITS, value, strict=True))
    else:
        raise BadInput("应为经度和纬度两个数", where=where)
    if lacking := [f"{where} {axis}".strip() for axis in LIMITS if pair.get(axis) in (None, "")]:
        raise Missing(lacking)
    return _degrees(pair["lon"], "lon", where), _degrees(pair["lat"], "lat", where)


def _degrees(value: Any, axis: str, where: str) -> float:
    degrees = None if isinstance(value, bool) else parse_coordinate(value, axis)
    if not isinstance(degrees, float | int) or abs(degrees) > LIMITS[axis]:
        raise BadInput(f"读不出{WORDS[axis]}“{str(value)[:40]}”", where=f"{where} {axis}".strip())
    return float(degrees)


def mu_of(value: Any, where: str) -> Decimal | None:
    """A burnt area in 亩, to a hundredth; None where none is given."""
    if value in (None, ""):
        return None
    try:
        mu = Decimal(str(value).strip().removesuffix("亩").strip())
    except InvalidOperation:
        raise BadInput(f"面积应为亩数，如 3.5；不是“{str(value)[:40]}”", where=where) from None
    if not (mu.is_finite() and Decimal("0.01") <= mu <= MOST_MU):
        raise BadInput(f"面积应在 0.01 到 {MOST_MU} 亩之间", where=where)
    return mu.quantize(Decimal("0.01"))


def moment_of(value: Any, where: str) -> datetime | None:
    """A moment in UTC of a text in ISO 8601 with its zone; None where none is given."""
    if value in (None, ""):
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        if moment.tzinfo is not None and 1970 <= moment.year < 9999:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadInput("时间应为 ISO 8601，带时区，如 2023-10-07T15:10:00+08:00", where=where)


YES, NO = frozenset(("true", "yes", "1", "是", "新")), frozenset(("false", "no", "0", "否", "不是"))


def yes_or_no(value: Any, where: str) -> bool | None:
    """The answer of a question; None where it is not answered."""
    text = str(value if value is not None else "").strip().lower()
    if not text:
        return None
    if text not in YES | NO:
        raise BadInput("应为 true 或 false", where=where)
    return text in YES
