"""The main navigation: each app adds its pages from its ready(); a page that a user's roles do not open is not shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.registry import Named
from grids.roles import Role


@dataclass(frozen=True, slots=True)
class Item:
    """`url_name` is reversed without arguments; `roles` empty = everyone who holds any post."""

    order: int
    label: str
    url_name: str
    roles: frozenset[Role]


ITEMS: Named[Item] = Named("navigation", asked_by="the bar on every page", what_for="the pages of each app")


def register(label: str, url_name: str, *, order: int, roles: Iterable[Role] = ()) -> None:
    """Add a page; the bar shows the pages in the order of their numbers."""
    ITEMS.add(url_name, Item(order, label, url_name, frozenset(roles)))


def items_for(roles: frozenset[Role]) -> list[Item]:
    """The pages that these roles open, in order; none without a role."""
    items = [item for _, item in ITEMS.items() if roles and (not item.roles or item.roles & roles)]
    return sorted(items, key=lambda item: (item.order, item.label))
