"""Cells as GeoJSON for maps: simplified, rounded, kept in the cache by the edition's content. 示意图，不作划界依据."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import shapely
from django.core.cache import cache

from grids.editions.check import load_layer
from grids.models import Edition
from grids.roles import LEVELS, Level
from grids.selectors import Scope

_FORMAT = 1
# Degrees; about what one screen pixel covers where the level is first looked at.
_TOLERANCE = {
    Level.CITY: 0.0008,
    Level.COUNTY: 0.0008,
    Level.TOWNSHIP: 0.0006,
    Level.VILLAGE: 0.0004,
    Level.GROUP: 0.0003,
}
_DECIMALS = 5

Piece = tuple[str, str]
"""The county's code ("" above the counties) and the feature as JSON text."""


def etag(edition: Edition, levels: Sequence[str], scope: Scope) -> str:
    """A strong tag of what `feature_collection` answers for these arguments."""
    counties = "*" if scope.everything else ",".join(sorted(scope.counties))
    text = f"{_FORMAT} {edition.content_hash} {','.join(levels)} {counties}"
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def feature_collection(edition: Edition, levels: Sequence[str], scope: Scope) -> str:
    """The cells of these levels as a GeoJSON text, properties {code, name, level, county}.

    Outlines of cities and counties are shown to every scope that sees anything; what is inside a county only to a scope
    that covers it. The empty scope gets no feature.
    """
    outlines = (Level.CITY, Level.COUNTY)
    features = [
        text
        for level in levels
        for county, text in _pieces(edition, level)
        if scope and (level in outlines or scope.covers(county))
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'


def _pieces(edition: Edition, level: str) -> list[Piece]:
    key = f"cells:{_FORMAT}:{edition.content_hash}:{level}"
    pieces: list[Piece] | None = cache.get(key)
    if pieces is None:
        pieces = _make(edition, level)
        cache.set(key, pieces, timeout=None)
    return pieces


def _make(edition: Edition, level: str) -> list[Piece]:
    layer = load_layer(edition, level)
    drawn = layer.drawn()
    if not len(drawn):
        return []
    # As a coverage, so that neighbours keep one border between them.
    shapes = shapely.coverage_simplify(layer.shapes[drawn], _TOLERANCE[Level(level)])
    shapes = shapely.transform(shapes, lambda at: np.round(at, _DECIMALS))
    county_of = _counties(edition, level)
    pieces = []
    for at, geometry in zip(drawn.tolist(), shapely.to_geojson(shapes), strict=True):
        code = layer.codes[at]
        county = county_of.get(code, "")
        properties = json.dumps(
            {"code": code, "name": layer.names[at], "level": level, "county": county}, ensure_ascii=False
        )
        pieces.append((county, f'{{"type":"Feature","properties":{properties},"geometry":{geometry}}}'))
    return pieces


def _counties(edition: Edition, level: str) -> dict[str, str]:
    """The county of each cell of a level: itself, or up to three steps above."""
    steps = LEVELS.index(Level(level)) - LEVELS.index(Level.COUNTY)
    if steps < 0:
        return {}
    paths = ["__".join(["parent"] * above + [""]) if above else "" for above in range(steps + 1)]
    rows = edition.cells.filter(level=level).values_list(
        "code", *(f"{path}level" for path in paths), *(f"{path}code" for path in paths)
    )
    counties = {}
    for code, *above in rows:
        pairs = zip(above[: len(paths)], above[len(paths) :], strict=True)
        counties[code] = next((upper for upper_level, upper in pairs if upper_level == Level.COUNTY), "")
    return counties
