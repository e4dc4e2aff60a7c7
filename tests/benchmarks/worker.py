"""One engine in a process of its own, told what to do by lines of JSON: `python -m tests.benchmarks.worker ENGINE FOLDER`.

A process for each, so that the first call is a first call, and memory is its own. Only one works at a time.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.engines import ENGINES, Engine, Ours

ONE_POINTS = 20_000


def main() -> None:
    """Answer each line on stdin with one on stdout."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    try:
        engine = ENGINES[name](folder)
    except ImportError as error:
        print(json.dumps({"missing": f"{error.name} is not installed"}), flush=True)
        return
    print(json.dumps({"ready": name}), flush=True)
    work = Worker(engine, folder)
    for line in sys.stdin:
        print(json.dumps(getattr(work, json.loads(line)["do"])(**json.loads(line)["with"])), flush=True)


class Worker:
    """What can be asked of an engine."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.answer: Any = None
        self.loaded = ""
        self.points: Any = None

    def _load(self, points: str) -> None:
        if self.loaded != points:
            x, y = np.load(self.folder / f"{points}.npy")
            self.points, self.loaded, self.size = self.engine.points(x, y), points, len(x)

    def first(self, points: str) -> dict[str, float]:
        """Seconds from nothing but the inputs to the first answer."""
        self._load(points)
        start = time.perf_counter()
        self.engine.ready()
        opened = time.perf_counter() - start
        self.answer = self.engine.locate(self.points)
        return {"s": time.perf_counter() - start, "ready_s": opened}

    def again(self, points: str) -> dict[str, float]:
        """Seconds of one more answer."""
        self._load(points)
        start, cpu = time.perf_counter(), time.process_time()
        self.answer = self.engine.locate(self.points)
        return {"s": time.perf_counter() - start, "cpu_s": time.process_time() - cpu}

    def keep(self, to: str) -> dict[str, float]:
        """Write the last answer to a file, as positions."""
        np.save(self.folder / to, self.engine.positions(self.answer, self.size))
        return {}

    def one(self, points: str) -> dict[str, float]:
        """Microseconds for one point in a call of its own: the median of some batches."""
        assert isinstance(self.engine, Ours)
        x, y = np.load(self.folder / f"{points}.npy")[:, :ONE_POINTS]
        locate = self.engine.locator.locate
        times = []
        for at in range(0, len(x), 1000):
            places = [(x[i : i + 1], y[i : i + 1]) for i in range(at, min(at + 1000, len(x)))]
            start = time.perf_counter()
            for lon, lat in places:
                locate(lon, lat)
            times.append((time.perf_counter() - start) / len(places))
        return {"us": float(np.median(times)) * 1e6, "min_us": min(times) * 1e6, "max_us": max(times) * 1e6}


if __name__ == "__main__":
    main()
