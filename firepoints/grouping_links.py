"""Which detections are near enough to speak of, and what the rule says of each pair (policy.md §4).

Candidates come from a grid of cells (time, latitude, longitude) as long as the reach of a rule, so that a pair lies in
the same or in adjoining cells; the geometry of each pair is then exact. Positions are in canonical order throughout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from firepoints.grouping_model import (
    HIMAWARI,
    MODIS,
    NOMINAL_RADIUS_M,
    PATROL,
    RULES,
    SCAR,
    Bools,
    Detections,
    Floats,
    Ints,
    Links,
    Params,
)
from grids.geo.footprint import metres_per_degree

HOUR = 3600
BEIJING_S = 8 * HOUR
BLOCK = 2_000_000  # candidate pairs held at a time
METRES_PER_DEGREE = 110_500.0  # a little under the least anywhere, so that cells are never too small


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Footprints ready for tests: the half sides (0 for a disc), the turn in radians, the margin around, two radii.

    A disc of `inner_m` lies inside the footprint and one of `outer_m` holds it: most pairs are decided by these.
    """

    half_x: Floats
    half_y: Floats
    turn: Floats
    margin: Floats
    inner_m: Floats
    outer_m: Floats

    @classmethod
    def of(cls, d: Detections, params: Params) -> Shapes:
        nearby = (d.family == PATROL) | (d.family == SCAR)
        nominal = np.isnan(d.half_scan_m) | np.isnan(d.half_track_m)
        disc = nominal | np.isnan(d.heading_deg) | nearby
        radius = np.where(nominal, NOMINAL_RADIUS_M, np.hypot(d.half_scan_m, d.half_track_m) + d.error_m)
        radius = np.where(nearby, np.maximum(d.error_m, params.patrol_near_m), radius)
        half_x, half_y = np.where(disc, 0.0, d.half_scan_m), np.where(disc, 0.0, d.half_track_m)
        margin = np.where(disc, radius, d.error_m)
        turn = np.radians(np.where(disc, 0.0, d.heading_deg))
        return cls(half_x, half_y, turn, margin, np.minimum(half_x, half_y) + margin, np.hypot(half_x, half_y) + margin)


def offset_m(d: Detections, a: Ints, b: Ints) -> tuple[Floats, Floats]:
    """Metres east and north from a to b, with the radii of the middle latitude."""
    east, north = metres_per_degree((d.lat[a] + d.lat[b]) / 2)
    return (d.lon[b] - d.lon[a]) * east, (d.lat[b] - d.lat[a]) * north


def gap_s(d: Detections, a: Ints, b: Ints) -> Ints:
    """Seconds between two closed intervals; 0 where they meet."""
    apart = np.maximum(d.starts_at[a], d.starts_at[b]) - np.minimum(d.ends_at[a], d.ends_at[b])
    return np.asarray(np.maximum(apart, 0), dtype=np.int64)


def candidates(d: Detections, used: Ints, reach_m: float, window_s: int) -> Iterator[tuple[Ints, Ints]]:
    """Pairs (a < b) of the positions `used`, in blocks: every pair within reach and window, and some that are not."""
    if len(used) < 2 or reach_m <= 0:
        return
    longest = int((d.ends_at[used] - d.starts_at[used]).max())
    cosine = max(float(np.cos(np.radians(np.abs(d.lat[used]).max() + 0.1))), 0.01)
    step_y = reach_m / METRES_PER_DEGREE
    t = (d.starts_at[used] - d.starts_at[used].min()) // (window_s + longest + 1) + 1
    y = np.floor((d.lat[used] - d.lat[used].min()) / step_y).astype(np.int64) + 1
    x = np.floor((d.lon[used] - d.lon[used].min()) / (step_y / cosine)).astype(np.int64) + 1
    wide, high = int(x.max()) + 2, int(y.max()) + 2
    cell = (t * high + y) * wide + x
    order = np.argsort(cell)
    cell, at = cell[order], used[order]
    own = np.arange(len(cell), dtype=np.int64)
    # The cells after a cell's own: the rest of its row, the row above, and the three rows of the next time.
    for first, last in ((0, 1), *((row * wide - 1, row * wide + 1) for row in (1, high - 1, high, high + 1))):
        start = own + 1 if first == 0 else np.searchsorted(cell, cell + first, "left")
        stop = np.searchsorted(cell, cell + last, "right")
        for i, j in expand(np.minimum(start, stop), stop):
            yield np.minimum(at[i], at[j]), np.maximum(at[i], at[j])


