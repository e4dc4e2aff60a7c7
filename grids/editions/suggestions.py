"""The suggested changes of the cells of one level between two editions, by codes, names and shared ground. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from grids.editions.layers import Layer
from grids.geo.areas import area_m2
from grids.models import CellChange

Kind = CellChange.Kind
SAME_SHARE: Final = 0.9
"""From this share of both cells on, the two are one cell under two codes."""
LEAST_SHARE: Final = 0.02
"""Less of the old cell is the drawing of a border, not a transfer."""
UNMOVED_SHARE: Final = 0.995


@dataclass(frozen=True, slots=True)
class Change:
    """One row: the old cell, the new cell, what happened, and the share of the old cell's ground (None without
    polygons)."""

    kind: str
    level: str
    old_code: str = ""
    new_code: str = ""
    old_name: str = ""
    new_name: str = ""
    share: float | None = None
    document_no: str = ""


def suggested_changes(old: Layer, new: Layer) -> list[Change]:
    """The changes of one level in the order of old codes, then the new cells that nothing led to."""
    shares = _shares(old, new)
    old_at = {code: at for at, code in enumerate(old.codes)}
    new_at = {code: at for at, code in enumerate(new.codes)}
    changes: list[Change] = []
    for at, code in enumerate(old.codes):
        changes += _of_old(old, new, at, shares.get(at, []), new_at.get(code), _undrawn_twin(old, new, at, new_at))
    led_to = {change.new_code for change in changes} | set(old_at)
    changes += [
        Change(Kind.NEW, str(new.level), new_code=code, new_name=new.names[at])
        for code, at in new_at.items()
        if code not in led_to
    ]
    return changes


def _shares(old: Layer, new: Layer) -> Mapping[int, list[tuple[int, float, float]]]:
    """{old position: [(new position, share of the old, share of the new)]}, largest first; cells whose shape did not
    change are left out."""
    twin = {code: at for at, code in enumerate(new.codes)}
    drawn_old, drawn_new = old.drawn(), new.drawn()
    same = [at for at in drawn_old.tolist() if old.codes[at] in twin
            and shapely.equals_identical(old.shapes[at], new.shapes[twin[old.codes[at]]])]  # fmt: skip
    changed = np.array(sorted(set(drawn_old.tolist()) - set(same)), dtype=np.intp)
    if not len(changed) or not len(drawn_new):
        return {}
    of, to = shapely.STRtree(new.shapes[drawn_new]).query(old.shapes[changed])
    of, to = changed[of], drawn_new[to]
    common = area_m2(shapely.intersection(old.shapes[of], new.shapes[to]))
    before, after = area_m2(old.shapes), area_m2(new.shapes)
    shares: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    for old_at, new_at, ground in zip(of.tolist(), to.tolist(), common.tolist(), strict=True):
        share = ground / before[old_at]
        if share >= LEAST_SHARE:
            shares[old_at].append((new_at, share, ground / after[new_at]))
    return {at: sorted(rows, key=lambda row: (-row[1], row[0])) for at, rows in shares.items()}


def _undrawn_twin(old: Layer, new: Layer, at: int, new_at: Mapping[str, int]) -> int | None:
    """The new cell of the same name under the same parent, for a cell without a polygon whose code is gone."""
    if old.shapes[at] is not None or old.codes[at] in new_at or not old.names[at]:
        return None
    same = [
        position
        for position, name in enumerate(new.names)
        if name == old.names[at] and new.parents[position] == old.parents[at]
    ]
    return same[0] if len(same) == 1 else None


def _of_old(
    old: Layer, new: Layer, at: int, targets: list[tuple[int, float, float]], same_code: int | None, twin: int | None
) -> list[Change]:
    def change(kind: str, to: int, share: float | None) -> Change:
        rounded = None if share is None else round(share, 4)
        return Change(kind, str(old.level), old.codes[at], new.codes[to], old.names[at], new.names[to], rounded)

    if not targets:
        if same_code is not None:
            renamed = old.names[at] != new.names[same_code]
            return [change(Kind.RENAMED, same_code, None)] if renamed else []
        if twin is not None:
            return [change(Kind.RECODED, twin, None)]
        return [Change(Kind.ENDED, str(old.level), old.codes[at], old_name=old.names[at])]
    own_row = next((row for row in targets if row[0] == same_code), None)
    main, share, back = targets[0]
    if own_row is None:
        if len(targets) == 1 or share >= SAME_SHARE:
            return [change(Kind.RECODED if back >= SAME_SHARE else Kind.MERGED, main, share)]
        return [change(Kind.SPLIT, to, part) for to, part, _ in targets]
    moved = [change(Kind.MOVED, to, part) for to, part, _ in targets if to != same_code]
    renamed = old.names[at] != new.names[own_row[0]]
    if renamed:
        return [change(Kind.RENAMED, own_row[0], own_row[1]), *moved]
    if moved or min(own_row[1], own_row[2]) < UNMOVED_SHARE:
        return [change(Kind.MOVED, own_row[0], own_row[1]), *moved]
    return []
