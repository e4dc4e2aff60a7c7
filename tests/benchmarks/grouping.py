"""Grouping of 1, 3 and 10 million detections, beside DuckDB's self-join and a cKDTree with the same answer in the same run.

Run from the repository: `python -m tests.benchmarks.grouping [millions …]`. DuckDB and scipy are not the project's: where
one is not installed its line says so (run it with another interpreter that has numpy, shapely, scipy and duckdb). All
three answer the same question, discs of 375 m that touch within 24 h, pair by pair with the same metre; that the three
partitions are equal is checked. A second line times real pixels: turned rectangles with their error.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from firepoints.grouping.merge import components
from firepoints.grouping.model import Detections
from firepoints.grouping.rule import group
from grids.geo.footprint import metres_per_degree

REACH_M, WINDOW_S = 750.0, 24 * 3600
BOX = (118.8, 38.7, 125.8, 43.5)
DAYS_PER_MILLION = 365
HITS = 4
RADIUS_KM = 0.375 * 2**0.5  # scan = track: half the diagonal is 375 m


def sightings(number: int, seed: int = 1, *, pixels: bool = False) -> Detections:
    """Rows of a province: every million stands for a year of three satellites; fires of four hits within 30 h, 400 m."""
    rng = np.random.default_rng(seed)
    fires = number // HITS
    fire = rng.integers(0, fires, number)
    lit = rng.integers(0, DAYS_PER_MILLION * 86_400 * max(number // 1_000_000, 1), fires)
    lon = rng.uniform(BOX[0], BOX[2], fires)[fire] + rng.normal(0, 400, number) / 83_000
    lat = rng.uniform(BOX[1], BOX[3], fires)[fire] + rng.normal(0, 400, number) / 111_000
    size: dict[str, Any] = {"scan_km": RADIUS_KM, "track_km": RADIUS_KM}
    if pixels:
        size = {
            "scan_km": rng.uniform(0.36, 0.8, number),
            "track_km": rng.uniform(0.36, 0.78, number),
            "heading_deg": rng.choice([348.4, 191.6], number),
            "error_m": 150.0,
        }
    return Detections.build(
        id=np.arange(1, number + 1),
        starts_at=lit[fire] + rng.integers(0, 30 * 3600, number),
        lon=np.round(lon, 5),
        lat=np.round(lat, 5),
        family="viirs",
        **size,
    )


def by_duckdb(d: Detections) -> Any:
    """A self-join over a grid of cells, then the same union of pairs."""
    import duckdb

    step = REACH_M / 110_500.0
    connection = duckdb.connect()
    columns = {"i": np.arange(len(d)), "t": d.starts_at, "lon": d.lon, "lat": d.lat}
    connection.register("given", columns)
    # Metres as metres_per_degree has them: N cos φ and M of the ellipsoid at the middle latitude.
    pairs = connection.execute(
        f"""
        CREATE TABLE one AS SELECT i, t, lon, lat, CAST(floor(lat / {step}) AS INT) AS y,
            CAST(floor(lon * 0.72 / {step}) AS INT) AS x, CAST(t // {WINDOW_S} AS INT) AS z FROM given;
        CREATE TABLE near AS SELECT i, t, lon, lat, y + dy AS y, x + dx AS x, z + dz AS z FROM one,
            (SELECT unnest([-1, 0, 1]) AS dy), (SELECT unnest([-1, 0, 1]) AS dx), (SELECT unnest([-1, 0, 1]) AS dz);
        WITH pair AS (
            SELECT a.i AS a, b.i AS b, radians((a.lat + b.lat) / 2) AS phi, a.lon - b.lon AS u, a.lat - b.lat AS v
            FROM one a JOIN near b USING (x, y, z)
            WHERE a.i < b.i AND abs(a.t - b.t) <= {WINDOW_S})
        SELECT a, b FROM (SELECT *, 1 - 0.00669438002290 * sin(phi) ** 2 AS w2 FROM pair)
        WHERE sqrt((u * radians(6378137.0 / sqrt(w2) * cos(phi))) ** 2
            + (v * radians(6378137.0 * (1 - 0.00669438002290) / (w2 * sqrt(w2)))) ** 2) <= {REACH_M}
        """
    ).fetchnumpy()
    return components(len(d), pairs["a"].astype(np.int64), pairs["b"].astype(np.int64))


def by_tree(d: Detections) -> Any:
    """A cKDTree in three dimensions, time scaled to metres: the box around a pair, then the exact test."""
    from scipy.spatial import cKDTree

    east, north = metres_per_degree(41.1)
    place = np.column_stack((d.lon * east, d.lat * north, d.starts_at * (REACH_M / WINDOW_S)))
    # 5 % for the plane of one latitude; a cube, since reach and window are independent.
    a, b = cKDTree(place).query_pairs(REACH_M * 1.05, p=np.inf, output_type="ndarray").T
    x, y = metres_per_degree((d.lat[a] + d.lat[b]) / 2)
    metres = np.hypot((d.lon[a] - d.lon[b]) * x, (d.lat[a] - d.lat[b]) * y)
    keep = (metres <= REACH_M) & (np.abs(d.starts_at[a] - d.starts_at[b]) <= WINDOW_S)
    return components(len(d), a[keep], b[keep])


def ours(d: Detections) -> Any:
    """The partition as the product makes it, with links and their reasons."""
    return group(d).label - 1


def measured(d: Detections) -> Any:
    """The same with the length and width of every group, which the product makes when it asks for one."""
    partition = group(d)
    return partition.over_span | partition.over_extent


def timed(work: Callable[[], Any], times: int) -> tuple[float, float, Any]:
    """The best of some runs: seconds by the clock and of the processor (all threads), and the answer."""
    wall = cpu = float("inf")
    answer = None
    for _ in range(times):
        started, used = time.perf_counter(), time.process_time()
        answer = work()
        wall, cpu = min(wall, time.perf_counter() - started), min(cpu, time.process_time() - used)
    return wall, cpu, answer


def main(millions: list[int]) -> None:
    """Print one line for each size, and at one million the rivals'."""
    print(f"load {os.getloadavg()[0]:.1f}")
    for million in millions:
        d = sightings(million * 1_000_000)
        times = 3 if million == 1 else 1
        own, own_cpu, label = timed(lambda d=d: ours(d), times)
        groups = len(np.unique(label))
        print(
            f"{million} M  ours {own:.2f} s (processor {own_cpu:.2f} s, {own_cpu / million:.2f} per million), {groups:,} groups"
        )
        if million == 1:
            seconds, cpu, _ = timed(lambda d=d: measured(d), times)
            print(f"     with the measures of every group: {seconds:.2f} s (processor {cpu:.2f} s)")
        for name, rival in (("DuckDB", by_duckdb), ("cKDTree", by_tree)) if million == 1 else ():
            try:
                seconds, cpu, answer = timed(lambda d=d, rival=rival: rival(d), times)
            except ImportError:
                print(f"     {name}: not installed")
                continue
            same = np.array_equal(label, answer)
            ratios = f"{seconds / own:.1f} × ours (processor {cpu:.2f} s = {cpu / own_cpu:.1f} ×)"
            print(f"     {name} {seconds:.2f} s = {ratios}, same partition: {same}")
        if million == 1:
            pixels = sightings(1_000_000, pixels=True)
            seconds, cpu, _ = timed(lambda pixels=pixels: ours(pixels), times)
            print(f"     real pixels, turned rectangles: {seconds:.2f} s (processor {cpu:.2f} s)")
    print(
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.1f} GB, load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [1])
