"""The adjusted Rand index of the grouping, beside the best that any rule could reach and a naive rule's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from demo.fairness.truth import Truth
from demo.fairness.worldfile import Row
from firepoints.forming.plan import rule_alone
from firepoints.models import Detection, FirePoint, Membership
from grids.geo.footprint import distance_m

NAIVE_M, NAIVE_H = 1000.0, 24.0


def indices(truth: Truth) -> dict[str, float]:
    """rule: the product's rule on all rows at once; product: as the machine grouped them while people acted; final: after
    people; best: fires that share a pixel of a pass cannot be told apart; naive: centres within 1 km and 24 h. Rows of
    fixed heat and of nothing are left out."""
    rows = {pk: row for pk, row in sorted(truth.row_of.items()) if row.main in truth.world.fires}
    inside = Detection.objects.filter(pk__in=rows, is_outside=False).order_by("pk").values_list("pk", flat=True)
    rows = {pk: rows[pk] for pk in inside}
    true = [row.main for row in rows.values()]
    points = dict(Membership.objects.filter(is_active=True).values_list("detection_id", "point_id"))
    by_machine, pooled = _by_machine(), _pooled(list(rows.values()))
    partition = rule_alone(rows)
    labels = dict(zip(partition.ids.tolist(), partition.label.tolist(), strict=True)) if partition else {}
    return {
        "rule": adjusted(true, [labels[pk] for pk in rows]),
        "product": adjusted(true, [by_machine.get(pk, -pk) for pk in rows]),
        "final": adjusted(true, [points.get(pk, -pk) for pk in rows]),
        "best": adjusted(true, [pooled[name] for name in true]),
        "naive": adjusted(true, _near(list(rows.values()))),
    }


def _by_machine() -> dict[int, int]:
    """Sighting → the point that the machine gave it, with what the machine joined later and without people's merges."""
    joined = dict(
        FirePoint.objects.filter(steps__action="absorb", merged_into__isnull=False).values_list("pk", "merged_into_id")
    )
    first: dict[int, int] = {}
    for sighting, point in Membership.objects.order_by("pk").values_list("detection_id", "point_id"):
        first.setdefault(sighting, point)
    return {sighting: _end(point, joined) for sighting, point in first.items()}


def _end(point: int, joined: dict[int, int]) -> int:
    while point in joined:
        point = joined[point]
    return point


def adjusted(a: Sequence[Hashable], b: Sequence[Hashable]) -> float:
    """Hubert and Arabie's index of two labellings of the same things: 1 when equal, about 0 when by chance."""

    def pairs(counts: Counter[Hashable]) -> float:
        return sum(n * (n - 1) / 2 for n in counts.values())

    every = len(a) * (len(a) - 1) / 2
    if not every:
        return 1.0
    both, in_a, in_b = pairs(Counter(zip(a, b, strict=True))), pairs(Counter(a)), pairs(Counter(b))
    by_chance, most = in_a * in_b / every, (in_a + in_b) / 2
    return 1.0 if most == by_chance else round((both - by_chance) / (most - by_chance), 4)


def _pooled(rows: Sequence[Row]) -> dict[str, str]:
    """fire → the first of the fires that cannot be told from it, since one row shows both."""
    name_of = {name: name for row in rows for name in row.heat}

    def first(name: str) -> str:
        while name_of[name] != name:
            name = name_of[name]
        return name

    for row in rows:
        names = sorted(first(name) for name in row.heat)
        for other in names[1:]:
            name_of[max(first(names[0]), first(other))] = min(first(names[0]), first(other))
    return {name: first(name) for name in name_of}


def _near(rows: Sequence[Row]) -> list[int]:
    group_of = list(range(len(rows)))
    for i, a in enumerate(rows):
        for j in range(i):
            b = rows[j]
            near = abs((a.at - b.at).total_seconds()) <= NAIVE_H * 3600
            if near and group_of[i] != group_of[j] and distance_m(a.lon, a.lat, b.lon, b.lat) <= NAIVE_M:
                old, new = max(group_of[i], group_of[j]), min(group_of[i], group_of[j])
                group_of = [new if group == old else group for group in group_of]
    return group_of
