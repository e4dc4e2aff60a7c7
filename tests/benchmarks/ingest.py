"""How fast a large FIRMS file comes in, beside the usual ways, all in one run.

    python -m tests.benchmarks.ingest [--rows 1000000] [--edition benxi|liaoning] [--on sqlite postgres] [--no-peers]
        [--shuffled] [--url postgres://…]

The product runs as the real command in a process of its own, on a fresh home: raw rows, rejects, keys, journal, location
and the points too. Peers do less: they locate and store the rows (no key but a UNIQUE, no journal, no points). Times are
of the process's own work (`seconds`) and of the whole process with its imports (`wall`); only ratios within one run say
something. The points of so many rows are a worker's and not in these times.
What is missing (DuckDB, PostGIS) is skipped and said. `--python` names an interpreter that has DuckDB; `--url` an empty
database of a server that has PostGIS.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("JINSHAO_TEST_DATA", ROOT.parent / "shared" / "data"))
OCTOBER = "firms_viirs_noaa20_liaoning_2023-10.csv"
LEVELS = {
    "benxi": {level: f"synthetic_benxi_{level}.geojson" for level in ("county", "township", "village", "group")},
    "liaoning": {"county": "liaoning_counties.geojson"},
}


def write_rows(path: Path, rows: int, seed: int = 20261122, *, shuffled: bool = False) -> None:
    """A file of the published shape: real rows of October moved by some kilometres, over ten years, in the order of
    their times (`shuffled`: in none); 1 % repeated, and one in ten thousand unreadable."""
    rng = np.random.default_rng(seed)
    header, *lines = (DATA / OCTOBER).read_text().splitlines()
    real = [line.split(",") for line in lines]
    pick = rng.integers(0, len(real), rows)
    lat = np.array([float(row[0]) for row in real])[pick] + rng.normal(0, 0.05, rows)
    lon = np.array([float(row[1]) for row in real])[pick] + rng.normal(0, 0.05, rows)
    days = np.datetime64("2013-10-01") + rng.integers(0, 3650, rows)
    rest = [",".join(row[2:5]) for row in real]
    tail = [",".join(row[6:]) for row in real]
    if not shuffled:
        hhmm = np.array([int(row[6]) for row in real])[pick]
        order = np.lexsort([hhmm, days])
        pick, lat, lon, days = pick[order], lat[order], lon[order], days[order]
    with path.open("w") as file:
        file.write(header + "\n")
        for i, at in enumerate(pick.tolist()):
            clock = "bad" if i % 10_000 == 77 else tail[at][:4]
            file.write(f"{lat[i]:.5f},{lon[i]:.5f},{rest[at]},{days[i]},{clock}{tail[at][4:]}\n")
            if i % 100 == 50:
                file.write(f"{lat[i]:.5f},{lon[i]:.5f},{rest[at]},{days[i]},{tail[at]}\n")


def command(
    home: Path, *words: str, url: str = "", program: Sequence[str] = ("manage.py",)
) -> tuple[dict[str, Any], float, float]:
    """(answer, wall seconds, peak MB) of one command of the product in a process of its own."""
    env = {**os.environ, "JINSHAO_HOME": str(home), "JINSHAO_LOG_LEVEL": "WARNING"}
    env["DATABASE_URL"] = url or f"sqlite:///{home / 'jinshao.sqlite3'}"
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen([sys.executable, *program, *words, "--json"], cwd=ROOT, env=env, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begun
        out.seek(0)
        text = out.read()
    if child.returncode:
        raise SystemExit(f"{' '.join(words)}: {text}")
    return json.loads(text), wall, usage.ru_maxrss / 1024


def deployment(home: Path, edition: str, url: str = "") -> None:
    """A fresh home with boundaries in force and their index built: idle, as on the day before."""
    run = [sys.executable, "manage.py"]
    env = {**os.environ, "JINSHAO_HOME": str(home), "JINSHAO_LOG_LEVEL": "ERROR"}
    env["DATABASE_URL"] = url or f"sqlite:///{home / 'jinshao.sqlite3'}"
    quiet: dict[str, Any] = {"cwd": ROOT, "env": env, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([*run, "migrate", "-v0"], **quiet)
    levels = [f"--level={level}={DATA / name}" for level, name in LEVELS[edition].items()]
    subprocess.run([*run, "grid", "import", "--edition", "bench", *levels], **quiet)
    subprocess.run([*run, "grid", "activate", "bench", "--from", "2012-01-01"], **quiet)
    subprocess.run([*run, "locate"], input=b"lon,lat\n123.9,41.2\n", **quiet)


def say(name: str, **figures: Any) -> None:
    print(f"{name:42s}", "  ".join(f"{key} {value}" for key, value in figures.items()), flush=True)


def product(folder: Path, csv: Path, edition: str, url: str = "") -> dict[str, float]:
    """The real command: the first load, and the same file again."""
    home = folder / ("pg" if url else "sqlite")
    home.mkdir()
    deployment(home, edition, url)
    word = "PostgreSQL" if url else "SQLite"
    done, wall, peak = command(home, "ingest", str(csv), "--source", "firms", "--timing", url=url)
    timing = done.pop("timing")
    say(f"product, {word}", rows=done["rows"], kept=done["kept"], points=done["points"], wall=f"{wall:.2f} s",
        peak=f"{peak:.0f} MB", **timing)  # fmt: skip
    again, wall_again, _ = command(home, "ingest", str(csv), "--source", "firms", "--timing", url=url)
    told = again.pop("timing")
    say(f"product, {word}, the same file again", identical=again["identical"], wall=f"{wall_again:.2f} s", **told)
    return {"seconds": timing["committed_s"], "all": timing["seconds"], "again": told["seconds"]}


PANDAS = """
import sys, time, sqlite3, json
begun = time.perf_counter()
import pandas as pd, numpy as np, shapely, geopandas as gpd
imported = time.perf_counter()
csv, leaf, out = sys.argv[1:4]
frame = pd.read_csv(csv, dtype={"acq_time": str}, on_bad_lines="skip").drop_duplicates()
cells = gpd.read_file(leaf)
points = shapely.points(frame.longitude, frame.latitude)
shapely.prepare(cells.geometry.values)
point, cell = shapely.STRtree(cells.geometry.values).query(points)
inside = shapely.covers(cells.geometry.values[cell], points[point])
point, cell = point[inside], cell[inside]
found = np.full(len(frame), "", dtype=object)
found[point] = cells.iloc[:, 0].astype(str).to_numpy()[cell]
frame["leaf"] = found
base = sqlite3.connect(out)
base.execute("PRAGMA journal_mode=WAL"); base.execute("PRAGMA synchronous=NORMAL")
frame.to_sql("rows", base, index=False, chunksize=10000)
base.execute("CREATE UNIQUE INDEX k ON rows (satellite, version, acq_date, acq_time, longitude, latitude)")
base.commit()
print(json.dumps({"rows": len(frame), "inside": int((found != "").sum()), "seconds": time.perf_counter() - imported}))
"""

COPY = """
import sys, time, json
begun = time.perf_counter()
import psycopg, shapely, numpy as np, geopandas as gpd
imported = time.perf_counter()
csv, leaf, url, form = sys.argv[1:5]
with psycopg.connect(url, autocommit=True) as base:
    base.execute("DROP TABLE IF EXISTS peer_raw, peer_rows, peer_cells, peer_pieces")
    header = open(csv).readline().strip().split(",")
    base.execute("CREATE TABLE peer_raw (" + ", ".join(f"{name} text" for name in header) + ")")
    with base.cursor() as cursor, cursor.copy("COPY peer_raw FROM STDIN (FORMAT csv, HEADER)") as copy, open(csv, "rb") as file:
        while block := file.read(1 << 20):
            copy.write(block)
    cells = gpd.read_file(leaf)
    codes = cells.iloc[:, 0].astype(str).to_numpy()
    if form != "shapely":
        base.execute("CREATE TABLE peer_cells (code text, shape geometry(Geometry, 4326))")
        with base.cursor() as cursor:
            cursor.executemany("INSERT INTO peer_cells VALUES (%s, ST_SetSRID(ST_GeomFromWKB(%s), 4326))",
                               list(zip(codes.tolist(), shapely.to_wkb(cells.geometry.values).tolist())))
        if form == "subdivided":
            base.execute("CREATE TABLE peer_pieces AS SELECT code, ST_Subdivide(shape, 64) AS shape FROM peer_cells")
            base.execute("DROP TABLE peer_cells"); base.execute("ALTER TABLE peer_pieces RENAME TO peer_cells")
        base.execute("CREATE INDEX ON peer_cells USING gist (shape)"); base.execute("ANALYZE peer_cells")
        base.execute("CREATE TABLE peer_rows AS SELECT r.*, c.code AS leaf FROM (SELECT DISTINCT * FROM peer_raw) r "
                     "LEFT JOIN LATERAL (SELECT code FROM peer_cells WHERE ST_Covers(shape, "
                     "ST_SetSRID(ST_MakePoint(r.longitude::float8, r.latitude::float8), 4326)) LIMIT 1) c ON true")
    else:
        base.execute("CREATE TABLE peer_rows AS SELECT DISTINCT * FROM peer_raw")
        base.execute("ALTER TABLE peer_rows ADD COLUMN leaf text, ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY")
        tree = shapely.STRtree(cells.geometry.values)
        rows = base.execute("SELECT id, longitude::float8, latitude::float8 FROM peer_rows").fetchall()
        ids, lon, lat = (np.array(column) for column in zip(*rows))
        point, cell = tree.query(shapely.points(lon, lat), predicate="intersects")
        base.execute("CREATE TEMP TABLE found (id bigint, leaf text)")
        with base.cursor() as cursor, cursor.copy("COPY found FROM STDIN") as copy:
            copy.write("".join(f"{i}\\t{c}\\n" for i, c in zip(ids[point].tolist(), codes[cell].tolist())))
        base.execute("UPDATE peer_rows SET leaf = found.leaf FROM found WHERE found.id = peer_rows.id")
    base.execute("CREATE UNIQUE INDEX peer_key ON peer_rows (satellite, version, acq_date, acq_time, longitude, latitude)")
    rows, inside = base.execute("SELECT count(*), count(leaf) FROM peer_rows").fetchone()
    base.execute("DROP TABLE IF EXISTS peer_raw, peer_rows, peer_cells")
