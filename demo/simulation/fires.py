"""The truth: which fires burn, where and how long. Times are aware UTC, places WGS-84 lon/lat, areas polygons."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import shapely

from demo.simulation.land import Land, Place, moved
from demo.simulation.params import BORDER_M, BORDER_SHARE, CLOSE_H, CLOSE_M, DAYS, FireParams
from grids.geo.footprint import distance_m

BEIJING = ZoneInfo("Asia/Shanghai")
MU_M2 = 10_000 / 15
CORNERS = 14
SURE_M, SURE_H = CLOSE_M * 1.02, CLOSE_H * 1.02
NEIGHBOUR = ("same_day", "next_day", "reburn")
NEIGHBOUR_SHARES = (0.5, 0.3, 0.2)


@dataclass(frozen=True, slots=True)
class Fire:
    """One act of burning. `power_mw` at its height; `counties` the share of the burnt area in each, the largest first."""

    id: str
    straw: bool
    lon: float
    lat: float
    starts: datetime
    ends: datetime
    power_mw: float
    area_mu: float
    burnt: shapely.Polygon = field(repr=False)
    kind: str = "alone"
    of: str = ""
    counties: dict[str, float] = field(default_factory=dict)
    village: str = ""
    border_m: float = 0.0
    along: tuple[Place, Place] | None = None
    """The two ends of a strip along which it runs; None: it burns all over its field."""

    def place_at(self, at: datetime, share: float) -> Place | None:
        """The place on its strip that burns at a time, `share` (0 to 1) within the burning tenth; None for a field."""
        if self.along is None:
            return None
        part = min(1.0, 0.9 * (at - self.starts) / (self.ends - self.starts) + 0.1 * share)
        (west, south), (east, north) = self.along
        return west + part * (east - west), south + part * (north - south)

    def power_at(self, at: datetime) -> float:
        """MW at a time: it flares up, and dies down over the second half. 0 when it does not burn."""
        if not self.starts <= at <= self.ends:
            return 0.0
        part = (at - self.starts) / (self.ends - self.starts)
        return self.power_mw * min(1.0, 0.35 + 4 * part, max(0.25, 1.6 - 1.4 * part))


def stream(seed: int, name: str) -> random.Random:
    """A source of chance of its own for each thing, so that adding one changes nothing in the others."""
    return random.Random(f"{seed}/{name}")  # noqa: S311  not for secrets


def fires_of(*, seed: int, land: Land, number: int, close_share: float, first: date, params: FireParams) -> list[Fire]:
    """`number` fires, `close_share` of them within 1 km and 24 h of another, 15 % within 500 m of a county border."""
    fires: list[Fire] = []
    families = _families(seed, number, close_share)
    borders = _border_families(seed, families, round(number * BORDER_SHARE))
    for at, size in enumerate(families):
        draw, near = stream(seed, f"family {at}"), at in borders
        elder: Fire | None = None
        for _ in range(size):
            name = f"F{len(fires) + 1:03d}"
            fire = _beside(name, elder, near, land, fires, draw, params) if elder else None
            if fire is None:
                fire = _alone(name, near, land, fires, draw, params, first)
            fires.append(fire)
            elder = fire
    return [located(fire, land) for fire in fires]


def is_close(a: Fire, b: Fire, metres: float = CLOSE_M, hours: float = CLOSE_H) -> bool:
    """Whether two fires lie within so many metres and were lit within so many hours of each other."""
    within = abs((a.starts - b.starts).total_seconds()) <= hours * 3600
    return within and float(distance_m(a.lon, a.lat, b.lon, b.lat)) <= metres


def _families(seed: int, number: int, close_share: float) -> list[int]:
    """Sizes of the families of close fires, then ones that stand alone."""
    draw, remaining = stream(seed, "families"), round(number * close_share)
    sizes: list[int] = []
    while remaining >= 2:
        size = min(draw.choice((2, 2, 2, 3, 4)), remaining)
        size += remaining - size == 1  # nobody is left over
        sizes.append(size)
        remaining -= size
    return sizes + [1] * (number - sum(sizes))


def _border_families(seed: int, families: Sequence[int], remaining: int) -> set[int]:
    """Families that burn along a border: so many fires in all."""
    chosen: set[int] = set()
    for at in stream(seed, "borders").sample(range(len(families)), len(families)):
        if families[at] <= remaining:
            chosen.add(at)
            remaining -= families[at]
    return chosen


def _alone(
    name: str, near: bool, land: Land, fires: Sequence[Fire], draw: random.Random, params: FireParams, first: date
) -> Fire:
    starts = _lit(first + timedelta(days=draw.randrange(DAYS)), draw, params)
    again = [fire for fire in fires if fire.kind == "alone"] if not near and draw.random() < params.reburn_share else []
    if again:
        elder = draw.choice(again)
        place = moved((elder.lon, elder.lat), draw.uniform(-120, 120), draw.uniform(-120, 120))
        later = elder.starts + timedelta(hours=draw.uniform(CLOSE_H * 1.1, CLOSE_H * 3))
        fresh = new_fire(name, place, later, draw, params, kind="reburn_later", of=elder.id)
        off = land.border_m(*place) > BORDER_M
        if off and fresh.starts > elder.ends and not any(is_close(fire, fresh, SURE_M, SURE_H) for fire in fires):
            return fresh

    def make() -> Place:
        return land.draw_on_border(draw, BORDER_M) if near else land.draw_inside(draw)

    def fits(place: Place) -> bool:
        probe = _probe(place, starts)
        return (land.border_m(*place) <= BORDER_M) == near and not any(
            is_close(o, probe, SURE_M, SURE_H) for o in fires
        )

    spot = land.draw_where(make, fits)
    if spot is None:
        raise ValueError(f"no place for fire {name}")
    return new_fire(name, spot, starts, draw, params)


def _beside(
    name: str, elder: Fire, near: bool, land: Land, fires: Sequence[Fire], draw: random.Random, params: FireParams
) -> Fire | None:
    """A fire close to `elder`: beside it the same day or the next, or where it had burnt. None when there is no room."""
    for attempt in range(400):
        kind = draw.choices(NEIGHBOUR, NEIGHBOUR_SHARES)[0]
        lag = draw.uniform(-5, 5) if kind == "same_day" else draw.uniform(12, CLOSE_H * 0.98)
        far = draw.uniform(40, 180) if kind == "reburn" else draw.uniform(120, CLOSE_M * 0.97)
        turn = draw.uniform(0, 2 * math.pi)
        place = moved((elder.lon, elder.lat), far * math.cos(turn), far * math.sin(turn))
        fire = new_fire(name, place, elder.starts + timedelta(hours=lag), draw, params, kind=kind, of=elder.id)
        if not shapely.contains_xy(land.inner, *place) or not is_close(elder, fire):
            continue
        is_near = land.border_m(*place) <= BORDER_M
        at_once = [o for o in fires if o.starts <= fire.ends and fire.starts <= o.ends]
        if (is_near == near or attempt > 150) and not any(o.burnt.intersects(fire.burnt) for o in at_once):
            return fire
    return None


def _lit(day: date, draw: random.Random, params: FireParams) -> datetime:
    hour = draw.triangular(9.5, 17.0, 12.6) if draw.random() < params.by_day else draw.uniform(17.0, 26.0)
    return datetime.combine(day, time(0), BEIJING) + timedelta(minutes=round(hour * 60))


def _probe(place: Place, starts: datetime) -> Fire:
    return Fire("", True, *place, starts, starts, 0.0, 0.0, shapely.Polygon())


def new_fire(
    name: str,
    place: Place,
    starts: datetime,
    draw: random.Random,
    params: FireParams,
    kind: str = "alone",
    of: str = "",
) -> Fire:
    """A fire as straw burns, lit at a place and time."""
    hours = min(draw.lognormvariate(params.hours_mu, params.hours_sigma), 14.0)
    if draw.random() < params.long_share:
        hours = draw.uniform(20, 34)
    area_mu = min(max(draw.lognormvariate(params.area_mu, params.area_sigma), 0.8), 90.0)
    power = draw.lognormvariate(params.power_mu, params.power_sigma) * (area_mu / math.exp(params.area_mu)) ** 0.5
    place = round(place[0], 6), round(place[1], 6)
    starts = starts.replace(microsecond=0)
    return Fire(
        id=name,
        straw=draw.random() < params.straw_share,
        lon=place[0],
        lat=place[1],
        starts=starts,
        ends=starts + timedelta(minutes=round(hours * 60)),
        power_mw=round(power, 3),
        area_mu=round(area_mu, 2),
        burnt=blob(place, area_mu, draw),
        kind=kind,
        of=of,
    )


def blob(place: Place, area_mu: float, draw: random.Random) -> shapely.Polygon:
    """An uneven field of about that area around a place."""
    radius, aspect, turn = math.sqrt(area_mu * MU_M2 / math.pi), draw.uniform(1.0, 2.2), draw.uniform(0, math.pi)
    ring = []
    for corner in range(CORNERS):
        angle = 2 * math.pi * corner / CORNERS
        uneven = radius * draw.uniform(0.85, 1.15)
        x, y = uneven * math.cos(angle) * math.sqrt(aspect), uneven * math.sin(angle) / math.sqrt(aspect)
        east, north = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        lon, lat = moved(place, east, north)
        ring.append((round(lon, 7), round(lat, 7)))
    return shapely.Polygon(ring)


def located(fire: Fire, land: Land) -> Fire:
    """A fire with the cells in which it burnt."""
    villages = land.shares(fire.burnt, "village")
    return replace(
        fire,
        counties=land.shares(fire.burnt),
        village=next(iter(villages), ""),
        border_m=round(min(land.border_m(fire.lon, fire.lat), 99_999.0), 1),
    )
