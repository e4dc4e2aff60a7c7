"""What a few re-checks say of a county: exact tests and intervals. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb, sqrt

Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Tally:
    """Of the denials of one county: how many there are, how many were re-checked, how many of these were contradicted."""

    filed: int
    checked: int
    contradicted: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The rulings of naming a county: the share of denials that an honest verifier gets wrong, the chance below which more
    than that is no accident, and the least contradictions, so that no county is named for one."""

    honest_error: float = 0.05
    alpha: float = 0.02
    least: int = 2


def wilson(hits: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """The interval (low, high) of a share, 95 % unless `z` says otherwise; (0, 1) where nothing was counted (Wilson 1927)."""
    if total <= 0:
        return 0.0, 1.0
    share, spread = hits / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def at_least(hits: int, total: int, chance: float) -> float:
    """The probability of `hits` or more among `total` independent ones of this `chance` each (binomial, exact)."""
    return sum(comb(total, n) * chance**n * (1 - chance) ** (total - n) for n in range(max(hits, 0), total + 1))


def drawn_at_least(hits: int, drawn: int, marked: int, total: int) -> float:
    """The probability that `drawn` of `total` hold `hits` or more of the `marked` ones (hypergeometric, exact)."""
    ways = comb(total, drawn)
    most = min(drawn, marked)
    return sum(comb(marked, n) * comb(total - marked, drawn - n) for n in range(max(hits, 0), most + 1)) / ways


def least_wrong(tally: Tally, alpha: float = 0.05) -> int:
    """How many of all denials filed are wrong at the least, by those re-checked: fewer would show so many contradictions
    with a chance below `alpha`."""
    for wrong in range(tally.contradicted, tally.filed + 1):
        if drawn_at_least(tally.contradicted, tally.checked, wrong, tally.filed) >= alpha:
            return wrong
    return tally.contradicted


def is_beyond_chance(tally: Tally, limits: Limits) -> bool:
    """Whether an honest verifier would be contradicted so often with a chance below `alpha`."""
    if tally.contradicted < limits.least:
        return False
    return at_least(tally.contradicted, tally.checked, limits.honest_error) < limits.alpha


def named(tallies: Mapping[str, Tally], limits: Limits) -> list[str]:
    """The counties whose denials are contradicted beyond chance, by code."""
    return sorted(code for code, tally in tallies.items() if is_beyond_chance(tally, limits))
