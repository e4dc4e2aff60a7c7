"""The recipe of a world: how its lists are written, who verifies, and when it begins, drawn so that every pair comes up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from demo.simulation.fires import stream
from demo.simulation.params import DENSITIES

STYLES = ("daily", "pass", "rounded")
"""Lists with a date alone and three decimals; with a minute and a satellite, one row a pass; with a date, 0.01°, townships."""
MIXES = ("honest", "lazy", "denying")
"""Everybody looks; half of them confirm from the desk; one county denies one true fire in three."""
FIRST = date(2023, 10, 15)
RULE_START = date(2022, 9, 30)
RULE_EVERY = 5
"""Every so many seeds a world begins some days before the rule does."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """`style` and `mix` "": drawn as worlds of format 1 drew them; `has_families`: with the families of format 2."""

    style: str = ""
    mix: str = ""
    first: date = FIRST
    has_families: bool = False

    @classmethod
    def drawn(cls, seed: int, density: str) -> Recipe:
        """The recipe of a seed and density: nine pairs of style and mix in a shuffled order for every nine worlds."""
        number = 3 * (seed - 1) + list(DENSITIES).index(density)
        pairs = list(product(STYLES, MIXES))
        stream(number // len(pairs), "pairs").shuffle(pairs)
        style, mix = pairs[number % len(pairs)]
        first = RULE_START - timedelta(days=5) if seed % RULE_EVERY == 0 else FIRST
        return cls(style, mix, first, has_families=True)


PLAIN = Recipe()
"""A world without families, as it is like the real files (`calibration.py`)."""
