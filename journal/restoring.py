"""What the apps do when a backup was restored: a number that was given and lost must not be given again.

Like the register of verifiers: the apps above fill it from their ready().
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Given: how many acts were lost at most (None: nobody knows). Returns what goes into the entry of the new epoch.
Skip = Callable[[int | None], dict[str, Any]]
UNKNOWN_LOSS = 1000
"""Acts that are taken to be lost when no head was kept outside."""

_skips: dict[str, Skip] = {}


def register(name: str, skip: Skip) -> None:
    """Add what an app leaves out after a restore; called in the transaction of the new epoch."""
    _skips[name] = skip


def skip(lost: int | None) -> dict[str, Any]:
    """Let every app skip; what each says, by name."""
    return {name: told for name, act in sorted(_skips.items()) if (told := act(lost))}
