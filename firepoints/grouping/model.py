"""The input of grouping (detections as columns, people's constraints, settings) and the links that it gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]


class Family(IntEnum):
    """The kinds of sighting that the rule tells apart: the codes of the column `family`."""

    VIIRS = 0
    MODIS = 1
    HIMAWARI = 2
    LIST = 3
    PATROL = 4
    SCAR = 5


class Rule(IntEnum):
    """The rules by which two detections are linked: the codes of the column `rule`."""

    TOUCH = 0
    JOINED = 1
    INSIDE = 2
    PATROL_NEAR = 3
    FIXED_TOUCH = 4
    FIXED_DAY = 5
    HIMAWARI = 6
    BEFORE_PASS = 7
    APART = 8


FAMILIES = tuple(family.name.lower() for family in Family)
RULES = tuple(rule.name.lower() for rule in Rule)
HOUR = 3600
NOMINAL_RADIUS_M = 500.0  # the 1 km disc of a row that states no pixel (policy.md §3)

RULE_TEXT = {
    "touch": "像元范围相接，时间相隔不超过时限",
    "joined": "人工合并",
    "inside": "巡查发现或黑斑位于像元范围内，且在过境之后",
    "patrol_near": "两处巡查发现相邻",
    "fixed_touch": "固定热源上的监测记录，仅附着，不扩展",
    "fixed_day": "同一固定热源当日的监测记录",
    "himawari": "静止卫星邻近，仅作提示",
    "before_pass": "位于像元范围内，但早于过境，仅作提示",
    "apart": "人工分开",
}


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Columns of equal length. Times whole seconds since 1970 UTC, [starts_at, ends_at]; positions WGS-84 degrees.

    The footprint is a rectangle of `half_scan_m` × `half_track_m` turned by `heading_deg` (of flight, clockwise from
    north) with `error_m` around it. NaN heading: a disc over the half diagonal. NaN size: the nominal disc, or for
    patrol and scar a disc of `error_m`. `family` holds codes of Family.
    """

    id: Ints
    starts_at: Ints
    ends_at: Ints
    lon: Floats
    lat: Floats
    family: Codes
    half_scan_m: Floats
    half_track_m: Floats
    heading_deg: Floats
    error_m: Floats
    fixed_heat: Bools

    def __len__(self) -> int:
        return len(self.id)

    @property
    def by_people(self) -> Bools:
        """The mask of those found on the ground: flames and scars."""
        return np.asarray((self.family == Family.PATROL) | (self.family == Family.SCAR))

    @classmethod
    def build(  # noqa: PLR0913  the columns of a detection, each by its name
        cls,
        *,
        id: Sequence[int] | Ints,
        starts_at: Any,
        ends_at: Any = None,
        lon: Any,
        lat: Any,
        family: Any,
        scan_km: Any = np.nan,
        track_km: Any = np.nan,
        heading_deg: Any = np.nan,
        error_m: Any = 0.0,
        fixed_heat: Any = False,
    ) -> Detections:
        """Columns from sequences or single values; `family` by name or number. Raises ValueError for equal ids,
        intervals that end before they start, and positions that are not finite."""
        ids = np.asarray(id, dtype=np.int64)

        def column(value: Any, kind: Any) -> Any:
            return np.array(np.broadcast_to(np.asarray(value, dtype=kind), ids.shape))

        detections = cls(
            id=ids,
            starts_at=column(starts_at, np.int64),
            ends_at=column(starts_at if ends_at is None else ends_at, np.int64),
            lon=column(lon, np.float64),
            lat=column(lat, np.float64),
            family=column(family_codes(family), np.uint8),
            half_scan_m=column(scan_km, np.float64) * 500.0,
            half_track_m=column(track_km, np.float64) * 500.0,
            heading_deg=column(heading_deg, np.float64),
            error_m=column(error_m, np.float64),
            fixed_heat=column(fixed_heat, np.bool_),
        )
        detections.check()
        return detections

    def check(self) -> None:
        rising = bool((self.id[1:] > self.id[:-1]).all())
        if not rising and len(np.unique(self.id)) != len(self.id):
            raise ValueError("监测记录的编号有重复")
        if (self.ends_at < self.starts_at).any():
            raise ValueError("监测记录的结束时间早于开始时间")
        if not (np.isfinite(self.lon).all() and np.isfinite(self.lat).all() and np.isfinite(self.error_m).all()):
            raise ValueError("监测记录的坐标或误差不是有限的数")

    def take(self, index: Ints | slice) -> Detections:
        return Detections(*(getattr(self, name)[index] for name in self.__slots__))

    def canonical_order(self) -> Ints:
        """An order that depends on the detections alone (their ids only between exact twins): by start, then from south
        to north, then by all the rest."""
        if not len(self):
            return np.empty(0, np.int64)
        # Start, latitude and row in one number, whose sort is many times faster than one by seven columns or by an index:
        # latitude has the bits that are left, and the few rows that tie are sorted by everything.
        since = np.clip(self.starts_at - self.starts_at.min(), 0, 2**37 - 1)
        north = np.clip((self.lat + 90.0) * (2**26 / 180.0), 0, 2**26 - 1).astype(np.int64)
        row_bits = len(self).bit_length()
        dropped = max(int(since.max()).bit_length() + 26 + row_bits - 63, 0)
        packed = np.sort(((since << 26 | north) >> dropped) << row_bits | np.arange(len(self)))
        order, key = packed & ((1 << row_bits) - 1), packed >> row_bits
        same = np.zeros(len(key) + 1, dtype=bool)
        same[1:-1] = key[1:] == key[:-1]
        tied = np.flatnonzero(same[1:] | same[:-1])
        at = order[tied]
        rest = (self.id, self.error_m, self.family, self.lat, self.lon, self.ends_at, self.starts_at, north, since)
        order[tied] = at[np.lexsort([column[at] for column in rest])]
        return order


