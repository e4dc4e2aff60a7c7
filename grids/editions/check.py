"""The check of an edition before it is activated: does it leave a dead corner, does anything lie twice, is it where it
says it is, is it called what the division table calls it, does it cover what the last one covered? (C2)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely

from core.errors import Refused
from grids.editions.changes import previous_edition
from grids.editions.coverage_checks import Finding, against_parents, cell_finding, odd_shapes, of_one_level, place_of
from grids.editions.division_checks import code_findings, division_findings
from grids.editions.layers import Layer, Shapes, load_layer, load_layers
from grids.geo.areas import area_m2
from grids.geo.datum import DATUM_NAMES
from grids.geo.datum_check import datum_fit
from grids.geo.outlines import all_outlines
from grids.models import Division, Edition
from grids.roles import Level

__all__ = [
    "ERRORS",
    "LABELS",
    "LACKS",
    "WARNINGS",
    "Layer",
    "check_layers",
    "edition_check",
    "load_layer",
    "load_layers",
]

ERRORS: Final[Mapping[str, str]] = {
    "gaps": "缝隙",
    "overlaps": "重叠",
    "outside_parent": "超出上级",
    "orphans": "没有上级",
    "duplicates": "重名或重形",
    "datum": "坐标系可疑",
}
"""A fire could belong to nobody, to two, or to a neighbour."""
LACKS: Final[Mapping[str, str]] = {"no_name": "没有名称", "no_polygon": "没有图形"}
WARNINGS: Final[Mapping[str, str]] = {
    "not_covered": "比上一版少",
    "bad_codes": "代码不合规",
    "names_differ": "与区划表名称不同",
    "not_in_table": "区划表里没有",
    "not_in_edition": "区划表里有、边界里没有",
    "multi_part": "由几块组成",
    "slivers": "细长碎块",
}
LABELS: Final[Mapping[str, str]] = {**ERRORS, **LACKS, **WARNINGS}
SHARE_SAME_PLACE: Final = 0.5
"""A county whose code no outline has is the county with which it shares more than half of the ground of both."""
COVER_TOLERANCE_M2: Final = 1_000.0
SHAPE_VERTICES: Final = 200

Progress = Callable[[str, int, int], None]


def edition_check(*, name: str, progress: Progress | None = None, with_shapes: bool = False) -> dict[str, Any]:
    """The report of the check of an edition; nothing is written.

    Returns `ok` (no finding under ERRORS; a datum that only a few counties make doubtful is told and does not count),
    `cells` by level, `counts` and the lists of findings of ERRORS and LACKS, and under `warnings` those of WARNINGS; each
    with level, codes, place [lon, lat] and area. `with_shapes` adds the ground of each as GeoJSON of at most SHAPE_VERTICES
    vertices. Raises Refused("no_edition").
    """
    edition = Edition.objects.filter(name=name).first()
    if edition is None:
        raise Refused(f"没有名为“{name}”的边界版本；请先 grid import。", code="no_edition")
    layers = load_layers(edition)
    findings = check_layers(layers, divisions=_divisions(), previous=_previous_counties(edition), datum=edition.datum,
                         progress=progress)  # fmt: skip
    listed, warned = (
        {kind: [_report_row(row, with_shapes) for row in findings[kind]] for kind in kinds}
        for kinds in ((*ERRORS, *LACKS), WARNINGS)
    )
    return {
        "edition": edition.name,
        "state": edition.state,
        "valid_from": edition.valid_from,
        "content_hash": edition.content_hash,
        "ok": not any(row.get("certain", True) for kind in ERRORS for row in findings[kind]),
        "cells": {str(layer.level): len(layer.codes) for layer in layers},
        "counts": {kind: len(rows) for kind, rows in listed.items()},
        **listed,
        "warning_counts": {kind: len(rows) for kind, rows in warned.items()},
        "warnings": warned,
    }


def check_layers(
    layers: Sequence[Layer],
    *,
    divisions: Mapping[str, tuple[str, str]] | None = None,
    previous: tuple[str, Layer] | None = None,
    datum: str = "wgs84",
    progress: Progress | None = None,
) -> dict[str, list[Finding]]:
    """The findings by kind for layers from the top down. `divisions` is {code: (name, level)}, `previous` the name and
    the counties of the edition that ruled before. Pure."""
    findings: dict[str, list[Finding]] = {kind: [] for kind in LABELS}
    steps = [(f"{layer.level}", layer) for layer in layers]
    tell = progress or (lambda stage, done, total: None)
    for at, (label, layer) in enumerate(steps):
        tell(f"检查 {label}：缝隙和重叠", at, len(steps) + 1)
        parts = [of_one_level(layer, is_top=at == 0), odd_shapes(layer)]
        if at:
            tell(f"检查 {label}：与上级", at, len(steps) + 1)
            parts.append(against_parents(layer, layers[at - 1]))
            findings["orphans"] += [cell_finding(layer, cell) for cell, code in enumerate(layer.parents) if not code]
        for part in parts:
            for kind, rows in part.items():
                findings[kind] += rows
        findings["duplicates"] += _duplicates(layer)
        findings["no_name"] += [cell_finding(layer, cell) for cell, text in enumerate(layer.names) if not text]
        findings["no_polygon"] += [
            cell_finding(layer, int(cell)) for cell in np.flatnonzero(shapely.is_missing(layer.shapes))
        ]
    tell("检查坐标系、名称和上一版", len(steps), len(steps) + 1)
    counties = next((layer for layer in layers if layer.level == Level.COUNTY), None)
    if counties is not None:
        findings["datum"] += datum_findings(counties, datum)
        findings["not_covered"] += _not_covered(counties, previous)
    findings["bad_codes"] += code_findings(layers)
    for kind, rows in division_findings(layers, divisions or {}).items():
        findings[kind] += rows
    return findings


def _divisions() -> dict[str, tuple[str, str]]:
    return {code: (name, level) for code, name, level in Division.objects.values_list("code", "name", "level")}


def _previous_counties(edition: Edition) -> tuple[str, Layer] | None:
    last = previous_edition(edition)
    return (last.name, load_layer(last, Level.COUNTY)) if last else None


def _report_row(finding: Finding, with_shapes: bool) -> Finding:
    row = {key: value for key, value in finding.items() if key != "shape"}
    if with_shapes and finding.get("shape") is not None:
        row["shape"] = small_geojson(finding["shape"])
    return row


def small_geojson(shape: shapely.Geometry) -> dict[str, Any]:
    """A shape for a map of findings, coarsened until it is small."""
    tolerance = 1e-5
    small = shape
    while shapely.get_num_coordinates(small) > SHAPE_VERTICES and tolerance < 1:
        small = shapely.simplify(shape, tolerance)
        tolerance *= 3
    answer: dict[str, Any] = json.loads(shapely.to_geojson(shapely.transform(small, lambda at: np.round(at, 6))))
    return answer


def _duplicates(layer: Layer) -> list[Finding]:
    """Findings of one name twice under one parent, or one shape twice. (One code twice cannot be loaded.)"""
    named: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, name in enumerate(layer.names):
        if name:
            # Where no parent is loaded, the prefecture of the code stands in: 铁西区 is in 沈阳 and in 鞍山.
            named[layer.parents[at] or layer.codes[at][:4], name].append(at)
    twins = [("name", group) for group in named.values()] + [("shape", group) for group in _same_shapes(layer)]
    return [
        {"level": str(layer.level), "kind": kind, "name": layer.names[group[0]], "place": place_of(layer.shapes[group[0]]),
         "codes": [layer.codes[at] for at in group], "shape": layer.shapes[group[0]]}
        for kind, group in twins
        if len(group) > 1
    ]  # fmt: skip


def _same_shapes(layer: Layer) -> list[list[int]]:
    """The positions of cells with one and the same shape, by shape.

    Only shapes with one box and one number of vertices are compared vertex by vertex.
    """
    drawn = layer.drawn()
    boxes = shapely.bounds(layer.shapes[drawn])
    numbers = shapely.get_num_coordinates(layer.shapes[drawn])
    alike: dict[tuple[float, ...], list[int]] = defaultdict(list)
    for order, at in enumerate(drawn.tolist()):
        alike[(*boxes[order].tolist(), float(numbers[order]))].append(at)
    by_shape: dict[bytes, list[int]] = defaultdict(list)
    for group in alike.values():
        for at in group if len(group) > 1 else ():
            by_shape[shapely.to_wkb(shapely.normalize(layer.shapes[at]))].append(at)
    return list(by_shape.values())


def datum_findings(counties: Layer, declared: str) -> list[Finding]:
    """The finding that the counties do not lie where 天地图 has them under the declared datum; empty when they do."""
    fit = datum_fit(counties.shapes, _outlines_of(counties))
    if fit is None or not (fit.is_suspect or fit.is_far):
        return []
    before, after = (f"{100 * fit.misfit[key]:.1f}%" for key in ("as_declared", fit.best))
    called = DATUM_NAMES.get(declared, declared)
    suspicion = {
        "gcj02": f"坐标像是 GCJ-02（高德、腾讯），却按 {called} 读",
        "bd09": f"坐标像是 BD-09（百度），却按 {called} 读",
        "undone_gcj02": "像是把本来就是 WGS-84/CGCS2000 的坐标又按 GCJ-02 换算了一次",
        "undone_bd09": "像是把本来就是 WGS-84/CGCS2000 的坐标又按 BD-09 换算了一次",
    }.get(fit.best, "")
    message = f"{suspicion}：与天地图界线不符的面积，现在 {before}，换一种读法 {after}（{fit.counties} 个县（区））"
    if fit.is_far:
        message = f"{fit.counties} 个县（区）与天地图同代码的界线几乎不重叠；请核对坐标参考的带号、代码列"
    if not fit.is_certain:
        message += "；县（区）少于 3 个，只作提醒"
    whole = shapely.box(*shapely.total_bounds(counties.shapes))
    return [{"level": str(Level.COUNTY), "kind": "far" if fit.is_far else "suspect", "best": fit.best, "declared": declared,
             "codes": [], "counties": fit.counties, "misfit": {key: round(value, 4) for key, value in fit.misfit.items()},
             "certain": fit.is_certain, "message": message, "place": place_of(whole), "shape": whole}]  # fmt: skip


def _outlines_of(counties: Layer) -> Shapes:
    """天地图's outline of each county: by code, else the one that it shares most of its ground with."""
    by_code = all_outlines()
    county_outlines = np.empty(len(counties.codes), dtype=object)
    county_outlines[:] = [by_code[code][1] if code in by_code else None for code in counties.codes]
    lost = np.flatnonzero(shapely.is_missing(county_outlines) & ~shapely.is_missing(counties.shapes))
    if len(lost):
        outlines = np.array([shape for _, shape in by_code.values()], dtype=object)
        plain = shapely.make_valid(shapely.simplify(counties.shapes[lost], 0.001))
        of, outline = shapely.STRtree(outlines).query(plain)
        mine, theirs = plain[of], shapely.make_valid(outlines[outline])
        common = shapely.area(shapely.intersection(mine, theirs))
        share = common / np.maximum(shapely.area(mine), shapely.area(theirs))
        for at in np.flatnonzero(share > SHARE_SAME_PLACE).tolist():
            county_outlines[lost[of[at]]] = outlines[outline[at]]
    return county_outlines


def _not_covered(counties: Layer, previous: tuple[str, Layer] | None) -> list[Finding]:
    """Ground of the last edition's counties that no county of this one covers."""
    if previous is None:
        return []
    name, old = previous
    same = {code: at for at, code in enumerate(counties.codes)}
    drawn = counties.shapes[counties.drawn()]
    tree = shapely.STRtree(drawn)
    findings = []
    for at in old.drawn().tolist():
        shape, twin = old.shapes[at], same.get(old.codes[at])
        if twin is not None and shapely.equals_identical(shape, counties.shapes[twin]):
            continue
        rest = shapely.difference(shape, shapely.union_all(drawn[tree.query(shape)]))
        lost_m2 = float(area_m2([rest])[0])
        if lost_m2 > COVER_TOLERANCE_M2:
            findings.append(cell_finding(old, at) | {"edition": name, "area_m2": round(lost_m2, 1), "shape": rest,
                                                  "place": place_of(_largest(rest))})  # fmt: skip
    return findings


def _largest(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return parts[int(np.argmax(shapely.area(parts)))] if len(parts) else shape
