"""Names for the ids in entries. People live above this app and register how they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.registry import Listeners

# Given ids, it returns the names it knows.
Naming = Callable[[list[int]], dict[int, str]]
NAMINGS: Listeners[Naming] = Listeners(
    "names of people", asked_by="the journal's page and API", what_for="the names of the people in entries"
)
register_actor_names = NAMINGS.add


def actor_names(ids: Iterable[int | None]) -> dict[int, str]:
    """A name for every id (None is left out); an erased person keeps only the number."""
    wanted = sorted({one for one in ids if one is not None})
    found = {one: f"用户 {one}" for one in wanted}
    for naming in NAMINGS:
        found.update(naming(wanted) if wanted else {})
    return found
