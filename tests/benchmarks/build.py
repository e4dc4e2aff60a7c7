"""Build and save the index of a world in a process of its own: `python -m tests.benchmarks.build FOLDER`; one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from grids.geo.locator import Locator


def main() -> None:
    """Seconds (wall, CPU), the greatest memory of the whole process with the polygons in it, and of these alone."""
    folder = Path(sys.argv[1])
    codes, cells = _cells(folder)
    before_mb = _now_mb()
    start, cpu = time.perf_counter(), time.process_time()
    locator = Locator.build(cells, codes)
    built, built_cpu = time.perf_counter() - start, time.process_time() - cpu
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    locator.save(folder / "index")
    save_s = time.perf_counter() - start
    shape_mb = locator.arrays()["shape_bytes"].nbytes / 1e6
    size_mb = (folder / "index").stat().st_size / 1e6
    Locator.open(folder / "index")  # the first reader checks the whole file
    print(
        json.dumps(
            {
                "build_s": built, "build_cpu_s": built_cpu, "build_peak_mb": peak_mb, "polygons_mb": before_mb,
                "save_s": save_s, "index_mb": size_mb, "of_it_polygons_mb": shape_mb,
            }
        )
    )  # fmt: skip


def _cells(folder: Path) -> tuple[list[str], Any]:
    """Codes and polygons, read some at a time: what reading them takes should not be taken for the build's."""
    codes: list[str] = []
    parts = []
    for batch in pq.ParquetFile(folder / "cells.parquet").iter_batches(columns=["code", "wkb"]):
        codes += batch["code"].to_pylist()
        parts.append(shapely.from_wkb(batch["wkb"].to_numpy(zero_copy_only=False)))
    pa.default_memory_pool().release_unused()
    return codes, np.concatenate(parts)


def _now_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main()
