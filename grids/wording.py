"""A city's own words, which come with its policy pack and live above this app: titles, duties of the 责任书."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

Words = Mapping[str, Any]
_provider: Callable[[str, date], Any] | None = None


def register(provider: Callable[[str, date], Any]) -> None:
    """Name the function that knows: given a key and a Beijing date, the value in force, or None."""
    global _provider
    _provider = provider


def words(key: str, on: date) -> Words:
    """The words of a key on a Beijing date; none when nobody knows any."""
    found = _provider(key, on) if _provider else None
    return found if isinstance(found, Mapping) else {}
