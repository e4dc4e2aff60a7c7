"""The areas in which the fire of each row must have been, for asking: a pixel that its list gives no size may be its sensor's
largest, and a rounded position, or one given to a township, lies anywhere around (policy.md §4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from firepoints.forming.scene import BEIJING_S, DAY_S
from firepoints.grouping.model import NOMINAL_RADIUS_M, Detections, Floats, Ints
from firepoints.grouping.partition import Partition
from firepoints.models import Detection, Source
from firepoints.sightings.footprints import on_site_radius_km
from grids.geo.footprint import footprints, metres_per_degree
from grids.geo.sensors import headings_for, largest_pixels_km, sensor_errors_m

COLUMNS = (
    *("pk", "starts_at", "ends_at", "lon", "lat", "kind", "satellite", "precision", "scan_km", "track_km"),
    *("accuracy_m", "given_lon", "given_lat", "run_id", "row_no", "source__name", "source__source_class"),
    *("beijing_date", "live_key__pk", "memberships__point_id", "memberships__is_active", "memberships__point__state"),
)
COARSE_DECIMALS = 2
"""Up to so many decimals a position is rounded so far that people should hear of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Chargeable rows as columns in canonical order, their sizes those of the areas in which each fire must have been; `run` the
    list that holds a row. `point_of`, `state_of`: where members stand; `out_of_force`: those that a point keeps though they
    are withdrawn or corrected."""

    d: Detections
    run: Ints
    rows: Mapping[int, dict[str, Any]]
    point_of: Mapping[int, int]
    state_of: Mapping[int, str]
    out_of_force: frozenset[int]

    def stops_money(self, pk: int) -> bool:
        return self.rows[pk]["source__source_class"] not in (Source.Class.LEAD, Source.Class.SELF_FOUND)

    def fixed_heat(self, partition: Partition) -> set[int]:
        """The rows on accepted fixed heat, as far as the partition knows them."""
        d = partition.detections
        return set(d.id[d.fixed_heat].tolist())

    def grounds_for(self, own: int, other: int) -> list[str]:
        """What speaks for one fire, in whole words."""
        a, b = self.rows[own], self.rows[other]
        grounds = []
        if a["run_id"] != b["run_id"]:
            grounds.append(f"来自两份材料（{b['source__name']}、{a['source__name']}）")
        return [*grounds, *_vague(a, "这一处"), *_vague(b, "那一处")]

    def grounds_against(self, own: int, other: int) -> list[str]:
        """What speaks for two fires, in whole words."""
        a, b = self.rows[own], self.rows[other]
        grounds = []
        if a["run_id"] == b["run_id"]:
            numbers = sorted((a["row_no"], b["row_no"]))
            grounds.append(f"同一清单分两行列出（第 {numbers[0]}、{numbers[1]} 行）")
        if a["beijing_date"] != b["beijing_date"]:
            grounds.append(f"日期不同（{b['beijing_date']}、{a['beijing_date']}）")
        if a["satellite"] and b["satellite"] and a["satellite"] != b["satellite"]:
            grounds.append(f"卫星不同（{b['satellite']}、{a['satellite']}）")
        return grounds


def _vague(row: Mapping[str, Any], which: str) -> list[str]:
    """Why a row's position says little."""
    if row["kind"] != Detection.Kind.SATELLITE:
        return []
    words = []
    if row["accuracy_m"]:
        words.append(f"{which}的位置误差 {row['accuracy_m']:.0f} 米")
    elif row["decimals"] <= COARSE_DECIMALS:
        words.append(f"{which}的位置只到 {10.0 ** -row['decimals']:g}°")
    if row["precision"] != "instant":
        words.append(f"{which}只有日期")
    if row["scan_km"] is None or row["track_km"] is None:
        words.append(f"{which}没有写像元大小")
    elif max(row["scan_km"], row["track_km"]) >= 2:
        words.append(f"{which}的像元 {row['scan_km']:g} × {row['track_km']:g} 公里")
    return words


POINT_KM = 0.001
"""The size of a pixel that is all error."""
LARGE_M = 300.0
"""Metres beyond the nominal disc from which an area says too little about the county."""


def is_vague(row: Detection) -> bool:
    """Whether the area in which the fire of a pixel must have been is much larger than the nominal disc that is drawn."""
    if row.kind != Detection.Kind.SATELLITE or not row.is_nominal:
        return False
    scan, track, error = _sizes(_column([row]), np.array([False]))
    return float(np.hypot(scan[0], track[0]) * 500.0 + error[0]) > NOMINAL_RADIUS_M + LARGE_M


def polygons(rows: Sequence[Detection]) -> npt.NDArray[np.object_]:
    """The areas in which the fires of some pixels must have been, WGS-84."""
    if not rows:
        return np.empty(0, dtype=object)
    column = _column(rows)
    scan, track, error = _sizes(column, np.zeros(len(rows), dtype=bool))
    scan, track = np.maximum(scan, POINT_KM), np.maximum(track, POINT_KM)
    return footprints(column["lon"], column["lat"], scan, track, np.full(len(rows), np.nan), error)