def family_codes(family: Any) -> Any:
    if isinstance(family, str):
        return FAMILIES.index(family)
    if isinstance(family, int | np.integer):
        return family
    return [FAMILIES.index(item) if isinstance(item, str) else item for item in family]


@dataclass(frozen=True, slots=True)
class Params:
    """The settings of the rule (policy.md §4), from the policy pack. Hours and metres.

    `scar_window_h`: how long after a pass a scar inside its footprint still belongs to it. `patrol_near_m`: least
    radius given to a patrol finding, so that two of them within twice this are one burnt site.
    """

    window_h: float = 24.0
    modis_centre_m: float = 1000.0
    himawari_m: float = 2000.0
    max_span_h: float = 48.0
    max_extent_m: float = 2000.0
    scar_window_h: float = 168.0
    patrol_near_m: float = 100.0


@dataclass(frozen=True, slots=True)
class Constraints:
    """The decisions of people, by detection id: pairs `joined`, pairs kept `apart`, whole groups `frozen` as they are.

    A merge of two points is one joined pair across them (their members are joined pairs in turn); a split is the
    joined pairs of each part and one apart pair between each two parts. Ids that are not among the detections are
    ignored, so a part of the data can be grouped with all constraints.
    """

    joined: Sequence[tuple[int, int]] = ()
    apart: Sequence[tuple[int, int]] = ()
    frozen: Sequence[Sequence[int]] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """Two detections that a rule relates: metres between centres, hours between their time intervals (0 = overlap)."""

    a: int
    b: int
    rule: str
    distance_m: float
    gap_h: float

    @property
    def text(self) -> str:
        """The link in Chinese words for people."""
        return f"{RULE_TEXT[self.rule]}（相距 {self.distance_m:.0f} 米，相隔 {self.gap_h:.1f} 小时）"


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Links as columns; `a`, `b` are positions in canonical order with a < b, `rule` holds codes of Rule."""

    a: Ints
    b: Ints
    rule: Codes
    distance_m: Floats
    gap_s: Ints

    def __len__(self) -> int:
        return len(self.a)

    @classmethod
    def empty(cls) -> Links:
        none = np.empty(0, np.int64)
        return cls(none, none, np.empty(0, np.uint8), np.empty(0), none)

    @classmethod
    def concat(cls, parts: Iterable[Links]) -> Links:
        listed = [part for part in parts if len(part)]
        if not listed:
            return cls.empty()
        return cls(*(np.concatenate([getattr(part, name) for part in listed]) for name in cls.__slots__))

    def where(self, index: Ints | Bools) -> Links:
        """Those at some positions, or those of a mask."""
        if index.dtype == np.bool_ and index.all():
            return self
        return Links(*(getattr(self, name)[index] for name in self.__slots__))

    def moved(self, by: int) -> Links:
        """The same links where the first position has another number."""
        return replace(self, a=self.a + by, b=self.b + by) if by else self

    def ruled(self, rule: int) -> Links:
        """The same links under another rule's name."""
        return replace(self, rule=np.full(len(self), rule, dtype=np.uint8))

    def strongest_first(self) -> Ints:
        """Positions by hours between, then metres between, then canonical order: the same whatever came first."""
        return np.lexsort((self.b, self.a, self.distance_m, self.gap_s)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A detection that the rule would add to a frozen group: a person decides (`frozen` = the group's least id)."""

    detection: int
    frozen: int
    link: Link
