"""The reports that reach offices: satellite downloads, official lists with their habits, patrols with their phones. One row each.

A `Row` knows the truth behind it; `cells` are what stands in the file. Times aware UTC, places WGS-84.
"""

from __future__ import annotations

import math
import random
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from demo.simulation.fires import BEIJING, Fire, stream
from demo.simulation.land import Land, moved
from demo.simulation.params import DAYS, HEAT, ListParams, PatrolParams
from demo.simulation.sensing import Pixel
from grids.geo.datum import from_wgs84
from grids.geo.footprint import distance_m

NAMESPACE = uuid.UUID("5b0b8f0e-6a0a-5d57-9a55-6f1f0f5b2a11")
NAMES = {"N20": "NOAA-20", "N": "NPP", "N21": "NOAA-21", "T": "Terra", "A": "Aqua"}
HEAT_NAMES = frozenset(works.name for works in HEAT)
TWO_SIGMA_M = 110.0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one file. `heat`: share of each fire (or works) in it, `main` the largest. The area where its fire must
    lie, by what the world really did to it: a pixel of `scan_km` × `track_km` turned by `heading_deg` (None: a disc
    over the half diagonal), and `error_m` around it."""

    id: str
    at: datetime
    lon: float
    lat: float
    main: str
    heat: dict[str, float]
    cells: tuple[str, ...]
    scan_km: float = 0.0
    track_km: float = 0.0
    heading_deg: float | None = None
    error_m: float = 0.0
    satellite: str = ""
    charges: bool = False
    readable: bool = True
    datum: str = "wgs84"
    finder: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A file to come: what it is, when it arrives, its rows in order. `style`: firms, modis, list_daily, list_pass, patrol."""

    name: str
    source: str
    style: str
    arrives: datetime
    rows: tuple[Row, ...] = field(repr=False)
    issuer: str = ""
    period: str = ""
    list_no: str = ""


def downloads(pixels: Sequence[Pixel]) -> Iterator[Paper]:
    """The FIRMS rows of every two UTC days, VIIRS and MODIS apart, the next morning."""
    days: dict[tuple[date, str], list[Pixel]] = defaultdict(list)
    for pixel in pixels:
        day = pixel.seen.at.date()
        days[day + timedelta(days=day.toordinal() % 2), pixel.seen.sensor.instrument].append(pixel)
    for (day, instrument), day_pixels in sorted(days.items()):
        style = "firms" if instrument == "VIIRS" else "modis"
        rows = [
            _pixel_row(f"{instrument[0]}{day:%m%d}-{at}", pixel, style) for at, pixel in enumerate(day_pixels, start=1)
        ]
        arrives = datetime.combine(day + timedelta(days=1), time(8, 30), BEIJING)
        yield Paper(f"{style}-{day}.csv", "firms", style, arrives, tuple(rows))


def _pixel_row(name: str, pixel: Pixel, style: str) -> Row:
    at, warm = pixel.seen.at, 334 if pixel.seen.by_day else 301
    head = (f"{pixel.lat:.5f}", f"{pixel.lon:.5f}", f"{warm + pixel.frp_mw:.2f}", f"{pixel.seen.scan_km:.2f}",
            f"{pixel.seen.track_km:.2f}", f"{at:%Y-%m-%d}", f"{at:%H%M}", pixel.seen.sensor.name)  # fmt: skip
    day = "D" if pixel.seen.by_day else "N"
    tail = ("VIIRS", "nominal", "2.0NRT", f"{warm - 36:.2f}", f"{pixel.frp_mw:.2f}", day)
    if style == "modis":
        tail = ("MODIS", "70", "6.1NRT", f"{warm - 36:.2f}", f"{pixel.frp_mw:.2f}", day)
    return _told(name, [pixel], (*head, *tail))


