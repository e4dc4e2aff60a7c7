"""October 2023 through the product: what stands out as fixed heat, what lies on a border, what changes its date.

    python -m tests.benchmarks.october [--edition liaoning|benxi] [--json]

In a throw-away home (SQLite) the real borders and the real VIIRS rows go in by the commands; fixed heat is proposed from
the history of sightings and an officer accepts every proposal; then the import is withdrawn and made anew, so that the
rows are grouped with the heat accepted before. The figures after each of the two are printed side by side, and the cells
found beside `fixed_heat_sources_benxi_area_derived.csv` (60 days; October alone has 31). Needs the folder of real data.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import UTC, date
from pathlib import Path
from typing import Any

from tests.benchmarks.ingest import DATA, OCTOBER, ROOT, command

DERIVED = "fixed_heat_sources_benxi_area_derived.csv"
CITY, LAST_DAY = "2105", "2023-10-31"
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3)
BESIDE_DEGREES = 0.05  # around the cells of the derived file: elsewhere it does not look
Cell = tuple[int, int]


def cell_of(lon: float, lat: float) -> Cell:
    """The 0.01° cell by its south-west corner in hundredths of a degree, as the product counts them."""
    return int(round(lon * 100, 6) // 1), int(round(lat * 100, 6) // 1)


def python(home: Path, *words: str) -> str:
    """What a Python of its own prints, with the home's database."""
    env = {**os.environ, "JINSHAO_HOME": str(home), "DATABASE_URL": f"sqlite:///{home / 'jinshao.sqlite3'}",
           "JINSHAO_LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "config.settings"}  # fmt: skip
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def inside(home: Path, step: str) -> dict[str, Any]:
    """One step of this file on the home's database."""
    told: dict[str, Any] = json.loads(python(home, "-m", "tests.benchmarks.october", "--step", step))
    return told


def accept_all() -> dict[str, Any]:
    """What the officer does on the page of overlays: accept each proposal, with a reason."""
    from grids.models import Overlay, User
    from grids.overlays.overlays import overlay_decide

    clerk = User.objects.get(username="clerk")
    waiting = list(Overlay.objects.filter(state=Overlay.State.PROPOSED).values_list("pk", flat=True))
    for pk in waiting:
        overlay_decide(overlay_id=pk, is_accepted=True, actor=clerk, reason="连续多日有监测记录")
    return {"accepted": len(waiting)}


def measure() -> dict[str, Any]:
    """What stands in the database now: rows in force with their place, day, heat and point; points with their facts."""
    from firepoints.forming.attribution import LEAST_SHARE
    from firepoints.models import Detection, FirePoint, Question
    from firepoints.terms.states import State
    from grids.models import Overlay
    from grids.selectors.overlays import within_on

    seen = Detection.objects.filter(live_key__isnull=False, is_outside=False, memberships__is_active=True)
    rows = list(seen.values_list("row_no", "lon", "lat", "beijing_date", "county_code", "memberships__point"))
    days = [row[3].toordinal() for row in rows]
    heat = within_on([row[1] for row in rows], [row[2] for row in rows], days, kind=Overlay.Kind.FIXED_HEAT)
    found = FirePoint.objects.exclude(state__in=(State.MERGED, State.CLOSED)).select_related("attribution")
    asked = set(Question.objects.unanswered().values_list("point", flat=True))
    points = [_point(point, LEAST_SHARE, asked) for point in found]
    told = [(*row[:3], row[3].isoformat(), *row[4:], bool(hot)) for row, hot in zip(rows, heat, strict=True)]
    return {"rows": told, "points": points, "accepted": _accepted({cell_of(row[1], row[2]) for row in rows})}


def _accepted(seen: set[Cell]) -> list[Cell]:
    """Of these cells and those of the derived file, the ones whose middle lies in accepted heat."""
    from grids.models import Overlay
    from grids.selectors.overlays import within

    asked = sorted(seen | {cell_of(float(row["lon"]), float(row["lat"])) for row in derived()})
    lons, lats = ([(at[axis] + 0.5) / 100 for at in asked] for axis in (0, 1))
    inside = within(lons, lats, on=date.fromisoformat(LAST_DAY), kind=Overlay.Kind.FIXED_HEAT)
    return [at for at, is_in in zip(asked, inside, strict=True) if is_in]


def _point(point: Any, least: float, asked: set[int | None]) -> dict[str, Any]:
    place = point.attribution
    shares = [one["share"] for one in place.candidates]
    own = any(one["code"] == place.county_code for one in place.candidates)
    counties = {str(share): sum(one >= max(share, least) for one in shares) + (not own) for share in SHARES}
    return {
        "id": point.pk,
        "county": place.county_code,
        "heat": point.is_fixed_heat,
        "cross": point.is_cross,
        "counties": counties,
        "oversize": point.is_oversize,
        "asked": point.pk in asked,
        "moved": point.starts_at.astimezone(UTC).date() != point.burn_date,
        "hours": (point.ends_at - point.starts_at).total_seconds() / 3600,
    }


def figures(told: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The figures of the rows and points whose county begins with `prefix`."""
    rows = [row for row in told["rows"] if row[4].startswith(prefix)]
    points = [point for point in told["points"] if point["county"].startswith(prefix)]
    hot = {row[5] for row in rows if row[6]}
    return {
        "rows": len(rows),
        "rows_on_heat": sum(row[6] for row in rows),
        "points": len(points),
        "points_heat_only": sum(point["heat"] for point in points),
        "points_with_heat": sum(point["id"] in hot for point in points),
        "cross": sum(point["cross"] for point in points),
        "cross_not_heat": sum(point["cross"] and not point["heat"] for point in points),
        "cross_by_share": {str(s): sum(point["counties"][str(s)] > 1 for point in points) for s in SHARES},
        "oversize": sum(point["oversize"] for point in points),
        "over_48h": sum(point["hours"] > 48 for point in points),
        "longest_h": round(max((point["hours"] for point in points), default=0.0), 1),
        "asked": sum(point["asked"] for point in points),
        "date_differs": sum(point["moved"] for point in points),
    }


def partition(told: dict[str, Any]) -> dict[frozenset[int], int]:
    """Each point as the set of its rows' numbers in the file."""
    of: dict[int, set[int]] = defaultdict(set)
    for row in told["rows"]:
        of[row[5]].add(row[0])
    return {frozenset(rows): point for point, rows in of.items()}


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, int]:
    """How the partition changes when the heat is accepted before the rows are grouped."""
    old, new = partition(before), partition(after)
    kept = set(old) & set(new)
    hot = {row[0] for row in after["rows"] if row[6]}
    return {
        "same": len(kept),
        "gone": len(old) - len(kept),
        "new": len(new) - len(kept),
        "rows_in_changed": sum(len(rows) for rows in set(new) - kept),
        "changed_without_heat": sum(not (rows & hot) for rows in set(new) - kept),
    }


def derived() -> list[dict[str, str]]:
    """The rows of the derived file: cells hit on 5 days or more of 60."""
    with (DATA / DERIVED).open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def cells(told: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The cells of the derived file in these counties that lie in accepted heat, those that do not, and what was found
    beside them."""
    days: dict[Cell, set[str]] = defaultdict(set)
    hits: Counter[Cell] = Counter()
    for _, lon, lat, day, *_ in told["rows"]:
        at = cell_of(lon, lat)
        days[at].add(day)
        hits[at] += 1
    hot = {(x, y) for x, y in told["accepted"]}
    known = {}
    for row in derived():
        if not row["adcode"].startswith(prefix):
            continue
        at = cell_of(float(row["lon"]), float(row["lat"]))
        known[at] = {"lat": row["lat"], "lon": row["lon"], "city": row["city"], "days_60": int(row["days"]),
                     "hits_60": int(row["n"]), "days": len(days[at]), "hits": hits[at]}  # fmt: skip
    extra = [{"cell": [at[0] / 100, at[1] / 100], "days": len(days[at]), "hits": hits[at]} for at in hot - set(known)]
    near = [one for one in extra if _beside(one["cell"], known)]
    return {
        "hot": len(hot),
        "hot_rows": sum(hits[at] for at in hot),
        "derived": len(known),
        "found": [known[at] for at in known if at in hot],
        "missed": [known[at] for at in known if at not in hot],
        "extra": sorted(near, key=lambda one: -one["days"]),
        "elsewhere": len(extra) - len(near),
    }


def _beside(corner: list[float], known: dict[Cell, Any]) -> bool:
    return any(max(abs(corner[0] - x / 100), abs(corner[1] - y / 100)) <= BESIDE_DEGREES for x, y in known)


def run(edition: str, folder: Path) -> dict[str, Any]:
    """A deployment over these counties: the first import, the heat, the second import."""
    home = folder / edition
    home.mkdir()
    python(home, "manage.py", "migrate", "-v0")
    command(home, "grid", "import", "--edition", "real", f"--level=county={DATA / f'{edition}_counties.geojson'}")
    command(home, "grid", "activate", "real", "--from", "2022-01-01")
    command(home, "user", "add", "clerk", "--full-name", "张经办", "--unit", "市局", "--post", f"bureau@{CITY}00")
    first, _, _ = command(home, "ingest", str(DATA / OCTOBER), "--source", "firms")
    proposed, _, _ = command(home, "overlay", "propose", "--until", LAST_DAY)
    inside(home, "accept")
    before = inside(home, "measure")
    command(home, "ingest", "withdraw", first["run"], "--reason", "固定热源确认后重新导入")
    again, _, _ = command(home, "ingest", str(DATA / OCTOBER), "--source", "firms")
    after = inside(home, "measure")
    areas = {"all": "", "benxi": CITY} if edition == "liaoning" else {"benxi": CITY}
    return {
        "edition": edition,
        "rows": again["rows"],
        "kept": again["kept"],
        "outside": again["outside"],
        "places": proposed["proposed"],
        "before": {name: figures(before, prefix) for name, prefix in areas.items()},
        "after": {name: figures(after, prefix) for name, prefix in areas.items()},
        "changed": changed(before, after),
        "cells": cells(after, "" if edition == "liaoning" else CITY),
    }


def say(told: dict[str, Any]) -> None:
    """The same for people."""
    print(f"{told['edition']}: {told['rows']} rows, {told['kept']} kept, {told['outside']} outside; "
          f"{told['places']} places of fixed heat proposed and accepted")  # fmt: skip
    for area, before in told["before"].items():
        after = told["after"][area]
        print(f"\n{'':20}{area:>10}{'heat first':>12}")
        for key, value in before.items():
            if key == "cross_by_share":
                for share, number in value.items():
                    print(f"  cross from {share:7}{number:>10}{after[key][share]:>12}")
            else:
                print(f"{key:20}{value:>10}{after[key]:>12}")
    print("\npartition, heat accepted after and before:", told["changed"])
    found = told["cells"]
    print(f"cells in accepted heat: {found['hot']} with {found['hot_rows']} rows; of the derived file's "
          f"{found['derived']}: {len(found['found'])} found, {len(found['missed'])} missed; "
          f"{len(found['extra'])} extra beside them, {found['elsewhere']} elsewhere")  # fmt: skip
    for name in ("found", "missed", "extra"):
        for one in found[name]:
            print(f"  {name:7}", " ".join(f"{key} {value}" for key, value in one.items()))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--edition", choices=("liaoning", "benxi"), nargs="+", default=["liaoning", "benxi"])
    options.add_argument("--json", action="store_true")
    options.add_argument("--step", choices=("accept", "measure"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.step:
        import django

        django.setup()
        print(json.dumps(accept_all() if asked.step == "accept" else measure()))
        return
    with tempfile.TemporaryDirectory(prefix="jinshao-october-") as folder:
        told = [run(edition, Path(folder)) for edition in asked.edition]
    if asked.json:
        print(json.dumps({"on": date.today().isoformat(), "deployments": told}, ensure_ascii=False))
        return
    for one in told:
        say(one)
        print()


if __name__ == "__main__":
    main()
