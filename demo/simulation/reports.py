"""The reports that reach offices: satellite downloads, and patrols with their phones; the lists stand in issuers.py. One row each.

A `Row` knows the truth behind it; `cells` are what stands in the file. Times aware UTC, places WGS-84.
"""

from __future__ import annotations

import math
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from demo.simulation.fires import BEIJING, Fire, stream
from demo.simulation.land import Land, moved
from demo.simulation.params import DAYS, PatrolParams
from demo.simulation.sensing import Pixel
from grids.geo.datum import from_wgs84
from grids.geo.footprint import distance_m

NAMESPACE = uuid.UUID("5b0b8f0e-6a0a-5d57-9a55-6f1f0f5b2a11")
TWO_SIGMA_M = 110.0
SCAR_DAYS = 90
"""A black field does not say when it burnt: so long it stays black."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one file. `heat`: share of each fire (or works) in it, `main` the largest. The area where its fire must
    lie, by what the world really did to it: a pixel of `scan_km` × `track_km` turned by `heading_deg` (None: a disc
    over the half diagonal), and `error_m` around it. `says`: when the row itself puts it, where it says no minute; `family`:
    what went wrong with it."""

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
    says: tuple[datetime, datetime] | None = None
    family: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A file to come: what it is, when it arrives, its rows in order. `style`: firms, modis, list_daily, list_pass, patrol.

    `supersedes`: the name of the list that it corrects. `again`: the name of the file that it is once more. `datum` as
    the office declares it.
    """

    name: str
    source: str
    style: str
    arrives: datetime
    rows: tuple[Row, ...] = field(repr=False)
    issuer: str = ""
    period: str = ""
    list_no: str = ""
    supersedes: str = ""
    again: str = ""
    datum: str = ""


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
    return row_about(name, [pixel], (*head, *tail))


def row_about(
    name: str, pixels: Sequence[Pixel], cells: tuple[str, ...], decimals: int = 5, charges: bool = False
) -> Row:
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
        rows = [finding(seed, f"P{day:%m%d}-{at}", *met_there, land, params) for at, met_there in enumerate(sorted(
            met, key=lambda met_there: met_there[0]), start=1)]  # fmt: skip
        arrives = datetime.combine(day, time(20, 30), BEIJING) + timedelta(hours=4)
        yield Paper(f"patrol-{day}.csv", "patrol", "patrol", arrives, tuple(rows))


def finding(seed: int, name: str, at: datetime, fire: Fire, kind: str, land: Land, params: PatrolParams) -> Row:
    """A row of a patrol that stands before a fire, or before its scar."""
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
    says = (at - timedelta(days=SCAR_DAYS), at) if kind == "黑斑" else None
    # Found 30 m off its middle at most: the area of its fire is a small disc.
    return Row(name, at.astimezone(UTC).replace(second=0, microsecond=0), round(lon, 6), round(lat, 6), fire.id,
               {fire.id: 1.0}, cells, 0.05, 0.05, None, 60.0, charges=True, datum=datum, finder="city",
               says=says)  # fmt: skip


def last_day(first: date) -> date:
    """The last day on which anything is lit."""
    return first + timedelta(days=DAYS - 1)
