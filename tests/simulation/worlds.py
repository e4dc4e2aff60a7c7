"""A world written by hand, as docs/simulation.md says: two square counties, a few fires, one list."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

WEST, EAST = "210502", "210503"
BORDER = 124.0
HEAD = ("序号", "监测日期", "过境时间", "卫星", "县", "经度", "纬度")
START = datetime.fromisoformat("2023-10-16T13:00:00+08:00")


def cells(folder: Path) -> dict[str, str]:
    """Two counties side by side, each one township and one village."""
    squares = {WEST: (BORDER - 0.3, BORDER), EAST: (BORDER, BORDER + 0.3)}
    for level, ending in (("county", ""), ("township", "001"), ("village", "001201")):
        parent = {"county": "", "township": ending[:0], "village": "001"}[level]
        features = [
            {
                "type": "Feature",
                "properties": {"code": code + ending, "name": f"{level}{code}", "parent": code + parent if ending else ""},
                "geometry": {"type": "Polygon", "coordinates": [
                    [[west, 41.0], [east, 41.0], [east, 41.4], [west, 41.4], [west, 41.0]]]},
            }
            for code, (west, east) in squares.items()
        ]  # fmt: skip
        path = folder / "cells" / f"{level}.geojson"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return {level: f"cells/{level}.geojson" for level in ("county", "township", "village")}


def fire(name: str, lon: float, lat: float, *, straw: bool = True, hours: float = 0) -> dict[str, Any]:
    """A fire of three hours; `hours` after the first day's noon."""
    county = WEST if lon < BORDER else EAST
    starts = START + timedelta(hours=hours)
    return {
        "id": name, "straw": straw, "lon": lon, "lat": lat, "starts": starts.isoformat(),
        "ends": (starts + timedelta(hours=3)).isoformat(), "counties": {county: 1.0},
        "village": f"{county}001201", "border_m": abs(lon - BORDER) * 84_000,
    }  # fmt: skip


def write(
    folder: Path,
    fires: list[dict[str, Any]],
    tempers: dict[str, str],
    *,
    twice: dict[str, float] | None = None,
    version: int = 1,
    lists: Sequence[dict[str, Any]] = (),
    acts: Sequence[dict[str, Any]] = (),
    says: Sequence[list[str]] = (),
) -> None:
    """A world in which one list shows each fire once, and a second one those of `twice` again, so many degrees east.

    `lists`: more lists, each with `day`, `fires` {name: degrees east} and what else stands in the manifest. `acts`: more
    of them, `day` and `hour` after the first day's midnight. `says`: when the first rows put their fire.
    """
    told = [(one, 0.0) for one in fires] + [
        (one, (twice or {})[one["id"]]) for one in fires if one["id"] in (twice or {})
    ]
    rows, files = [], []
    for number, part in enumerate(
        ([pair for pair in told if not pair[1]], [pair for pair in told if pair[1]]), start=1
    ):
        if part:
            arrives = START + timedelta(days=number, hours=-3)
            name = f"files/list{number}.csv"
            files.append({"name": name, "source": "provincial_list", "arrives": arrives.isoformat(),
                          "issuer": "某省", "period": f"2023-10-{15 + number}", "list_no": str(number)})  # fmt: skip
            rows += _list(folder, name, number, part)
    for number, more in enumerate(lists, start=len(files) + 1):
        files.append(_manifest(number, **more))
        part = [(one, more["fires"][one["id"]]) for one in fires if one["id"] in more.get("fires", {})]
        rows += _list(folder, f"files/list{number}.csv", number, part) if part else []
    for row, interval in zip(rows, says, strict=False):
        row["says"] = interval
    script = [
        {"at": (START + timedelta(days=2)).isoformat(), "who": "county", "do": "visit", "row": row["id"],
         "temper": tempers.get(row["main"], "honest")}
        for row in rows
    ]  # fmt: skip
    for day in range(1, 19):
        noon = START.replace(hour=0) + timedelta(days=day)
        script += [{"at": (noon + timedelta(hours=hour)).isoformat(), "who": who, "do": do}
                 for hour, who, do in ((9, "clerk", "work"), (17, "recogniser", "decide"))]  # fmt: skip
    script.append({"at": (START + timedelta(days=20)).isoformat(), "who": "clerk", "do": "charge", "month": "2023-10"})
    script += [_act(**act) for act in acts]
    told_world = {"format": f"jinshao-world/{version}", "datum": "wgs84", "cells": cells(folder),
                  "counties": {WEST: "西区", EAST: "东区"}, "files": files}  # fmt: skip
    (folder / "world.json").write_text(json.dumps(told_world), encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps({"fires": fires, "heat": [], "rows": rows}), encoding="utf-8")
    (folder / "acts.jsonl").write_text("\n".join(map(json.dumps, script)), encoding="utf-8")


def _manifest(number: int, *, day: int, fires: Any = None, **fields: Any) -> dict[str, Any]:
    arrives = START + timedelta(days=day, hours=-3)
    return {"name": f"files/list{number}.csv", "source": "provincial_list", "arrives": arrives.isoformat(),
            "issuer": "某省", "period": f"2023-10-{15 + number}", "list_no": str(number), **fields}  # fmt: skip


def _act(*, day: int, hour: float, **fields: Any) -> dict[str, Any]:
    return {"at": (START.replace(hour=0) + timedelta(days=day, hours=hour)).isoformat(), "who": "clerk", **fields}


def _list(folder: Path, name: str, number: int, part: list[tuple[dict[str, Any], float]]) -> list[dict[str, Any]]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEAD)
        for at, (one, beside) in enumerate(part, start=1):
            moment = datetime.fromisoformat(one["starts"]) + timedelta(hours=1)
            lon = round(one["lon"] + beside, 5)
            writer.writerow(
                [at, f"{moment:%Y-%m-%d}", f"{moment:%H:%M}", "NOAA-20", "", f"{lon:.5f}", f"{one['lat']:.5f}"]
            )
            rows.append({
                "id": f"L{number}-{at}", "file": name, "row": at + 1, "at": moment.isoformat(), "lon": lon,
                "lat": one["lat"], "main": one["id"], "heat": {one["id"]: 1.0}, "charges": True, "readable": True,
                "datum": "wgs84", "pixel": [0.4, 0.4, None, 100.0],
            })  # fmt: skip
    return rows
