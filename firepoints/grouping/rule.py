"""Detections → 处: the default rule of policy.md §4 as a pure function of detections and human constraints.

Pixels that touch within the window are chained into groups. Patrol findings, scars and hits on accepted fixed heat
are then attached each to one group, the nearest in time and place, so that none of them bridges two groups or extends
one; those that find no group gather among themselves. What is frozen keeps its members: whatever the rule would add to
it is a proposal. A group over 48 h or 2 km is flagged, never cut: it waits for a person.

The order in which detections arrive changes nothing: all work is done in an order made from the detections alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from firepoints.grouping.links import Shapes, gap_s, links_of, offset_m
from firepoints.grouping.merge import attach, components, contracted, groups_with, merge
from firepoints.grouping.model import (
    HOUR,
    RULES,
    Bools,
    Constraints,
    Detections,
    Family,
    Ints,
    Link,
    Links,
    Params,
    Proposal,
    Rule,
)
from firepoints.grouping.partition import Group, Partition
from firepoints.grouping.sides import one_side, parts_of

__all__ = ["Constraints", "Detections", "Group", "Link", "Params", "Partition", "Proposal", "group", "related"]


def group(detections: Detections, constraints: Constraints | None = None, params: Params | None = None) -> Partition:
    """The partition of `detections` into groups, with links, hints and proposals.

    Raises ValueError for detections that `Detections.check` refuses.
    """
    detections.check()
    constraints, params = constraints or Constraints(), params or Params()
    order = detections.canonical_order()
    d = detections.take(order)
    links, hints = links_of(d, None, params)
    decisions = Said.of(d, constraints)
    is_kept = np.ones(len(links), dtype=bool)
    if len(decisions.apart):
        is_kept = one_side(
            d, Shapes.of(d, params), links, *parts_of(len(d), decisions.joined, decisions.frozen, decisions.apart)
        )
    is_free = decisions.frozen < 0
    free = np.ones(len(links), dtype=bool) if is_free.all() else is_free[links.a] & is_free[links.b]
    root = merged(d, links.where(is_kept & free), decisions)
    same = root[links.a] == root[links.b]
    joined = pair_links(d, decisions.joined[root[decisions.joined[:, 0]] == root[decisions.joined[:, 1]]], Rule.JOINED)
    frozen = decisions.frozen >= 0
    return Partition(
        ids=detections.id,
        label=at_input(order, least_ids(d, root)),
        detections=d,
        root=root,
        params=params,
        frozen_labels=frozenset(frozen_ids(d, decisions)[frozen].tolist()) if frozen.any() else frozenset(),
        links=Links.concat((links.where(is_kept & same), joined)),
        hint_links=Links.concat((hints, links.where(~same & free & (links.rule == Rule.TOUCH)).ruled(Rule.APART))),
        proposals=proposals_of(d, links.where(is_kept), decisions),
        conflicts=decisions.conflicts,
    )


def related(detections: Detections, seeds: Iterable[int], constraints: Constraints, params: Params) -> Ints:
    """The ids, sorted, of all detections whose group may depend on `seeds`: grouping these alone gives the same groups.

    An import need not group the whole history again: what no chain of links or constraints reaches cannot change.
    """
    d = detections.take(detections.canonical_order())
    links, _ = links_of(d, None, params)
    chains = [pair for members in constraints.frozen for pair in pairwise(members)]
    pairs = positions(d, [*constraints.joined, *constraints.apart, *chains])
    root = components(len(d), np.r_[links.a, pairs[:, 0]], np.r_[links.b, pairs[:, 1]])
    is_seed = np.isin(d.id, np.fromiter(seeds, dtype=np.int64))
    return np.sort(d.id[np.isin(root, root[is_seed])])


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """The decisions of people as positions: joined pairs, apart pairs, pairs joined across a frozen group, and for each
    detection the first position of its frozen group (-1 = none). `conflicts`: apart pairs that joining contradicts."""

    joined: Ints
    apart: Ints
    across: Ints
    frozen: Ints
    conflicts: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, d: Detections, constraints: Constraints) -> Said:
        frozen = np.full(len(d), -1, dtype=np.int64)
        for members in constraints.frozen:
            at = np.flatnonzero(np.isin(d.id, np.asarray(members, dtype=np.int64)))
            if len(at):
                frozen[at] = at[0]
        joined, apart = positions(d, constraints.joined), positions(d, constraints.apart)
        touches = (frozen[joined[:, 0]] >= 0) | (frozen[joined[:, 1]] >= 0)
        across = joined[touches & (frozen[joined[:, 0]] != frozen[joined[:, 1]])]
        joined = joined[~touches]
        closed = np.flatnonzero(frozen >= 0)
        same = components(len(d), np.r_[joined[:, 0], closed], np.r_[joined[:, 1], frozen[closed]])
        against = same[apart[:, 0]] == same[apart[:, 1]]
        conflicts = sorted((int(d.id[a]), int(d.id[b])) for a, b in apart[against])
        return cls(joined, apart[~against], across, frozen, tuple(conflicts))


def positions(d: Detections, pairs: Sequence[tuple[int, int]]) -> Ints:
    """Pairs of ids as pairs of positions in `d`, shape (n, 2); pairs with an unknown id are left out."""
    if not pairs or not len(d):
        return np.empty((0, 2), dtype=np.int64)
    ids = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    by_id = np.argsort(d.id, kind="stable")
    at = np.minimum(np.searchsorted(d.id[by_id], ids), len(d) - 1)
    is_known = (d.id[by_id][at] == ids).all(axis=1)
    return np.asarray(by_id[at][is_known], dtype=np.int64)


def merged(d: Detections, free: Links, decisions: Said) -> Ints:
    """The group of each detection as its least position; frozen groups are closed, everything else as the rule says."""
    own = np.arange(len(d), dtype=np.int64)
    closed = np.flatnonzero(decisions.frozen >= 0)
    root = contracted(
        own, np.r_[decisions.joined[:, 0], closed], np.r_[decisions.joined[:, 1], decisions.frozen[closed]]
    )
    root = merge(root, free.where(free.rule == Rule.TOUCH), decisions.apart)
    free = free.where(free.rule != Rule.TOUCH)
    if not len(free):
        return root
    person = d.by_people
    pixel = ~person & (d.family != Family.HIMAWARI)

    hosts = groups_with(root, pixel & ~d.fixed_heat)
    root = attach_loose(root, hosts, free.where(free.rule == Rule.FIXED_TOUCH), decisions.apart)
    loose = ~groups_with(root, pixel & ~d.fixed_heat)
    days = free.where(free.rule == Rule.FIXED_DAY)
    root = merge(root, days.where(loose[days.a] & loose[days.b]), decisions.apart)

    root = attach_loose(root, groups_with(root, pixel), free.where(free.rule == Rule.INSIDE), decisions.apart)
    near = free.where(free.rule == Rule.PATROL_NEAR)
    loose = ~groups_with(root, pixel)
    root = merge(root, near.where(loose[near.a] & loose[near.b]), decisions.apart)
    return attach_loose(root, groups_with(root, pixel), near, decisions.apart)


def attach_loose(root: Ints, hosts: Bools, links: Links, apart: Ints) -> Ints:
    """Attach each group that is no host to the host at the end of its strongest link."""
    between = links.where(hosts[links.a] != hosts[links.b])
    return attach(root, np.where(hosts[between.a], between.b, between.a), between, apart)


def pair_links(d: Detections, pairs: Ints, rule: int) -> Links:
    if not len(pairs):
        return Links.empty()
    a, b = pairs.min(axis=1), pairs.max(axis=1)
    return Links(a, b, np.full(len(a), rule, dtype=np.uint8), np.hypot(*offset_m(d, a, b)), gap_s(d, a, b))


def proposals_of(d: Detections, links: Links, decisions: Said) -> tuple[Proposal, ...]:
    """For each detection and frozen group that the rule, or a person's joining, connects: the strongest link.

    Fixed heat proposes nothing: it never extends a group.
    """
    if (decisions.frozen < 0).all():
        return ()
    one_frozen = (decisions.frozen[links.a] >= 0) != (decisions.frozen[links.b] >= 0)
    rules = np.isin(links.rule, (Rule.TOUCH, Rule.INSIDE, Rule.PATROL_NEAR))
    candidates = Links.concat((pair_links(d, decisions.across, Rule.JOINED), links.where(one_frozen & rules)))
    ids, group_id = d.id, frozen_ids(d, decisions)
    best: dict[tuple[int, int], Proposal] = {}
    for i in candidates.strongest_first():
        a, b = int(candidates.a[i]), int(candidates.b[i])
        outside, inside = (a, b) if decisions.frozen[b] >= 0 else (b, a)
        key = (int(ids[outside]), int(group_id[inside]))
        pair = sorted((int(ids[a]), int(ids[b])))
        rule, gap_h = RULES[candidates.rule[i]], float(candidates.gap_s[i]) / HOUR
        best.setdefault(key, Proposal(*key, Link(pair[0], pair[1], rule, float(candidates.distance_m[i]), gap_h)))
    return tuple(best[key] for key in sorted(best))


def frozen_ids(d: Detections, decisions: Said) -> Ints:
    """The least id of each detection's frozen group (meaningless where it has none)."""
    least = np.full(len(d), np.iinfo(np.int64).max, dtype=np.int64)
    is_frozen = decisions.frozen >= 0
    np.minimum.at(least, decisions.frozen[is_frozen], d.id[is_frozen])
    return np.asarray(least[decisions.frozen])


def least_ids(d: Detections, root: Ints) -> Ints:
    """The least id of each detection's group."""
    least = np.full(len(d), np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(least, root, d.id)
    return np.asarray(least[root])


def at_input(order: Ints, column: Ints) -> Ints:
    """A column in canonical order as one in the order of the input."""
    back = np.empty_like(column)
    back[order] = column
    return back
