"""The pixels that each pass reports: heat falls on a grid of pixels, most of what is strong enough is told, some is not."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import shapely

from demo.simulation.fires import Fire, stream
from demo.simulation.land import Land, Place, moved
from demo.simulation.orbits import Pass
from demo.simulation.params import DAYS, FALSE_ALARMS, HEAT, MISSED
from grids.geo.footprint import local_xy

BITS = 24
"""A fire's heat is laid out as so many pieces."""
NIGHT_POWER = 0.2
"""Straw burns lower by night."""


@dataclass(frozen=True, slots=True)
class Pixel:
    """One reported pixel: its centre as reported, and the power (MW) that each fire or works put into it."""

    seen: Pass
    lon: float
    lat: float
    frp_mw: float
    heat: dict[str, float] = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The fire (F…) or works (H…) that gave most of it, or a name of its own (N…) for a false alarm."""
        return max(self.heat, key=lambda name: (self.heat[name], name), default="")


def sense(seed: int, land: Land, fires: Sequence[Fire], flights: Sequence[Pass]) -> list[Pixel]:
    """Every pixel that is reported, in the order of the passes."""
    return [pixel for flight in flights for pixel in _of_pass(seed, land, fires, flight)]


def _of_pass(seed: int, land: Land, fires: Sequence[Fire], flight: Pass) -> list[Pixel]:
    draw = stream(seed, f"pass {flight.name}")
    centre = shapely.centroid(land.whole)
    grid = _Grid(flight, (centre.x, centre.y), draw.random(), draw.random())
    power: dict[tuple[int, int], dict[str, float]] = defaultdict(dict)
    for name, place, share in [*_burning(seed, fires, flight), *_works(seed, flight)]:
        cell = grid.cell(place)
        power[cell][name] = power[cell].get(name, 0.0) + share
    off = draw.gauss(0, flight.sensor.jitter_m), draw.gauss(0, flight.sensor.jitter_m)
    pixels = [_told(grid, cell, heat, off, draw) for cell, heat in sorted(power.items())]
    return [pixel for pixel in (*pixels, *_nothing(seed, land, flight)) if pixel is not None]


@dataclass(frozen=True, slots=True)
class _Grid:
    """The pixels of a pass: a turned grid that lies anywhere over the land."""

    seen: Pass
    centre: Place
    across: float
    along: float

    def cell(self, place: Place) -> tuple[int, int]:
        x, y = (float(metres) for metres in local_xy(*place, *self.centre))
        turn = math.radians(self.seen.heading_deg)
        u, v = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        return (
            math.floor(u / (self.seen.scan_km * 1000) + self.across),
            math.floor(v / (self.seen.track_km * 1000) + self.along),
        )

    def middle(self, cell: tuple[int, int]) -> Place:
        u = (cell[0] + 0.5 - self.across) * self.seen.scan_km * 1000
        v = (cell[1] + 0.5 - self.along) * self.seen.track_km * 1000
        turn = math.radians(self.seen.heading_deg)
        east, north = u * math.cos(turn) + v * math.sin(turn), v * math.cos(turn) - u * math.sin(turn)
        return moved(self.centre, east, north)


def _burning(seed: int, fires: Iterable[Fire], flight: Pass) -> Iterable[tuple[str, Place, float]]:
    """Pieces of heat of every fire that burns now: spread over its field and smeared by the optics."""
    for fire in fires:
        power = fire.power_at(flight.at) * (1.0 if flight.by_day else NIGHT_POWER)
        if power <= 0 or flight.cloudy:
            continue
        draw = stream(seed, f"heat {fire.id} {flight.name}")
        west, south, east, north = fire.burnt.bounds
        smear = flight.sensor.blur * flight.scan_km * 1000
        for bit in range(BITS):
            anywhere = draw.uniform(west, east), draw.uniform(south, north)
            place = fire.place_at(flight.at, bit / BITS) or anywhere
            yield fire.id, moved(place, draw.gauss(0, smear), draw.gauss(0, smear)), power / BITS


def _works(seed: int, flight: Pass) -> Iterable[tuple[str, Place, float]]:
    for works in HEAT:
        draw = stream(seed, f"works {works.name} {flight.name}")
        chance = (works.day if flight.by_day else works.night) * flight.sensor.pixel_km / flight.track_km
        if flight.sensor.instrument != "VIIRS" or draw.random() > chance:
            continue
        for _ in range(draw.choice((1, 2, 2, 3))):
            spot = moved((works.lon, works.lat), draw.gauss(0, works.spread_m / 2), draw.gauss(0, works.spread_m / 2))
            yield works.name, spot, draw.lognormvariate(works.power_mu, works.power_sigma)


def _told(
    grid: _Grid, cell: tuple[int, int], heat: dict[str, float], off: tuple[float, float], draw: random.Random
) -> Pixel | None:
    flight, power = grid.seen, sum(heat.values())
    sensor = flight.sensor
    least = sensor.least_day_mw if flight.by_day else sensor.least_night_mw
    larger = flight.scan_km * flight.track_km / sensor.pixel_km**2
    chance = 1 / (1 + math.exp(-6 * math.log(max(power, 1e-6) / (least * larger))))
    luck, noise = draw.random(), draw.lognormvariate(0, 0.2)
    east, north = draw.gauss(off[0], sensor.pixel_jitter_m), draw.gauss(off[1], sensor.pixel_jitter_m)
    is_works = any(name.startswith("H") for name in heat)
    if luck > chance * (1 - MISSED) and not is_works:
        return None
    lon, lat = moved(grid.middle(cell), east, north)
    parts = {name: round(part, 4) for name, part in sorted(heat.items())}
    return Pixel(flight, round(lon, 5), round(lat, 5), round(max(power * noise, 0.1), 2), parts)


def _nothing(seed: int, land: Land, flight: Pass) -> Iterable[Pixel]:
    """A false alarm now and then."""
    draw = stream(seed, f"nothing {flight.name}")
    if flight.by_day and draw.random() < FALSE_ALARMS / (DAYS * 4):
        lon, lat = land.draw_inside(draw)
        frp_mw = round(draw.lognormvariate(0.6, 0.4), 2)
        yield Pixel(
            flight, round(lon, 5), round(lat, 5), frp_mw, {f"N{flight.sensor.name}{flight.at:%m%d%H%M}": frp_mw}
        )
