"""The long fuzz of workbook structure: `python -m tests.benchmarks.sheets --files 50000 --seconds 480`.

Prints one JSON object: files made, positions in them, faults with their seeds, seconds. Ends with 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import json
import sys
from time import perf_counter

from tests.fuzz.sheets import faults_of, make


def main() -> int:
    """Run the files of consecutive seeds until their number or the time is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seconds", type=float, default=480.0)
    options = parser.parse_args()
    begun, files, positions = perf_counter(), 0, 0
    faults: list[str] = []
    for seed in range(options.first, options.first + options.files):
        if perf_counter() - begun > options.seconds or len(faults) > 50:
            break
        book = make(seed)
        files, positions = files + 1, positions + len(book.places)
        faults += faults_of(book)
    seconds = round(perf_counter() - begun, 1)
    sys.stdout.write(json.dumps({"files": files, "positions": positions, "faults": faults, "seconds": seconds}) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
