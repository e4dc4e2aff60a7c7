"""The acts of the apps after a backup was restored: a number that was given and lost must not be given again.

The apps above fill it from their ready().
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.registry import Named

# Given: how many acts were lost at most (None: nobody knows). Returns what goes into the entry of the new epoch.
Skip = Callable[[int | None], dict[str, Any]]
UNKNOWN_LOSS = 1000
"""Acts that are taken to be lost when no head was kept outside."""

SKIPS: Named[Skip] = Named(
    "lost numbers",
    asked_by="the new epoch after a restored backup, in its transaction",
    what_for="the numbers that are left out",
)
register = SKIPS.add


def skip(lost: int | None) -> dict[str, Any]:
    """Have every app skip the numbers that a lost range may have given; what each skipped, by app."""
    return {name: outcome for name, act in SKIPS.items() if (outcome := act(lost))}
