"""The one question that this app asks of the app above: which rule, and how much, at the moment of 认定 (C12).

penalties registers its answer from `ready()`; without it (a deployment without a pack) nothing is charged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from core.registry import Slot


@dataclass(frozen=True, slots=True)
class PointFacts:
    """The facts that a rule may look at. `burn_date` is Beijing (policy.md §2f); `source` is authority:kind ("national:satellite").

    `area_mu` is the burnt area in 亩 where somebody measured it.
    """

    point_id: int
    burn_date: date
    source: str
    payer_code: str
    county_code: str
    township_code: str = ""
    area_mu: float | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """The rule version (`code@version`, "" = none in force) and the amount in fen; `nothing_because`: the reason of an amount
    of 0 in a sentence, "" where no rule at all is loaded and the amount is open."""

    rule_ref: str = ""
    amount_fen: int = 0
    nothing_because: str = ""


Pricing = Callable[[PointFacts], Pin]
PRICING: Slot[Pricing] = Slot("pricing", asked_by="认定", what_for="which rule, how much", default=lambda facts: Pin())
register = PRICING.set


def pin(facts: PointFacts) -> Pin:
    """The rule and the amount for a point that is being recognised."""
    return PRICING.get()(facts)
