"""The invented month as sightings: who saw which fire when and where. Pure; the same seed gives the same month.

Each fire draws from a stream of its own, so that adding one changes nothing in the others. Degrees are WGS-84 lon, lat,
times aware; satellites pass at about 13 h and 2 h Beijing time, as NOAA-20 and Suomi-NPP do over Benxi.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import shapely
from shapely.geometry.base import BaseGeometry

from core.clock import BEIJING
from demo.plan import Plan
from demo.story import LAST_DAY, Story, Works
from grids.geo.footprint import distance_m, from_local_xy

CLEAR_OF_BORDER_DEG = 0.035  # about 3 km: no pixel of an inland fire reaches a second county
APART_M = 4000.0
ORDER = ("list", "fire", "scar", "self", "N20", "N")
"""The channel by which a fire is known in the story, the weightiest first."""
PASS_MINUTES = {"N20": 0, "N": 50}


@dataclass(frozen=True, slots=True)
class Seen:
    """One sighting. `channel` is N20, N, list, fire, scar or self; `fire` the key of its story, "" for the rest."""

    channel: str
    at: datetime
    lon: float
    lat: float
    fire: str = ""
    note: str = ""
    scan_km: float = 0.4
    track_km: float = 0.37
    frp_mw: float = 3.0


@dataclass(frozen=True, slots=True)
class World:
    """Every sighting in the order of time, and for each story the one by which its fire point is found."""

    seen: tuple[Seen, ...]
    known_by: Mapping[str, Seen]

    def of(self, *channels: str) -> list[Seen]:
        """The sightings of these channels."""
        return [sighting for sighting in self.seen if sighting.channel in channels]


def build(seed: int, counties: Mapping[str, BaseGeometry], plan: Plan) -> World:
    """The plan's month over these county outlines (by code). Raises ValueError when a fire finds no place."""
    places = [(works.lon, works.lat) for works in plan.works]
    sightings: list[Seen] = []
    for story in (*plan.stories, *plan.leads):
        draw = _stream(seed, story.key)
        place = _place(story, counties, places, draw)
        places.append(place)
        sightings += _sightings(story, plan, place, draw)
    for source in plan.works:
        sightings += _nights(source, plan, _stream(seed, source.key))
    sightings += _outside(counties, plan, _stream(seed, "outside"))
    sightings.sort(key=lambda sighting: (sighting.at, ORDER.index(sighting.channel), sighting.lon, sighting.lat))
    known_by: dict[str, Seen] = {}
    for sighting in sorted(sightings, key=lambda sighting: ORDER.index(sighting.channel)):
        if sighting.fire:
            known_by.setdefault(sighting.fire, sighting)
    return World(tuple(sightings), known_by)


def _stream(seed: int, name: str) -> random.Random:
    return random.Random(f"{seed}/{name}")  # noqa: S311  not for secrets


def _place(
    story: Story, counties: Mapping[str, BaseGeometry], places: Sequence[tuple[float, float]], draw: random.Random
) -> tuple[float, float]:
    codes = story.where.split("|")
    area = counties[codes[0]].buffer(-CLEAR_OF_BORDER_DEG)
    border = counties[codes[0]].intersection(counties[codes[-1]]) if len(codes) == 2 else None
    for _ in range(2000):
        spot = _on(border, draw) if border is not None else _inside(area, draw)
        others = [shape for code, shape in counties.items() if code not in codes]
        lonely = all(distance_m(*spot, *other) > APART_M for other in places)
        if lonely and all(shapely.distance(shape, shapely.Point(spot)) > CLEAR_OF_BORDER_DEG for shape in others):
            return spot
    raise ValueError(f"no place for fire {story.key} in {story.where}")


def _inside(area: BaseGeometry, draw: random.Random) -> tuple[float, float]:
    west, south, east, north = area.bounds
    while True:
        lon, lat = draw.uniform(west, east), draw.uniform(south, north)
        if shapely.contains_xy(area, lon, lat):
            return round(lon, 5), round(lat, 5)


