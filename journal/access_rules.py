"""Who may read the journal. Users and posts live above this app, so they register their rule here; default deny."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], bool]
_readers: list[Rule] = []
_operators: list[Rule] = []


def register_reader(rule: Rule) -> Rule:
    """Add a rule; a user whom any rule accepts may read all entries. Usable as a decorator."""
    if rule not in _readers:
        _readers.append(rule)
    return rule


def register_operator(rule: Rule) -> Rule:
    """Add a rule; a user whom any rule accepts may have failed work tried again. Usable as a decorator."""
    if rule not in _operators:
        _operators.append(rule)
    return rule


def may_read(user: Any) -> bool:
    """Whether the user may read the journal: never anonymous, never inactive, never without a rule saying yes."""
    return _accepted(user, _readers)


def may_operate(user: Any) -> bool:
    """Whether the user may have failed work tried again; as strict as `may_read`."""
    return _accepted(user, _operators)


def _accepted(user: Any, rules: list[Rule]) -> bool:
    if not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", False):
        return False
    return any(rule(user) for rule in rules)
