"""The figures that the simulated world is made of. Each figure says what it was fitted to; `calibration.py` shows the two side by side.

Fitted by hand to the published FIRMS rows of Liaoning (VIIRS NOAA-20, October 2023; MODIS, 2021–2022) and to a national
list of 2016–2017: only these numbers were taken, no row of them.
"""

from __future__ import annotations

from dataclasses import dataclass

DENSITIES = {"low": 0.10, "middle": 0.30, "high": 0.60}
"""Share of the fires that burn within CLOSE_M and CLOSE_H of another one."""
CLOSE_M, CLOSE_H = 1000.0, 24.0
BORDER_SHARE, BORDER_M = 0.15, 500.0
"""Share of the fires within so many metres of the border between two counties."""
DAYS = 15
"""Days of burning; every paper comes within the three weeks after."""
CONTINUES_H = 48.0


@dataclass(frozen=True, slots=True)
class FireParams:
    """The burning of straw: area in mu (1/15 ha), duration in hours, power in MW; `mu` and `sigma` are of the logarithm."""

    straw_share: float = 0.85
    area_mu: float = 1.9
    area_sigma: float = 0.75
    hours_mu: float = 1.45
    hours_sigma: float = 0.6
    long_share: float = 0.02  # heaps that smoulder on for more than a day
    power_mu: float = 1.55  # of the whole fire at its height
    power_sigma: float = 0.75
    by_day: float = 0.80  # share that is lit between 10 and 17 h; the rest in the evening and at night
    reburn_share: float = 0.05  # of the others: the same place again, one to three days later


@dataclass(frozen=True, slots=True)
class SensorParams:
    """One imager: pixel straight below (km), orbit height (km), largest scan angle (degrees), local time of its passes.

    `least_day_mw`, `least_night_mw`: power that half of the pixels straight below need to be reported; it grows with
    their area. `blur`: share of a pixel by which heat smears. `jitter_m`: error of a pass as a whole, one sigma;
    `pixel_jitter_m`: of each pixel besides.
    """

    name: str
    instrument: str
    pixel_km: float
    height_km: float
    widest_deg: float
    local_day_h: float
    phase_deg: float
    least_day_mw: float
    least_night_mw: float
    blur: float
    day_ascending: bool = True
    jitter_m: float = 50.0
    pixel_jitter_m: float = 20.0


SATELLITES = (
    SensorParams("N20", "VIIRS", 0.375, 829.0, 56.06, 13.4, 0.0, 1.7, 0.5, 0.15),
    SensorParams("N", "VIIRS", 0.375, 829.0, 56.06, 13.4, 12.7, 1.7, 0.5, 0.15),
    SensorParams("N21", "VIIRS", 0.375, 829.0, 56.06, 13.4, 6.3, 1.7, 0.5, 0.15),
    SensorParams("T", "MODIS", 1.0, 705.0, 55.0, 10.6, 3.0, 8.0, 5.0, 0.20, day_ascending=False),
    SensorParams("A", "MODIS", 1.0, 705.0, 55.0, 13.5, 9.0, 8.0, 5.0, 0.20),
)
TRACK_STEP_DEG = 25.36
"""Degrees of longitude between two orbits; the train drifts by DRIFT_DEG a day."""
DRIFT_DEG = 4.9
CLOUDY = 0.15
"""Share of the passes of a day half that clouds hide (all fires of that half-day alike)."""
MISSED = 0.04
"""Pixels that a product leaves out for no reason that anyone can see."""


@dataclass(frozen=True, slots=True)
class HeatParams:
    """A works that is hot by night: places on the ground (degrees), its chance of a pixel in a pass, power in MW.

    Fitted to the two steel works of the area: 60 % of the month's rows inside the city, 97 % of them by night.
    """

    name: str
    lon: float
    lat: float
    night: float
    day: float
    power_mu: float = 0.25
    power_sigma: float = 0.55
    spread_m: float = 600.0


HEAT = (
    HeatParams("H1", 123.735, 41.282, 1.00, 0.05),
    HeatParams("H2", 123.715, 41.275, 0.90, 0.03),
    HeatParams("H3", 123.625, 41.231, 0.75, 0.03),
    HeatParams("H4", 123.714, 41.361, 0.35, 0.0),
)
FALSE_ALARMS = 4
"""Pixels of a month that are nothing at all."""


@dataclass(frozen=True, slots=True)
class ListParams:
    """Official lists. A national list of 1,292 rows has dates without times, three decimals, and hardly ever two rows
    of a day within 1.2 km: its issuer joins the pixels of a day. Others send one row for each pass."""

    cluster_m: float = 1100.0
    pass_cluster_m: float = 800.0
    daily_share: float = 0.6
    decimals: int = 3
    delay_days: tuple[int, ...] = (1, 1, 1, 2, 2, 3)
    told_share: float = 0.85
    heat_leak: float = 0.004
    repeated: float = 0.02
    wrong_county_near: float = 0.3
    unreadable: float = 0.01


@dataclass(frozen=True, slots=True)
class PatrolParams:
    """The city's patrols: shares of the fires met burning and met as a scar; phones and their errors in metres."""

    fire_share: float = 0.12
    scar_share: float = 0.12
    gps_m: float = 8.0
    stands_off_m: float = 25.0
    wrong_datum: float = 0.05


TEMPERS = (("honest", 0.60), ("lazy", 0.20), ("cheating", 0.20))
"""Who verifies: honest people say what they see, lazy ones confirm from the desk, cheating ones save their county money."""


@dataclass(frozen=True, slots=True)
class FamilyParams:
    """The families of format 2: how many of each are in a world, and how their papers go wrong."""

    adjacent: int = 2
    reburn_days: tuple[int, ...] = (1, 2)
    strips: int = 1
    edges: int = 3
    edge_km: float = 3.0  # a scan so wide counts as the edge
    ministry_share: float = 0.5  # of a week's fires that the ministry tells too
    centroid: float = 0.12  # of the ministry's rows, and of a rounding province's: at the township's centre
    smoke: float = 0.12  # of the ministry's rows: the smoke was measured, not the fire
    smoke_again: float = 0.05  # of the province's rows: told in the same list once more, where the smoke was
    smoke_m: tuple[float, float] = (1100.0, 2500.0)
    rounded_decimals: int = 2
    scars: int = 5
    scar_days: tuple[int, ...] = (8, 15, 30, 60)
    corrected: int = 2
    corrected_after: tuple[int, ...] = (2, 16)
    moved_m: tuple[float, float] = (100.0, 300.0)
    withdrawn: int = 2
    withdrawn_after: tuple[int, ...] = (1, 13)
    late: int = 2
    late_days: int = 46
    late_m: tuple[float, float] = (250.0, 1100.0)
    settle_days: int = 40
    appeals: float = 0.10
    appeals_right: float = 0.5  # of what was confirmed from the desk and was no straw
    lazy: float = 0.5
    denies: float = 1 / 3
