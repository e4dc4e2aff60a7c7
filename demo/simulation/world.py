"""A whole world from a seed, and its folder: files, script, truth. docs/simulation.md describes the format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import shapely

from demo.simulation import people, reports, writing
from demo.simulation.fires import Fire, fires_of
from demo.simulation.land import LEVELS, Land
from demo.simulation.orbits import passes
from demo.simulation.params import DAYS, DENSITIES, HEAT, FireParams, ListParams, PatrolParams
from demo.simulation.reports import Paper, Row
from demo.simulation.sensing import Pixel, sense

FORMAT = "jinshao-world/1"
FIRST = date(2023, 10, 15)


@dataclass(frozen=True)
class World:
    """Everything that happened, in memory."""

    seed: int
    density: str
    land: Land
    fires: list[Fire]
    pixels: list[Pixel]
    papers: list[Paper]
    acts: list[people.Act]


def build(*, seed: int, fires: int, density: str, land: Land, first: date = FIRST) -> World:
    """The world of a seed. Raises KeyError for an unknown density, ValueError when there is no room for so many fires."""
    truth = fires_of(
        seed=seed, land=land, number=fires, close_share=DENSITIES[density], first=first, params=FireParams()
    )
    centre = shapely.centroid(land.whole)
    pixels = sense(seed, land, truth, passes(seed, first, DAYS + 2, centre.x, centre.y))
    papers = [
        *reports.downloads(pixels),
        *reports.lists(seed, land, pixels, ListParams()),
        *reports.patrols(seed, land, truth, PatrolParams()),
    ]
    papers.sort(key=lambda paper: (paper.arrives, paper.name))
    return World(seed, density, land, truth, pixels, papers, people.acts_of(seed, papers))


def write(world: World, out: Path) -> None:
    """Write a world's folder. Byte for byte the same for the same world."""
    for folder in ("files", "cells"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for paper in world.papers:
        (out / "files" / paper.name).write_bytes(writing.content(paper))
    for level in LEVELS:
        _write_cells(world.land, level, out / "cells" / f"{level}.geojson")
    _json(out / "world.json", _manifest(world))
    _json(out / "truth.json", {"fires": [_fire(o) for o in world.fires], "heat": _heat(), "rows": list(_rows(world))})
    lines = [json.dumps(act, ensure_ascii=False) for act in world.acts]
    (out / "acts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_truth(world, out / "truth.gpkg")


def _manifest(world: World) -> dict[str, Any]:
    files = [
        {
            "name": f"files/{paper.name}",
            "source": paper.source,
            "arrives": paper.arrives.isoformat(),
            "issuer": paper.issuer,
            "period": paper.period,
            "list_no": paper.list_no,
        }
        for paper in world.papers
    ]
    return {
        "format": FORMAT,
        "made_by": {"seed": world.seed, "density": world.density, "fires": len(world.fires)},
        "datum": "wgs84",
        "cells": {level: f"cells/{level}.geojson" for level in LEVELS},
        "counties": {code: name for code, name, _, _ in world.land.cells["county"]},
        "files": files,
    }


def _fire(fire: Fire) -> dict[str, Any]:
    return {
        "id": fire.id,
        "straw": fire.straw,
        "starts": fire.starts.isoformat(),
        "ends": fire.ends.isoformat(),
        "lon": fire.lon,
        "lat": fire.lat,
        "power_mw": fire.power_mw,
        "area_mu": fire.area_mu,
        "counties": fire.counties,
        "village": fire.village,
        "border_m": fire.border_m,
        "kind": fire.kind,
        "of": fire.of,
    }


def _heat() -> list[dict[str, Any]]:
    return [{"id": works.name, "lon": works.lon, "lat": works.lat} for works in HEAT]


def _rows(world: World) -> list[dict[str, Any]]:
    return [_row(paper, at, row) for paper in world.papers for at, row in enumerate(paper.rows)]


def _row(paper: Paper, at: int, row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "file": f"files/{paper.name}",
        "row": writing.first_line(paper) + at,
        "at": row.at.isoformat(),
        "lon": row.lon,
        "lat": row.lat,
        "main": row.main,
        "heat": row.heat,
        "charges": row.charges,
        "readable": row.readable,
        "datum": row.datum,
        "pixel": [row.scan_km, row.track_km, row.heading_deg, row.error_m],
    }


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _write_cells(land: Land, level: str, path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name, "parent": parent},
            "geometry": json.loads(shapely.to_geojson(area)),
        }
        for code, name, parent, area in land.cells[level]
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_truth(world: World, path: Path) -> None:
    import geopandas
    import pyogrio

    # GDAL stamps the hour of writing into a GeoPackage unless told which.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    path.unlink(missing_ok=True)
    try:
        rows = [{**_fire(fire), "counties": json.dumps(fire.counties)} for fire in world.fires]
        burnt = geopandas.GeoDataFrame(rows, geometry=[fire.burnt for fire in world.fires], crs="EPSG:4326")
        burnt.to_file(path, layer="fires", driver="GPKG", engine="pyogrio")
        spots = [shapely.Point(works["lon"], works["lat"]) for works in _heat()]
        geopandas.GeoDataFrame(_heat(), geometry=spots, crs="EPSG:4326").to_file(
            path, layer="heat", driver="GPKG", engine="pyogrio"
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
