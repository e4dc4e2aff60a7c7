"""How long another user's act waits while a large file is imported.

    python -m tests.benchmarks.import_waits [--rows 1000000] [--on sqlite|postgres]

The import runs as the real command in a process of its own, its points formed too; another meanwhile dispatches a
point every quarter of a second, reports a finding every 15 s, and measures each. Printed: p50, p99 and the longest, idle and during
the import, and the longest piece of the import itself.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import ingest as bench

ACTS = """
import sys, time, json, os
import django
django.setup()
from datetime import UTC, datetime

from firepoints.services.dispatch import fire_point_dispatch
from firepoints.services.intake import finding_record
from grids.models import User
from grids.selectors import user_named
clerk = user_named("clerk")
stop, first = sys.argv[1:3]
waits, failed = {"finding": [], "dispatch": []}, 0
def timed(name, act):
    begun = time.perf_counter()
    found = act()
    waits[name].append(time.perf_counter() - begun)
    return found
def found(n):
    data = {"found_at": f"2023-11-{n % 28 + 1:02d} {n // 28 % 24:02d}:{n % 60:02d}", "lon": 123.70 + n % 97 * 0.003,
            "lat": 41.20 + n % 89 * 0.003, "kind": "明火"}
    return timed("finding", lambda: finding_record(data=data, actor=clerk))[1]
numbers = iter(range(int(first), int(first) + 100_000))
ready = [found(next(numbers)) for _ in range(400)]
waits["finding"].clear()
open(stop + ".ready", "w").close()
turn = 0
while not os.path.exists(stop):
    turn += 1
    try:
        point = ready.pop() if ready else None
        if point is not None and point.state == "suspected" and not point.is_cross and not point.is_oversize:
            timed("dispatch", lambda: fire_point_dispatch(point_id=point.pk, actor=clerk))
        if turn % 60 == 0:
            found(next(numbers))
    except Exception as error:
        failed += 1
        said = repr(error)
    time.sleep(0.25)
def figures(values):
    values = sorted(values)
    at = lambda share: round(values[min(len(values) - 1, int(len(values) * share))], 3) if values else None
    return {"acts": len(values), "p50_s": at(0.5), "p99_s": at(0.99), "max_s": at(1.0)}
print(json.dumps({name: figures(values) for name, values in waits.items()} | {"failed": failed}))
"""


# The real command, with a watch around each piece: what it holds the database for, but not the pause after it.
PIECES = """
import sys, time
from contextlib import contextmanager
from pathlib import Path
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
sys.path.insert(0, os.getcwd())
import django
django.setup()
from django.core.management import execute_from_command_line
from django.db import connection
from firepoints.services.importing.turns import PAUSE_S, Turn
longest, piece = [0.0], Turn.piece
@contextmanager
def timed(turn):
    begun = time.perf_counter()
    with piece(turn):
        yield
    pause = PAUSE_S if connection.vendor == "sqlite" and not connection.in_atomic_block else 0.0
    longest[0] = max(longest[0], time.perf_counter() - begun - pause)
Turn.piece = timed
try:
    execute_from_command_line(["manage.py", *sys.argv[2:]])
finally:
    Path(sys.argv[1]).write_text(str(round(longest[0], 3)))
"""


def acts_until(home: Path, url: str, stop: Path, first: int) -> subprocess.Popen[str]:
    env = {**os.environ, "JINSHAO_HOME": str(home), "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    env["JINSHAO_LOG_LEVEL"] = "ERROR"
    return subprocess.Popen(
        [sys.executable, "-c", ACTS, str(stop), str(first)], cwd=bench.ROOT, env=env, stdout=subprocess.PIPE, text=True
    )


def measured(home: Path, url: str, folder: Path, csv: Path | None) -> None:
    """Acts during an import of `csv`, or for some seconds of rest."""
    stop = folder / "stop"
    ready = stop.with_name("stop.ready")
    for file in (stop, ready):
        file.unlink(missing_ok=True)
    acting = acts_until(home, url, stop, 0 if csv is None else 5_000)
    while not ready.exists():
        time.sleep(0.1)
    told: dict[str, object] = {}
    if csv is None:
        time.sleep(25)
    else:
        longest = folder / "longest"
        words = ("ingest", str(csv), "--source", "firms", "--timing", "--wait")
        done, wall, _ = bench.command(home, *words, url=url, program=("-c", PIECES, str(longest)))
        told = {"rows": done["rows"], "points": done["points"], **done["timing"], "wall": round(wall, 1)}
        told["longest_piece_s"] = float(longest.read_text())
    stop.touch()
    said, _ = acting.communicate()
    if told:
        bench.say("the import", **told)
    for name, figures in json.loads(said.splitlines()[-1]).items():
        bench.say(f"{name} {'at rest' if csv is None else 'during the import'}", figures=figures)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--on", choices=("sqlite", "postgres"), default="sqlite")
    asked = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="jinshao-waits-"))
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    try:
        with ExitStack() as stack:
            home = folder / "home"
            home.mkdir()
            sqlite = f"sqlite:///{home / 'jinshao.sqlite3'}"
            url = stack.enter_context(bench.postgres()) if asked.on == "postgres" else sqlite
            bench.deployment(home, "benxi", url)
            add = ["user", "add", "clerk", "--full-name", "演示", "--unit", "演示", "--post", "bureau@root"]
            bench.command(home, *add, url=url)
            csv = folder / "firms.csv"
            bench.write_rows(csv, asked.rows)
            measured(home, url, folder, None)
            measured(home, url, folder, csv)
        print(f"load {os.getloadavg()[0]:.1f}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
