"""A packed tree over boxes: plain arrays that can be mapped from a file, searched for many questions at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from grids.geo.arrays import FloatArray

FAN: Final = 16
_CHUNK = 1 << 14

Ints = npt.NDArray[np.int64]


class BoxTree:
    """Boxes (west, south, east, north) in the order of a Z curve, and boxes around each 16 of them, up to one root.

    `levels[0]` are the boxes themselves, `order` says which one was given at which place.
    """

    def __init__(self, order: npt.NDArray[np.int32], levels: list[FloatArray]) -> None:
        self.order = order
        self.levels = levels

    @classmethod
    def build(cls, boxes: FloatArray) -> BoxTree:
        """A tree over (n, 4) boxes; a box with NaN meets nothing."""
        boxes = np.where(np.isnan(boxes), [np.inf, np.inf, -np.inf, -np.inf], boxes)
        order = np.argsort(_z_order(boxes), kind="stable").astype(np.int32)
        levels = [boxes[order]]
        while len(levels[-1]) > 1:
            below = levels[-1]
            first = np.arange(0, len(below), FAN)
            low = np.minimum.reduceat(below[:, :2], first)
            levels.append(np.concatenate([low, np.maximum.reduceat(below[:, 2:], first)], axis=1))
        return cls(order, levels)

    def meeting(self, boxes: FloatArray) -> tuple[Ints, Ints]:
        """All pairs (question, box given) where the boxes have a point in common."""
        starts = range(0, len(boxes) if len(self.order) else 0, _CHUNK)
        pairs = [self._meeting(boxes[at : at + _CHUNK], at) for at in starts]
        if not pairs:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])

    def _meeting(self, boxes: FloatArray, first: int) -> tuple[Ints, Ints]:
        question, node = np.arange(len(boxes)), np.zeros(len(boxes), dtype=np.int64)
        for depth, level in enumerate(reversed(self.levels)):
            if depth:
                question, node = children(question, node, len(level))
            box, other = boxes[question], level[node]
            meet = (box[:, :2] <= other[:, 2:]).all(axis=1) & (other[:, :2] <= box[:, 2:]).all(axis=1)
            question, node = question[meet], node[meet]
        return question + first, self.order[node].astype(np.int64)

    def arrays(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """The tree as plain arrays whose names begin with `name`."""
        ends = np.cumsum([len(level) for level in self.levels], dtype=np.int64)
        return {f"{name}_order": self.order, f"{name}_boxes": np.concatenate(self.levels), f"{name}_ends": ends}

    @classmethod
    def of_arrays(cls, name: str, arrays: dict[str, npt.NDArray[Any]]) -> BoxTree:
        """The tree of what `arrays` gave."""
        ends: Iterable[int] = [0, *arrays[f"{name}_ends"].tolist()]
        boxes = arrays[f"{name}_boxes"]
        return cls(arrays[f"{name}_order"], [boxes[start:end] for start, end in pairwise(ends)])


def children(question: Ints, node: Ints, size: int) -> tuple[Ints, Ints]:
    """The pairs one level down, where there are `size` nodes."""
    below = (node[:, None] * FAN + np.arange(FAN)).ravel()
    real = below < size
    return np.repeat(question, FAN)[real], below[real]


def _z_order(boxes: FloatArray) -> npt.NDArray[np.uint64]:
    """The bits of the two coordinates of each centre, woven."""
    with np.errstate(invalid="ignore"):
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    finite = np.isfinite(centre).all(axis=1)
    key = np.full(len(boxes), ~np.uint64(0))
    if finite.any():
        low, high = centre[finite].min(axis=0), centre[finite].max(axis=0)
        scaled = ((centre[finite] - low) / np.maximum(high - low, 1e-300) * 65_535).astype(np.uint64)
        key[finite] = _spread(scaled[:, 0]) | _spread(scaled[:, 1]) << np.uint64(1)
    return key


def _spread(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """16 bits with a gap after each."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | values << np.uint64(shift)) & np.uint64(mask)
    return values
