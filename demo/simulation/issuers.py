"""The official lists with their issuers' habits: a row a day or a pass, decimals, names, and the rows that lie astray."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from demo.simulation.fires import BEIJING, stream
from demo.simulation.land import Land, moved
from demo.simulation.params import HEAT, FamilyParams, ListParams
from demo.simulation.reports import Paper, Row, row_about
from demo.simulation.sensing import Pixel
from grids.geo.footprint import distance_m

NAMES = {"N20": "NOAA-20", "N": "NPP", "N21": "NOAA-21", "T": "Terra", "A": "Aqua"}
HEAT_NAMES = frozenset(works.name for works in HEAT)
EDGE_KM = 3.0
"""A MODIS pixel so wide lies at the edge of its scan."""


@dataclass(frozen=True, slots=True)
class Habits:
    """The way an issuer writes: a row for each day or each pass, decimals, and which of its rows lie astray."""

    daily: bool
    decimals: int
    params: ListParams
    centroid: float = 0.0
    smoke: float = 0.0
    smoke_m: tuple[float, float] = (0.0, 0.0)
    says_days: bool = False


def lists(
    seed: int,
    land: Land,
    pixels: Sequence[Pixel],
    params: ListParams,
    style: str = "",
    families: FamilyParams | None = None,
) -> Iterator[Paper]:
    """The province's list of each day, and the ministry's of each week; both without what they know as works.

    `style` "": drawn; `families` None: nobody's rows lie astray."""
    days: dict[date, list[Pixel]] = defaultdict(list)
    leak = stream(seed, "leak")
    for pixel in pixels:
        if pixel.main not in HEAT_NAMES or leak.random() < params.heat_leak:
            days[pixel.seen.at.astimezone(BEIJING).date()].append(pixel)
    daily = style != "pass" if style else stream(seed, "style").random() < params.daily_share
    province, ministry = _habits(daily, style, params, families)
    before: list[Row] = []
    for number, day in enumerate(sorted(days), start=1):
        draw = stream(seed, f"list {day}")
        groups = _clusters(days[day], params.cluster_m) if daily else _by_pass(days[day], params.pass_cluster_m)
        clusters = [group for group in groups if draw.random() < params.told_share]
        rows = [
            _list_row(f"L{number}-{at}", at, group, province, land, draw) for at, group in enumerate(clusters, start=1)
        ]
        told_again = [row for row in before if draw.random() < params.repeated]
        rows += [_again(f"L{number}-{at}", at, row) for at, row in enumerate(told_again, start=len(rows) + 1)]
        if families:
            rows += _where_the_smoke_was(number, rows, clusters, province, families, land, stream(seed, f"smoke {day}"))
        if rows:
            yield _province(number, day, daily, rows, draw, params)
        before = rows
    yield from _ministry(seed, land, days, ministry, families)


def _habits(daily: bool, style: str, params: ListParams, families: FamilyParams | None) -> tuple[Habits, Habits]:
    """The habits of the province and of the ministry."""
    # Those who join a day's pixels round to three decimals; who sends every pass copies the satellite's five.
    if families is None:
        return Habits(daily, params.decimals if daily else 5, params), Habits(True, params.decimals, params)
    is_rough = style == "rounded"
    decimals = families.rounded_decimals if is_rough else params.decimals
    province = Habits(daily, decimals if daily else 5, params, families.centroid if is_rough else 0.0, says_days=True)
    ministry = Habits(True, decimals, params, families.centroid, families.smoke, families.smoke_m, says_days=True)
    return province, ministry


def _where_the_smoke_was(
    number: int, rows: Sequence[Row], clusters: Sequence[Sequence[Pixel]], habits: Habits, families: FamilyParams,
    land: Land, draw: random.Random,
) -> Iterator[Row]:  # fmt: skip
    """Rows that tell a fire of the same list once more, where its smoke was."""
    astray = replace(habits, centroid=0.0, smoke=1.0, smoke_m=families.smoke_m)
    at = len(rows)
    for group in clusters:
        if draw.random() < families.smoke_again:
            at += 1
            yield _list_row(f"L{number}-{at}", at, group, astray, land, draw)


def _province(
    number: int, day: date, daily: bool, rows: Sequence[Row], draw: random.Random, params: ListParams
) -> Paper:
    arrives = datetime.combine(day + timedelta(days=draw.choice(params.delay_days)), time(10, 0), BEIJING)
    name = f"province-{day.year}-{number:03d}.xlsx"
    style = "list_daily" if daily else "list_pass"
    return Paper(name, "provincial_list", style, arrives, tuple(rows), "省级卫星遥感监测（模拟）", f"{day}/{day}",
                 f"模拟{day.year}-{number}")  # fmt: skip


