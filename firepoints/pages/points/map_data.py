"""Fire points as GeoJSON for the maps: WGS-84, lon lat. Everything here was scoped by the caller."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from django.utils import timezone
from shapely.geometry.base import BaseGeometry

from core.errors import Refused
from firepoints.grouping.cuts import Part
from firepoints.models import Attribution, Detection, Evidence, FirePoint, Source
from firepoints.sightings import footprints
from grids import locating
from grids import selectors as grids
from grids.geo.edition_index import EditionIndex
from grids.geo.footprint import metres_per_degree

VIEW_M = 9000.0
"""How far around the footprints borders and cells are drawn: as far as a wide screen shows."""
CUT_MARGIN = 0.0009
"""Degrees, some hundred metres: the ring of a proposed part runs outside its dots."""
_DECIMALS = 6

Feature = dict[str, Any]


def collection(features: Iterable[Feature]) -> dict[str, Any]:
    """A FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def feature(geometry: BaseGeometry | None, **properties: Any) -> Feature:
    """One feature; coordinates to a decimetre, which is finer than any of our sensors."""
    shape = None
    if geometry is not None and not geometry.is_empty:
        # Not set_precision: that would move a border by snapping; these are only printed digits.
        shape = shapely.geometry.mapping(shapely.transform(geometry, lambda xy: np.round(xy, _DECIMALS)))
    return {"type": "Feature", "geometry": shape, "properties": properties}


def detail_features(
    point: FirePoint,
    detections: Sequence[Detection],
    photos: Sequence[Evidence],
    numbers: Mapping[int, int],
    parts: Sequence[Part] = (),
) -> list[Feature]:
    """One fire's map: pixels, positions, counties with their shares, borders, cells, numbered photos, and the parts into
    which it might be divided."""
    shapes = [footprints.footprint_of(detection) for detection in detections]
    features = [
        feature(shape, role="footprint", official=is_official(detection), label=detection_label(detection))
        for detection, shape in zip(detections, shapes, strict=True)
    ]
    features += [
        feature(shapely.Point(detection.lon, detection.lat), role="detection", label=detection_label(detection))
        for detection in detections
    ]
    features += _cuts(detections, parts)
    index = _index_of(point.attribution)
    if index is not None and shapes and point.attribution is not None:
        features += _around(index, point.attribution, shapely.union_all(shapes))
    for photo in photos:
        if photo.lon is not None and photo.lat is not None:
            is_inside = photo.footprint_distance_m == 0 if photo.footprint_distance_m is not None else None
            features.append(
                feature(shapely.Point(photo.lon, photo.lat), role="photo", n=numbers[photo.pk], inside=is_inside)
            )
    return features


def _cuts(detections: Sequence[Detection], parts: Sequence[Part]) -> list[Feature]:
    """A ring around the positions of each proposed part."""
    at = {detection.pk: (detection.lon, detection.lat) for detection in detections}
    rings = [shapely.convex_hull(shapely.multipoints([at[pk] for pk in part.ids])).buffer(CUT_MARGIN) for part in parts]
    return [
        feature(ring, role="cut", n=number, label=f"建议第 {number} 处{f'：{part.reason}' if part.reason else ''}")
        for number, (ring, part) in enumerate(zip(rings, parts, strict=True), 1)
    ]


def is_official(detection: Detection) -> bool:
    """Whether the sighting is more than a lead: drawn solid, leads dashed."""
    return detection.source.source_class != Source.Class.LEAD


def detection_label(detection: Detection) -> str:
    """Source or satellite and the minute in Beijing, as the map says it."""
    at = timezone.localtime(detection.starts_at)
    minute = f"{at:%m-%d %H:%M}" if detection.precision == "instant" else f"{at:%m-%d}"
    return f"{detection.satellite or detection.source.name} {minute}"


def _index_of(attribution: Attribution | None) -> EditionIndex | None:
    if attribution is None:
        return None
    try:
        return locating.index_for(attribution.edition)
    except Refused:
        return None


def _around(index: EditionIndex, attribution: Attribution, site: BaseGeometry) -> list[Feature]:
    """Counties with their shares, the borders between them and the finest cells, cut to the surroundings."""
    view = _view(site)
    shares = {candidate["code"]: candidate["share"] for candidate in attribution.candidates}
    counties = _cut(index, "county", view)
    names = grids.cell_names(attribution.edition, [code for code, _ in counties])
    features = [
        feature(shape, role="county", name=names.get(code, code), share=shares.get(code, 0.0))
        for code, shape in counties
    ]
    borders = [shape.boundary.intersection(view.buffer(-1e-7)) for _, shape in counties]
    if borders:
        features.append(feature(shapely.line_merge(shapely.union_all(borders)), role="county_border"))
    finest = next((level for level in ("village", "township") if level in index.locators), "")
    if finest:
        features += [feature(shape, role="cell") for _, shape in _cut(index, finest, view)]
    return features


def _view(site: BaseGeometry) -> BaseGeometry:
    west, south, east, north = site.bounds
    per_lon, per_lat = metres_per_degree((south + north) / 2)
    by_lon, by_lat = VIEW_M / float(per_lon), VIEW_M / float(per_lat)
    return shapely.box(west - by_lon, south - by_lat, east + by_lon, north + by_lat)


def _cut(index: EditionIndex, level: str, view: BaseGeometry) -> list[tuple[str, BaseGeometry]]:
    """(code, the part of the cell inside `view`) of every cell of a level that reaches into it."""
    locator = index.locators[level]
    near = shapely.intersects(locator.geometries, view).nonzero()[0]
    return [(locator.codes[at], shapely.intersection(locator.geometries[at], view)) for at in near.tolist()]
