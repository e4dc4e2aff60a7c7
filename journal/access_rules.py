"""The rules by which a user may read the journal. Users and posts live above this app, so they register their rule here; default deny."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.registry import Listeners

# A user whom any rule accepts may.
Rule = Callable[[Any], bool]
READERS: Listeners[Rule] = Listeners(
    "readers", asked_by="the journal's page and API", what_for="who may read all entries"
)
OPERATORS: Listeners[Rule] = Listeners(
    "operators", asked_by="the jobs page", what_for="who may have failed work tried again"
)
register_reader, register_operator = READERS.add, OPERATORS.add


def may_read(user: Any) -> bool:
    """Whether the user may read the journal: never anonymous, never inactive, never without a rule saying yes."""
    return _accepted(user, READERS)


def may_operate(user: Any) -> bool:
    """Whether the user may have failed work tried again; as strict as `may_read`."""
    return _accepted(user, OPERATORS)


def _accepted(user: Any, rules: Listeners[Rule]) -> bool:
    if not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", False):
        return False
    return any(rule(user) for rule in rules)
