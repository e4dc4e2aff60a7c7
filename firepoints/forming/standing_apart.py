"""The neighbours of a point, with the reason why they are no part of it: the other half of why its rows belong together."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from firepoints.forming.scene import REACH_DEGREES, SEEN, Seen, columns_of, params_of, seen_of
from firepoints.grouping.links import HOUR, Shapes, gap_s, offset_m, touching
from firepoints.grouping.model import Family
from firepoints.grouping.rule import Detections, Params
from firepoints.models import Detection, FirePoint, Membership
from firepoints.sightings.near import in_box
from firepoints.steps.divisions import said_by_division, said_on_review
from firepoints.terms.states import State
from grids.models import User

REACH_M = 3000.0
MOST, MOST_ROWS = 5, 400
PATHS = tuple(f"detection__{path}" for path in SEEN)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A point near by: metres and hours between the sightings that come nearest, and why the two are not one. `touches`:
    footprints and times meet, so that only a person can say that they are two."""

    point: FirePoint
    distance_m: float
    gap_h: float
    reason: str
    touches: bool = False


def neighbours_of(point: FirePoint, sightings: Sequence[Detection], user: User) -> list[Neighbour]:
    """The nearest points that `user` may see within REACH_M and the time in which a scar still belongs to a fire."""
    own = [sighting.pk for sighting in sightings]
    if not own or point.state == State.MERGED:
        return []
    near = {row[Seen.PK]: row for row in _near(point, sightings).values_list(*PATHS, "point_id")[:MOST_ROWS]}
    if not near:
        return []
    point_of = {pk: row[-1] for pk, row in near.items()}
    points = FirePoint.objects.visible_to(user).filter(pk__in=set(point_of.values())).exclude(state=State.MERGED)
    visible = points.select_related("verification").in_bulk()
    point_of = {pk: at for pk, at in point_of.items() if at in visible}
    if not point_of:
        return []
    rows = [*(seen_of(sighting) for sighting in sightings), *(near[pk][:-1] for pk in point_of)]
    _, divided = said_by_division([point.pk])
    words = {frozenset(pair): "由人划分" for pair in divided}
    words |= {frozenset(pair): "核对过：另是一处" for pair in said_on_review([point.pk])}
    look = _Look(columns_of(rows), params_of(rows), set(own), words)
    theirs: dict[int, list[int]] = defaultdict(list)
    for pk, at in point_of.items():
        theirs[at].append(pk)
    neighbours = [neighbour for at, ids in theirs.items() if (neighbour := look.at(visible[at], ids)) is not None]
    return sorted(neighbours, key=lambda near: (near.distance_m, near.gap_h, near.point.pk))[:MOST]


def _near(point: FirePoint, sightings: Sequence[Detection]) -> Any:
    """Memberships of other points in a box around the sightings and the time around them, the nearest in time first."""
    reach = timedelta(hours=Params().scar_window_h)
    lons, lats = [sighting.lon for sighting in sightings], [sighting.lat for sighting in sightings]
    return (
        Membership.objects.filter(
            in_box(lons, lats, REACH_DEGREES / 2, path="detection__"),
            is_active=True,
            detection__starts_at__lte=max(sighting.ends_at for sighting in sightings) + reach,
            detection__ends_at__gte=min(sighting.starts_at for sighting in sightings) - reach,
        )
        .exclude(point=point)
        .order_by("-detection__starts_at", "detection_id")
    )


class _Look:
    """The pairs between a point's own sightings and those of one neighbour."""

    def __init__(self, d: Detections, params: Params, own: set[int], divided: dict[frozenset[int], str]) -> None:
        self.d, self.params, self.divided = d, params, divided
        self.shapes = Shapes.of(d, params)
        self.own = np.flatnonzero(np.isin(d.id, list(own)))

    def at(self, point: FirePoint, ids: list[int]) -> Neighbour | None:
        """The nearest pair of `point` and its reason; None where nothing of it is in reach."""
        theirs = np.flatnonzero(np.isin(self.d.id, ids))
        a, b = (side.ravel() for side in np.meshgrid(self.own, theirs, indexing="ij"))
        dx, dy = offset_m(self.d, a, b)
        away, gap = np.hypot(dx, dy), gap_s(self.d, a, b) / HOUR
        touch = touching(self.shapes, a, b, dx, dy)
        best = int(np.lexsort((self.d.id[b], self.d.id[a], away, gap, ~touch))[0])
        if away[best] > REACH_M:
            return None
        reason = self._reason(point, a, b, best, bool(touch[best]), gap[best])
        meets = bool(touch[best]) and float(gap[best]) <= self.params.window_h
        return Neighbour(point, float(away[best]), float(gap[best]), reason, meets)

    def _reason(self, point: FirePoint, a: Any, b: Any, best: int, touches: bool, gap_h: float) -> str:
        d = self.d
        pairs = {frozenset(pair) for pair in zip(d.id[a].tolist(), d.id[b].tolist(), strict=True)}
        if divided_pairs := self.divided.keys() & pairs:
            return self.divided[min(divided_pairs, key=sorted)]
        if not touches:
            return "像元不相接"
        i, j = int(a[best]), int(b[best])
        if d.fixed_heat[i] or d.fixed_heat[j]:
            return "固定热源上的监测记录不扩展一处"
        if gap_h > self.params.window_h:
            return f"超过 {self.params.window_h:.0f} 小时"
        if point.state != State.SUSPECTED:
            return f"范围相接；那一处已{State(point.state).label}，由人核对是否同一处"
        if (d.family[[i, j]] >= Family.PATROL).any() and (d.family[[i, j]] <= Family.SCAR).all():
            return "现场发现不在像元内或早于过境，或已归更近的一处"
        return "范围相接，归并规则未连：MODIS 相距超过 1 公里、静止卫星仅作提示，或由人核对"