def expand(start: Ints, stop: Ints) -> Iterator[tuple[Ints, Ints]]:
    """(i, j) for every j in [start[i], stop[i]), in blocks of about BLOCK pairs."""
    count = stop - start
    total = np.cumsum(count)
    begin = 0
    while begin < len(count):
        done = int(total[begin - 1]) if begin else 0
        end = max(int(np.searchsorted(total, done + BLOCK, "right")), begin + 1)
        some = count[begin:end]
        if some.any():
            i = np.repeat(np.arange(begin, end, dtype=np.int64), some)
            within = np.arange(len(i), dtype=np.int64) - np.repeat(np.cumsum(some) - some, some)
            yield i, start[i] + within
        begin = end


def touching(s: Shapes, a: Ints, b: Ints, dx: Floats, dy: Floats) -> Bools:
    """Whether two footprints share a point; (dx, dy) metres from a to b."""
    distance = np.hypot(dx, dy)
    touch = np.asarray(distance <= s.inner_m[a] + s.inner_m[b])
    doubt = np.flatnonzero(~touch & (distance <= s.outer_m[a] + s.outer_m[b]))
    if len(doubt):
        i, j = a[doubt], b[doubt]
        touch[doubt] = rectangle_gap(s, i, j, dx[doubt], dy[doubt]) <= s.margin[i] + s.margin[j]
    return touch


def rectangle_gap(s: Shapes, a: Ints, b: Ints, dx: Floats, dy: Floats) -> Floats:
    """Metres between the bare rectangles (0 where they overlap). Between two convex shapes that are apart, the least
    distance is from a corner of one to the other; where no corner lies inside the other they may still cross, which
    takes an axis test to tell."""
    least = np.minimum(
        corner_gap(s, a, b, dx, dy).min(axis=0),
        corner_gap(s, b, a, -dx, -dy).min(axis=0),
    )
    return np.where(separated(s, a, b, dx, dy), least, 0.0)


def corners(s: Shapes, i: Ints) -> tuple[Floats, Floats]:
    """East and north of the four corners from the centre, shape (4, n)."""
    across = np.array([1, -1, -1, 1])[:, None] * s.half_x[i]
    along = np.array([1, 1, -1, -1])[:, None] * s.half_y[i]
    cos, sin = np.cos(s.turn[i]), np.sin(s.turn[i])
    return across * cos + along * sin, along * cos - across * sin


def corner_gap(s: Shapes, a: Ints, b: Ints, dx: Floats, dy: Floats) -> Floats:
    """Distance of each corner of b to the rectangle a, shape (4, n)."""
    x, y = corners(s, b)
    return point_gap(s, a, x + dx, y + dy)


def point_gap(s: Shapes, a: Ints, x: Floats, y: Floats) -> Floats:
    """Distance of a point (metres from the centre of a) to the bare rectangle a."""
    cos, sin = np.cos(s.turn[a]), np.sin(s.turn[a])
    across, along = x * cos - y * sin, x * sin + y * cos
    return np.hypot(np.maximum(np.abs(across) - s.half_x[a], 0), np.maximum(np.abs(along) - s.half_y[a], 0))


def separated(s: Shapes, a: Ints, b: Ints, dx: Floats, dy: Floats) -> Bools:
    """Whether a side of one rectangle parts the two (the separating axis test)."""
    apart = np.zeros(len(a), dtype=bool)
    ax, ay = corners(s, a)
    bx, by = corners(s, b)
    for turn in (s.turn[a], s.turn[b]):
        for ux, uy in ((np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))):
            centre = np.abs(dx * ux + dy * uy)
            apart |= centre > np.abs(ax * ux + ay * uy).max(axis=0) + np.abs(bx * ux + by * uy).max(axis=0)
    return apart


def links_of(d: Detections, s: Shapes, params: Params) -> tuple[Links, Links]:
    """(links, hints) among detections in canonical order. Fixed-heat and patrol links are kept apart by their rule."""
    pixel = np.flatnonzero((d.family != HIMAWARI) & (d.family != SCAR) & (d.family != PATROL)).astype(np.int64)
    person = np.flatnonzero((d.family == SCAR) | (d.family == PATROL)).astype(np.int64)
    window = round(params.window_h * HOUR)
    found = [pixel_links(d, s, params, a, b) for a, b in candidates(d, pixel, pixel_reach(d, s, params, pixel), window)]
    hints = list(himawari_hints(d, params))
    if len(person):
        everyone = np.sort(np.concatenate((pixel, person)))
        reach = max(float(s.outer_m[everyone].max()), 2 * float(s.outer_m[person].max()))
        longest = max(window, round(params.scar_window_h * HOUR))
        for a, b in candidates(d, everyone, reach, longest):
            linked, hinted = person_links(d, s, params, a, b)
            found.append(linked)
            hints.append(hinted)
    return Links.concat(found), Links.concat(hints)


