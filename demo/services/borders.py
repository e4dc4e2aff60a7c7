"""The demonstration's edition: county outlines of 天地图, real codes and names, invented borders below the county."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import shapely

from core.errors import Refused
from grids.editions.activating import edition_activate, edition_check, edition_store
from grids.editions.files import RawCell
from grids.geo.outlines import county_outlines
from grids.geo.tiling import LEVELS, Cell, Named, seeded_groups, tile_division
from grids.models import Edition, User
from grids.roles import Level

NAME = "演示边界"
NOTE = "县界：天地图（简化）；县以下由程序生成，示意图，不作划界依据"
VALID_FROM = date(2022, 1, 1)
# Fewer groups than in life (a third): the tiling is the slowest step of the whole load.
FEWEST_GROUPS, MOST_GROUPS = 2, 5


def edition_ready(*, divisions: Path, seed: int, actor: User) -> Edition:
    """The demonstration's edition, tiled, stored, checked and active; at once when it is there already.

    Raises Refused("demo_borders") when the check finds a gap or an overlap.
    """
    edition = Edition.objects.filter(name=NAME).first()
    if edition is None:
        edition, _ = edition_store(
            name=NAME, cells=invented_cells(divisions, seed), datum="cgcs2000", actor=actor, note=NOTE
        )
    if edition.state != Edition.State.ACTIVE:
        report = edition_check(name=NAME)
        if not report["ok"]:
            raise Refused("演示边界没有通过检查", code="demo_borders", details={"check": report})
        edition, _ = edition_activate(name=NAME, valid_from=VALID_FROM, actor=actor, reason="演示")
    return edition


def invented_cells(divisions: Path, seed: int) -> list[RawCell]:
    """Every cell of the table with a border: the city whole, its counties as they are, the rest tiled from the seed."""
    with divisions.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    children: dict[str, list[Named]] = {}
    for row in rows:
        if row["level"] in (Level.TOWNSHIP, Level.VILLAGE):
            children.setdefault(row["parent_code"], []).append((row["code"], row["name"]))
    counties = county_outlines(row["code"] for row in rows if row["level"] == Level.COUNTY)
    tiled = tile_division(counties, children, seeded_groups(seed, FEWEST_GROUPS, MOST_GROUPS), seed)
    city = next(row for row in rows if row["level"] == Level.CITY)
    whole = shapely.coverage_union_all([area for _, _, _, area in tiled["county"]])
    cells = [RawCell(Level.CITY, 1, city["code"], city["name"], {}, whole, True)]
    for level in LEVELS:
        cells += _raw(level, tiled[level], top=city["code"])
    return cells


def _raw(level: str, cells: Iterable[Cell], *, top: str) -> list[RawCell]:
    return [
        RawCell(level, at, code, name, {"parent": parent or top}, area, True)
        for at, (code, name, parent, area) in enumerate(cells, start=1)
    ]
