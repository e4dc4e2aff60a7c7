"""The result of grouping: a partition of the detections that explains itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from firepoints.grouping.measures import counts, extents, spans
from firepoints.grouping.model import HOUR, RULES, Bools, Detections, Floats, Ints, Link, Links, Params, Proposal


@dataclass(frozen=True, slots=True)
class Group:
    """One 处 as the machine sees it; `members` sorted, `links` strongest first.

    `oversize` holds over_48h / over_2km: the group waits for a person.

    `span_h`: from the earliest start to the latest end, the time that may be covered; `extent_m`: the largest
    distance between two centres. Neither counts scars (found later, burning no more) nor fixed heat.
    """

    members: tuple[int, ...]
    links: tuple[Link, ...]
    frozen: bool
    fixed_only: bool
    oversize: tuple[str, ...]
    span_h: float
    extent_m: float


@dataclass(frozen=True, eq=False)
class Partition:
    """The groups of all detections. `label[i]` is the least id of the group of `ids[i]`, in the order of the input.

    The measures of the groups are made when somebody asks for one: an import looks at few of a province's groups.
    """

    ids: Ints
    label: Ints
    detections: Detections  # in canonical order, to which the positions in links refer
    root: Ints  # for each of them the first position of its group
    params: Params
    frozen_labels: frozenset[int]
    links: Links
    hint_links: Links
    proposals: tuple[Proposal, ...]
    conflicts: tuple[tuple[int, int], ...]

    @property
    def canonical_ids(self) -> Ints:
        """The ids by the positions that links have."""
        return self.detections.id

    @cached_property
    def _ranked(self) -> tuple[Ints, Ints]:
        """The groups' names, rising, and which of them each detection in canonical order belongs to."""
        least = np.full(len(self.root), np.iinfo(np.int64).max, dtype=np.int64)
        np.minimum.at(least, self.root, self.detections.id)
        firsts = np.flatnonzero(self.root == np.arange(len(self.root)))
        firsts = firsts[np.argsort(least[firsts])]
        rank = np.empty(len(self.root), dtype=np.int64)
        rank[firsts] = np.arange(len(firsts))
        return least[firsts], rank[self.root]

    @property
    def group_label(self) -> Ints:
        """The least id of each group, rising: everything that is one for each group is in this order."""
        return self._ranked[0]

    @property
    def _of(self) -> Ints:
        return self._ranked[1]

    @cached_property
    def _span_s(self) -> Ints:
        return spans(self.detections, self._of, counts(self.detections), len(self.group_label))

    @property
    def span_h(self) -> Floats:
        """Hours that each group may cover."""
        return self._span_s / HOUR

    @cached_property
    def extent_m(self) -> Floats:
        """Metres between the two farthest centres of each group."""
        return extents(self.detections, self._of, counts(self.detections), len(self.group_label))

    @property
    def over_span(self) -> Bools:
        return self._span_s > self.params.max_span_h * HOUR

    @property
    def over_extent(self) -> Bools:
        return self.extent_m > self.params.max_extent_m

    @cached_property
    def fixed_only(self) -> Bools:
        """Whether each group holds nothing but fixed heat."""
        return np.asarray(np.bincount(self._of, ~self.detections.fixed_heat, len(self.group_label)) == 0)

    def members(self) -> list[tuple[int, ...]]:
        """All groups as sorted tuples of ids, in the order of their least id."""
        if not len(self.ids):
            return []
        order = np.lexsort((self.ids, self.label))
        ids, label = self.ids[order], self.label[order]
        starts = np.flatnonzero(np.r_[True, label[1:] != label[:-1]])
        ends = np.r_[starts[1:], len(ids)]
        listed = ids.tolist()
        return [tuple(listed[start:end]) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def groups(self) -> list[Group]:
        """Every group with its links, in the order of its least id."""
        return self.groups_at(range(len(self.group_label)))

    def groups_at(self, at: Sequence[int]) -> list[Group]:
        """Some groups, by their positions in the order of their least id: a million need not be objects at once."""
        every = self._listed
        span_h, over_span, over_extent = self.span_h, self.over_span, self.over_extent
        groups = []
        for k in at:
            members = every[k]
            links = self._links_of(k)
            over = (("over_48h", over_span[k]), ("over_2km", over_extent[k]))
            groups.append(
                Group(
                    members=members,
                    links=tuple(links),
                    frozen=members[0] in self.frozen_labels,
                    fixed_only=bool(self.fixed_only[k]),
                    oversize=tuple(name for name, is_over in over if is_over),
                    span_h=float(span_h[k]),
                    extent_m=float(self.extent_m[k]),
                )
            )
        return groups

    def hints(self) -> list[Link]:
        """Relations that join nothing: geostationary hits nearby, a finding before the pass, pairs kept apart."""
        return self._as_links(self.hint_links)

    @cached_property
    def _listed(self) -> list[tuple[int, ...]]:
        return self.members()

    @cached_property
    def _links_by_group(self) -> tuple[Ints, Ints]:
        """The positions of the links by group, and where each group's begin."""
        of = self._of[self.links.a]
        order = np.argsort(of, kind="stable")
        return order, np.searchsorted(of[order], np.arange(len(self.group_label) + 1))

    def _links_of(self, k: int) -> list[Link]:
        """The links of one group, strongest first: sorted here, since most callers of a large partition look at none."""
        order, edge = self._links_by_group
        links = self.links.where(order[edge[k] : edge[k + 1]])
        return self._as_links(links.where(links.strongest_first()))

    def _as_links(self, links: Links) -> list[Link]:
        rows = zip(
            self.canonical_ids[links.a].tolist(),
            self.canonical_ids[links.b].tolist(),
            links.rule.tolist(),
            links.distance_m.tolist(),
            links.gap_s.tolist(),
            strict=True,
        )
        return [Link(min(a, b), max(a, b), RULES[rule], metres, gap / HOUR) for a, b, rule, metres, gap in rows]
