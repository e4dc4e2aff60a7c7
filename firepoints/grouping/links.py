"""The links that the rule makes between detections near each other (policy.md §4); the geometry is exact. Pure.

Positions are in canonical order throughout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from firepoints.grouping.cells import Pairs, gap_s, offset_m, pairs_within, slabs
from firepoints.grouping.model import (
    HOUR,
    NOMINAL_RADIUS_M,
    Bools,
    Codes,
    Detections,
    Family,
    Floats,
    Ints,
    Links,
    Params,
    Rule,
)

BEIJING_S = 8 * HOUR


__all__ = ["HOUR", "Shapes", "corners", "gap_s", "links_of", "offset_m", "touching"]


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
        nearby = d.by_people
        nominal = np.isnan(d.half_scan_m) | np.isnan(d.half_track_m)
        disc = nominal | np.isnan(d.heading_deg) | nearby
        radius = np.where(nominal, NOMINAL_RADIUS_M, np.hypot(d.half_scan_m, d.half_track_m) + d.error_m)
        radius = np.where(nearby, np.maximum(d.error_m, params.patrol_near_m), radius)
        half_x, half_y = np.where(disc, 0.0, d.half_scan_m), np.where(disc, 0.0, d.half_track_m)
        margin = np.where(disc, radius, d.error_m)
        turn = np.radians(np.where(disc, 0.0, d.heading_deg))
        return cls(half_x, half_y, turn, margin, np.minimum(half_x, half_y) + margin, np.hypot(half_x, half_y) + margin)

    def take(self, index: slice) -> Shapes:
        return Shapes(*(getattr(self, name)[index] for name in self.__slots__))


def touching(s: Shapes, a: Ints, b: Ints, dx: Floats, dy: Floats) -> Bools:
    """Whether two footprints share a point; (dx, dy) metres from a to b."""
    distance = np.hypot(dx, dy)
    touch = np.asarray(distance <= s.inner_m[a] + s.inner_m[b])
    doubt = np.flatnonzero(~touch)
    doubt = doubt[distance[doubt] <= s.outer_m[a[doubt]] + s.outer_m[b[doubt]]]
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


def links_of(d: Detections, s: Shapes | None, params: Params) -> tuple[Links, Links]:
    """(links, hints) among detections in canonical order. Fixed-heat and patrol links are kept apart by their rule.

    `s`: the footprints where somebody has them; else each stretch of time has its own made.
    """
    pieces: list[Links] = []
    hints: list[Links] = []
    lasting = max(params.window_h, params.scar_window_h if d.by_people.any() else 0.0)
    for first, last, end in slabs(d, lasting * HOUR):
        part = d.take(slice(first, end))
        shapes = s.take(slice(first, end)) if s else Shapes.of(part, params)
        own = last - first  # pairs that begin later are found in the next stretch
        linked, hinted = slab_links(part, shapes, params)
        pieces += [links.where(links.a < own).moved(first) for links in linked]
        hints += [links.where(links.a < own).moved(first) for links in hinted]
    return Links.concat(pieces), Links.concat(hints)


def slab_links(d: Detections, s: Shapes, params: Params) -> tuple[list[Links], list[Links]]:
    """(links, hints) of a stretch of time, in pieces."""
    pixel = np.flatnonzero((d.family != Family.HIMAWARI) & ~d.by_people).astype(np.int64)
    person = np.flatnonzero(d.by_people).astype(np.int64)
    window = params.window_h * HOUR
    near = pairs_within(d, pixel, pixel_reach(d, s, params, pixel), window)
    pieces = [pixel_links(d, s, params, pairs) for pairs in near]
    hints = list(himawari_hints(d, params))
    if len(person):
        everyone = np.sort(np.concatenate((pixel, person)))
        reach = max(float(s.outer_m[everyone].max()), 2 * float(s.outer_m[person].max()))
        for pairs in pairs_within(d, everyone, reach, max(window, params.scar_window_h * HOUR)):
            linked, hinted = person_links(d, s, params, pairs)
            pieces.append(linked)
            hints.append(hinted)
    return pieces, hints


def pixel_reach(d: Detections, s: Shapes, params: Params, pixel: Ints) -> float:
    """The farthest that two pixels' centres can be apart and still be linked."""
    fine = s.outer_m[pixel][d.family[pixel] != Family.MODIS]
    return max(2 * float(fine.max()) if len(fine) else 0.0, params.modis_centre_m if len(fine) < len(pixel) else 0.0)


