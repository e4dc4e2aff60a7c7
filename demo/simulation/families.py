"""The fires of the families of format 2: beside each other, on burnt ground, along a strip, under the edge of a MODIS scan."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import shapely

from demo.simulation.fires import BEIJING, MU_M2, Fire, blob, located, new_fire, stream
from demo.simulation.land import Land, Place, moved
from demo.simulation.orbits import Pass
from demo.simulation.params import BORDER_M, DAYS, FamilyParams, FireParams
from grids.geo.footprint import distance_m

APART_M = 2500.0
"""Families keep so far from every other fire: what fails in one is its own doing."""
STRIP_M = 30.0


def family_fires(
    *, seed: int, land: Land, fires: Sequence[Fire], flights: Sequence[Pass], first: date, params: FamilyParams
) -> list[Fire]:
    """The fires of all families, numbered after `fires`; straw, strong enough to be seen by day."""
    names = (f"F{number:03d}" for number in range(len(fires) + 1, 10_000))
    fresh: list[Fire] = []
    draw = stream(seed, "families of format 2")
    places = _Places(land, [(fire.lon, fire.lat) for fire in fires], draw)
    for _ in range(params.adjacent):
        fresh += _adjacent(names, places, first, draw)
    for days in params.reburn_days:
        fresh += _reburnt(names, places, first, days, draw)
    for _ in range(params.strips):
        fresh.append(_strip(next(names), places, first, draw))
    edges = [flight for flight in flights if flight.scan_km >= params.edge_km and flight.by_day and not flight.cloudy]
    for flight in sorted(draw.sample(edges, min(params.edges, len(edges))), key=lambda flight: flight.at):
        fresh.append(_under(flight, next(names), places, draw))
    return [located(fire, land) for fire in fresh]


class _Places:
    """Places off every border and far from every fire before."""

    def __init__(self, land: Land, places: list[Place], draw: random.Random) -> None:
        self.land, self.places, self.draw = land, places, draw

    def next(self) -> Place:
        def fits(place: Place) -> bool:
            near = (distance_m(*place, *other) < APART_M for other in self.places)
            return not any(near) and self.land.border_m(*place) > 3 * BORDER_M

        place = self.land.draw_where(lambda: self.land.draw_inside(self.draw), fits)
        if place is None:
            raise ValueError("no place for a family")
        self.places.append(place)
        return place


def _strong(
    name: str, place: Place, starts: datetime, draw: random.Random, kind: str, of: str = "", area_mu: float = 0.0
) -> Fire:
    """A straw fire of four hours that the satellites of the day see, unless clouds hide it; `area_mu` 0: drawn."""
    fire = new_fire(name, place, starts, draw, FireParams(), kind=kind, of=of)
    if area_mu:
        fire = replace(fire, area_mu=round(area_mu, 2), burnt=blob(place, area_mu, draw))
    return replace(fire, straw=True, power_mw=round(draw.uniform(25, 45), 3), ends=fire.starts + timedelta(hours=4))


def _noon(first: date, draw: random.Random, last: int = DAYS - 4) -> datetime:
    day = first + timedelta(days=draw.randrange(last))
    return datetime.combine(day, time(11), BEIJING) + timedelta(minutes=draw.randrange(60))


def _adjacent(names: Iterator[str], places: _Places, first: date, draw: random.Random) -> Iterator[Fire]:
    """Two fields with a strip of unburnt ground between them, lit the same hour or one a day after the other."""
    place, starts = places.next(), _noon(first, draw)
    elder = _strong(next(names), place, starts, draw, "adjacent", area_mu=draw.uniform(6, 12))
    turn, far = draw.uniform(0, 2 * math.pi), draw.uniform(190, 320)
    beside = moved(place, far * math.cos(turn), far * math.sin(turn))
    later = draw.choice((timedelta(minutes=40), timedelta(hours=23), timedelta(hours=26)))
    yield elder
    yield _strong(next(names), beside, starts + later, draw, "adjacent", of=elder.id, area_mu=draw.uniform(6, 12))


def _reburnt(names: Iterator[str], places: _Places, first: date, days: int, draw: random.Random) -> Iterator[Fire]:
    """A field, and the same ground lit again so many days after."""
    place, starts = places.next(), _noon(first, draw)
    elder = _strong(next(names), place, starts, draw, f"reburn_day_{days + 1}")
    again = moved(place, draw.uniform(-90, 90), draw.uniform(-90, 90))
    later = timedelta(days=days, minutes=draw.randrange(-60, 60))
    yield elder
    yield _strong(next(names), again, starts + later, draw, f"reburn_day_{days + 1}", of=elder.id)


def _strip(name: str, places: _Places, first: date, draw: random.Random) -> Fire:
    """One fire that runs two kilometres along a strip in five hours."""
    place, starts = places.next(), _noon(first, draw) - timedelta(hours=1)
    turn, half = draw.uniform(0, 2 * math.pi), draw.uniform(800, 1100)
    ends = [moved(place, way * half * math.cos(turn), way * half * math.sin(turn)) for way in (-1, 1)]
    east = moved(place, 1.0, 0.0)[0] - place[0]
    burnt = shapely.LineString(ends).buffer(STRIP_M * east, cap_style="flat")
    fire = _strong(name, place, starts, draw, "strip")
    area_mu = round(2 * half * 2 * STRIP_M / MU_M2, 2)
    return replace(
        fire, burnt=burnt, along=(ends[0], ends[1]), area_mu=area_mu, ends=fire.starts + timedelta(hours=5),
        power_mw=round(draw.uniform(60, 90), 3),
    )  # fmt: skip


def _under(flight: Pass, name: str, places: _Places, draw: random.Random) -> Fire:
    """A great fire that a flight sees at the edge of its scan, and others see under them."""
    starts = (flight.at - timedelta(minutes=draw.randrange(30, 90))).astimezone(BEIJING)
    fire = _strong(name, places.next(), starts, draw, "edge")
    return replace(fire, power_mw=round(draw.uniform(100, 140), 3), ends=fire.starts + timedelta(hours=5))
