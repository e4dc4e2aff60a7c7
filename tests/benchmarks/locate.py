"""Points to cells against the best of the others, in one run:

    .venv/bin/python -m tests.benchmarks.locate --scale prefecture|province|country [--points N] [--rounds N] [--json]

The peers are in requirements/bench.txt; one that is not installed is left out and said. Points are fresh in each run
(--seed repeats one). docs/locator.md says how to read the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from tests.benchmarks.engines import ENGINES
from tests.benchmarks.imperfect import mismatches_on_imperfect_tilings
from tests.benchmarks.worlds import BOXES, SCALES, World, bricks

ORDERS = ("shuffled", "file_order")
REFERENCE = "shapely"


class Remote:
    """A worker process, and one question at a time."""

    def __init__(self, name: str, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.worker", name, str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.missing = self._answer().get("missing")

    def ask(self, do: str, **words: str) -> dict[str, float]:
        """Let it do something, and wait."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, "with": words}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=SCALES, required=True)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seed", type=int, default=None, help="of world and points; without it a new one")
    parser.add_argument("--engines", default=",".join(ENGINES), help="which to run; ours and shapely always are")
    words = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if words.seed is None else words.seed
    chosen = [name for name in ENGINES if name in ("ours", REFERENCE, *words.engines.split(","))]
    with tempfile.TemporaryDirectory(prefix="locate-") as name:
        result = run(Path(name), words.scale, words.points, words.rounds, seed, chosen)
    print(json.dumps(result) if words.json else as_text(result))


def run(folder: Path, scale: str, points: int, rounds: int, seed: int, engines: list[str]) -> dict[str, Any]:
    """All figures of one scale."""
    _write(folder, bricks(SCALES[scale], BOXES[scale], seed=seed), points, seed)
    built = _child("tests.benchmarks.build", folder)
    workers = {name: Remote(name, folder) for name in engines}
    missing = {name: worker.missing for name, worker in workers.items() if worker.missing}
    workers = {name: worker for name, worker in workers.items() if name not in missing}
    try:
        first = {name: worker.ask("first", points=ORDERS[0]) for name, worker in workers.items()}
        times, mismatches = _rounds(folder, workers, rounds)
        one = workers["ours"].ask("one", points=ORDERS[0])
    finally:
        for worker in workers.values():
            worker.close()
    figures = {
        name: {
            "warm_s": _spread(times[name][ORDERS[0]], "s"), "file_order_s": _spread(times[name][ORDERS[1]], "s"),
            "warm_cpu_s": _spread(times[name][ORDERS[0]], "cpu_s"),
            "first_s": first[name]["s"], "first_ready_s": first[name]["ready_s"], "mismatches": mismatches[name],
        }
        for name in workers
    }  # fmt: skip
    return {
        "scale": scale, "leaves": SCALES[scale], "points": points, "rounds": rounds, "seed": seed,
        "load": os.getloadavg()[0], "cores": len(os.sched_getaffinity(0)), "engines": figures, "missing": missing,
        "ratios": _ratios(figures), **built, "one_point_us": one["us"], "one_point_min_us": one["min_us"],
        "imperfect": mismatches_on_imperfect_tilings(seed),
    }  # fmt: skip


def _write(folder: Path, world: World, points: int, seed: int) -> None:
    position = np.arange(len(world.codes), dtype=np.int32)
    wkb = pa.array(shapely.to_wkb(world.geometries).tolist(), pa.binary())
    pq.write_table(
        pa.table({"position": position, "code": world.codes, "wkb": wkb}),
        folder / "cells.parquet",
        row_group_size=20_000,
    )
    np.save(folder / "rank.npy", np.argsort(np.argsort(np.array(world.codes), kind="stable"), kind="stable"))
    rng = np.random.default_rng([seed, 1])
    west, south, east, north = world.box
    # A twentieth lies around the tiling, as in a file of a whole country.
    margin_x, margin_y = (east - west) * 0.012, (north - south) * 0.012
    x = rng.uniform(west - margin_x, east + margin_x, points)
    y = rng.uniform(south - margin_y, north + margin_y, points)
    np.save(folder / "shuffled.npy", np.stack([x, y]))
    # As a satellite writes them: scan by scan, each from west to east.
    order = np.lexsort([x, np.round(y, 2)])
    np.save(folder / "file_order.npy", np.stack([x[order], y[order]]))


def _child(module: str, folder: Path) -> dict[str, float]:
    output = subprocess.run([sys.executable, "-m", module, str(folder)], check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(output.stdout)
    return figures


def _rounds(folder: Path, workers: dict[str, Remote], rounds: int) -> tuple[dict[str, Any], dict[str, int]]:
    """What each engine answered in each order, the engines taking turns; and how many answers differ from GEOS, in both orders."""
    times: dict[str, Any] = {name: {order: [] for order in ORDERS} for name in workers}
    mismatches = dict.fromkeys(workers, 0)
    for order in ORDERS:
        for _ in range(rounds):
            for name, worker in workers.items():
                times[name][order].append(worker.ask("again", points=order))
        for name, worker in workers.items():
            worker.ask("keep", to=f"{name}.npy")
        expected = np.load(folder / f"{REFERENCE}.npy")
        for name in workers:
            mismatches[name] += int((np.load(folder / f"{name}.npy") != expected).sum())
    return times, mismatches


def _spread(answers: list[dict[str, float]], what: str) -> dict[str, float]:
    seconds = [answer[what] for answer in answers]
    return {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)}


def _ratios(figures: dict[str, Any]) -> dict[str, float]:
    """The best exact peer's time over ours."""
    peers = [figure for name, figure in figures.items() if name != "ours" and figure["mismatches"] == 0]
    ours = figures["ours"]
    return {
        "warm": min(peer["warm_s"]["median"] for peer in peers) / ours["warm_s"]["median"],
        # All cores together, and whatever else the machine does left out.
        "warm_cpu": min(peer["warm_cpu_s"]["median"] for peer in peers) / ours["warm_cpu_s"]["median"],
        "file_order": min(peer["file_order_s"]["median"] for peer in peers) / ours["file_order_s"]["median"],
        "first": min(peer["first_s"] for peer in peers) / ours["first_s"],
    }


def as_text(result: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [
        "{scale}: {leaves} leaves, {points} points, {rounds} rounds, seed {seed}, load {load:.1f}".format(**result),
        "engine      warm s (min–max)           file order s   first s   mismatches",
    ]
    for name, figure in result["engines"].items():
        warm, ordered = figure["warm_s"], figure["file_order_s"]
        lines.append(
            f"{name:10}  {warm['median']:.4f} ({warm['min']:.4f}–{warm['max']:.4f})  {ordered['median']:12.4f}"
            f"  {figure['first_s']:9.3f}  {figure['mismatches']:6}"
        )
    lines += [f"{name}: left out, {why}" for name, why in result["missing"].items()]
    ratios = ", ".join(f"{name} {ratio:.0f}×" for name, ratio in result["ratios"].items())
    lines += [
        f"best exact peer over ours: {ratios}",
        "build {build_s:.1f} s ({build_cpu_s:.1f} s CPU), peak {build_peak_mb:.0f} MB of which the polygons given are "
        "{polygons_mb:.0f} MB; file {index_mb:.0f} MB of which polygons {of_it_polygons_mb:.0f} MB".format(**result),
        f"one point {result['one_point_us']:.2f} µs; imperfect tilings: {result['imperfect']}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
