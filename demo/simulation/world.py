"""A whole world from a seed, and its folder: files, script, truth. docs/simulation.md describes the format."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely

from demo.simulation import issuers, people, reports, writing
from demo.simulation.afterwards import afterwards
from demo.simulation.families import family_fires
from demo.simulation.fires import Fire, fires_of
from demo.simulation.land import LEVELS, Land
from demo.simulation.orbits import passes
from demo.simulation.params import DAYS, DENSITIES, HEAT, FamilyParams, FireParams, ListParams, PatrolParams
from demo.simulation.recipe import PLAIN, RULE_START, Recipe
from demo.simulation.reports import Paper, Row
from demo.simulation.sensing import Pixel, sense

FORMAT = "jinshao-world/{version}"


@dataclass(frozen=True)
class World:
    """Everything that happened, in memory."""

    seed: int
    density: str
    recipe: Recipe
    land: Land
    fires: list[Fire]
    pixels: list[Pixel]
    papers: list[Paper]
    acts: list[people.Act]
    denying: str = ""


def build(*, seed: int, fires: int, density: str, land: Land, recipe: Recipe = PLAIN) -> World:
    """The world of a seed. Raises KeyError for an unknown density, ValueError when there is no room for so many fires."""
    first, params = recipe.first, FamilyParams() if recipe.has_families else None
    truth = fires_of(
        seed=seed, land=land, number=fires, close_share=DENSITIES[density], first=first, params=FireParams()
    )
    centre = shapely.centroid(land.whole)
    flights = passes(seed, first, DAYS + 2, centre.x, centre.y)
    if params:
        truth += family_fires(seed=seed, land=land, fires=truth, flights=flights, first=first, params=params)
    pixels = sense(seed, land, truth, flights)
    papers = [
        *reports.downloads(pixels),
        *issuers.lists(seed, land, pixels, ListParams(), recipe.style, params),
        *reports.patrols(seed, land, truth, PatrolParams()),
    ]
    acts: list[people.Act] = []
    if params:
        papers, acts = afterwards(seed=seed, land=land, fires=truth, papers=papers, first=first, params=params)
        papers = _named_by_family(papers, truth)
    papers.sort(key=lambda paper: (paper.arrives, paper.name))
    denials = people.Denials.drawn(seed, recipe, truth, papers)
    acts += people.acts_of(seed, papers, recipe, truth, denials)
    acts.sort(key=lambda act: (act["at"], act["do"], act.get("row", "")))
    return World(seed, density, recipe, land, truth, pixels, papers, acts, denials.county)


def _named_by_family(papers: list[Paper], fires: list[Fire]) -> list[Paper]:
    """The papers, with each row that nothing else went wrong with named by the sort of its fire."""
    kinds = {fire.id: fire.kind for fire in fires}
    return [
        replace(paper, rows=tuple(replace(row, family=row.family or kinds.get(row.main, "")) for row in paper.rows))
        for paper in papers
    ]


def write(world: World, out: Path) -> None:
    """Write a world's folder. Byte for byte the same for the same world."""
    for folder in ("files", "cells"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for paper in world.papers:
        if paper.again:
            continue
        (out / "files" / paper.name).write_bytes(writing.content(paper))
    for level in LEVELS:
        _write_cells(world.land, level, out / "cells" / f"{level}.geojson")
    _json(out / "world.json", _manifest(world))
    denying = {"denying": world.denying} if world.denying else {}
    fires = [_fire(fire) for fire in world.fires]
    _json(out / "truth.json", {"fires": fires, "heat": _heat(), "rows": list(_rows(world)), **denying})
    lines = [json.dumps(act, ensure_ascii=False) for act in world.acts]
    (out / "acts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_truth(world, out / "truth.gpkg")


def _manifest(world: World) -> dict[str, Any]:
    recipe = world.recipe
    made_by = {"seed": world.seed, "density": world.density, "fires": len(world.fires)}
    if recipe.has_families:
        made_by |= {"style": recipe.style, "mix": recipe.mix}
    return {
        "format": FORMAT.format(version=2 if recipe.has_families else 1),
        "made_by": made_by,
        "datum": "wgs84",
        **({"charged_from": RULE_START.isoformat()} if recipe.has_families else {}),
        "cells": {level: f"cells/{level}.geojson" for level in LEVELS},
        "counties": {code: name for code, name, _, _ in world.land.cells["county"]},
        "files": [_file(paper) for paper in world.papers],
    }


def _file(paper: Paper) -> dict[str, Any]:
    more = {
        name: f"files/{value}" for name, value in (("supersedes", paper.supersedes), ("again", paper.again)) if value
    }
    return {
        "name": f"files/{paper.name}",
        "source": paper.source,
        "arrives": paper.arrives.isoformat(),
        "issuer": paper.issuer,
        "period": paper.period,
        "list_no": paper.list_no,
        **more,
        **({"datum": paper.datum} if paper.datum else {}),
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
    rows = [_row(paper, at, row) for paper in world.papers for at, row in enumerate(paper.rows)]
    if not world.recipe.has_families:
        return rows
    sources = [row for paper in world.papers for row in paper.rows]
    return [entry | _of_format_2(row) for entry, row in zip(rows, sources, strict=True)]


def _of_format_2(row: Row) -> dict[str, Any]:
    says = {"says": [moment.isoformat() for moment in row.says]} if row.says else {}
    return says | ({"family": row.family} if row.family else {})


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
