"""The passes of each satellite: when, how far aside, and how large its pixels are then. Simple circular geometry."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from demo.simulation.fires import stream
from demo.simulation.params import CLOUDY, DRIFT_DEG, SATELLITES, TRACK_STEP_DEG, SensorParams

EARTH_KM = 6371.0
INCLINATION_DEG = 98.7
TURN_DEG = 3.2
"""By which the turning of the earth bends the ground track to the west."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One flight over the land: `aside_km` from the ground track, pixel size there, direction of flight."""

    sensor: SensorParams
    at: datetime
    by_day: bool
    scan_km: float
    track_km: float
    heading_deg: float
    cloudy: bool

    @property
    def name(self) -> str:
        """Satellite and UTC minute."""
        return f"{self.sensor.name}/{self.at:%Y%m%dT%H%M}"


def passes(seed: int, first: date, days: int, lon: float, lat: float) -> list[Pass]:
    """Every pass over a place in so many days from `first` (UTC), in the order of time."""
    flights = [
        flight
        for day in range(-1, days)
        for sensor in SATELLITES
        for by_day in (True, False)
        for flight in _passes_of(seed, sensor, first + timedelta(days=day), by_day, lon, lat)
    ]
    return sorted(flights, key=lambda flight: (flight.at, flight.sensor.name))


def _passes_of(seed: int, sensor: SensorParams, day: date, by_day: bool, lon: float, lat: float) -> Iterator[Pass]:
    draw = stream(seed, f"sky {day} {by_day}")
    cloudy = draw.random() < CLOUDY
    begins = stream(seed, f"orbit {sensor.name} {by_day}").uniform(0, TRACK_STEP_DEG)
    drift = (begins + sensor.phase_deg + DRIFT_DEG * day.toordinal()) % TRACK_STEP_DEG
    wander = stream(seed, f"minute {sensor.name} {day} {by_day}")
    for track in (drift - TRACK_STEP_DEG, drift):
        if size := _seen_aside(sensor, track, lat):
            scan_km, track_km = size
            local_h = sensor.local_day_h + (0 if by_day else 12)
            utc_h = local_h - (lon + track) / 15.0
            at = datetime.combine(day, time(0), UTC) + timedelta(minutes=round(utc_h * 60 + wander.uniform(-2, 2)))
            yield Pass(sensor, at, by_day, scan_km, track_km, _heading(sensor, by_day, lat, wander), cloudy)


def _seen_aside(sensor: SensorParams, track_deg: float, lat: float) -> tuple[float, float] | None:
    """(scan, track) in km of the pixels of a swath whose ground track lies so many degrees aside; None out of sight."""
    ground = math.radians(abs(track_deg)) * math.cos(math.radians(lat))
    radius = EARTH_KM + sensor.height_km
    slant = math.sqrt(EARTH_KM**2 + radius**2 - 2 * EARTH_KM * radius * math.cos(ground))
    scan_angle = math.asin(min(1.0, EARTH_KM * math.sin(ground) / slant))
    if math.degrees(scan_angle) > sensor.widest_deg:
        return None
    zenith = scan_angle + ground
    stretch = slant / sensor.height_km
    across = stretch / math.cos(zenith)
    # VIIRS adds up 3, 2 and 1 samples, so that its pixels stay small to the edge; MODIS does not.
    samples = 3 if sensor.instrument != "VIIRS" else (3 if scan_angle < 0.5514 else 2 if scan_angle < 0.7803 else 1)
    return round(sensor.pixel_km * across * samples / 3, 3), round(sensor.pixel_km * stretch, 3)


def _heading(sensor: SensorParams, by_day: bool, lat: float, draw: random.Random) -> float:
    lean = math.degrees(math.asin(math.cos(math.radians(INCLINATION_DEG)) / math.cos(math.radians(lat))))
    upward = by_day == sensor.day_ascending
    heading = lean - TURN_DEG if upward else 180 - lean + TURN_DEG
    return round((heading + draw.gauss(0, 0.5)) % 360, 2)
