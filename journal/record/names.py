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
    actor_ids = sorted({actor_id for actor_id in ids if actor_id is not None})
    names = {actor_id: f"用户 {actor_id}" for actor_id in actor_ids}
    for naming in NAMINGS:
        names.update(naming(actor_ids) if actor_ids else {})
    return names