print(json.dumps({"rows": rows, "inside": inside, "seconds": time.perf_counter() - imported}))
"""

DUCKDB = """
import sys, time, json, importlib.resources, pathlib
begun = time.perf_counter()
import duckdb
imported = time.perf_counter()
csv, leaf, out = sys.argv[1:4]
base = duckdb.connect(out)
extensions = importlib.resources.files("duckdb_extension_spatial") / "extensions"
(extension,) = pathlib.Path(str(extensions)).rglob("spatial.duckdb_extension")
base.execute(f"LOAD '{extension}'")
base.execute(f"CREATE TABLE cells AS SELECT * FROM ST_Read('{leaf}')")
code = base.execute("SELECT column_name FROM (DESCRIBE cells) LIMIT 1").fetchone()[0]
base.execute(f"CREATE TABLE raw AS SELECT DISTINCT * FROM read_csv('{csv}', types={{'acq_time': 'VARCHAR'}}, ignore_errors=true)")
base.execute(f"CREATE TABLE rows AS SELECT r.*, c.{code} AS leaf FROM raw r LEFT JOIN cells c "
             "ON ST_Intersects(c.geom, ST_Point(r.longitude, r.latitude))")
rows, inside = base.execute("SELECT count(*), count(leaf) FROM rows").fetchone()
print(json.dumps({"rows": rows, "inside": inside, "seconds": time.perf_counter() - imported}))
"""


def peer(name: str, python: str, script: str, *words: str) -> float | None:
    begun = time.perf_counter()
    done = subprocess.run([python, "-c", script, *words], capture_output=True, text=True, check=False)
    wall = time.perf_counter() - begun
    if done.returncode:
        say(name, skipped=(done.stderr.strip().splitlines() or ["?"])[-1][:110])
        return None
    told = json.loads(done.stdout.splitlines()[-1])
    say(name, rows=told["rows"], inside=told["inside"], seconds=f"{told['seconds']:.2f}", wall=f"{wall:.2f} s")
    return float(told["seconds"])


@contextmanager
def postgres(given: str = "") -> Iterator[str]:
    """The server that was named, or a PostgreSQL of our own with its durability on, as a bureau would run it."""
    if given:
        yield given
        return
    from tests import services

    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        services.POSTGRES_OPTIONS[name] = "on"
    services.POSTGRES_OPTIONS["autovacuum"] = "on"
    os.environ.pop("DATABASE_URL", None)
    os.environ.setdefault("CELERY_BROKER_URL", "spool://localhost")
    mine = services.Services()
    mine.start()
    try:
        yield os.environ.pop("DATABASE_URL")
    finally:
        os.environ.pop("CELERY_BROKER_URL", None)
        mine.stop()


def has_postgis(url: str) -> bool:
    import psycopg

    with psycopg.connect(url, autocommit=True) as base:
        found = base.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'").fetchone()
        if found:
            base.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    return bool(found)


def ratio(name: str, other: float | None, ours: float) -> None:
    if other:
        say(f"  {name}", times=f"{other / ours:.2f} × as long as the product to its commit")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--edition", choices=LEVELS, default="benxi")
    options.add_argument("--on", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    options.add_argument("--no-peers", action="store_true")
    options.add_argument("--shuffled", action="store_true", help="rows in no order")
    options.add_argument("--url", default="", help="an empty PostgreSQL database, for PostGIS")
    options.add_argument("--python", default=sys.executable, help="an interpreter that has DuckDB")
    asked = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="jinshao-bench-"))
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    try:
        csv = folder / "firms.csv"
        write_rows(csv, asked.rows, shuffled=asked.shuffled)
        say("file", rows=asked.rows, size=f"{csv.stat().st_size / 1e6:.0f} MB")
        leaf = str(DATA / list(LEVELS[asked.edition].values())[-1])
        if "sqlite" in asked.on:
            ours = product(folder, csv, asked.edition)
            if not asked.no_peers:
                told = peer(
                    "pandas + shapely + SQLite", sys.executable, PANDAS, str(csv), leaf, str(folder / "peer.db")
                )
                ratio("pandas", told, ours["seconds"])
                told = peer("DuckDB", asked.python, DUCKDB, str(csv), leaf, str(folder / "peer.duckdb"))
                ratio("DuckDB", told, ours["seconds"])
        if "postgres" in asked.on:
            with postgres(asked.url) as url:
                ours = product(folder, csv, asked.edition, url)
                if not asked.no_peers:
                    there = has_postgis(url)
                    forms = {"COPY + PostGIS SQL": "whole", "COPY + PostGIS SQL, cells subdivided": "subdivided"}
                    if not there:
                        forms = {"COPY + shapely (this server has no PostGIS)": "shapely"}
                    for name, form in forms.items():
                        told = peer(name, sys.executable, COPY, str(csv), leaf, url, form)
                        ratio(name, told, ours["seconds"])
        print(
            f"load {os.getloadavg()[0]:.1f}; children's peak {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB"
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