def pixel_links(d: Detections, s: Shapes, params: Params, pairs: Pairs) -> Links:
    """Links of pixels within the window, by their footprints; of MODIS also by the distance of the centres."""
    keep = np.flatnonzero(touching(s, pairs.a, pairs.b, pairs.east, pairs.north))
    links = chosen(pairs, keep, Rule.TOUCH)
    modis = (d.family[links.a] == Family.MODIS) | (d.family[links.b] == Family.MODIS)
    links = links.where(~modis | (links.distance_m <= params.modis_centre_m))
    return with_fixed_heat(d, links) if d.fixed_heat.any() else links


def chosen(pairs: Pairs, at: Ints, rule: int | Codes) -> Links:
    """Some of the pairs as links, of one rule or each of its own."""
    rules = np.broadcast_to(np.asarray(rule, dtype=np.uint8), len(pairs))[at]
    return Links(pairs.a[at], pairs.b[at], rules, pairs.distance_m[at], pairs.gap_s[at])


def with_fixed_heat(d: Detections, links: Links) -> Links:
    """The links with their rule where fixed heat is at one end or both; two of it only within a day in Beijing."""
    ends = d.fixed_heat[links.a], d.fixed_heat[links.b]
    day_a, day_b = ((d.starts_at[i] + BEIJING_S) // (24 * HOUR) for i in (links.a, links.b))
    either = np.where(ends[0] | ends[1], Rule.FIXED_TOUCH, Rule.TOUCH)
    rule = np.where(ends[0] & ends[1], Rule.FIXED_DAY, either).astype(np.uint8)
    return replace(links, rule=rule).where((rule != Rule.FIXED_DAY) | (day_a == day_b))


def person_links(d: Detections, s: Shapes, params: Params, pairs: Pairs) -> tuple[Links, Links]:
    """Links of patrol findings and scars: inside a footprint and after its pass; or beside another finding."""
    is_person = d.by_people
    scar = (d.family[pairs.a] == Family.SCAR) | (d.family[pairs.b] == Family.SCAR)
    limit = np.where(scar, max(params.scar_window_h, params.window_h), params.window_h) * HOUR
    pairs = pairs.where((is_person[pairs.a] | is_person[pairs.b]) & (pairs.gap_s <= limit))
    a, b, gap = pairs.a, pairs.b, pairs.gap_s
    two = is_person[a] & is_person[b]
    # What burnt leaves a scar: found days after the flames, or twice, it is the same site. Flames on an old scar are not.
    later = np.where(d.starts_at[a] <= d.starts_at[b], b, a)
    lasting = max(params.scar_window_h, params.window_h)
    within = np.where(d.family[later] == Family.SCAR, lasting, params.window_h) * HOUR
    beside = two & (pairs.distance_m <= s.outer_m[a] + s.outer_m[b]) & (gap <= within)
    finding, pass_ = np.where(is_person[a], a, b), np.where(is_person[a], b, a)
    sign = np.where(is_person[a], -1.0, 1.0)
    inside = ~two & (point_gap(s, pass_, pairs.east * sign, pairs.north * sign) <= s.margin[pass_])
    after = d.ends_at[finding] >= d.starts_at[pass_]
    early = np.flatnonzero(inside & ~after & (gap <= params.window_h * HOUR))
    keep = np.flatnonzero(beside | (inside & after))
    rule = np.where(two, Rule.PATROL_NEAR, Rule.INSIDE).astype(np.uint8)
    return chosen(pairs, keep, rule), chosen(pairs, early, Rule.BEFORE_PASS)


def himawari_hints(d: Detections, params: Params) -> Iterator[Links]:
    """Geostationary hits near another sensor's: shown to a person, joining nothing."""
    if not (d.family == Family.HIMAWARI).any():
        return
    for pairs in pairs_within(d, np.arange(len(d), dtype=np.int64), params.himawari_m, params.window_h * HOUR):
        mixed = np.flatnonzero((d.family[pairs.a] == Family.HIMAWARI) != (d.family[pairs.b] == Family.HIMAWARI))
        yield chosen(pairs, mixed, Rule.HIMAWARI)