def pixel_reach(d: Detections, s: Shapes, params: Params, pixel: Ints) -> float:
    """The farthest that two pixels' centres can be apart and still be linked."""
    fine = s.outer_m[pixel][d.family[pixel] != MODIS]
    return max(2 * float(fine.max()) if len(fine) else 0.0, params.modis_centre_m if len(fine) < len(pixel) else 0.0)


def pixel_links(d: Detections, s: Shapes, params: Params, a: Ints, b: Ints) -> Links:
    gap = gap_s(d, a, b)
    near = np.flatnonzero(gap <= params.window_h * HOUR)
    a, b, gap = a[near], b[near], gap[near]
    dx, dy = offset_m(d, a, b)
    distance = np.hypot(dx, dy)
    modis = (d.family[a] == MODIS) | (d.family[b] == MODIS)
    fixed = d.fixed_heat[a] | d.fixed_heat[b]
    both = d.fixed_heat[a] & d.fixed_heat[b]
    day_a, day_b = ((d.starts_at[i] + BEIJING_S) // (24 * HOUR) for i in (a, b))
    keep = np.flatnonzero((~modis | (distance <= params.modis_centre_m)) & (~both | (day_a == day_b)))
    keep = keep[touching(s, a[keep], b[keep], dx[keep], dy[keep])]
    rule = np.where(both, RULES.index("fixed_day"), np.where(fixed, RULES.index("fixed_touch"), RULES.index("touch")))
    return Links(a[keep], b[keep], rule[keep].astype(np.uint8), distance[keep], gap[keep])


def person_links(d: Detections, s: Shapes, params: Params, a: Ints, b: Ints) -> tuple[Links, Links]:
    """Links of patrol findings and scars: inside a footprint and after its pass; or beside another finding."""
    is_person = (d.family == PATROL) | (d.family == SCAR)
    some = np.flatnonzero(is_person[a] | is_person[b])
    a, b = a[some], b[some]
    gap = gap_s(d, a, b)
    scar = (d.family[a] == SCAR) | (d.family[b] == SCAR)
    limit = np.where(scar, max(params.scar_window_h, params.window_h), params.window_h) * HOUR
    some = np.flatnonzero(gap <= limit)
    a, b, gap = a[some], b[some], gap[some]
    dx, dy = offset_m(d, a, b)
    distance = np.hypot(dx, dy)
    two = is_person[a] & is_person[b]
    # What burnt leaves a scar: found days after the flames, or twice, it is the same site. Flames on an old scar are not.
    later = np.where(d.starts_at[a] <= d.starts_at[b], b, a)
    lasting = max(params.scar_window_h, params.window_h)
    within = np.where(d.family[later] == SCAR, lasting, params.window_h) * HOUR
    beside = two & (distance <= s.outer_m[a] + s.outer_m[b]) & (gap <= within)
    finding, pass_ = np.where(is_person[a], a, b), np.where(is_person[a], b, a)
    sign = np.where(is_person[a], -1.0, 1.0)
    inside = ~two & (point_gap(s, pass_, dx * sign, dy * sign) <= s.margin[pass_])
    after = d.ends_at[finding] >= d.starts_at[pass_]
    rule = np.where(two, RULES.index("patrol_near"), RULES.index("inside"))
    rule = np.where(inside & ~after, RULES.index("before_pass"), rule).astype(np.uint8)
    early = np.flatnonzero(inside & ~after & (gap <= params.window_h * HOUR))
    keep = np.flatnonzero(beside | (inside & after))
    return tuple(Links(a[i], b[i], rule[i], distance[i], gap[i]) for i in (keep, early))  # type: ignore[return-value]


def himawari_hints(d: Detections, params: Params) -> Iterator[Links]:
    """Geostationary hits near another sensor's: shown to a person, joining nothing."""
    if not (d.family == HIMAWARI).any():
        return
    window = round(params.window_h * HOUR)
    for a, b in candidates(d, np.arange(len(d), dtype=np.int64), params.himawari_m, window):
        mixed = np.flatnonzero((d.family[a] == HIMAWARI) != (d.family[b] == HIMAWARI))
        a, b = a[mixed], b[mixed]
        distance, gap = np.hypot(*offset_m(d, a, b)), gap_s(d, a, b)
        near = np.flatnonzero((distance <= params.himawari_m) & (gap <= window))
        rule = np.full(len(near), RULES.index("himawari"), dtype=np.uint8)
        yield Links(a[near], b[near], rule, distance[near], gap[near])