def vagueness(row: Detection, which: str) -> list[str]:
    """Why a row's position says little, in whole words."""
    return _vague({name: values[0] for name, values in _column([row]).items()}, which)


def _column(rows: Sequence[Detection]) -> dict[str, list[Any]]:
    names = (
        "lon",
        "lat",
        "kind",
        "satellite",
        "precision",
        "scan_km",
        "track_km",
        "accuracy_m",
        "given_lon",
        "given_lat",
    )
    listed = [{name: getattr(row, name) for name in (*names, "run_id")} for row in rows]
    _note_decimals(listed)
    return {name: [row[name] for row in listed] for name in (*names, "decimals")}


def _decimals(row: Mapping[str, Any]) -> int:
    """Decimals of a position as given, of the finer of its two numbers."""
    texts = (row["given_lon"], row["given_lat"])
    if any(not text.replace(".", "", 1).replace("-", "", 1).isdigit() for text in texts):
        return 6  # degrees, minutes, seconds
    return max(len(text.partition(".")[2]) for text in texts)


def _note_decimals(rows: list[dict[str, Any]]) -> None:
    """Note with each row the decimals of its list's positions: those of the finest, for a table drops zeros at the end."""
    finest: dict[int, int] = defaultdict(int)
    for row in rows:
        finest[row["run_id"]] = max(finest[row["run_id"]], _decimals(row))
    for row in rows:
        row["decimals"] = finest[row["run_id"]]


def asked_of(rows: Mapping[int, Any]) -> Asked | None:
    """The columns of some rows of COLUMNS by key; None for none."""
    if not rows:
        return None
    listed = [dict(zip(COLUMNS, row, strict=True)) for row in rows.values()]
    _note_decimals(listed)
    named = {row["pk"]: row for row in listed}
    d = _detections(listed)
    d = d.take(d.canonical_order())
    members = [row for row in listed if row["memberships__is_active"]]
    return Asked(
        d=d,
        run=np.array([named[pk]["run_id"] for pk in d.id.tolist()], dtype=np.int64),
        rows=named,
        point_of={row["pk"]: row["memberships__point_id"] for row in members},
        state_of={row["memberships__point_id"]: row["memberships__point__state"] for row in members},
        out_of_force=frozenset(row["pk"] for row in listed if row["live_key__pk"] is None),
    )


def _detections(rows: list[dict[str, Any]]) -> Detections:
    column: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in (*COLUMNS, "decimals")}
    starts, ends = (
        np.array([int(moment.timestamp()) for moment in column[name]], dtype=np.int64)
        for name in ("starts_at", "ends_at")
    )
    on_site = np.array([kind != Detection.Kind.SATELLITE for kind in column["kind"]], dtype=bool)
    hours = ((starts + BEIJING_S) % DAY_S) / 3600
    headings = headings_for(column["satellite"], hours, column["lat"])
    headings[on_site | (np.array(column["precision"], dtype=object) != "instant")] = np.nan
    scan, track, error = _sizes(column, on_site)
    return Detections.build(
        id=np.array(column["pk"], dtype=np.int64), starts_at=starts, ends_at=ends, lon=column["lon"], lat=column["lat"],
        family=[_family(kind) for kind in column["kind"]], scan_km=scan, track_km=track, heading_deg=headings, error_m=error,
    )  # fmt: skip


def _family(kind: str) -> str:
    return {Detection.Kind.SCAR: "scar", Detection.Kind.FIRE: "patrol"}.get(Detection.Kind(kind), "list")


def _sizes(column: Mapping[str, list[Any]], on_site: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Kilometres across and along, and metres around: of a pixel as stated or its sensor's largest, with what the rounding of
    its position, or its being given to a place, adds; of a finding what its device may be off."""
    scan, track = (_floats(column[name]) for name in ("scan_km", "track_km"))
    lacking = (np.isnan(scan) | np.isnan(track)) & ~on_site
    largest = largest_pixels_km(column["satellite"])
    scan, track = (np.where(lacking, largest[:, k], size) for k, size in enumerate((scan, track)))
    nameless = np.isnan(scan) | np.isnan(track)
    error = np.where(nameless, NOMINAL_RADIUS_M, sensor_errors_m(column["satellite"]))
    error = error + np.maximum(_rounding_m(column), _floats(column["accuracy_m"], 0.0))
    finding = np.array([on_site_radius_km(accuracy) * 1000 for accuracy in column["accuracy_m"]], dtype=np.float64)
    flat = np.where(nameless | on_site, 0.0, 1.0)
    return np.nan_to_num(scan) * flat, np.nan_to_num(track) * flat, np.where(on_site, finding, error)


def _floats(values: list[float | None], lacking: float = np.nan) -> Floats:
    return np.array([lacking if value is None else value for value in values], dtype=np.float64)


def _rounding_m(column: Mapping[str, list[Any]]) -> Floats:
    """Metres from a rounded position to the farthest that it may stand for: half a step each way, 695 m at 0.01°."""
    half_step = 0.5 * 10.0 ** -np.clip(np.array(column["decimals"], dtype=np.float64), 1.0, 6.0)
    east, north = metres_per_degree(np.array(column["lat"], dtype=np.float64))
    return np.asarray(np.hypot(half_step * east, half_step * north))