def _ministry(
    seed: int, land: Land, days: dict[date, list[Pixel]], habits: Habits, families: FamilyParams | None
) -> Iterator[Paper]:
    """A week's fires in one file, fewer of them, some days after its end."""
    share = families.ministry_share if families else 0.35
    weeks: dict[date, list[date]] = defaultdict(list)
    for day in sorted(days):
        weeks[day - timedelta(days=day.weekday())].append(day)
    for number, (monday, week_days) in enumerate(sorted(weeks.items()), start=1):
        draw = stream(seed, f"ministry {monday}")
        groups = [
            group
            for day in week_days
            for group in _clusters(days[day], habits.params.cluster_m)
            if draw.random() < share
        ]
        rows = [
            _list_row(f"M{number}-{at}", at, cluster, habits, land, draw) for at, cluster in enumerate(groups, start=1)
        ]
        if rows:
            end = monday + timedelta(days=6)
            arrives = datetime.combine(end + timedelta(days=draw.choice((2, 3, 4))), time(14, 0), BEIJING)
            yield Paper(f"ministry-{monday}.xlsx", "national_list", "list_daily", arrives, tuple(rows),
                        "国家卫星遥感监测（模拟）", f"{monday}/{end}", f"模拟周-{number}")  # fmt: skip


def _by_pass(pixels: Sequence[Pixel], metres: float) -> list[list[Pixel]]:
    of: dict[str, list[Pixel]] = defaultdict(list)
    for pixel in pixels:
        of[pixel.seen.name].append(pixel)
    return [group for name in sorted(of) for group in _clusters(of[name], metres)]


def _clusters(pixels: Sequence[Pixel], metres: float) -> list[list[Pixel]]:
    """Pixels chained by so many metres, each group in the order of the pixels."""
    group_of = list(range(len(pixels)))
    for i, a in enumerate(pixels):
        for j in range(i):
            if group_of[i] != group_of[j] and distance_m(a.lon, a.lat, pixels[j].lon, pixels[j].lat) <= metres:
                old, new = max(group_of[i], group_of[j]), min(group_of[i], group_of[j])
                group_of = [new if number == old else number for number in group_of]
    return [
        [p for p, group in zip(pixels, group_of, strict=True) if group == number] for number in sorted(set(group_of))
    ]


def _list_row(name: str, at: int, pixels: Sequence[Pixel], habits: Habits, land: Land, draw: random.Random) -> Row:
    row, note = row_about(name, pixels, (), decimals=habits.decimals, charges=True), ""
    if habits.says_days:
        row, note = _astray(_dated(row, pixels, habits), habits, land, draw)
    lon, lat = f"{row.lon:.{habits.decimals}f}", f"{row.lat:.{habits.decimals}f}"
    readable = draw.random() >= habits.params.unreadable
    if not readable:
        lon = lon.replace(".", ".O", 1)
    county, township = _names(land, row.lon, row.lat, draw, habits.params)
    local = row.at.astimezone(BEIJING)
    moment, satellite = ("", "") if habits.daily else (f"{local:%H:%M}", NAMES[row.satellite])
    cells = (str(at), f"{local:%Y-%m-%d}", moment, satellite, county, township, lon, lat,
             str(len(pixels)), "中", note)  # fmt: skip
    return replace(row, cells=cells, readable=readable)


def _dated(row: Row, pixels: Sequence[Pixel], habits: Habits) -> Row:
    """A row with what it says of its time, and what its pixels or its decimals did to its place."""
    is_edge = any(pixel.seen.scan_km >= EDGE_KM and pixel.seen.sensor.instrument != "VIIRS" for pixel in pixels)
    family = "edge" if is_edge else "rounded" if habits.decimals < habits.params.decimals else ""
    if not habits.daily:
        return replace(row, family=family)
    day = datetime.combine(row.at.astimezone(BEIJING).date(), time(0), BEIJING)
    return replace(row, says=(day, day + timedelta(days=1)), family=family)


def _astray(row: Row, habits: Habits, land: Land, draw: random.Random) -> tuple[Row, str]:
    """A row told at its township's centre, or where the smoke was; and the note that says so, or nothing."""
    chance = draw.random()
    township = land.locate(row.lon, row.lat, "township")
    if chance < habits.centroid and township is not None:
        centre = township[3].representative_point()
        return _moved_to(row, (centre.x, centre.y), habits.decimals, "centroid"), "位置以乡镇计"
    if chance < habits.centroid + habits.smoke:
        far, turn = draw.uniform(*habits.smoke_m), draw.uniform(0, 2 * math.pi)
        place = moved((row.lon, row.lat), far * math.cos(turn), far * math.sin(turn))
        if land.locate(*place) is not None:
            return _moved_to(row, place, habits.decimals, "smoke"), ""
    return row, ""


def _moved_to(row: Row, place: tuple[float, float], decimals: int, family: str) -> Row:
    lon, lat = round(place[0], decimals), round(place[1], decimals)
    far = float(distance_m(row.lon, row.lat, lon, lat))
    return replace(row, lon=lon, lat=lat, error_m=round(row.error_m + far, 1), family=family)


def _names(land: Land, lon: float, lat: float, draw: random.Random, params: ListParams) -> tuple[str, str]:
    county, township = land.locate(lon, lat), land.locate(lon, lat, "township")
    if land.border_m(lon, lat) < 600 and draw.random() < params.wrong_county_near:
        spot = moved((lon, lat), draw.choice((-900, 900)), draw.choice((-900, 900)))
        county = land.locate(*spot) or county
    return county[1] if county else "", township[1] if township else ""


def _again(name: str, at: int, old: Row) -> Row:
    """A row that the next list tells once more."""
    return replace(old, id=name, cells=(str(at), *old.cells[1:]))