def _told(name: str, pixels: Sequence[Pixel], cells: tuple[str, ...], decimals: int = 5, charges: bool = False) -> Row:
    """A row about one pixel, or about several of them at their middle."""
    lon = round(sum(pixel.lon for pixel in pixels) / len(pixels), decimals)
    lat = round(sum(pixel.lat for pixel in pixels) / len(pixels), decimals)
    heat: dict[str, float] = defaultdict(float)
    for pixel in pixels:
        for fire, part in pixel.heat.items():
            heat[fire] += part
    # Half a step of the last decimal, in metres along the diagonal.
    rounding = 0.5 * 10**-decimals * 111_000 * 1.25
    first = pixels[0].seen
    reach = max(float(distance_m(lon, lat, pixel.lon, pixel.lat)) for pixel in pixels)
    whole = max(math.hypot(pixel.seen.scan_km, pixel.seen.track_km) for pixel in pixels)
    single = len(pixels) == 1
    return Row(
        id=name,
        at=min(pixel.seen.at for pixel in pixels),
        lon=lon,
        lat=lat,
        main=max(heat, key=lambda fire: (heat[fire], fire), default=""),
        heat={fire: round(part, 4) for fire, part in sorted(heat.items())},
        cells=cells,
        scan_km=first.scan_km if single else round(whole / 2**0.5, 3),
        track_km=first.track_km if single else round(whole / 2**0.5, 3),
        heading_deg=first.heading_deg if single else None,
        error_m=round((0.0 if single else reach) + TWO_SIGMA_M + rounding, 1),
        satellite=first.sensor.name,
        charges=charges,
    )


def lists(seed: int, land: Land, pixels: Sequence[Pixel], params: ListParams) -> Iterator[Paper]:
    """The province's list of each day, and the ministry's of each week; both without what they know as works."""
    days: dict[date, list[Pixel]] = defaultdict(list)
    leak = stream(seed, "leak")
    for pixel in pixels:
        if pixel.main not in HEAT_NAMES or leak.random() < params.heat_leak:
            days[pixel.seen.at.astimezone(BEIJING).date()].append(pixel)
    daily = stream(seed, "style").random() < params.daily_share
    before: list[Row] = []
    for number, day in enumerate(sorted(days), start=1):
        draw = stream(seed, f"list {day}")
        groups = _clusters(days[day], params.cluster_m) if daily else _by_pass(days[day], params.pass_cluster_m)
        clusters = [group for group in groups if draw.random() < params.told_share]
        rows = [
            _list_row(f"L{number}-{at}", at, group, daily, land, draw, params)
            for at, group in enumerate(clusters, start=1)
        ]
        rows += [
            _again(f"L{number}-{len(rows) + 1}", len(rows) + 1, o) for o in before if draw.random() < params.repeated
        ]
        if rows:
            yield _province(number, day, daily, rows, draw, params)
        before = rows
    yield from _ministry(seed, land, days, params)


def _province(
    number: int, day: date, daily: bool, rows: Sequence[Row], draw: random.Random, params: ListParams
) -> Paper:
    arrives = datetime.combine(day + timedelta(days=draw.choice(params.delay_days)), time(10, 0), BEIJING)
    name = f"province-{day.year}-{number:03d}.xlsx"
    style = "list_daily" if daily else "list_pass"
    return Paper(name, "provincial_list", style, arrives, tuple(rows), "省级卫星遥感监测（模拟）", f"{day}/{day}",
                 f"模拟{day.year}-{number}")  # fmt: skip


