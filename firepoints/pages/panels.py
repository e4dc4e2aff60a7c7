"""The questions of the pages to the app above: money in words, already scoped. Without an answer the pages show no money.

penalties registers its answer from `ready()`, as it does for `firepoints.policy.pins`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import QuerySet

from core.registry import Slot
from firepoints.models import FirePoint
from firepoints.steps.figures import Figures
from grids.models import User


@dataclass(frozen=True, slots=True)
class MonthMoney:
    """What the counted points of a month come to. Numbers are words in 万元; `by_payer` has the payers above zero."""

    total: str = "0"
    by_payer: Mapping[str, str] = field(default_factory=dict)
    side: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A card of 扣缴依据; `is_open` = it has not happened (drawn dashed)."""

    title: str
    lines: Sequence[str] = ()
    is_open: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class PointMoney:
    """The yuan of one point: the sum, the rule that it follows, and the batch that takes it (None = none yet)."""

    amount: Card
    rule: Card
    batch: Card | None = None
    is_settled: bool = False


class MoneyPanel(Protocol):
    """The questions that an app which knows the money answers."""

    def month(self, figures: Figures, points: QuerySet[FirePoint]) -> MonthMoney:
        """The money of the counted points of a month that the user may see: from their figures, or where these do not say it
        from the points."""

    def point(self, point: FirePoint, user: User) -> PointMoney:
        """The money of one point that the user may see; what the user may not open has no url."""

    def tasks(self, user: User) -> list[dict[str, Any]]:
        """Items of 谁现在要做什么 for this user, as partials/q.html takes them, with `mine`."""


RELATED = ("attribution", "verification", "charged_detection__source")
"""What of a 认定 the money rests on: read along with it, by the page or by whoever answers."""

PANEL: Slot[MoneyPanel | None] = Slot(
    "money panel", asked_by="the pages of points", what_for="the money beside them", default=None
)
register_money_panel = PANEL.set


def money() -> MoneyPanel | None:
    """The registered panel, if any."""
    return PANEL.get()
