"""Simulated against real: the figures by which the world was fitted, from published files that stay where they are.

The real side is read at run time from the folder of real data (README, JINSHAO_TEST_DATA); nothing of it is kept. One
month of VIIRS on NOAA-20 over the province, the same month inside the city, and a national list of straw fires.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations, pairwise
from pathlib import Path
from statistics import fmean, median, stdev

import shapely

from demo.simulation.fires import BEIJING
from demo.simulation.params import DAYS, HEAT
from demo.simulation.reports import Paper
from demo.simulation.world import World
from grids.geo.footprint import distance_m

VIIRS = "firms_viirs_noaa20_liaoning_2023-10.csv"
LIST = "straw_fire_list_2016_2017_half.xlsx"
COUNTIES = "benxi_counties.geojson"
MONTH_DAYS = 31
SITE_M = 700.0
"""Pixels of one pass so near each other are one site."""
WORKS_M, WORKS_CELL_DEG, WORKS_DAYS = 2000.0, 0.01, 4
"""In the city a row is fixed heat within so many metres of a known works; elsewhere in a cell hit on so many days."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One VIIRS row of NOAA-20."""

    at: str
    lon: float
    lat: float
    frp_mw: float
    by_day: bool
    scan_km: float
    track_km: float


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: what it is, as it is in the files, as it is in the simulated worlds."""

    name: str
    real: float | None
    simulated: float


def compare(folder: Path, worlds: Sequence[World]) -> list[Line]:
    """The table of figures, real beside simulated. Raises FileNotFoundError when the folder lacks the files."""
    province = list(_real_hits(folder / VIIRS))
    outline = _city(folder / COUNTIES)
    city = [hit for hit in province if shapely.contains_xy(outline, hit.lon, hit.lat)]
    simulated = [list(_made_hits(world)) for world in worlds]
    every = [hit for hits in simulated for hit in hits]
    days, fires = DAYS + 1, sum(len(world.fires) for world in worlds)
    real_rest = _without_cells(province)
    made_rest = [hit for hit in every if not _at_works(hit)]
    lines = [
        Line("NOAA-20 rows in the city a day, fixed heat", _share_at_works(city) * len(city) / MONTH_DAYS,
             sum(map(_at_works, every)) / len(simulated) / days),
        Line("share of rows in the city at fixed heat (the world's goes with its number of fires)",
             _share_at_works(city), _share_at_works(every)),
        Line("share by night, fixed heat in the city", _night(filter(_at_works, city)), _night(filter(_at_works, every))),
        Line("share by night, the rest (province)", _night(real_rest), _night(made_rest)),
        *_power(real_rest, made_rest),
        Line("pixels per site and pass, mean", fmean(_sites([real_rest])), fmean(_sites(map(_rest, simulated)))),
        Line("sites of one pixel, share", _share_of_one(_sites([real_rest])), _share_of_one(_sites(map(_rest, simulated)))),
        *_sizes(province, every),
        Line("passes with a row, a day", _passes(province) / MONTH_DAYS, fmean(map(_passes, simulated)) / days),
    ]  # fmt: skip
    near = list(_nearest(_real_list(folder / LIST)))
    mine = [metres for world in worlds for metres in _nearest(_made_list(world.papers))]
    lines.append(Line("daily list: rows with another of that day within 1.1 km, share", _below(near), _below(mine)))
    lines.append(Line("share of the fires that a chargeable row shows", None, _reported(worlds) / fires))
    return lines


def _real_hits(path: Path) -> Iterator[Hit]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Hit(f"{row['acq_date']} {row['acq_time']:0>4}", float(row["longitude"]), float(row["latitude"]),
                      float(row["frp"]), row["daynight"] == "D", float(row["scan"]), float(row["track"]))  # fmt: skip


def _made_hits(world: World) -> Iterator[Hit]:
    for pixel in world.pixels:
        if pixel.seen.sensor.name == "N20":
            yield Hit(f"{pixel.seen.at:%Y-%m-%d %H%M}", pixel.lon, pixel.lat, pixel.frp_mw, pixel.seen.by_day, pixel.seen.scan_km,
                      pixel.seen.track_km)  # fmt: skip


def _city(path: Path) -> shapely.Geometry:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    whole = shapely.union_all([shapely.geometry.shape(feature["geometry"]) for feature in features])
    shapely.prepare(whole)
    return whole


def _at_works(hit: Hit) -> bool:
    return any(float(distance_m(hit.lon, hit.lat, works.lon, works.lat)) <= WORKS_M for works in HEAT)


def _rest(hits: Iterable[Hit]) -> list[Hit]:
    return [hit for hit in hits if not _at_works(hit)]


def _without_cells(hits: Sequence[Hit]) -> list[Hit]:
    def cell(hit: Hit) -> tuple[int, int]:
        return round(hit.lat / WORKS_CELL_DEG), round(hit.lon / WORKS_CELL_DEG)

    days = Counter(place for place, _ in {(cell(hit), hit.at[:10]) for hit in hits})
    return [hit for hit in hits if days[cell(hit)] < WORKS_DAYS]


def _share_at_works(hits: Sequence[Hit]) -> float:
    return sum(map(_at_works, hits)) / len(hits)


def _night(hits: Iterable[Hit]) -> float:
    flags = [not hit.by_day for hit in hits]
    return sum(flags) / len(flags)


def _power(real: Sequence[Hit], simulated: Sequence[Hit]) -> Iterator[Line]:
    for by_day, name in ((True, "by day"), (False, "by night")):
        logs = [[math.log(o.frp_mw) for o in hits if o.by_day == by_day and o.frp_mw > 0] for hits in (real, simulated)]
        yield Line(f"ln FRP (MW) {name}, mean", fmean(logs[0]), fmean(logs[1]))
        yield Line(f"ln FRP (MW) {name}, deviation", stdev(logs[0]), stdev(logs[1]))


def _sites(worlds: Iterable[Sequence[Hit]]) -> list[int]:
    """The number of pixels of each site of each pass."""
    sizes: list[int] = []
    for hits in worlds:
        passes: dict[str, list[Hit]] = {}
        for hit in hits:
            passes.setdefault(hit.at, []).append(hit)
        for pass_hits in passes.values():
            sizes += _chained(pass_hits)
    return sizes


def _chained(hits: Sequence[Hit]) -> list[int]:
    group = list(range(len(hits)))
    for i, j in combinations(range(len(hits)), 2):
        a, b = hits[i], hits[j]
        if group[i] != group[j] and abs(a.lat - b.lat) < 0.01 and distance_m(a.lon, a.lat, b.lon, b.lat) <= SITE_M:
            old, new = max(group[i], group[j]), min(group[i], group[j])
            group = [new if number == old else number for number in group]
    return list(Counter(group).values())


def _share_of_one(sizes: Sequence[int]) -> float:
    return sum(size == 1 for size in sizes) / len(sizes)


def _sizes(real: Sequence[Hit], simulated: Sequence[Hit]) -> Iterator[Line]:
    for field in ("scan_km", "track_km"):
        columns = [sorted(getattr(hit, field) for hit in hits) for hits in (real, simulated)]
        yield Line(f"{field}, median", median(columns[0]), median(columns[1]))
        yield Line(
            f"{field}, 95 of 100", columns[0][len(columns[0]) * 95 // 100], columns[1][len(columns[1]) * 95 // 100]
        )


def _passes(hits: Sequence[Hit]) -> int:
    """Passes that report something; granules cut in the same half hour are one."""
    times = sorted({datetime.strptime(hit.at, "%Y-%m-%d %H%M") for hit in hits})  # noqa: DTZ007  minutes to compare
    return 1 + sum((b - a).total_seconds() > 1800 for a, b in pairwise(times)) if times else 0


Spot = tuple[date, float, float]


def _real_list(path: Path) -> list[Spot]:
    from python_calamine import CalamineWorkbook

    spots: list[Spot] = []
    for day, lon, lat, *_ in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1:]:
        if isinstance(day, date) and isinstance(lon, int | float) and isinstance(lat, int | float):
            spots.append((day, float(lon), float(lat)))
    return spots


def _made_list(papers: Iterable[Paper]) -> list[Spot]:
    return [
        (o.at.astimezone(BEIJING).date(), o.lon, o.lat)
        for paper in papers
        if paper.source == "national_list"
        for o in paper.rows
    ]


def _nearest(spots: Iterable[Spot]) -> Iterator[float]:
    """Metres from each row to the nearest other one of its day."""
    days: dict[date, list[tuple[float, float]]] = {}
    for day, lon, lat in spots:
        days.setdefault(day, []).append((lon, lat))
    for places in days.values():
        for at, place in enumerate(places):
            others = places[:at] + places[at + 1 :]
            if others:
                yield min(float(distance_m(*place, *other)) for other in others)


def _below(metres: Sequence[float]) -> float:
    return sum(distance < 1100 for distance in metres) / len(metres) if metres else 0.0


def _reported(worlds: Sequence[World]) -> int:
    return sum(
        len(
            {row.main for paper in world.papers for row in paper.rows if row.charges}
            & {fire.id for fire in world.fires}
        )
        for world in worlds
    )