def _ministry(seed: int, land: Land, days: dict[date, list[Pixel]], params: ListParams) -> Iterator[Paper]:
    """A week's fires in one file, fewer of them, some days after its end."""
    weeks: dict[date, list[date]] = defaultdict(list)
    for day in sorted(days):
        weeks[day - timedelta(days=day.weekday())].append(day)
    for number, (monday, week_days) in enumerate(sorted(weeks.items()), start=1):
        draw = stream(seed, f"ministry {monday}")
        groups = [
            group for day in week_days for group in _clusters(days[day], params.cluster_m) if draw.random() < 0.35
        ]
        rows = [
            _list_row(f"M{number}-{at}", at, cluster, True, land, draw, params)
            for at, cluster in enumerate(groups, start=1)
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


def _list_row(
    name: str, at: int, pixels: Sequence[Pixel], daily: bool, land: Land, draw: random.Random, params: ListParams
) -> Row:
    # Those who join a day's pixels round to three decimals; who sends every pass copies the satellite's five.
    row = _told(name, pixels, (), decimals=params.decimals if daily else 5, charges=True)
    local = row.at.astimezone(BEIJING)
    moment = "" if daily else f"{local:%H:%M}"
    digits = params.decimals if daily else 5
    lon, lat = f"{row.lon:.{digits}f}", f"{row.lat:.{digits}f}"
    readable = draw.random() >= params.unreadable
    if not readable:
        lon = lon.replace(".", ".O", 1)
    county, township = _names(land, row.lon, row.lat, draw, params)
    cells = (str(at), f"{local:%Y-%m-%d}", moment, "" if daily else NAMES[row.satellite], county, township, lon, lat,
             str(len(pixels)), "中", "")  # fmt: skip
    return replace(row, cells=cells, readable=readable)


def _names(land: Land, lon: float, lat: float, draw: random.Random, params: ListParams) -> tuple[str, str]:
    county, township = land.locate(lon, lat), land.locate(lon, lat, "township")
    if land.border_m(lon, lat) < 600 and draw.random() < params.wrong_county_near:
        spot = moved((lon, lat), draw.choice((-900, 900)), draw.choice((-900, 900)))
        county = land.locate(*spot) or county
    return county[1] if county else "", township[1] if township else ""


def _again(name: str, at: int, old: Row) -> Row:
    """A row that the next list tells once more."""
    return replace(old, id=name, cells=(str(at), *old.cells[1:]))


def patrols(seed: int, land: Land, fires: Sequence[Fire], params: PatrolParams) -> Iterator[Paper]:
    """The findings of the city's patrols: flames while it burns, a scar afterwards. One file a day, the same evening."""
    days: dict[date, list[tuple[datetime, Fire, str]]] = defaultdict(list)
    for fire in fires:
        draw = stream(seed, f"patrol {fire.id}")
        if not fire.straw:
            continue
        if draw.random() < params.fire_share:
            at = fire.starts + draw.uniform(0.2, 0.95) * (fire.ends - fire.starts)
            days[at.astimezone(BEIJING).date()].append((at, fire, "明火"))
        if draw.random() < params.scar_share:
            at = fire.ends + timedelta(hours=draw.uniform(6, 60))
            if 7 <= at.astimezone(BEIJING).hour < 19:
                days[at.astimezone(BEIJING).date()].append((at, fire, "黑斑"))
    for day, met in sorted(days.items()):
        rows = [_finding(seed, f"P{day:%m%d}-{at}", *finding, land, params) for at, finding in enumerate(sorted(
            met, key=lambda finding: finding[0]), start=1)]  # fmt: skip
        arrives = datetime.combine(day, time(20, 30), BEIJING) + timedelta(hours=4)
        yield Paper(f"patrol-{day}.csv", "patrol", "patrol", arrives, tuple(rows))


def _finding(seed: int, name: str, at: datetime, fire: Fire, kind: str, land: Land, params: PatrolParams) -> Row:
    draw = stream(seed, f"finding {name}")
    place = fire.lon, fire.lat
    lon, lat = moved(place, draw.gauss(0, params.gps_m + params.stands_off_m / 2),
                     draw.gauss(0, params.gps_m + params.stands_off_m / 2))  # fmt: skip
    datum = "gcj02" if draw.random() < params.wrong_datum else "wgs84"
    position = lon, lat
    if datum != "wgs84":
        x, y = from_wgs84(np.array([lon]), np.array([lat]), datum)
        position = float(x[0]), float(y[0])
    county = land.locate(lon, lat)
    local = at.astimezone(BEIJING)
    cells = (str(uuid.uuid5(NAMESPACE, f"{seed}/{name}")), f"{local:%Y-%m-%d %H:%M}", f"{position[0]:.5f}",
             f"{position[1]:.5f}", kind, "市", "模拟巡查员", "8", county[1] if county else "", "")  # fmt: skip
    # Found 30 m off its middle at most: the area of its fire is a small disc.
    return Row(name, at.astimezone(UTC).replace(second=0, microsecond=0), round(lon, 6), round(lat, 6), fire.id,
               {fire.id: 1.0}, cells, 0.05, 0.05, None, 60.0, charges=True, datum=datum, finder="city")  # fmt: skip


def last_day(first: date) -> date:
    """The last day on which anything is lit."""
    return first + timedelta(days=DAYS - 1)
