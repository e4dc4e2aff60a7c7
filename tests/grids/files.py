"""Small border files made by hand."""

import json
from pathlib import Path
from typing import Any

import shapely

Feature = dict[str, Any]


def box(left: float, low: float, right: float, high: float) -> Any:
    """A rectangle as GeoJSON geometry."""
    return json.loads(shapely.to_geojson(shapely.box(left, low, right, high)))


def feature(geometry: Any, **properties: Any) -> Feature:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write(path: Path, *features: Feature, crs: str | None = None) -> Path:
    """A GeoJSON file; `crs` is an OGC URN."""
    content: dict[str, Any] = {"type": "FeatureCollection", "features": list(features)}
    if crs:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def two_counties(folder: Path) -> Path:
    """甲县 west and 乙县 east of 123.8°E, 41.2–41.4°N."""
    return write(
        folder / "county.geojson",
        feature(box(123.7, 41.2, 123.8, 41.4), code="210590", name="甲县"),
        feature(box(123.8, 41.2, 123.9, 41.4), code="210591", name="乙县"),
    )
