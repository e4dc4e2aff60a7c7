"""Names for the ids in entries. People live above this app and register how they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Naming = Callable[[list[int]], dict[int, str]]
_namings: list[Naming] = []


def register_actor_names(naming: Naming) -> Naming:
    """Add a naming: given ids, it returns the names it knows. Usable as a decorator."""
    if naming not in _namings:
        _namings.append(naming)
    return naming


def actor_names(ids: Iterable[int | None]) -> dict[int, str]:
    """A name for every id (None is left out); an erased person keeps only the number."""
    wanted = sorted({one for one in ids if one is not None})
    found = {one: f"用户 {one}" for one in wanted}
    for naming in _namings:
        found.update(naming(wanted) if wanted else {})
    return found
