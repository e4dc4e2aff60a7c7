"""One satellite pixel in two states of processing whose positions differ a little: which row stands for which.

Standard processing computes the position anew from the definitive orbit, and copies round it; so a key of exact degrees does
not match. Two rows are one pixel where satellite and minute are equal, they lie within the shift that the provider states,
and neither has another such neighbour of the other's processing. Where one has, nobody can know: both stay, and they are
counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from firepoints.sightings.importing.reading import Keys
from firepoints.sightings.importing.verdicts import NONE, LiveRow, Standing
from firepoints.sightings.readers.table import SightingTable, to_e5

MOVED_M: Final = 100.0
"""How far a position moves between near-real-time and standard processing on an ordinary day. NASA EARTHDATA, "Difference
between near real-time (NRT) and standard products": predicted against definitive ephemeris, within 100 m routinely, some
kilometres around manoeuvres (those pairs stay unsure). The nearest pixels of one pass lie 375 m apart (VIIRS) or 1 km (MODIS).
"""
_METRES_PER_DEGREE: Final = 111_320.0
_E5: Final = 1e-5
_COARSE_SHARE: Final = 0.05
"""From this share of rounded positions on a file may hold copies of its own rows; by chance one row in a hundred is round."""
_LOOKED_AT: Final = 10_000
"""Rows, spread over a file, by which that share is told."""

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pixels:
    """Rows as satellite, second and position in whole 1e-5 degrees, with their rank of processing."""

    satellite: npt.NDArray[np.object_]
    second: Ints
    lon_e5: Ints
    lat_e5: Ints
    rank: Ints

    def __len__(self) -> int:
        return len(self.rank)

    def step(self) -> Ints:
        """The step to which each position is rounded, in 1e-5 degrees: 100 (three decimals), 10, or 1."""
        steps = np.ones(len(self), dtype=np.int64)
        for step in (10, 100):
            steps[(self.lon_e5 % step == 0) & (self.lat_e5 % step == 0)] = step
        return steps

    def take(self, rows: Ints) -> Pixels:
        return Pixels(
            self.satellite[rows], self.second[rows], self.lon_e5[rows], self.lat_e5[rows], self.rank[rows]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pairs:
    """Neighbours (`row`, `near`: positions, each pair both ways): sure ones, and whether they are one row said twice."""

    row: Ints
    near: Ints
    is_sure: Bools
    is_copy: Bools


def with_pairs(
    keys: Keys, in_force: Standing, live: list[LiveRow], table: SightingTable, keyed: Ints
) -> tuple[Keys, Standing, int]:
    """(keys and what is in force with these pairs in them, number of rows that may be another's pixel and stay)."""
    is_open = (in_force.known == NONE) & (in_force.base == NONE)
    rows = np.flatnonzero(is_open)
    if not len(rows):
        return keys, in_force, 0
    live_pixels, ids = _live_pixels(live, keys, in_force)
    if not len(ids) and not _may_repeat_itself(table, keyed[rows], keys.rank[rows]):
        return keys, in_force, 0
    own = pixels_of(table, keyed[rows], keys.rank[rows])
    pairs = pairs_of(_joined(own, live_pixels), len(rows))
    in_force = _with_live(in_force, pairs, rows, ids, live_pixels.rank)
    unsure = np.setdiff1d(pairs.row[~pairs.is_sure], pairs.row[pairs.is_sure])
    return _with_own(keys, pairs, rows), in_force, int((unsure < len(rows)).sum())


def pixels_of(table: SightingTable, rows: Ints, rank: Ints) -> Pixels:
    return Pixels(
        table.satellite[rows], table.starts_at[rows], to_e5(table.lon[rows]), to_e5(table.lat[rows]), rank
    )  # fmt: skip


def _live_pixels(live: list[LiveRow], keys: Keys, in_force: Standing) -> tuple[Pixels, Ints]:
    """The rows in force of the same source that no row of the file replaces by its exact position, and their ids."""
    none = np.empty(0, dtype=np.int64)
    nothing = Pixels(np.empty(0, dtype=object), none, none, none, none)
    if not live:
        return nothing, none
    source = keys.key[0].as_py().split("|", 1)[0]
    replaced = set(in_force.base[in_force.known == NONE].tolist())
    parts = [
        (*key.split("|"), detection, rank)
        for key, _, detection, rank in live
        if key.count("|") == 5 and key.startswith(f"{source}|") and detection not in replaced
    ]
    if not parts:
        return nothing, none
    _, satellite, _, second, lon, lat, ids, rank = zip(*parts, strict=True)
    numbers = [np.array(column, dtype=np.int64) for column in (second, lon, lat, rank, ids)]
    return Pixels(np.array(satellite, dtype=object), *numbers[:4]), numbers[4]


def _joined(own: Pixels, live: Pixels) -> Pixels:
    together = [
        np.concatenate([getattr(own, name), getattr(live, name)])
        for name in ("satellite", "second", "lon_e5", "lat_e5", "rank")
    ]
    return Pixels(*together)


def _may_repeat_itself(table: SightingTable, rows: Ints, rank: Ints) -> bool:
    """Whether a file may hold one pixel twice: in two states of processing, or rounded beside unrounded."""
    if rank.min() != rank.max():
        return True
    sample = rows[:: max(1, len(rows) // _LOOKED_AT)]
    is_coarse = pixels_of(table, sample, sample).step() > 1
    return bool(is_coarse.mean() > _COARSE_SHARE and not is_coarse.all())


def pairs_of(pixels: Pixels, own: int) -> Pairs:
    """The pairs among pixels of one satellite and minute that may be one pixel; pairs of two rows in force are none."""
    row, near = _near(pixels, own)
    step = pixels.step()
    east = np.abs(pixels.lon_e5[row] - pixels.lon_e5[near])
    north = np.abs(pixels.lat_e5[row] - pixels.lat_e5[near])
    larger, smaller = np.maximum(step[row], step[near]), np.minimum(step[row], step[near])
    is_same_rank = pixels.rank[row] == pixels.rank[near]
    is_copy = is_same_rank & (larger > smaller) & (east <= larger // 2) & (north <= larger // 2)
    middle = np.radians((pixels.lat_e5[row] + pixels.lat_e5[near]) / 2 * _E5)
    metres = np.hypot(east * np.cos(middle), north) * _E5 * _METRES_PER_DEGREE
    rounded_m = np.where(larger > 1, larger * _E5 * _METRES_PER_DEGREE / np.sqrt(2), 0.0)
    is_pair = is_copy | (~is_same_rank & (metres <= MOVED_M + rounded_m))
    row, near, is_copy = row[is_pair], near[is_pair], is_copy[is_pair]
    alone = _alone(row, pixels.rank[near])
    # Each pair is there both ways; the other way round it lies where row and near change places.
    back = np.lexsort((row, near))
    is_sure = np.empty(len(row), dtype=bool)
    is_sure[np.lexsort((near, row))] = alone[np.lexsort((near, row))] & alone[back]
    return Pairs(row, near, is_sure, is_copy)


def _near(pixels: Pixels, own: int) -> tuple[Ints, Ints]:
    """Both ways, all pairs of one satellite and second within reach of which at least one is a row of the file."""
    satellites = pa.array(pixels.satellite, pa.string()).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    _, passes = np.unique(np.stack([satellites.astype(np.int64), pixels.second]), axis=1, return_inverse=True)
    lon, lat = pixels.lon_e5 * _E5, pixels.lat_e5 * _E5
    reach = (MOVED_M + 80.0) / _METRES_PER_DEGREE / max(0.05, float(np.cos(np.radians(np.abs(lat).max()))))
    # Passes lie side by side in the plane, farther apart than any of them is wide.
    points = shapely.points(lon + passes.ravel() * (float(np.ptp(lon)) + 1.0), lat)
    row, near = shapely.STRtree(points).query(points, predicate="dwithin", distance=reach)
    is_other = (row != near) & ((row < own) | (near < own))
    return row[is_other].astype(np.int64), near[is_other].astype(np.int64)


def _alone(row: Ints, rank: Ints) -> Bools:
    """Whether the pair is the only one of its row side with a partner of that rank."""
    if not len(row):
        return np.zeros(0, dtype=bool)
    _, kind, number = np.unique(np.stack([row, rank]), axis=1, return_inverse=True, return_counts=True)
    return np.asarray(number[kind.ravel()] == 1)


def _with_live(in_force: Standing, pairs: Pairs, rows: Ints, ids: Ints, rank: Ints) -> Standing:
    """What is in force, with the live partners of the open rows: the row itself where it is a copy, else the newest base."""
    sure = pairs.is_sure & (pairs.row < len(rows)) & (pairs.near >= len(rows))
    row, near, is_copy = rows[pairs.row[sure]], pairs.near[sure] - len(rows), pairs.is_copy[sure]
    identical, base, base_rank = in_force.known.copy(), in_force.base.copy(), in_force.base_rank.copy()
    identical[row[is_copy]] = ids[near[is_copy]]
    order = np.argsort(rank[near], kind="stable")  # the highest rank is written last, and stays
    base[row[order]], base_rank[row[order]] = ids[near[order]], rank[near[order]]
    return Standing(identical, base, base_rank)


def _with_own(keys: Keys, pairs: Pairs, rows: Ints) -> Keys:
    """The keys, in which a row stands under the base (a copy: under the key) of its first partner in the file."""
    sure = pairs.is_sure & (pairs.row < len(rows)) & (pairs.near < pairs.row)
    if not sure.any():
        return keys
    partner = np.arange(len(keys), dtype=np.int64)
    original = partner.copy()
    row, near, is_copy = rows[pairs.row[sure]], rows[pairs.near[sure]], pairs.is_copy[sure]
    np.minimum.at(partner, row, near)
    np.minimum.at(original, row[is_copy], near[is_copy])
    # A partner may have a partner before it: there are four states of processing, so two steps reach the first.
    return replace(keys, partner=partner[partner][partner], original=original[original])
