"""Drawing by lot so that anybody can draw it again: a seed from the journal, a number for each record. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Shares:
    """The rulings of drawing: a share of denials and of true findings; of a county's denials in a month at least so many,
    as far as there are, for a share of a few is none."""

    false: float = 0.15
    true: float = 0.05
    least: int = 6


def seed_of(head: str, until: str) -> str:
    """The seed of a draw: of the journal's head after the last record that it covers was filed, which none could foresee."""
    return sha256(f"recheck|{head}|{until}".encode()).hexdigest()


def number_of(seed: str, key: int) -> float:
    """The number (0–1) that the seed gives a record."""
    return int(sha256(f"{seed}|{key}".encode()).hexdigest()[:16], 16) / 2**64


def drawn(seed: str, keys: Iterable[int], share: float) -> list[int]:
    """The records whose number lies below the share, in order."""
    return sorted(key for key in keys if number_of(seed, key) < share)


def share_of_denials(shares: Shares, filed: int, *, is_contradicted: bool) -> float:
    """The share of a county's denials to draw, where it filed so many in a month: all of them once one was contradicted."""
    if is_contradicted:
        return 1.0
    return max(shares.false, min(1.0, shares.least / filed)) if filed else shares.false
