"""What lies near a run's chargeable rows without joining them: the surroundings read for asking, and the questions that come of
it (policy.md §4: asking reaches farther than joining). Leads ask nothing and are asked about by nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db.models import Q

from firepoints.forming import areas
from firepoints.forming.areas import Asked
from firepoints.forming.came_again import BESIDE, Tie
from firepoints.forming.doubts import Kind
from firepoints.forming.scene import Scene, Seen, Values, around
from firepoints.grouping.model import HOUR
from firepoints.grouping.near import Nearby, Nearness, Reach, nearby
from firepoints.grouping.partition import Partition
from firepoints.models import Detection, Source
from firepoints.policy import rulings
from firepoints.policy.charging import can_charge
from firepoints.steps.asking import THE_OTHER
from firepoints.terms.doubt import Doubt
from firepoints.terms.states import LIVE, State

WORDS = {
    Nearness.PLACE: "范围和时间相近",
    Nearness.PASS: "同一次过境而相距不远",
    Nearness.SCAR: "黑斑在它烧过的范围里或近旁",
    Nearness.DATUM: "其中一个位置若是 GCJ-02 坐标则相距很近",
}


PLACE_M, LARGEST_PLACE_M = 1000.0, 30_000.0
"""Metres around the centre of the smallest and of the largest place to which a row may be given."""
Ranked = tuple[int, Doubt]
"""A question with its rank: the nearest first, over all rows of a run."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The questions of the run's rows about what lies near them, and the rows that came again because they lie beside a row out
    of force."""

    nearest: Mapping[int, list[Ranked]]
    ties: Mapping[int, Tie]


def look_around(scene: Scene, partition: Partition, settled: set[tuple[int, int]]) -> Surroundings:
    """The questions of a scene's own chargeable rows. At most eight queries, none without such a row. `settled`: pairs of a row and
    a point of which a person has said what they are."""
    own = [row for row in scene.rows if row[Seen.PK] in scene.own and row[Seen.CLASS] != Source.Class.LEAD]
    if not own:
        return Surroundings({}, {})
    on = min(row[Seen.DATE] for row in own)
    sources = _chargeable(on)
    reach = reach_on(on)
    columns = areas.asked_of(_rows(own, sources, reach))
    if columns is None:
        return Surroundings({}, {})
    pairs = nearby(columns.d, np.isin(columns.d.id, list(scene.own)), columns.run, reach)
    return _surroundings(_Look(columns, scene, partition, settled), pairs.where(pairs.nearest_first()))


def reach_on(on: date) -> Reach:
    """How far asking reaches by the rulings of a date."""
    values = rulings.values_on(on)
    km = 1000.0
    return Reach(
        edge_m=values["ask_km"] * km,
        window_h=values["ask_days"] * 24.0,
        pass_m=values["ask_pass_km"] * km,
        listed_m=values["ask_km"] * km,
        finding_m=float(values["ask_finding_m"]),
        scar_m=values["ask_scar_km"] * km,
        scar_h=values["scar_days"] * 24.0,
    )


def _chargeable(on: date) -> list[int]:
    values = rulings.values_on(on)
    return [source.pk for source in Source.objects.all() if can_charge(source, values)]


def _rows(own: Sequence[Any], sources: Sequence[int], reach: Reach) -> dict[int, Any]:
    """The chargeable rows of the run and those of live points around them, by key: days around, scars for as long as they are
    seen. Each query reads a stretch of time and a box."""
    mine = [row[Seen.PK] for row in own]
    of_points = Q(memberships__is_active=True, memberships__point__state__in=LIVE, source__in=sources)
    rows = {
        row[0]: row for row in Detection.objects.filter(pk__in=mine, source__in=sources).values_list(*areas.COLUMNS)
    }
    for stretch in _stretches(own, reach) if rows else []:
        rows |= {row[0]: row for row in Detection.objects.filter(of_points, stretch).values_list(*areas.COLUMNS)}
    return rows


def _stretches(own: Sequence[Values], reach: Reach) -> list[Q]:
    """The boxes and times that can hold what is near. A row that is given to a place lies anywhere in it: the box around such a
    row, and the one in which such rows are sought, are as much wider."""
    days, scars = timedelta(hours=reach.window_h), timedelta(hours=reach.scar_h)
    vague_m = max((row[Seen.ACCURACY] or 0.0 for row in own if row[Seen.KIND] == Detection.Kind.SATELLITE), default=0.0)
    given_to_places = {"kind": Detection.Kind.SATELLITE, "accuracy_m__gte": PLACE_M}
    stretches = [
        around(own, days, beyond_m=vague_m),
        around(own, days, beyond_m=vague_m + LARGEST_PLACE_M, **given_to_places),
        around(own, scars, kind=Detection.Kind.SCAR),
    ]
    if new_scars := [row for row in own if row[Seen.KIND] == Detection.Kind.SCAR]:
        stretches.append(around(new_scars, scars))
        stretches.append(around(new_scars, scars, beyond_m=LARGEST_PLACE_M, **given_to_places))
    return stretches


@dataclass(frozen=True, slots=True)
class _Look:
    columns: Asked
    scene: Scene
    partition: Partition
    settled: set[tuple[int, int]]

    def pairs(self, near: Nearby) -> Iterator[tuple[int, int, int]]:
        """(position of the pair, own row, other row), the nearest first, of those that no rule and no person has joined or held
        apart: each own row of a pair in turn."""
        label = dict(zip(self.partition.ids.tolist(), self.partition.label.tolist(), strict=True))
        ids = self.columns.d.id
        fixed = self.columns.fixed_heat(self.partition)
        for k, (a, b) in enumerate(zip(ids[near.a].tolist(), ids[near.b].tolist(), strict=True)):
            together = label.get(a, -1) == label.get(b, -2) or self.point(a) == self.point(b) != 0
            if together or (a in fixed and b in fixed):
                continue
            for own, other in ((a, b), (b, a)):
                if own in self.scene.own and (own, self.point(other)) not in self.settled:
                    yield k, own, other

    def point(self, pk: int) -> int:
        return self.scene.point_of.get(pk) or self.columns.point_of.get(pk, 0)


def _surroundings(look: _Look, near: Nearby) -> Surroundings:
    nearest: dict[int, list[Ranked]] = defaultdict(list)
    ties: dict[int, Tie] = {}
    for k, own, other in look.pairs(near):
        at = look.point(other)
        if at and other in look.columns.out_of_force and look.columns.state_of[at] != State.SUSPECTED:
            ties.setdefault(own, Tie(at, other, BESIDE, is_certain=False))
        else:
            nearest[own].append((2 * k + (own > other), _doubt(look.columns, near, k, own, other)))
    return Surroundings(nearest, ties)


def _doubt(columns: Asked, near: Nearby, k: int, own: int, other: int) -> Doubt:
    edge_m, hours = float(near.edge_m[k]), float(near.gap_s[k]) / HOUR
    apart = "范围相接或重叠" if edge_m < 1 else f"范围边缘相距 {edge_m:.0f} 米"
    grounds = [apart, f"时间相隔 {hours:.1f} 小时" if hours else "时间重叠", *columns.grounds_for(own, other)]
    why = WORDS[Nearness(int(near.why[k]))]
    return Doubt(
        Kind.NEAR, f"与 {THE_OTHER} {why}（{apart}），归并规则没有连成一处：同一处请并入，另是一处请核对",
        detection=own, beside=other, speaks_for="；".join(grounds),
        speaks_against="；".join(columns.grounds_against(own, other)),
        stops_money=columns.stops_money(own),
    )  # fmt: skip
