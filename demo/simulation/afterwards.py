"""The papers that come when everybody thought it was over: corrected lists, lists taken back, late lists, second patrols."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from demo.simulation.fires import BEIJING, Fire, stream
from demo.simulation.land import Land, moved
from demo.simulation.params import FamilyParams, PatrolParams
from demo.simulation.reports import Paper, Row, finding

DATE, MINUTE, LON, LAT = 1, 2, 6, 7
"""Columns of a list."""


def afterwards(
    *, seed: int, land: Land, fires: Sequence[Fire], papers: Sequence[Paper], first: date, params: FamilyParams
) -> tuple[list[Paper], list[dict[str, Any]]]:
    """All papers, with what comes after them, and the acts by which files are taken back."""
    draw = stream(seed, "afterwards")
    lists = [paper for paper in papers if paper.source == "provincial_list" and len(paper.rows) > 1]
    chosen = draw.sample(lists, min(params.corrected + params.withdrawn, len(lists)))
    corrected, taken_back = chosen[: params.corrected], chosen[params.corrected :]
    times_told = Counter(row.main for paper in papers for row in paper.rows if row.charges and row.readable)
    straw = {fire.id for fire in fires if fire.straw}
    more = [
        _corrected(paper, days, times_told, straw, params, draw)
        for paper, days in zip(corrected, params.corrected_after, strict=False)
    ]
    more += _late(papers, straw, first, params, draw)
    more += second_patrols(seed, land, fires, params)
    changed, acts = dict[str, Paper](), []
    for paper, days, datum in zip(taken_back, params.withdrawn_after, ("", "gcj02"), strict=False):
        at = paper.arrives + timedelta(days=days, hours=1)
        acts.append({"at": at.isoformat(), "who": "clerk", "do": "withdraw", "file": f"files/{paper.name}"})
        changed[paper.name] = replace(paper, datum=datum)
        name = paper.name.replace(".xlsx", "-again.xlsx")
        more.append(
            replace(paper, name=name, arrives=at + timedelta(hours=1), rows=(), again=paper.name,
                    datum="wgs84" if datum else "")
        )  # fmt: skip
    return [*(changed.get(paper.name, paper) for paper in papers), *more], acts


def _corrected(
    paper: Paper, days: int, times_told: Counter[str], straw: set[str], params: FamilyParams, draw: random.Random
) -> Paper:
    """A list as its issuer corrects it: a row moved, a minute changed, a row left out that nobody owes anything for."""
    at_random = draw.sample(range(len(paper.rows)), len(paper.rows))
    may_go = [at for at in at_random if paper.rows[at].main not in straw or times_told[paper.rows[at].main] > 1]
    gone = may_go[0] if may_go and len(paper.rows) > 2 else None
    changed = [at for at in at_random if at != gone and paper.rows[at].readable][:2]
    rows: list[Row] = []
    for at, row in enumerate(paper.rows):
        if at == gone:
            continue
        fresh = replace(row, id=f"{row.id}c", cells=(str(len(rows) + 1), *row.cells[1:]))
        if at in changed:
            is_minute = paper.style == "list_pass" and at == changed[0]
            fresh = _another_minute(fresh, draw) if is_minute else _elsewhere(fresh, params.moved_m, draw, "corrected")
        rows.append(fresh)
    return replace(
        paper, name=paper.name.replace(".xlsx", "-corrected.xlsx"), arrives=paper.arrives + timedelta(days=days, hours=1),
        rows=tuple(rows), supersedes=paper.name,
    )  # fmt: skip


def _another_minute(row: Row, draw: random.Random) -> Row:
    at = row.at + timedelta(minutes=draw.choice((-2, -1, 1, 2)))
    cells = list(row.cells)
    cells[MINUTE] = f"{at.astimezone(BEIJING):%H:%M}"
    return replace(row, at=at, cells=tuple(cells), family="corrected")


def _elsewhere(row: Row, metres: tuple[float, float], draw: random.Random, family: str) -> Row:
    """A row so far beside where it was, as precise as it was."""
    far, turn = draw.uniform(*metres), draw.uniform(0, 2 * math.pi)
    decimals = len(row.cells[LON].partition(".")[2])
    place = moved((row.lon, row.lat), far * math.cos(turn), far * math.sin(turn))
    lon, lat = round(place[0], decimals), round(place[1], decimals)
    cells = list(row.cells)
    cells[LON], cells[LAT] = f"{lon:.{decimals}f}", f"{lat:.{decimals}f}"
    return replace(row, lon=lon, lat=lat, error_m=round(row.error_m + far, 1), cells=tuple(cells), family=family)


def _late(
    papers: Sequence[Paper], straw: set[str], first: date, params: FamilyParams, draw: random.Random
) -> Iterator[Paper]:
    """The ministry's list of fires that were settled weeks ago, a little beside them."""
    rows = [row for paper in papers if paper.source == "provincial_list" for row in paper.rows]
    rows = [row for row in rows if row.main in straw and row.readable]
    fresh = []
    for at, row in enumerate(draw.sample(rows, min(params.late, len(rows))), start=1):
        day = datetime.combine(row.at.astimezone(BEIJING).date(), time(0), BEIJING)
        cells = (str(at), f"{day:%Y-%m-%d}", "", "", *row.cells[4:])
        dated = replace(row, id=f"T-{at}", cells=cells, says=(day, day + timedelta(days=1)))
        fresh.append(_elsewhere(dated, params.late_m, draw, "late"))
    if fresh:
        arrives = datetime.combine(first + timedelta(days=params.late_days), time(15), BEIJING)
        yield Paper("ministry-late.xlsx", "national_list", "list_daily", arrives, tuple(fresh),
                    "国家卫星遥感监测（模拟）", f"{first}/{first + timedelta(days=30)}", "模拟补-1")  # fmt: skip


def second_patrols(seed: int, land: Land, fires: Sequence[Fire], params: FamilyParams) -> Iterator[Paper]:
    """Patrols that walk past a black field again, weeks and months after it burnt."""
    draw, patrol = stream(seed, "second patrols"), PatrolParams(wrong_datum=0.0)
    days: dict[date, list[tuple[datetime, Fire]]] = defaultdict(list)
    straw = [fire for fire in fires if fire.straw and fire.along is None]
    for fire in draw.sample(straw, min(params.scars, len(straw))):
        for after in draw.sample(params.scar_days, 2):
            day = fire.ends.astimezone(BEIJING).date() + timedelta(days=after)
            at = datetime.combine(day, time(draw.randrange(8, 17), draw.randrange(60)), BEIJING)
            days[day].append((at, fire))
    for day, met in sorted(days.items()):
        rows = [
            replace(finding(seed, f"S{day:%m%d}-{at}", moment, fire, "黑斑", land, patrol), family="scar")
            for at, (moment, fire) in enumerate(sorted(met, key=lambda pair: pair[0]), start=1)
        ]
        arrives = datetime.combine(day, time(21), BEIJING)
        yield Paper(f"second-patrol-{day}.csv", "patrol", "patrol", arrives, tuple(rows))
