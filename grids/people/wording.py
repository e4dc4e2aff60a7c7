"""The words of a city, from its policy pack above this app: titles, duties of the 责任书."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from core.registry import Slot

Words = Mapping[str, Any]
# Given a key and a Beijing date, the value in force, or None.
Provider = Callable[[str, date], Any]
PROVIDER: Slot[Provider] = Slot(
    "wording",
    asked_by="papers of the grid",
    what_for="the policy pack's words, kept as rulings",
    default=lambda key, on: None,
)
register = PROVIDER.set


def words(key: str, on: date) -> Words:
    """The words of a key on a Beijing date; none when nobody knows any."""
    value = PROVIDER.get()(key, on)
    return value if isinstance(value, Mapping) else {}
