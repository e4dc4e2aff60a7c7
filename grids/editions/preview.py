"""The preview of an import, before anything is loaded: layers and columns, the cells on a map, a doubtful datum."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely

from grids.editions.border_files import Source, unreadable
from grids.editions.check import datum_findings
from grids.editions.columns import LEVEL_WORDS, PARENT_COLUMNS, Columns, code_of, empty_columns, text_of
from grids.editions.division_checks import DIGITS
from grids.editions.files import RawCell, Recall
from grids.editions.layers import Layer
from grids.roles import LEVELS, Level
from papers.encodings import FileError
from papers.layers import door

SAMPLE_ROWS: Final = 3
MOST_DRAWN: Final = 6000
_COLUMNS_TOLD = 60
_TOLERANCE_DEG = {Level.CITY: 8e-4, Level.COUNTY: 8e-4, Level.TOWNSHIP: 6e-4, Level.VILLAGE: 4e-4, Level.GROUP: 3e-4}


def source_facts(source: Source, *, file: str, recall: Recall, opening: door.Opening = door.USUAL) -> dict[str, Any]:
    """A layer in words: columns with samples, rows, CRS, and what its columns and its level seem to be."""
    layer = None if source.path.suffix.lower() == ".shp" else source.layer
    try:
        read = door.read_layer(
            source.path, layer=layer, encoding=source.encoding, most_rows=SAMPLE_ROWS, opening=opening
        )
    except FileError as error:
        raise unreadable(error, source.name) from error
    table = read.columns
    names = list(table)[:_COLUMNS_TOLD]
    used: set[str] = set()
    remembered = dict(recall(names))
    # The page asks per layer, so that a mapping of one level is told without its level.
    plain = {key.split(".")[-1]: column for key, column in remembered.items()}
    columns = Columns(names, plain, used, empty_columns(table))
    code, name = columns.find("code"), columns.find("name")
    parent = next((upper_column for field in reversed(PARENT_COLUMNS) if (upper_column := columns.find(field))), None)
    codes = [code_of(value, code) for value in table[code]] if code else []
    return {
        "file": file,
        "layer": source.name if source.path.name != file else (source.layer or ""),
        "label": source.name,
        "rows": read.features,
        "crs": str(read.crs or ""),
        "note": "；".join(filter(None, (source.note, *read.notes))),
        "columns": [
            {
                "name": column_name,
                "sample": "、".join(text_of(value)[:20] for value in table[column_name][:SAMPLE_ROWS]),
            }
            for column_name in names
        ],
        "guess": {
            "level": _level_guess(source, codes),
            "code": code or "",
            "name": name or "",
            "parent": plain.get("parent", ""),
            "parent_seen": parent or "",
            "level_column": columns.find("level") or "",
            "remembered": bool(remembered),
        },
    }


def _level_guess(source: Source, codes: Sequence[str]) -> str:
    """The level by the length of the codes, else by a word in the name of the layer; "" when neither says."""
    lengths = {len(code) for code in codes if code}
    for level in LEVELS:
        if lengths and lengths <= set(DIGITS[level]) and not (level == Level.CITY and lengths == {6}):
            return str(level)
    text = f"{source.layer or ''} {source.path.stem}".lower()
    levels = [
        level
        for word, level in sorted(LEVEL_WORDS.items(), key=lambda entry: -len(entry[0]))
        if len(word) > 1 and word in text
    ]
    return str(levels[0]) if levels else ""


def preview_collection(cells: Sequence[RawCell]) -> dict[str, Any]:
    """The cells as GeoJSON for the map, simplified; the lowest levels are left out when there are too many."""
    features: list[dict[str, Any]] = []
    for level in LEVELS:
        drawn = [cell for cell in cells if cell.level == level and cell.geometry is not None]
        if not drawn or len(features) + len(drawn) > MOST_DRAWN:
            continue
        shapes = np.array([cell.geometry for cell in drawn], dtype=object)
        plain = shapely.transform(shapely.simplify(shapes, _TOLERANCE_DEG[level]), lambda at: np.round(at, 5))
        for cell, text in zip(drawn, shapely.to_geojson(plain), strict=True):
            properties = {"code": cell.code, "name": cell.name, "level": str(level), "county": ""}
            features.append({"type": "Feature", "properties": properties, "geometry": json.loads(text)})
    return {"type": "FeatureCollection", "features": features}


def datum_doubts(cells: Sequence[RawCell], declared: str) -> list[str]:
    """The doubts about the declared datum, in words."""
    counties = [cell for cell in cells if cell.level == Level.COUNTY and cell.geometry is not None]
    if not counties:
        return []
    shapes = np.array([cell.geometry for cell in counties], dtype=object)
    layer = Layer(
        Level.COUNTY, [cell.code for cell in counties], [cell.name for cell in counties], [""] * len(counties), shapes
    )
    return [finding["message"] for finding in datum_findings(layer, declared)]
