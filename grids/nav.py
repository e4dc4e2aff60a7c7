"""The main navigation: each app adds its pages from its ready(); a page that a user's roles do not open is not shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from grids.roles import Role


@dataclass(frozen=True, slots=True)
class Item:
    """`url_name` is reversed without arguments; `roles` empty = everyone who holds any post."""

    order: int
    label: str
    url_name: str
    roles: frozenset[Role]


_items: dict[str, Item] = {}


def register(label: str, url_name: str, *, order: int, roles: Iterable[Role] = ()) -> None:
    """Add a page, or change it; the bar shows the pages in the order of their numbers."""
    _items[url_name] = Item(order, label, url_name, frozenset(roles))


def items_for(roles: frozenset[Role]) -> list[Item]:
    """The pages that these roles open, in order; none without a role."""
    found = [item for item in _items.values() if roles and (not item.roles or item.roles & roles)]
    return sorted(found, key=lambda item: (item.order, item.label))