def _on(border: BaseGeometry, draw: random.Random) -> tuple[float, float]:
    line = max(shapely.get_parts(shapely.line_merge(border)), key=shapely.length)
    point = shapely.line_interpolate_point(line, draw.random(), normalized=True)
    return round(float(shapely.get_x(point)), 5), round(float(shapely.get_y(point)), 5)


def _sightings(story: Story, plan: Plan, place: tuple[float, float], draw: random.Random) -> Iterator[Seen]:
    day_pass = datetime.combine(plan.date(story.day), time(12, draw.randrange(30, 60)), BEIJING)
    for word in story.seen:
        channel, _, more = word.partition("+")
        if channel in PASS_MINUTES:
            at = day_pass + timedelta(minutes=PASS_MINUTES[channel])
            for pixel in range(1 + int(more or 0)):
                # The next pixel of the same pass lies beside the first and touches it.
                spot = _moved(place, 380.0 * pixel + draw.uniform(-60, 60), draw.uniform(-60, 60))
                yield _hit(channel, at, spot, draw, fire=story.key)
            continue
        at, spot = day_pass + timedelta(minutes=PASS_MINUTES["N20"]), place
        if channel != "list":
            later = timedelta(hours=21) if channel == "scar" else timedelta(minutes=draw.randrange(70, 150))
            at, spot = day_pass + later, _jitter(place, 40.0, draw)
        elif "|" not in story.where:
            spot = _jitter(place, 80.0, draw)
        yield Seen(channel, at, *spot, fire=story.key, note=story.note)


def _nights(works: Works, plan: Plan, draw: random.Random) -> Iterator[Seen]:
    for night in range(1, LAST_DAY + 1):
        first = datetime.combine(plan.date(night), time(17, 0), UTC)
        at = first + timedelta(minutes=draw.randrange(5, 55))
        for channel, minutes in PASS_MINUTES.items():
            if draw.random() > works.nightly:
                continue
            for pixel in range(draw.choice((1, 1, 1, 2))):
                spot = _moved((works.lon, works.lat), 350.0 * pixel + draw.gauss(0, 90), draw.gauss(0, 90))
                yield _hit(channel, at + timedelta(minutes=minutes), spot, draw, fire=works.key)


def _outside(counties: Mapping[str, BaseGeometry], plan: Plan, draw: random.Random) -> Iterator[Seen]:
    """Fires of the neighbours, which every download brings along; the last one a few hundred metres from the border."""
    city = shapely.union_all(list(counties.values()))
    west, south, east, north = city.bounds
    frame = shapely.box(west - 0.4, south - 0.4, east + 0.4, north + 0.4).difference(city.buffer(0.05))
    places = [_inside(frame, draw) for _ in range(14)]
    ring = city.buffer(0.003)
    places.append(_on(ring.boundary, draw))
    for place in places:
        day = plan.date(draw.randrange(1, LAST_DAY))
        at = datetime.combine(day, time(4, draw.randrange(20, 59)), UTC)
        yield _hit("N20", at, place, draw)


def _hit(channel: str, at: datetime, place: tuple[float, float], draw: random.Random, *, fire: str = "") -> Seen:
    """A pixel of a plausible size and power."""
    return Seen(
        channel,
        at,
        *place,
        fire=fire,
        scan_km=round(draw.uniform(0.38, 0.52), 2),
        track_km=round(draw.uniform(0.36, 0.46), 2),
        frp_mw=round(draw.lognormvariate(1.2, 0.6), 2),
    )


def _jitter(place: tuple[float, float], metres: float, draw: random.Random) -> tuple[float, float]:
    return _moved(place, draw.uniform(-metres, metres), draw.uniform(-metres, metres))


def _moved(place: tuple[float, float], east_m: float, north_m: float) -> tuple[float, float]:
    lon, lat = from_local_xy(east_m, north_m, *place)
    return round(float(lon), 5), round(float(lat), 5)
